//! See `recoup_fuzz::aws_events`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::aws_events::check(data));
