//! Files in buckets: of S3, of Google and of Azure. Addresses are signed by the kind of the bucket, and requests
//! sent as all others.

use std::path::Path;
use std::sync::Arc;

use reqwest::Url;

use super::azure::Azure;
use super::glob::glob;
use super::object_list::{ListWords, ObjectList};
use super::s3::S3;
use super::{AddressError, FileEntry, Login, PlaceError};
use crate::http::{
    Answer, DeliveryEnd, Elsewhere, Failure, Fault, GivenBody, Http, Payload, Reply, Rest,
    SendError, status_words,
};
use crate::plan::request::RequestPlan;
use crate::template::Frame;

/// The largest object that one request may write: what all of them take.
const LARGEST: u64 = 5_000 << 20;

/// Parameters that open a bucket.
const SIGNS: [&str; 3] = ["sig", "X-Amz-Signature", "X-Amz-Credential"];

/// A bucket.
pub struct Store<'s> {
    http: &'s Http,
    base: &'s Arc<Frame>,
    request: &'s RequestPlan,
    /// How people write it: `s3://feeds`.
    shown: String,
    kind: Kind,
}

/// Whose bucket it is.
enum Kind {
    /// Amazon's, of others who speak as it does, and Google's.
    S3(Box<S3>),
    /// Azure's.
    Azure(Azure),
}

impl<'s> Store<'s> {
    /// A bucket by its scheme and its name.
    pub fn new(
        http: &'s Http,
        base: &'s Arc<Frame>,
        request: &'s RequestPlan,
        (scheme, name): (&str, &str),
        login: &Login,
    ) -> Result<Self, AddressError> {
        let kind = match scheme {
            "az" => Kind::Azure(Azure::new(name, login)?),
            "gs" => Kind::S3(Box::new(S3::of_google(name, login)?)),
            _ => Kind::S3(Box::new(S3::new(name, login)?)),
        };
        Ok(Self {
            http,
            base,
            request,
            shown: format!("{scheme}://{name}"),
            kind,
        })
    }

    /// An address; what signs it is hidden from then on, on tapes too.
    fn hidden(&self, url: Url) -> Url {
        for (name, value) in url.query_pairs() {
            if SIGNS.contains(&&*name) {
                self.http.redactor().add(&value);
            }
        }
        url
    }

    /// What went wrong, without the address: a signed one is as good as a key.
    fn told(&self, method: &str, key: &str, mut error: SendError) -> String {
        let request = format!("{method} {}/{key}", self.shown);
        if let Failure::Status { status, body } = &error.failure {
            let status = status_words(*status);
            return format!("{request} was answered {status}{}", said(body));
        }
        error.request = request;
        error.to_string()
    }

    async fn get(&self, url: &Url, what: &str) -> Result<(Arc<Answer>, Option<Rest>), PlaceError> {
        match self
            .http
            .send(self.request, self.base, Some(Elsewhere::File(url)))
            .await
        {
            Ok(Reply::Good(answer, rest)) => Ok((answer, rest)),
            Ok(Reply::Skip(_) | Reply::Stop | Reply::Split(_)) => Err(PlaceError::lasting(
                format!("{what}: passed over by a rule"),
            )),
            Err(error) => Err(PlaceError::lasting(self.told("GET", what, error))),
        }
    }

    /// The objects that a key means: itself, or all that match.
    pub async fn find(&self, key: &str) -> Result<Vec<FileEntry>, PlaceError> {
        let wild = key.find(['*', '?', '[', '{']);
        let Some(wild) = wild else {
            return Ok(vec![FileEntry {
                path: key.to_owned(),
                changed: None,
            }]);
        };
        let pattern = glob(key)?;
        let lost = |fault: Fault| PlaceError::passing(fault.to_string());
        let mut files = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let (prefix, after) = (&key[..wild], next.as_deref());
            let url = match &self.kind {
                Kind::S3(bucket) => bucket.list(prefix, after)?,
                Kind::Azure(container) => container.list(prefix, after),
            };
            let url = self.hidden(url);
            let (answer, rest) = self.get(&url, prefix).await?;
            let mut body = answer.held.to_vec();
            if let Some(mut rest) = rest {
                while let Some(bytes) = rest.next().await.map_err(lost)? {
                    body.extend_from_slice(&bytes);
                }
            }
            let text = String::from_utf8_lossy(&body);
            let words = match &self.kind {
                Kind::S3(_) => &ListWords::S3,
                Kind::Azure(_) => &Azure::LIST,
            };
            let list = ObjectList::read(&text, words).map_err(|reason| {
                PlaceError::lasting(format!("the list of objects can't be read: {reason}"))
            })?;
            let matches = |object: &FileEntry| pattern.is_match(&object.path);
            files.extend(list.objects.into_iter().filter(matches));
            let before = next;
            next = list.next;
            if next.is_none() {
                return Ok(files);
            }
            if next == before {
                let reason = "the list of objects goes on where it began".to_owned();
                return Err(PlaceError::lasting(reason));
            }
        }
    }

    fn address(&self, key: &str, verb: Verb) -> Result<Url, PlaceError> {
        match &self.kind {
            Kind::S3(bucket) => bucket.object(key, verb),
            Kind::Azure(container) => Ok(container.object(key)),
        }
        .map(|url| self.hidden(url))
    }

    /// The answer with an object.
    pub async fn object(&self, key: &str) -> Result<(Arc<Answer>, Option<Rest>), PlaceError> {
        self.get(&self.address(key, Verb::Get)?, key).await
    }

    /// Writes an object: it is there at once, and whole.
    pub async fn put(&self, local: &Path, key: &str) -> Result<(), PlaceError> {
        let length = local
            .metadata()
            .map_err(|error| PlaceError::of_disk(&error))?
            .len();
        if length > LARGEST {
            let reason =
                format!("{length} bytes are more than an object may have at once, 5000 MiB");
            return Err(PlaceError::lasting(reason));
        }
        let url = self.address(key, Verb::Put)?;
        let body = GivenBody {
            payload: Payload::File {
                path: local.to_owned(),
                length,
            },
            content_type: "application/octet-stream",
            header: match &self.kind {
                Kind::S3(_) => None,
                Kind::Azure(_) => Some(Azure::OF_ONE_PIECE),
            },
        };
        let delivery = self
            .http
            .upload(self.request, self.base, Some(Elsewhere::File(&url)), body)
            .await;
        let told = |error: SendError| self.told("PUT", key, error);
        match delivery.fate.into() {
            DeliveryEnd::Done(_) => Ok(()),
            DeliveryEnd::Skipped(reason) => Err(PlaceError::lasting(reason)),
            DeliveryEnd::Failed(error) => Err(PlaceError::lasting(told(error))),
            DeliveryEnd::Unknown(error) => Err(PlaceError::Unknown(told(error))),
            DeliveryEnd::NotSent => Err(PlaceError::Stopped),
        }
    }
}

/// What a service says of a mistake, in the words of its XML where they are there.
fn said(body: &str) -> String {
    let part = |name: &str| {
        let rest = body.split_once(&format!("<{name}>"))?.1;
        let text = rest.split(['<', '\n']).next()?.trim();
        Some(text).filter(|text| !text.is_empty())
    };
    match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!(": {code}: {message}"),
        (Some(only), None) | (None, Some(only)) => format!(": {only}"),
        (None, None) if body.is_empty() => String::new(),
        (None, None) => format!(": {body}"),
    }
}

/// What is done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// It is read.
    Get,
    /// It is written.
    Put,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_told_in_the_service_s_words() {
        let azure = "<?xml version=\"1.0\"?><Error> <Code>ContainerNotFound</Code> <Message>The container does not exist.\nRequestId:1</Message></Error>";
        assert_eq!(
            said(azure),
            ": ContainerNotFound: The container does not exist."
        );
        // What is shown of an answer may be cut.
        assert_eq!(said("<Error><Code>NoSuchKey</Code><Mess"), ": NoSuchKey");
        assert_eq!(said("no"), ": no");
        assert_eq!(said(""), "");
    }
}
