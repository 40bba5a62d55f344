//! Requests that failed for good: which step, which request, which status, what the answer said,
//! what to do.

use std::fmt;

use super::body::ValueError;
use super::fault::Fault;
use crate::template::TemplateError;
use crate::wire::WireError;

/// Of a body that is shown, so many characters.
const EXCERPT: usize = 300;

/// A request that failed for good. Secrets are removed.
#[derive(Debug, Clone)]
pub struct SendError {
    /// Whose request it was: "step `product`".
    pub label: String,
    /// Method and URL, where it came so far.
    pub request: String,
    /// How often it was sent.
    pub attempts: u32,
    /// Why.
    pub failure: Failure,
}

/// Why a request failed.
#[derive(Debug, Clone)]
pub enum Failure {
    /// A status that is no success.
    Status {
        /// The status.
        status: u16,
        /// The first part of the body.
        body: String,
    },
    /// A rule of `on_response` says so.
    Rule {
        /// The status.
        status: u16,
        /// What the rule says, or the first part of the body.
        message: String,
        /// What the rule makes of it.
        end: RuleEnd,
    },
    /// `errors` in an answer to a GraphQL query.
    GraphQl {
        /// What they say.
        message: String,
        /// Whether there is data beside them: part of what was asked for may be done.
        has_data: bool,
    },
    /// No whole answer.
    Fault(Fault),
    /// The request could not be worked out.
    Template(String),
    /// No credentials could be had.
    Auth(String),
    /// More redirects than allowed, or one that leads nowhere.
    Redirect(String),
    /// The run was stopped.
    Stopped,
}

/// What a rule makes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleEnd {
    /// It says that the request failed.
    Fails,
    /// It ends the run whatever `on_error` says.
    Aborts,
    /// It says what is to be done next, and that can't be; of what became of the request it says nothing.
    GoesOn,
    /// It holds for want of what it looks for, in an answer that holds nothing: nobody knows.
    Unclear,
}

impl Failure {
    /// Whether an answer was understood, and says that the request failed.
    pub fn is_said(&self) -> bool {
        match self {
            Self::Rule { end, .. } => match end {
                RuleEnd::Fails => true,
                RuleEnd::Aborts | RuleEnd::GoesOn | RuleEnd::Unclear => false,
            },
            Self::Status { .. }
            | Self::GraphQl { .. }
            | Self::Fault(_)
            | Self::Template(_)
            | Self::Auth(_)
            | Self::Redirect(_)
            | Self::Stopped => false,
        }
    }

    /// Whether nobody was reached, or nobody knows us: nothing that is sent will arrive.
    pub fn is_of_channel(&self) -> bool {
        match self {
            Self::Status { status, .. } => *status == 401,
            Self::Fault(fault) => fault.is_before_sending(),
            Self::Auth(_) => true,
            _ => false,
        }
    }

    /// Whether part of what was asked for came, beside errors.
    pub fn has_data(&self) -> bool {
        matches!(self, Self::GraphQl { has_data: true, .. })
    }

    /// The status of the answer, if one came.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } | Self::Rule { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What is wrong, for those who know which request it was.
    pub fn reason(&self) -> String {
        match self {
            Self::Status { status, body } if body.is_empty() => status_words(*status),
            Self::Status { status, body } => format!("{}: {body}", status_words(*status)),
            Self::Rule { message, .. } => message.clone(),
            Self::GraphQl { message, .. } | Self::Template(message) | Self::Redirect(message) => {
                message.clone()
            }
            Self::Auth(message) => format!("no credentials: {message}"),
            Self::Fault(fault) => fault.to_string(),
            Self::Stopped => "stopped".to_owned(),
        }
    }
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        Self::Template(error.message)
    }
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Template(error.to_string())
    }
}

impl From<ValueError> for Failure {
    fn from(error: ValueError) -> Self {
        Self::Template(error.to_string())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            label,
            request,
            attempts,
            failure,
        } = self;
        write!(f, "{label}: ")?;
        let tried = match attempts {
            0 | 1 => String::new(),
            several => format!(" (sent {several} times)"),
        };
        match failure {
            Failure::Status { status, body } => {
                write!(f, "{request} was answered {}{tried}", status_words(*status))?;
                if !body.is_empty() {
                    write!(f, ": {body}")?;
                }
                match what_to_do(*status) {
                    "" => Ok(()),
                    hint => write!(f, ". {hint}"),
                }
            }
            Failure::Rule {
                status, message, ..
            } => write!(
                f,
                "{request} was answered {}{tried}: {message}",
                status_words(*status)
            ),
            Failure::GraphQl { message, .. } => {
                write!(f, "{request} was answered with errors{tried}: {message}")
            }
            Failure::Fault(fault) => write!(f, "{request}: {fault}{tried}"),
            Failure::Template(message) if request.is_empty() => f.write_str(message),
            Failure::Template(message) | Failure::Redirect(message) => {
                write!(f, "{request}: {message}")
            }
            Failure::Auth(message) => write!(f, "no credentials: {message}"),
            Failure::Stopped => f.write_str("stopped"),
        }
    }
}

impl std::error::Error for SendError {}

/// A status with its name.
pub fn status_words(status: u16) -> String {
    let name = reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason());
    match name {
        Some(name) => format!("{status} {name}"),
        None => status.to_string(),
    }
}

fn what_to_do(status: u16) -> &'static str {
    match status {
        401 => "The credentials are missing or not accepted: check the options",
        403 => "The credentials are known but may not do this: check their permissions",
        404 => "Check `base_url` and `path`, and the ids in them",
        405 => "Check `method`",
        406 | 415 => "Check the `headers` Accept and Content-Type",
        408 | 504 => "Ask for less at a time, or raise `retry: { attempts: … }`",
        429 => "Send more slowly: rate_limit: 2/s",
        400 | 422 => "The API does not accept what was sent: check `query` and body",
        _ => "",
    }
}

/// The first part of a body, in one line.
pub fn excerpt(text: &str) -> String {
    let mut shown = String::new();
    let mut was_space = true;
    for (count, c) in text.chars().enumerate() {
        if count >= EXCERPT * 4 || shown.chars().count() >= EXCERPT {
            shown.push('…');
            break;
        }
        let is_space = c.is_whitespace() || c.is_control();
        if !is_space {
            shown.push(c);
        } else if !was_space {
            shown.push(' ');
        }
        was_space = is_space;
    }
    shown.trim_end().to_owned()
}
