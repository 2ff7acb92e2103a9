//! The web client, embedded at build time.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

pub(super) struct Asset {
    path: &'static str,
    etag: &'static str,
    body: &'static [u8],
    brotli: Option<&'static [u8]>,
}

static ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

const NOT_BUILT: &str = "In Camera is running, but its web client was not built into this binary.\n\
    Run `make run`, or build web/ and then the server again.\n";

/// Serves files of the web client; page addresses get its index.
pub(super) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path();
    if let Some(asset) = find(path) {
        return respond(asset, &headers);
    }
    if !is_page(path) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match find("/index.html") {
        Some(index) => respond(index, &headers),
        None => (StatusCode::NOT_FOUND, NOT_BUILT).into_response(),
    }
}

/// Addresses the web client routes by itself. Anything with a dot is a missing file.
fn is_page(path: &str) -> bool {
    let last = path.rsplit('/').next().unwrap_or_default();
    !path.starts_with("/api/") && !path.starts_with("/assets/") && !last.contains('.')
}

fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

fn respond(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let mut response = if is_current(asset, headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        body(asset, headers)
    };
    let out = response.headers_mut();
    out.insert(ETAG, asset.etag.parse().expect("a quoted hash is a header value"));
    out.insert(CACHE_CONTROL, caching(asset.path).parse().expect("static text"));
    out.insert(VARY, "accept-encoding".parse().expect("static text"));
    response
}

fn is_current(asset: &Asset, headers: &HeaderMap) -> bool {
    headers.get(IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == asset.etag.as_bytes())
}

fn body(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let content_type = [(CONTENT_TYPE, media_type(asset.path))];
    match asset.brotli.filter(|_| accepts_brotli(headers)) {
        Some(brotli) => {
            (content_type, [(CONTENT_ENCODING, "br")], Body::from(brotli)).into_response()
        }
        None => (content_type, Body::from(asset.body)).into_response(),
    }
}

fn accepts_brotli(headers: &HeaderMap) -> bool {
    let offers = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    offers.flat_map(|value| value.split(',')).any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        parts.next() == Some("br") && !parts.any(|part| part == "q=0")
    })
}

/// Names under `assets/` carry a hash of their content; everything else may change under its name.
fn caching(path: &str) -> &'static str {
    if path.starts_with("/assets/") { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "ogg" | "opus" => "audio/ogg",
        "wav" => "audio/wav",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static ASSET: Asset =
        Asset { path: "/assets/a-123.js", etag: "\"1\"", body: b"plain", brotli: Some(b"small") };

    fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn brotli_goes_only_to_those_who_accept_it() {
        let coded = |headers| respond(&ASSET, &headers).headers().contains_key(CONTENT_ENCODING);
        assert!(coded(headers(ACCEPT_ENCODING, "gzip, deflate, br")));
        assert!(!coded(headers(ACCEPT_ENCODING, "gzip")));
        assert!(!coded(headers(ACCEPT_ENCODING, "br;q=0")));
        assert!(!coded(HeaderMap::new()));
    }

    #[test]
    fn hashed_files_are_kept_and_the_index_is_asked_for_again() {
        assert!(caching("/assets/a-123.js").contains("immutable"));
        assert_eq!(caching("/index.html"), "no-cache");
    }

    #[test]
    fn a_current_copy_is_not_sent_again() {
        let response = respond(&ASSET, &headers(IF_NONE_MATCH, "\"1\""));
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn pages_are_told_from_missing_files() {
        assert!(is_page("/") && is_page("/m/abc") && is_page("/settings"));
        assert!(!is_page("/assets/gone") && !is_page("/favicon.ico") && !is_page("/api/v2"));
    }
}
