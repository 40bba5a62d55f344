//! What is wrong with a spec: collected, with its place and what to do about it, and shown.
//!
//! Plain synchronous code that knows no network.

mod code;
mod diagnostic;
mod file_error;
mod machine;
pub mod nearest;
mod render;

pub use code::{Code, Severity};
pub use diagnostic::{Diagnostic, SpecErrors};
pub use file_error::{FileError, in_words};
pub use machine::{as_github, as_sarif, workflow_command};
pub use render::{as_json, as_text};
