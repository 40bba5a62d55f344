//! A signature over the finished request, by a rule that the spec writes down.

use std::sync::Arc;

use minijinja::Value;

use super::AuthError;
use super::fields::{Added, FieldsPlan};
use super::outgoing::{Credential, Outgoing};
use super::stamp::Stamp;
use super::token::Sees;
use crate::digest::{base64, hex};
use crate::plan::compile::Compiler;
use crate::plan::scopes::Scopes;
use crate::spec::places::Placed;
use crate::spec::signature::{Sign, SignAlgorithm, SignatureText};
use crate::template::scope::Name;
use crate::template::{Frame, Template, TemplateError, text_or_empty};
use crate::wire::{WireError, set_parameter};

/// What `over` sees of the request.
const REQUEST: [&str; 6] = ["method", "url", "path", "query", "form", "body"];

/// A signature over the finished request.
#[derive(Debug)]
pub struct SignPlan {
    algorithm: SignAlgorithm,
    key: Option<Template>,
    over: Template,
    encode: SignatureText,
    fields: FieldsPlan,
    /// Parameters that the signature is sent in: what an address has of them from before is not signed.
    own: Vec<String>,
    reads_body: bool,
}

impl SignPlan {
    pub(super) fn compile(at: &Placed<Sign>, scopes: &Scopes, compiler: &mut Compiler<'_>) -> Self {
        let spec = &at.value;
        let sees = Stamp::NAMES
            .iter()
            .fold(scopes.request(), |scope, name| scope.with(*name, Name::Any));
        let key = compiler.optional(spec.key.as_deref(), &sees);
        if spec.algorithm.is_keyed() && key.is_none() {
            compiler.error(
                at,
                "a keyed digest needs a `key`",
                "key: \"{{ options.SECRET }}\"",
            );
        }
        let of_request = sees.clone().with_fields("request", &REQUEST);
        let (over, read) = compiler.watched(|compiler| compiler.template(&spec.over, &of_request));
        let reads = |field: &str| {
            read.fields
                .contains(&("request".to_owned(), field.to_owned()))
        };
        if let (Some(key), false) = (&spec.key, spec.algorithm.is_keyed()) {
            compiler.error(
                key,
                "a plain digest takes no `key`: what is secret would not be in it",
                "write the secret into `over`, or take hmac-sha256",
            );
        }
        let signed = sees.with("signature", Name::Any);
        let fields = [&spec.places.header, &spec.places.query, &None];
        let (fields, uses) =
            compiler.watched(|compiler| FieldsPlan::compile(fields, &signed, compiler));
        if !uses.names.contains("signature") {
            compiler.error(
                at,
                "the request is signed, and nothing sends its `signature`",
                "as: { header: { X-Signature: \"{{ signature }}\" } }, or query",
            );
        }
        Self {
            algorithm: spec.algorithm,
            key,
            over,
            encode: spec.encode,
            fields,
            own: spec
                .places
                .query
                .iter()
                .flatten()
                .map(|(name, _)| name.text.clone())
                .collect(),
            reads_body: reads("body")
                || reads("form")
                || !read.fields.iter().any(|(name, _)| name == "request"),
        }
    }

    pub(super) fn credential(
        self: &Arc<Self>,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let frame = Stamp::over(frame);
        let key = text_or_empty(self.key.as_ref(), &frame)?;
        if self.algorithm.is_keyed() && key.is_empty() {
            return Ok(Added::nothing());
        }
        sees.hide(&key);
        Ok(Box::new(Signer {
            plan: Arc::clone(self),
            key,
            frame,
        }))
    }

    fn signature(&self, key: &str, over: &str) -> String {
        let hash = self.algorithm.hash();
        let bytes = if self.algorithm.is_keyed() {
            hash.keyed(key.as_bytes(), over.as_bytes())
        } else {
            hash.digest(over.as_bytes())
        };
        match self.encode {
            SignatureText::Hex => hex(&bytes),
            SignatureText::Base64 => base64(&bytes),
        }
    }
}

/// Signs a request.
struct Signer {
    plan: Arc<SignPlan>,
    key: String,
    frame: Arc<Frame>,
}

/// Without its key.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Credential for Signer {
    fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
        let wrong = |error: TemplateError| WireError::Unsigned(error.to_string());
        let finished = self.plan.seen_of(request)?;
        let seen = Arc::new(Frame::on(&self.frame).with("request", finished));
        let over = self.plan.over.text(&seen).map_err(wrong)?;
        let signature = self.plan.signature(&self.key, &over);
        let seen = Frame::on(&self.frame).with("signature", Value::from(signature));
        let added = self.plan.fields.added(&Arc::new(seen)).map_err(wrong)?;
        added.sign(request)
    }
}

impl SignPlan {
    /// A finished request as `over` sees it.
    fn seen_of(&self, request: &Outgoing<'_>) -> Result<Value, WireError> {
        let mut url = request.url().clone();
        if let Some(query) = url.query().filter(|_| !self.own.is_empty()) {
            let mut query = query.to_owned();
            for name in &self.own {
                set_parameter(&mut query, name, []);
            }
            url.set_query(Some(query.as_str()).filter(|query| !query.is_empty()));
        }
        let bytes = if self.reads_body {
            request.content().read()?.into_owned()
        } else {
            Vec::new()
        };
        let body = String::from_utf8(bytes).map_err(|_| {
            let why =
                "the body is no text, as it is packed or of another encoding, and `over` reads it";
            WireError::Unsigned(why.to_owned())
        })?;
        let form = if request.is_form() { body.as_str() } else { "" };
        Ok(Value::from_pairs([
            ("method", Value::from(request.method().as_str())),
            ("url", Value::from(url.as_str())),
            ("path", Value::from(url.path())),
            ("query", sorted(url.query().unwrap_or_default())),
            ("form", sorted(form)),
            ("body", Value::from(body)),
        ]))
    }
}

/// Names and values, decoded, in the order of their bytes.
fn sorted(pairs: &str) -> Value {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(pairs.as_bytes())
        .into_owned()
        .collect();
    pairs.sort();
    pairs
        .into_iter()
        .map(|(name, value)| Value::from(vec![name, value]))
        .collect()
}
