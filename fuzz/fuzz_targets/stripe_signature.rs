//! See `recoup_fuzz::stripe_signature`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::stripe_signature::check(data));
