//! A meeting's people, down to the bytes they send: keys, signed statements, raw wire messages.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod people;
pub mod process;
pub mod socket;

use server::Server;
use server::config::Config;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Ten times what anything here should take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A configuration that picks free ports and keeps its data in `directory`.
pub fn config(directory: &TempDir) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        media_listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: directory.path().to_owned(),
        ..Config::default()
    }
}

/// A server in this process.
pub struct Running {
    pub server: Server,
    pub directory: TempDir,
}

impl Running {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = config(&directory);
        change(&mut config);
        Running { server: Server::start(config).await.unwrap(), directory }
    }

    /// `127.0.0.1:PORT`.
    pub fn authority(&self) -> String {
        authority(&self.server.url())
    }

    /// What `/metrics` says of refusals for this reason; it must be served.
    pub async fn refused(&self, reason: &str) -> u64 {
        self.metric(&format!("refused_total{{reason=\"{reason}\"}}")).await
    }

    /// What `/metrics` says; it must be served.
    pub async fn metric(&self, name: &str) -> u64 {
        let own = self.server.metrics_address().unwrap().to_string();
        let text = request(&own, "GET", "/metrics", &[], "").await.body;
        let name = format!("incamera_{name} ");
        text.lines().find_map(|line| line.strip_prefix(&name)).unwrap().parse().unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        request(&self.authority(), "GET", path, &[], "").await
    }
}

pub fn authority(url: &str) -> String {
    url.split("://").nth(1).unwrap().to_owned()
}

/// An HTTP response, read to its end.
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// One request on a connection of its own.
pub async fn request(
    authority: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let stream = TcpStream::connect(authority).await.unwrap();
    request_on(stream, authority, method, path, headers, body).await
}

pub async fn request_on(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    authority: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Response {
    let extra: String = headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n{extra}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server answers in time");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP response");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    Response { status, head: head.to_owned(), body: body.to_owned() }
}
