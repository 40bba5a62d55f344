//! A server whose answers are worked out from what it is asked: one that checks credentials itself.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use super::http::Message;

type Rule = dyn Fn(&Message) -> Message + Send + Sync;

/// A server that is running.
pub struct Server {
    pub url: String,
    seen: Arc<Mutex<Vec<Message>>>,
}

impl Server {
    pub fn start(rule: impl Fn(&Message) -> Message + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let rule: Arc<Rule> = Arc::new(rule);
        let seen: Arc<Mutex<Vec<Message>>> = Arc::default();
        let noted = Arc::clone(&seen);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (rule, noted) = (Arc::clone(&rule), Arc::clone(&noted));
                thread::spawn(move || serve(stream, &*rule, &noted));
            }
        });
        Self { url, seen }
    }

    /// Forgets the requests that came.
    pub fn forget(&self) {
        self.seen.lock().unwrap().clear();
    }

    /// The requests that came.
    pub fn requests(&self) -> Vec<Message> {
        self.seen.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, rule: &Rule, noted: &Mutex<Vec<Message>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let request = Message::read(&mut reader).ok()??;
        let answer = rule(&request);
        noted.lock().unwrap().push(request);
        reader.get_mut().write_all(&answer.bytes(0)).ok()?;
    }
}
