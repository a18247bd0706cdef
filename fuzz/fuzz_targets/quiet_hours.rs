//! See `recoup_fuzz::quiet_hours`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::quiet_hours::check(data));
