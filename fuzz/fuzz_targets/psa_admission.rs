//! The entry point of libFuzzer for [`ravelin_fuzz::psa_admission`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::psa_admission::run(data));
