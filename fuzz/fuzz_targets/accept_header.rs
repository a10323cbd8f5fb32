//! The entry point of libFuzzer for [`ravelin_fuzz::accept_header`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::accept_header::run(data));
