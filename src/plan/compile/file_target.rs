//! `target.file`: where the file goes, and how it is written.

use std::sync::Arc;

use super::Compiler;
use super::values::flag;
use crate::formats::xml_text::{XmlAround, is_xml_name};
use crate::plan::file_name::FileName;
use crate::plan::file_target::{
    FilePlace, FileTargetPlan, WritePlan, WrittenCsvPlan, WrittenXmlPlan, XmlRootPlan, XmlRowPlan,
    XmlStartPlan, not_closed, undeclared_prefix,
};
use crate::plan::request::{Repeat, RequestPlan};
use crate::plan::scopes::Scopes;
use crate::spec::tree::{Node, NodeValue};
use crate::template::scope::Scope;
use crate::template::{Template, text_of};

impl Compiler<'_> {
    /// A file of all rows at `at`; `row` is what the XML of a row sees, `item` makes its rows.
    pub(super) fn file_target(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        row: &Scope,
        item: Option<&Node>,
    ) -> FileTargetPlan {
        let scope = scopes.around();
        let place = match (at.get("url"), at.get("transport")) {
            (Some(url), None) => {
                let request = self.upload_request(at, label, scopes, &scope);
                FilePlace::Url(self.template(url, &scope), Box::new(request))
            }
            (None, Some(path)) => FilePlace::Transport(self.template(path, &scope)),
            (Some(_), Some(path)) => {
                self.error(
                    path,
                    "a file goes to a `url` or to a `transport`, not to both",
                    "leave one of them out",
                );
                FilePlace::Transport(self.template(path, &scope))
            }
            (None, None) => {
                self.error(
                    at,
                    "a file needs a `url`, or a `transport`",
                    "url: \"sftp://sftp.example.com/in/offers.csv\"",
                );
                FilePlace::Transport(Template::constant(crate::template::Value::from("")))
            }
        };
        let format_node = at.get("format");
        let (format, encoding) = match format_node {
            Some(node) => self.written(node, &scope, row),
            None => (None, None),
        };
        if let (FilePlace::Transport(_), Some(node)) = (&place, at.get("login")) {
            self.error(
                node,
                "the site's own transport has its login from the platform",
                "leave it out, or write `url` instead of `transport`",
            );
        }
        let plan = FileTargetPlan {
            place,
            name: self.optional(at.get("name"), &scope),
            login: self.login(at.get("login"), &scope),
            format: format.map(Arc::new),
            encoding,
            header: self.optional(at.get("header"), &scope),
            footer: self.optional(at.get("footer"), &scope),
        };
        self.check_file(at, item, &plan);
        plan
    }

    /// What can be seen of a file before its name is worked out.
    fn check_file(&mut self, at: &Node, item: Option<&Node>, plan: &FileTargetPlan) {
        let place = at.get("url").or(at.get("transport")).unwrap_or(at);
        let text = place.as_text().unwrap_or_default();
        if let Some((scheme, _)) = text.split_once("://") {
            let is_known = ["file", "http", "https", "s3", "sftp", "ftp", "ftps"].contains(&scheme);
            if at.get("url").is_some() && !is_known && !scheme.contains('{') {
                self.error(
                    place,
                    format!("`{scheme}` is no place for a file"),
                    "write file, s3, sftp, ftp, ftps, http or https",
                );
                return;
            }
        }
        let template = match &plan.place {
            FilePlace::Url(template, _) | FilePlace::Transport(template) => template,
        };
        let is_fixed = |template: &Template| template.as_constant().is_some();
        let mut format = plan.format.clone();
        let is_named = at.get("url").is_some() || at.get("transport").is_some();
        if is_named && is_fixed(template) && plan.name.as_ref().is_none_or(is_fixed) {
            let name = FileName::of(plan, &Arc::default());
            let by_name = match (name, &plan.format) {
                (Ok(name), None) => name.format().map(Some),
                (name, _) => name.map(|_| None),
            };
            match by_name {
                Ok(Some(by_name)) => format = Some(Arc::new(by_name)),
                Ok(None) => {}
                Err(reason) => self.error(
                    place,
                    reason,
                    "url: \"sftp://sftp.example.com/in/offers.csv.gz\"",
                ),
            }
        }
        match format.as_deref() {
            Some(WritePlan::Xlsx { .. }) => {
                for key in ["header", "footer"] {
                    if let Some(node) = at.get(key) {
                        self.error(
                            node,
                            format!("`{key}` is text, and a sheet has none around its rows"),
                            "leave it out",
                        );
                    }
                }
            }
            Some(WritePlan::Json) if at.get("header").is_some() != at.get("footer").is_some() => {
                let node = at.get("header").or(at.get("footer")).unwrap_or(at);
                self.error(
                    node,
                    "with a header or a footer the brackets of the list are yours, and one is missing",
                    "write both: header: '{\"products\":[', footer: ']}'",
                );
            }
            Some(WritePlan::Xml(xml)) => self.check_xml(at, xml, plan),
            Some(WritePlan::Csv(csv)) if csv.delimiter == csv.quote => {
                self.error(
                    at.get("format").unwrap_or(at),
                    "`delimiter` and `quote` are the same character",
                    "leave `quote` out",
                );
            }
            _ => {}
        }
        let are_cells = matches!(
            format.as_deref(),
            Some(WritePlan::Csv(_) | WritePlan::Xlsx { .. })
        );
        if let (true, Some(item)) = (are_cells, item) {
            self.error(
                item,
                "`item` makes rows of json, jsonl and xml; a file of cells has the columns of the rows",
                "write columns: and keep: none",
            );
        }
    }

    /// What stands around the rows of XML, where it is known before a run.
    fn check_xml(&mut self, at: &Node, xml: &WrittenXmlPlan, plan: &FileTargetPlan) {
        let fixed = |template: &Option<Template>| match template {
            Some(template) => template
                .as_constant()
                .map(|text| text_of(text).into_owned()),
            None => Some(String::new()),
        };
        let (Some(header), Some(footer)) = (fixed(&plan.header), fixed(&plan.footer)) else {
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
        let Ok((start, end)) = xml.tags(plan.header.is_some(), &Arc::default()) else {
            return;
        };
        let format = at.get("format");
        let root = format
            .and_then(|node| node.get("xml"))
            .and_then(|node| node.get("root"));
        let shown = at.get("header").or(root).or(at.get("footer")).unwrap_or(at);
        match XmlAround::of(&(start + &header), &(footer + &end)) {
            Ok(around) => {
                if let Some(name) = xml.undeclared(around.prefixes()) {
                    let row = format
                        .and_then(|node| node.get("xml"))
                        .and_then(|node| node.get("row"));
                    self.error(
                        row.unwrap_or(at),
                        undeclared_prefix(&name),
                        "root: { products: { \"@xmlns:g\": \"http://base.google.com/ns/1.0\" } }, or xmlns:g in the header",
                    );
                }
            }
            Err(reason) => self.error(
                shown,
                not_closed(&reason),
                "write header: \"<feed><title>Offers</title>\", footer: \"</feed>\"",
            ),
        }
    }

    fn upload_request(
        &mut self,
        at: &Node,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> RequestPlan {
        let mut request = self.file_request(at, label, scopes, scope);
        request.method = Some("PUT".to_owned());
        request.repeat = Repeat::ByMethod;
        // A server that is the API's own is let in as the API is; others never see its credentials.
        if request.auth.is_none() {
            request.auth = self.default_auth();
        }
        request
    }

    fn written(
        &mut self,
        node: &Node,
        scope: &Scope,
        row: &Scope,
    ) -> (Option<WritePlan>, Option<&'static encoding_rs::Encoding>) {
        let (word, keys) = match node.entries().first() {
            Some(choice) => (choice.key.as_str(), Some(&choice.value)),
            None => (node.as_text().unwrap_or_default(), None),
        };
        let key = |name: &str| keys.and_then(|keys| keys.get(name));
        let has_header = flag(key("header")).unwrap_or(true);
        let encoding = self.encoding(key("encoding"));
        if let (Some(encoding), Some(node)) = (encoding, key("encoding")) {
            if encoding.output_encoding() != encoding {
                self.error(
                    node,
                    format!("files are not written in {}", encoding.name()),
                    "use utf-8, or an encoding of one byte a character, such as windows-1252",
                );
            }
        }
        let plan = match word {
            "csv" => WritePlan::Csv(WrittenCsvPlan {
                delimiter: self.ascii(key("delimiter"), "delimiter").unwrap_or(b','),
                quote: self.ascii(key("quote"), "quote").unwrap_or(b'"'),
                header: has_header,
            }),
            "tsv" => WritePlan::Csv(WrittenCsvPlan {
                header: has_header,
                ..WrittenCsvPlan::TABS
            }),
            "json" => WritePlan::Json,
            "jsonl" => WritePlan::Jsonl,
            "xml" => WritePlan::Xml(WrittenXmlPlan {
                root: key("root").and_then(|node| self.xml_root(node, scope)),
                row: key("row").map_or_else(XmlRowPlan::default, |node| self.xml_row(node, row)),
            }),
            _ => WritePlan::Xlsx {
                sheet: self.optional(key("sheet"), scope),
                header: has_header,
            },
        };
        (Some(plan), encoding)
    }

    fn ascii(&mut self, node: Option<&Node>, name: &str) -> Option<u8> {
        let node = node?;
        let text = &node.scalar()?.text;
        match text.as_bytes() {
            [one] if one.is_ascii() && !matches!(one, b'\r' | b'\n') => Some(*one),
            _ => {
                self.error(
                    node,
                    format!("`{name}` is one ASCII character"),
                    "a tab is \"\\t\"",
                );
                None
            }
        }
    }

    /// The name of the element around all rows, with its attributes as text or as a map.
    fn xml_root(&mut self, node: &Node, scope: &Scope) -> Option<XmlRootPlan> {
        if let NodeValue::Map(entries) = &node.value {
            let [entry] = entries.as_slice() else {
                self.error(
                    node,
                    "one element stands around all rows",
                    "write root: { products: { \"@version\": \"2.0\" } }",
                );
                return None;
            };
            self.element_names(node);
            let mut attributes = Vec::new();
            for attribute in entry.value.entries() {
                if let Some(name) = attribute.key.strip_prefix('@') {
                    let value = self.template(&attribute.value, scope);
                    attributes.push((name.to_owned(), value));
                } else {
                    let at = Node::refused(attribute.key_span.clone());
                    self.error(
                        &at,
                        "`root` has attributes, and no elements of its own",
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
            self.element_name(node);
            return None;
        }
        Some(XmlRootPlan {
            name: name.to_owned(),
            start: XmlStartPlan::Text(self.template(node, scope)),
        })
    }

    fn element_name(&mut self, node: &Node) -> Option<String> {
        let text = node.as_text()?;
        if !is_xml_name(text) {
            self.error(
                node,
                format!("`{text}` is no name of an element"),
                "names begin with a letter or `_`, and hold letters, digits, `-`, `_`, `.` and `:`",
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn xml_row(&mut self, node: &Node, scope: &Scope) -> XmlRowPlan {
        if let NodeValue::Map(entries) = &node.value {
            if entries.len() != 1 {
                self.error(
                    node,
                    "a row is one element",
                    "write row: { product: { id: \"{{ row.id }}\" } }",
                );
            }
            self.element_names(node);
            return XmlRowPlan::Tree(self.tree(node, scope));
        }
        let text = node.as_text().unwrap_or_default();
        if text.contains("{{") || text.contains("{%") {
            return XmlRowPlan::Text(self.template(node, scope));
        }
        XmlRowPlan::Columns(self.element_name(node).unwrap_or_default())
    }

    /// Names of elements and attributes at any depth.
    fn element_names(&mut self, node: &Node) {
        for entry in node.entries() {
            let name = entry.key.strip_prefix('@').unwrap_or(&entry.key);
            if entry.key != "#text" && !is_xml_name(name) {
                let at = Node::refused(entry.key_span.clone());
                self.error(
                    &at,
                    format!("`{}` is no name of an element or an attribute", entry.key),
                    "names begin with a letter or `_`; attributes are written \"@id\"",
                );
            }
            self.element_names(&entry.value);
        }
        for item in node.items() {
            self.element_names(item);
        }
    }
}
