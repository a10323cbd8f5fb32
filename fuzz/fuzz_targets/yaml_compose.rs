//! The entry point of libFuzzer for [`ravelin_fuzz::yaml_compose`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::yaml_compose::run(data));
