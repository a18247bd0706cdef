//! See `recoup_fuzz::stripe_answer`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::stripe_answer::check(data));
