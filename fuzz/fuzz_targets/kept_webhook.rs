//! See `recoup_fuzz::kept_webhook`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::kept_webhook::check(data));
