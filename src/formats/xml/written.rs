//! How XML is written: what stands around the rows, and what a row is.

use std::fmt::Write as _;
use std::sync::Arc;

use super::write::{Names, XmlRows};
use crate::formats::compiler::{Around, FormatCompiler};
use crate::formats::writing::{RowsAround, Said, WriteError};
use crate::spec::file_target::{FileTarget, WrittenXml, WrittenXmlPart};
use crate::spec::places::{HasPlace, Placed};
use crate::spec::tree::{Node, NodeValue};
use crate::template::tree::TemplateTree;
use crate::template::{Frame, Template, TemplateError, text_of};
use crate::text_encoding::TextEncoding;
use crate::xml_text::{XmlAround, XmlFault, declared_prefix, escaped, is_declared, is_xml_name};

/// Why there is no element around all rows.
#[derive(Debug, thiserror::Error)]
#[error("file.format.xml.root: {0}")]
struct RootError(#[from] TemplateError);

/// How XML is written.
#[derive(Debug)]
pub struct WrittenXmlPlan {
    /// The element around all rows.
    pub root: Option<XmlRootPlan>,
    /// What follows each other inside it; one, where the spec names no parts.
    pub parts: Vec<XmlPartPlan>,
}

impl Default for WrittenXmlPlan {
    fn default() -> Self {
        Self {
            root: None,
            parts: vec![XmlPartPlan::default()],
        }
    }
}

/// A part of a file: what it has of the rows, and the element around that.
#[derive(Debug, Default)]
pub struct XmlPartPlan {
    /// The element around its rows; none where nothing is said.
    pub root: Option<XmlRootPlan>,
    /// A row.
    pub row: XmlRowPlan,
    /// Which rows it has.
    pub when: Option<Template>,
    /// Of rows for which this is the same it has the first.
    pub unique: Option<Template>,
}

impl XmlPartPlan {
    fn compile(part: &WrittenXmlPart, compiler: &mut dyn FormatCompiler) -> Self {
        let root = part.root.as_ref();
        Self {
            root: root.and_then(|root| xml_root(root, compiler)),
            row: xml_row(&part.row, compiler),
            when: part
                .when
                .as_deref()
                .map(|when| compiler.row_condition(when)),
            unique: part.unique.as_deref().map(|key| compiler.row_template(key)),
        }
    }

    /// The start and the end tag around its rows.
    fn tags(&self, frame: &Arc<Frame>) -> Result<(String, String), RootError> {
        match &self.root {
            Some(root) => root.tags(frame),
            None => Ok((String::new(), String::new())),
        }
    }
}

/// The text between rows: before the first part, between two, behind the last. What an author wrote stands
/// at both ends.
struct Between(Vec<String>);

impl Between {
    /// What stands around the rows of each part, which must be XML with them.
    fn arounds(&self) -> Result<Vec<XmlAround>, XmlFault> {
        let places = 1..self.0.len();
        let around = |at: usize| XmlAround::of(&self.0[..at].concat(), &self.0[at..].concat());
        places.map(around).collect()
    }
}

impl WrittenXmlPlan {
    pub(in crate::formats) fn compile(xml: &WrittenXml, compiler: &mut dyn FormatCompiler) -> Self {
        let root = xml.root.as_ref();
        let root = root.and_then(|root| xml_root(root, compiler));
        let parts = match (&xml.row, &xml.parts) {
            (None, None) => vec![XmlPartPlan::default()],
            (Some(row), None) => vec![XmlPartPlan {
                row: xml_row(row, compiler),
                ..XmlPartPlan::default()
            }],
            (row, Some(parts)) => {
                if let Some(row) = row {
                    compiler.mistake(
                        row,
                        "`row` stands beside `parts`, each of which has a row of its own".to_owned(),
                        "move it into a part: parts: [{ row: { article: { id: \"{{ row.id }}\" } } }]",
                    );
                }
                let all = parts.iter();
                all.map(|part| XmlPartPlan::compile(part, compiler))
                    .collect()
            }
        };
        Self { root, parts }
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
        let said_error = |error: RootError| WriteError::Row(error.to_string());
        let inner = start + header;
        let after = said.footer.unwrap_or_default().to_owned() + &end;
        let between = self.between(inner, after, base).map_err(said_error)?;
        let mut before = String::new();
        if !header.trim_start().starts_with("<?xml") {
            let encoding = said.encoding.unwrap_or(TextEncoding::UTF_8).name();
            // Writing into a string does not fail.
            let _ = writeln!(before, "<?xml version=\"1.0\" encoding=\"{encoding}\"?>");
        }
        let arounds = between.arounds();
        let arounds = arounds.map_err(|reason| WriteError::Row(not_closed(&reason)))?;
        if let Some(name) = self.undeclared(&arounds) {
            return Err(WriteError::Row(undeclared_prefix(&name)));
        }
        let are_ascii = said.encoding.is_some_and(|encoding| !encoding.is_utf8());
        let parts = arounds.into_iter().map(|around| XmlRows {
            names: Names {
                are_ascii,
                prefixes: around.prefixes().to_vec(),
            },
            around: around.written_in(said.encoding),
        });
        let mut between = between.0;
        let after = between.pop().unwrap_or_default();
        let later = between.split_off(between.len().min(1));
        Ok(RowsAround {
            before: before + &between.concat(),
            between: "",
            after,
            later,
            parts: parts.collect(),
        })
    }

    /// What stands before, between and behind the rows of the parts.
    fn between(
        &self,
        before: String,
        after: String,
        frame: &Arc<Frame>,
    ) -> Result<Between, RootError> {
        let mut texts = vec![before];
        for part in &self.parts {
            let (start, end) = part.tags(frame)?;
            if let Some(last) = texts.last_mut() {
                last.push_str(&start);
            }
            texts.push(end);
        }
        if let Some(last) = texts.last_mut() {
            last.push_str(&after);
        }
        Ok(Between(texts))
    }

    /// The start and the end tag around all rows: where nothing is said `rows`, none beside a header.
    fn tags(&self, has_header: bool, frame: &Arc<Frame>) -> Result<(String, String), RootError> {
        match &self.root {
            Some(root) => root.tags(frame),
            None if has_header => Ok((String::new(), String::new())),
            None => Ok(("<rows>\n".to_owned(), "</rows>\n".to_owned())),
        }
    }

    /// A name that the author wrote whose prefix is declared nowhere around the rows of its part.
    fn undeclared(&self, arounds: &[XmlAround]) -> Option<String> {
        let mut parts = self.parts.iter().zip(arounds);
        parts.find_map(|(part, around)| {
            let declared = around.prefixes();
            match &part.row {
                XmlRowPlan::Columns(name) => is_undeclared(name, declared).then(|| name.clone()),
                XmlRowPlan::Tree(tree) => undeclared_in(tree, declared),
                // Told of each row.
                XmlRowPlan::Text(_) => None,
            }
        })
    }

    /// Whether what stands around the rows is known before a run.
    fn is_fixed(&self) -> bool {
        let parts = self.parts.iter().map(|part| &part.root);
        let mut roots = parts.chain([&self.root]).flatten();
        roots.all(|root| match &root.start {
            XmlStartPlan::Text(template) => template.as_constant().is_some(),
            XmlStartPlan::Attributes(attributes) => attributes
                .iter()
                .all(|(_, template)| template.as_constant().is_some()),
        })
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
    /// Its start and its end tag, each on a line of its own.
    fn tags(&self, frame: &Arc<Frame>) -> Result<(String, String), RootError> {
        let start = self.start_tag(frame)?;
        Ok((format!("{start}\n"), format!("</{}>\n", self.name)))
    }

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
    if !xml.is_fixed() {
        return;
    }
    let Ok((start, end)) = xml.tags(around.header.is_some(), &Arc::default()) else {
        return;
    };
    let written = at.format.as_ref().and_then(|format| format.xml());
    let root = written.and_then(|xml| xml.root.as_ref());
    let parts = written.and_then(|xml| xml.parts.as_ref());
    let of_header = at.header.as_ref().map(HasPlace::place);
    let of_footer = || at.footer.as_ref().map(HasPlace::place);
    let shown = of_header
        .or_else(|| parts.map(HasPlace::place))
        .or_else(|| root.map(HasPlace::place))
        .or_else(of_footer)
        .unwrap_or(at.span.clone());
    let Ok(between) = xml.between(start + &header, footer + &end, &Arc::default()) else {
        return;
    };
    match between.arounds() {
        Ok(arounds) => {
            if let Some(name) = xml.undeclared(&arounds) {
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
