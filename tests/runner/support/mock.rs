//! A mock of somebody's API: answers that are written down, for every host. It is a proxy too, which
//! speaks TLS in the place of whoever was asked for, so that specs run as they stand.
//!
//! `mock.yaml` is a list of `{request: METHOD URL, …}`:
//!
//! | Key | Says |
//! |---|---|
//! | `request` | method and URL; `<mock>` is the mock's own address |
//! | `body` | text that the body must contain |
//! | `header` | `name: value` that the request must have |
//! | `status`, `headers` | of the answer; 200 and `application/json` |
//! | `answer` | its body: text, or anything else as JSON |
//! | `file` | its body: a file beside `mock.yaml`; `gzip` and `zstd` pack it |
//! | `many` | its body: a list of so many items of some 220 bytes, at `items` |
//! | `fault` | `close`: no answer; `truncate`: half of it; `wait`: an answer after 3 s |
//! | `repeat` | it is answered so as often as it comes |
//!
//! Each is used once, the first that fits first. What nobody wrote down is answered 599 and noted.

use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_yaml::Value;
use tempfile::NamedTempFile;

use super::http::Message;

/// Headers of requests that are noted, besides those that begin with `x-`.
const NOTED: [&str; 8] = [
    "authorization",
    "cookie",
    "idempotency-key",
    "accept-language",
    "content-type",
    "content-encoding",
    "if-modified-since",
    "accept-encoding-test",
];

/// A request's body as text, unpacked where it says that it is packed.
fn body_of(request: &Message) -> String {
    let is_packed = request
        .headers
        .iter()
        .any(|(name, value)| name == "content-encoding" && value == "gzip");
    let mut body = request.body.clone();
    if is_packed {
        body.clear();
        let mut unpacked = flate2::read::GzDecoder::new(request.body.as_slice());
        unpacked.read_to_end(&mut body).expect("a gzip body");
    }
    String::from_utf8_lossy(&body).into_owned()
}

/// A mock that is running.
pub struct Mock {
    /// Its address, for requests that go to it directly.
    pub url: String,
    /// The certificate of its authority, as a file.
    pub authority: NamedTempFile,
    state: Arc<State>,
}

struct State {
    folder: PathBuf,
    url: String,
    exchanges: Mutex<Vec<Exchange>>,
    seen: Mutex<Vec<String>>,
    unexpected: Mutex<Vec<String>>,
    issuer: Issuer<'static, KeyPair>,
}

struct Exchange {
    yaml: Value,
    used: usize,
}

impl Mock {
    /// Serves what `mock.yaml` in this folder says.
    pub fn of_folder(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join("mock.yaml")).expect("a mock.yaml");
        Self::start(folder, &text)
    }

    /// Serves what this text says.
    pub fn start(folder: &Path, text: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let list: Vec<Value> =
            serde_yaml::from_str(&text.replace("<mock>", &url)).expect("a list of exchanges");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        let mut authority = NamedTempFile::new().expect("a temporary file");
        authority
            .write_all(certificate.pem().as_bytes())
            .expect("written");
        // A provider that is installed already is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exchanges = list.into_iter().map(|yaml| Exchange { yaml, used: 0 });
        let state = Arc::new(State {
            folder: folder.to_owned(),
            url: url.clone(),
            exchanges: Mutex::new(exchanges.collect()),
            seen: Mutex::default(),
            unexpected: Mutex::default(),
            issuer: Issuer::new(params, key),
        });
        let served = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&served);
                // A client that goes away ends its thread.
                thread::spawn(move || state.serve(stream));
            }
        });
        Self {
            url,
            authority,
            state,
        }
    }

    /// The requests that came, one a line, in order; the mock's own address is `<mock>`.
    pub fn requests(&self) -> Vec<String> {
        let seen = self.state.seen.lock().unwrap();
        seen.iter()
            .map(|line| line.replace(&self.url, "<mock>"))
            .collect()
    }

    /// Requests that nobody wrote down, and answers that nobody asked for.
    pub fn differences(&self) -> Vec<String> {
        let mut differences = self.state.unexpected.lock().unwrap().clone();
        for exchange in self.state.exchanges.lock().unwrap().iter() {
            if exchange.used == 0 {
                let request = exchange.yaml["request"].as_str().unwrap_or_default();
                differences.push(format!("never asked for: {request}"));
            }
        }
        differences
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        let first = Message::read(&mut reader).ok()??;
        let target = first.first_line.split(' ').nth(1)?.to_owned();
        if !first.first_line.starts_with("CONNECT ") {
            let base = if target.starts_with("http") {
                String::new()
            } else {
                self.url.clone()
            };
            return self.converse(&base, reader, Some(first));
        }
        let host = target.rsplit_once(':')?.0.to_owned();
        let mut stream = reader.into_inner();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").ok()?;
        let connection = ServerConnection::new(self.tls(&host)).expect("TLS");
        let tls = StreamOwned::new(connection, stream);
        self.converse(&format!("https://{host}"), BufReader::new(tls), None)
    }

    /// TLS in the place of a host.
    fn tls(&self, host: &str) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![host.to_owned()]).expect("a host");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .expect("a certificate that fits its key");
        Arc::new(config)
    }

    fn converse<S: Read + Write>(
        &self,
        base: &str,
        mut reader: BufReader<S>,
        first: Option<Message>,
    ) -> Option<()> {
        let mut next = first;
        loop {
            let request = match next.take() {
                Some(request) => request,
                None => Message::read(&mut reader).ok()??,
            };
            let mut words = request.first_line.split(' ');
            let line = format!("{} {base}{}", words.next()?, words.next()?);
            self.note(&line, &request);
            let (answer, fault) = self.answer(&line, &request);
            let bytes = answer.bytes(0);
            let stream = reader.get_mut();
            match fault.as_str() {
                "close" => return None,
                "truncate" => {
                    let half = bytes.len() - answer.body.len() / 2;
                    stream.write_all(&bytes[..half]).ok()?;
                    return stream.flush().ok();
                }
                "wait" => thread::sleep(Duration::from_secs(3)),
                _ => {}
            }
            stream.write_all(&bytes).ok()?;
            stream.flush().ok()?;
        }
    }

    fn note(&self, line: &str, request: &Message) {
        let mut text = line.to_owned();
        for (name, value) in &request.headers {
            if NOTED.contains(&name.as_str()) || name.starts_with("x-") {
                text = format!("{text} [{name}: {value}]");
            }
        }
        if !request.body.is_empty() {
            let body = body_of(request).replace('\r', "").replace('\n', "\\n");
            text.push(' ');
            text.push_str(&body);
        }
        self.seen.lock().unwrap().push(text);
    }

    fn answer(&self, line: &str, request: &Message) -> (Message, String) {
        let mut exchanges = self.exchanges.lock().unwrap();
        let body = body_of(request);
        let fits = |exchange: &Exchange| {
            let wanted = exchange.yaml["request"].as_str().unwrap_or_default();
            let contains = exchange.yaml["body"].as_str().unwrap_or_default();
            let header = exchange.yaml["header"].as_str();
            let has_header = header.is_none_or(|header| {
                let (name, value) = header.split_once(": ").expect("name: value");
                request.header(name) == Some(value)
            });
            wanted == line && body.contains(contains) && has_header
        };
        let fresh = exchanges
            .iter()
            .position(|exchange| exchange.used == 0 && fits(exchange));
        let again = || {
            exchanges.iter().rposition(|exchange| {
                exchange.yaml["repeat"].as_bool() == Some(true) && fits(exchange)
            })
        };
        let Some(index) = fresh.or_else(again) else {
            let text = format!("nobody wrote down: {}", line.replace(&self.url, "<mock>"));
            self.unexpected.lock().unwrap().push(text.clone());
            return (Message::answer(599, &text), String::new());
        };
        let exchange = &mut exchanges[index];
        exchange.used += 1;
        let yaml = &exchange.yaml;
        let status = yaml["status"].as_u64().unwrap_or(200);
        let status = u16::try_from(status).expect("a status");
        let mut answer = Message::answer(status, "");
        answer.body = match (&yaml["answer"], yaml["file"].as_str()) {
            _ if yaml["many"].is_number() => many(yaml["many"].as_u64().unwrap_or_default()),
            (_, Some(file)) => std::fs::read(self.folder.join(file)).expect("a file"),
            (Value::String(text), None) => text.clone().into_bytes(),
            (Value::Null, None) => Vec::new(),
            (value, None) => serde_json::to_vec(value).expect("JSON"),
        };
        if yaml["gzip"].as_bool() == Some(true) {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&answer.body).expect("packed");
            answer.body = packed.finish().expect("packed");
        }
        if yaml["zstd"].as_bool() == Some(true) {
            answer.body = zstd::encode_all(answer.body.as_slice(), 1).expect("packed");
        }
        for (name, value) in yaml["headers"].as_mapping().into_iter().flatten() {
            let name = name.as_str().expect("a name").to_lowercase();
            answer.headers.retain(|(known, _)| *known != name);
            let value = match value {
                Value::String(text) => text.clone(),
                other => serde_json::to_string(other).expect("JSON"),
            };
            answer.headers.push((name, value));
        }
        let fault = yaml["fault"].as_str().unwrap_or_default().to_owned();
        (answer, fault)
    }
}

/// A list of so many items.
fn many(count: u64) -> Vec<u8> {
    let text = "x".repeat(200);
    let items: Vec<String> = (0..count)
        .map(|id| format!("{{\"id\":{id},\"text\":\"{text}\"}}"))
        .collect();
    format!("{{\"items\":[{}],\"next\":null}}", items.join(",")).into_bytes()
}
