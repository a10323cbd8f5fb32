//! The entry point of libFuzzer for [`ravelin_fuzz::request_options`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::request_options::run(data));
