//! See `recoup_fuzz::meta_events`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::meta_events::check(data));
