//! `PostgreSQL`. Rows come as the database itself makes JSON of them, so that every type and every digit is kept;
//! values go as text, and the database reads them as what it needs there.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::Arc;

use futures_util::{StreamExt as _, pin_mut};
use tokio_postgres::config::SslMode;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, Config, Error};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::ServerAddress;
use super::json_row::{distinct, record_of};
use super::{ReadEnd, RowWork, SqlError, SqlValue, Transaction};
use crate::http::tls;
use crate::sql_text::{Dialect, Statement};
use crate::template::Value;

/// Rows that are asked about before the answer to the first of them.
const UNDER_WAY: usize = 64;

/// What a row is called: nothing in a query is called so.
const ROW: &str = "runner_row_as_json";

/// A connection.
pub struct Connection {
    client: Client,
    /// Statements that were prepared, by their text.
    prepared: HashMap<String, tokio_postgres::Statement>,
}

/// A value as text.
#[derive(Debug)]
struct AsText(Option<String>);

impl ToSql for AsText {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match &self.0 {
            None => Ok(IsNull::Yes),
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

impl From<&SqlValue> for AsText {
    fn from(value: &SqlValue) -> Self {
        Self(match value {
            SqlValue::Null => None,
            SqlValue::Bool(flag) => Some(flag.to_string()),
            SqlValue::Int(number) => Some(number.to_string()),
            SqlValue::Number(text) | SqlValue::Text(text) => Some(text.clone()),
            SqlValue::Instant(at) => Some(at.to_string()),
        })
    }
}

impl Connection {
    pub async fn open(server: &ServerAddress) -> Result<Self, SqlError> {
        let mut config = Config::new();
        config
            .host(&server.host)
            .port(server.port.unwrap_or(5432))
            .dbname(&server.name)
            .application_name("runner")
            .ssl_mode(if server.is_encrypted {
                SslMode::Require
            } else {
                SslMode::Disable
            });
        if let Some(username) = &server.username {
            config.user(username);
        }
        if let Some(password) = &server.password {
            config.password(password);
        }
        let tls = MakeRustlsConnect::new(tls(server.is_encrypted));
        let (client, connection) = config.connect(tls).await.map_err(|error| opened(&error))?;
        // It ends with the client, and tells it why.
        tokio::spawn(connection);
        let utc = client.batch_execute("SET timezone TO 'UTC'").await;
        utc.map_err(|error| told(&error))?;
        Ok(Self {
            client,
            prepared: HashMap::new(),
        })
    }

    pub async fn read<E>(
        &mut self,
        statement: &Statement,
        values: &[SqlValue],
        each: &mut impl AsyncFnMut(Value) -> Result<(), E>,
    ) -> Result<(), ReadEnd<E>> {
        let (text, _) = statement.written(Dialect::Postgres);
        let of_query = |error: Error| ReadEnd::Sql(told(&error));
        // A mistake of the author's is told of what he wrote.
        let own = self.client.prepare(&text).await.map_err(of_query)?;
        distinct(own.columns().iter().map(tokio_postgres::Column::name))?;
        let json = format!("SELECT row_to_json({ROW})::text FROM (\n{text}\n) AS {ROW}");
        let values: Vec<AsText> = values.iter().map(AsText::from).collect();
        let rows = self.client.query_raw(&json, &values).await;
        let rows = rows.map_err(of_query)?;
        pin_mut!(rows);
        while let Some(row) = rows.next().await {
            let json: String = row.and_then(|row| row.try_get(0)).map_err(of_query)?;
            each(record_of(json)?).await.map_err(ReadEnd::Taker)?;
        }
        Ok(())
    }

    /// Rows are asked about without waiting for the answers to those before them. Where one is refused, those
    /// behind it are too.
    pub async fn write(&mut self, rows: &[RowWork]) -> Result<Vec<Option<String>>, SqlError> {
        let mut prepared = Vec::with_capacity(rows.len());
        let mut last: Option<(&Arc<Statement>, tokio_postgres::Statement)> = None;
        for (statement, _) in rows {
            let known = last
                .take()
                .filter(|(known, _)| Arc::ptr_eq(known, statement));
            let ready = match known {
                Some((_, ready)) => ready,
                None => match self.prepare(statement).await {
                    Ok(ready) => ready,
                    // None of them is asked about.
                    Err(SqlError::Refused(reason)) => return Ok(vec![Some(reason); rows.len()]),
                    Err(error) => return Err(error),
                },
            };
            prepared.push(ready.clone());
            last = Some((statement, ready));
        }
        let mut reasons = Vec::with_capacity(rows.len());
        let client = &self.client;
        let asked = rows
            .iter()
            .zip(&prepared)
            .map(|((_, values), ready)| async move {
                let values: Vec<AsText> = values.iter().map(AsText::from).collect();
                client.execute_raw(ready, &values).await
            });
        let mut answers = futures_util::stream::iter(asked).buffered(UNDER_WAY);
        while let Some(answer) = answers.next().await {
            match answer.map_err(|error| told(&error)) {
                Ok(_) => reasons.push(None),
                Err(SqlError::Refused(reason)) => reasons.push(Some(reason)),
                Err(error) => return Err(error),
            }
        }
        Ok(reasons)
    }

    async fn prepare(
        &mut self,
        statement: &Statement,
    ) -> Result<tokio_postgres::Statement, SqlError> {
        let (text, _) = statement.written(Dialect::Postgres);
        if let Some(prepared) = self.prepared.get(&text) {
            return Ok(prepared.clone());
        }
        let prepared = self.client.prepare(&text).await;
        let prepared = prepared.map_err(|error| told(&error))?;
        self.prepared.insert(text, prepared.clone());
        Ok(prepared)
    }

    pub async fn transaction(&mut self, step: Transaction) -> Result<(), SqlError> {
        let done = self.client.batch_execute(step.sql()).await;
        done.map_err(|error| told(&error))
    }
}

/// Why a connection did not come about.
fn opened(error: &Error) -> SqlError {
    match told(error) {
        SqlError::Lost(reason) => SqlError::Unreachable(reason),
        other => other,
    }
}

/// What an error means. Codes are those of `PostgreSQL`, Appendix A.
fn told(error: &Error) -> SqlError {
    let Some(said) = error.as_db_error() else {
        let cause = error.source().map(ToString::to_string);
        let reason = cause.unwrap_or_else(|| error.to_string());
        // What could not be written down was not asked.
        return if error.is_closed()
            || error
                .source()
                .is_some_and(<dyn std::error::Error + 'static>::is::<std::io::Error>)
        {
            SqlError::Lost(reason)
        } else {
            SqlError::Refused(reason)
        };
    };
    let code = said.code().code();
    let mut message = said.message().to_owned();
    for more in [said.detail(), said.hint()].into_iter().flatten() {
        message = format!("{message} ({more})");
    }
    match code {
        "28000" | "28P01" => SqlError::Denied(message),
        _ if code.starts_with("40") => SqlError::Undone(message),
        // The server is about to go.
        _ if code.starts_with("57P") || code.starts_with("08") => SqlError::Lost(message),
        _ => SqlError::Refused(message),
    }
}
