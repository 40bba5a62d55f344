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
                        SqlError::Address(_) | SqlError::Denied(_) | SqlError::Refused(_) => false,
                    };
                    let wait = Duration::from_millis(500) * 2_u32.pow(attempt);
                    let is_again = may_pass && attempt < ATTEMPTS;
                    if is_again && self.context.http.stop().sleep(wait).await {
                        attempt += 1;
                        continue;
                    }
                    let reason = self.redacted(&error.to_string());
                    if is_no_entrance(&error) {
                        sent.unreachable = Some(format!("{}: {reason}", self.plan.label));
                    }
                    if self.context.http.stop().signal().is_some() {
                        sent.end = Some(End::Stopped);
                    }
                    self.tell_works(&unit, &works, &mut sent, attempt, |_| Some(reason.clone()));
                    return sent;
                }
            }
        }
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
            match Database::open(&login, Use::Write).await {
                Ok(database) => database,
                Err(error) => return Tried::Nothing(error),
            }
        };
        let tried = transaction(&mut database, works).await;
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

/// A transaction with all rows; those that are refused are undone alone.
async fn transaction(database: &mut Database, works: &[Work]) -> Tried {
    // Mostly none is refused, and marks take as long as rows.
    let mut has_marks = !database.is_undone_by_refusals();
    loop {
        match with_marks(database, works, has_marks).await {
            Ok(Some(reasons)) => {
                return match patiently(database.transaction(Transaction::Commit)).await {
                    Ok(()) => Tried::Done(reasons),
                    // It said no, and undid it: which row is at fault, each alone shows.
                    Err(SqlError::Refused(_)) if works.len() > 1 => {
                        each_alone(database, works).await
                    }
                    Err(SqlError::Refused(reason)) => Tried::Done(vec![Some(reason)]),
                    Err(error @ SqlError::Undone(_)) => Tried::Nothing(error),
                    Err(error) => Tried::Unknown(format!(
                        "the rows may be in the database or not: {error}, while they were committed"
                    )),
                };
            }
            Ok(None) => has_marks = true,
            Err(error @ SqlError::Lost(_)) if !database.forgets() => {
                return Tried::Unknown(format!(
                    "the rows may be in the database or not, as it has tables without transactions: {error}"
                ));
            }
            Err(error) => {
                // What is lost has no transaction any more.
                let _ = patiently(database.transaction(Transaction::Rollback)).await;
                return Tried::Nothing(error);
            }
        }
    }
}

/// Writes all rows. Nothing where one was refused, and with it all: then marks are needed.
async fn with_marks(
    database: &mut Database,
    works: &[Work],
    has_marks: bool,
) -> Result<Option<Vec<Option<String>>>, SqlError> {
    patiently(database.transaction(Transaction::Begin)).await?;
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
async fn each_alone(database: &mut Database, works: &[Work]) -> Tried {
    let mut reasons = Vec::new();
    for work in works {
        let alone = std::slice::from_ref(work);
        match Box::pin(transaction(database, alone)).await {
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
        };
        (name.to_string(), value)
    });
    serde_json::Value::Object(cells.collect()).to_string()
}
