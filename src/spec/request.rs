//! Requests: what is sent, and what `http` says for all of them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::Auth;
use super::format::Format;
use super::pages::Pages;
use super::places::{HasPlace, Keyed, Placed, by_shape, read};
use super::recovery::{OnResponse, RateLimit, Retry};
use super::tls::Tls;
use super::tree::Node;
use super::values::{Concurrency, Duration, TemplateOrList};
use super::{Template, Tree};

/// A request, or only its path.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Request {
    /// Its path.
    #[schemars(with = "String")]
    Path(Template),
    /// All of it.
    Whole(Box<RequestKeys>),
}

by_shape!(Request { Scalar => Path, Map => Whole });

/// Parts of a multipart form.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Multipart {
    /// By their names.
    Parts(Keyed<Tree>),
    /// In turn; a template gives several.
    InTurn(Vec<Tree>),
}

by_shape!(Multipart { Map => Parts, List => InTurn });

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Compress {
    /// By gzip.
    Gzip,
}

/// What a request is made of. Keys that it does not have come from `http`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RequestKeys {
    /// Put behind `base_url` with one slash. A value in `{{ }}` is encoded as one segment.
    ///
    /// ```yaml
    /// path: /products/{{ product.id }}/variants
    /// ```
    pub path: Option<Template>,
    /// Instead of `path`: absolute, or relative to `base_url`, taken as it is.
    pub url: Option<Template>,
    /// `GET`, or `POST` where there is a body.
    #[schemars(regex(
        pattern = "^(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|[A-Z]*(FIND|SEARCH|QUERY|REPORT|MERGE|LINK|COPY|MOVE|PURGE|LOCK))$"
    ))]
    pub method: Option<String>,
    /// Parameters; a list repeats the name. Nothing is not sent.
    ///
    /// ```yaml
    /// query: { limit: "{{ page.size }}", status: [active, draft] }
    /// ```
    pub query: Keyed<TemplateOrList>,
    /// Headers. Nothing is not sent.
    ///
    /// ```yaml
    /// headers: { Accept-Language: "{{ options.LANGUAGE }}" }
    /// ```
    pub headers: Keyed<Template>,
    /// A JSON body; templates at any depth. A key whose value is nothing is left out.
    ///
    /// ```yaml
    /// json: { limit: "{{ page.size }}", cursor: "{{ page.cursor }}" }
    /// ```
    pub json: Option<Tree>,
    /// A form body; deeper keys become `a[b]`.
    ///
    /// ```yaml
    /// form: { grant_type: client_credentials }
    /// ```
    pub form: Option<Placed<Keyed<Tree>>>,
    /// A body of text.
    pub text: Option<Placed<TextBody>>,
    /// A GraphQL query; an answer with `errors` is a failure.
    pub graphql: Option<Placed<GraphQl>>,
    /// A list, sent as JSON Lines.
    pub jsonl: Option<Template>,
    /// A list of maps, sent as CSV.
    pub csv: Option<Template>,
    /// An XML body.
    pub xml: Option<Template>,
    /// Parts of a multipart form: text, or a file `{file, name, type}`. Instead of `file`, which is text,
    /// `csv` and `jsonl` take a list.
    ///
    /// ```yaml
    /// multipart: { type: offers, file: { csv: "{{ items }}", name: offers.csv } }
    /// ```
    ///
    /// As a list in this order; a template in it gives parts, a map or a list of `{name, value}`:
    ///
    /// ```yaml
    /// multipart: ["{{ place.body.parameters }}", { file: { jsonl: "{{ items }}", name: rows.jsonl } }]
    /// ```
    pub multipart: Option<Placed<Multipart>>,
    /// How the body is packed, where it is: `gzip`. `Content-Encoding` says so.
    pub compress: Option<Placed<Compress>>,
    /// Who asks. Sent to this request's host only, or to `base_url`'s where `http` says it.
    pub auth: Option<Placed<Auth>>,
    /// How long to wait for the first byte, and between bytes; 60 seconds where nothing is said.
    pub timeout: Option<Duration>,
    /// How many redirects are followed; 10 where nothing is said.
    #[schemars(range(min = 0, max = 100))]
    pub redirects: Option<u32>,
    /// How often, and when, a request is sent again; a number is `attempts`.
    pub retry: Option<Retry>,
    /// How fast requests are sent.
    ///
    /// ```yaml
    /// rate_limit: [10/s, 300/min]
    /// ```
    pub rate_limit: Option<RateLimit>,
    /// What answers mean: the first rule whose conditions all hold decides.
    pub on_response: Vec<Placed<OnResponse>>,
    /// The header `Idempotency-Key`; makes a POST safe to repeat.
    pub idempotency_key: Option<Template>,
    /// This request may be sent again, whatever happened to it.
    pub repeatable: Option<bool>,
}

/// Defaults for all requests.
#[derive(Debug, Clone, Default, JsonSchema)]
#[serde(default)]
#[schemars(extend("additionalProperties" = false))]
pub struct Http {
    /// What `path` is put behind.
    ///
    /// ```yaml
    /// base_url: https://api.example.com/v2
    /// ```
    pub base_url: Option<Template>,
    /// How lists are paged.
    pub pages: Option<Pages>,
    /// How answers are read; found out where nothing is said.
    pub format: Option<Format>,
    /// How many parents of a step are asked about at a time; 4 where nothing is said.
    pub concurrency: Option<Concurrency>,
    /// Certificates of a client and of an authority.
    ///
    /// ```yaml
    /// tls: { certificate: "{{ options.CERTIFICATE }}", key: "{{ options.PRIVATE_KEY }}", password: "{{ options.KEY_PASSWORD }}" }
    /// ```
    pub tls: Option<Placed<Tls>>,
    /// What requests have too.
    #[schemars(flatten)]
    pub request: RequestKeys,
}

impl<'de> Deserialize<'de> for Http {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// What `http` has besides.
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Own {
            base_url: Option<Template>,
            pages: Option<Pages>,
            format: Option<Format>,
            concurrency: Option<Concurrency>,
            tls: Option<Placed<Tls>>,
        }
        let node = Node::deserialize(deserializer)?;
        let own: Own = read(&node).map_err(serde::de::Error::custom)?;
        Ok(Self {
            base_url: own.base_url,
            pages: own.pages,
            format: own.format,
            concurrency: own.concurrency,
            tls: own.tls,
            request: read(&node).map_err(serde::de::Error::custom)?,
        })
    }
}

/// What a request sends: one of these.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the keys say it")]
pub enum Body<'s> {
    Json(&'s Tree),
    Form(&'s Placed<Keyed<Tree>>),
    Text(&'s Placed<TextBody>),
    GraphQl(&'s Placed<GraphQl>),
    Jsonl(&'s Template),
    Csv(&'s Template),
    Xml(&'s Template),
    Multipart(&'s Placed<Multipart>),
}

impl Body<'_> {
    /// The key of its kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::Json(_) => "json",
            Self::Form(_) => "form",
            Self::Text(_) => "text",
            Self::GraphQl(_) => "graphql",
            Self::Jsonl(_) => "jsonl",
            Self::Csv(_) => "csv",
            Self::Xml(_) => "xml",
            Self::Multipart(_) => "multipart",
        }
    }
}

impl HasPlace for Body<'_> {
    fn place(&self) -> std::ops::Range<usize> {
        match self {
            Self::Json(body) => body.place(),
            Self::Form(body) => body.place(),
            Self::Text(body) => body.place(),
            Self::GraphQl(body) => body.place(),
            Self::Jsonl(body) | Self::Csv(body) | Self::Xml(body) => body.place(),
            Self::Multipart(body) => body.place(),
        }
    }
}

impl RequestKeys {
    /// The bodies that are said, of which a request has one.
    pub fn bodies(&self) -> impl Iterator<Item = Body<'_>> {
        let all = [
            self.json.as_ref().map(Body::Json),
            self.form.as_ref().map(Body::Form),
            self.text.as_ref().map(Body::Text),
            self.graphql.as_ref().map(Body::GraphQl),
            self.jsonl.as_ref().map(Body::Jsonl),
            self.csv.as_ref().map(Body::Csv),
            self.xml.as_ref().map(Body::Xml),
            self.multipart.as_ref().map(Body::Multipart),
        ];
        all.into_iter().flatten()
    }
}

/// A body of text with its type.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextBody {
    /// Its content type; `text/plain` where nothing is said.
    #[serde(default, rename = "type")]
    pub kind: Option<Template>,
    /// The text.
    pub body: Template,
}

/// A file of a multipart form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct FilePart {
    /// Text.
    file: Option<Template>,
    /// A list of maps, as CSV.
    csv: Option<Template>,
    /// A list, as JSON Lines.
    jsonl: Option<Template>,
    /// The file's name.
    pub name: Option<Template>,
    /// Its content type.
    #[serde(rename = "type")]
    pub kind: Option<Template>,
}

/// What a file of a multipart form holds: one of these.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the keys say it")]
pub enum Content<'s> {
    File(&'s Template),
    Csv(&'s Template),
    Jsonl(&'s Template),
}

impl Content<'_> {
    /// The key of its kind.
    pub fn word(&self) -> &'static str {
        match self {
            Self::File(_) => "file",
            Self::Csv(_) => "csv",
            Self::Jsonl(_) => "jsonl",
        }
    }
}

impl HasPlace for Content<'_> {
    fn place(&self) -> std::ops::Range<usize> {
        match self {
            Self::File(part) | Self::Csv(part) | Self::Jsonl(part) => part.place(),
        }
    }
}

impl FilePart {
    /// What is said that it holds.
    pub fn contents(&self) -> impl Iterator<Item = Content<'_>> {
        let all = [
            self.file.as_ref().map(Content::File),
            self.csv.as_ref().map(Content::Csv),
            self.jsonl.as_ref().map(Content::Jsonl),
        ];
        all.into_iter().flatten()
    }

    /// Whether it has such a key.
    pub fn has(key: &str) -> bool {
        ["file", "csv", "jsonl", "name", "type"].contains(&key)
    }
}

/// A GraphQL request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GraphQl {
    /// The query, sent as it stands: braces of GraphQL are no templates.
    pub query: Template,
    /// Its variables; templates at any depth.
    #[serde(default)]
    pub variables: Keyed<Tree>,
    /// Which operation of several.
    #[serde(default)]
    pub operation: Option<Template>,
}
