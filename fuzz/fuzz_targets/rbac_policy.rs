//! The entry point of libFuzzer for [`ravelin_fuzz::rbac_policy`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::rbac_policy::run(data));
