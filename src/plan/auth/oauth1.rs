//! OAuth 1.0 (RFC 5849): each request is signed with the secrets of a consumer and of a token.

use std::sync::Arc;

use super::AuthError;
use super::fields::Added;
use super::outgoing::{Content, Credential, Outgoing};
use super::stamp::Stamp;
use super::token::Sees;
use crate::digest::{Hash, base64};
use crate::plan::compile::Compiler;
use crate::spec::signature::{OAuth1, OAuth1Method};
use crate::template::scope::Scope;
use crate::template::{Frame, Template, text_or_empty};
use crate::wire::{WireError, encoded};

/// OAuth 1.0.
#[derive(Debug)]
pub struct OAuth1Plan {
    consumer_key: Template,
    consumer_secret: Template,
    token: Option<Template>,
    token_secret: Option<Template>,
    method: OAuth1Method,
    realm: Option<Template>,
}

impl OAuth1Plan {
    pub(super) fn compile(spec: &OAuth1, scope: &Scope, compiler: &mut Compiler<'_>) -> Self {
        Self {
            consumer_key: compiler.template(&spec.consumer_key, scope),
            consumer_secret: compiler.template(&spec.consumer_secret, scope),
            token: compiler.optional(spec.token.as_deref(), scope),
            token_secret: compiler.optional(spec.token_secret.as_deref(), scope),
            method: spec.method,
            realm: compiler.optional(spec.realm.as_deref(), scope),
        }
    }

    pub(super) fn credential(
        &self,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let signer = Signer {
            consumer_key: self.consumer_key.text(frame)?,
            consumer_secret: self.consumer_secret.text(frame)?,
            token: text_or_empty(self.token.as_ref(), frame)?,
            token_secret: text_or_empty(self.token_secret.as_ref(), frame)?,
            method: self.method,
            realm: text_or_empty(self.realm.as_ref(), frame)?,
        };
        if signer.consumer_key.is_empty() && signer.token.is_empty() {
            return Ok(Added::nothing());
        }
        sees.hide(&signer.consumer_secret);
        sees.hide(&signer.token_secret);
        Ok(Box::new(signer))
    }
}

/// Signs requests.
struct Signer {
    consumer_key: String,
    consumer_secret: String,
    token: String,
    token_secret: String,
    method: OAuth1Method,
    realm: String,
}

/// Without its secrets.
impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").finish_non_exhaustive()
    }
}

impl Credential for Signer {
    fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
        let Stamp { timestamp, nonce } = Stamp::of_now();
        let header = self.header(request, &timestamp.to_string(), &nonce)?;
        request.set_header("authorization", &header)
    }
}

impl Signer {
    /// The header `Authorization` (RFC 5849, 3.5.1).
    fn header(
        &self,
        request: &Outgoing<'_>,
        timestamp: &str,
        nonce: &str,
    ) -> Result<String, WireError> {
        let mut parameters = vec![
            ("oauth_consumer_key", self.consumer_key.as_str()),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", self.method.word()),
            ("oauth_timestamp", timestamp),
            ("oauth_version", "1.0"),
        ];
        if !self.token.is_empty() {
            parameters.push(("oauth_token", &self.token));
        }
        let base = base_string(request, &parameters)?;
        let key = format!(
            "{}&{}",
            encoded(&self.consumer_secret),
            encoded(&self.token_secret)
        );
        let by = |hash: Hash| base64(&hash.keyed(key.as_bytes(), base.as_bytes()));
        let signature = match self.method {
            OAuth1Method::HmacSha1 => by(Hash::Sha1),
            OAuth1Method::HmacSha256 => by(Hash::Sha256),
            OAuth1Method::HmacSha512 => by(Hash::Sha512),
            OAuth1Method::Plaintext => key.clone(),
        };
        parameters.push(("oauth_signature", &signature));
        let pairs = parameters
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", encoded(value)));
        let realm = (!self.realm.is_empty()).then(|| format!("realm=\"{}\"", self.realm));
        let all: Vec<String> = realm.into_iter().chain(pairs).collect();
        Ok(format!("OAuth {}", all.join(", ")))
    }
}

/// What is signed (RFC 5849, 3.4.1): the method, the address, and all parameters in order.
fn base_string(request: &Outgoing<'_>, own: &[(&str, &str)]) -> Result<String, WireError> {
    let url = request.url();
    let mut pairs: Vec<(String, String)> = own
        .iter()
        .map(|(name, value)| (encoded(name).into_owned(), encoded(value).into_owned()))
        .collect();
    let mut add = |text: &[u8]| {
        for (name, value) in form_urlencoded::parse(text) {
            pairs.push((encoded(&name).into_owned(), encoded(&value).into_owned()));
        }
    };
    add(url.query().unwrap_or_default().as_bytes());
    let is_form = request.is_form();
    match request.content() {
        Content::Bytes(bytes) if is_form => add(bytes),
        Content::File(_) if is_form => {
            return Err(WireError::Unsigned(
                "a form that is a file is not read for a signature".to_owned(),
            ));
        }
        // Only the parameters of a form are signed.
        Content::Nothing | Content::Bytes(_) | Content::File(_) => {}
    }
    pairs.sort();
    let parameters: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    // Without the parameters; ports that go without saying are not in an address that was read.
    let mut address = url.clone();
    address.set_query(None);
    address.set_fragment(None);
    Ok(format!(
        "{}&{}&{}",
        request.method().as_str().to_uppercase(),
        encoded(address.as_str()),
        encoded(&parameters.join("&"))
    ))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;
    use reqwest::{Method, Url};

    use super::*;
    use crate::wire::header_value;

    /// RFC 5849, 1.2.
    #[test]
    fn the_request_of_the_standard_has_its_signature() {
        let url = "http://photos.example.net/photos?file=vacation.jpg&size=original";
        let method = Method::GET;
        let request = Outgoing::new(
            &method,
            Url::parse(url).unwrap(),
            HeaderMap::new(),
            Content::Nothing,
        );
        // Its example has no `oauth_version`.
        let own = [
            ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
            ("oauth_token", "nnch734d00sl2jdk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131202"),
            ("oauth_nonce", "chapoH"),
        ];
        let base = base_string(&request, &own).unwrap();
        let signed = Hash::Sha1.keyed(b"kd94hf93k423kf44&pfkkdhi9sl3r4s00", base.as_bytes());
        assert_eq!(base64(&signed), "MdpQcU8iPSUjWoN/UDMsK2sui9I=");
    }

    /// RFC 5849, 3.4.1.1: parameters of the address, of the header and of a form.
    #[test]
    fn the_base_string_of_the_standard() {
        let url = "http://EXAMPLE.COM:80/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b";
        let mut headers = HeaderMap::new();
        let kind = header_value("", "application/x-www-form-urlencoded").unwrap();
        headers.insert("content-type", kind);
        let request = Outgoing::new(
            &Method::POST,
            Url::parse(url).unwrap(),
            headers,
            Content::Bytes(b"c2&a3=2+q"),
        );
        let own = [
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
        ];
        assert_eq!(
            base_string(&request, &own).unwrap(),
            "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7dh3k39sjv7"
        );
    }

    #[test]
    fn the_header_has_all_but_the_secrets() {
        let signer = Signer {
            consumer_key: "ck".to_owned(),
            consumer_secret: "c&s".to_owned(),
            token: "tk".to_owned(),
            token_secret: "ts".to_owned(),
            method: OAuth1Method::Plaintext,
            realm: "123_SB1".to_owned(),
        };
        let url = Url::parse("https://example.com/a").unwrap();
        let request = Outgoing::new(&Method::GET, url, HeaderMap::new(), Content::Nothing);
        let header = signer.header(&request, "1", "n").unwrap();
        assert_eq!(
            header,
            "OAuth realm=\"123_SB1\", oauth_consumer_key=\"ck\", oauth_nonce=\"n\", oauth_signature_method=\"PLAINTEXT\", oauth_timestamp=\"1\", oauth_version=\"1.0\", oauth_token=\"tk\", oauth_signature=\"c%2526s%26ts\""
        );
    }
}
