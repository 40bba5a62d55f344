//! Progress for a person at a terminal: rows, rows a second, batches.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::counters::Counts;

/// A line that is kept up to date, or nothing at all.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Nothing is shown: standard error is not a terminal, or nobody wants it.
    pub fn silent() -> Self {
        Self::default()
    }

    /// A line on standard error.
    pub fn shown() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} rows, {per_sec}, {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar: Some(bar) }
    }

    /// Shows how far the run is.
    pub fn show(&self, counts: &Counts) {
        if let Some(bar) = &self.bar {
            bar.set_position(counts.read);
            bar.set_message(format!("{} batches", counts.batches));
        }
    }

    /// Takes the line away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
