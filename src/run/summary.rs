//! What a run came to.

use std::fmt;

use crate::counters::Counts;
use crate::exit::Exit;
use crate::spec::Mode;

/// What a run came to.
#[derive(Debug, Clone)]
pub struct Summary {
    /// How it ended.
    pub exit: Exit,
    /// Why it failed, passwords taken out; it is logged already.
    pub failure: Option<String>,
    /// What was counted.
    pub counters: Counts,
    /// The commonest reasons for which rows did not go through, and how many rows each had.
    pub reasons: Vec<(String, u64)>,
    /// What kind of connector it was.
    pub mode: Mode,
    /// Whether nothing was sent, only shown.
    pub is_dry_run: bool,
    /// How long it took.
    pub seconds: f64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = &self.counters;
        write!(f, "{} read", counts.read)?;
        if self.mode.is_export() {
            write!(f, ", {} ok", counts.ok)?;
            if counts.failed > 0 {
                write!(f, ", {} failed", counts.failed)?;
            }
            write!(f, ", {} rejected", counts.rejected)?;
            if counts.unknown > 0 {
                write!(f, ", {} unknown", counts.unknown)?;
            }
        } else {
            write!(f, ", {} written", counts.written)?;
        }
        if counts.filtered > 0 {
            write!(f, ", {} left out", counts.filtered)?;
        }
        write!(f, ", {} skipped, {:.1} s", counts.skipped, self.seconds)?;
        if self.is_dry_run {
            write!(f, " (dry run: nothing was sent)")?;
        }
        for (reason, count) in &self.reasons {
            write!(f, "\n{count:>8} × {reason}")?;
        }
        Ok(())
    }
}
