//! The entry point of libFuzzer for [`ravelin_fuzz::quantity`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::quantity::run(data));
