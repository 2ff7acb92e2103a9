#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| e2ee::fuzzing::passcode(data));
