//! See `recoup_fuzz::twilio_answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::twilio_answer::check(data));
