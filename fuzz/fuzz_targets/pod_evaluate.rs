//! The entry point of libFuzzer for [`ravelin_fuzz::pod_evaluate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::pod_evaluate::run(data));
