//! HTTP: the API, the web client, and the way into the signalling socket.

mod api;
mod assets;
mod headers;
mod listener;
mod metrics;
mod patience;
mod reports;

pub(crate) use headers::host;
pub(crate) use listener::{ConnectionPass, Listener};
pub(crate) use metrics::serve as serve_metrics;

use crate::clock::Clock;
use crate::config::{Config, Limits};
use crate::limits::{Open, PerAddress, Rate};
use crate::media::MediaHandle;
use crate::metrics::{Metrics, Refusal};
use crate::origins::Origins;
use crate::rooms::Hall;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use store::Store;
use tokio::sync::watch;

/// What every request has at hand.
pub(crate) struct App {
    pub hall: Hall,
    pub store: Arc<dyn Store>,
    pub media: MediaHandle,
    pub metrics: Arc<Metrics>,
    pub origins: Origins,
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether our own certificate is one that browsers accept.
    pub trusted_tls: bool,
    pub limits: Limits,
    /// What clients are told is fixed here.
    pub policy: Option<wire::Policy>,
    pub open: Open,
    pub requests: PerAddress,
    pub creations: PerAddress,
    pub reports: PerAddress,
    pub clock: Clock,
    pub draining: watch::Receiver<bool>,
    connections: AtomicU64,
}

/// The parts of an [`App`] that are not made from the configuration.
pub(crate) struct Parts {
    pub hall: Hall,
    pub store: Arc<dyn Store>,
    pub media: MediaHandle,
    pub metrics: Arc<Metrics>,
    pub clock: Clock,
    pub draining: watch::Receiver<bool>,
    pub trusted_tls: bool,
}

impl App {
    pub fn new(config: &Config, parts: Parts) -> Self {
        let limits = config.limits.clone();
        let now = parts.clock.mono();
        App {
            hall: parts.hall,
            store: parts.store,
            media: parts.media,
            metrics: parts.metrics,
            origins: Origins {
                configured: config.public_origins.clone(),
                tls: config.tls != crate::config::TlsMode::Off,
            },
            trusted_proxies: config.trusted_proxies.clone(),
            trusted_tls: parts.trusted_tls,
            open: Open::new(limits.connections, limits.connections_per_address),
            requests: PerAddress::new(Rate::per_second(limits.requests_per_address, 5), now),
            creations: PerAddress::new(Rate::per_hour(limits.creations_per_address), now),
            reports: PerAddress::new(Rate::per_hour(limits.reports_per_address), now),
            limits,
            policy: config.policy.told(),
            clock: parts.clock,
            draining: parts.draining,
            connections: AtomicU64::new(1),
        }
    }

    /// A number for a signalling connection, never given twice.
    pub fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Relaxed)
    }

    /// Whom a request counts for: the peer, or whom a trusted proxy says it speaks for.
    fn counted_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trusted_proxies.contains(&peer.to_canonical()) {
            return peer;
        }
        let forwarded = headers.get_all("x-forwarded-for").iter().next_back();
        let last = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        last.and_then(|address| address.trim().parse().ok()).unwrap_or(peer)
    }
}

/// Everything on the public port.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/api/v1/openapi.json", get(api::describe))
        .route("/api/v1/meetings", post(api::create))
        .route("/api/v1/meetings/{id}", get(api::info))
        .route("/api/v1/meetings/{id}/reports", post(reports::write))
        .route("/api/v1/meetings/{id}/ws", get(api::connect))
        .fallback(assets::serve)
        .layer(from_fn_with_state(app.clone(), around))
        .with_state(app)
}

/// Around every request: the rate of its address, and the headers of its response.
async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let host = headers::host(request.headers()).map(str::to_owned);
    let peer = request.extensions().get::<Arc<ConnectionPass>>().map(|pass| pass.peer);
    let address =
        app.counted_address(peer.unwrap_or(IpAddr::from([0, 0, 0, 0])), request.headers());
    request.extensions_mut().insert(Counted(address));
    let mut response = if app.requests.take(address, app.clock.mono()) {
        next.run(request).await
    } else {
        app.metrics.refuse(Refusal::AddressRate);
        (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "too many requests\n")
            .into_response()
    };
    headers::apply(response.headers_mut(), host.as_deref(), app.trusted_tls);
    response
}

/// The address a request counts for. Kept only for counting; never logged.
#[derive(Clone, Copy)]
struct Counted(IpAddr);
