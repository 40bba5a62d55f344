//! Cursors of time become `incremental`, and windows where a step is said.

use serde_json::{Value, json};

use super::block::{Block, todo};
use super::expression::{Names, inner, rewritten};
use super::manifest::{get, kind, text};
use super::stream::word;

/// The cursor of a stream.
pub struct Cursor<'c> {
    pub sync: &'c Value,
    /// Whether it is that of the stream itself, and not of a parent: only one list has a newest value.
    pub is_main: bool,
    /// Names of steps that are taken.
    pub taken: &'c [String],
}

/// What a cursor is here.
#[derive(Debug, Default)]
pub struct Made {
    /// `incremental`.
    pub incremental: Option<Value>,
    /// The step of windows, and its name.
    pub step: Option<Value>,
    pub name: Option<String>,
    /// Where bounds go: the option, and the template that gives the value.
    pub carried: Vec<(Value, String)>,
}

impl Cursor<'_> {
    /// What it is here; the bounds get their names. What has no counterpart is noted.
    pub fn made(&self, names: &mut Names, notes: &mut Block) -> Made {
        self.try_made(names, notes).unwrap_or_else(|why| {
            todo(notes, &why, self.sync);
            Made::default()
        })
    }

    fn try_made(&self, names: &mut Names, notes: &mut Block) -> Result<Made, String> {
        let Self {
            sync,
            is_main,
            taken,
        } = *self;
        let field = text(sync, "cursor_field").unwrap_or_default();
        if field.contains("{{") || field.is_empty() {
            return Err("a field of time that is a template".to_owned());
        }
        if kind(sync) != "DatetimeBasedCursor" {
            return Err(format!("`{}` has no counterpart", kind(sync)));
        }
        let (start, end) = (self.moment("start_datetime")?, self.moment("end_datetime")?);
        let format = text(sync, "datetime_format");
        let format = format.unwrap_or_else(|| "%Y-%m-%dT%H:%M:%S.%f%z".to_owned());
        if format.contains("%_ms") || format.contains("%epoch") {
            todo(notes, &format!("dates as `{format}`"), sync);
        }
        let mut made = Made::default();
        if is_main {
            let partition = names.partitions.values().next();
            made.incremental = Some(self.incremental(&field, start.as_deref(), partition)?);
        }
        let from = if is_main {
            "since".to_owned()
        } else {
            // What parents read is read whole.
            let start = start.unwrap_or_default();
            let inner = inner(&start).map(|inner| format!("({inner})"));
            inner.unwrap_or_else(|| format!("'{start}'"))
        };
        let (first, last) = if let Some(length) = text(sync, "step") {
            let name = word("window", taken);
            let mut windows = Block::new();
            windows.insert("from".to_owned(), json!(format!("{{{{ {from} }}}}")));
            if let Some(end) = end {
                windows.insert("to".to_owned(), json!(end));
            }
            windows.insert("step".to_owned(), json!(length));
            if let Some(granularity) = text(sync, "cursor_granularity") {
                windows.insert("gap".to_owned(), json!(granularity));
            }
            windows.insert("format".to_owned(), json!(format));
            made.step = Some(json!({ "name": name, "windows": windows }));
            let bounds = (format!("{name}.from"), format!("{name}.to"));
            made.name = Some(name);
            bounds
        } else {
            let quoted = format.replace('\'', "\\'");
            let end = end.as_deref().and_then(inner).unwrap_or("now()");
            (
                format!("({from} | date('{quoted}'))"),
                format!("({end} | date('{quoted}'))"),
            )
        };
        for (option, value) in [("start_time_option", &first), ("end_time_option", &last)] {
            if let Some(option) = get(sync, option) {
                // Parentheses around all of it are for where it is a part of more.
                let bare = value
                    .strip_prefix('(')
                    .and_then(|value| value.strip_suffix(')'));
                let value = format!("{{{{ {} }}}}", bare.unwrap_or(value));
                made.carried.push((option.clone(), value));
            }
        }
        let named =
            |key: &str, default: &str| text(sync, key).unwrap_or_else(|| default.to_owned());
        names
            .bounds
            .insert(named("partition_field_start", "start_time"), first);
        names
            .bounds
            .insert(named("partition_field_end", "end_time"), last);
        Ok(made)
    }

    fn incremental(
        &self,
        field: &str,
        start: Option<&str>,
        partition: Option<&String>,
    ) -> Result<Value, String> {
        let mut incremental = Block::new();
        incremental.insert(
            "value".to_owned(),
            json!(format!("{{{{ record.{field} }}}}")),
        );
        if let Some(start) = start {
            incremental.insert("start".to_owned(), json!(start));
        }
        if let Some(lookback) = text(self.sync, "lookback_window") {
            let lookback = rewritten(&lookback, &Names::default());
            let lookback = lookback.map_err(|why| format!("`lookback_window` has {why}"))?;
            incremental.insert("lookback".to_owned(), json!(lookback));
        }
        if let Some(partition) = partition {
            incremental.insert("by".to_owned(), json!(format!("{{{{ {partition} }}}}")));
        }
        Ok(Value::Object(incremental))
    }

    /// A moment, as text or with more about it.
    fn moment(&self, key: &str) -> Result<Option<String>, String> {
        let Some(value) = get(self.sync, key) else {
            return Ok(None);
        };
        let text = match value {
            Value::Object(_) => {
                let limits = ["min_datetime", "max_datetime"];
                if limits.iter().any(|limit| get(value, limit).is_some()) {
                    return Err("a moment that is the earlier or the later of several".to_owned());
                }
                text(value, "datetime")
            }
            other => other.as_str().map(str::to_owned),
        };
        let text = text.map(|text| rewritten(&text, &Names::default()));
        text.transpose()
    }
}

/// Records that a source gives though they are old.
pub fn own_filter(sync: &Value, step: &mut Block) {
    let is_said = |key: &str| get(sync, key).is_some_and(|flag| flag == true);
    let field = text(sync, "cursor_field").unwrap_or_default();
    if is_said("is_client_side_incremental") {
        let newer = format!("not since or record.{field} >= since");
        let condition = match step.get("where").and_then(Value::as_str) {
            Some(own) => {
                let own = inner(own.trim()).unwrap_or(own);
                format!("{{{{ ({own}) and ({newer}) }}}}")
            }
            None => format!("{{{{ {newer} }}}}"),
        };
        step.insert("where".to_owned(), json!(condition));
    }
    if is_said("is_data_feed") {
        let stop = format!("{{{{ since and page.last.{field} < since }}}}");
        let pages = step.get_mut("pages").and_then(Value::as_object_mut);
        let choice = pages.and_then(|pages| pages.values_mut().next());
        match choice.and_then(Value::as_object_mut) {
            Some(keys) if !keys.contains_key("stop") => {
                keys.insert("stop".to_owned(), json!(stop));
            }
            _ => todo(step, "a feed that ends where records are old", sync),
        }
    }
}
