//! A file that is whole is delivered.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::rows::WholeFile;
use super::transport;
use crate::formats::WrittenFormat;
use crate::http::{DeliveryEnd, Elsewhere, GivenBody, Payload};
use crate::places::{Login, Place, PlaceError};
use crate::plan::file_name::FileName;
use crate::plan::file_target::{FilePlace, FileTargetPlan};
use crate::plan::request::RequestPlan;
use crate::source::Context;
use crate::spec::LogLevel;
use crate::template::Frame;

/// How long a file that is on its way is waited for, once the run is stopped: a name that is given to it
/// meanwhile is known then.
const GRACE: Duration = Duration::from_secs(2);

/// What became of a file.
#[derive(Debug)]
pub enum Delivered {
    /// It is there.
    Done,
    /// It surely is not: why.
    Failed(String),
    /// It may be there or not: why.
    Unknown(String),
    /// The run was stopped before.
    Stopped,
}

impl From<PlaceError> for Delivered {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Failed { reason, .. } => Self::Failed(reason),
            PlaceError::Unknown(reason) => Self::Unknown(reason),
            PlaceError::Stopped => Self::Stopped,
        }
    }
}

/// Delivers a file to where the spec says. What is said is without secrets.
pub async fn deliver(
    context: &Context,
    shared: &Path,
    plan: &FileTargetPlan,
    base: &Arc<Frame>,
    name: &FileName,
    file: &WholeFile,
) -> Delivered {
    let redactor = context.http.redactor();
    let delivered = match &plan.place {
        FilePlace::Transport(_) => {
            transport::deliver(&context.api, shared, name, file.local.path()).await
        }
        FilePlace::Url(_, request) => to_url(context, plan, request, base, name, file).await,
    };
    let shown = redactor.redact(&name.whole);
    let told = |reason: String| format!("{shown}: {}", redactor.redact(&reason));
    match delivered {
        Delivered::Failed(reason) => Delivered::Failed(told(reason)),
        Delivered::Unknown(reason) => Delivered::Unknown(told(reason)),
        other => other,
    }
}

async fn to_url(
    context: &Context,
    plan: &FileTargetPlan,
    request: &RequestPlan,
    base: &Arc<Frame>,
    name: &FileName,
    file: &WholeFile,
) -> Delivered {
    let login = match Login::of(&plan.login, base, context.http.redactor()) {
        Ok(login) => login,
        Err(error) => return Delivered::Failed(format!("login: {error}")),
    };
    let place = Place::of(&context.http, base, request, &name.whole, login);
    let (place, path) = match place {
        Ok(found) => found,
        Err(error) => return Delivered::Failed(error.to_string()),
    };
    if place.is_http() {
        let kind = kind_of(plan.format.as_deref(), name);
        return by_http(context, request, base, name, file, kind).await;
    }
    let mut stop = context.api.stop().clone();
    let delivered = tokio::select! {
        biased;
        put = place.put(file.local.path(), &path) => match put {
            Ok(()) => Delivered::Done,
            Err(error) => error.into(),
        },
        () = async { stop.stopped().await; tokio::time::sleep(GRACE).await } => {
            Delivered::Unknown("the run was stopped while the file was on its way".to_owned())
        }
    };
    if let Some(doubt) = place.doubt().filter(|doubt| context.said.is_new(doubt)) {
        context.api.log(LogLevel::Warning, &doubt, None).await;
    }
    delivered
}

/// Sent as a request's body.
async fn by_http(
    context: &Context,
    request: &RequestPlan,
    base: &Arc<Frame>,
    name: &FileName,
    file: &WholeFile,
    kind: &'static str,
) -> Delivered {
    let length = match file.local.path().metadata() {
        Ok(data) => data.len(),
        Err(error) => return Delivered::Failed(error.to_string()),
    };
    let address = match name.whole.parse() {
        Ok(address) => address,
        Err(error) => return Delivered::Failed(format!("{error}")),
    };
    let body = GivenBody {
        payload: Payload::File {
            path: file.local.path().to_owned(),
            length,
        },
        content_type: kind,
        header: None,
    };
    let delivery = context
        .http
        .upload(request, base, Some(Elsewhere::File(&address)), body)
        .await;
    match delivery.fate.into() {
        DeliveryEnd::Done(_) => Delivered::Done,
        DeliveryEnd::Skipped(reason) => Delivered::Failed(reason),
        DeliveryEnd::Failed(error) => Delivered::Failed(error.failure.reason()),
        DeliveryEnd::Unknown(error) => Delivered::Unknown(error.failure.reason()),
        DeliveryEnd::NotSent => Delivered::Stopped,
    }
}

/// The content type of a file.
fn kind_of(format: Option<&WrittenFormat>, name: &FileName) -> &'static str {
    use crate::plan::file_name::Packing;
    match name.packing().0 {
        Packing::Gzip => return "application/gzip",
        Packing::Zstd => return "application/zstd",
        Packing::Zip => return "application/zip",
        Packing::None => {}
    }
    let by_name = name.format().ok();
    let format = format.or(by_name.as_ref());
    format.map_or("application/octet-stream", WrittenFormat::content_type)
}
