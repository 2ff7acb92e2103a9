//! Accepts connections: bounds their number, speaks TLS, and gives each a deadline for its
//! requests' heads.

use super::App;
use super::patience::{Opening, Waited, wait_for};
use crate::drained;
use crate::limits::Full;
use crate::metrics::Refusal;
use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The largest head of a request; browsers send about a kilobyte.
const LARGEST_HEAD: usize = 32 * 1024;

/// How often the log says that connections cannot be accepted.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Counts a connection for as long as it is held, also by the WebSocket that came out of it.
pub(crate) struct ConnectionPass {
    app: Arc<App>,
    pub peer: IpAddr,
}

impl ConnectionPass {
    fn enter(app: &Arc<App>, peer: IpAddr) -> Result<Self, Full> {
        app.open.enter(peer)?;
        app.metrics.connections.add(1);
        Ok(ConnectionPass { app: app.clone(), peer })
    }
}

impl Drop for ConnectionPass {
    fn drop(&mut self) {
        self.app.open.leave(self.peer);
        self.app.metrics.connections.add(-1);
    }
}

/// The public port.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
    router: Router,
    /// When somebody was last warned that connections cannot be accepted.
    warned: Option<Instant>,
}

impl Listener {
    pub fn new(socket: TcpListener, tls: Option<Arc<ServerConfig>>, app: Arc<App>) -> Self {
        let router = super::router(app.clone());
        Listener { socket, tls: tls.map(TlsAcceptor::from), app, router, warned: None }
    }

    /// Accepts until told to drain.
    pub async fn run(mut self) {
        let mut draining = self.app.draining.clone();
        loop {
            tokio::select! {
                () = drained(&mut draining) => return,
                accepted = self.socket.accept() => self.accepted(accepted).await,
            }
        }
    }

    async fn accepted(&mut self, accepted: io::Result<(TcpStream, SocketAddr)>) {
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or the peer was gone already: breathe, then go on.
                self.app.metrics.refuse(Refusal::NotAccepted);
                if self.warned.is_none_or(|at| at.elapsed() >= WARN_EVERY) {
                    self.warned = Some(Instant::now());
                    tracing::warn!(
                        %error,
                        "connections cannot be accepted; if this lasts, allow the server more open files"
                    );
                }
                return tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        match ConnectionPass::enter(&self.app, peer.ip()) {
            Ok(pass) => self.serve(stream, Arc::new(pass)),
            Err(Full::Everyone) => self.app.metrics.refuse(Refusal::Connections),
            Err(Full::Address) => self.app.metrics.refuse(Refusal::AddressConnections),
        }
    }

    fn serve(&self, stream: TcpStream, pass: Arc<ConnectionPass>) {
        let _ = stream.set_nodelay(true);
        let (router, tls) = (self.router.clone(), self.tls.clone());
        // Thousands may wait here: what each holds is kept small.
        tokio::spawn(async move {
            let limit = pass.app.limits.request_timeout;
            let opening = if tls.is_some() { Opening::Hello } else { Opening::Head };
            pass.app.metrics.openings.add(1);
            let waited = wait_for(&stream, opening, limit).await;
            pass.app.metrics.openings.add(-1);
            match waited {
                Waited::Ready => Box::pin(greet(stream, tls, router, pass)).await,
                Waited::TooLong => pass.app.metrics.refuse(Refusal::SlowRequest),
                Waited::Gone => {}
            }
        });
    }
}

async fn greet(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    pass: Arc<ConnectionPass>,
) {
    let Some(tls) = tls else { return speak(stream, router, pass).await };
    let limit = pass.app.limits.request_timeout;
    match tokio::time::timeout(limit, tls.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, router, pass).await,
        Ok(Err(_)) => {}
        Err(_) => pass.app.metrics.refuse(Refusal::SlowRequest),
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    pass: Arc<ConnectionPass>,
) {
    let app = pass.app.clone();
    let mut draining = app.draining.clone();
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(pass.clone());
        hyper::service::Service::call(&TowerToHyperService::new(router.clone()), request)
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.limits.request_timeout)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = drained(&mut draining) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(timeout = error.is_timeout(), parse = error.is_parse(), "connection ended");
    }
}
