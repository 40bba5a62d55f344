//! Files in S3, Amazon's or any other: requests are signed by rusty-s3 and sent as all others.

use std::sync::Arc;
use std::time::Duration;

use rusty_s3::actions::ListObjectsV2;
use rusty_s3::{Bucket, Credentials, S3Action as _, UrlStyle};

use super::{Found, Login, glob};
use crate::http::{Answer, Reply, Rest};
use crate::plan::request::RequestPlan;
use crate::source::read::{self, Broken, Job, Progress};
use crate::source::{Context, SourceError};
use crate::template::Value;

/// How long a signed address is good for.
const SIGNED: Duration = Duration::from_secs(3600);
/// The region where nothing is said.
const REGION: &str = "us-east-1";
/// How often a file whose reading broke off is read again.
const LOSSES: u32 = 5;

/// A bucket.
pub struct Store<'s> {
    context: &'s Context,
    label: &'s str,
    request: &'s RequestPlan,
    bucket: Bucket,
    credentials: Option<Credentials>,
}

impl<'s> Store<'s> {
    pub fn new(
        context: &'s Context,
        label: &'s str,
        request: &'s RequestPlan,
        bucket: &str,
        login: &Login,
    ) -> Result<Self, String> {
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
            .map_err(|error| format!("the endpoint is no URL: {error}"))?;
        let bucket = Bucket::new(endpoint, style, bucket.to_owned(), region.to_owned())
            .map_err(|error| error.to_string())?;
        let has_key = !login.access_key.is_empty();
        Ok(Self {
            context,
            label,
            request,
            bucket,
            credentials: has_key.then(|| Credentials::new(&login.access_key, &login.secret_key)),
        })
    }

    async fn get(
        &self,
        url: &reqwest::Url,
        what: &str,
    ) -> Result<(Arc<Answer>, Option<Rest>), String> {
        let base = &self.context.base;
        match self.context.http.send(self.request, base, Some(url)).await {
            Ok(Reply::Good(answer, rest)) => Ok((answer, rest)),
            Ok(_) => Err(format!("{what}: passed over by a rule")),
            Err(mut error) => {
                // The signed address is as good as a key.
                error.request = format!("GET s3://{}/{what}", self.bucket.name());
                Err(error.to_string())
            }
        }
    }

    /// The objects that a key means: itself, or all that match.
    pub async fn find(&self, key: &str) -> Result<Vec<Found>, String> {
        let wild = key.find(['*', '?', '[', '{']);
        let Some(wild) = wild else {
            return Ok(vec![Found {
                path: key.to_owned(),
                changed: None,
            }]);
        };
        let pattern = glob(key)?;
        let mut files = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut action = self.bucket.list_objects_v2(self.credentials.as_ref());
            action.with_prefix(&key[..wild]);
            if let Some(token) = &next {
                action.with_continuation_token(token.clone());
            }
            let url = reqwest::Url::parse(action.sign(SIGNED).as_str())
                .map_err(|error| error.to_string())?;
            let (answer, rest) = self.get(&url, &key[..wild]).await?;
            let mut body = answer.held.to_vec();
            if let Some(mut rest) = rest {
                while let Some(bytes) = rest.next().await.map_err(|fault| fault.to_string())? {
                    body.extend_from_slice(&bytes);
                }
            }
            let list = ListObjectsV2::parse_response(&String::from_utf8_lossy(&body))
                .map_err(|error| format!("the list of objects can't be read: {error}"))?;
            for object in list.contents {
                if !pattern.is_match(&object.key) {
                    continue;
                }
                let changed = object
                    .last_modified
                    .and_then(|text| text.parse::<jiff::Timestamp>().ok());
                files.push(Found {
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

    /// Reads an object.
    pub async fn read(
        &self,
        key: &str,
        job: &Job<'_>,
        give: &mut impl AsyncFnMut(Value) -> Result<(), SourceError>,
    ) -> Result<(), SourceError> {
        let failed = |reason: String| SourceError::Read {
            step: self.label.to_owned(),
            origin: job.origin.to_owned(),
            reason,
        };
        let mut progress = Progress::default();
        let mut losses = 0;
        loop {
            let action = self.bucket.get_object(self.credentials.as_ref(), key);
            let url = action.sign(SIGNED);
            let url =
                reqwest::Url::parse(url.as_str()).map_err(|error| failed(error.to_string()))?;
            let (answer, rest) = self.get(&url, key).await.map_err(failed)?;
            progress.begin_again();
            match read::read_answer(job, &answer, rest, &mut progress, give).await {
                Ok(_) => return Ok(()),
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Lost(fault)) => {
                    losses += 1;
                    if losses >= LOSSES {
                        return Err(failed(fault.to_string()));
                    }
                    if !self.context.http.stop().sleep(Duration::from_secs(1)).await {
                        return Err(SourceError::Stopped);
                    }
                }
            }
        }
    }
}
