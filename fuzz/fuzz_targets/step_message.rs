//! See `recoup_fuzz::step_message`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::step_message::check(data));
