//! See `recoup_fuzz::aws_sms_answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::aws_sms_answer::check(data));
