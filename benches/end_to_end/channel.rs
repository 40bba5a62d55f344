//! A channel that takes its time: every answer waits, what comes in is counted.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long every answer takes.
pub const DELAY: Duration = Duration::from_millis(5);

#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    rows: AtomicU64,
}

/// Serves until it is killed; its address is the first line on standard output. `/seen` says how many
/// requests and items came.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("http://{}", listener.local_addr()?);
    let seen = Arc::new(Seen::default());
    for stream in listener.incoming() {
        let (stream, seen) = (stream?, Arc::clone(&seen));
        std::thread::spawn(move || {
            // A connection that ends is no failure.
            let _ = connection(stream, &seen);
        });
    }
    Ok(())
}

fn connection(stream: TcpStream, seen: &Seen) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut body = Vec::new();
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut length = 0;
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? <= 2 {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        body.resize(length, 0);
        reader.read_exact(&mut body)?;
        let answer = if first.starts_with("GET /seen") {
            let count = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
            format!("{} {}", count(&seen.requests), count(&seen.rows))
        } else {
            std::thread::sleep(DELAY);
            // Each item has one.
            let items = memchr::memmem::find_iter(&body, b"\"sku\"").count();
            seen.requests.fetch_add(1, Ordering::SeqCst);
            seen.rows.fetch_add(items as u64, Ordering::SeqCst);
            "{\"errors\":[]}".to_owned()
        };
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
    }
}
