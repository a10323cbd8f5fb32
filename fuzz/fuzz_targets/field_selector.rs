//! The entry point of libFuzzer for [`ravelin_fuzz::field_selector`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::field_selector::run(data));
