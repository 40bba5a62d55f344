//! Rows go into a database: what is done for each, and what each is told.

use std::sync::Arc;
use std::time::Duration;

use super::parcel::{Parcel, Unit};
use super::sender::BatchSender;
use super::sent::{BatchSent, End, RowOutcome, Sent};
use super::transaction::{Reasons, Uncommitted, Work, transaction};
use crate::columns::{Outcome, Status};
use crate::http::Rehearsed;
use crate::plan::sql::{SqlTargetPlan, SqlWrite};
use crate::retry::{Attempt, Growing, RetryEnd, retry};
use crate::source::sql::{is_no_entrance, login_of, values_of};
use crate::sql::{Database, SqlError, SqlValue, Use};
use crate::sql_text::{Dialect, Statement, upsert};
use crate::template::tree::TemplateTree;
use crate::template::{Frame, TemplateError, Value, text_of};

/// How often a batch is tried that was surely not done.
const ATTEMPTS: u32 = 4;
/// How long is waited before it is tried again.
const WAITS: Growing = Growing {
    first: Duration::from_secs(1),
    longest: Duration::from_secs(4),
};

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
        let mut attempts = 0;
        let tried = retry(self.context.http.stop(), async |attempt| {
            attempts = attempt;
            let wait = (attempt < ATTEMPTS).then(|| WAITS.after(attempt));
            match self.try_once(plan, &works).await {
                Ok(reasons) => Attempt::Done(reasons),
                Err(end) if may_be_tried_again(plan, &end) => Attempt::Again(end, wait),
                Err(end) => Attempt::Failed(end),
            }
        });
        match tried.await.map_err(RetryEnd::into_error) {
            Ok(reasons) => {
                sent.was_answered = true;
                self.tell_works(&unit, &works, &mut sent, attempts, |index| {
                    reasons[index].clone()
                });
            }
            Err(Uncommitted::Unknown(reason)) => {
                let reason = self.redacted(&reason);
                tell_each(&unit, &mut sent, attempts, |index| match &works[index] {
                    Ok(_) => (Status::Unknown, Some(reason.clone())),
                    Err(wrong) => (Status::Failed, Some(wrong.clone())),
                });
            }
            Err(Uncommitted::Nothing(_)) if self.context.http.stop().signal().is_some() => {
                sent.end = Some(End::Stopped);
                sent.leave(&unit);
            }
            Err(Uncommitted::Nothing(error)) => {
                let reason = self.redacted(&error.to_string());
                if is_no_entrance(&error) {
                    sent.unreachable = Some(format!("{}: {reason}", self.plan.label));
                }
                self.tell_works(&unit, &works, &mut sent, attempts, |_| Some(reason.clone()));
            }
        }
        sent
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
                    Ok((Arc::clone(&statement), values.into()))
                });
                Ok(works.collect())
            }
            SqlWrite::Table { table, key } => {
                let table = table.text(&self.base).map_err(of_plan)?;
                let url = plan.database.url.text(&self.base).map_err(of_plan)?;
                let scheme = url.split(':').next().and_then(Dialect::of_scheme);
                // Of any other address the connection says what is wrong.
                let dialect = scheme.unwrap_or(Dialect::Postgres);
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
                        return Ok((Arc::clone(statement), values.into()));
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
                    Ok((statement, values.into()))
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
    async fn try_once(&self, plan: &SqlTargetPlan, works: &[Work]) -> Result<Reasons, Uncommitted> {
        let mut slot = self.database.lock().await;
        let mut database = if let Some(database) = slot.take() {
            database
        } else {
            let login = match login_of(&self.context, &plan.database, &self.base) {
                Ok(login) => login,
                Err(error) => {
                    return Err(Uncommitted::Nothing(SqlError::Address(error.to_string())));
                }
            };
            let opened = Database::open(&login, Use::Write).await;
            let mut database = opened.map_err(Uncommitted::Nothing)?;
            let known = self.is_known_by_key(plan, &mut database).await;
            known.map_err(Uncommitted::Nothing)?;
            database
        };
        let stop = self.context.http.stop();
        // What waits for another's lock is left where it is: without a commit it is undone.
        let tried = transaction(&mut database, works, stop).await;
        let is_good = match &tried {
            Ok(_) => true,
            Err(Uncommitted::Nothing(error)) => matches!(error, SqlError::Undone(_)),
            Err(Uncommitted::Unknown(_)) => false,
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

/// Whether a transaction may come to another end. What is known by a key may be done twice: it is the same row.
fn may_be_tried_again(plan: &SqlTargetPlan, end: &Uncommitted) -> bool {
    match end {
        Uncommitted::Unknown(_) => plan.has_key(),
        Uncommitted::Nothing(error) => match error {
            SqlError::Unreachable(_) | SqlError::Undone(_) | SqlError::Lost(_) => true,
            SqlError::Address(_)
            | SqlError::Denied(_)
            | SqlError::Refused(_)
            | SqlError::Torn(_) => false,
        },
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
