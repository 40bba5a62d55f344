//! Requests, compiled: what is rendered anew for every page, record, row or batch.

use std::sync::Arc;
use std::time::Duration;

use super::reads::BodyReads;
use crate::spec::recovery::Then;
use crate::spec::request::Compress;
use crate::template::tree::TemplateTree;
use crate::template::{Template, text_of};

/// Attempts in all, where nothing is said.
pub const ATTEMPTS: u32 = 5;
/// Redirects that are followed, where nothing is said.
pub const REDIRECTS: u32 = 10;
/// To the first byte and between bytes, where nothing is said.
pub const TIMEOUT: Duration = Duration::from_secs(60);
/// Statuses after which a request is sent again, where nothing is said.
pub const RETRIED: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

/// A request.
#[derive(Debug)]
pub struct RequestPlan {
    /// What it is called in messages: the step's name, or its number.
    pub label: Arc<str>,
    /// Where it goes.
    pub address: AddressPlan,
    /// The method, where one is said.
    pub method: Option<String>,
    /// Parameters, in order.
    pub query: Vec<(Arc<str>, FieldPlan)>,
    /// Headers, in order.
    pub headers: Vec<(Arc<str>, FieldPlan)>,
    /// The body.
    pub body: Option<BodyPlan>,
    /// How the body is packed.
    pub compress: Option<Compress>,
    /// Who asks, as an index of [`Plan::auths`](super::Plan::auths).
    pub auth: Option<usize>,
    /// Whether `auth` stands on the request itself: then it goes to its host, whichever that is.
    pub auth_is_own: bool,
    /// What its templates read of `auth`: `token`, `login`, `timestamp`, `nonce`.
    pub reads: Vec<&'static str>,
    /// What `base_url` gives.
    pub base_url: Option<Arc<Template>>,
    /// What `base_url` reads of the auth of `http`.
    pub base_reads: Vec<&'static str>,
    /// The auth of `http`.
    pub base_auth: Option<usize>,
    /// To the first byte and between bytes.
    pub timeout: Duration,
    /// Redirects that are followed.
    pub redirects: u32,
    /// When it is sent again.
    pub retry: RetryPlan,
    /// How fast it may be sent, as an index of [`Plan::limits`](super::Plan::limits).
    pub limit: Option<usize>,
    /// What those rules read that may call a good answer bad.
    pub rules_read: BodyReads,
    /// What answers mean, own rules first.
    pub rules: Vec<RulePlan>,
    /// Makes a POST safe to repeat.
    pub idempotency_key: Option<Template>,
    /// Whether it may be sent again though it may have been done.
    pub repeat: Repeat,
    /// Whether it takes something of what a target's channel answers before it.
    pub awaits: Awaits,
    /// Whether `errors` beside data in a GraphQL answer are left to who reads it.
    pub errors_are_read: bool,
    /// Whether what is done with the answer needs all of its body at once.
    pub holds_body: bool,
}

impl RequestPlan {
    /// Whether it changes something at the other side, as far as its method tells.
    pub fn changes(&self) -> bool {
        if self.body.as_ref().is_some_and(BodyPlan::only_asks) {
            return false;
        }
        match &self.method {
            Some(method) => !matches!(method.to_ascii_uppercase().as_str(), "GET" | "HEAD"),
            None => self.body.is_some(),
        }
    }
}

impl BodyPlan {
    /// Whether it is a GraphQL document that is fixed, asks, and changes nothing.
    pub fn only_asks(&self) -> bool {
        let Self::GraphQl { query, .. } = self else {
            return false;
        };
        let fixed = query.as_constant();
        fixed.is_some_and(|query| only_queries(&text_of(query)))
    }
}

/// Whether a GraphQL document asks, and changes nothing.
fn only_queries(document: &str) -> bool {
    let words = document.split(|c: char| !c.is_alphanumeric() && c != '_');
    let start = document.trim_start();
    (start.starts_with('{') || start.starts_with("query"))
        && !words.into_iter().any(|word| word == "mutation")
}

/// Whether a request takes something of an answer before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaits {
    /// It does not.
    Nothing,
    /// Its address does.
    InAddress,
    /// Its body, its query or its headers do.
    Elsewhere,
}

/// Whether a request may be sent again though it may have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It only asks: it may.
    Asks,
    /// It changes something: a method that does the same when it comes twice may, others not.
    ByMethod,
    /// As the spec says.
    Said(bool),
}

/// Where a request goes.
#[derive(Debug)]
pub enum AddressPlan {
    /// Behind `base_url`; values are encoded as segments.
    Path(Template),
    /// As it is; relative to `base_url` where it is relative.
    Url(Template),
}

/// A parameter or a header.
#[derive(Debug)]
pub struct FieldPlan {
    /// Its values; several repeat the name.
    pub values: Vec<Template>,
}

/// A body.
#[derive(Debug)]
pub enum BodyPlan {
    /// `application/json`.
    Json(TemplateTree),
    /// `application/x-www-form-urlencoded`.
    Form(TemplateTree),
    /// Text with its type.
    Text {
        /// Its content type.
        kind: Option<Template>,
        /// The text.
        body: Template,
    },
    /// A GraphQL query; the text of the query is never a template by accident.
    GraphQl {
        /// The query.
        query: Template,
        /// Its variables.
        variables: TemplateTree,
        /// Which operation of several.
        operation: Option<Template>,
    },
    /// A list as JSON Lines.
    Jsonl(Template),
    /// A list of maps as CSV.
    Csv(Template),
    /// XML.
    Xml(Template),
    /// Parts of a form.
    Multipart(Vec<PartPlan>),
}

/// A part of a multipart form.
#[derive(Debug)]
pub enum PartPlan {
    /// A field.
    Text(Arc<str>, Template),
    /// A file.
    File(Arc<str>, Box<FilePartPlan>),
    /// Fields that a value names: a map, or a list of `{name, value}`.
    Fields(Template),
}

/// What a file of a multipart form holds.
#[derive(Debug)]
pub enum FileContent {
    /// Text.
    Text(Template),
    /// A list of maps as CSV.
    Csv(Template),
    /// A list as JSON Lines.
    Jsonl(Template),
}

/// A file of a multipart form.
#[derive(Debug)]
pub struct FilePartPlan {
    /// What it holds.
    pub content: FileContent,
    /// Its name.
    pub name: Option<Template>,
    /// Its content type.
    pub kind: Option<Template>,
}

/// When a request is sent again.
#[derive(Debug, Clone)]
pub struct RetryPlan {
    /// Attempts in all.
    pub attempts: u32,
    /// After these statuses.
    pub statuses: Vec<u16>,
    /// The first wait.
    pub wait: Duration,
    /// The longest wait.
    pub max_wait: Duration,
    /// A header that says how long to wait, besides `Retry-After`.
    pub wait_header: Option<String>,
}

impl Default for RetryPlan {
    fn default() -> Self {
        Self {
            attempts: ATTEMPTS,
            statuses: RETRIED.to_vec(),
            wait: Duration::from_secs(1),
            max_wait: Duration::from_secs(300),
            wait_header: None,
        }
    }
}

/// How fast requests may be sent.
#[derive(Debug)]
pub struct LimitPlan {
    /// Rates, as text like `10/s`.
    pub rates: Vec<Template>,
    /// The header that says how many requests are left.
    pub remaining: Option<String>,
    /// The header that says when there are more.
    pub reset: Option<String>,
    /// How long to wait after an accepted answer.
    pub pause: Option<Template>,
}

/// A rule of `on_response`.
#[derive(Debug)]
pub struct RulePlan {
    /// Whether `when` reads something in the body by its name.
    pub looks_inside: bool,
    /// Statuses, or classes of them; any where there are none.
    pub statuses: Vec<StatusRange>,
    /// Text that the body contains.
    pub body: Option<String>,
    /// A condition over `response`.
    pub when: Option<Template>,
    /// What the answer means.
    pub then: Then,
    /// What is said about it.
    pub message: Option<Template>,
    /// How long to wait before it is sent again.
    pub wait: Option<Template>,
}

/// Statuses from one to another, both counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The first.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl StatusRange {
    /// Reads `404` or `5xx`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
            return Some(Self {
                first: class * 100,
                last: class * 100 + 99,
            });
        }
        let status = text
            .parse()
            .ok()
            .filter(|code| (100..=599).contains(code))?;
        Some(Self {
            first: status,
            last: status,
        })
    }

    /// Whether a status is one of them.
    pub fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}
