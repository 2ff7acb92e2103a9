//! Accepts connections: bounds their number, speaks TLS, and gives each a deadline for its
//! requests' heads.

use super::App;
use super::patience::{Doorstep, Opening, Waited};
use crate::drained;
use crate::limits::Full;
use crate::metrics::Refusal;
use axum::Router;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};
use rustls::ServerConfig;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// The largest head of a request; browsers send about a kilobyte.
const LARGEST_HEAD: usize = 32 * 1024;

/// How often the log says that connections cannot be accepted.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// How long nothing is accepted after a connection could not be.
const BREATH: Duration = Duration::from_millis(50);

/// Connections accepted, or looked at, before the others get their turn.
const EVENTS: usize = 64;

const SOCKET: Token = Token(0);
const STOP: Token = Token(1);
/// Token of the first connection.
const FIRST: usize = 2;

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

/// The public port, on a thread of its own. Connections that have asked for something go on in the runtime.
pub(crate) struct Listener {
    socket: TcpListener,
    poll: Poll,
    doorstep: Doorstep<ConnectionPass>,
    runtime: Handle,
    stop: Arc<Stop>,
    tls: Option<TlsAcceptor>,
    app: Arc<App>,
    router: Router,
    /// Whether more connections may be waiting to be accepted, and until when they wait: the last could not be.
    more: bool,
    rests: Instant,
    /// When somebody was last warned that connections cannot be accepted.
    warned: Option<Instant>,
}

struct Stop {
    is_set: AtomicBool,
    waker: Waker,
}

/// Stops the thread when it is dropped.
struct StopOnDrop(Arc<Stop>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.is_set.store(true, Relaxed);
        let _ = self.0.waker.wake();
    }
}

impl Listener {
    /// Accepts until told to drain, or until the runtime ends. Returns what ends with it.
    ///
    /// # Errors
    /// When the system cannot watch the socket, or has no thread left.
    pub fn start(
        socket: std::net::TcpListener,
        tls: Option<Arc<ServerConfig>>,
        app: Arc<App>,
    ) -> io::Result<JoinHandle<()>> {
        let poll = Poll::new()?;
        let mut socket = TcpListener::from_std(socket);
        poll.registry().register(&mut socket, SOCKET, Interest::READABLE)?;
        let waker = Waker::new(poll.registry(), STOP)?;
        let stop = Arc::new(Stop { is_set: AtomicBool::new(false), waker });
        let stops = StopOnDrop(stop.clone());
        let opening = if tls.is_some() { Opening::Hello } else { Opening::Head };
        let (registry, limit) = (poll.registry().try_clone()?, app.limits.request_timeout);
        let mut draining = app.draining.clone();
        let listener = Listener {
            socket,
            poll,
            doorstep: Doorstep::new(registry, FIRST, opening, limit),
            runtime: Handle::current(),
            stop,
            tls: tls.map(TlsAcceptor::from),
            router: super::router(app.clone()),
            app,
            more: true,
            rests: Instant::now(),
            warned: None,
        };
        let (ended, end) = oneshot::channel::<()>();
        std::thread::Builder::new().name("listener".into()).spawn(move || {
            listener.run();
            drop(ended);
        })?;
        Ok(tokio::spawn(async move {
            drained(&mut draining).await;
            drop(stops);
            let _ = end.await;
        }))
    }

    fn run(mut self) {
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        let mut events = Events::with_capacity(EVENTS);
        while !self.stop.is_set.load(Relaxed) {
            if let Err(error) = self.poll.poll(&mut events, self.wait())
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the public port cannot be waited for");
                break;
            }
            self.turn(&events);
        }
        self.app.metrics.openings.add(-(self.doorstep.len() as i64));
    }

    /// How long nothing needs to be done if nothing comes.
    fn wait(&self) -> Option<Duration> {
        let rests = self.more.then_some(self.rests);
        let until = self.doorstep.until().into_iter().chain(rests).min()?;
        Some(until.saturating_duration_since(Instant::now()))
    }

    fn turn(&mut self, events: &Events) {
        for event in events {
            match event.token() {
                SOCKET => self.more = true,
                STOP => {}
                _ => {
                    let waited = self.doorstep.stirred(event);
                    waited.into_iter().for_each(|waited| self.waited(waited));
                }
            }
        }
        let now = Instant::now();
        while let Some(waited) = self.doorstep.too_long(now) {
            self.waited(waited);
        }
        for _ in 0..EVENTS {
            if !self.more || now < self.rests {
                return;
            }
            match self.socket.accept() {
                Ok((stream, peer)) => self.accepted(now, stream, peer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.more = false,
                // Out of file descriptors, or the peer was gone already: breathe, then go on.
                Err(error) => self.not_accepted(now, &error),
            }
        }
    }

    fn accepted(&mut self, now: Instant, stream: TcpStream, peer: SocketAddr) {
        match ConnectionPass::enter(&self.app, peer.ip()) {
            Ok(pass) => match self.doorstep.admit(now, stream, pass) {
                Ok(()) => self.app.metrics.openings.add(1),
                Err(error) => self.not_accepted(now, &error),
            },
            Err(Full::Everyone) => self.app.metrics.refuse(Refusal::Connections),
            Err(Full::Address) => self.app.metrics.refuse(Refusal::AddressConnections),
        }
    }

    fn not_accepted(&mut self, now: Instant, error: &io::Error) {
        self.rests = now + BREATH;
        self.app.metrics.refuse(Refusal::NotAccepted);
        if self.warned.is_none_or(|at| now - at >= WARN_EVERY) {
            self.warned = Some(now);
            tracing::warn!(
                %error,
                "connections cannot be accepted; if this lasts, allow the server more open files"
            );
        }
    }

    /// Counts before it closes: who was cut off may look.
    fn waited(&self, waited: Waited<ConnectionPass>) {
        self.app.metrics.openings.add(-1);
        match waited {
            Waited::Ready(stream, pass) => self.serve(stream.into(), Arc::new(pass)),
            Waited::TooLong(stream, _) => {
                self.app.metrics.refuse(Refusal::SlowRequest);
                drop(stream);
            }
            Waited::Gone(..) => {}
        }
    }

    fn serve(&self, stream: std::net::TcpStream, pass: Arc<ConnectionPass>) {
        let _ = stream.set_nodelay(true);
        match tokio::net::TcpStream::from_std(stream) {
            Ok(stream) => {
                tokio::spawn(greet(stream, self.tls.clone(), self.router.clone(), pass));
            }
            Err(_) => self.app.metrics.refuse(Refusal::NotAccepted),
        }
    }
}

async fn greet(
    stream: tokio::net::TcpStream,
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
