//! Stands between runner and a Container API: notes every request, and breaks what it is told to.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::http::Message;
use super::requests::{Kind, Request};

/// How long a port that refuses stays shut.
const SHUT: Duration = Duration::from_millis(250);

/// The port's states.
const OPEN: u8 = 0;
const SHUTTING: u8 = 1;
const IS_SHUT: u8 = 2;

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Do {
    /// It goes to the API, its answer comes back.
    Pass,
    /// It is not done, and answered so.
    Answer(u16, String),
    /// The connection is reset; whether it was done before is said.
    Reset { done: bool },
    /// It is done, and answered by this status and body.
    DoneBut(u16, String),
    /// It is done, and its answer breaks off in the middle.
    Truncate,
    /// It is done, and its answer is changed: this text is replaced by that.
    Replace(&'static str, &'static str),
    /// It is done once as many requests of these kinds were answered and nothing else is under way;
    /// then the port is shut for a while before the answer goes out, so that whatever comes next
    /// is refused.
    ThenShut(Vec<(Kind, usize)>),
}

type Rule = dyn Fn(&Request) -> Do + Send + Sync;

struct Shared {
    upstream: String,
    rule: Box<Rule>,
    /// Every answer ends its connection: needed where a shut port has to be noticed.
    close: bool,
    requests: Mutex<Vec<Request>>,
    counts: Mutex<HashMap<Kind, usize>>,
    answered: Mutex<HashMap<Kind, usize>>,
    under_way: AtomicUsize,
    port: AtomicU8,
    is_over: AtomicBool,
    address: SocketAddr,
}

/// A proxy that is running until it is dropped.
pub struct Proxy {
    shared: Arc<Shared>,
}

impl Proxy {
    /// A proxy in front of `upstream` that does with each request what `rule` says.
    pub fn start(upstream: &str, rule: impl Fn(&Request) -> Do + Send + Sync + 'static) -> Self {
        Self::new(upstream, Box::new(rule), false, false)
    }

    /// The same, every answer ending its connection; `is_shut` refuses connections at first.
    pub fn without_keep_alive(
        upstream: &str,
        is_shut: bool,
        rule: impl Fn(&Request) -> Do + Send + Sync + 'static,
    ) -> Self {
        Self::new(upstream, Box::new(rule), true, is_shut)
    }

    fn new(upstream: &str, rule: Box<Rule>, close: bool, is_shut: bool) -> Self {
        let listener = free_port();
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            rule,
            close,
            requests: Mutex::default(),
            counts: Mutex::default(),
            answered: Mutex::default(),
            under_way: AtomicUsize::new(0),
            port: AtomicU8::new(if is_shut { SHUTTING } else { OPEN }),
            is_over: AtomicBool::new(false),
            address: listener.local_addr().expect("an address"),
        });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || accept(&for_thread, listener));
        if is_shut {
            wait_until(|| shared.port.load(Ordering::SeqCst) == IS_SHUT);
            open_later(&shared);
        }
        Self { shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// All requests, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().expect("no panic").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
    }
}

/// A port below those that the system gives away by itself: it can be shut and opened again.
fn free_port() -> TcpListener {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let offset = std::process::id() as usize * 61 + NEXT.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(10_000 + offset % 20_000).expect("a port");
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener;
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: TcpListener) {
    listener.set_nonblocking(true).expect("a listener");
    let mut listener = Some(listener);
    while !shared.is_over.load(Ordering::SeqCst) {
        if shared.port.load(Ordering::SeqCst) == SHUTTING {
            listener = None;
            shared.port.store(IS_SHUT, Ordering::SeqCst);
        }
        match &listener {
            None if shared.port.load(Ordering::SeqCst) == IS_SHUT => {
                thread::sleep(Duration::from_millis(1));
            }
            None => {
                listener = TcpListener::bind(shared.address).ok();
                if let Some(listener) = &listener {
                    listener.set_nonblocking(true).expect("a listener");
                }
            }
            Some(listener) => match listener.accept() {
                Ok((stream, _)) => {
                    stream.set_nonblocking(false).expect("a stream");
                    stream.set_nodelay(true).expect("a stream");
                    let shared = Arc::clone(shared);
                    thread::spawn(move || serve(&shared, stream));
                }
                Err(_) => thread::sleep(Duration::from_micros(200)),
            },
        }
    }
}

/// Opens the port again after a while.
fn open_later(shared: &Arc<Shared>) {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        thread::sleep(SHUT);
        shared.port.store(OPEN, Ordering::SeqCst);
    });
}

/// Serves one connection to its end.
fn serve(shared: &Arc<Shared>, stream: TcpStream) {
    let mut writer = stream.try_clone().expect("a stream");
    let mut reader = BufReader::new(stream);
    // A connection that is closed between two requests is no failure.
    while let Ok(Some(message)) = Message::read(&mut reader) {
        shared.under_way.fetch_add(1, Ordering::SeqCst);
        let request = note(shared, &message);
        let what = (shared.rule)(&request);
        let answer = carry_out(shared, &message, what);
        count(&shared.answered, request.kind);
        shared.under_way.fetch_sub(1, Ordering::SeqCst);
        let Some(bytes) = answer else {
            reset(writer);
            return;
        };
        if writer.write_all(&bytes.bytes).is_err() || bytes.ends {
            return;
        }
    }
}

struct Answered {
    bytes: Vec<u8>,
    /// The connection ends behind it.
    ends: bool,
}

fn carry_out(shared: &Arc<Shared>, message: &Message, what: Do) -> Option<Answered> {
    let forward = || {
        let answer = message.exchange(&shared.upstream);
        answer.expect("the API answers")
    };
    let mut missing = 0;
    let mut answer = match what {
        Do::Pass => forward(),
        Do::Answer(status, body) => Message::answer(status, &body),
        Do::Reset { done } => {
            if done {
                forward();
            }
            return None;
        }
        Do::DoneBut(status, body) => {
            forward();
            Message::answer(status, &body)
        }
        Do::Truncate => {
            let mut answer = forward();
            let half = answer.body.len() / 2;
            missing = answer.body.len() - half;
            answer.body.truncate(half);
            answer
        }
        Do::Replace(from, to) => {
            let mut answer = forward();
            let text = String::from_utf8(answer.body).expect("UTF-8");
            assert!(text.contains(from), "{from:?} is not in {text}");
            answer.body = text.replace(from, to).into_bytes();
            answer
        }
        Do::ThenShut(before) => {
            let answer = forward();
            wait_until(|| {
                let answered = shared.answered.lock().expect("no panic");
                before
                    .iter()
                    .all(|(kind, count)| answered.get(kind).copied().unwrap_or(0) == *count)
            });
            wait_until(|| shared.under_way.load(Ordering::SeqCst) == 1);
            shared.port.store(SHUTTING, Ordering::SeqCst);
            wait_until(|| shared.port.load(Ordering::SeqCst) == IS_SHUT);
            open_later(shared);
            answer
        }
    };
    if shared.close {
        answer
            .headers
            .push(("connection".to_owned(), "close".to_owned()));
    }
    Some(Answered {
        bytes: answer.bytes(missing),
        ends: missing > 0 || shared.close,
    })
}

fn note(shared: &Shared, message: &Message) -> Request {
    let mut parts = message.first_line.split(' ');
    let method = parts.next().unwrap_or_default().to_owned();
    let path = parts.next().unwrap_or_default().to_owned();
    let kind = Kind::of(&method, &path);
    let nth = count(&shared.counts, kind);
    let body = String::from_utf8(message.body.clone()).expect("bodies are UTF-8");
    let request = Request {
        kind,
        nth,
        method,
        path,
        body,
    };
    let mut requests = shared.requests.lock().expect("no panic");
    requests.push(request.clone());
    request
}

/// Counts one more of a kind; how many there are now.
fn count(counts: &Mutex<HashMap<Kind, usize>>, kind: Kind) -> usize {
    let mut counts = counts.lock().expect("no panic");
    let count = counts.entry(kind).or_default();
    *count += 1;
    *count
}

/// Ends a connection so that the other side is told, not merely left.
fn reset(stream: TcpStream) {
    let socket = socket2::SockRef::from(&stream);
    socket
        .set_linger(Some(Duration::ZERO))
        .expect("a TCP stream lingers");
    stream.shutdown(std::net::Shutdown::Read).ok();
    drop(stream);
}

fn wait_until(holds: impl Fn() -> bool) {
    while !holds() {
        thread::sleep(Duration::from_millis(1));
    }
}
