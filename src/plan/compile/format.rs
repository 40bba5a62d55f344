//! How answers and files are read.

use super::Compiler;
use crate::plan::format::{CsvPlan, FormatKind, FormatPlan, XlsxPlan, XmlPlan};
use crate::spec::OneOrMany;
use crate::spec::format::{Csv, Format, FormatChoice, FormatWord, Wrapped, Xlsx, Xml};
use crate::spec::places::Placed;
use crate::template::scope::Scope;

impl Compiler<'_> {
    /// `format` of a step, else of `http`.
    pub(super) fn format(&mut self, own: Option<&Format>, scope: &Scope) -> Option<FormatPlan> {
        let http = self.spec().http.as_ref();
        let format = own.or_else(|| http.and_then(|http| http.format.as_ref()))?;
        let wrapped = |of: &'_ Wrapped| (of.encoding.clone(), of.inside, of.member.clone());
        let (kind, (encoding, inside, member)) = match format {
            Format::Word(word) => {
                let kind = match word {
                    FormatWord::Json => FormatKind::Json,
                    FormatWord::Jsonl => FormatKind::Jsonl,
                    FormatWord::Csv => FormatKind::Csv(self.csv(&Csv::default())),
                    FormatWord::Xml => FormatKind::Xml(self.xml(&Xml::default())),
                    FormatWord::Xlsx => FormatKind::Xlsx(self.xlsx(&Xlsx::default(), scope)),
                };
                (kind, (None, None, None))
            }
            Format::Choice(choice) => {
                let FormatChoice {
                    json,
                    jsonl,
                    csv,
                    xml,
                    xlsx,
                } = &**choice;
                let json = json.as_ref().map(|json| (FormatKind::Json, wrapped(json)));
                let jsonl = jsonl
                    .as_ref()
                    .map(|jsonl| (FormatKind::Jsonl, wrapped(jsonl)));
                let csv = csv.as_ref().map(|csv| {
                    let around = (csv.encoding.clone(), csv.inside, csv.member.clone());
                    (FormatKind::Csv(self.csv(csv)), around)
                });
                let xml = xml.as_ref().map(|xml| {
                    let around = (xml.encoding.clone(), xml.inside, xml.member.clone());
                    (FormatKind::Xml(self.xml(xml)), around)
                });
                let xlsx = xlsx.as_ref().map(|xlsx| {
                    let around = (None, xlsx.inside, xlsx.member.clone());
                    (FormatKind::Xlsx(self.xlsx(xlsx, scope)), around)
                });
                json.or(jsonl).or(csv).or(xml).or(xlsx)?
            }
        };
        Some(FormatPlan {
            kind,
            encoding: self.encoding(encoding.as_ref()),
            inside,
            member: self.member(member.as_ref()),
        })
    }

    fn xml(&mut self, xml: &Xml) -> XmlPlan {
        XmlPlan {
            record: self.elements(xml.record.as_ref()),
            lists: xml.lists.clone().unwrap_or_default(),
            prefixes: xml.prefixes.unwrap_or_default(),
            text: xml.text.clone().unwrap_or_default(),
        }
    }

    fn xlsx(&mut self, xlsx: &Xlsx, scope: &Scope) -> XlsxPlan {
        XlsxPlan {
            sheet: self.optional(xlsx.sheet.as_deref(), scope),
            header_row: xlsx.header_row.unwrap_or(1),
        }
    }

    /// Names of elements: a path is none.
    fn elements(&mut self, record: Option<&Placed<OneOrMany>>) -> Vec<String> {
        let Some(record) = record else {
            return Vec::new();
        };
        for name in record.words() {
            if name.contains('/') || name.starts_with('$') {
                let last = name.rsplit(['/', '.']).next().unwrap_or_default();
                self.error(
                    record,
                    format!("`{name}` is a path, and `record` is the name of an element"),
                    format!("write record: {}", last.trim_end_matches("[*]")),
                );
            }
        }
        record.words().to_vec()
    }

    fn csv(&mut self, csv: &Csv) -> CsvPlan {
        let one = |text: Option<&Placed<String>>| text.and_then(|text| text.bytes().next());
        let all = [
            ("delimiter", &csv.delimiter),
            ("quote", &csv.quote),
            ("escape", &csv.escape),
        ];
        for (name, text) in all {
            if let Some(text) = text.as_ref().filter(|text| text.len() > 1) {
                self.error(
                    text,
                    format!("`{name}` is one ASCII character"),
                    "a tab is \"\\t\"",
                );
            }
        }
        let default = CsvPlan::default();
        let max_cell = self.size(csv.max_cell.as_deref());
        CsvPlan {
            delimiter: one(csv.delimiter.as_ref()),
            quote: match &csv.quote {
                Some(quote) => quote.bytes().next(),
                None => default.quote,
            },
            header: csv.header.unwrap_or(default.header),
            names: csv.names.clone().unwrap_or_default(),
            skip: csv.skip.unwrap_or_default(),
            escape: one(csv.escape.as_ref()),
            max_cell: max_cell.unwrap_or(default.max_cell),
        }
    }

    pub(super) fn encoding(
        &mut self,
        label: Option<&Placed<String>>,
    ) -> Option<&'static encoding_rs::Encoding> {
        let label = label?;
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
        if encoding.is_none() {
            self.error(
                label,
                format!("`{}` is no encoding", label.value),
                "encodings are utf-8, utf-16le, windows-1252, iso-8859-15, shift_jis …",
            );
        }
        encoding
    }

    fn member(&mut self, member: Option<&Placed<String>>) -> Option<globset::GlobMatcher> {
        let member = member?;
        match globset::Glob::new(member) {
            Ok(glob) => Some(glob.compile_matcher()),
            Err(error) => {
                self.error(
                    member,
                    format!("`{}` is no pattern: {error}", member.value),
                    "write *.csv",
                );
                None
            }
        }
    }
}
