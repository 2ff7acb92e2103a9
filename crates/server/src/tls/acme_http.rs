//! The few HTTPS requests ACME needs: one connection each.

use super::{TlsError, files};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::HOST;
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A certificate chain is a few kilobytes; more than this is not an answer.
const LARGEST_ANSWER: usize = 256 * 1024;

const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) struct Https {
    tls: TlsConnector,
}

impl Https {
    pub fn new(extra_root: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(path) = extra_root {
            let pem = files::read(path)?;
            let root = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
                TlsError::File { path: path.to_owned(), reason: "not a PEM certificate".into() }
            })?;
            roots.add(root)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Https { tls: TlsConnector::from(Arc::new(config)) })
    }

    async fn send(self, request: Request<BodyWrapper<Bytes>>) -> io::Result<Response<Full<Bytes>>> {
        let host = request.uri().host().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        let port = request.uri().port_u16().unwrap_or(443);
        let tcp = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
        let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
        let tls = self.tls.connect(name, tcp).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(tls))
            .await
            .map_err(io::Error::other)?;
        let driver = tokio::spawn(connection);
        let response = sender.send_request(in_origin_form(request)?).await;
        let (parts, body) = response.map_err(io::Error::other)?.into_parts();
        let body = Limited::new(body, LARGEST_ANSWER).collect().await.map_err(io::Error::other)?;
        driver.abort();
        Ok(Response::from_parts(parts, Full::new(body.to_bytes())))
    }
}

impl HttpClient for Https {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.clone();
        Box::pin(async move {
            let answer = tokio::time::timeout(TIMEOUT, client.send(request)).await;
            let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            answer.map(BytesResponse::from).map_err(|error| Error::Other(error.into()))
        })
    }
}

/// HTTP/1.1 wants the path in the request line and the authority in `Host` (RFC 9112 §3.2.1).
fn in_origin_form(
    mut request: Request<BodyWrapper<Bytes>>,
) -> io::Result<Request<BodyWrapper<Bytes>>> {
    let uri = request.uri().clone();
    let authority = uri.authority().ok_or(io::ErrorKind::InvalidInput)?;
    let host = authority.as_str().parse().map_err(io::Error::other)?;
    request.headers_mut().insert(HOST, host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    *request.uri_mut() = path.parse::<Uri>().map_err(io::Error::other)?;
    Ok(request)
}
