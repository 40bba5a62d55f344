//! `MySQL` and `MariaDB`.

use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Column, Conn, Error, OptsBuilder, Params, Row, SslOpts, Value as Cell};

use super::address::ServerAddress;
use super::json_row::{JsonRow, distinct};
use super::value::instant;
use super::{ReadEnd, RowWork, SqlError, SqlValue, Transaction};
use crate::sql_text::{Dialect, Statement};
use crate::template::Value;

/// The character set of bytes that are no text.
const BINARY: u16 = 63;

/// A connection.
pub struct Connection(Conn);

impl Connection {
    pub async fn open(server: &ServerAddress) -> Result<Self, SqlError> {
        let options = OptsBuilder::default()
            .ip_or_hostname(server.host.clone())
            .tcp_port(server.port.unwrap_or(3306))
            .db_name(Some(server.name.clone()))
            .user(server.username.clone())
            .pass(server.password.clone())
            // A socket beside the port would be another way in.
            .prefer_socket(false)
            .ssl_opts(server.is_encrypted.then(SslOpts::default));
        // Both sides know one provider of TLS.
        let _ = crate::http::tls(false);
        let mut connection = Conn::new(options)
            .await
            .map_err(|error| match told(&error) {
                SqlError::Lost(reason) => SqlError::Unreachable(reason),
                other => other,
            })?;
        // What does not fit is refused, and not cut.
        let settings = "SET SESSION time_zone = '+00:00', \
            sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), NAMES utf8mb4";
        let set = connection.query_drop(settings).await;
        set.map_err(|error| told(&error))?;
        Ok(Self(connection))
    }

    pub async fn read<E>(
        &mut self,
        statement: &Statement,
        values: &[SqlValue],
        each: &mut impl AsyncFnMut(Value) -> Result<(), E>,
    ) -> Result<(), ReadEnd<E>> {
        let (text, values) = written(statement, values);
        let of_query = |error: Error| ReadEnd::Sql(told(&error));
        let mut rows = self.0.exec_iter(text, values).await.map_err(of_query)?;
        let names: Vec<String> = rows
            .columns_ref()
            .iter()
            .map(|column| column.name_str().into_owned())
            .collect();
        distinct(names.iter().map(String::as_str))?;
        while let Some(row) = rows.next().await.map_err(of_query)? {
            each(record(row)?).await.map_err(ReadEnd::Taker)?;
        }
        Ok(())
    }

    pub async fn write(&mut self, rows: &[RowWork]) -> Result<Vec<Option<String>>, SqlError> {
        let mut reasons = Vec::with_capacity(rows.len());
        for (statement, values) in rows {
            let (text, values) = written(statement, values);
            let done = self.0.exec_drop(text, values).await;
            match done.map_err(|error| told(&error)) {
                Ok(()) => reasons.push(None),
                Err(SqlError::Refused(reason)) => reasons.push(Some(reason)),
                Err(error) => return Err(error),
            }
        }
        Ok(reasons)
    }

    /// Whether some unique key of a table has no columns but these: by another no row is known.
    pub async fn is_key(&mut self, table: &str, key: &[String]) -> Result<bool, SqlError> {
        let (schema, table) = match table.split_once('.') {
            Some((schema, table)) => (Some(schema), table),
            None => (None, table),
        };
        let query = "SELECT INDEX_NAME, LOWER(COLUMN_NAME) FROM information_schema.STATISTICS \
            WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND NON_UNIQUE = 0";
        let found = self.0.exec(query, (schema, table)).await;
        let found: Vec<(String, String)> = found.map_err(|error| told(&error))?;
        let is_in = |column: &String| key.iter().any(|name| name.eq_ignore_ascii_case(column));
        let is_whole = |index: &String| {
            let mut columns = found.iter().filter(|(of, _)| of == index);
            columns.all(|(_, column)| is_in(column))
        };
        Ok(found.iter().any(|(index, _)| is_whole(index)))
    }

    pub async fn transaction(&mut self, step: Transaction) -> Result<(), SqlError> {
        let done = self.0.query_drop(step.sql()).await;
        done.map_err(|error| told(&error))
    }
}

fn written(statement: &Statement, values: &[SqlValue]) -> (String, Params) {
    let (text, places) = statement.written(Dialect::MySql);
    let cells = places.into_iter().map(|number| match &values[number] {
        SqlValue::Null => Cell::NULL,
        SqlValue::Bool(flag) => Cell::Int(i64::from(*flag)),
        SqlValue::Int(number) => Cell::Int(*number),
        SqlValue::Number(text) | SqlValue::Text(text) => Cell::Bytes(text.clone().into_bytes()),
        SqlValue::Instant(at) => Cell::Bytes(instant(*at).into_bytes()),
    });
    let cells: Vec<Cell> = cells.collect();
    let params = if cells.is_empty() {
        Params::Empty
    } else {
        Params::Positional(cells)
    };
    (text, params)
}

fn record(row: Row) -> Result<Value, SqlError> {
    let columns = row.columns();
    let mut json = JsonRow::default();
    for (column, cell) in columns.iter().zip(row.unwrap()) {
        write_cell(column, &column.name_str(), &cell, &mut json);
    }
    json.record()
}

fn write_cell(column: &Column, name: &str, cell: &Cell, json: &mut JsonRow) {
    match cell {
        Cell::NULL => json.null(name),
        Cell::Int(number) => json.json(name, &number.to_string()),
        Cell::UInt(number) => json.json(name, &number.to_string()),
        Cell::Float(number) => json.double(name, f64::from(*number), number),
        Cell::Double(number) => json.double(name, *number, number),
        Cell::Date(year, month, day, hour, minute, second, micros) => {
            let day = format!("{year:04}-{month:02}-{day:02}");
            let is_day = column.column_type() == ColumnType::MYSQL_TYPE_DATE;
            let time = format!("T{hour:02}:{minute:02}:{second:02}{}", fraction(*micros));
            // Only what is an instant is told in a zone, and the session's is UTC.
            let is_instant = column.column_type() == ColumnType::MYSQL_TYPE_TIMESTAMP;
            let zone = if is_instant { "Z" } else { "" };
            json.text(name, &if is_day { day } else { day + &time + zone });
        }
        Cell::Time(is_negative, days, hours, minutes, seconds, micros) => {
            let sign = if *is_negative { "-" } else { "" };
            let hours = days * 24 + u32::from(*hours);
            let fraction = fraction(*micros);
            json.text(
                name,
                &format!("{sign}{hours:02}:{minutes:02}:{seconds:02}{fraction}"),
            );
        }
        Cell::Bytes(bytes) => match column.column_type() {
            ColumnType::MYSQL_TYPE_DECIMAL
            | ColumnType::MYSQL_TYPE_NEWDECIMAL
            | ColumnType::MYSQL_TYPE_JSON => {
                json.json(name, &String::from_utf8_lossy(bytes));
            }
            // As bits, the greatest first.
            ColumnType::MYSQL_TYPE_BIT => {
                let number = bytes
                    .iter()
                    .fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
                json.json(name, &number.to_string());
            }
            _ if column.character_set() == BINARY
                && !column.flags().contains(ColumnFlags::NUM_FLAG) =>
            {
                json.bytes(name, bytes);
            }
            _ => json.text(name, &String::from_utf8_lossy(bytes)),
        },
    }
}

fn fraction(micros: u32) -> String {
    let text = format!(".{micros:06}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What an error means. Codes are those of the Server Error Message Reference.
fn told(error: &Error) -> SqlError {
    match error {
        Error::Server(said) => match said.code {
            // The database of that name, its rights, its password.
            1044 | 1045 | 1698 => SqlError::Denied(said.message.clone()),
            // A lock that was waited for too long, too many locks, a deadlock: the transaction was rolled back, or is.
            1205 | 1206 | 1213 => SqlError::Undone(said.message.clone()),
            // The server is going down.
            1053 | 1077 | 1152 | 1159 | 1161 => SqlError::Lost(said.message.clone()),
            _ => SqlError::Refused(said.message.clone()),
        },
        Error::Io(_) | Error::Driver(mysql_async::DriverError::ConnectionClosed) => {
            // Each layer says it again.
            let mut cause: &dyn std::error::Error = error;
            while let Some(inner) = cause.source() {
                cause = inner;
            }
            SqlError::Lost(cause.to_string())
        }
        Error::Url(_) | Error::Driver(_) | Error::Other(_) => SqlError::Refused(error.to_string()),
    }
}
