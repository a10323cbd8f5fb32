//! The entry point of libFuzzer for [`ravelin_fuzz::admission_review`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::admission_review::run(data));
