//! HTTP/1.1 on a socket, byte for byte: what a proxy that breaks things needs.

use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;

/// A request or an answer: its first line, its headers, its body.
#[derive(Debug, Clone, Default)]
pub struct Message {
    pub first_line: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// An answer.
    pub fn answer(status: u16, body: &str) -> Self {
        Self {
            first_line: format!("HTTP/1.1 {status} Answer"),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    /// Reads one message; nothing where the connection was closed before it.
    pub fn read(reader: &mut impl BufRead) -> io::Result<Option<Self>> {
        let mut message = Self::default();
        if reader.read_line(&mut message.first_line)? == 0 {
            return Ok(None);
        }
        message.first_line = message.first_line.trim_end().to_owned();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            message
                .headers
                .push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = message.header("content-length").unwrap_or("0");
        message.body = vec![0; length.parse().expect("a length")];
        reader.read_exact(&mut message.body)?;
        Ok(Some(message))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// The message with its own length, or with a greater one that is a lie.
    pub fn bytes(&self, missing: usize) -> Vec<u8> {
        let mut bytes = format!("{}\r\n", self.first_line).into_bytes();
        for (name, value) in &self.headers {
            if name != "content-length" {
                bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
        }
        // An answer 204 has no body and no length.
        if !self.first_line.contains(" 204 ") {
            let length = self.body.len() + missing;
            bytes.extend_from_slice(format!("content-length: {length}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Sends a request to `url` on a connection of its own, and reads the answer.
    pub fn exchange(&self, url: &str) -> io::Result<Self> {
        let address = url.strip_prefix("http://").expect("plain HTTP");
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&self.bytes(0))?;
        let answer = Self::read(&mut BufReader::new(stream))?;
        answer.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// The status of an answer.
    pub fn status(&self) -> u16 {
        let status = self.first_line.split(' ').nth(1).expect("a status");
        status.parse().expect("a status")
    }
}
