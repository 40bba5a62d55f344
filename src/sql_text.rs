//! SQL that is written: queries with names, as each database writes them.

use std::fmt::Write as _;
use std::sync::Arc;

/// How a database writes queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `PostgreSQL`.
    Postgres,
    /// `MySQL`, `MariaDB`.
    MySql,
    /// `SQLite`.
    Sqlite,
}

impl Dialect {
    /// That of the database at an address, by what stands before its `:`.
    pub fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            "sqlite" => Some(Self::Sqlite),
            _ => None,
        }
    }

    /// What stands around names.
    fn quote(self) -> char {
        match self {
            Self::Postgres | Self::Sqlite => '"',
            Self::MySql => '`',
        }
    }
}

/// A query whose values have names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    parts: Vec<Part>,
    /// The names, in the order of their first place.
    pub names: Vec<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    /// A name, by its number.
    Value(usize),
}

/// Why a query can't be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// It is empty.
    #[error("the query is empty")]
    Empty,
    /// There are several.
    #[error("here are several statements, and one is asked at a time")]
    Several,
}

impl Statement {
    /// Reads a query. `:name` is a value, but in quotes, in comments and behind another colon.
    pub fn read(text: &str) -> Result<Self, StatementError> {
        let text = text.trim();
        let text = text.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        if text.is_empty() {
            return Err(StatementError::Empty);
        }
        let mut statement = Self {
            parts: Vec::new(),
            names: Vec::new(),
        };
        let mut plain = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let quoted = quoted(rest);
            if quoted > 0 {
                plain.push_str(&rest[..quoted]);
                rest = &rest[quoted..];
                continue;
            }
            if first == ';' {
                return Err(StatementError::Several);
            }
            if let Some(after) = rest.strip_prefix("::") {
                plain.push_str("::");
                rest = after;
                continue;
            }
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            if let Some(after) = rest
                .strip_prefix(':')
                .filter(|after| after.starts_with(|c: char| c.is_alphabetic() || c == '_'))
            {
                let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
                if !plain.is_empty() {
                    statement.parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                let number = statement.number(&after[..end]);
                statement.parts.push(Part::Value(number));
                rest = &after[end..];
                continue;
            }
            plain.push(first);
            rest = &rest[first.len_utf8()..];
        }
        if !plain.is_empty() {
            statement.parts.push(Part::Text(plain));
        }
        Ok(statement)
    }

    fn number(&mut self, name: &str) -> usize {
        let known = self.names.iter().position(|known| &**known == name);
        known.unwrap_or_else(|| {
            self.names.push(Arc::from(name));
            self.names.len() - 1
        })
    }

    /// The query as it was written.
    pub fn shown(&self) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(plain) => plain.clone(),
            Part::Value(number) => format!(":{}", self.names[*number]),
        });
        parts.collect()
    }

    /// The query as a database writes it, and the number of the name whose value each place takes.
    pub fn written(&self, dialect: Dialect) -> (String, Vec<usize>) {
        let mut text = String::new();
        let mut places = Vec::new();
        for part in &self.parts {
            let number = match part {
                Part::Text(plain) => {
                    text.push_str(plain);
                    continue;
                }
                Part::Value(number) => *number,
            };
            // Writing into a string does not fail.
            let _ = match dialect {
                Dialect::Postgres => write!(text, "${}", number + 1),
                Dialect::Sqlite => write!(text, "?{}", number + 1),
                Dialect::MySql => write!(text, "?"),
            };
            if dialect == Dialect::MySql {
                places.push(number);
            }
        }
        if dialect != Dialect::MySql {
            places = (0..self.names.len()).collect();
        }
        (text, places)
    }
}

/// Bytes of the text in quotes, or of the comment, that a text begins with; 0 where it begins with neither.
fn quoted(text: &str) -> usize {
    let until = |end: &str, from: usize| {
        let found = text[from..].find(end);
        found.map_or(text.len(), |at| from + at + end.len())
    };
    if text.starts_with("--") {
        return until("\n", 2);
    }
    if text.starts_with("/*") {
        return until("*/", 2);
    }
    let first = text.chars().next().unwrap_or_default();
    if matches!(first, '\'' | '"' | '`') {
        // A quote that is doubled begins another text, which is quoted as well.
        let end = text[1..].find(first);
        return end.map_or(text.len(), |end| end + 2);
    }
    // Text between dollars, of PostgreSQL.
    if first == '$' {
        let tag = text[1..].find(|c: char| !(c.is_alphanumeric() || c == '_'));
        if let Some(end) = tag.filter(|end| text[1 + end..].starts_with('$')) {
            let tag = &text[..end + 2];
            return until(tag, tag.len());
        }
    }
    0
}

/// A name in quotes, a dot between its parts.
fn name(text: &str, dialect: Dialect) -> String {
    let parts = text.split('.').map(|part| column(part, dialect.quote()));
    parts.collect::<Vec<_>>().join(".")
}

fn column(text: &str, quote: char) -> String {
    let doubled = format!("{quote}{quote}");
    format!("{quote}{}{quote}", text.replace(quote, &doubled))
}

/// What adds a row with these columns to a table, or changes the one that has its key.
pub fn upsert(table: &str, columns: &[String], key: &[String], dialect: Dialect) -> Statement {
    let quote = dialect.quote();
    let list = |names: &mut dyn Iterator<Item = &String>| {
        let names: Vec<String> = names.map(|name| column(name, quote)).collect();
        names.join(", ")
    };
    let mut parts = vec![Part::Text(format!(
        "INSERT INTO {} ({}) VALUES (",
        name(table, dialect),
        list(&mut columns.iter())
    ))];
    for number in 0..columns.len() {
        if number > 0 {
            parts.push(Part::Text(", ".to_owned()));
        }
        parts.push(Part::Value(number));
    }
    let others: Vec<&String> = columns.iter().filter(|name| !key.contains(name)).collect();
    let mut end = ")".to_owned();
    if !key.is_empty() {
        let set = |way: &dyn Fn(&str) -> String| {
            let sets: Vec<String> = others
                .iter()
                .map(|name| format!("{0} = {1}", column(name, quote), way(&column(name, quote))))
                .collect();
            sets.join(", ")
        };
        // Writing into a string does not fail.
        let _ = match dialect {
            Dialect::Postgres | Dialect::Sqlite if others.is_empty() => {
                write!(end, " ON CONFLICT ({}) DO NOTHING", list(&mut key.iter()))
            }
            Dialect::Postgres | Dialect::Sqlite => write!(
                end,
                " ON CONFLICT ({}) DO UPDATE SET {}",
                list(&mut key.iter()),
                set(&|name| format!("excluded.{name}"))
            ),
            // A key that is there is that of the table; what stays as it is changes nothing.
            Dialect::MySql if others.is_empty() => {
                let first = column(&key[0], quote);
                write!(end, " ON DUPLICATE KEY UPDATE {first} = {first}")
            }
            Dialect::MySql => write!(
                end,
                " ON DUPLICATE KEY UPDATE {}",
                set(&|name| format!("VALUES({name})"))
            ),
        };
    }
    parts.push(Part::Text(end));
    Statement {
        parts,
        names: columns
            .iter()
            .map(|name| Arc::from(name.as_str()))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, dialect: Dialect) -> (String, Vec<usize>) {
        Statement::read(text).unwrap().written(dialect)
    }

    #[test]
    fn names_are_values_where_they_stand_free() {
        let text = "SELECT ':no', a::text, \"x:y\", `:b`, $$ :c $$, $t$ :d $t$ -- :e\n/* :f; */ FROM t WHERE a > :since AND b = :it's' AND c = :since;";
        let (postgres, places) = written(text, Dialect::Postgres);
        assert!(
            postgres.ends_with("WHERE a > $1 AND b = $2's' AND c = $1"),
            "{postgres}"
        );
        assert!(postgres.starts_with(
            "SELECT ':no', a::text, \"x:y\", `:b`, $$ :c $$, $t$ :d $t$ -- :e\n/* :f; */"
        ));
        assert_eq!(places, [0, 1]);
        let (mysql, places) = written(text, Dialect::MySql);
        assert!(
            mysql.ends_with("WHERE a > ? AND b = ?'s' AND c = ?"),
            "{mysql}"
        );
        assert_eq!(places, [0, 1, 0]);
        assert!(
            written(text, Dialect::Sqlite)
                .0
                .ends_with("?1 AND b = ?2's' AND c = ?1")
        );
        let plain = "SELECT 'it''s :no' || '\\' FROM t WHERE a = 12:30";
        assert_eq!(written(plain, Dialect::Sqlite), (plain.to_owned(), vec![]));
    }

    #[test]
    fn one_statement_is_asked_at_a_time() {
        assert_eq!(Statement::read(" ;\n"), Err(StatementError::Empty));
        assert_eq!(
            Statement::read("SELECT 1; DROP TABLE a"),
            Err(StatementError::Several)
        );
    }

    #[test]
    fn a_row_is_added_or_changed() {
        let columns = ["sku".to_owned(), "na\"me".to_owned()];
        let sql = |key: &[&str], dialect: Dialect| {
            let key: Vec<String> = key.iter().map(ToString::to_string).collect();
            upsert("shop.products", &columns, &key, dialect)
                .written(dialect)
                .0
        };
        assert_eq!(
            sql(&["sku"], Dialect::Postgres),
            "INSERT INTO \"shop\".\"products\" (\"sku\", \"na\"\"me\") VALUES ($1, $2) ON CONFLICT (\"sku\") DO UPDATE SET \"na\"\"me\" = excluded.\"na\"\"me\""
        );
        assert_eq!(
            sql(&["sku"], Dialect::MySql),
            "INSERT INTO `shop`.`products` (`sku`, `na\"me`) VALUES (?, ?) ON DUPLICATE KEY UPDATE `na\"me` = VALUES(`na\"me`)"
        );
        assert!(sql(&["sku", "na\"me"], Dialect::Sqlite).ends_with("DO NOTHING"));
        assert!(sql(&[], Dialect::Sqlite).ends_with("VALUES (?1, ?2)"));
    }
}
