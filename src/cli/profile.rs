//! `runner preview --profile`: what the columns hold, over all rows that are shown.

use std::collections::BTreeMap;

use comfy_table::Table;
use serde_json::{Value, json};

use crate::run::Preview;

/// Samples that are shown of a column.
const SAMPLES: usize = 3;

/// What a column holds.
struct Column<'r> {
    name: &'r str,
    /// Cells that are not empty.
    filled: Vec<&'r str>,
    /// How often each of them is there.
    distinct: BTreeMap<&'r str, usize>,
}

/// The columns in their order.
fn columns(preview: &Preview) -> Vec<Column<'_>> {
    let mut columns: Vec<Column<'_>> = Vec::new();
    for row in &preview.rows {
        for (name, text) in &row.cells {
            let at = columns.iter().position(|column| column.name == name);
            let at = at.unwrap_or_else(|| {
                columns.push(Column {
                    name,
                    filled: Vec::new(),
                    distinct: BTreeMap::new(),
                });
                columns.len() - 1
            });
            if !text.is_empty() {
                columns[at].filled.push(text);
                *columns[at].distinct.entry(text).or_default() += 1;
            }
        }
    }
    columns
}

impl<'r> Column<'r> {
    /// The shortest and the longest cell, by their characters.
    fn lengths(&self) -> Option<(&'r str, &'r str)> {
        let length = |text: &&&str| text.chars().count();
        let filled = self.filled.iter();
        Some((
            filled.clone().min_by_key(length)?,
            filled.max_by_key(length)?,
        ))
    }

    /// The least and the greatest cell: by number where all are numbers, else by their letters.
    fn range(&self) -> Option<(&'r str, &'r str)> {
        let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
        let are_numbers = self.filled.iter().all(|text| number(text).is_some());
        let by = |a: &&&str, b: &&&str| {
            if are_numbers {
                let (a, b) = (number(a).unwrap_or(0.0), number(b).unwrap_or(0.0));
                a.total_cmp(&b)
            } else {
                a.cmp(b)
            }
        };
        let filled = self.filled.iter();
        Some((filled.clone().min_by(by)?, filled.max_by(by)?))
    }

    /// Cells that are there most often, those that came first before others.
    fn samples(&self) -> Vec<&'r str> {
        let mut seen: Vec<&'r str> = Vec::new();
        for text in &self.filled {
            if !seen.contains(text) {
                seen.push(text);
            }
        }
        seen.sort_by_key(|text| std::cmp::Reverse(self.distinct[text]));
        seen.truncate(SAMPLES);
        seen
    }
}

/// A line for each column.
pub fn table(preview: &Preview, shortened: impl Fn(&str) -> String) -> Table {
    let mut table = crate::table::table();
    table.set_header([
        "column", "filled", "distinct", "shortest", "longest", "least", "greatest", "samples",
    ]);
    let rows = preview.rows.len();
    for column in columns(preview) {
        let (shortest, longest) = column.lengths().unwrap_or_default();
        let (least, greatest) = column.range().unwrap_or_default();
        let percent = (column.filled.len() * 100).checked_div(rows).unwrap_or(0);
        let samples: Vec<String> = column.samples().into_iter().map(&shortened).collect();
        table.add_row([
            shortened(column.name),
            format!("{percent} %"),
            column.distinct.len().to_string(),
            shortened(shortest),
            shortened(longest),
            shortened(least),
            shortened(greatest),
            samples.join(" | "),
        ]);
    }
    table
}

/// The same for programs: an object a column; `filled` and `distinct` are counts, of `rows` rows.
pub fn as_json(preview: &Preview) -> Value {
    columns(preview)
        .iter()
        .map(|column| {
            let (shortest, longest) = column.lengths().unwrap_or_default();
            let (least, greatest) = column.range().unwrap_or_default();
            json!({
                "column": column.name,
                "rows": preview.rows.len(),
                "filled": column.filled.len(),
                "distinct": column.distinct.len(),
                "shortest": shortest,
                "longest": longest,
                "least": least,
                "greatest": greatest,
                "samples": column.samples(),
            })
        })
        .collect()
}
