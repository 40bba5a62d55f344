//! Tests of a spec: cases with what a connector is given and what must come of it, in `NAME.test.yaml`
//! beside the spec.
//!
//! Each case is a whole run in the sandbox; answers come from a tape or from the case, never from the
//! network, the present is fixed, and nothing is waited for.

mod actual;
mod compare;
mod file;
mod mistakes;
mod report;
mod run_case;
mod update;

pub use actual::Actual;
pub use compare::compare;
pub use file::{Case, TestFile, beside, schema};
pub use report::{CaseReport, Difference, FileReport, as_github, as_json, as_junit, as_text};
pub use run_case::{CantRun, run_case};
pub use update::{CantUpdate, updated};
