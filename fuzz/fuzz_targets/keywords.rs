//! See `recoup_fuzz::keywords`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::keywords::check(data));
