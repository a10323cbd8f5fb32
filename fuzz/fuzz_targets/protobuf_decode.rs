//! The entry point of libFuzzer for [`ravelin_fuzz::protobuf_decode`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::protobuf_decode::run(data));
