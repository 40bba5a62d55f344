//! Exit codes.

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The run failed, a missing or invalid option value included.
    Failed,
    /// The spec or the command line is wrong.
    Wrong,
    /// SIGINT came.
    Interrupted,
    /// SIGTERM came.
    Terminated,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Wrong => 2,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}
