//! See `recoup_fuzz::money`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| recoup_fuzz::money::check(data));
