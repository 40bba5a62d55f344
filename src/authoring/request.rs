//! A request as somebody has given it: by a command, by a description.

use crate::plan::Redactor;
use crate::secret_names::sounds_secret;

/// What a request carries, as it was given; secrets are among it.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The method, where it is said.
    pub method: Option<String>,
    /// The address without its parameters.
    pub url: String,
    /// Parameters.
    pub query: Vec<(String, String)>,
    /// Headers, without those of credentials.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: Option<String>,
    /// Credentials.
    pub given: Given,
    /// Names that stand in braces in the address, in parameters and headers: people fill them in.
    pub open: Vec<String>,
    /// What some of these can be, by name.
    pub choices: Vec<(String, Vec<String>)>,
    /// Further parameters that it may have.
    pub others: Vec<String>,
}

/// Credentials of a command.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum Given {
    /// None.
    #[default]
    None,
    /// A token.
    Bearer(String),
    /// A name and a password.
    Basic(String, String),
    /// A header of its own.
    Header(String, String),
    /// A parameter.
    Query(String, String),
    /// A cookie.
    Cookie(String, String),
}

/// Secrets are never shown.
impl std::fmt::Debug for Given {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Bearer(_) => "bearer",
            Self::Basic(..) => "basic",
            Self::Header(..) => "header",
            Self::Query(..) => "query",
            Self::Cookie(..) => "cookie",
        })
    }
}

impl Request {
    /// Hides what is secret in it.
    pub fn redactor(&self) -> Redactor {
        let redactor = Redactor::default();
        match &self.given {
            Given::None => {}
            Given::Bearer(secret)
            | Given::Header(_, secret)
            | Given::Query(_, secret)
            | Given::Cookie(_, secret) => {
                redactor.add(secret);
            }
            Given::Basic(_, password) => redactor.add(password),
        }
        let others = self.headers.iter().chain(&self.query);
        for (_, value) in others.filter(|(name, _)| sounds_secret(name)) {
            redactor.add(value);
        }
        redactor
    }

    /// The method that is sent.
    pub fn method(&self) -> &str {
        match (&self.method, &self.body) {
            (Some(method), _) => method,
            (None, Some(_)) => "POST",
            (None, None) => "GET",
        }
    }
}
