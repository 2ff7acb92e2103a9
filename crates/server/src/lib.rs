//! The server of In Camera: sockets, clock, TLS, configuration and the web client around the pure
//! cores `meeting` and `sfu`. It passes on what it cannot read.
//!
//! Control: bytes → [`wire`] → unverified message → authenticated request → `meeting` → outputs,
//! stored first and sent then, by one task a meeting. Media: datagrams, in the threads of
//! [`media`]; the meeting's task tells them whom to forward, and passes their notices on.

mod clock;
pub mod config;
mod http;
mod limits;
pub mod logging;
pub mod media;
mod metrics;
mod origins;
pub mod reports;
mod rooms;
mod signal;
mod tls;

use crate::clock::Clock;
use crate::config::{Config, TlsMode};
use crate::http::{App, Listener, Parts};
use crate::media::{Media, MediaConfig, MediaEvents};
use crate::metrics::Metrics;
use crate::rooms::{Hall, Surroundings};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError};
use store_sqlite::SqliteStore;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use tls::TlsError;

/// How long open connections may take to end once draining has begun.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

/// How often meetings long unused are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// The server cannot start; the operator's or the machine's fault.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{key}: cannot listen on {address}: {error}")]
    Listen { key: &'static str, address: SocketAddr, error: io::Error },
    #[error("data-dir: {0}")]
    Store(#[from] StoreError),
    #[error("tls: {0}")]
    Tls(#[from] TlsError),
}

/// A server that serves.
pub struct Server {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    tls: bool,
    app: Arc<App>,
    media: Media,
    database: Arc<SqliteStore>,
    drain: watch::Sender<bool>,
    listener: JoinHandle<()>,
    helpers: Vec<JoinHandle<()>>,
}

impl Server {
    /// Opens the store and the sockets and begins to serve. Needs a tokio runtime.
    pub async fn start(config: Config) -> Result<Server, StartError> {
        let clock = Clock::start();
        let database = Arc::new(SqliteStore::open(&config.data_dir).await?);
        let store: Arc<dyn Store> = database.clone();
        let (media, events) = start_media(&config)?;
        let socket = listen("listen", config.listen).await?;
        let address = local_address(&socket, config.listen);
        let tls = tls::start(&config.tls, &config.data_dir, address)?;
        let metrics = Arc::new(Metrics::default());
        let hall = Hall::new(Surroundings {
            store: store.clone(),
            media: media.handle(),
            metrics: metrics.clone(),
            limits: config.limits.clone(),
            policy: config.policy.fixed,
            clock,
        });
        let (drain, draining) = watch::channel(false);
        let trusted_tls = tls.as_ref().is_some_and(|tls| tls.trusted);
        let media_handle = media.handle();
        let parts = Parts {
            hall: hall.clone(),
            store: store.clone(),
            media: media_handle,
            metrics,
            clock,
            draining,
            trusted_tls,
        };
        let app = Arc::new(App::new(&config, parts));
        let mut helpers =
            vec![tokio::spawn(pass_media_on(events, hall)), tokio::spawn(sweep(store, clock))];
        let (tls_config, keeper) = tls.map_or((None, None), |tls| (Some(tls.config), tls.keeper));
        helpers.extend(keeper);
        let (metrics_address, exporter) = start_metrics(&config, &app).await?;
        helpers.extend(exporter);
        let listener = socket
            .into_std()
            .and_then(|socket| Listener::start(socket, tls_config, app.clone()))
            .map_err(|error| StartError::Listen { key: "listen", address, error })?;
        Ok(Server {
            address,
            metrics_address,
            tls: config.tls != TlsMode::Off,
            app,
            media,
            database,
            drain,
            listener,
            helpers,
        })
    }

    /// Where HTTP is served.
    pub fn url(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Where `/metrics` is served, if it is.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Tells everyone to come back, waits until they are gone or five seconds, and stops. All that
    /// was told to anyone is stored already.
    pub async fn drain(self) {
        tracing::info!("draining");
        self.drain.send_replace(true);
        let _ = self.listener.await;
        let deadline = tokio::time::Instant::now() + DRAIN_WITHIN;
        while self.app.metrics.speaking() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.app.hall.close();
        self.helpers.iter().for_each(JoinHandle::abort);
        while self.app.metrics.meetings_loaded.get() > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let media = self.media;
        let _ = tokio::task::spawn_blocking(move || media.stop()).await;
        self.database.close().await;
        tracing::info!("drained");
    }
}

/// Waits until the server drains.
pub(crate) async fn drained(draining: &mut watch::Receiver<bool>) {
    if draining.wait_for(|draining| *draining).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn start_media(config: &Config) -> Result<(Media, MediaEvents), StartError> {
    let listen = config.media_listen;
    let advertise = if config.media_addresses.is_empty() {
        reachable_addresses(listen.ip())
    } else {
        config.media_addresses.clone()
    };
    let settings = MediaConfig { listen, shards: config.media_shards, advertise };
    Media::start(settings).map_err(|error| StartError::Listen {
        key: "media-listen",
        address: listen,
        error,
    })
}

/// The addresses by which others reach a socket bound to `bound`.
pub(crate) fn reachable_addresses(bound: IpAddr) -> Vec<IpAddr> {
    if !bound.is_unspecified() {
        return vec![bound];
    }
    let own = media::own_addresses().into_iter();
    own.filter(|address| bound.is_ipv6() || address.is_ipv4()).collect()
}

async fn listen(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|error| StartError::Listen { key, address, error })
}

fn local_address(socket: &TcpListener, asked: SocketAddr) -> SocketAddr {
    socket.local_addr().unwrap_or(asked)
}

async fn start_metrics(
    config: &Config,
    app: &Arc<App>,
) -> Result<(Option<SocketAddr>, Option<JoinHandle<()>>), StartError> {
    let Some(address) = config.metrics_listen else { return Ok((None, None)) };
    let socket = listen("metrics-listen", address).await?;
    let address = local_address(&socket, address);
    let app = app.clone();
    let exporter = tokio::spawn(async move {
        if let Err(error) = http::serve_metrics(socket, app).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok((Some(address), Some(exporter)))
}

/// The one loop that carries the media threads' notices to the meetings.
async fn pass_media_on(mut events: MediaEvents, hall: Hall) {
    while let Some(event) = events.recv().await {
        hall.media(event);
    }
}

async fn sweep(store: Arc<dyn Store>, clock: Clock) {
    loop {
        let limit =
            clock.now().wall.0.saturating_sub(meeting::Limits::default().idle.as_millis() as u64);
        if let Err(error) = store.forget_reports(base::UnixMillis(limit)).await {
            tracing::error!(%error, "the store failed");
        }
        match store.forget_unused(base::UnixMillis(limit)).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "meetings long unused were forgotten"),
            Err(error) => tracing::error!(%error, "the store failed"),
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}
