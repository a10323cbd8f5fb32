//! The entry point of libFuzzer for [`ravelin_fuzz::audit_event`].
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ravelin_fuzz::audit_event::run(data));
