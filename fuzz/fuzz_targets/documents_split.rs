//! The entry point of libFuzzer for [`ravelin_fuzz::documents_split`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::documents_split::run(data));
