//! The template engine: minijinja with our meaning of nothing, comparing and numbers.
//!
//! A string is parsed once, lowered (names checked, operators turned into filters of ours) and
//! compiled; evaluating gives a native value. Plain synchronous code that knows no network.

pub mod arithmetic;
mod compare;
mod compiled;
pub mod date;
pub mod date_format;
pub mod document;
mod duration;
mod engine;
pub mod filters;
mod frame;
pub mod functions;
pub mod json;
mod lookalike;
mod lower;
pub mod methods;
pub mod native;
mod number;
mod operators;
pub mod scope;
pub mod shapes;
pub mod signature;
pub mod tests;
mod text;
mod text_tree;
pub mod tree;
pub mod truth;

pub use compiled::{Template, TemplateError, text_or_empty};
pub use duration::{DurationValue, wait_of};
pub use engine::NOTHING_IN_PATH;
pub use filters::escape::is_xml_char;
pub use frame::{Frame, FrameName, Resolve, Slots};
pub use lookalike::lookalike;
pub use lower::Uses;
pub use minijinja::Value;
pub use number::{NumberText, plain};
pub use text::{is_nothing, template_start, text_of};
pub use text_tree::TextTree;
