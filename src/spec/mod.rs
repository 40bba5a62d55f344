//! What an author may write: one concept a file. Doc comments become the schema's descriptions.

pub mod auth;
pub mod compose;
mod document;
mod examples;
mod feedback;
pub mod file_target;
pub mod format;
mod incremental;
mod input;
pub mod job;
mod keep;
mod kinds;
mod limit;
mod log;
pub mod lookup;
mod mode;
mod notify;
pub mod odd_characters;
mod on_error;
mod option;
pub mod pages;
pub mod place;
pub mod places;
pub mod recovery;
mod refused;
pub mod request;
mod rules;
mod scalars;
pub mod schema;
mod schema_of_editors;
pub mod signature;
pub mod source;
pub mod sql;
mod state;
pub mod structure;
pub mod target;
pub mod target_job;
mod template;
pub mod tls;
pub mod tree;
mod unknown_keys;
pub mod values;
mod version;
mod yaml_mistakes;

pub use document::{Document, lint_part};
pub use feedback::{Feedback, FeedbackRows};
pub use incremental::Incremental;
pub use input::{BatchSize, Input};
pub use keep::{Keep, KeepWord};
pub use limit::Limit;
pub use log::{Log, LogAt, LogLevel};
pub use lookup::Lookup;
pub use mode::Mode;
pub use notify::{Notify, NotifyAt, NotifyType};
pub use on_error::OnError;
pub use option::{Choices, Option as OptionSpec, OptionType, RUNNER_FLAGS, SHELL_NAMES};
pub use request::Http;
pub use rules::{Fail, FailAt, Reject};
pub use source::{Source, Step};
pub use state::{BucketFileError, State, bucket_file};
pub use target::Target;
pub use template::{Condition, Template, Tree};
pub use version::{Name, Version};

use places::{Keyed, Placed, by_shape};
use schemars::JsonSchema;
use serde::Deserialize;

/// A connector: where rows come from, what a row becomes, where rows go.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "runner connector spec", extend("$id" = "connector.schema.json"))]
pub struct Spec {
    /// The version of the language.
    pub version: Version,
    /// The connector's name: lower-case letters, digits and dashes.
    ///
    /// ```yaml
    /// name: add-column
    /// ```
    pub name: Name,
    /// What the connector does, for the people who choose it.
    #[serde(default)]
    pub description: Option<String>,
    /// What kind of connector this is: where it reads and where it writes.
    pub mode: Placed<Mode>,
    /// What the end user fills in. Read in templates as `options.NAME`.
    ///
    /// ```yaml
    /// options:
    ///   SHOP:  { type: input, label: Shop address, required: true }
    ///   TOKEN: { type: password, required: true }
    /// ```
    #[serde(default)]
    pub options: Keyed<OptionSpec>,
    /// Defaults for all requests.
    ///
    /// ```yaml
    /// http:
    ///   base_url: https://api.example.com/v2
    ///   auth: { bearer: "{{ options.TOKEN }}" }
    /// ```
    #[serde(default)]
    pub http: Option<Http>,
    /// Only what changed since the last run: makes `since`.
    ///
    /// ```yaml
    /// incremental: { value: "{{ record.updated_at }}", lookback: 5m }
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-source"]))]
    pub incremental: Option<Placed<Incremental>>,
    /// Where `incremental` and refresh tokens that rotate are kept from run to run; `--state` says
    /// otherwise.
    ///
    /// ```yaml
    /// state: { bucket: my-connector.json }
    /// ```
    #[serde(default)]
    pub state: Option<State>,
    /// Where a data source's rows come from: one step, or a list of steps of which each record of
    /// one runs the next.
    ///
    /// ```yaml
    /// source:
    ///   rows:
    ///     - { id: 1, name: first product }
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-source"]))]
    pub source: Option<Placed<Source>>,
    /// What is asked of the platform when its rows are read.
    ///
    /// ```yaml
    /// input: { show_hidden: true }
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-service", "export", "export-delta"]))]
    pub input: Input,
    /// What else is known about a row, asked for many at a time or read once.
    ///
    /// ```yaml
    /// lookups:
    ///   - { name: brand, for: "{{ row.brand_id }}", request: { path: /brands, query: { ids: "{{ keys | join(',') }}" } }, key: "{{ record.id }}" }
    /// ```
    #[serde(default)]
    pub lookups: Vec<Placed<Lookup>>,
    /// Values worked out once a row, in order; each sees those before it.
    ///
    /// ```yaml
    /// vars:
    ///   price: "{{ row.price | to_number }}"
    ///   net: "{{ vars.price / 1.19 }}"
    /// ```
    #[serde(default)]
    pub vars: Keyed<Template>,
    /// A list; the row becomes one row for each of its elements, which is seen as `part`. A row
    /// with an empty list stays one row.
    ///
    /// ```yaml
    /// split: "{{ row.sizes.split(',') }}"
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-source", "data-service"]))]
    pub split: Option<Template>,
    /// Rows for which this is not true are left out.
    ///
    /// ```yaml
    /// where: "{{ row.price and row.stock | int > 0 }}"
    /// ```
    #[serde(default, rename = "where")]
    pub filter: Option<Condition>,
    /// Rows that fail before they are sent, each with its reason.
    ///
    /// ```yaml
    /// reject:
    ///   - { when: "{{ not row.gtin }}", message: No GTIN }
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["export", "export-delta"]))]
    pub reject: Vec<Reject>,
    /// Which fields or columns go on by themselves: `all`, `none`, or a list of names with `*`.
    /// A data source with `columns` keeps none, everything else keeps all.
    ///
    /// ```yaml
    /// keep: [id, "price*"]
    /// ```
    #[serde(default)]
    pub keep: Option<Keep>,
    /// Sets a column where it stands, or adds it at the end, in this order. All see the row as it
    /// came in, not each other. `attr_*` makes a column of each key of a map; a literal `*` is
    /// `**`. A name may be a template over `options`.
    ///
    /// ```yaml
    /// columns:
    ///   title: "{{ row.title | truncate(80) }}"
    ///   "{{ options.NEW_COLUMN_NAME }}": "{{ row[options.SOURCE_COLUMN] }}"
    /// ```
    #[serde(default)]
    pub columns: Keyed<Template>,
    /// Columns that are left out, after `columns`; names with `*`.
    ///
    /// ```yaml
    /// drop: ["internal_*", cost]
    /// ```
    #[serde(default)]
    pub drop: Vec<String>,
    /// New names for columns, after `drop`; names with `*`.
    ///
    /// ```yaml
    /// rename: { "attr_*": "attribute-*" }
    /// ```
    #[serde(default)]
    pub rename: Keyed<Placed<String>>,
    /// Keeps the first row of each value of this column, or of these columns together. A row that
    /// has no value there is kept.
    ///
    /// ```yaml
    /// unique: id
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-source", "data-service"]))]
    pub unique: OneOrMany,
    /// Where an export's rows go. Without it rows are read, judged by `reject` and reported, not
    /// sent.
    ///
    /// ```yaml
    /// target:
    ///   batch: 100
    ///   item: { sku: "{{ row.sku }}", price: "{{ row.price | to_number }}" }
    ///   request: { path: /offers, json: { offers: "{{ items }}" } }
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["export", "export-delta"]))]
    pub target: Option<Placed<Target>>,
    /// What each row's fate is told back as; imported as an additional data source on the next run.
    ///
    /// ```yaml
    /// feedback:
    ///   rows: failed
    ///   columns: { id: "{{ row.id }}", error: "{{ outcome.message }}" }
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["export", "export-delta"]))]
    pub feedback: Option<Feedback>,
    /// Whether an import may end without a record. Without it such a run fails, as an import without
    /// rows empties the site; only a run that reads what changed since a kept `since` may find nothing.
    ///
    /// ```yaml
    /// allow_empty: true
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-source"]))]
    pub allow_empty: bool,
    /// What happens when the mapping of a row fails.
    #[serde(default)]
    pub on_error: Placed<OnError>,
    /// How many mapping errors `on_error: skip` or `keep` allow: past it the run ends with exit 1.
    /// A percentage is judged from the 100th row on and at the end.
    ///
    /// ```yaml
    /// max_errors: 5%
    /// ```
    #[serde(default)]
    pub max_errors: Option<Limit>,
    /// How many failed or unknown rows (rejected ones aside) an export allows: past it the run ends
    /// with exit 1. A percentage is judged from the 100th row on and at the end.
    ///
    /// ```yaml
    /// max_failures: 20%
    /// ```
    #[serde(default)]
    #[schemars(extend("x-modes" = ["export", "export-delta"]))]
    pub max_failures: Option<Limit>,
    /// Conditions that end the run with exit 1.
    ///
    /// ```yaml
    /// fail_when:
    ///   - { when: "{{ run.rows_written == 0 }}", message: The feed has no items }
    /// ```
    #[serde(default)]
    pub fail_when: Vec<Fail>,
    /// What is logged, and when.
    ///
    /// ```yaml
    /// log:
    ///   - { at: finish, level: success, message: "{{ run.rows_written }} products imported" }
    /// ```
    #[serde(default)]
    pub log: Vec<Log>,
    /// What the end user is told in the notification panel.
    ///
    /// ```yaml
    /// notify:
    ///   - { at: finish, type: success, message: "{{ run.rows_written }} products imported" }
    /// ```
    #[serde(default)]
    pub notify: Vec<Notify>,
    /// How many rows are read from the platform at a time.
    #[serde(default)]
    #[schemars(extend("x-modes" = ["data-service", "export", "export-delta"]))]
    pub batch_size: BatchSize,
}

/// A word, or a list of words.
#[derive(Debug, Clone, Default, JsonSchema)]
#[schemars(untagged)]
pub enum OneOrMany {
    /// Nothing was said.
    #[default]
    #[schemars(skip)]
    None,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

by_shape!(OneOrMany { Scalar => One, List => Many });

impl OneOrMany {
    /// The words.
    pub fn words(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(word) => std::slice::from_ref(word),
            Self::Many(words) => words,
        }
    }
}
