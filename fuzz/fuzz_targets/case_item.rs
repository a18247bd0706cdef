//! See `recoup_fuzz::case_item`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::case_item::check(data));
