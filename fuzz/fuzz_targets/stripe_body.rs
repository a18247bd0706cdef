//! See `recoup_fuzz::stripe_body`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::stripe_body::check(data));
