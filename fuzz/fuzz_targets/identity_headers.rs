//! The entry point of libFuzzer for [`ravelin_fuzz::identity_headers`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::identity_headers::run(data));
