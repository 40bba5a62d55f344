//! Specs with what they are given and what the Container API must get: `tests/cases/VERDICT/NAME/`.

use crate::support::case::run_all;

/// Runs that end with exit code 0. The four shipped connectors are among them, their files written
/// by hand from what the sample connector does.
#[test]
fn ok() {
    run_all("ok", 0);
}

/// Runs that end with exit code 1.
#[test]
fn failed() {
    run_all("failed", 1);
}
