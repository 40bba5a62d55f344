//! `SQLite`: a file, read and written on a thread of its own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use rusqlite::{ErrorCode, OpenFlags, ToSql, params_from_iter};
use tokio::sync::mpsc;

use super::json_row::{JsonRow, distinct};
use super::value::instant;
use super::{ReadEnd, RowWork, SqlError, SqlValue, Transaction, Use};
use crate::sql_text::{Dialect, Statement};
use crate::template::Value;
use crate::work_thread::{BrokeOff, WorkThread};

/// How long another's transaction is waited for.
const BUSY: Duration = Duration::from_secs(30);
/// Rows that wait to be taken.
const UNDER_WAY: usize = 256;

/// A connection.
pub struct Connection {
    database: Arc<Mutex<rusqlite::Connection>>,
    thread: WorkThread,
}

impl ToSql for SqlValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Owned::Null),
            Self::Bool(flag) => ToSqlOutput::Owned(Owned::Integer(i64::from(*flag))),
            Self::Int(number) => ToSqlOutput::Owned(Owned::Integer(*number)),
            Self::Number(text) => match text.parse() {
                Ok(number) if keeps_digits(text) => ToSqlOutput::Owned(Owned::Real(number)),
                Ok(_) | Err(_) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            },
            Self::Instant(at) => ToSqlOutput::Owned(Owned::Text(instant(*at))),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// Whether a number of 64 bits has all digits of a text.
fn keeps_digits(text: &str) -> bool {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = mantissa.bytes().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').count() <= 15
}

impl Connection {
    pub async fn open_file(path: &Path, used: Use) -> Result<Self, SqlError> {
        let path = path.to_owned();
        if !path.exists() {
            let reason = format!("there is no file {}", path.display());
            return Err(SqlError::Unreachable(reason));
        }
        let thread = WorkThread::start();
        let open = move || {
            let how = match used {
                Use::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
                Use::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
            };
            let database = rusqlite::Connection::open_with_flags(path, how)?;
            database.busy_timeout(BUSY)?;
            // What is no database is told here, and not by the first query.
            database.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
            Ok(database)
        };
        let opened = thread.run(open).await.map_err(bug)?;
        let database =
            opened.map_err(|error: rusqlite::Error| SqlError::Unreachable(error.to_string()))?;
        Ok(Self {
            database: Arc::new(Mutex::new(database)),
            thread,
        })
    }

    pub async fn read<E>(
        &mut self,
        statement: &Statement,
        values: &[SqlValue],
        each: &mut impl AsyncFnMut(Value) -> Result<(), E>,
    ) -> Result<(), ReadEnd<E>> {
        let (text, _) = statement.written(Dialect::Sqlite);
        let values = values.to_vec();
        let database = Arc::clone(&self.database);
        let (to, mut rows) = mpsc::channel(UNDER_WAY);
        let reading = self.thread.run(move || {
            let database = database.lock().unwrap_or_else(PoisonError::into_inner);
            let mut query = database.prepare(&text).map_err(|error| told(&error))?;
            distinct(query.column_names())?;
            let names: Vec<String> = query.column_names().map(str::to_owned).collect();
            let mut found = query
                .query(params_from_iter(values))
                .map_err(|error| told(&error))?;
            while let Some(row) = found.next().map_err(|error| told(&error))? {
                let mut json = JsonRow::default();
                for (index, name) in names.iter().enumerate() {
                    let cell = row.get_ref(index).map_err(|error| told(&error))?;
                    write_cell(name, cell, &mut json);
                }
                if to.blocking_send(json.record()?).is_err() {
                    // Nobody wants more.
                    break;
                }
            }
            Ok(())
        });
        let taking = async {
            let mut taken = Ok(());
            while let Some(row) = rows.recv().await {
                taken = each(row).await;
                if taken.is_err() {
                    break;
                }
            }
            drop(rows);
            taken
        };
        let (read, taken) = tokio::join!(reading, taking);
        taken.map_err(ReadEnd::Taker)?;
        let read: Result<(), SqlError> = read.map_err(bug)?;
        read.map_err(ReadEnd::Sql)
    }

    pub async fn write(&mut self, rows: &[RowWork]) -> Result<Vec<Option<String>>, SqlError> {
        let database = Arc::clone(&self.database);
        let rows = rows.to_vec();
        let done = self.thread.run(move || {
            let database = database.lock().unwrap_or_else(PoisonError::into_inner);
            let mut last = None;
            let mut reasons = Vec::with_capacity(rows.len());
            for (statement, values) in rows {
                match write_row(&database, &mut last, statement, &values) {
                    Ok(()) => reasons.push(None),
                    // A trigger, or a constraint, may roll all of it back.
                    Err(SqlError::Refused(reason)) if database.is_autocommit() => {
                        return Err(SqlError::Torn(reason));
                    }
                    Err(SqlError::Refused(reason)) => reasons.push(Some(reason)),
                    Err(error) => return Err(error),
                }
            }
            Ok(reasons)
        });
        done.await.map_err(bug)?
    }

    pub async fn transaction(&mut self, step: Transaction) -> Result<(), SqlError> {
        let database = Arc::clone(&self.database);
        let done = self.thread.run(move || {
            let database = database.lock().unwrap_or_else(PoisonError::into_inner);
            database.execute_batch(step.sql())
        });
        done.await.map_err(bug)?.map_err(|error| told(&error))
    }
}

/// Does what is to be done for a row; mostly that is what was done for the one before it.
fn write_row<'d>(
    database: &'d rusqlite::Connection,
    last: &mut Option<(Arc<Statement>, rusqlite::Statement<'d>)>,
    statement: Arc<Statement>,
    values: &[SqlValue],
) -> Result<(), SqlError> {
    let known = last
        .take()
        .filter(|(known, _)| Arc::ptr_eq(known, &statement));
    let mut ready = if let Some((_, ready)) = known {
        ready
    } else {
        let (text, _) = statement.written(Dialect::Sqlite);
        database.prepare(&text).map_err(|error| told(&error))?
    };
    {
        let mut rows = ready
            .query(params_from_iter(values))
            .map_err(|error| told(&error))?;
        // One that returns rows is done once they are read.
        while rows.next().map_err(|error| told(&error))?.is_some() {}
    }
    *last = Some((statement, ready));
    Ok(())
}

fn bug(_: BrokeOff) -> SqlError {
    SqlError::Lost("a bug in runner: the database's thread broke off; please report it".to_owned())
}

fn write_cell(name: &str, cell: ValueRef<'_>, json: &mut JsonRow) {
    match cell {
        ValueRef::Null => json.null(name),
        ValueRef::Integer(number) => json.json(name, &number.to_string()),
        ValueRef::Real(number) => json.double(name, number, number),
        ValueRef::Text(text) => json.text(name, &String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => json.bytes(name, bytes),
    }
}

fn told(error: &rusqlite::Error) -> SqlError {
    let message = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SqlError::Undone(message),
        Some(ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt) => {
            SqlError::Lost(message)
        }
        _ => SqlError::Refused(message),
    }
}
