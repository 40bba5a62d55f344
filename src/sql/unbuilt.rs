//! Databases, where this program was built without them: the cargo feature `sql`.

#![allow(
    clippy::unused_async,
    reason = "its functions are called as those of databases that are built"
)]

use std::convert::Infallible;
use std::path::Path;

use super::address::ServerAddress;
use super::{ReadEnd, RowWork, SqlError, SqlValue, Transaction, Use};
use crate::sql_text::Statement;
use crate::template::Value;

/// What is said.
fn unbuilt() -> SqlError {
    let reason = "this runner was built without databases: build it with `--features sql`";
    SqlError::Address(reason.to_owned())
}

/// A connection that nobody makes: there is none.
pub struct Connection(Infallible);

impl Connection {
    pub async fn open(_: &ServerAddress) -> Result<Self, SqlError> {
        Err(unbuilt())
    }

    pub async fn open_file(_: &Path, _: Use) -> Result<Self, SqlError> {
        Err(unbuilt())
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
