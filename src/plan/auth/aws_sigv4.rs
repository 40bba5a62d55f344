//! Amazon's signature, version 4.
//!
//! Source: AWS, "Create a signed AWS API request", and the test suite that AWS publishes for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::AuthError;
use super::fields::Added;
use super::outgoing::{Content, Credential, Outgoing};
use super::token::Sees;
use crate::digest::{Hash, hex};
use crate::plan::compile::Compiler;
use crate::spec::signature::AwsSigV4;
use crate::template::scope::Scope;
use crate::template::{Frame, Template, text_or_empty};
use crate::wire::{WireError, encoded};

/// Amazon's signature.
#[derive(Debug)]
pub struct AwsSigV4Plan {
    access_key: Template,
    secret_key: Template,
    session_token: Option<Template>,
    region: Template,
    service: Template,
}

impl AwsSigV4Plan {
    pub(super) fn compile(spec: &AwsSigV4, scope: &Scope, compiler: &mut Compiler<'_>) -> Self {
        Self {
            access_key: compiler.template(&spec.access_key, scope),
            secret_key: compiler.template(&spec.secret_key, scope),
            session_token: compiler.optional(spec.session_token.as_deref(), scope),
            region: compiler.template(&spec.region, scope),
            service: compiler.template(&spec.service, scope),
        }
    }

    pub(super) fn credential(
        &self,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let signer = Signer {
            access_key: self.access_key.text(frame)?,
            secret_key: self.secret_key.text(frame)?,
            session_token: text_or_empty(self.session_token.as_ref(), frame)?,
            region: self.region.text(frame)?,
            service: self.service.text(frame)?,
        };
        if signer.access_key.is_empty() && signer.secret_key.is_empty() {
            return Ok(Added::nothing());
        }
        sees.hide(&signer.secret_key);
        sees.hide(&signer.session_token);
        Ok(Box::new(signer))
    }
}

/// Signs requests.
struct Signer {
    access_key: String,
    secret_key: String,
    session_token: String,
    region: String,
    service: String,
}

/// Without its secrets.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Credential for Signer {
    fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
        // The service refuses what is older than some minutes, also while a tape is recorded.
        self.sign_at(request, Timestamp::now())
    }
}

impl Signer {
    fn sign_at(&self, request: &mut Outgoing<'_>, now: Timestamp) -> Result<(), WireError> {
        let now = now.to_zoned(TimeZone::UTC);
        let time = now.strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = now.strftime("%Y%m%d").to_string();
        let is_s3 = self.service == "s3";
        let digest = match request.content() {
            // S3 takes a body of which nobody has said what it is; others do not.
            Content::File(_) if is_s3 => "UNSIGNED-PAYLOAD".to_owned(),
            content @ (Content::Nothing | Content::Bytes(_) | Content::File(_)) => {
                hex(&Hash::Sha256.digest(&content.read()?))
            }
        };
        request.set_header("x-amz-date", &time)?;
        if !self.session_token.is_empty() {
            request.set_header("x-amz-security-token", &self.session_token)?;
        }
        if is_s3 {
            request.set_header("x-amz-content-sha256", &digest)?;
        }
        let headers = signed_headers(request);
        let names: Vec<&str> = headers.keys().map(String::as_str).collect();
        let names = names.join(";");
        let lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let lines = lines.concat();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{digest}",
            request.method(),
            path_of(request.url().path(), is_s3),
            query_of(request.url().query().unwrap_or_default())
        );
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let over = format!(
            "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
            hex(&Hash::Sha256.digest(canonical.as_bytes()))
        );
        let secret = format!("AWS4{}", self.secret_key).into_bytes();
        let parts = [&day, &self.region, &self.service, "aws4_request"];
        let key = parts.into_iter().fold(secret, |key, part| {
            Hash::Sha256.keyed(&key, part.as_bytes())
        });
        let signature = hex(&Hash::Sha256.keyed(&key, over.as_bytes()));
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key
        );
        request.set_header("authorization", &header)
    }
}

/// The headers that are signed: the host, the content type and Amazon's own. Others may be changed on
/// their way.
fn signed_headers(request: &Outgoing<'_>) -> BTreeMap<String, String> {
    let url = request.url();
    let mut host = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        host = format!("{host}:{port}");
    }
    let mut headers = BTreeMap::from([("host".to_owned(), host)]);
    for (name, value) in request.headers() {
        let name = name.as_str();
        if name != "content-type" && !name.starts_with("x-amz-") {
            continue;
        }
        let value = String::from_utf8_lossy(value.as_bytes());
        let words: Vec<&str> = value.split_whitespace().collect();
        let value = words.join(" ");
        headers
            .entry(name.to_owned())
            .and_modify(|known| *known = format!("{known},{value}"))
            .or_insert(value);
    }
    headers
}

/// The path as it is sent, each part encoded once more; for S3 encoded once.
fn path_of(path: &str, is_s3: bool) -> String {
    let encode = |part: &str| {
        if is_s3 {
            encoded(&decoded(part)).into_owned()
        } else {
            encoded(part).into_owned()
        }
    };
    // But for S3, what stands twice counts once.
    let has_doubles = !is_s3 && path.contains("//");
    let ends = path.len() > 1 && path.ends_with('/');
    let parts = path
        .split('/')
        .filter(|part| !has_doubles || !part.is_empty());
    let parts: Vec<String> = parts.map(encode).collect();
    if has_doubles {
        format!("/{}{}", parts.join("/"), if ends { "/" } else { "" })
    } else {
        parts.join("/")
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

/// The parameters in the order of their encoded names and values.
fn query_of(query: &str) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes())
        .map(|(name, value)| (encoded(&name).into_owned(), encoded(&value).into_owned()))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use reqwest::{Method, Url};

    use super::*;
    use crate::wire::{header_name, header_value};

    /// The signature of a request as the test suite of AWS has it.
    fn signature(
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Content<'_>,
    ) -> String {
        let signer = Signer {
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
            session_token: String::new(),
            region: "us-east-1".to_owned(),
            service: "service".to_owned(),
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                header_name(name).unwrap(),
                header_value(name, value).unwrap(),
            );
        }
        let url = Url::parse(&format!("https://example.amazonaws.com{path}")).unwrap();
        let mut request = Outgoing::new(method, url, map, body);
        let now = "2015-08-30T12:36:00Z".parse().unwrap();
        signer.sign_at(&mut request, now).unwrap();
        let (_, headers) = request.into_parts();
        let header = headers["authorization"].to_str().unwrap().to_owned();
        header.rsplit('=').next().unwrap().to_owned()
    }

    #[test]
    fn the_requests_of_the_test_suite_have_their_signatures() {
        let get = |path: &str| signature(&Method::GET, path, &[], Content::Nothing);
        for (path, expected) in [
            // get-vanilla
            (
                "/",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            // get-vanilla-empty-query-key
            (
                "/?Param1=value1",
                "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
            ),
            // get-vanilla-query-order-key-case
            (
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ] {
            assert_eq!(get(path), expected, "{path}");
        }
        // get-utf8: a path that is sent as it is
        assert_eq!(path_of("/ሴ", false), "/%E1%88%B4");
        assert_eq!(path_of("/a%2F1/b~", false), "/a%252F1/b~");
        assert_eq!(path_of("/a//c/d/", false), "/a/c/d/");
        assert_eq!(path_of("/a//c", true), "/a//c");
        assert_eq!(path_of("/a%2F1/b!", true), "/a%2F1/b%21");
        // post-vanilla
        assert_eq!(
            signature(&Method::POST, "/", &[], Content::Nothing),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        // post-x-www-form-urlencoded
        assert_eq!(
            signature(
                &Method::POST,
                "/",
                &[("content-type", "application/x-www-form-urlencoded")],
                Content::Bytes(b"Param1=value1")
            ),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }
}
