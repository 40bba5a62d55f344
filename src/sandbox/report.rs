//! What the sandbox received, for a person.

use std::fmt;
use std::path::PathBuf;

use comfy_table::Table;
use indexmap::IndexMap;

use super::output::Output;
use super::routes::Held;
use crate::table::table;

/// Columns of the first rows that are shown.
const COLUMNS_SHOWN: usize = 8;
/// Characters of a cell that are shown.
const CELL_SHOWN: usize = 40;

/// What was received.
#[derive(Debug)]
pub struct Report {
    lines: Vec<(String, String)>,
    logs: Vec<(&'static str, String)>,
    /// Logs that came and are not shown.
    unshown: u64,
    tables: Vec<(&'static str, FirstRows)>,
    out: Option<PathBuf>,
}

#[derive(Debug)]
struct FirstRows {
    columns: Vec<String>,
    rows: Vec<IndexMap<String, String>>,
}

impl Report {
    pub(super) fn of(held: &Held, out: Option<&PathBuf>) -> Self {
        let mut lines = Vec::new();
        for (kind, read, all) in held.inputs.counts() {
            lines.push((
                format!("input {kind}"),
                format!("{read} of {all} rows read"),
            ));
        }
        for (name, output) in [("output", &held.output), ("feedback", &held.feedback)] {
            lines.push((
                name.to_owned(),
                format!("{} rows, {} columns", output.rows, output.columns.len()),
            ));
        }
        let counts: Vec<String> = held
            .logs
            .counts
            .iter()
            .map(|(level, count)| format!("{count} {level}"))
            .collect();
        let counts = if counts.is_empty() {
            "none".to_owned()
        } else {
            counts.join(", ")
        };
        lines.push(("logs".to_owned(), counts));
        let tables = [("output", &held.output), ("feedback", &held.feedback)]
            .into_iter()
            .filter(|(_, output)| output.rows > 0)
            .map(|(name, output)| (name, FirstRows::of(output)))
            .collect();
        Self {
            lines,
            logs: held.logs.shown(),
            unshown: held.logs.unshown(),
            tables,
            out: out.cloned(),
        }
    }
}

impl FirstRows {
    fn of(output: &Output) -> Self {
        Self {
            columns: output.columns.iter().cloned().collect(),
            rows: output.first.clone(),
        }
    }

    fn table(&self) -> Table {
        // The last column is often the new one: it is shown even where others are not.
        let mut shown: Vec<&String> = self.columns.iter().take(COLUMNS_SHOWN).collect();
        if let (Some(last), true) = (self.columns.last(), self.columns.len() > COLUMNS_SHOWN) {
            shown.pop();
            shown.push(last);
        }
        let mut table = table();
        table.set_header(shown.iter().map(|name| cut(name)));
        for row in &self.rows {
            table.add_row(
                shown
                    .iter()
                    .map(|name| cut(row.get(*name).map_or("", String::as_str))),
            );
        }
        table
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= CELL_SHOWN {
        return text.to_owned();
    }
    let cut: String = text.chars().take(CELL_SHOWN - 1).collect();
    format!("{cut}…")
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut summary = table();
        summary.set_header(["Container API", "received"]);
        for (name, value) in &self.lines {
            summary.add_row([name, value]);
        }
        writeln!(f, "{summary}")?;
        for (level, message) in &self.logs {
            writeln!(f, "{level}: {message}")?;
        }
        if self.unshown > 0 {
            let place = match &self.out {
                Some(out) => format!(": all of them are in {}", out.join("logs.jsonl").display()),
                None => ": --out DIR keeps all of them".to_owned(),
            };
            let more = self.unshown;
            writeln!(f, "… and {more} more logs, none graver than these{place}")?;
        }
        for (name, rows) in &self.tables {
            writeln!(f, "\nFirst rows of {name}:\n{}", rows.table())?;
        }
        if let Some(out) = &self.out {
            writeln!(f, "\nWritten to {}", out.display())?;
        }
        Ok(())
    }
}
