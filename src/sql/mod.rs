//! Databases: their addresses, rows as records, and rows that are written in transactions.

#![cfg_attr(
    not(feature = "sql"),
    allow(
        clippy::match_same_arms,
        reason = "databases that are left out are one type"
    )
)]

mod address;
#[cfg(feature = "sql")]
mod json_row;
#[cfg(feature = "sql")]
mod mysql;
#[cfg(feature = "sql")]
mod postgres;
#[cfg(feature = "sql")]
mod sqlite;
#[cfg(not(feature = "sql"))]
mod unbuilt;
mod value;

use std::sync::Arc;
use std::time::Duration;

pub use value::SqlValue;

use crate::plan::sql::DatabaseLogin;
use crate::sql_text::Statement;
use crate::template::Value;
use address::{Address, Server};
#[cfg(not(feature = "sql"))]
use unbuilt as mysql;
#[cfg(not(feature = "sql"))]
use unbuilt as postgres;
#[cfg(not(feature = "sql"))]
use unbuilt as sqlite;

/// How long a connection is waited for.
const CONNECT: Duration = Duration::from_secs(30);

/// A connection to a database.
pub enum Database {
    /// `PostgreSQL`.
    Postgres(Box<postgres::Connection>),
    /// `MySQL`, `MariaDB`.
    MySql(Box<mysql::Connection>),
    /// `SQLite`.
    Sqlite(Box<sqlite::Connection>),
}

/// What is done for a row.
pub type RowWork = (Arc<Statement>, Arc<[SqlValue]>);

/// Why a database did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqlError {
    /// The address leads nowhere.
    #[error("{0}")]
    Address(String),
    /// Nobody answers there.
    #[error("the database can't be reached: {0}")]
    Unreachable(String),
    /// It knows us not, or has no such database.
    #[error("the database lets nobody in: {0}")]
    Denied(String),
    /// It refused: what was asked was not done.
    #[error("{0}")]
    Refused(String),
    /// It refused because of what others did at the same time, and undid the whole transaction.
    #[error("{0}")]
    Undone(String),
    /// It refused a row, and with it undid the whole transaction.
    #[error("{0}")]
    Torn(String),
    /// The connection is gone.
    #[error("the connection to the database was lost: {0}")]
    Lost(String),
}

/// Why reading ended before the last row.
#[derive(Debug)]
pub enum ReadEnd<E> {
    /// The database did.
    Sql(SqlError),
    /// Whoever takes the rows did.
    Taker(E),
}

impl<E> From<SqlError> for ReadEnd<E> {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

/// What is done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Rows are read.
    Read,
    /// Rows are written.
    Write,
}

impl Database {
    /// Connects.
    pub async fn open(login: &DatabaseLogin, used: Use) -> Result<Self, SqlError> {
        let address = Address::read(login)?;
        let opening = async {
            Ok(match &address {
                Address::Server(server) => match server.kind {
                    Server::Postgres => {
                        Self::Postgres(Box::new(postgres::Connection::open(server).await?))
                    }
                    Server::MySql => Self::MySql(Box::new(mysql::Connection::open(server).await?)),
                },
                Address::File(path) => {
                    Self::Sqlite(Box::new(sqlite::Connection::open_file(path, used).await?))
                }
            })
        };
        match tokio::time::timeout(CONNECT, opening).await {
            Ok(Err(SqlError::Refused(reason))) => Err(SqlError::Denied(reason)),
            Ok(opened) => opened,
            Err(_) => Err(SqlError::Unreachable(format!(
                "no answer within {} s",
                CONNECT.as_secs()
            ))),
        }
    }

    /// Whether a statement that is refused undoes the transaction that it is part of.
    pub fn is_undone_by_refusals(&self) -> bool {
        match self {
            Self::Postgres(_) => true,
            Self::MySql(_) | Self::Sqlite(_) => false,
        }
    }

    /// Whether a row of a table is known by these columns, as far as that is to be asked before: others refuse
    /// what is none.
    pub async fn is_key(&mut self, table: &str, key: &[String]) -> Result<bool, SqlError> {
        match self {
            Self::Postgres(_) | Self::Sqlite(_) => Ok(true),
            Self::MySql(database) => database.is_key(table, key).await,
        }
    }

    /// Whether what was not committed surely was not done: `MySQL` has tables without transactions.
    pub fn forgets(&self) -> bool {
        match self {
            Self::Postgres(_) | Self::Sqlite(_) => true,
            Self::MySql(_) => false,
        }
    }

    /// Gives each row of a query on, as a record.
    pub async fn read<E>(
        &mut self,
        statement: &Statement,
        values: &[SqlValue],
        each: &mut impl AsyncFnMut(Value) -> Result<(), E>,
    ) -> Result<(), ReadEnd<E>> {
        match self {
            Self::Postgres(database) => database.read(statement, values, each).await,
            Self::MySql(database) => database.read(statement, values, each).await,
            Self::Sqlite(database) => database.read(statement, values, each).await,
        }
    }

    /// Does what is to be done for rows, in order, within a transaction that was begun. Of each row it gives
    /// why it was refused, where it was.
    pub async fn write(&mut self, rows: &[RowWork]) -> Result<Vec<Option<String>>, SqlError> {
        match self {
            Self::Postgres(database) => database.write(rows).await,
            Self::MySql(database) => database.write(rows).await,
            Self::Sqlite(database) => database.write(rows).await,
        }
    }

    /// Begins or ends a transaction, or a part of one.
    pub async fn transaction(&mut self, step: Transaction) -> Result<(), SqlError> {
        match self {
            Self::Postgres(database) => database.transaction(step).await,
            Self::MySql(database) => database.transaction(step).await,
            Self::Sqlite(database) => database.transaction(step).await,
        }
    }
}

/// What becomes of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transaction {
    /// It begins.
    Begin,
    /// What comes next may be undone alone.
    Mark,
    /// What came since the mark is undone.
    BackToMark,
    /// All of it is undone.
    Rollback,
    /// All of it is done.
    Commit,
}

impl Transaction {
    /// As SQL.
    #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "nobody connects"))]
    fn sql(self) -> &'static str {
        match self {
            Self::Begin => "BEGIN",
            Self::Mark => "SAVEPOINT a_row",
            Self::BackToMark => "ROLLBACK TO SAVEPOINT a_row",
            Self::Rollback => "ROLLBACK",
            Self::Commit => "COMMIT",
        }
    }
}
