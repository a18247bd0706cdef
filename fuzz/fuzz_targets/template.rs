//! See `recoup_fuzz::template`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::template::check(data));
