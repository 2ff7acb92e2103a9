//! Headers on every response: what the page may load, whom it tells where it came from, and who
//! may frame it.

use crate::config::is_host_and_port;
use axum::http::HeaderMap;
use axum::http::header::{
    CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};

const FIXED: &[(&str, &str)] = &[
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), \
         autoplay=(self), fullscreen=(self), picture-in-picture=(self), screen-wake-lock=(self), \
         geolocation=(), payment=(), usb=(), serial=(), hid=(), midi=(), browsing-topics=()",
    ),
];

/// Two years. Browsers then refuse plain HTTP for this host.
const STRICT_TRANSPORT: &str = "max-age=63072000";

/// Adds the headers. `host` is the request's, `trusted_tls` whether the connection has a
/// certificate that browsers accept: a self-signed one must stay possible to click through.
pub(super) fn apply(headers: &mut HeaderMap, host: Option<&str>, trusted_tls: bool) {
    headers.insert(CONTENT_SECURITY_POLICY, policy(host));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if trusted_tls {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(STRICT_TRANSPORT));
    }
}

/// The host a request was sent to, if it is one.
pub(crate) fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST)?.to_str().ok().filter(|host| is_host_and_port(host))
}

/// WebSockets of the same host are named one by one: Safari before 15.4 leaves them out of `'self'`.
fn policy(host: Option<&str>) -> HeaderValue {
    let sockets = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'{sockets}; \
         img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self'; object-src 'none'; \
         frame-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    );
    HeaderValue::from_str(&policy).expect("a checked host is a header value")
}
