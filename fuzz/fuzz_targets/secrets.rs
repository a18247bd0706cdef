//! See `recoup_fuzz::secrets`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::secrets::check(data));
