//! See `recoup_fuzz::recipient_item`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::recipient_item::check(data));
