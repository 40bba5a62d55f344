//! `sql`: rows of a database, read and written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::places::{Keyed, Placed};
use super::{OneOrMany, Template};

/// A query of a database, whose rows are records.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlSource {
    /// Which database: `postgres://HOST/NAME`, `mysql://HOST/NAME` (`MariaDB` too), `sqlite:FILE`.
    ///
    /// ```yaml
    /// url: "postgres://{{ options.HOST }}/shop"
    /// ```
    pub url: Template,
    /// The user.
    #[serde(default)]
    pub username: Option<Template>,
    /// The user's password.
    #[serde(default)]
    pub password: Option<Template>,
    /// Whether the connection is encrypted.
    #[serde(default)]
    pub tls: SqlTls,
    /// What is asked. Values stand as `:name`, and in `params`; templates here see `options` alone, as what data
    /// writes into a query can be anything.
    ///
    /// ```yaml
    /// query: SELECT id, title FROM products WHERE updated_at > :since
    /// ```
    pub query: Template,
    /// The values of the names in `query`. Nothing is `NULL`.
    ///
    /// ```yaml
    /// params: { since: "{{ since }}" }
    /// ```
    #[serde(default)]
    pub params: Keyed<Template>,
}

/// Rows that are written into a database, a batch in a transaction of its own: into a `table`, or by a
/// `query` for each.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SqlTarget {
    /// Which database: `postgres://HOST/NAME`, `mysql://HOST/NAME` (`MariaDB` too), `sqlite:FILE`.
    ///
    /// ```yaml
    /// url: "mysql://{{ options.HOST }}/shop"
    /// ```
    pub url: Option<Template>,
    /// The user.
    pub username: Option<Template>,
    /// The user's password.
    pub password: Option<Template>,
    /// Whether the connection is encrypted.
    pub tls: SqlTls,
    /// Into which table. Its columns are those of `item`, else of the row.
    ///
    /// ```yaml
    /// table: products
    /// ```
    pub table: Option<Template>,
    /// The columns by which a row is known: one that is there is changed, another is added. Without it all are
    /// added.
    ///
    /// ```yaml
    /// key: sku
    /// ```
    pub key: Option<Placed<OneOrMany>>,
    /// Instead of `table`: what is done for each row. Values stand as `:name`, and in `params`.
    ///
    /// ```yaml
    /// query: DELETE FROM products WHERE sku = :sku
    /// ```
    pub query: Option<Template>,
    /// The values of the names in `query`. Nothing is `NULL`.
    ///
    /// ```yaml
    /// params: { sku: "{{ row.sku }}" }
    /// ```
    pub params: Keyed<Template>,
}

/// Whether a connection is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SqlTls {
    /// It is, and the server's certificate is checked; but for servers on this machine.
    #[default]
    Verified,
    /// It is not.
    None,
}
