//! Databases, and what is asked of them.

use super::Compiler;
use crate::diagnostics::nearest::nearest;
use crate::plan::scopes::Scopes;
use crate::plan::sql::{DatabasePlan, QueryPlan, SqlReadPlan, SqlTargetPlan, SqlWrite};
use crate::spec::places::{HasPlace, Keyed, Placed};
use crate::spec::sql::{SqlSource, SqlTarget, SqlTls};
use crate::spec::{self, OneOrMany};
use crate::sql_text::{Dialect, Statement};
use crate::template::scope::Scope;
use crate::template::{Template, Value, template_start};

/// Who asks, and how, as the spec says it.
type Login<'s> = (
    Option<&'s spec::Template>,
    Option<&'s spec::Template>,
    SqlTls,
);

impl Compiler<'_> {
    /// A query whose rows are records; its values see what `values` has.
    pub(super) fn sql_source(
        &mut self,
        at: &Placed<SqlSource>,
        scopes: &Scopes,
        values: &Scope,
    ) -> SqlReadPlan {
        let base = scopes.base();
        let login = (at.username.as_ref(), at.password.as_ref(), at.tls);
        SqlReadPlan {
            database: self.database(&at.url, login, &base),
            query: self.sql_query((&at.query, &at.params), &base, values),
        }
    }

    /// Rows that are written; a row's values see what `row` has.
    pub(super) fn sql_target(
        &mut self,
        at: &Placed<SqlTarget>,
        has_item: Option<&spec::Tree>,
        scopes: &Scopes,
        row: &Scope,
    ) -> SqlTargetPlan {
        let base = scopes.base();
        let login = (at.username.as_ref(), at.password.as_ref(), at.tls);
        let database = if let Some(url) = &at.url {
            self.database(url, login, &base)
        } else {
            self.error(
                at,
                "a database has an address, and here is none",
                "url: postgres://db.example.com/shop",
            );
            DatabasePlan {
                url: Template::constant(Value::from("")),
                username: None,
                password: None,
                tls: at.tls,
            }
        };
        let write = match (&at.table, &at.query) {
            (Some(table), None) => {
                if let Some(param) = at.params.iter().next() {
                    self.error(
                        param.1,
                        "`params` are the values of a `query`, and a table takes `item` or the row",
                        "item: { sku: \"{{ row.sku }}\" }",
                    );
                }
                self.table(table, at.key.as_ref(), has_item, &base)
            }
            (table, Some(query)) => {
                let beside = table.as_ref().map(HasPlace::place);
                if let Some(other) = beside.or(at.key.as_ref().map(HasPlace::place)) {
                    self.error(
                        &other,
                        "a row goes into a `table`, by its `key`, or a `query` says what is done with it",
                        "leave one of them out",
                    );
                }
                SqlWrite::Query(self.sql_query((query, &at.params), &base, row))
            }
            (None, None) => {
                self.error(
                    at,
                    "nothing says what is done with a row",
                    "add table: products and key: sku, or query: DELETE FROM products WHERE sku = :sku",
                );
                SqlWrite::Table {
                    table: Template::constant(Value::from("")),
                    key: Vec::new(),
                }
            }
        };
        SqlTargetPlan { database, write }
    }

    fn table(
        &mut self,
        table: &spec::Template,
        key: Option<&Placed<OneOrMany>>,
        item: Option<&spec::Tree>,
        base: &Scope,
    ) -> SqlWrite {
        let names = key.map(|key| key.words().to_vec()).unwrap_or_default();
        if let (Some(key), Some(item)) = (key, item) {
            let known: Vec<&str> = item
                .entries()
                .iter()
                .map(|entry| entry.key.as_str())
                .collect();
            let lacks = |name: &&String| !known.is_empty() && !known.contains(&name.as_str());
            if let Some(missing) = names.iter().find(lacks) {
                let near = nearest(missing, known.iter().copied());
                let hint = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("add {missing}: … to `item`"),
                };
                self.error(
                    key,
                    format!("a row is known by `{missing}`, and `item` has no such column"),
                    hint,
                );
            }
        }
        SqlWrite::Table {
            table: self.template(table, base),
            key: names,
        }
    }

    fn database(&mut self, url: &spec::Template, login: Login<'_>, base: &Scope) -> DatabasePlan {
        let (username, password, tls) = login;
        let text = url.as_text().unwrap_or_default();
        let written = &text[..template_start(text).unwrap_or(text.len())];
        let scheme = written.split_once(':').map(|(scheme, _)| scheme);
        let is_unknown = scheme.is_some_and(|scheme| Dialect::of_scheme(scheme).is_none());
        // What a template begins with can't be seen.
        let has_none = scheme.is_none() && written.len() == text.len();
        if is_unknown || has_none {
            let message = match scheme {
                Some(scheme) => format!("`{scheme}` is no database that is spoken to"),
                None => "this address names no kind of database".to_owned(),
            };
            self.error(
                url,
                message,
                "write postgres://HOST/NAME, mysql://HOST/NAME (MariaDB too) or sqlite:FILE",
            );
        }
        DatabasePlan {
            url: self.template(url, base),
            username: self.optional(username.map(|node| &**node), base),
            password: self.optional(password.map(|node| &**node), base),
            tls,
        }
    }

    fn sql_query(
        &mut self,
        (query, params): (&spec::Template, &Keyed<spec::Template>),
        base: &Scope,
        values: &Scope,
    ) -> QueryPlan {
        let text = self.template(query, base);
        let compiled = params.iter().map(|(name, node)| {
            let value = self.template(node, values);
            (name.text.as_str().into(), value)
        });
        let plan = QueryPlan {
            params: compiled.collect(),
            text,
        };
        // What a template makes of a query is seen once it is asked.
        let Some(written) = query
            .as_text()
            .filter(|text| template_start(text).is_none())
        else {
            return plan;
        };
        let names = match Statement::read(written) {
            Ok(statement) => statement.names,
            Err(reason) => {
                self.error(
                    query,
                    reason.to_string(),
                    "SELECT id, title FROM products WHERE updated_at > :since",
                );
                return plan;
            }
        };
        for name in &names {
            if !params.iter().any(|(known, _)| known.text == **name) {
                self.error(
                    query,
                    format!("`:{name}` has no value"),
                    format!("params: {{ {name}: \"{{{{ … }}}}\" }}"),
                );
            }
        }
        for (name, node) in params {
            if !names.iter().any(|known| **known == *name.text) {
                self.error(
                    node,
                    format!("the query has no `:{name}`"),
                    "write it where its value belongs, without quotes, or leave it out",
                );
            }
        }
        plan
    }
}
