//! See `recoup_fuzz::name_and_link`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::name_and_link::check(data));
