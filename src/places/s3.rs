//! Buckets of S3, Amazon's or any other, and of Google, who speaks the same: addresses are signed by rusty-s3.

use std::time::Duration;

use reqwest::Url;
use rusty_s3::signing::sign;
use rusty_s3::{Bucket, Credentials, Method, S3Action as _, UrlStyle};

use super::bucket::Verb;
use super::{AddressError, Login, PlaceError};

/// How long a signed address is good for.
const SIGNED: Duration = Duration::from_secs(3600);
/// The region where nothing is said.
const REGION: &str = "us-east-1";
/// Google's server, and what it takes as region (Cloud Storage, XML API, interoperability).
const GOOGLE: (&str, &str) = ("https://storage.googleapis.com", "auto");

/// A bucket.
pub struct S3 {
    bucket: Bucket,
    /// Whose addresses are signed; they are not where the request has credentials of its own.
    credentials: Option<Credentials>,
}

impl S3 {
    /// A bucket by its name.
    pub fn new(name: &str, login: &Login) -> Result<Self, AddressError> {
        let region = if login.region.is_empty() {
            REGION
        } else {
            &login.region
        };
        let (endpoint, style) = if login.endpoint.is_empty() {
            let host = format!("https://s3.{region}.amazonaws.com");
            // A dot in the name does not fit Amazon's certificate.
            let style = if name.contains('.') {
                UrlStyle::Path
            } else {
                UrlStyle::VirtualHost
            };
            (host, style)
        } else {
            (login.endpoint.clone(), UrlStyle::Path)
        };
        Self::at(&endpoint, style, name, region, login)
    }

    /// A bucket of Google.
    pub fn of_google(name: &str, login: &Login) -> Result<Self, AddressError> {
        let endpoint = match login.endpoint.as_str() {
            "" => GOOGLE.0,
            endpoint => endpoint,
        };
        Self::at(endpoint, UrlStyle::Path, name, GOOGLE.1, login)
    }

    fn at(
        endpoint: &str,
        style: UrlStyle,
        name: &str,
        region: &str,
        login: &Login,
    ) -> Result<Self, AddressError> {
        let endpoint = endpoint
            .parse()
            .map_err(|error| AddressError::Bucket(format!("the endpoint is no URL: {error}")))?;
        let bucket = Bucket::new(endpoint, style, name.to_owned(), region.to_owned())
            .map_err(|error| AddressError::Bucket(error.to_string()))?;
        let has_key = !login.access_key.is_empty();
        Ok(Self {
            bucket,
            credentials: has_key.then(|| Credentials::new(&login.access_key, &login.secret_key)),
        })
    }

    /// The address of a list, from its beginning or behind what was read.
    pub fn list(&self, prefix: &str, after: Option<&str>) -> Result<Url, PlaceError> {
        let after = after.map(|token| ("continuation-token", token));
        let asked = [
            ("encoding-type", "url"),
            ("list-type", "2"),
            ("prefix", prefix),
        ];
        // They are signed in the order of their names.
        let query = after.into_iter().chain(asked);
        let mut url = self.bucket.base_url().clone();
        let Some(by) = &self.credentials else {
            url.query_pairs_mut().extend_pairs(query);
            return parsed(url.as_str());
        };
        let signed = sign(
            &jiff::Timestamp::now(),
            Method::Get,
            url,
            by.key(),
            by.secret(),
            by.token(),
            self.bucket.region(),
            SIGNED.as_secs(),
            query,
            std::iter::empty(),
        );
        parsed(signed.as_str())
    }

    /// The address of an object.
    pub fn object(&self, key: &str, verb: Verb) -> Result<Url, PlaceError> {
        let credentials = self.credentials.as_ref();
        let signed = match verb {
            Verb::Get => self.bucket.get_object(credentials, key).sign(SIGNED),
            Verb::Put => self.bucket.put_object(credentials, key).sign(SIGNED),
        };
        parsed(signed.as_str())
    }
}

fn parsed(url: &str) -> Result<Url, PlaceError> {
    Url::parse(url).map_err(|error| PlaceError::lasting(error.to_string()))
}
