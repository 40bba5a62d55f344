//! A request as it is made, and made again where it takes something of credentials that have changed.

use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Object, ObjectRepr};
use reqwest::header::{CONTENT_TYPE, HeaderValue};

use super::Http;
use super::error::Failure;
use super::payload::Payload;
use super::render::{Elsewhere, Prepared, render};
use crate::plan::auth::{AuthPlan, Stamp};
use crate::plan::request::RequestPlan;
use crate::template::{Frame, text_of};

/// What a request is made of.
pub(super) struct Making<'r> {
    pub plan: &'r RequestPlan,
    /// What its templates see.
    pub frame: &'r Arc<Frame>,
    /// Where it goes instead.
    pub address: Option<Elsewhere<'r>>,
    /// A body that is given.
    pub given: Option<GivenBody>,
}

/// A body that is given, and not rendered.
pub struct GivenBody {
    /// The body.
    pub payload: Payload,
    /// Its content type, where the spec says no other.
    pub content_type: &'static str,
    /// A header that belongs to it.
    pub header: Option<(&'static str, &'static str)>,
}

impl<'r> Making<'r> {
    /// A request of a plan, whose address is another where one is given.
    pub(super) fn new(
        plan: &'r RequestPlan,
        frame: &'r Arc<Frame>,
        address: Option<Elsewhere<'r>>,
    ) -> Self {
        Self {
            plan,
            frame,
            address,
            given: None,
        }
    }
}

/// A request that is made.
pub(super) struct Made {
    pub prepared: Prepared,
    /// What its templates saw: its credentials see it too.
    pub seen: Arc<Frame>,
}

/// What stands for a part of a login's answer: the way to it.
#[derive(Debug)]
struct StandIn(String);

impl Object for StandIn {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let way = format!("{}.{}", self.0, text_of(key));
        Some(Value::from_object(Self(way)))
    }

    fn render(self: &Arc<Self>, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Made {
    /// Its method and its address, for people.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.prepared.method, self.prepared.url)
    }
}

impl RequestPlan {
    /// Whether it takes something of credentials.
    pub(super) fn takes_credentials(&self) -> bool {
        !self.reads.is_empty() || !self.base_reads.is_empty()
    }
}

impl Making<'_> {
    /// The request without anything of its credentials.
    pub(super) fn bare(&self) -> Result<Made, Failure> {
        self.rendered(self.frame, self.frame)
    }

    /// The request with stand-ins for what it takes of credentials: nobody is asked for them.
    pub(super) fn rehearsed(&self) -> Result<Made, Failure> {
        let stand_in = |names: &[&'static str]| {
            let mut seen = Frame::on(self.frame);
            let Stamp { timestamp, nonce } = Stamp::of_now();
            for name in names {
                let value = match *name {
                    "timestamp" => Value::from(timestamp),
                    "nonce" => Value::from(nonce.clone()),
                    "token" => Value::from("TOKEN"),
                    _ => Value::from_object(StandIn("LOGIN".to_owned())),
                };
                seen.set(*name, value);
            }
            Arc::new(seen)
        };
        self.rendered(
            &stand_in(&self.plan.reads),
            &stand_in(&self.plan.base_reads),
        )
    }

    fn rendered(&self, seen: &Arc<Frame>, base: &Arc<Frame>) -> Result<Made, Failure> {
        let mut prepared = render(self.plan, seen, base, self.address)?;
        if let Some(given) = &self.given {
            prepared.body = Some(given.payload.clone());
            let kind = HeaderValue::from_static(given.content_type);
            prepared.headers.entry(CONTENT_TYPE).or_insert(kind);
            if let Some((name, value)) = given.header {
                let value = HeaderValue::from_static(value);
                prepared.headers.insert(name, value);
            }
        }
        Ok(Made {
            prepared,
            seen: Arc::clone(seen),
        })
    }
}

impl Http {
    /// Makes a request; what it takes of credentials is fetched before.
    pub(super) async fn make(&self, making: &Making<'_>) -> Result<Made, Failure> {
        let plan = making.plan;
        if !plan.takes_credentials() {
            return making.bare();
        }
        let seen = self.seen_of(plan.auth, &plan.reads, making.frame).await?;
        let base = self.seen_of(plan.base_auth, &plan.base_reads, making.frame);
        making.rendered(&seen, &base.await?)
    }

    /// The same once more, with what the credentials are by now. Its key stays: it is the same request.
    pub(super) async fn make_again(
        &self,
        making: &Making<'_>,
        made: Made,
    ) -> Result<Made, Failure> {
        const KEY: &str = "idempotency-key";
        if !making.plan.takes_credentials() {
            return Ok(made);
        }
        let mut again = self.make(making).await?;
        if let Some(key) = made.prepared.headers.get(KEY) {
            again.prepared.headers.insert(KEY, key.clone());
        }
        Ok(again)
    }

    /// A frame with what is read of an auth.
    async fn seen_of(
        &self,
        auth: Option<usize>,
        names: &[&'static str],
        frame: &Arc<Frame>,
    ) -> Result<Arc<Frame>, Failure> {
        let (Some(index), false) = (auth, names.is_empty()) else {
            return Ok(Arc::clone(frame));
        };
        let index = AuthPlan::chosen(&self.plan.auths, index, &self.base)?;
        let mut seen = Frame::on(frame);
        let has = |name: &str| names.contains(&name);
        if has("token") || has("login") {
            if let Some(token) = self.token_of(index).await? {
                if has("token") {
                    seen.set("token", token.value);
                }
                if has("login") {
                    seen.set("login", token.login);
                }
            }
        }
        if matches!(self.plan.auths[index], AuthPlan::Sign(_)) {
            let Stamp { timestamp, nonce } = Stamp::of_now();
            seen.set("timestamp", Value::from(timestamp));
            seen.set("nonce", Value::from(nonce));
        }
        Ok(Arc::new(seen))
    }
}
