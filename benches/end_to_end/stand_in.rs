//! A Container API that is never the bottleneck: answers are prepared, what comes in is counted
//! and hashed, nothing is stored.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use xxhash_rust::xxh3::Xxh3Default;

use super::feed::{Feed, Writing};

/// What it got so far.
#[derive(Default)]
struct Seen {
    reads: usize,
    bodies: u64,
    rows: u64,
    bytes: u64,
    hash: Xxh3Default,
    first: Option<Instant>,
    last: Option<Instant>,
    /// The rows themselves, where they are asked for.
    kept: Option<Vec<u8>>,
}

struct StandIn {
    feed: Feed,
    /// How long every answer takes.
    delay: Duration,
    seen: Mutex<Seen>,
}

/// Serves until it is killed; its address is the first line on standard output.
pub fn serve(rows: usize, writing: Writing, keep: bool, delay: Duration) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let stand_in = Arc::new(StandIn {
        feed: Feed::new(rows, writing),
        delay,
        seen: Mutex::new(Seen {
            kept: keep.then(Vec::new),
            ..Seen::default()
        }),
    });
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, stand_in) = (stream?, Arc::clone(&stand_in));
        std::thread::spawn(move || {
            // A connection that ends is no failure.
            let _ = stand_in.connection(stream);
        });
    }
    Ok(())
}

impl StandIn {
    fn seen<T>(&self, work: impl FnOnce(&mut Seen) -> T) -> T {
        work(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn take_time(&self) {
        if !self.delay.is_zero() {
            std::thread::sleep(self.delay);
        }
    }

    fn connection(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = Vec::with_capacity(1 << 20);
        loop {
            buffer.clear();
            let Some(head) = read_head(&mut stream, &mut buffer)? else {
                return Ok(());
            };
            let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(0);
            let missing = (head + length).saturating_sub(buffer.len());
            let read = Read::by_ref(&mut stream)
                .take(missing as u64)
                .read_to_end(&mut buffer)?;
            if read < missing {
                return Ok(());
            }
            let path = text.split(' ').nth(1).unwrap_or_default();
            self.answer(path, &buffer[head..head + length], &mut stream)?;
        }
    }

    fn answer(&self, path: &str, body: &[u8], stream: &mut TcpStream) -> io::Result<()> {
        if path.starts_with("/input/input/next_batch") {
            let number = self.seen(|seen| {
                seen.first.get_or_insert_with(Instant::now);
                seen.reads += 1;
                seen.reads - 1
            });
            self.take_time();
            return reply(stream, 200, self.feed.answer(number));
        }
        if path.starts_with("/output/") {
            self.take_time();
            // Rows end in braces, and no cell of the feed holds one.
            let braces = memchr::memchr_iter(b'}', body).count() as u64;
            self.seen(|seen| {
                seen.bodies += 1;
                // The body's own brace, and that of its `meta` where it has one.
                seen.rows +=
                    braces - 1 - u64::from(memchr::memmem::find(body, b"\"meta\"").is_some());
                seen.bytes += body.len() as u64;
                seen.hash.update(body);
                if let Some(kept) = &mut seen.kept {
                    kept.extend_from_slice(body);
                    kept.push(b'\n');
                }
                seen.last = Some(Instant::now());
            });
            return reply(stream, 201, b"{\"message\":\"Written successfully.\"}");
        }
        if path.starts_with("/items/input/count") {
            let count = format!("{{\"data\":{{\"count\":{}}}}}", self.feed.rows);
            return reply(stream, 200, count.as_bytes());
        }
        if path == "/seen" {
            let report = self.seen(|seen| {
                let seconds = match (seen.first, seen.last) {
                    (Some(first), Some(last)) => (last - first).as_secs_f64(),
                    _ => 0.0,
                };
                format!(
                    "{} {} {} {} {:032x} {seconds}",
                    seen.reads,
                    seen.bodies,
                    seen.rows,
                    seen.bytes,
                    seen.hash.digest128()
                )
            });
            return reply(stream, 200, report.as_bytes());
        }
        if path == "/kept" {
            let kept = self.seen(|seen| seen.kept.clone().unwrap_or_default());
            return reply(stream, 200, &kept);
        }
        reply(stream, 201, b"{}")
    }
}

/// Reads up to the end of a request's head; its length, nothing at the end of the connection.
fn read_head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<usize>> {
    let mut part = [0; 1 << 13];
    loop {
        if let Some(at) = memchr::memmem::find(buffer, b"\r\n\r\n") {
            return Ok(Some(at + 4));
        }
        match stream.read(&mut part)? {
            0 => return Ok(None),
            read => buffer.extend_from_slice(&part[..read]),
        }
    }
}

fn reply(stream: &mut TcpStream, status: u16, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    if body.len() < 1 << 14 {
        return stream.write_all(&[head.as_bytes(), body].concat());
    }
    let head = head.as_bytes();
    let sent = stream.write_vectored(&[io::IoSlice::new(head), io::IoSlice::new(body)])?;
    if sent < head.len() {
        stream.write_all(&head[sent..])?;
    }
    stream.write_all(&body[sent.saturating_sub(head.len())..])
}
