//! See `recoup_fuzz::bedrock_answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::bedrock_answer::check(data));
