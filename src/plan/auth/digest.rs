//! Digest access (RFC 7616): a server's challenge is answered, and what it gave is used until it gives
//! another.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

use super::AuthError;
use super::basic::BasicPlan;
use super::fields::Added;
use super::outgoing::{Credential, Outgoing};
use super::stamp::Stamp;
use super::token::Sees;
use crate::digest::{Hash, hex};
use crate::plan::compile::Compiler;
use crate::spec::auth::Basic;
use crate::template::Frame;
use crate::template::scope::Scope;
use crate::wire::WireError;

/// User name and password, sent as digests.
#[derive(Debug)]
pub struct DigestPlan {
    user: BasicPlan,
    /// What the server last asked for: all requests of the run answer it.
    challenge: Arc<Mutex<Option<Challenge>>>,
}

impl DigestPlan {
    pub(super) fn compile(spec: &Basic, scope: &Scope, compiler: &mut Compiler<'_>) -> Self {
        Self {
            user: BasicPlan::compile(spec, scope, compiler),
            challenge: Arc::default(),
        }
    }

    pub(super) fn credential(
        &self,
        frame: &Arc<Frame>,
        sees: &Sees<'_>,
    ) -> Result<Box<dyn Credential>, AuthError> {
        let Some((username, password)) = self.user.texts(frame)? else {
            return Ok(Added::nothing());
        };
        sees.hide(&password);
        Ok(Box::new(Answerer {
            username,
            password,
            challenge: Arc::clone(&self.challenge),
        }))
    }
}

/// What a server asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// As the server writes it; it is sent back so.
    algorithm: Option<String>,
    is_session: bool,
    qop: Qop,
    /// How often the nonce was used.
    count: u32,
}

/// What the digest is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Qop {
    /// As RFC 2069 has it.
    None,
    /// Method and address.
    Auth,
    /// The body too.
    AuthInt,
}

impl Challenge {
    /// The strongest of the challenges of an answer that is understood.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let all = headers.get_all(WWW_AUTHENTICATE).iter();
        let texts = all.filter_map(|value| value.to_str().ok());
        let found = texts
            .flat_map(challenges)
            .filter_map(|text| Self::read(&text));
        found.max_by_key(|one| match one.hash {
            Hash::Md5 => 0,
            Hash::Sha1 | Hash::Sha384 => 1,
            Hash::Sha256 => 2,
            Hash::Sha512 => 3,
        })
    }

    /// Reads `realm="…", nonce="…", …`.
    fn read(text: &str) -> Option<Self> {
        let fields = fields(text);
        let field = |name: &str| {
            let mut own = fields.iter().filter(|(known, _)| known == name);
            own.next().map(|(_, value)| value.clone())
        };
        let algorithm = field("algorithm");
        let word = algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let plain = word.strip_suffix("-SESS");
        let hash = match plain.unwrap_or(&word) {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            _ => return None,
        };
        let offered = field("qop").map(|words| words.to_ascii_lowercase());
        let offers = |word: &str| {
            let mut words = offered.iter().flat_map(|words| words.split(','));
            words.any(|one| one.trim() == word)
        };
        let qop = match &offered {
            None => Qop::None,
            Some(_) if offers("auth") => Qop::Auth,
            Some(_) if offers("auth-int") => Qop::AuthInt,
            Some(_) => return None,
        };
        Some(Self {
            realm: field("realm").unwrap_or_default(),
            nonce: field("nonce")?,
            opaque: field("opaque"),
            hash,
            is_session: plain.is_some(),
            algorithm,
            qop,
            count: 0,
        })
    }
}

/// The challenges of kind Digest in one header: several may stand there, also of other kinds.
fn challenges(header: &str) -> Vec<String> {
    let lower = header.to_ascii_lowercase();
    let starts: Vec<usize> = lower.match_indices("digest ").map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([header.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| header[start + "digest ".len()..end].to_owned())
        .collect()
}

/// `name="value"` and `name=value`, with commas between; names in small letters.
fn fields(text: &str) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let mut rest = text;
    while let Some((name, behind)) = rest.split_once('=') {
        let name = name.trim_matches([' ', ',', '\t']).to_ascii_lowercase();
        let behind = behind.trim_start();
        let (value, after) = if let Some(quoted) = behind.strip_prefix('"') {
            let mut value = String::new();
            let mut chars = quoted.char_indices();
            let mut end = quoted.len();
            while let Some((at, c)) = chars.next() {
                match c {
                    '\\' => value.extend(chars.next().map(|(_, c)| c)),
                    '"' => {
                        end = at + 1;
                        break;
                    }
                    c => value.push(c),
                }
            }
            (value, &quoted[end..])
        } else {
            let end = behind.find(',').unwrap_or(behind.len());
            (behind[..end].trim().to_owned(), &behind[end..])
        };
        fields.push((name, value));
        rest = after;
    }
    fields
}

/// Answers challenges.
struct Answerer {
    username: String,
    password: String,
    challenge: Arc<Mutex<Option<Challenge>>>,
}

/// Without what is secret.
impl std::fmt::Debug for Answerer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answerer").finish_non_exhaustive()
    }
}

impl Credential for Answerer {
    fn sign(&self, request: &mut Outgoing<'_>) -> Result<(), WireError> {
        let challenge = {
            let mut held = self
                .challenge
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            // Before the first challenge nothing is known.
            let Some(challenge) = held.as_mut() else {
                return Ok(());
            };
            challenge.count += 1;
            challenge.clone()
        };
        let nonce = Stamp::of_now().nonce;
        let header = self.header(&challenge, request, &nonce)?;
        request.set_header("authorization", &header)
    }

    fn challenged(&self, headers: &HeaderMap) -> bool {
        let Some(challenge) = Challenge::of(headers) else {
            return false;
        };
        let mut held = self
            .challenge
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Some(challenge);
        true
    }
}

impl Answerer {
    /// The header `Authorization` (RFC 7616, 3.4).
    fn header(
        &self,
        challenge: &Challenge,
        request: &Outgoing<'_>,
        client_nonce: &str,
    ) -> Result<String, WireError> {
        let Challenge {
            realm,
            nonce,
            opaque,
            hash,
            algorithm,
            is_session,
            qop,
            count,
        } = challenge;
        let digest = |text: &str| hex(&hash.digest(text.as_bytes()));
        let url = request.url();
        let uri = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let mut first = digest(&format!("{}:{realm}:{}", self.username, self.password));
        if *is_session {
            first = digest(&format!("{first}:{nonce}:{client_nonce}"));
        }
        let method = request.method();
        let second = match qop {
            Qop::None | Qop::Auth => digest(&format!("{method}:{uri}")),
            Qop::AuthInt => {
                let body = hex(&hash.digest(&request.content().read()?));
                digest(&format!("{method}:{uri}:{body}"))
            }
        };
        let word = match qop {
            Qop::None => None,
            Qop::Auth => Some("auth"),
            Qop::AuthInt => Some("auth-int"),
        };
        let count = format!("{count:08x}");
        let response = match word {
            None => digest(&format!("{first}:{nonce}:{second}")),
            Some(word) => digest(&format!(
                "{first}:{nonce}:{count}:{client_nonce}:{word}:{second}"
            )),
        };
        let quoted = |name: &str, value: &str| {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{name}=\"{value}\"")
        };
        let mut parts = vec![
            quoted("username", &self.username),
            quoted("realm", realm),
            quoted("nonce", nonce),
            quoted("uri", &uri),
            quoted("response", &response),
        ];
        parts.extend(algorithm.iter().map(|word| format!("algorithm={word}")));
        if let Some(word) = word {
            parts.push(format!("qop={word}"));
            parts.push(format!("nc={count}"));
        }
        if word.is_some() || *is_session {
            parts.push(quoted("cnonce", client_nonce));
        }
        parts.extend(opaque.iter().map(|opaque| quoted("opaque", opaque)));
        Ok(format!("Digest {}", parts.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, Url};

    use super::super::outgoing::Content;
    use super::*;
    use crate::wire::header_value;

    const NONCE: &str = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";

    fn answered(challenge: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(WWW_AUTHENTICATE, header_value("", challenge).unwrap());
        let mut challenge = Challenge::of(&headers).unwrap();
        challenge.count = 1;
        let answerer = Answerer {
            username: "Mufasa".to_owned(),
            password: "Circle of Life".to_owned(),
            challenge: Arc::default(),
        };
        let url = Url::parse("http://www.example.org/dir/index.html").unwrap();
        let request = Outgoing::new(&Method::GET, url, HeaderMap::new(), Content::Nothing);
        let client_nonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
        answerer.header(&challenge, &request, client_nonce).unwrap()
    }

    fn response(header: &str) -> &str {
        let (_, rest) = header.split_once("response=\"").unwrap();
        rest.split('"').next().unwrap()
    }

    /// RFC 7616, 3.9.1.
    #[test]
    fn the_challenges_of_the_standard_have_their_answers() {
        let rest = "realm=\"http-auth@example.org\", qop=\"auth, auth-int\"";
        let opaque = "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
        let by = |algorithm: &str| {
            answered(&format!(
                "Digest {rest}, algorithm={algorithm}, nonce=\"{NONCE}\", {opaque}"
            ))
        };
        let md5 = by("MD5");
        assert_eq!(response(&md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert!(md5.contains("qop=auth, nc=00000001, cnonce=\"f2/"), "{md5}");
        assert!(md5.contains(opaque), "{md5}");
        let sha = by("SHA-256");
        assert_eq!(
            response(&sha),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn the_strongest_challenge_is_answered() {
        let mut headers = HeaderMap::new();
        for value in [
            "Basic realm=\"a\"",
            "Digest realm=\"a, b\", nonce=\"n\\\"1\", algorithm=MD5, Digest realm=\"a\", nonce=\"n2\", algorithm=SHA-256-sess, qop=\"auth-int\"",
            "Digest realm=\"a\", nonce=\"n3\", algorithm=SHA-512-256",
        ] {
            headers.append(WWW_AUTHENTICATE, header_value("", value).unwrap());
        }
        let challenge = Challenge::of(&headers).unwrap();
        assert_eq!(
            (challenge.nonce.as_str(), challenge.qop),
            ("n2", Qop::AuthInt)
        );
        assert!(challenge.is_session);
        let first = Challenge::read("realm=\"a, b\", nonce=\"n\\\"1\"").unwrap();
        assert_eq!(
            (first.realm.as_str(), first.nonce.as_str()),
            ("a, b", "n\"1")
        );
        assert_eq!(first.qop, Qop::None);
        assert!(Challenge::of(&HeaderMap::new()).is_none());
    }
}
