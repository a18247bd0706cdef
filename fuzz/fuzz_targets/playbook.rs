//! See `recoup_fuzz::playbook`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::playbook::check(data));
