//! The entry point of libFuzzer for [`ravelin_fuzz::json_read`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::json_read::run(data));
