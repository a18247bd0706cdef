//! See `recoup_fuzz::queue_event`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::queue_event::check(data));
