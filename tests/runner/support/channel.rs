//! A channel that notes what it is sent, and dies when it is told to.

use std::io::{BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use super::http::Message;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// It is answered.
    Status(u16),
    /// It is answered 503, to be sent again after 30 s.
    Busy,
    /// It is not answered, and nobody listens any more.
    Die,
}

type Rule = dyn Fn(usize, &Message) -> Reply + Send + Sync;

struct Shared {
    rule: Box<Rule>,
    bodies: Mutex<Vec<String>>,
    count: AtomicUsize,
    is_dead: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
    address: std::net::SocketAddr,
}

/// A channel that is running.
pub struct Channel {
    shared: Arc<Shared>,
}

impl Channel {
    /// `rule` is given each request with its number, from 1.
    pub fn start(rule: impl Fn(usize, &Message) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let shared = Arc::new(Shared {
            rule: Box::new(rule),
            bodies: Mutex::default(),
            count: AtomicUsize::new(0),
            is_dead: AtomicBool::new(false),
            streams: Mutex::default(),
            address: listener.local_addr().expect("an address"),
        });
        let served = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if served.is_dead.load(Ordering::SeqCst) {
                    // The listener goes, and with it the port.
                    return;
                }
                let copy = stream.try_clone().expect("a stream");
                served.streams.lock().unwrap().push(copy);
                let shared = Arc::clone(&served);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self { shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.shared.address)
    }

    /// The bodies that came, in order.
    pub fn bodies(&self) -> Vec<String> {
        self.shared.bodies.lock().unwrap().clone()
    }

    /// How many came.
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream);
        loop {
            let request = Message::read(&mut reader).ok()??;
            let number = self.count.fetch_add(1, Ordering::SeqCst) + 1;
            let line = request.first_line.trim_end_matches(" HTTP/1.1").to_owned();
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let noted = if body.is_empty() { line } else { body };
            self.bodies.lock().unwrap().push(noted);
            match (self.rule)(number, &request) {
                Reply::Status(status) => {
                    let stream = reader.get_mut();
                    stream
                        .write_all(&Message::answer(status, "{\"id\":1}").bytes(0))
                        .ok()?;
                }
                Reply::Busy => {
                    let mut answer = Message::answer(503, "");
                    answer
                        .headers
                        .push(("retry-after".to_owned(), "30".to_owned()));
                    reader.get_mut().write_all(&answer.bytes(0)).ok()?;
                }
                Reply::Die => {
                    self.is_dead.store(true, Ordering::SeqCst);
                    // Wakes the listener until it is gone. Only then the client hears of it: what it
                    // does next is refused, never taken into a queue that nobody reads.
                    while TcpStream::connect(self.address).is_ok() {}
                    for stream in self.streams.lock().unwrap().iter() {
                        // It may be closed already.
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                    return None;
                }
            }
        }
    }
}
