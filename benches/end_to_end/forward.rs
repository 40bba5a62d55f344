//! The limit: bytes are read and written back as they are, with the HTTP client that runner uses.

use std::error::Error;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use reqwest::Client;
use tokio::sync::mpsc;

use super::feed::BATCH;

/// How bytes are forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// Read, write, read, write.
    Sequential,
    /// The next answer is read while the last one is written.
    Overlapped,
    /// The same, with buffers that go round.
    Tuned,
}

impl Forward {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sequential, Self::Overlapped, Self::Tuned];

    /// Its word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Overlapped => "overlapped",
            Self::Tuned => "tuned",
        }
    }
}

/// Forwards everything.
pub fn forward(url: &str, how: Forward) -> Result<(), Box<dyn Error>> {
    // Plain HTTP all the same, but reqwest wants to know what TLS would be.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let no_tls = rustls::ClientConfig::builder()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let http = Client::builder()
        .no_proxy()
        .tls_backend_preconfigured(no_tls)
        .build()?;
    let forwarder = Forwarder {
        http,
        url: url.to_owned(),
        is_tuned: how == Forward::Tuned,
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(async {
            match how {
                Forward::Sequential => forwarder.sequential().await,
                Forward::Overlapped | Forward::Tuned => forwarder.overlapped().await,
            }
        })
}

struct Forwarder {
    http: Client,
    url: String,
    is_tuned: bool,
}

impl Forwarder {
    async fn sequential(&self) -> Result<(), Box<dyn Error>> {
        while let Some(body) = self.read().await? {
            self.write(body).await?;
        }
        Ok(())
    }

    async fn overlapped(&self) -> Result<(), Box<dyn Error>> {
        let (sender, mut receiver) = mpsc::channel(1);
        let reading = async move {
            while let Some(body) = self.read().await? {
                sender.send(body).await?;
            }
            Ok::<_, Box<dyn Error>>(())
        };
        let writing = async move {
            while let Some(body) = receiver.recv().await {
                self.write(body).await?;
            }
            Ok::<_, Box<dyn Error>>(())
        };
        let (read, written) = tokio::join!(reading, writing);
        read?;
        written
    }

    async fn read(&self) -> Result<Option<Bytes>, Box<dyn Error>> {
        let url = format!("{}/input/input/next_batch?size={BATCH}", self.url);
        let mut answer = self.http.get(url).send().await?.error_for_status()?;
        let body = if self.is_tuned {
            let mut body = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let body = body.get_or_insert_default();
            while let Some(part) = answer.chunk().await? {
                body.extend_from_slice(&part);
            }
            Bytes::from_owner(Lent(std::mem::take(body)))
        } else {
            answer.bytes().await?
        };
        Ok((!body.ends_with(b"[]}")).then_some(body))
    }

    async fn write(&self, body: Bytes) -> Result<(), Box<dyn Error>> {
        let request = self
            .http
            .post(format!("{}/output/output", self.url))
            .header("content-type", "application/json")
            .body(body);
        request.send().await?.error_for_status()?.bytes().await?;
        Ok(())
    }
}

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer that is used again.
struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut bytes = std::mem::take(&mut self.0);
        bytes.clear();
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        spare.push(bytes);
    }
}
