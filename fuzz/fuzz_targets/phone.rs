//! See `recoup_fuzz::phone`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::phone::check(data));
