//! `target.file`: where the file goes, and how it is written.

use std::sync::Arc;

use super::Compiler;
use crate::plan::file_name::FileName;
use crate::plan::file_target::{
    FilePlace, FileTargetPlan, WritePlan, WrittenCsvPlan, WrittenXmlPlan, XmlRootPlan, XmlRowPlan,
    XmlStartPlan, not_closed, undeclared_prefix,
};
use crate::plan::request::{Repeat, RequestPlan};
use crate::plan::scopes::Scopes;
use crate::spec;
use crate::spec::file_target::{FileFormat, FileFormatChoice, FileFormatWord, FileTarget};
use crate::spec::places::{HasPlace, Placed};
use crate::spec::tree::{Node, NodeValue};
use crate::template::scope::Scope;
use crate::template::{Template, text_of};
use crate::xml_text::{XmlAround, is_xml_name};

impl Compiler<'_> {
    /// A file of all rows at `at`; `row` is what the XML of a row sees, `item` makes its rows.
    pub(super) fn file_target(
        &mut self,
        at: &Placed<FileTarget>,
        label: &str,
        scopes: &Scopes,
        row: &Scope,
        item: Option<&spec::Tree>,
    ) -> FileTargetPlan {
        let scope = scopes.around();
        let place = match (&at.url, &at.transport) {
            (Some(url), None) => {
                let request = self.upload_request(url, at, label, scopes, &scope);
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
        let (format, encoding) = match &at.format {
            Some(format) => self.written(format, &scope, row),
            None => (None, None),
        };
        if let (FilePlace::Transport(_), Some(login)) = (&place, &at.login) {
            self.error(
                login,
                "the site's own transport has its login from the platform",
                "leave it out, or write `url` instead of `transport`",
            );
        }
        let plan = FileTargetPlan {
            place,
            name: self.optional(at.name.as_deref(), &scope),
            login: self.login(at.login.as_ref().map(|login| &login.value), &scope),
            format: format.map(Arc::new),
            encoding,
            header: self.optional(at.header.as_deref(), &scope),
            footer: self.optional(at.footer.as_deref(), &scope),
        };
        self.check_file(at, item, &plan);
        plan
    }

    /// What can be seen of a file before its name is worked out.
    fn check_file(
        &mut self,
        at: &Placed<FileTarget>,
        item: Option<&spec::Tree>,
        plan: &FileTargetPlan,
    ) {
        let Some(place) = at.url.as_ref().or(at.transport.as_ref()) else {
            return;
        };
        let text = place.as_text().unwrap_or_default();
        if let Some((scheme, _)) = text.split_once("://") {
            let is_known = ["file", "http", "https", "s3", "sftp", "ftp", "ftps"].contains(&scheme);
            if at.url.is_some() && !is_known && !scheme.contains('{') {
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
        if is_fixed(template) && plan.name.as_ref().is_none_or(is_fixed) {
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
                for (key, said) in [("header", &at.header), ("footer", &at.footer)] {
                    if let Some(said) = said {
                        self.error(
                            said,
                            format!("`{key}` is text, and a sheet has none around its rows"),
                            "leave it out",
                        );
                    }
                }
            }
            Some(WritePlan::Json) => {
                let ((Some(one), None) | (None, Some(one))) = (&at.header, &at.footer) else {
                    return;
                };
                self.error(
                    one,
                    "with a header or a footer the brackets of the list are yours, and one is missing",
                    "write both: header: '{\"products\":[', footer: ']}'",
                );
            }
            Some(WritePlan::Xml(xml)) => self.check_xml(at, xml, plan),
            Some(WritePlan::Csv(csv)) if csv.delimiter == csv.quote => {
                if let Some(format) = &at.format {
                    self.error(
                        format,
                        "`delimiter` and `quote` are the same character",
                        "leave `quote` out",
                    );
                }
            }
            _ => {}
        }
        self.no_cells(item, format.as_deref());
    }

    /// `item` makes no cells.
    fn no_cells(&mut self, item: Option<&spec::Tree>, format: Option<&WritePlan>) {
        let are_cells = matches!(format, Some(WritePlan::Csv(_) | WritePlan::Xlsx { .. }));
        if let (true, Some(item)) = (are_cells, item) {
            self.error(
                item,
                "`item` makes rows of json, jsonl and xml; a file of cells has the columns of the rows",
                "write columns: and keep: none",
            );
        }
    }

    /// What stands around the rows of XML, where it is known before a run.
    fn check_xml(&mut self, at: &Placed<FileTarget>, xml: &WrittenXmlPlan, plan: &FileTargetPlan) {
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
        let written = at.format.as_ref().and_then(|format| format.xml());
        let root = written.and_then(|xml| xml.root.as_ref());
        let of_header = at.header.as_ref().map(HasPlace::place);
        let of_footer = || at.footer.as_ref().map(HasPlace::place);
        let shown = of_header
            .or_else(|| root.map(HasPlace::place))
            .or_else(of_footer)
            .unwrap_or(at.span.clone());
        match XmlAround::of(&(start + &header), &(footer + &end)) {
            Ok(around) => {
                if let Some(name) = xml.undeclared(around.prefixes()) {
                    let row = written.and_then(|xml| xml.row.as_ref());
                    let row = row.map_or(at.span.clone(), HasPlace::place);
                    self.error(
                        &row,
                        undeclared_prefix(&name),
                        "root: { products: { \"@xmlns:g\": \"http://base.google.com/ns/1.0\" } }, or xmlns:g in the header",
                    );
                }
            }
            Err(reason) => self.error(
                &shown,
                not_closed(&reason),
                "write header: \"<feed><title>Offers</title>\", footer: \"</feed>\"",
            ),
        }
    }

    fn upload_request(
        &mut self,
        url: &spec::Template,
        at: &Placed<FileTarget>,
        label: &str,
        scopes: &Scopes,
        scope: &Scope,
    ) -> RequestPlan {
        let login = at.login.as_ref().map(|login| &login.value);
        let mut request = self.file_request((url, login), at, label, scopes, scope);
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
        format: &FileFormat,
        scope: &Scope,
        row: &Scope,
    ) -> (Option<WritePlan>, Option<&'static encoding_rs::Encoding>) {
        let none = FileFormatChoice::default();
        let (word, choice) = match format {
            FileFormat::Word(word) => (Some(*word), &none),
            FileFormat::Choice(choice) => (None, &**choice),
        };
        let FileFormatChoice {
            csv,
            tsv,
            json,
            jsonl,
            xml,
            xlsx,
        } = choice;
        let word = word
            .or(csv.as_ref().map(|_| FileFormatWord::Csv))
            .or(tsv.as_ref().map(|_| FileFormatWord::Tsv))
            .or(json.as_ref().map(|_| FileFormatWord::Json))
            .or(jsonl.as_ref().map(|_| FileFormatWord::Jsonl))
            .or(xml.as_ref().map(|_| FileFormatWord::Xml))
            .or(xlsx.as_ref().map(|_| FileFormatWord::Xlsx));
        let Some(word) = word else {
            return (None, None);
        };
        let (csv, tsv) = (
            csv.clone().unwrap_or_default(),
            tsv.clone().unwrap_or_default(),
        );
        let (json, jsonl) = (
            json.clone().unwrap_or_default(),
            jsonl.clone().unwrap_or_default(),
        );
        let (xml, xlsx) = (
            xml.clone().unwrap_or_default(),
            xlsx.clone().unwrap_or_default(),
        );
        let (plan, encoding) = match word {
            FileFormatWord::Csv => {
                let plan = WrittenCsvPlan {
                    delimiter: self
                        .ascii(csv.delimiter.as_ref(), "delimiter")
                        .unwrap_or(b','),
                    quote: self.ascii(csv.quote.as_ref(), "quote").unwrap_or(b'"'),
                    header: csv.header.unwrap_or(true),
                };
                (WritePlan::Csv(plan), csv.encoding)
            }
            FileFormatWord::Tsv => {
                let plan = WrittenCsvPlan {
                    header: tsv.header.unwrap_or(true),
                    ..WrittenCsvPlan::TABS
                };
                (WritePlan::Csv(plan), tsv.encoding)
            }
            FileFormatWord::Json => (WritePlan::Json, json.encoding),
            FileFormatWord::Jsonl => (WritePlan::Jsonl, jsonl.encoding),
            FileFormatWord::Xml => {
                let plan = WrittenXmlPlan {
                    root: xml
                        .root
                        .as_ref()
                        .and_then(|root| self.xml_root(root, scope)),
                    row: xml
                        .row
                        .as_ref()
                        .map_or_else(XmlRowPlan::default, |of_row| self.xml_row(of_row, row)),
                };
                (WritePlan::Xml(plan), xml.encoding)
            }
            FileFormatWord::Xlsx => {
                let plan = WritePlan::Xlsx {
                    sheet: self.optional(xlsx.sheet.as_deref(), scope),
                    header: xlsx.header.unwrap_or(true),
                };
                (plan, None)
            }
        };
        let label = encoding;
        let encoding = self.encoding(label.as_ref());
        if let (Some(encoding), Some(label)) = (encoding, &label) {
            if encoding.output_encoding() != encoding {
                self.error(
                    label,
                    format!("files are not written in {}", encoding.name()),
                    "use utf-8, or an encoding of one byte a character, such as windows-1252",
                );
            }
        }
        (Some(plan), encoding)
    }

    fn ascii(&mut self, text: Option<&Placed<String>>, name: &str) -> Option<u8> {
        let text = text?;
        match text.as_bytes() {
            [one] if one.is_ascii() && !matches!(one, b'\r' | b'\n') => Some(*one),
            _ => {
                self.error(
                    text,
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
