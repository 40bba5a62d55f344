//! Rows go into a database: a batch in a transaction of its own, and each row's fate is told.

use std::sync::Arc;
use std::time::Duration;

use super::parcel::{Parcel, Unit};
use super::sender::BatchSender;
use super::sent::{BatchSent, End, RowOutcome, Sent};
use crate::columns::{Outcome, Status};
use crate::http::Rehearsed;
use crate::plan::sql::{SqlTargetPlan, SqlWrite};
use crate::source::sql::{is_no_entrance, login_of, values_of};
use crate::sql::{Database, RowWork, SqlError, SqlValue, Transaction, Use};
use crate::sql_text::{Dialect, Statement, upsert};
use crate::stop::Stop;
use crate::template::tree::TemplateTree;
use crate::template::{Frame, TemplateError, Value, text_of};

/// How often a batch is tried that was surely not done.
const ATTEMPTS: u32 = 4;
/// How long the database is waited for; a transaction of it may be longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is done for a row, or why nothing can be.
type Work = Result<RowWork, String>;

/// What a transaction came to.
enum Tried {
    /// It was committed; of each row why it was not done, where it was not.
    Done(Vec<Option<String>>),
    /// Nothing was done.
    Nothing(SqlError),
    /// Nobody knows.
    Unknown(String),
}

impl BatchSender {
    /// Writes rows until the fate of each is known.
    pub(super) async fn send_sql(&self, plan: &SqlTargetPlan, unit: Unit) -> Sent {
        let mut sent = Sent::default();
        let works: Vec<Work> = match self.works(plan, &unit) {
            Ok(works) => works,
            Err(reason) => {
                tell_each(&unit, &mut sent, 0, |_| {
                    (Status::Failed, Some(reason.clone()))
                });
                return sent;
            }
        };
        if self.context.http.stop().signal().is_some() {
            sent.end = Some(End::Stopped);
            sent.leave(&unit);
            return sent;
        }
        self.announce(&unit).await;
        if let Some(rehearsal) = self.context.http.rehearsal() {
            for (statement, values) in works.iter().flatten() {
                rehearsal.add(Rehearsed {
                    request: format!("SQL {}", statement.shown()),
                    body: Some(shown(statement, values)),
                    ..Rehearsed::default()
                });
            }
            self.tell_works(&unit, &works, &mut sent, 0, |_| None);
            return sent;
        }
        if let Some(number) = unit.number {
            let places = unit.parcels.iter().map(|parcel| parcel.place).collect();
            sent.batches.push(BatchSent { number, places });
        }
        let mut attempt = 1;
        loop {
            let tried = self.try_once(plan, &works).await;
            match tried {
                Tried::Done(reasons) => {
                    sent.was_answered = true;
                    self.tell_works(&unit, &works, &mut sent, attempt, |index| {
                        reasons[index].clone()
                    });
                    return sent;
                }
                // What is known by a key may be done twice: it is the same row.
                Tried::Unknown(_)
                    if plan.has_key() && attempt < ATTEMPTS && self.rests(attempt).await =>
                {
                    attempt += 1;
                }
                Tried::Unknown(reason) => {
                    let reason = self.redacted(&reason);
                    tell_each(&unit, &mut sent, attempt, |index| match &works[index] {
                        Ok(_) => (Status::Unknown, Some(reason.clone())),
                        Err(wrong) => (Status::Failed, Some(wrong.clone())),
                    });
                    return sent;
                }
                Tried::Nothing(error) => {
                    let may_pass = match &error {
                        SqlError::Unreachable(_) | SqlError::Undone(_) | SqlError::Lost(_) => true,
                        SqlError::Address(_)
                        | SqlError::Denied(_)
                        | SqlError::Refused(_)
                        | SqlError::Torn(_) => false,
                    };
                    if may_pass && attempt < ATTEMPTS && self.rests(attempt).await {
                        attempt += 1;
                        continue;
                    }
                    if self.context.http.stop().signal().is_some() {
                        sent.end = Some(End::Stopped);
                        sent.leave(&unit);
                        return sent;
                    }
                    let reason = self.redacted(&error.to_string());
                    if is_no_entrance(&error) {
                        sent.unreachable = Some(format!("{}: {reason}", self.plan.label));
                    }
                    self.tell_works(&unit, &works, &mut sent, attempt, |_| Some(reason.clone()));
                    return sent;
                }
            }
        }
    }

    /// Waits before the next try; whether there is one.
    async fn rests(&self, attempt: u32) -> bool {
        let wait = Duration::from_millis(500) * 2_u32.pow(attempt);
        self.context.http.stop().sleep(wait).await
    }

    fn redacted(&self, text: &str) -> String {
        self.context.http.redactor().redact(text)
    }

    /// What is done for each row; an error is what is wrong with all of them.
    fn works(&self, plan: &SqlTargetPlan, unit: &Unit) -> Result<Vec<Work>, String> {
        let of_plan = |error: TemplateError| error.to_string();
        let rows = unit.parcels.iter();
        match &plan.write {
            SqlWrite::Query(query) => {
                let text = query.text.text(&self.base).map_err(of_plan)?;
                let statement = Statement::read(&text).map_err(|error| error.to_string())?;
                let statement = Arc::new(statement);
                let works = rows.map(|parcel| {
                    let frame = self.frame_of_row(parcel);
                    let given = query.values(&frame).map_err(|error| error.to_string())?;
                    let values = values_of(&statement, &given)?;
                    Ok((Arc::clone(&statement), values))
                });
                Ok(works.collect())
            }
            SqlWrite::Table { table, key } => {
                let table = table.text(&self.base).map_err(of_plan)?;
                let url = plan.database.url.text(&self.base).map_err(of_plan)?;
                let dialect = Dialect::of_url(&url);
                let mut last: Option<(Vec<String>, Arc<Statement>)> = None;
                let works = rows.map(|parcel| {
                    let (columns, values) = self.cells(parcel);
                    let nothing = key.iter().find(|name| {
                        let at = columns.iter().position(|column| column == *name);
                        at.is_some_and(|at| matches!(&values[at], SqlValue::Null))
                    });
                    if let Some(name) = nothing {
                        return Err(format!(
                            "a row is known by `{name}`, and here that is nothing"
                        ));
                    }
                    if let Some((_, statement)) = last.as_ref().filter(|last| last.0 == columns) {
                        return Ok((Arc::clone(statement), values));
                    }
                    if let Some(missing) = key.iter().find(|name| !columns.contains(name)) {
                        return Err(format!(
                            "a row is known by `{missing}`, and this one has no such column"
                        ));
                    }
                    if columns.is_empty() {
                        return Err("the row has no column".to_owned());
                    }
                    let statement = Arc::new(upsert(&table, &columns, key, dialect));
                    last = Some((columns, Arc::clone(&statement)));
                    Ok((statement, values))
                });
                Ok(works.collect())
            }
        }
    }

    fn frame_of_row(&self, parcel: &Parcel) -> Arc<Frame> {
        let frame = Frame::on(&parcel.frame);
        Arc::new(match self.plan.item {
            Some(_) => frame.with("item", parcel.item.clone()),
            None => frame,
        })
    }

    /// The columns of a row and their values: those that `item` names, whether they hold something or not, else
    /// the cells of the row.
    fn cells(&self, parcel: &Parcel) -> (Vec<String>, Vec<SqlValue>) {
        let item = self.plan.item.as_ref();
        let named = item.and_then(|item| match &item.tree {
            TemplateTree::Map(entries) => {
                let names = entries.iter().map(|(name, _)| name.to_string());
                Some(names.collect::<Vec<String>>())
            }
            TemplateTree::Null | TemplateTree::Leaf(_) | TemplateTree::List(_) => None,
        });
        let map = match item {
            Some(_) => parcel.item.clone(),
            None => parcel.frame.get("row").unwrap_or_default(),
        };
        let names = named.unwrap_or_else(|| {
            let names = map.try_iter().into_iter().flatten();
            names.map(|name| text_of(&name).into_owned()).collect()
        });
        let values = names.iter().map(|name| {
            let value = map.get_item(&Value::from(name.as_str()));
            SqlValue::of(&value.unwrap_or_default())
        });
        let values = values.collect();
        (names, values)
    }

    /// One transaction with all rows. A connection that is in doubt is not used again.
    async fn try_once(&self, plan: &SqlTargetPlan, works: &[Work]) -> Tried {
        let mut slot = self.database.lock().await;
        let mut database = if let Some(database) = slot.take() {
            database
        } else {
            let login = match login_of(&self.context, &plan.database, &self.base) {
                Ok(login) => login,
                Err(error) => return Tried::Nothing(SqlError::Address(error.to_string())),
            };
            let mut database = match Database::open(&login, Use::Write).await {
                Ok(database) => database,
                Err(error) => return Tried::Nothing(error),
            };
            match self.is_known_by_key(plan, &mut database).await {
                Ok(()) => database,
                Err(error) => return Tried::Nothing(error),
            }
        };
        let stop = self.context.http.stop();
        // What waits for another's lock is left where it is: without a commit it is undone.
        let tried = transaction(&mut database, works, stop).await;
        let is_good = match &tried {
            Tried::Done(_) => true,
            Tried::Nothing(error) => matches!(error, SqlError::Undone(_)),
            Tried::Unknown(_) => false,
        };
        if is_good {
            *slot = Some(database);
        }
        tried
    }

    /// Whether the key is one by which the database knows rows.
    async fn is_known_by_key(
        &self,
        plan: &SqlTargetPlan,
        database: &mut Database,
    ) -> Result<(), SqlError> {
        let SqlWrite::Table { table, key } = &plan.write else {
            return Ok(());
        };
        let table = table.text(&self.base);
        let table = table.map_err(|error| SqlError::Address(error.to_string()))?;
        if key.is_empty() || database.is_key(&table, key).await? {
            return Ok(());
        }
        Err(SqlError::Refused(format!(
            "table {table} has no unique key on {}: rows that are there would be added once more",
            key.join(", ")
        )))
    }

    /// Tells rows by what was done for them: of each why it was not.
    fn tell_works(
        &self,
        unit: &Unit,
        works: &[Work],
        sent: &mut Sent,
        attempts: u32,
        why: impl Fn(usize) -> Option<String>,
    ) {
        tell_each(unit, sent, attempts, |index| {
            let reason = match &works[index] {
                Ok(_) => why(index).map(|reason| self.redacted(&reason)),
                Err(wrong) => Some(wrong.clone()),
            };
            match reason {
                None => (Status::Ok, None),
                Some(reason) => (Status::Failed, Some(reason)),
            }
        });
    }
}

/// Tells each row's fate.
fn tell_each(
    unit: &Unit,
    sent: &mut Sent,
    attempts: u32,
    fate: impl Fn(usize) -> (Status, Option<String>),
) {
    for (index, parcel) in unit.parcels.iter().enumerate() {
        let (status, message) = fate(index);
        sent.told.push(RowOutcome {
            place: parcel.place,
            outcome: Outcome {
                status,
                message,
                code: None,
                attempts,
            },
            answers: None,
        });
    }
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
async fn transaction(database: &mut Database, works: &[Work], stop: &Stop) -> Tried {
    if let Err(error) = patiently(database.transaction(Transaction::Begin)).await {
        return Tried::Nothing(error);
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
        Err(error @ SqlError::Lost(_)) if !database.forgets() => Tried::Unknown(format!(
            "the rows may be in the database or not, as it has tables without transactions: {error}"
        )),
        Err(error) => {
            // What is lost has no transaction any more.
            if !matches!(error, SqlError::Lost(_)) {
                let _ = patiently(database.transaction(Transaction::Rollback)).await;
            }
            Tried::Nothing(error)
        }
    }
}

/// The end of a transaction.
async fn committed(
    database: &mut Database,
    works: &[Work],
    reasons: Vec<Option<String>>,
    stop: &Stop,
) -> Tried {
    let error = match patiently(database.transaction(Transaction::Commit)).await {
        Ok(()) => return Tried::Done(reasons),
        Err(error @ SqlError::Lost(_)) => {
            return Tried::Unknown(format!(
                "the rows may be in the database or not: {error}, while they were committed"
            ));
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
        error => Tried::Nothing(error),
    }
}

/// All was undone because of a row: each goes alone, which shows which it is.
async fn torn(database: &mut Database, works: &[Work], reason: String, stop: &Stop) -> Tried {
    if works.len() == 1 {
        return Tried::Done(vec![Some(reason)]);
    }
    each_alone(database, works, stop).await
}

/// Writes all rows of a transaction that was begun; of each why it was refused.
async fn write_all(
    database: &mut Database,
    works: &[Work],
) -> Result<Vec<Option<String>>, SqlError> {
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
) -> Result<Option<Vec<Option<String>>>, SqlError> {
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
async fn each_alone(database: &mut Database, works: &[Work], stop: &Stop) -> Tried {
    let mut reasons = Vec::new();
    for work in works {
        let alone = std::slice::from_ref(work);
        match Box::pin(transaction(database, alone, stop)).await {
            Tried::Done(reason) => reasons.extend(reason),
            Tried::Nothing(error) => reasons.push(Some(error.to_string())),
            // What came before is done: told as one fate, it can't be told apart.
            Tried::Unknown(reason) => return Tried::Unknown(reason),
        }
    }
    Tried::Done(reasons)
}

/// The values of a statement, for people.
fn shown(statement: &Statement, values: &[SqlValue]) -> String {
    let cells = statement.names.iter().zip(values).map(|(name, value)| {
        let value = match value {
            SqlValue::Null => serde_json::Value::Null,
            SqlValue::Bool(flag) => (*flag).into(),
            SqlValue::Int(number) => (*number).into(),
            SqlValue::Number(text) | SqlValue::Text(text) => text.as_str().into(),
            SqlValue::Instant(at) => at.to_string().into(),
        };
        (name.to_string(), value)
    });
    serde_json::Value::Object(cells.collect()).to_string()
}
