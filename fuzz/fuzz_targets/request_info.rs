//! The entry point of libFuzzer for [`ravelin_fuzz::request_info`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::request_info::run(data));
