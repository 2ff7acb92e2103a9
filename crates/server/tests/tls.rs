//! Certificates: made here, from files, and by ACME against a test authority.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use common::{PATIENCE, Response, Running, request_on};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use server::config::{Acme, TlsMode};
use std::io::Write;
use std::net::TcpListener as StdListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Connects to `authority` as `name`, trusting only `root`.
async fn connect(
    authority: &str,
    name: &str,
    root: CertificateDer<'static>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(authority).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn get(stream: TlsStream<TcpStream>, path: &str) -> Response {
    request_on(stream, "localhost", "GET", path, &[], "").await
}

fn pem(path: &Path) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(path).unwrap()
}

/// Writes a fresh certificate for `localhost` and its key.
fn write_pair(directory: &Path) -> CertificateDer<'static> {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(directory.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(directory.join("chain.pem"), certificate.pem()).unwrap();
    certificate.der().clone()
}

#[tokio::test]
async fn a_self_signed_certificate_serves_and_is_kept() {
    let mut running = Running::with(|config| {
        config.tls = TlsMode::SelfSigned { names: vec!["meet.home.arpa".to_owned()] };
    })
    .await;
    assert!(running.server.url().starts_with("https://127.0.0.1:"));
    let file = running.directory.path().join("tls/self-signed.pem");
    let root = pem(&file);
    for name in ["127.0.0.1", "localhost", "meet.home.arpa"] {
        let stream = connect(&running.authority(), name, root.clone()).await.unwrap();
        let response = get(stream, "/healthz").await;
        assert_eq!(response.body, "ok");
        let strict = response.header("strict-transport-security");
        assert_eq!(strict, None, "a warning must stay possible to click through");
    }

    let mut config = common::config(&running.directory);
    config.tls = TlsMode::SelfSigned { names: vec!["meet.home.arpa".to_owned()] };
    running.server.drain().await;
    running.server = server::Server::start(config).await.unwrap();
    assert_eq!(pem(&file), root);
}

#[cfg(unix)]
#[tokio::test]
async fn private_keys_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let running =
        Running::with(|config| config.tls = TlsMode::SelfSigned { names: Vec::new() }).await;
    let key = running.directory.path().join("tls/self-signed.key");
    assert_eq!(std::fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn certificate_files_are_read_again_when_they_change() {
    let files = tempfile::TempDir::new().unwrap();
    let first = write_pair(files.path());
    let running = Running::with(|config| {
        config.tls = TlsMode::Files {
            certificate: files.path().join("chain.pem"),
            key: files.path().join("key.pem"),
        };
    })
    .await;
    let stream = connect(&running.authority(), "localhost", first).await.unwrap();
    let response = get(stream, "/").await;
    assert!(response.header("strict-transport-security").unwrap().starts_with("max-age="));

    let second = write_pair(files.path());
    let deadline = Instant::now() + 2 * PATIENCE;
    while connect(&running.authority(), "localhost", second.clone()).await.is_err() {
        assert!(Instant::now() < deadline, "the changed certificate is not in use");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn plain_http_to_a_tls_port_gets_no_page() {
    let running =
        Running::with(|config| config.tls = TlsMode::SelfSigned { names: Vec::new() }).await;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = TcpStream::connect(running.authority()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap();
    assert!(!answer.starts_with(b"HTTP/"));
}

#[tokio::test]
async fn missing_certificate_files_are_named() {
    let directory = tempfile::TempDir::new().unwrap();
    let mut config = common::config(&directory);
    config.tls =
        TlsMode::Files { certificate: "/nowhere/chain.pem".into(), key: "/nowhere/key.pem".into() };
    let error = server::Server::start(config).await.err().unwrap().to_string();
    assert!(error.contains("/nowhere/chain.pem"), "{error}");
}

/// Debian's `pebble`, an ACME authority for tests, with a resolver that knows only this machine.
struct Authority {
    child: Child,
    directory: tempfile::TempDir,
    port: u16,
}

impl Authority {
    /// `tls_port` is where it looks for the proof.
    fn start(tls_port: u16, dns: std::net::SocketAddr) -> Option<Authority> {
        let directory = tempfile::TempDir::new().unwrap();
        write_pair(directory.path());
        let (port, management) = (free_port(), free_port());
        let file = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let config = serde_json::json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": file("chain.pem"),
            "privateKey": file("key.pem"),
            "httpPort": 1,
            "tlsPort": tls_port,
        }});
        let path = directory.path().join("config.json");
        std::fs::File::create(&path).unwrap().write_all(config.to_string().as_bytes()).unwrap();
        let child = Command::new("pebble")
            .args(["-strict", "-config", path.to_str().unwrap(), "-dnsserver", &dns.to_string()])
            .env("PEBBLE_VA_NOSLEEP", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match child {
            Ok(child) => Some(Authority { child, directory, port }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => panic!("pebble does not start: {error}"),
        }
    }

    fn settings(&self) -> Acme {
        Acme {
            directory: format!("https://localhost:{}/dir", self.port),
            domains: vec!["meet.example.test".to_owned()],
            contact: Some("operator@example.test".to_owned()),
            extra_root: Some(self.directory.path().join("chain.pem")),
        }
    }

    async fn ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(Instant::now() < deadline, "pebble does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Authority {
    fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> u16 {
    StdListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A name server (RFC 1035) that answers every A question with 127.0.0.1 and all else with nothing.
async fn name_server() -> std::net::SocketAddr {
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((len, peer)) = socket.recv_from(&mut buffer).await {
            let _ = socket.send_to(&dns_answer(&buffer[..len]), peer).await;
        }
    });
    address
}

fn dns_answer(question: &[u8]) -> Vec<u8> {
    let name_len = question[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
    let end = 12 + name_len + 4;
    let is_a = question[end - 4..end - 2] == [0, 1];
    let mut answer = question[..end].to_vec();
    answer[2..4].copy_from_slice(&[0x81, 0x80]);
    answer[4..12].copy_from_slice(&[0, 1, 0, u8::from(is_a), 0, 0, 0, 0]);
    if is_a {
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1]);
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn acme_gets_a_certificate_and_keeps_it() {
    let port = free_port();
    let Some(mut authority) = Authority::start(port, name_server().await) else {
        eprintln!("skipped: pebble is not installed");
        return;
    };
    authority.ready().await;
    let settings = authority.settings();
    let running = Running::with(|config| {
        config.listen.set_port(port);
        config.tls = TlsMode::Acme(settings.clone());
    })
    .await;
    let saved = running.directory.path().join("tls/acme.pem");
    let deadline = Instant::now() + 3 * PATIENCE;
    while !running.directory.path().join("tls/acme.names").exists() {
        assert!(Instant::now() < deadline, "no certificate was issued");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let chain: Vec<_> =
        CertificateDer::pem_file_iter(&saved).unwrap().collect::<Result<_, _>>().unwrap();
    let issuer = chain.last().unwrap().clone();
    let response = get(named(&running.authority(), issuer.clone()).await, "/healthz").await;
    assert_eq!(response.body, "ok");

    authority.stop();
    let mut config = common::config(&running.directory);
    config.tls = TlsMode::Acme(settings);
    running.server.drain().await;
    let again = server::Server::start(config).await.unwrap();
    let address = common::authority(&again.url());
    assert_eq!(get(named(&address, issuer).await, "/healthz").await.body, "ok");
}

async fn named(authority: &str, root: CertificateDer<'static>) -> TlsStream<TcpStream> {
    connect(authority, "meet.example.test", root).await.unwrap()
}
