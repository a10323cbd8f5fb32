//! The entry point of libFuzzer for [`ravelin_fuzz::places`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::places::run(data));
