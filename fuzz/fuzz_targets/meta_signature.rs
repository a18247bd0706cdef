//! See `recoup_fuzz::meta_signature`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::meta_signature::check(data));
