//! Requests: what is sent, and what `http` says for all of them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::Auth;
use super::fault::{OnResponse, RateLimit, Retry};
use super::format::Format;
use super::pages::Pages;
use super::places::{Keyed, by_shape, read};
use super::tree::Node;
use super::values::{Duration, TemplateOrList};
use super::{Template, Tree};

/// A request, or only its path.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(untagged)]
pub enum Request {
    /// Its path.
    Path(String),
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
    #[schemars(regex(pattern = "^[A-Z]+$"))]
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
    pub form: Option<Keyed<Tree>>,
    /// A body of text.
    pub text: Option<TextBody>,
    /// A GraphQL query; an answer with `errors` is a failure.
    pub graphql: Option<GraphQl>,
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
    pub multipart: Option<Multipart>,
    /// How the body is packed, where it is: `gzip`. `Content-Encoding` says so.
    pub compress: Option<Compress>,
    /// Who asks. Sent to this request's host only, or to `base_url`'s where `http` says it.
    pub auth: Option<Auth>,
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
    pub on_response: Vec<OnResponse>,
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
    #[schemars(range(min = 1, max = 1000))]
    pub concurrency: Option<u32>,
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
            concurrency: Option<u32>,
        }
        let node = Node::deserialize(deserializer)?;
        let own: Own = read(&node).map_err(serde::de::Error::custom)?;
        Ok(Self {
            base_url: own.base_url,
            pages: own.pages,
            format: own.format,
            concurrency: own.concurrency,
            request: read(&node).map_err(serde::de::Error::custom)?,
        })
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
