//! The entry point of libFuzzer for [`ravelin_fuzz::authn_certificate`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::authn_certificate::run(data));
