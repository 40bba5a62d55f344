//! XML: elements that are records.

mod entities;
mod probes;
mod read;
mod value;
mod write;
mod written;

pub use read::{document, read};
pub use write::{XmlRows, row};
pub use written::WrittenXmlPlan;
pub(super) use written::check;

use super::compiler::FormatCompiler;
use super::detect;
use super::{FormatKind, Signs, WrittenFormat, WrittenName};
use crate::spec::OneOrMany;
use crate::spec::format::Xml;
use crate::spec::places::Placed;

/// How XML is told.
pub const SIGNS: Signs = Signs {
    by_name: |_, _| false,
    by_beginning: |_, start| detect::first(start) == Some(&b'<'),
    perhaps: |hints, _| hints.holds(&["xml"]) || hints.ends(&[".xml", ".rss", ".atom"]),
    kind: || FormatKind::Xml(XmlPlan::default()),
};

/// The content type of a file.
pub const CONTENT_TYPE: &str = "application/xml";

/// By which ending of its name a file is written so.
pub const WRITTEN: [WrittenName; 1] = [(".xml", || WrittenFormat::Xml(WrittenXmlPlan::default()))];

/// How XML is read.
#[derive(Debug, Clone, Default)]
pub struct XmlPlan {
    /// The elements of a record; the children of the root where there are none.
    pub record: Vec<String>,
    /// Elements that are lists even when single.
    pub lists: Vec<String>,
    /// Whether a prefix belongs to the name alone.
    pub prefixes: bool,
    /// Elements that are text, what stands inside them included.
    pub text: Vec<String>,
}

impl XmlPlan {
    pub(super) fn compile(xml: &Xml, compiler: &mut dyn FormatCompiler) -> Self {
        Self {
            record: elements(xml.record.as_ref(), compiler),
            lists: xml.lists.clone().unwrap_or_default(),
            prefixes: xml.prefixes.unwrap_or_default(),
            text: xml.text.clone().unwrap_or_default(),
        }
    }

    /// What bytes are instead, where their first ones show it beyond doubt.
    pub(super) fn is_instead(start: &[u8]) -> Option<&'static str> {
        if detect::is_table(start) {
            return Some("an HTML table");
        }
        detect::looks_like_json(start).then_some("JSON")
    }
}

/// Names of elements: a path is none.
fn elements(record: Option<&Placed<OneOrMany>>, compiler: &mut dyn FormatCompiler) -> Vec<String> {
    let Some(record) = record else {
        return Vec::new();
    };
    for name in record.words() {
        if name.contains('/') || name.starts_with('$') {
            let last = name.rsplit(['/', '.']).next().unwrap_or_default();
            compiler.mistake(
                record,
                format!("`{name}` is a path, and `record` is the name of an element"),
                &format!("write record: {}", last.trim_end_matches("[*]")),
            );
        }
    }
    record.words().to_vec()
}
