//! Databases, compiled.

use std::sync::Arc;

use super::Redactor;
use crate::spec::sql::SqlTls;
use crate::template::{Frame, Template, TemplateError, Value, text_or_empty};

/// A database, and who asks it.
#[derive(Debug)]
pub struct DatabasePlan {
    /// Its address.
    pub url: Template,
    /// The user.
    pub username: Option<Template>,
    /// The user's password.
    pub password: Option<Template>,
    /// Whether the connection is encrypted.
    pub tls: SqlTls,
}

/// The address of a database and who asks it, worked out.
#[derive(Clone)]
pub struct DatabaseLogin {
    /// Its address.
    pub url: String,
    /// The user.
    pub username: String,
    /// The user's password.
    pub password: String,
    /// Whether the connection is encrypted.
    pub tls: SqlTls,
}

impl DatabasePlan {
    /// Works it out; the password is hidden from then on.
    pub fn login(
        &self,
        frame: &Arc<Frame>,
        redactor: &Redactor,
    ) -> Result<DatabaseLogin, TemplateError> {
        let login = DatabaseLogin {
            url: self.url.text(frame)?,
            username: text_or_empty(self.username.as_ref(), frame)?,
            password: text_or_empty(self.password.as_ref(), frame)?,
            tls: self.tls,
        };
        redactor.add(&login.password);
        Ok(login)
    }
}

/// A query with the values of its names.
#[derive(Debug)]
pub struct QueryPlan {
    /// The query.
    pub text: Template,
    /// The values of its names.
    pub params: Vec<(Arc<str>, Template)>,
}

impl QueryPlan {
    /// The values that a frame gives.
    pub fn values(&self, frame: &Arc<Frame>) -> Result<Vec<(Arc<str>, Value)>, TemplateError> {
        let values = self.params.iter().map(|(name, template)| {
            let value = template.value(frame);
            let value = value.map_err(|error| error.within(&format!("params.{name}")))?;
            Ok((Arc::clone(name), value))
        });
        values.collect()
    }
}

/// Rows of a database.
#[derive(Debug)]
pub struct SqlReadPlan {
    /// Which database.
    pub database: DatabasePlan,
    /// What is asked.
    pub query: QueryPlan,
}

/// Rows that go into a database.
#[derive(Debug)]
pub struct SqlTargetPlan {
    /// Which database.
    pub database: DatabasePlan,
    /// What is done with a row.
    pub write: SqlWrite,
}

impl SqlTargetPlan {
    /// Whether rows are known by a key: then it is no matter whether one is written twice.
    pub fn has_key(&self) -> bool {
        match &self.write {
            SqlWrite::Query(_) => false,
            SqlWrite::Table { key, .. } => !key.is_empty(),
        }
    }
}

/// What is done with a row.
#[derive(Debug)]
pub enum SqlWrite {
    /// A query.
    Query(QueryPlan),
    /// It goes into a table.
    Table {
        /// Its name.
        table: Template,
        /// The columns by which a row is known.
        key: Vec<String>,
    },
}
