//! The entry point of libFuzzer for [`ravelin_fuzz::suppress_comments`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::suppress_comments::run(data));
