//! The limit: bytes are read and written back as they are, with the HTTP client that runner uses.

use std::error::Error;

use bytes::Bytes;
use reqwest::Client;
use tokio::sync::mpsc;

use super::feed::BATCH;

/// Forwards everything; `overlap` reads the next answer while the last one is written.
pub fn forward(url: &str, overlap: bool) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Plain HTTP all the same, but reqwest wants to know what TLS would be.
    let _ = rustls::crypto::ring::default_provider().install_default();
    runtime.block_on(async {
        let no_tls = rustls::ClientConfig::builder()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = Client::builder()
            .no_proxy()
            .tls_backend_preconfigured(no_tls)
            .build()?;
        if overlap {
            overlapped(&client, url).await
        } else {
            sequential(&client, url).await
        }
    })
}

async fn sequential(client: &Client, url: &str) -> Result<(), Box<dyn Error>> {
    while let Some(body) = read(client, url).await? {
        write(client, url, body).await?;
    }
    Ok(())
}

async fn overlapped(client: &Client, url: &str) -> Result<(), Box<dyn Error>> {
    let (sender, mut receiver) = mpsc::channel(1);
    let reading = async {
        while let Some(body) = read(client, url).await? {
            sender.send(body).await?;
        }
        drop(sender);
        Ok::<_, Box<dyn Error>>(())
    };
    let writing = async {
        while let Some(body) = receiver.recv().await {
            write(client, url, body).await?;
        }
        Ok::<_, Box<dyn Error>>(())
    };
    let (read, written) = tokio::join!(reading, writing);
    read?;
    written
}

async fn read(client: &Client, url: &str) -> Result<Option<Bytes>, Box<dyn Error>> {
    let url = format!("{url}/input/input/next_batch?size={BATCH}");
    let mut answer = client.get(url).send().await?.error_for_status()?;
    let mut body = POOL.lock().unwrap().pop().unwrap_or_default();
    while let Some(chunk) = answer.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    Ok((!body.ends_with(b"[]}")).then(|| Bytes::from_owner(Lent(body))))
}

static POOL: std::sync::Mutex<Vec<Vec<u8>>> = std::sync::Mutex::new(Vec::new());
struct Lent(Vec<u8>);
impl AsRef<[u8]> for Lent { fn as_ref(&self) -> &[u8] { &self.0 } }
impl Drop for Lent { fn drop(&mut self) { let mut v = std::mem::take(&mut self.0); v.clear(); POOL.lock().unwrap().push(v); } }

async fn write(client: &Client, url: &str, body: Bytes) -> Result<(), Box<dyn Error>> {
    let request = client
        .post(format!("{url}/output/output"))
        .header("content-type", "application/json")
        .body(body);
    request.send().await?.error_for_status()?.bytes().await?;
    Ok(())
}
