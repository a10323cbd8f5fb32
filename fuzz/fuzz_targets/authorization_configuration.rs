//! The entry point of libFuzzer for [`ravelin_fuzz::authorization_configuration`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::authorization_configuration::run(data));
