//! Requests that are signed, against servers that check each signature by their own reckoning.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use ring::{digest, hmac};
use tempfile::TempDir;

use crate::support::cli::Runner;
use crate::support::http::Message;
use crate::support::sandbox::Sandbox;
use crate::support::server::Server;

const SECRET: &str = "s3cret-of-both-sides";

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

fn keyed(algorithm: hmac::Algorithm, key: &[u8], over: &str) -> Vec<u8> {
    let key = hmac::Key::new(algorithm, key);
    hmac::sign(&key, over.as_bytes()).as_ref().to_vec()
}

/// A request taken apart.
struct Asked<'m> {
    message: &'m Message,
    method: &'m str,
    path: &'m str,
    /// As it came.
    query: &'m str,
}

impl<'m> Asked<'m> {
    fn of(message: &'m Message) -> Self {
        let mut parts = message.first_line.split(' ');
        let method = parts.next().unwrap();
        let target = parts.next().unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            message,
            method,
            path,
            query,
        }
    }

    fn body(&self) -> &str {
        std::str::from_utf8(&self.message.body).unwrap()
    }

    fn header(&self, name: &str) -> &str {
        self.message.header(name).unwrap_or_default()
    }

    fn pairs(text: &str) -> Vec<(String, String)> {
        form_urlencoded::parse(text.as_bytes())
            .into_owned()
            .collect()
    }

    fn parameter(&self, name: &str) -> String {
        let mut pairs = Self::pairs(self.query).into_iter();
        pairs
            .find_map(|(known, value)| (known == name).then_some(value))
            .unwrap_or_default()
    }
}

fn is_now(seconds: &str) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let seconds: u64 = seconds.parse().unwrap_or_default();
    now.as_secs().abs_diff(seconds) < 120
}

/// The list that all of these servers have: two pages.
fn page(number: &str) -> Message {
    Message::answer(
        200,
        match number {
            "1" => r#"[{"id":"a/1"}]"#,
            "2" => r#"[{"id":"b"}]"#,
            _ => "[]",
        },
    )
}

fn refused(why: &str) -> Message {
    Message::answer(403, &format!("{{\"error\":\"{why}\"}}"))
}

/// Runs an import from a server, and gives what it wrote.
fn imported(spec: &str, server: &Server) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("spec.yaml");
    let head = "version: 1\nname: signed\nmode: data-source\noptions: { BASE: { type: input }, SECRET: { type: password } }\n";
    std::fs::write(&file, format!("{head}{spec}")).unwrap();
    let sandbox = Sandbox::serve(&[]);
    let ended = Runner::of_spec(&file, &sandbox.url)
        .env("BASE", &server.url)
        .env("SECRET", SECRET)
        .run();
    let held = sandbox.stop();
    let logs = held.text("logs.jsonl");
    assert_eq!(ended.code, 0, "{logs}{}", ended.stderr);
    assert!(!logs.contains(SECRET), "{logs}");
    held.text("output.jsonl")
}

const BOTH: &str = "{\"id\":\"a/1\"}\n{\"id\":\"b\"}\n";

/// A shop whose calls have the time and a signature among their parameters.
#[test]
fn parameters_carry_the_signature_over_path_and_time() {
    let server = Server::start(|request| {
        let asked = Asked::of(request);
        let time = asked.parameter("timestamp");
        let over = format!("77{}{time}", asked.path);
        let expected = hex(&keyed(hmac::HMAC_SHA256, SECRET.as_bytes(), &over));
        if !is_now(&time) || asked.parameter("sign") != expected {
            return refused("sign");
        }
        page(&asked.parameter("page"))
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  query: { partner_id: 77, timestamp: "{{ timestamp }}" }
  auth:
    sign:
      algorithm: hmac-sha256
      key: "{{ options.SECRET }}"
      over: "77{{ request.path }}{{ timestamp }}"
      as: { query: { sign: "{{ signature }}" } }
source: { request: { path: /api/v2/items, query: { page: "{{ page.number }}" } }, pages: page }
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
}

/// A marketplace that signs method, address, body and time in headers; a nonce comes once.
#[test]
fn headers_carry_the_signature_over_the_body() {
    let nonces: Mutex<HashSet<String>> = Mutex::default();
    let server = Server::start(move |request| {
        let asked = Asked::of(request);
        let time = asked.header("shop-timestamp");
        let url = format!("http://{}{}", asked.header("host"), asked.path);
        let over = format!("{}\n{url}\n{}\n{time}", asked.method, asked.body());
        let expected = STANDARD.encode(keyed(hmac::HMAC_SHA512, SECRET.as_bytes(), &over));
        let is_new = nonces
            .lock()
            .unwrap()
            .insert(asked.header("shop-nonce").to_owned());
        if !is_now(time) || !is_new || asked.header("shop-signature") != expected {
            return refused("sign");
        }
        let body: serde_json::Value = serde_json::from_str(asked.body()).unwrap();
        page(&body["page"].to_string())
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  auth:
    sign:
      algorithm: hmac-sha512
      key: "{{ options.SECRET }}"
      over: "{{ [request.method, request.url, request.body, timestamp] | join('\n') }}"
      encode: base64
      as: { header: { Shop-Signature: "{{ signature }}", Shop-Timestamp: "{{ timestamp }}", Shop-Nonce: "{{ nonce }}" } }
source: { request: { path: /v2/units, json: { page: "{{ page.number }}", q: "größe" } }, pages: page }
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
}

/// A marketplace that signs all parameters in order, those of a form too, in capitals.
#[test]
fn parameters_are_signed_in_their_order() {
    let server = Server::start(|request| {
        let asked = Asked::of(request);
        let mut pairs = Asked::pairs(asked.query);
        pairs.retain(|(name, _)| name != "sign");
        pairs.extend(Asked::pairs(asked.body()));
        pairs.sort();
        let texts: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}{value}"))
            .collect();
        let over = format!("{SECRET}{}{SECRET}", texts.concat());
        let expected = hex(&Md5::digest(over.as_bytes())).to_uppercase();
        let time = asked.parameter("timestamp");
        if !is_now(time.strip_suffix("000").unwrap_or_default())
            || asked.parameter("sign") != expected
        {
            return refused("sign");
        }
        page(&asked.parameter("b page"))
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  auth:
    sign:
      algorithm: md5
      over: "{{ options.SECRET }}{% for name, value in (request.query + request.form) | sort %}{{ name }}{{ value }}{% endfor %}{{ options.SECRET }}"
      as: { query: { sign: "{{ signature | upper }}" } }
source:
  request: { path: /rest, query: { timestamp: "{{ timestamp * 1000 }}", b page: "{{ page.number }}", a: "ä+ &" }, form: { c: "x y", aa: "1" } }
  pages: page
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
}

/// An address that has the signature of the one before in it: that is none of what is signed.
#[test]
fn an_old_signature_in_the_address_is_not_signed() {
    let server = Server::start(|request| {
        let asked = Asked::of(request);
        let mut pairs = Asked::pairs(asked.query);
        pairs.retain(|(name, _)| name != "sign");
        pairs.sort();
        let texts: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}{value}"))
            .collect();
        let over = format!("{SECRET}{}", texts.concat());
        let expected = hex(digest::digest(&digest::SHA256, over.as_bytes()).as_ref());
        if asked.parameter("sign") != expected {
            return refused("sign");
        }
        let target = request.first_line.split(' ').nth(1).unwrap();
        match asked.parameter("c").as_str() {
            "" => Message::answer(
                200,
                &format!("{{\"data\":[{{\"id\":\"a/1\"}}],\"next\":\"{target}&c=1\"}}"),
            ),
            _ => Message::answer(200, "{\"data\":[{\"id\":\"b\"}]}"),
        }
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  query: { partner: 7 }
  auth: { sign: { algorithm: sha256, over: "{{ options.SECRET }}{% for n, v in request.query %}{{ n }}{{ v }}{% endfor %}", as: { query: { sign: "{{ signature }}" } } } }
source: { request: { path: /list }, pages: { next_url: { next: $.next } }, records: "$.data[*]" }
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
}

/// A request that is sent again has a time and a nonce of its own.
#[test]
fn each_attempt_is_signed_anew() {
    let server = Server::start({
        let nonces: Mutex<Vec<String>> = Mutex::default();
        move |request| {
            let asked = Asked::of(request);
            let nonce = asked.parameter("nonce");
            let expected = hex(&keyed(
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                SECRET.as_bytes(),
                &nonce,
            ));
            let mut nonces = nonces.lock().unwrap();
            if nonces.contains(&nonce) || asked.header("x-sign") != expected {
                return refused("nonce");
            }
            nonces.push(nonce);
            match nonces.len() {
                2 => Message::answer(503, "{}"),
                _ => page(&asked.parameter("page")),
            }
        }
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  retry: { wait: 1ms }
  auth: { sign: { algorithm: hmac-sha1, key: "{{ options.SECRET }}", over: "{{ nonce }}", as: { header: { X-Sign: "{{ signature }}" } } } }
source: { request: { path: /items, query: { page: "{{ page.number }}", nonce: "{{ nonce }}" } }, pages: page }
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
    assert_eq!(server.requests().len(), 4);
}

/// Text as RFC 3986 encodes it, byte by byte.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// RFC 5849, by a server of its own.
#[test]
fn oauth1() {
    let server = Server::start({
        let nonces: Mutex<HashSet<String>> = Mutex::default();
        move |request| {
            let asked = Asked::of(request);
            let Some(header) = asked.header("authorization").strip_prefix("OAuth ") else {
                return refused("no OAuth");
            };
            let mut own: Vec<(String, String)> = header
                .split(", ")
                .map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap();
                    let value = value.trim_matches('"').replace('+', "%2B");
                    let decoded = Asked::pairs(&format!("v={value}")).remove(0).1;
                    (name.to_owned(), decoded)
                })
                .collect();
            let field = |name: &str| {
                let mut all = own.iter();
                all.find_map(|(known, value)| (known == name).then(|| value.clone()))
                    .unwrap_or_default()
            };
            let (signature, time, nonce) = (
                field("oauth_signature"),
                field("oauth_timestamp"),
                field("oauth_nonce"),
            );
            let realm = field("realm");
            own.retain(|(name, _)| name != "oauth_signature" && name != "realm");
            let mut all = own;
            all.extend(Asked::pairs(asked.query));
            all.extend(Asked::pairs(asked.body()));
            let mut all: Vec<String> = all
                .iter()
                .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
                .collect();
            all.sort();
            let url = format!("http://{}{}", asked.header("host"), asked.path);
            let over = format!(
                "{}&{}&{}",
                asked.method,
                encoded(&url),
                encoded(&all.join("&"))
            );
            let key = format!("{SECRET}&token%20secret");
            let expected = STANDARD.encode(keyed(hmac::HMAC_SHA256, key.as_bytes(), &over));
            let is_new = nonces.lock().unwrap().insert(nonce);
            if signature != expected || !is_now(&time) || !is_new || realm != "12_SB1" {
                return refused("signature");
            }
            page(&asked.parameter("page"))
        }
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  auth:
    oauth1:
      consumer_key: "the key"
      consumer_secret: "{{ options.SECRET }}"
      token: "a token"
      token_secret: "token secret"
      method: HMAC-SHA256
      realm: 12_SB1
source: { request: { path: /services/rest/query, query: { page: "{{ page.number }}", q: "ä&b=c +~" }, form: { a: "x y", b: "" } }, pages: page }
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
}

/// Amazon's signature, by a server of its own: the path is read as it came, and encoded once more.
#[test]
fn aws_sigv4() {
    let server = Server::start(|request| {
        let asked = Asked::of(request);
        let header = asked.header("authorization");
        let part = |name: &str| {
            let (_, rest) = header.split_once(name).unwrap_or_default();
            rest.split([',', ' ']).next().unwrap_or_default().to_owned()
        };
        let credential = part("Credential=");
        let scope = credential.strip_prefix("AKID/").unwrap_or_default();
        let names = part("SignedHeaders=");
        let headers: Vec<String> = names
            .split(';')
            .map(|name| format!("{name}:{}\n", asked.header(name)))
            .collect();
        let headers = headers.concat();
        let mut query: Vec<String> = Asked::pairs(asked.query)
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        query.sort();
        let of = |bytes: &[u8]| hex(digest::digest(&digest::SHA256, bytes).as_ref());
        let path: Vec<String> = asked.path.split('/').map(encoded).collect();
        let canonical = format!(
            "{}\n{}\n{}\n{headers}\n{names}\n{}",
            asked.method,
            path.join("/"),
            query.join("&"),
            of(asked.body().as_bytes())
        );
        let over = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
            asked.header("x-amz-date"),
            of(canonical.as_bytes())
        );
        let mut key = format!("AWS4{SECRET}").into_bytes();
        for part in scope.split('/') {
            key = keyed(hmac::HMAC_SHA256, &key, part);
        }
        let expected = hex(&keyed(hmac::HMAC_SHA256, &key, &over));
        let is_scope = scope.ends_with("/eu-west-1/execute-api/aws4_request");
        let is_whole = names.split(';').any(|name| name == "host")
            && names.split(';').any(|name| name == "x-amz-security-token");
        if part("Signature=") != expected || !is_scope || !is_whole {
            return refused("signature");
        }
        match asked.path {
            "/prod/a%2F1" => Message::answer(200, r#"{"id":"a/1"}"#),
            "/prod/b" => Message::answer(200, r#"{"id":"b"}"#),
            _ => page(&asked.parameter("page")),
        }
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}/prod"
  auth:
    aws_sigv4:
      access_key: AKID
      secret_key: "{{ options.SECRET }}"
      session_token: "session=token/of+mine"
      region: eu-west-1
      service: execute-api
source:
  - { name: one, request: { path: "/list", query: { page: "{{ page.number }}", b: "x y/z", a: "1" }, json: { a: 1 } }, pages: page }
  - { name: two, request: "/{{ one.id }}" }
columns: { id: "{{ two.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
}

/// RFC 7616, by a server of its own: it counts, and takes a nonce back in the middle of the list.
#[test]
fn digest_access() {
    let server = Server::start({
        let state: Mutex<(u32, u32)> = Mutex::default();
        move |request| {
            let asked = Asked::of(request);
            let mut state = state.lock().unwrap();
            let (nonce, count) = &mut *state;
            let of = |text: &str| hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref());
            let header = asked.header("authorization").to_owned();
            let field = |name: &str| {
                let start = header
                    .find(&format!(" {name}="))
                    .map(|at| at + name.len() + 2);
                let rest = start.map(|at| &header[at..]).unwrap_or_default();
                match rest.strip_prefix('"') {
                    Some(quoted) => quoted.split('"').next().unwrap().to_owned(),
                    None => rest.split(',').next().unwrap().to_owned(),
                }
            };
            let target = asked.message.first_line.split(' ').nth(1).unwrap();
            let first = of(&format!("me:the api:{SECRET}"));
            let second = of(&format!("{}:{target}", asked.method));
            let expected = of(&format!(
                "{first}:{}:{}:{}:auth:{second}",
                field("nonce"),
                field("nc"),
                field("cnonce")
            ));
            let is_good = field("response") == expected
                && field("nonce") == format!("nonce {nonce}")
                && field("nc") == format!("{:08x}", *count + 1)
                && field("opaque") == "x"
                && field("uri") == target;
            if is_good && *count < 2 {
                *count += 1;
                return page(&asked.parameter("page"));
            }
            let stale = *count >= 2;
            *nonce += 1;
            *count = 0;
            let mut answer = Message::answer(401, "{}");
            for value in [
                format!(
                    "Digest realm=\"the api\", qop=\"auth,auth-int\", algorithm=SHA-256, nonce=\"nonce {nonce}\", opaque=\"x\", stale={stale}"
                ),
                "Digest realm=\"the api\", qop=\"auth\", algorithm=MD5, nonce=\"weak\"".to_owned(),
            ] {
                answer.headers.push(("www-authenticate".to_owned(), value));
            }
            answer
        }
    });
    let spec = r#"
http:
  base_url: "{{ options.BASE }}"
  auth: { digest: { username: me, password: "{{ options.SECRET }}" } }
source: { request: { path: /items, query: { page: "{{ page.number }}" } }, pages: page }
columns: { id: "{{ record.id }}" }
"#;
    assert_eq!(imported(spec, &server), BOTH);
    // Each of the two nonces is asked for once; the third page comes with the second.
    assert_eq!(server.requests().len(), 5);
}

/// Who signs wrongly is refused, and what was sent is not shown.
#[test]
fn a_wrong_secret_is_told_without_it() {
    let server = Server::start(|_| {
        let mut answer = Message::answer(401, "{}");
        let value = "Digest realm=\"a\", nonce=\"n\", qop=\"auth\"".to_owned();
        answer.headers.push(("www-authenticate".to_owned(), value));
        answer
    });
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("spec.yaml");
    let spec = "version: 1\nname: signed\nmode: data-source\noptions: { BASE: { type: input }, SECRET: { type: password } }\nhttp: { base_url: \"{{ options.BASE }}\", auth: { digest: { username: me, password: \"{{ options.SECRET }}\" } } }\nsource: { request: /items }\nkeep: all\n";
    std::fs::write(&file, spec).unwrap();
    let sandbox = Sandbox::serve(&[]);
    let ended = Runner::of_spec(&file, &sandbox.url)
        .env("BASE", &server.url)
        .env("SECRET", SECRET)
        .run();
    let logs = sandbox.stop().text("logs.jsonl");
    assert_eq!(ended.code, 1, "{logs}");
    assert!(logs.contains("401"), "{logs}");
    assert!(
        !logs.contains(SECRET) && !logs.contains("response="),
        "{logs}"
    );
    // The challenge is answered once, and asked for no more.
    assert_eq!(server.requests().len(), 2);
}
