//! The entry point of libFuzzer for [`ravelin_fuzz::patch_apply`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::patch_apply::run(data));
