//! Records of a database.

use std::sync::Arc;

use super::{Context, SourceError};
use crate::places::hide_password;
use crate::plan::Plan;
use crate::plan::sql::{DatabaseLogin, DatabasePlan, SqlReadPlan};
use crate::sql::{Database, ReadEnd, SqlError, SqlValue, Use};
use crate::sql_text::Statement;
use crate::template::{Frame, TemplateError, Value};

/// Reads the rows of a query; `give` gets each.
pub async fn read(
    context: &Context,
    label: &str,
    plan: &SqlReadPlan,
    frame: &Arc<Frame>,
    give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let of_template = |error| SourceError::of_template(label, error);
    let redactor = context.http.redactor();
    let login = login_of(context, &plan.database, frame).map_err(of_template)?;
    let shown = redactor.redact(&shown(&login.url));
    let failed = |reason: String| SourceError::Read {
        step: label.to_owned(),
        origin: shown.clone(),
        reason: redactor.redact(&reason),
    };
    let text = plan.query.text.text(frame).map_err(of_template)?;
    let statement = Statement::read(&text).map_err(|error| failed(error.to_string()))?;
    let given = plan.query.values(frame).map_err(of_template)?;
    let values = values_of(&statement, &given).map_err(&failed)?;
    let reading = async {
        let mut database = Database::open(&login, Use::Read).await?;
        database.read(&statement, &values, give).await
    };
    let mut stop = context.http.stop().clone();
    let read = tokio::select! {
        biased;
        () = stop.stopped() => return Err(SourceError::Stopped),
        read = reading => read,
    };
    read.map_err(|end| match end {
        ReadEnd::Taker(error) => error,
        ReadEnd::Sql(error) => failed(error.to_string()),
    })
}

/// The values of a statement's names.
pub fn values_of(
    statement: &Statement,
    given: &[(Arc<str>, Value)],
) -> Result<Vec<SqlValue>, String> {
    let values = statement.names.iter().map(|name| {
        let found = given.iter().find(|(known, _)| known == name);
        let found = found.ok_or_else(|| format!("`:{name}` is not in `params`"))?;
        Ok(SqlValue::of(&found.1))
    });
    values.collect()
}

/// Who asks which database. Its password is hidden, also one that stands in the address.
pub fn login_of(
    context: &Context,
    plan: &DatabasePlan,
    frame: &Arc<Frame>,
) -> Result<DatabaseLogin, TemplateError> {
    let redactor = context.http.redactor();
    let login = plan.login(frame, redactor)?;
    if let Some((_, rest)) = login.url.split_once("://") {
        hide_password(rest, redactor);
    }
    Ok(beside(&context.plan, login))
}

/// A file beside the spec, where it is one.
fn beside(plan: &Plan, login: DatabaseLogin) -> DatabaseLogin {
    let path = login.url.strip_prefix("sqlite:");
    let beside = path.and_then(|path| plan.beside(path));
    match beside.filter(|beside| std::path::Path::new(beside).exists()) {
        Some(beside) => DatabaseLogin {
            url: format!("sqlite:{beside}"),
            ..login
        },
        None => login,
    }
}

/// An address without a login, for people.
fn shown(url: &str) -> String {
    match (url.split_once("://"), url.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://{}", &url[at + 1..]),
        _ => url.to_owned(),
    }
}

/// Whether nobody was reached, or nobody let in.
pub fn is_no_entrance(error: &SqlError) -> bool {
    match error {
        SqlError::Address(_) | SqlError::Unreachable(_) | SqlError::Denied(_) => true,
        SqlError::Refused(_) | SqlError::Undone(_) | SqlError::Torn(_) | SqlError::Lost(_) => false,
    }
}
