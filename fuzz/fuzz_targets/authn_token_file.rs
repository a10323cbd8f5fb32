//! The entry point of libFuzzer for [`ravelin_fuzz::authn_token_file`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::authn_token_file::run(data));
