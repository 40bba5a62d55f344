//! What was counted: `run` in templates, and the summary.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use indexmap::IndexMap;
use minijinja::value::{Object, Value};

use crate::columns::{Outcome, Status};
use crate::spec::Mode;
use crate::template::date::DateValue;

/// Reasons that are told apart at a time.
const REASONS: usize = 1000;
/// Characters of a reason.
const REASON: usize = 160;

/// The counters of a run under way.
#[derive(Debug)]
pub struct Counters {
    id: String,
    started: Value,
    mode: Mode,
    is_dry_run: bool,
    /// The name of the file that a target writes.
    file: Mutex<Option<String>>,
    /// Why rows did not go through, and how many.
    reasons: Mutex<IndexMap<(&'static str, String), u64>>,
    /// Rows that were read, as the mapping sees it.
    taken: AtomicU64,
    /// Rows that were read and are dealt with.
    read: AtomicU64,
    written: AtomicU64,
    filtered: AtomicU64,
    errors: AtomicU64,
    skipped: AtomicU64,
    ok: AtomicU64,
    /// Of those that are ok: in entries that send nothing.
    not_sent: AtomicU64,
    failed: AtomicU64,
    rejected: AtomicU64,
    unknown: AtomicU64,
    batches: AtomicU64,
    requests: AtomicU64,
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the row counter of its name")]
pub struct Counts {
    pub read: u64,
    pub written: u64,
    pub filtered: u64,
    /// Rows whose mapping failed, skipped or kept.
    pub errors: u64,
    pub skipped: u64,
    pub ok: u64,
    pub failed: u64,
    pub rejected: u64,
    pub unknown: u64,
    /// Batches read or written.
    pub batches: u64,
}

impl Counts {
    /// Rows whose fate is known.
    pub fn mapped(&self) -> u64 {
        self.written.max(self.ok) + self.rejected + self.skipped + self.failed + self.unknown
    }

    /// Rows of an export that were read and have no fate, as the run ended before.
    fn unsent(&self) -> u64 {
        let fates = [
            self.ok,
            self.failed,
            self.rejected,
            self.skipped,
            self.unknown,
            self.filtered,
        ];
        self.read.saturating_sub(fates.iter().sum())
    }

    /// What was done, in a sentence.
    pub fn done(&self, mode: Mode) -> String {
        if mode.is_export() {
            let mut text = format!("{} rows read, {} ok", self.read, self.ok);
            let counted = [
                (self.failed, "failed", false),
                (self.rejected, "rejected", true),
                (self.skipped, "skipped", true),
                (self.unknown, "unknown", false),
                (self.unsent(), "not sent", false),
            ];
            for (count, word, is_always_said) in counted {
                if is_always_said || count > 0 {
                    // Writing into a string does not fail.
                    let _ = write!(text, ", {count} {word}");
                }
            }
            text
        } else {
            format!("{} rows read, {} written", self.read, self.written)
        }
    }
}

impl Counters {
    /// All zero.
    pub fn new(mode: Mode, is_dry_run: bool) -> Self {
        Self {
            id: crate::clock::uuid().to_string(),
            started: DateValue::now().into_value(),
            mode,
            is_dry_run,
            file: Mutex::default(),
            reasons: Mutex::default(),
            taken: AtomicU64::default(),
            read: AtomicU64::default(),
            written: AtomicU64::default(),
            filtered: AtomicU64::default(),
            errors: AtomicU64::default(),
            skipped: AtomicU64::default(),
            ok: AtomicU64::default(),
            not_sent: AtomicU64::default(),
            failed: AtomicU64::default(),
            rejected: AtomicU64::default(),
            unknown: AtomicU64::default(),
            batches: AtomicU64::default(),
            requests: AtomicU64::default(),
        }
    }

    /// Rows are about to be mapped.
    pub fn add_taken(&self, rows: u64) {
        self.taken.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows were read.
    pub fn add_read(&self, rows: u64) {
        self.read.fetch_add(rows, Ordering::Relaxed);
    }

    /// A batch of rows was written.
    pub fn add_written(&self, rows: u64) {
        self.written.fetch_add(rows, Ordering::Relaxed);
    }

    /// A batch was dealt with; its number, from 1.
    pub fn add_batch(&self) -> u64 {
        self.batches.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A request was sent.
    pub fn add_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Rows were left out.
    pub fn add_filtered(&self, rows: u64) {
        self.filtered.fetch_add(rows, Ordering::Relaxed);
    }

    /// A row could not be mapped; how many by now.
    pub fn add_error(&self) -> u64 {
        self.errors.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Rows left out because their mapping failed.
    pub fn add_skipped(&self, rows: u64) {
        self.skipped.fetch_add(rows, Ordering::Relaxed);
    }

    /// The name of the file that a target writes is known.
    pub fn set_file(&self, name: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        *file = Some(name.to_owned());
    }

    /// The commonest reasons for which rows did not go through: `failed: no price`, and how many rows
    /// each had.
    pub fn reasons(&self, most: usize) -> Vec<(String, u64)> {
        let reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sorted: Vec<(String, u64)> = reasons
            .iter()
            .map(|((status, text), count)| (format!("{status}: {text}"), *count))
            .collect();
        drop(reasons);
        // Those that came first stay first among equals.
        sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        sorted.truncate(most);
        sorted
    }

    fn add_reason(&self, outcome: &Outcome, rows: u64) {
        let Some(message) = &outcome.message else {
            return;
        };
        let mut text: String = message.chars().take(REASON).collect();
        if text.len() < message.len() {
            text.push('…');
        }
        let text = (outcome.status.word(), text);
        let mut reasons = self.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = reasons.get_mut(&text) {
            *count += rows;
        } else {
            // The rarest make room, so that a common one that comes late is seen.
            if reasons.len() >= REASONS {
                reasons.sort_by(|_, first, _, second| second.cmp(first));
                reasons.truncate(REASONS / 2);
            }
            reasons.insert(text, rows);
        }
    }

    /// The fate of an export's row is known.
    pub fn add_outcome(&self, outcome: &Outcome) {
        self.add_outcomes(outcome, 1);
    }

    /// The fate that so many rows share is known.
    pub fn add_outcomes(&self, outcome: &Outcome, rows: u64) {
        if outcome.status != Status::Ok && rows > 0 {
            self.add_reason(outcome, rows);
        }
        let counter = match outcome.status {
            Status::Ok => &self.ok,
            Status::Rejected => &self.rejected,
            Status::Skipped => &self.skipped,
            Status::Failed => &self.failed,
            Status::Unknown => &self.unknown,
        };
        counter.fetch_add(rows, Ordering::Relaxed);
    }

    /// Rows that are counted as ok go nowhere.
    pub fn add_not_sent(&self, rows: u64) {
        self.not_sent.fetch_add(rows, Ordering::Relaxed);
    }

    /// How many of the rows that are counted as ok went nowhere.
    pub fn not_sent(&self) -> u64 {
        self.not_sent.load(Ordering::Relaxed)
    }

    /// Rows that were counted as ok are not, as their file did not arrive.
    pub fn take_back_ok(&self, rows: u64) {
        self.ok.fetch_sub(rows, Ordering::Relaxed);
    }

    /// The counters now.
    pub fn snapshot(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            read: get(&self.read),
            written: get(&self.written),
            filtered: get(&self.filtered),
            errors: get(&self.errors),
            skipped: get(&self.skipped),
            ok: get(&self.ok),
            failed: get(&self.failed),
            rejected: get(&self.rejected),
            unknown: get(&self.unknown),
            batches: get(&self.batches),
        }
    }
}

impl Object for Counters {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let counts = self.snapshot();
        Some(match key.as_str()? {
            "id" => Value::from(self.id.as_str()),
            "started" => self.started.clone(),
            "mode" => Value::from(self.mode.word()),
            "dry_run" => Value::from(self.is_dry_run),
            "file" => {
                let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
                Value::from(file.as_deref()?)
            }
            "rows_read" => Value::from(counts.read),
            "rows_written" => Value::from(counts.written),
            "rows_filtered" => Value::from(counts.filtered),
            "rows_skipped" => Value::from(counts.skipped),
            "rows_ok" => Value::from(counts.ok),
            "rows_failed" => Value::from(counts.failed),
            "rows_rejected" => Value::from(counts.rejected),
            "rows_unknown" => Value::from(counts.unknown),
            "requests" => Value::from(self.requests.load(Ordering::Relaxed)),
            "batches" => Value::from(counts.batches),
            _ => return None,
        })
    }
}

/// `run` as the mapping of a row sees it: the rows of its own batch are read, though none before
/// them may be written yet.
#[derive(Debug)]
pub struct Ahead(pub Arc<Counters>);

impl Object for Ahead {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "rows_read" => Some(Value::from(self.0.taken.load(Ordering::Relaxed))),
            _ => self.0.get_value(key),
        }
    }
}
