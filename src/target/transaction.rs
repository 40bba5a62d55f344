//! A transaction with the rows of a batch: begun, written, committed, and what is known of each row where that breaks
//! off.

use std::time::Duration;

use crate::sql::{Database, RowWork, SqlError, Transaction};
use crate::stop::Stop;

/// How long the database is waited for; a transaction of it may be longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is done for a row, or why nothing can be.
pub type Work = Result<RowWork, String>;

/// Of each row of a transaction that was committed why it was not done, where it was not.
pub type Reasons = Vec<Option<String>>;

/// Why a transaction was not committed, as far as is known.
pub enum Uncommitted {
    /// Nothing was done.
    Nothing(SqlError),
    /// Nobody knows.
    Unknown(String),
}

/// Does what the database is asked; one that is silent too long is lost.
async fn patiently<T>(asked: impl Future<Output = Result<T, SqlError>>) -> Result<T, SqlError> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(done) => done,
        Err(_) => Err(SqlError::Lost(format!(
            "no answer within {} s",
            PATIENCE.as_secs()
        ))),
    }
}

/// A transaction with all rows; those that are refused are undone alone. A signal ends it before its commit: what
/// waits for another's lock is left, and undone with its connection.
pub async fn transaction(
    database: &mut Database,
    works: &[Work],
    stop: &Stop,
) -> Result<Reasons, Uncommitted> {
    if let Err(error) = patiently(database.transaction(Transaction::Begin)).await {
        return Err(Uncommitted::Nothing(error));
    }
    let written = {
        let mut stop = stop.clone();
        tokio::select! {
            biased;
            () = stop.stopped() => Err(SqlError::Lost("the run was stopped".to_owned())),
            written = write_all(database, works) => written,
        }
    };
    match written {
        Ok(reasons) => committed(database, works, reasons, stop).await,
        Err(SqlError::Torn(reason)) => {
            // There is no transaction any more, or it is no use.
            let _ = patiently(database.transaction(Transaction::Rollback)).await;
            torn(database, works, reason, stop).await
        }
        Err(error @ SqlError::Lost(_)) if !database.forgets() => {
            Err(Uncommitted::Unknown(format!(
                "the rows may be in the database or not, as it has tables without transactions: {error}"
            )))
        }
        Err(error) => {
            // What is lost has no transaction any more.
            if !matches!(error, SqlError::Lost(_)) {
                let _ = patiently(database.transaction(Transaction::Rollback)).await;
            }
            Err(Uncommitted::Nothing(error))
        }
    }
}

/// The end of a transaction.
async fn committed(
    database: &mut Database,
    works: &[Work],
    reasons: Reasons,
    stop: &Stop,
) -> Result<Reasons, Uncommitted> {
    let error = match patiently(database.transaction(Transaction::Commit)).await {
        Ok(()) => return Ok(reasons),
        Err(error @ SqlError::Lost(_)) => {
            return Err(Uncommitted::Unknown(format!(
                "the rows may be in the database or not: {error}, while they were committed"
            )));
        }
        Err(error) => error,
    };
    // It said no. Some undo it by that, others wait for it to be undone.
    let _ = patiently(database.transaction(Transaction::Rollback)).await;
    match error {
        // Which row is at fault, each alone shows.
        SqlError::Refused(reason) | SqlError::Torn(reason) => {
            torn(database, works, reason, stop).await
        }
        error => Err(Uncommitted::Nothing(error)),
    }
}

/// All was undone because of a row: each goes alone, which shows which it is.
async fn torn(
    database: &mut Database,
    works: &[Work],
    reason: String,
    stop: &Stop,
) -> Result<Reasons, Uncommitted> {
    if works.len() == 1 {
        return Ok(vec![Some(reason)]);
    }
    each_alone(database, works, stop).await
}

/// Writes all rows of a transaction that was begun; of each why it was refused.
async fn write_all(database: &mut Database, works: &[Work]) -> Result<Reasons, SqlError> {
    // Mostly none is refused, and marks take as long as rows.
    if let Some(reasons) = with_marks(database, works, false).await? {
        return Ok(reasons);
    }
    database.transaction(Transaction::Begin).await?;
    let reasons = with_marks(database, works, true).await?;
    Ok(reasons.unwrap_or_default())
}

/// Writes all rows. Nothing where one was refused, and with it all: then marks are needed.
async fn with_marks(
    database: &mut Database,
    works: &[Work],
    has_marks: bool,
) -> Result<Option<Reasons>, SqlError> {
    let rows: Vec<RowWork> = works.iter().flatten().cloned().collect();
    let needs_marks = database.is_undone_by_refusals();
    let mut told = Vec::with_capacity(rows.len());
    if needs_marks && has_marks {
        for row in &rows {
            patiently(database.transaction(Transaction::Mark)).await?;
            let reasons = patiently(database.write(std::slice::from_ref(row))).await?;
            let reason = reasons.into_iter().next().flatten();
            if reason.is_some() {
                patiently(database.transaction(Transaction::BackToMark)).await?;
            }
            told.push(reason);
        }
    } else {
        told = patiently(database.write(&rows)).await?;
        if needs_marks && told.iter().any(Option::is_some) {
            patiently(database.transaction(Transaction::Rollback)).await?;
            return Ok(None);
        }
    }
    let mut told = told.into_iter();
    // Of rows for which nothing can be done that is told elsewhere.
    let reasons = works
        .iter()
        .map(|work| work.as_ref().ok().and_then(|_| told.next().flatten()));
    Ok(Some(reasons.collect()))
}

/// A transaction for each row.
async fn each_alone(
    database: &mut Database,
    works: &[Work],
    stop: &Stop,
) -> Result<Reasons, Uncommitted> {
    let mut reasons = Vec::new();
    for work in works {
        let alone = std::slice::from_ref(work);
        match Box::pin(transaction(database, alone, stop)).await {
            Ok(reason) => reasons.extend(reason),
            Err(Uncommitted::Nothing(error)) => reasons.push(Some(error.to_string())),
            // What came before is done: told as one fate, it can't be told apart.
            Err(unknown @ Uncommitted::Unknown(_)) => return Err(unknown),
        }
    }
    Ok(reasons)
}
