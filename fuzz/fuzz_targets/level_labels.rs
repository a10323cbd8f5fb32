//! The entry point of libFuzzer for [`ravelin_fuzz::level_labels`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::level_labels::run(data));
