use super::{Origin, Trust};
use rustls::pki_types::ServerName;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long connecting and each handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the server could not be reached or did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
    /// Of the environment.
    #[error("cannot connect to the server: {0}")]
    Connect(#[from] std::io::Error),
    #[error("the server did not answer in time")]
    TimedOut,
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// The server's fault.
    #[error("the server's answer is not HTTP: {0}")]
    Http(#[from] hyper::Error),
    #[error("the server refused the signalling socket: {0}")]
    WebSocket(String),
    #[error("the server answered with status {0}")]
    Status(u16),
}

/// A connection, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens connections to one server.
#[derive(Clone)]
pub struct Dialer {
    origin: Origin,
    tls: TlsConnector,
}

impl Dialer {
    pub fn new(origin: Origin, trust: Trust) -> Result<Dialer, NetError> {
        Ok(Dialer { origin, tls: TlsConnector::from(Arc::new(trust.client_config()?)) })
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The local address from which the server is reached.
    pub async fn local_address(&self) -> Result<IpAddr, NetError> {
        Ok(self.connect_tcp().await?.local_addr()?.ip())
    }

    /// Opens a connection.
    pub async fn dial(&self) -> Result<Box<dyn Stream>, NetError> {
        let tcp = self.connect_tcp().await?;
        if !self.origin.tls {
            return Ok(Box::new(tcp));
        }
        let name = ServerName::try_from(self.origin.bare_host().to_owned())
            .map_err(|_| rustls::Error::General("the host is no valid TLS name".into()))?;
        Ok(Box::new(in_time(self.tls.connect(name, tcp)).await??))
    }

    async fn connect_tcp(&self) -> Result<TcpStream, NetError> {
        let address = (self.origin.bare_host(), self.origin.port);
        let tcp = in_time(TcpStream::connect(address)).await??;
        tcp.set_nodelay(true)?;
        Ok(tcp)
    }
}

/// `work`, or [`NetError::TimedOut`].
pub(super) async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, NetError> {
    tokio::time::timeout(PATIENCE, work).await.map_err(|_| NetError::TimedOut)
}
