//! Files in S3, Amazon's or any other: requests are signed by rusty-s3 and sent as all others.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};

use super::glob::glob;
use super::{AddressError, FileEntry, Login, PlaceError};
use crate::http::{Answer, DeliveryEnd, Fault, Http, Payload, Reply, Rest, SendError};
use crate::plan::request::RequestPlan;
use crate::template::Frame;

/// How long a signed address is good for.
const SIGNED: Duration = Duration::from_secs(3600);
/// The region where nothing is said.
const REGION: &str = "us-east-1";
/// The largest object that one request may write.
const LARGEST: u64 = 5 << 30;

/// A bucket.
pub struct Store<'s> {
    http: &'s Http,
    base: &'s Arc<Frame>,
    request: &'s RequestPlan,
    bucket: Bucket,
    credentials: Option<Credentials>,
}

impl<'s> Store<'s> {
    /// A bucket by its name.
    pub fn new(
        http: &'s Http,
        base: &'s Arc<Frame>,
        request: &'s RequestPlan,
        bucket: &str,
        login: &Login,
    ) -> Result<Self, AddressError> {
        let region = if login.region.is_empty() {
            REGION
        } else {
            &login.region
        };
        let (endpoint, style) = if login.endpoint.is_empty() {
            let host = format!("https://s3.{region}.amazonaws.com");
            // A dot in the name does not fit Amazon's certificate.
            let style = if bucket.contains('.') {
                UrlStyle::Path
            } else {
                UrlStyle::VirtualHost
            };
            (host, style)
        } else {
            (login.endpoint.clone(), UrlStyle::Path)
        };
        let endpoint = endpoint
            .parse()
            .map_err(|error| AddressError::Bucket(format!("the endpoint is no URL: {error}")))?;
        let bucket = Bucket::new(endpoint, style, bucket.to_owned(), region.to_owned())
            .map_err(|error| AddressError::Bucket(error.to_string()))?;
        let has_key = !login.access_key.is_empty();
        Ok(Self {
            http,
            base,
            request,
            bucket,
            credentials: has_key.then(|| Credentials::new(&login.access_key, &login.secret_key)),
        })
    }

    async fn get(
        &self,
        url: &reqwest::Url,
        what: &str,
    ) -> Result<(Arc<Answer>, Option<Rest>), PlaceError> {
        match self.http.send(self.request, self.base, Some(url)).await {
            Ok(Reply::Good(answer, rest)) => Ok((answer, rest)),
            Ok(Reply::Skip(_) | Reply::Stop | Reply::Split(_)) => Err(PlaceError::lasting(
                format!("{what}: passed over by a rule"),
            )),
            Err(mut error) => {
                // The signed address is as good as a key.
                error.request = format!("GET s3://{}/{what}", self.bucket.name());
                Err(PlaceError::lasting(error.to_string()))
            }
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
            let mut action = self.bucket.list_objects_v2(self.credentials.as_ref());
            action.with_prefix(&key[..wild]);
            if let Some(token) = &next {
                action.with_continuation_token(token.clone());
            }
            let url = parsed(action.sign(SIGNED).as_str())?;
            let (answer, rest) = self.get(&url, &key[..wild]).await?;
            let mut body = answer.held.to_vec();
            if let Some(mut rest) = rest {
                while let Some(bytes) = rest.next().await.map_err(lost)? {
                    body.extend_from_slice(&bytes);
                }
            }
            let list = ListObjectsV2::parse_response(&String::from_utf8_lossy(&body)).map_err(
                |error| {
                    let reason = format!("the list of objects can't be read: {error}");
                    PlaceError::lasting(reason)
                },
            )?;
            for object in list.contents {
                if !pattern.is_match(&object.key) {
                    continue;
                }
                let changed = object
                    .last_modified
                    .and_then(|text| text.parse::<jiff::Timestamp>().ok());
                files.push(FileEntry {
                    path: object.key,
                    changed: changed.map(jiff::Timestamp::as_millisecond),
                });
            }
            next = list.next_continuation_token;
            if next.is_none() {
                return Ok(files);
            }
        }
    }

    /// The answer with an object.
    pub async fn object(&self, key: &str) -> Result<(Arc<Answer>, Option<Rest>), PlaceError> {
        let action = self.bucket.get_object(self.credentials.as_ref(), key);
        let url = parsed(action.sign(SIGNED).as_str())?;
        self.get(&url, key).await
    }

    /// Writes an object: it is there at once, and whole.
    pub async fn put(&self, local: &Path, key: &str) -> Result<(), PlaceError> {
        let length = local
            .metadata()
            .map_err(|error| PlaceError::of_disk(&error))?
            .len();
        if length > LARGEST {
            let reason = format!("{length} bytes are more than an object may have at once, 5 GiB");
            return Err(PlaceError::lasting(reason));
        }
        let action = self.bucket.put_object(self.credentials.as_ref(), key);
        let url = parsed(action.sign(SIGNED).as_str())?;
        let payload = Payload::File {
            path: local.to_owned(),
            length,
        };
        let body = (payload, "application/octet-stream");
        let delivery = self
            .http
            .upload(self.request, self.base, Some(&url), body)
            .await;
        let told = |mut error: SendError| {
            // The signed address is as good as a key.
            error.request = format!("PUT s3://{}/{key}", self.bucket.name());
            error.to_string()
        };
        match delivery.fate.into() {
            DeliveryEnd::Done(_) => Ok(()),
            DeliveryEnd::Skipped(reason) => Err(PlaceError::lasting(reason)),
            DeliveryEnd::Failed(error) => Err(PlaceError::lasting(told(error))),
            DeliveryEnd::Unknown(error) => Err(PlaceError::Unknown(told(error))),
            DeliveryEnd::NotSent => Err(PlaceError::Stopped),
        }
    }
}

fn parsed(url: &str) -> Result<reqwest::Url, PlaceError> {
    reqwest::Url::parse(url).map_err(|error| PlaceError::lasting(error.to_string()))
}
