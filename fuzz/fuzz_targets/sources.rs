//! See `recoup_fuzz::sources`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::sources::check(data));
