//! Where a data source's rows come from: its steps, each record of one running the next.
//!
//! A step's records reach the next one in order, whatever is fetched at the same time. What is under
//! way is bounded: a step holds no more than a few pages of so many parents as it asks at a time.

mod error;
mod fetch;
mod files;

pub mod gather;
mod incremental;
mod job;
mod link;
mod link_header;
mod list_end;
mod lookups;
mod observations;
mod page_check;
mod page_sizes;
mod pages;
mod read;
mod record_in_sight;
mod said;
pub mod sql;
mod step;
mod stream;
mod texts;
mod walk;
mod windows;

use std::sync::Arc;

pub use error::SourceError;
pub use incremental::{Newest, since_of};
pub use lookups::Lookups;
pub use observations::Observations;
pub use page_sizes::PageSizes;
pub use record_in_sight::RecordInSight;
pub use said::Said;
pub use walk::Records;

use crate::container_api::ContainerApi;
use crate::http::Http;
use crate::plan::Plan;
use crate::spec::LogLevel;
use crate::state::State;
use crate::template::Frame;

/// What all steps of a run share.
#[derive(Clone)]
pub struct Context {
    /// What will run.
    pub plan: Arc<Plan>,
    /// Requests.
    pub http: Arc<Http>,
    /// Logs.
    pub api: ContainerApi,
    /// `options`, `run`, `since`.
    pub base: Arc<Frame>,
    /// What was kept by the run before.
    pub state: Arc<State>,
    /// Where records were looked for in vain.
    pub observations: Arc<Observations>,
    /// What was learned of how many records servers give at a time.
    pub sizes: Arc<PageSizes>,
    /// What is said once.
    pub said: Arc<Said>,
    /// Whether no page is read, and no parent asked about, before it is wanted.
    pub is_frugal: bool,
}

impl Context {
    /// Warns of `what` about a step, once however many lists it has.
    pub(crate) async fn warn_once(&self, label: &str, what: &'static str, message: &str) {
        if self.sizes.is_new(label, what) {
            self.warn(&format!("{label}: {message}")).await;
        }
    }

    /// Warns, without secrets.
    pub(crate) async fn warn(&self, message: &str) {
        let message = self.http.redactor().redact(message);
        self.api.log(LogLevel::Warning, &message, None).await;
    }
}
