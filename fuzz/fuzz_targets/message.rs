//! See `recoup_fuzz::message`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::message::check(data));
