//! The entry point of libFuzzer for [`ravelin_fuzz::label_selector`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::label_selector::run(data));
