//! Tapes of the command line: one that is recorded, and one that is replayed.

use std::cell::OnceCell;
#[cfg(feature = "sandbox")]
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[cfg(feature = "sandbox")]
use jiff::Timestamp;

use crate::clock;
use crate::plan::{OptionValues, Plan, Redactor};
use crate::tape::{Head, Recorder, Shorten, TapeError, TapeUse};
#[cfg(feature = "sandbox")]
use crate::tape::{Player, Tape};

/// What a run does with a tape.
#[derive(Debug, Default)]
pub struct Deck {
    /// For the run; nothing where there is no tape.
    pub tape: Option<Arc<TapeUse>>,
    /// The first line of a tape that is replayed: it gives the options that nobody else gives.
    pub replayed: Option<Head>,
    /// After how many records a data source ends, where it does.
    pub records: Option<u64>,
}

impl Deck {
    #[cfg(feature = "sandbox")]
    /// The tape that `--replay` names, beside the spec where it names none. From now on the present is
    /// that of the tape.
    pub fn replay(spec: &Path, named: Option<&String>) -> Result<Self, TapeError> {
        let Some(named) = named else {
            return Ok(Self::default());
        };
        let file = if named.is_empty() {
            Tape::beside(spec)
        } else {
            PathBuf::from(named)
        };
        let tape = Tape::read(&file)?;
        let now: Timestamp = tape.head.now.parse().map_err(|_| TapeError::Line {
            file,
            line: 1,
            reason: format!("`{}` is no date", tape.head.now),
        })?;
        clock::fix(now, true);
        Ok(Self {
            tape: Some(Arc::new(TapeUse::Replay(Player::new(&tape)))),
            records: tape.head.records,
            replayed: Some(tape.head),
        })
    }
}

/// A tape that is recorded.
pub struct Recording {
    use_: Arc<TapeUse>,
    redactor: Redactor,
}

impl Recording {
    /// Begins a tape with the options of the run. From now on the present stands still, so that what
    /// templates make of it is the same when the tape is replayed.
    pub fn begin(
        plan: &Plan,
        options: &OptionValues,
        record: &Record<'_>,
        records: Option<u64>,
    ) -> Result<Self, TapeError> {
        let redactor = options.redactor();
        if let Some(name) = redactor.short().into_iter().next() {
            return Err(TapeError::Short { name });
        }
        // The tape could not tell such a secret from the spec's own words.
        if let Some(name) = redactor.name_in(&record.source.to_lowercase()) {
            return Err(TapeError::Word { name });
        }
        let shorten = records.and_then(|records| Shorten::of(plan, records));
        let now = clock::now();
        clock::fix(now, false);
        let mut head = Head::new(&plan.name, now.to_string());
        head.options = options.for_tape();
        head.columns.clone_from(&record.columns);
        head.records = records;
        Ok(Self {
            use_: Arc::new(TapeUse::Record(Recorder::new(
                head,
                &record.source,
                shorten,
            ))),
            redactor,
        })
    }

    /// For the run.
    pub fn tape(&self) -> Arc<TapeUse> {
        Arc::clone(&self.use_)
    }

    /// What hides the run's secrets, those that it fetches too.
    pub fn redactor(&self) -> Redactor {
        self.redactor.clone()
    }

    #[cfg(feature = "sandbox")]
    /// Writes the tape; how many exchanges are on it.
    pub fn write(&self, file: &Path) -> Result<usize, TapeError> {
        let TapeUse::Record(recorder) = &*self.use_ else {
            return Ok(0);
        };
        let tape = recorder.tape(&self.redactor)?;
        tape.write(file)?;
        Ok(tape.exchanges.len())
    }
}

/// The tapes of a run.
#[derive(Default)]
pub struct Tapes<'r> {
    /// One that is replayed.
    pub deck: Deck,
    /// One that is recorded.
    pub record: Option<Record<'r>>,
}

/// What recording needs.
pub struct Record<'r> {
    /// The spec's text.
    pub source: String,
    /// The columns of the site's rows.
    pub columns: Vec<String>,
    /// Where the recording is put once the options are known.
    pub into: &'r OnceCell<Recording>,
}
