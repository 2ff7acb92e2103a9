//! Which origins are ours: the configured ones, or the host a request was sent to.

use crate::http::host;
use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// Tells our pages from others'.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub configured: Vec<String>,
    /// Whether we speak TLS ourselves. Without it a proxy in front may.
    pub tls: bool,
}

impl Origins {
    /// The origins under which a request with these headers may reach us.
    pub fn of(&self, headers: &HeaderMap) -> Vec<String> {
        if !self.configured.is_empty() {
            return self.configured.clone();
        }
        let Some(host) = host(headers).map(str::to_lowercase) else { return Vec::new() };
        let plain = (!self.tls).then(|| format!("http://{host}"));
        plain.into_iter().chain([format!("https://{host}")]).collect()
    }

    /// Whether a page of another site sent this. Programs that are no browser send no origin.
    pub fn is_foreign(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return false };
        let ours = self.of(headers);
        !ours.iter().any(|our| our.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::HOST;

    fn headers(host: &str, origin: &str) -> HeaderMap {
        HeaderMap::from_iter([(HOST, host.parse().unwrap()), (ORIGIN, origin.parse().unwrap())])
    }

    fn by_host(tls: bool) -> Origins {
        Origins { configured: Vec::new(), tls }
    }

    #[test]
    fn a_page_of_the_same_host_is_ours_and_another_is_not() {
        let origins = by_host(false);
        assert!(!origins.is_foreign(&headers("localhost:8080", "http://localhost:8080")));
        assert!(!origins.is_foreign(&headers("meet.example", "https://meet.example")));
        assert!(origins.is_foreign(&headers("localhost:8080", "http://localhost:8081")));
        assert!(origins.is_foreign(&headers("localhost:8080", "null")));
    }

    #[test]
    fn plain_pages_are_foreign_to_a_server_with_tls() {
        assert!(by_host(true).is_foreign(&headers("meet.example", "http://meet.example")));
    }

    #[test]
    fn configured_origins_are_the_only_ones() {
        let origins = Origins { configured: vec!["https://meet.example".into()], tls: false };
        assert!(!origins.is_foreign(&headers("10.0.0.1:8080", "https://meet.example")));
        assert!(origins.is_foreign(&headers("10.0.0.1:8080", "http://10.0.0.1:8080")));
    }
}
