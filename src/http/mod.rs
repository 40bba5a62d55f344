//! HTTP to whom the connector talks: requests are rendered, sent, judged and sent again.
//!
//! The Container API has a client of its own ([`container_api`](crate::container_api)): its promises
//! about rows are others.

mod answer;
mod auth;
mod body;
mod client;
mod cookies;
mod deliver;
mod error;
mod exchange;
mod fault;
mod judge;
mod limits;
mod making;
mod multipart;
mod payload;
mod poll;
mod rehearsal;
mod render;
mod send;
mod tape;
mod tls;
mod trace;
mod wait;

use std::sync::Arc;

pub use answer::{Answer, Rest};
pub use body::ValueError;
pub use deliver::{Delivery, DeliveryEnd, Fate};
pub use error::{Failure, RuleEnd, SendError, status_words};
pub use fault::Fault;
pub use judge::{Accepted, has_errors};
pub use making::GivenBody;
pub use payload::Payload;
pub use poll::{Asked, JobEnd};
pub use rehearsal::{Rehearsal, Rehearsed};
pub use render::Elsewhere;
pub use send::Reply;
pub use tls::tls;
pub use trace::{Trace, TraceEntry};
pub use wait::before_next;

use crate::counters::Counters;
use crate::plan::{Plan, Redactor};
use crate::state::State;
use crate::stop::Stop;
use crate::tape::TapeUse;
use crate::template::Frame;

/// What all requests of a run share.
pub struct Http {
    plan: Arc<Plan>,
    /// `options` and `run`: what credentials see.
    base: Arc<Frame>,
    clients: client::Clients,
    tokens: Vec<auth::Tokens>,
    limits: Vec<limits::Bucket>,
    redactor: Redactor,
    stop: Stop,
    counters: Arc<Counters>,
    state: Arc<State>,
    trace: Option<Arc<Trace>>,
    rehearsal: Option<Arc<Rehearsal>>,
    tape: Option<Arc<TapeUse>>,
}

/// What [`Http`] is made of.
pub struct HttpParts {
    /// What will run.
    pub plan: Arc<Plan>,
    /// What credentials see.
    pub base: Arc<Frame>,
    /// Hides secrets; learns those that are fetched.
    pub redactor: Redactor,
    /// Whether the run is to stop.
    pub stop: Stop,
    /// Counts requests.
    pub counters: Arc<Counters>,
    /// What is kept from run to run.
    pub state: Arc<State>,
    /// Notes requests and answers, for those who want to see them.
    pub trace: Option<Arc<Trace>>,
    /// Notes what a target would be sent; nothing of it is sent then.
    pub rehearsal: Option<Arc<Rehearsal>>,
    /// The tape onto which exchanges are written, or from which answers are taken.
    pub tape: Option<Arc<TapeUse>>,
}

impl Http {
    /// The requests of one run.
    pub fn new(parts: HttpParts) -> Self {
        let tokens = parts.plan.auths.iter().map(|_| auth::Tokens::default());
        let limits = parts.plan.limits.iter().map(|_| limits::Bucket::default());
        Self {
            clients: client::Clients::new(&parts.plan.name),
            tokens: tokens.collect(),
            limits: limits.collect(),
            plan: parts.plan,
            base: parts.base,
            redactor: parts.redactor,
            stop: parts.stop,
            counters: parts.counters,
            state: parts.state,
            trace: parts.trace,
            rehearsal: parts.rehearsal,
            tape: parts.tape,
        }
    }

    /// The first part of a text, without secrets.
    pub fn excerpt(&self, text: &str) -> String {
        // In this order: half a secret is not found any more.
        error::excerpt(&self.redactor.redact(text))
    }

    /// What hides secrets.
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// Where requests are noted instead of sent, if they are.
    pub fn rehearsal(&self) -> Option<&Arc<Rehearsal>> {
        self.rehearsal.as_ref()
    }

    /// Whether the run is to stop.
    pub fn stop(&self) -> &Stop {
        &self.stop
    }
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}
