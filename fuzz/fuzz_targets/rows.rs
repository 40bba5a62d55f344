//! Any bytes as rows: the verdict, the names, the values and the bytes are those of `serde_json`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use runner::row::Scanner;

#[path = "../../tests/runner/support/judge.rs"]
mod judge;

fuzz_target!(|bytes: &[u8]| {
    // A scanner that has learned something, with texts that need not be alike.
    let mut scanner = Scanner::default();
    for text in bytes.split(|byte| *byte == 0) {
        for _ in 0..2 {
            if let Err(difference) = judge::compare(&mut scanner, text) {
                panic!("{}\n{difference}", String::from_utf8_lossy(text));
            }
        }
    }
});
