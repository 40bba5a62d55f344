//! Databases, where this program was built without them: the cargo feature `sql`.

#![allow(
    clippy::unused_async,
    reason = "its functions are called as those of databases that are built"
)]

use std::convert::Infallible;

use super::{Address, ReadEnd, RowWork, SqlError, SqlValue, Transaction, Use};
use crate::sql_text::Statement;
use crate::template::Value;

/// A connection that nobody makes: there is none.
pub struct Connection(Infallible);

impl Connection {
    pub async fn open(_: &Address, _: Use) -> Result<Self, SqlError> {
        Err(SqlError::Address(
            "this runner was built without databases: build it with `--features sql`".to_owned(),
        ))
    }

    pub async fn read<E>(
        &mut self,
        _: &Statement,
        _: &[SqlValue],
        _: &mut impl AsyncFnMut(Value) -> Result<(), E>,
    ) -> Result<(), ReadEnd<E>> {
        match self.0 {}
    }

    pub async fn write(&mut self, _: &[RowWork]) -> Result<Vec<Option<String>>, SqlError> {
        match self.0 {}
    }

    pub async fn is_key(&mut self, _: &str, _: &[String]) -> Result<bool, SqlError> {
        match self.0 {}
    }

    pub async fn transaction(&mut self, _: Transaction) -> Result<(), SqlError> {
        match self.0 {}
    }
}
