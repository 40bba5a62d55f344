//! How XML is written: what stands around the rows, and what a row is.

use std::fmt::Write as _;
use std::sync::Arc;

use super::write::{Names, XmlRows};
use crate::formats::compiler::{Around, FormatCompiler};
use crate::formats::writing::{RowsAround, Said, WriteError};
use crate::spec::file_target::{FileTarget, WrittenXml};
use crate::spec::places::{HasPlace, Placed};
use crate::spec::tree::{Node, NodeValue};
use crate::template::tree::TemplateTree;
use crate::template::{Frame, Template, TemplateError, text_of};
use crate::xml_text::{XmlAround, XmlFault, declared_prefix, escaped, is_declared, is_xml_name};

/// Why there is no element around all rows.
#[derive(Debug, thiserror::Error)]
#[error("file.format.xml.root: {0}")]
struct RootError(#[from] TemplateError);

/// How XML is written.
#[derive(Debug, Default)]
pub struct WrittenXmlPlan {
    /// The element around all rows.
    pub root: Option<XmlRootPlan>,
    /// A row.
    pub row: XmlRowPlan,
}

impl WrittenXmlPlan {
    pub(in crate::formats) fn compile(xml: &WrittenXml, compiler: &mut dyn FormatCompiler) -> Self {
        let root = xml.root.as_ref();
        let row = xml.row.as_ref();
        Self {
            root: root.and_then(|root| xml_root(root, compiler)),
            row: row.map_or_else(XmlRowPlan::default, |row| xml_row(row, compiler)),
        }
    }

    /// What stands around the rows, if it is XML with them.
    pub(in crate::formats) fn around(
        &self,
        said: Said<'_>,
        base: &Arc<Frame>,
    ) -> Result<RowsAround, WriteError> {
        let header = said.header.unwrap_or_default();
        let tags = self.tags(said.header.is_some(), base);
        let (start, end) = tags.map_err(|error| WriteError::Row(error.to_string()))?;
        let after = said.footer.unwrap_or_default().to_owned() + &end;
        let mut before = String::new();
        if !header.trim_start().starts_with("<?xml") {
            let encoding = said.encoding.unwrap_or(encoding_rs::UTF_8).name();
            // Writing into a string does not fail.
            let _ = writeln!(before, "<?xml version=\"1.0\" encoding=\"{encoding}\"?>");
        }
        let inner = start + header;
        let known = XmlAround::of(&inner, &after);
        let known = known.map_err(|reason| WriteError::Row(not_closed(&reason)))?;
        if let Some(name) = self.undeclared(known.prefixes()) {
            return Err(WriteError::Row(undeclared_prefix(&name)));
        }
        let names = Names {
            are_ascii: said
                .encoding
                .is_some_and(|encoding| encoding != encoding_rs::UTF_8),
            prefixes: known.prefixes().to_vec(),
        };
        Ok(RowsAround {
            before: before + &inner,
            between: "",
            after,
            xml: Some(XmlRows {
                around: known.written_in(said.encoding),
                names,
            }),
        })
    }

    /// The start and the end tag around all rows: where nothing is said `rows`, none beside a header.
    fn tags(&self, has_header: bool, frame: &Arc<Frame>) -> Result<(String, String), RootError> {
        let (tag, name) = match &self.root {
            Some(root) => (root.start_tag(frame)?, root.name.as_str()),
            None if has_header => return Ok((String::new(), String::new())),
            None => ("<rows>".to_owned(), "rows"),
        };
        Ok((format!("{tag}\n"), format!("</{name}>\n")))
    }

    /// A name that the author wrote whose prefix is declared nowhere; `declared` are those around the
    /// rows.
    fn undeclared(&self, declared: &[String]) -> Option<String> {
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

fn undeclared_in(tree: &TemplateTree, declared: &[String]) -> Option<String> {
    match tree {
        TemplateTree::Null | TemplateTree::Leaf(_) => None,
        TemplateTree::List(items) => items.iter().find_map(|item| undeclared_in(item, declared)),
        TemplateTree::Map(entries) => {
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
    fn start_tag(&self, frame: &Arc<Frame>) -> Result<String, RootError> {
        let name = &self.name;
        match &self.start {
            XmlStartPlan::Text(template) => {
                let text = template.text(frame)?;
                Ok(format!("<{}>", text.trim()))
            }
            XmlStartPlan::Attributes(attributes) => {
                let mut tag = format!("<{name}");
                for (attribute, template) in attributes {
                    let text = template.text(frame)?;
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
    Tree(TemplateTree),
}

impl Default for XmlRowPlan {
    fn default() -> Self {
        Self::Columns("row".to_owned())
    }
}

/// What is said where the text around rows is no XML with them.
fn not_closed(reason: &XmlFault) -> String {
    format!("what stands around the rows is no XML: {reason}; what `header` opens `footer` closes")
}

/// What is said of a name whose prefix is declared nowhere.
fn undeclared_prefix(name: &str) -> String {
    format!("the prefix of `{name}` is declared nowhere, so no reader knows what it means")
}

/// The name of the element around all rows, with its attributes as text or as a map.
fn xml_root(node: &Node, compiler: &mut dyn FormatCompiler) -> Option<XmlRootPlan> {
    if let NodeValue::Map(entries) = &node.value {
        let [entry] = entries.as_slice() else {
            compiler.mistake(
                node,
                "one element stands around all rows".to_owned(),
                "write root: { products: { \"@version\": \"2.0\" } }",
            );
            return None;
        };
        element_names(node, compiler);
        let mut attributes = Vec::new();
        for attribute in entry.value.entries() {
            if let Some(name) = attribute.key.strip_prefix('@') {
                let value = compiler.template(&attribute.value);
                attributes.push((name.to_owned(), value));
            } else {
                let at = Node::refused(attribute.key_span.clone());
                compiler.mistake(
                    &at,
                    "`root` has attributes, and no elements of its own".to_owned(),
                    "attributes begin with `@`; what stands before the rows goes into `header`",
                );
            }
        }
        return Some(XmlRootPlan {
            name: entry.key.clone(),
            start: XmlStartPlan::Attributes(attributes),
        });
    }
    let text = node.as_text()?.trim();
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let name = &text[..end];
    if !is_xml_name(name) {
        element_name(node, compiler);
        return None;
    }
    Some(XmlRootPlan {
        name: name.to_owned(),
        start: XmlStartPlan::Text(compiler.template(node)),
    })
}

fn element_name(node: &Node, compiler: &mut dyn FormatCompiler) -> Option<String> {
    let text = node.as_text()?;
    if !is_xml_name(text) {
        compiler.mistake(
            node,
            format!("`{text}` is no name of an element"),
            "names begin with a letter or `_`, and hold letters, digits, `-`, `_`, `.` and `:`",
        );
        return None;
    }
    Some(text.to_owned())
}

fn xml_row(node: &Node, compiler: &mut dyn FormatCompiler) -> XmlRowPlan {
    if let NodeValue::Map(entries) = &node.value {
        if entries.len() != 1 {
            compiler.mistake(
                node,
                "a row is one element".to_owned(),
                "write row: { product: { id: \"{{ row.id }}\" } }",
            );
        }
        element_names(node, compiler);
        return XmlRowPlan::Tree(compiler.row_tree(node));
    }
    let text = node.as_text().unwrap_or_default();
    if text.contains("{{") || text.contains("{%") {
        return XmlRowPlan::Text(compiler.row_template(node));
    }
    XmlRowPlan::Columns(element_name(node, compiler).unwrap_or_default())
}

/// Names of elements and attributes at any depth.
fn element_names(node: &Node, compiler: &mut dyn FormatCompiler) {
    for entry in node.entries() {
        let name = entry.key.strip_prefix('@').unwrap_or(&entry.key);
        if entry.key != "#text" && !is_xml_name(name) {
            let at = Node::refused(entry.key_span.clone());
            compiler.mistake(
                &at,
                format!("`{}` is no name of an element or an attribute", entry.key),
                "names begin with a letter or `_`; attributes are written \"@id\"",
            );
        }
        element_names(&entry.value, compiler);
    }
    for item in node.items() {
        element_names(item, compiler);
    }
}

/// What stands around the rows of XML, where it is known before a run.
pub(in crate::formats) fn check(
    xml: &WrittenXmlPlan,
    at: &Placed<FileTarget>,
    around: Around<'_>,
    compiler: &mut dyn FormatCompiler,
) {
    let fixed = |template: Option<&Template>| match template {
        Some(template) => template
            .as_constant()
            .map(|text| text_of(text).into_owned()),
        None => Some(String::new()),
    };
    let (Some(header), Some(footer)) = (fixed(around.header), fixed(around.footer)) else {
        return;
    };
    let is_fixed = match xml.root.as_ref().map(|root| &root.start) {
        None => true,
        Some(XmlStartPlan::Text(template)) => template.as_constant().is_some(),
        Some(XmlStartPlan::Attributes(attributes)) => attributes
            .iter()
            .all(|(_, template)| template.as_constant().is_some()),
    };
    if !is_fixed {
        return;
    }
    let Ok((start, end)) = xml.tags(around.header.is_some(), &Arc::default()) else {
        return;
    };
    let written = at.format.as_ref().and_then(|format| format.xml());
    let root = written.and_then(|xml| xml.root.as_ref());
    let of_header = at.header.as_ref().map(HasPlace::place);
    let of_footer = || at.footer.as_ref().map(HasPlace::place);
    let shown = of_header
        .or_else(|| root.map(HasPlace::place))
        .or_else(of_footer)
        .unwrap_or(at.span.clone());
    match XmlAround::of(&(start + &header), &(footer + &end)) {
        Ok(known) => {
            if let Some(name) = xml.undeclared(known.prefixes()) {
                let row = written.and_then(|xml| xml.row.as_ref());
                let row = row.map_or(at.span.clone(), HasPlace::place);
                compiler.mistake(
                    &row,
                    undeclared_prefix(&name),
                    "root: { products: { \"@xmlns:g\": \"http://base.google.com/ns/1.0\" } }, or xmlns:g in the header",
                );
            }
        }
        Err(reason) => compiler.mistake(
            &shown,
            not_closed(&reason),
            "write header: \"<feed><title>Offers</title>\", footer: \"</feed>\"",
        ),
    }
}
