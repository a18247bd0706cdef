//! See `recoup_fuzz::ids`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::ids::check(data));
