//! The entry point of libFuzzer for [`ravelin_fuzz::continue_token`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::continue_token::run(data));
