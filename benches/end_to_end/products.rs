//! Somebody's API, prepared: nested products, 250 a page, and one document as large as is asked for.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

/// Products of a page.
pub const PAGE: usize = 250;
/// Pages that differ; later ones are handed out from the first again.
const DISTINCT: usize = 20;

/// Serves until it is killed; its address is the first line on standard output. There are `records`
/// products.
pub fn serve(records: usize) -> io::Result<()> {
    let pages: Arc<Vec<String>> = Arc::new((0..DISTINCT).map(page).collect());
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("http://{}", listener.local_addr()?);
    for stream in listener.incoming() {
        let (stream, pages) = (stream?, Arc::clone(&pages));
        std::thread::spawn(move || {
            // A connection that ends is no failure.
            let _ = connection(stream, &pages, records);
        });
    }
    Ok(())
}

fn connection(stream: TcpStream, pages: &[String], records: usize) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first)? == 0 {
            return Ok(());
        }
        let mut line = String::new();
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let target = first.split(' ').nth(1).unwrap_or_default();
        if let Some(megabytes) = target.strip_prefix("/document?mb=") {
            document(&mut writer, pages, megabytes.parse().unwrap_or(1))?;
            continue;
        }
        let number = target
            .split(['?', '&'])
            .find_map(|part| part.strip_prefix("page="));
        let number: usize = number.and_then(|page| page.parse().ok()).unwrap_or(1);
        let is_there = (number - 1) * PAGE < records;
        let items = if is_there {
            pages[number % DISTINCT].as_str()
        } else {
            ""
        };
        let head = format!("{{\"meta\":{{\"page\":{number},\"total\":{records}}},\"data\":[");
        let length = head.len() + items.len() + 2;
        write!(
            writer,
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{head}"
        )?;
        writer.write_all(items.as_bytes())?;
        writer.write_all(b"]}")?;
    }
}

/// One document of so many megabytes.
fn document(writer: &mut TcpStream, pages: &[String], megabytes: usize) -> io::Result<()> {
    write!(
        writer,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    )?;
    let mut chunk = |parts: &[&[u8]]| -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        write!(writer, "{length:x}\r\n")?;
        for part in parts {
            writer.write_all(part)?;
        }
        writer.write_all(b"\r\n")
    };
    chunk(&[b"{\"meta\":{\"about\":\"all of it\"},\"data\":["])?;
    let (mut sent, mut number) = (0, 0);
    while sent < megabytes * 1_000_000 {
        let page = pages[number % DISTINCT].as_bytes();
        chunk(&[if number > 0 { b"," } else { b"" }, page])?;
        sent += page.len();
        number += 1;
    }
    chunk(&[b"]}"])?;
    writer.write_all(b"0\r\n\r\n")
}

/// The products of a page, commas between them.
fn page(number: usize) -> String {
    let mut text = String::new();
    for index in 0..PAGE {
        let id = number * PAGE + index;
        if index > 0 {
            text.push(',');
        }
        let cents = id % 9_000 + 100;
        let _ = write!(
            text,
            "{{\"id\":{id},\"sku\":\"SKU-{id:06}\",\"status\":\"active\",\"title\":\"Trail running shoe {id}\",\
             \"description\":\"<p>Light &amp; fast: <b>made for</b> wet ground.</p><ul><li>Größe {}</li></ul>\",\
             \"brand\":{{\"id\":{},\"name\":\"Möwe & Söhne\"}},\
             \"price\":{{\"amount\":{}.{:02},\"currency\":\"EUR\",\"tax\":0.19}},\
             \"categories\":[{{\"id\":1,\"name\":\"Shoes\"}},{{\"id\":2,\"name\":\"Running\"}}],\
             \"images\":[{{\"url\":\"https://cdn.example.com/p/{id}/1.jpg\",\"width\":1200}},{{\"url\":\"https://cdn.example.com/p/{id}/2.jpg\",\"width\":1200}}],\
             \"attributes\":{{\"color\":\"forest green\",\"material\":\"recycled polyester\",\"gender\":null,\"waterproof\":true}},\
             \"stock\":{{\"available\":{},\"warehouse\":\"HAM\"}},\
             \"updated_at\":\"2026-05-{:02}T10:00:00Z\",\"tags\":[\"new\",\"trail\",\"sale\"],\"weight\":0.{:03}}}",
            id % 12 + 35,
            id % 7,
            cents / 100,
            cents % 100,
            id % 40,
            id % 28 + 1,
            id % 900 + 100,
        );
    }
    text
}
