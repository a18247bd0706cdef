//! See `recoup_fuzz::meta_answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::meta_answer::check(data));
