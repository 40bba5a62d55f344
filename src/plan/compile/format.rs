//! How answers and files are read.

use super::Compiler;
use super::values::{flag, whole, words};
use crate::plan::format::{CsvPlan, FormatKind, FormatPlan, XlsxPlan, XmlPlan};
use crate::spec::format::Inside;
use crate::spec::tree::Node;
use crate::template::scope::Scope;

impl Compiler<'_> {
    /// `format` of a step, else of `http`.
    pub(super) fn format(&mut self, own: Option<&Node>, scope: &Scope) -> Option<FormatPlan> {
        let http = self.root().get("http").and_then(|http| http.get("format"));
        let node = own.or(http)?;
        let (word, keys) = match node.entries().first() {
            Some(choice) => (choice.key.as_str(), Some(&choice.value)),
            None => (node.as_text()?, None),
        };
        let key = |name: &str| keys.and_then(|keys| keys.get(name));
        let kind = match word {
            "jsonl" => FormatKind::Jsonl,
            "csv" => FormatKind::Csv(self.csv(keys)),
            "xml" => FormatKind::Xml(XmlPlan {
                record: self.elements(key("record")),
                lists: words(key("lists")),
                prefixes: flag(key("prefixes")).unwrap_or_default(),
                text: words(key("text")),
            }),
            "xlsx" => FormatKind::Xlsx(XlsxPlan {
                sheet: self.optional(key("sheet"), scope),
                header_row: whole(key("header_row"))
                    .and_then(|row| u32::try_from(row).ok())
                    .unwrap_or(1),
            }),
            _ => FormatKind::Json,
        };
        let inside = key("inside")
            .and_then(Node::as_text)
            .map(|word| match word {
                "zip" => Inside::Zip,
                "zstd" => Inside::Zstd,
                _ => Inside::Gzip,
            });
        Some(FormatPlan {
            kind,
            encoding: self.encoding(key("encoding")),
            inside,
            member: self.member(key("member")),
        })
    }

    /// Names of elements: a path is none.
    fn elements(&mut self, node: Option<&Node>) -> Vec<String> {
        let names = words(node);
        for name in &names {
            if let (Some(node), true) = (node, name.contains('/') || name.starts_with('$')) {
                let last = name.rsplit(['/', '.']).next().unwrap_or_default();
                self.error(
                    node,
                    format!("`{name}` is a path, and `record` is the name of an element"),
                    format!("write record: {}", last.trim_end_matches("[*]")),
                );
            }
        }
        names
    }

    fn csv(&mut self, keys: Option<&Node>) -> CsvPlan {
        let key = |name: &str| keys.and_then(|keys| keys.get(name));
        let text = |name: &str| {
            key(name)
                .and_then(Node::scalar)
                .map(|scalar| scalar.text.as_str())
        };
        for name in ["delimiter", "quote", "escape"] {
            if let (Some(node), Some(text)) = (key(name), text(name)) {
                if text.len() > 1 {
                    self.error(
                        node,
                        format!("`{name}` is one ASCII character"),
                        "a tab is \"\\t\"",
                    );
                }
            }
        }
        let default = CsvPlan::default();
        let names = words(key("names"));
        let max_cell = self.size(key("max_cell"));
        CsvPlan {
            delimiter: text("delimiter").and_then(|text| text.bytes().next()),
            quote: match text("quote") {
                Some(text) => text.bytes().next(),
                None => default.quote,
            },
            header: flag(key("header")).unwrap_or(default.header),
            names,
            skip: whole(key("skip")).unwrap_or_default(),
            escape: text("escape").and_then(|text| text.bytes().next()),
            max_cell: max_cell.unwrap_or(default.max_cell),
        }
    }

    pub(super) fn encoding(
        &mut self,
        node: Option<&Node>,
    ) -> Option<&'static encoding_rs::Encoding> {
        let node = node?;
        let text = node.as_text()?;
        let encoding = encoding_rs::Encoding::for_label(text.as_bytes());
        if encoding.is_none() {
            self.error(
                node,
                format!("`{text}` is no encoding"),
                "encodings are utf-8, utf-16le, windows-1252, iso-8859-15, shift_jis …",
            );
        }
        encoding
    }

    fn member(&mut self, node: Option<&Node>) -> Option<globset::GlobMatcher> {
        let node = node?;
        let text = node.as_text()?;
        match globset::Glob::new(text) {
            Ok(glob) => Some(glob.compile_matcher()),
            Err(error) => {
                self.error(
                    node,
                    format!("`{text}` is no pattern: {error}"),
                    "write *.csv",
                );
                None
            }
        }
    }
}
