//! The entry point of libFuzzer for [`ravelin_fuzz::access_review`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::access_review::run(data));
