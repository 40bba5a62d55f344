//! One file of all rows, compiled.

use std::fmt::Write as _;
use std::sync::Arc;

use encoding_rs::Encoding;

use super::request::RequestPlan;
use super::source::LoginPlan;
use super::tree::TreePlan;
use crate::template::{Frame, Template, TemplateError};
use crate::xml_text::{declared_prefix, escaped, is_declared};

/// One file of all rows.
#[derive(Debug)]
pub struct FileTargetPlan {
    /// Where it goes.
    pub place: FilePlace,
    /// Its name, where the place ends in `/`.
    pub name: Option<Template>,
    /// Who writes.
    pub login: LoginPlan,
    /// How it is written; by its name where nothing is said.
    pub format: Option<Arc<WritePlan>>,
    /// How text is encoded, where it is not UTF-8.
    pub encoding: Option<&'static Encoding>,
    /// Text before the first row.
    pub header: Option<Template>,
    /// Text after the last row.
    pub footer: Option<Template>,
}

/// Where a file goes.
#[derive(Debug)]
pub enum FilePlace {
    /// To a URL; how HTTP is spoken there.
    Url(Template, Box<RequestPlan>),
    /// To a path on the site's own transport.
    Transport(Template),
}

/// How a file is written.
#[derive(Debug)]
pub enum WritePlan {
    /// Cells between delimiters.
    Csv(WrittenCsvPlan),
    /// A list of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// XML.
    Xml(WrittenXmlPlan),
    /// A sheet.
    Xlsx {
        /// Its name.
        sheet: Option<Template>,
        /// Whether the first row has the names.
        header: bool,
    },
}

/// Cells between delimiters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenCsvPlan {
    /// What stands between cells.
    pub delimiter: u8,
    /// What stands around cells that need it.
    pub quote: u8,
    /// Whether the first line has the names.
    pub header: bool,
}

impl WrittenCsvPlan {
    /// Commas, quotes, a header.
    pub const COMMAS: Self = Self {
        delimiter: b',',
        quote: b'"',
        header: true,
    };
    /// The same with tabs.
    pub const TABS: Self = Self {
        delimiter: b'\t',
        ..Self::COMMAS
    };
}

/// XML.
#[derive(Debug, Default)]
pub struct WrittenXmlPlan {
    /// The element around all rows.
    pub root: Option<XmlRootPlan>,
    /// A row.
    pub row: XmlRowPlan,
}

impl WrittenXmlPlan {
    /// The start and the end tag around all rows: where nothing is said `rows`, none beside a header.
    pub fn tags(&self, has_header: bool, frame: &Arc<Frame>) -> Result<(String, String), String> {
        let (tag, name) = match &self.root {
            Some(root) => (root.start_tag(frame)?, root.name.as_str()),
            None if has_header => return Ok((String::new(), String::new())),
            None => ("<rows>".to_owned(), "rows"),
        };
        Ok((format!("{tag}\n"), format!("</{name}>\n")))
    }

    /// A name that the author wrote whose prefix is declared nowhere; `declared` are those around the
    /// rows.
    pub fn undeclared(&self, declared: &[String]) -> Option<String> {
        match &self.row {
            XmlRowPlan::Columns(name) => is_undeclared(name, declared).then(|| name.clone()),
            XmlRowPlan::Tree(tree) => undeclared_in(tree, declared),
            // Told of each row.
            XmlRowPlan::Text(_) => None,
        }
    }
}

fn is_undeclared(name: &str, declared: &[String]) -> bool {
    name.split_once(':')
        .is_some_and(|(prefix, _)| !is_declared(prefix, declared))
}

fn undeclared_in(tree: &TreePlan, declared: &[String]) -> Option<String> {
    match tree {
        TreePlan::Null | TreePlan::Leaf(_) => None,
        TreePlan::List(items) => items.iter().find_map(|item| undeclared_in(item, declared)),
        TreePlan::Map(entries) => {
            let own = entries.iter().filter_map(|(key, _)| declared_prefix(key));
            let declared: Vec<String> = declared
                .iter()
                .cloned()
                .chain(own.map(str::to_owned))
                .collect();
            entries.iter().find_map(|(key, tree)| {
                let name = key.strip_prefix('@').unwrap_or(key);
                if declared_prefix(key).is_none() && is_undeclared(name, &declared) {
                    return Some(name.to_owned());
                }
                // What an element declares is declared for its own name too.
                undeclared_in(tree, &declared)
            })
        }
    }
}

/// The element around all rows.
#[derive(Debug)]
pub struct XmlRootPlan {
    /// Its name.
    pub name: String,
    /// What stands in its start tag.
    pub start: XmlStartPlan,
}

/// What stands in a start tag.
#[derive(Debug)]
pub enum XmlStartPlan {
    /// The name and its attributes as an author wrote them.
    Text(Template),
    /// Attributes, by name.
    Attributes(Vec<(String, Template)>),
}

impl XmlRootPlan {
    fn start_tag(&self, frame: &Arc<Frame>) -> Result<String, String> {
        let name = &self.name;
        let failed = |error: TemplateError| format!("file.format.xml.root: {error}");
        match &self.start {
            XmlStartPlan::Text(template) => {
                let text = template.text(frame).map_err(failed)?;
                Ok(format!("<{}>", text.trim()))
            }
            XmlStartPlan::Attributes(attributes) => {
                let mut tag = format!("<{name}");
                for (attribute, template) in attributes {
                    let text = template.text(frame).map_err(failed)?;
                    // Writing into a string does not fail.
                    let _ = write!(tag, " {attribute}=\"{}\"", escaped(&text));
                }
                tag.push('>');
                Ok(tag)
            }
        }
    }
}

/// A row as XML.
#[derive(Debug)]
pub enum XmlRowPlan {
    /// An element of this name that holds the columns.
    Columns(String),
    /// XML as it is.
    Text(Template),
    /// Elements.
    Tree(TreePlan),
}

impl Default for XmlRowPlan {
    fn default() -> Self {
        Self::Columns("row".to_owned())
    }
}

/// What is said where the text around rows is no XML with them.
pub fn not_closed(reason: &str) -> String {
    format!("what stands around the rows is no XML: {reason}; what `header` opens `footer` closes")
}

/// What is said of a name whose prefix is declared nowhere.
pub fn undeclared_prefix(name: &str) -> String {
    format!("the prefix of `{name}` is declared nowhere, so no reader knows what it means")
}
