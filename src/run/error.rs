//! Why a run failed.

use crate::columns::{RowError, SetupError};
use crate::container_api::{ApiError, WriteError};
use crate::source::SourceError;
use crate::state::StateError;
use crate::template::TemplateError;

/// Why a run failed.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A call to the Container API failed.
    #[error(transparent)]
    Api(ApiError),
    /// A batch could not be written, or may not have been.
    #[error("{}", write_message(.error, *.first, *.last, *.surely))]
    Write {
        /// What happened.
        error: WriteError,
        /// The batch's first row in the file, from 1.
        first: u64,
        /// Its last row.
        last: u64,
        /// Rows of the file that are surely written.
        surely: u64,
    },
    /// The columns can't be worked out with these options.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// A row could not be mapped.
    #[error(transparent)]
    Row(#[from] RowError),
    /// A step gave no record.
    #[error(transparent)]
    Source(SourceError),
    /// The state could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// A setting that an option gives can't be used.
    #[error("{0}")]
    Setting(String),
    /// `incremental` could not be worked out.
    #[error("{0}")]
    Incremental(TemplateError),
    /// A condition of `fail_when` could not be worked out.
    #[error("fail_when: {0}")]
    FailWhen(TemplateError),
    /// A column of `feedback` could not be worked out.
    #[error("feedback column `{0}`: {1}")]
    Feedback(String, String),
    /// A condition of `fail_when` held.
    #[error("{0}")]
    Asked(String),
    /// A column that the end user had to choose is in no row.
    #[error("{0}")]
    NoColumn(String),
    /// A data source read no record, and nothing says that it may.
    #[error(
        "no record was read, and an import without rows empties the site; where this is right, write `allow_empty: true`"
    )]
    NoRecord,
    /// More mapping errors than `max_errors`.
    #[error("{errors} {} could not be mapped, and max_errors is {limit}", if *.errors == 1 { "row" } else { "rows" })]
    TooManyErrors {
        /// How many.
        errors: u64,
        /// As written.
        limit: String,
    },
    /// More failed rows than `max_failures`.
    #[error("{}, and max_failures is {limit}", failures(*.failed, *.unknown))]
    TooManyFailures {
        /// How many surely did not happen.
        failed: u64,
        /// Of how many nobody knows.
        unknown: u64,
        /// As written.
        limit: String,
    },
    /// A rule of `on_response` ends the run.
    #[error("{0}")]
    Abort(String),
    /// The channel can't be reached, or lets nobody in.
    #[error("the channel takes nothing: {0}")]
    Channel(String),
    /// What the channel answers is no answer.
    #[error("{0}. Nothing more was sent; a run that is to go on says `max_failures`")]
    Unjudged(String),
    /// What comes before a target's first row went wrong.
    #[error("{0}. No row was sent")]
    Before(String),
    /// What comes after a target's last row went wrong.
    #[error("{0}. The rows before it are told as they are")]
    After(String),
    /// Rows were to go out, and none of them did.
    #[error(
        "not one row was accepted; where a run may end so, say with `fail_when` when it is to fail"
    )]
    NoneAccepted,
    /// The file of a target could not be made or delivered.
    #[error("{0}")]
    File(String),
    /// SIGTERM or SIGINT came.
    #[error("stopped")]
    Stopped,
    /// The mapping thread panicked, or made rows that can't be read.
    #[error("a bug in runner: the mapping broke off; please report it")]
    Bug,
}

impl From<SourceError> for RunError {
    fn from(error: SourceError) -> Self {
        if error.is_stop() {
            Self::Stopped
        } else {
            Self::Source(error)
        }
    }
}

impl From<ApiError> for RunError {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Stopped => Self::Stopped,
            error => Self::Api(error),
        }
    }
}

/// Rows that did not go through, in words.
fn failures(failed: u64, unknown: u64) -> String {
    let rows = |count: u64| if count == 1 { "row" } else { "rows" };
    match (failed, unknown) {
        (failed, 0) => format!("{failed} {} failed", rows(failed)),
        (0, unknown) => format!("{unknown} {} unknown", rows(unknown)),
        (failed, unknown) => format!("{failed} {} failed, {unknown} unknown", rows(failed)),
    }
}

fn write_message(error: &WriteError, first: u64, last: u64, surely: u64) -> String {
    let fate = match error {
        WriteError::NotDone { .. } => "were not written",
        WriteError::InDoubt { .. } => {
            "are in doubt: they may be written or not, and are not sent again"
        }
    };
    let error = error.to_string();
    let error = error.trim_end_matches('.');
    format!("{error}. Rows {first} to {last} {fate}; {surely} rows before them are surely written")
}
