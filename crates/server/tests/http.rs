//! HTTP: the API, the headers on everything, and peers that misbehave.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use base::statement::Role;
use common::people::{Host, create};
use common::{Running, request};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn healthz_says_ok() {
    let response = Running::start().await.get("/healthz").await;
    assert_eq!((response.status, response.body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn the_api_describes_itself() {
    let response = Running::start().await.get("/api/v1/openapi.json").await;
    let description: serde_json::Value = serde_json::from_str(&response.body).unwrap();
    for path in [
        "/healthz",
        "/api/v1/meetings",
        "/api/v1/meetings/{id}",
        "/api/v1/meetings/{id}/reports",
        "/api/v1/meetings/{id}/ws",
    ] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
}

#[tokio::test]
async fn every_response_carries_the_strict_headers() {
    let running = Running::start().await;
    for path in ["/", "/healthz", "/m/abc", "/api/v1/meetings/none", "/assets/gone.js"] {
        let response = running.get(path).await;
        let header = |name: &str| response.header(name).unwrap_or_else(|| panic!("{path}: {name}"));
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(header("cross-origin-embedder-policy"), "require-corp");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin");
        for allowed in ["camera=(self)", "microphone=(self)", "display-capture=(self)"] {
            assert!(header("permissions-policy").contains(allowed), "{path}");
        }
        assert_eq!(response.header("strict-transport-security"), None, "no TLS here");
        assert_eq!(response.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn the_content_policy_allows_nothing_from_elsewhere() {
    let running = Running::start().await;
    let response = running.get("/").await;
    let policy = response.header("content-security-policy").unwrap().to_owned();
    let directive = |name: &str| {
        let found = policy.split("; ").find_map(|part| part.strip_prefix(name));
        found.unwrap_or_else(|| panic!("no {name} in {policy}")).trim().to_owned()
    };
    let host = running.authority();
    assert_eq!(directive("default-src "), "'self'");
    assert_eq!(directive("script-src "), "'self' 'wasm-unsafe-eval'");
    assert_eq!(directive("connect-src "), format!("'self' ws://{host} wss://{host}"));
    assert_eq!(directive("img-src "), "'self' data: blob:");
    assert_eq!(directive("media-src "), "'self' blob:");
    assert_eq!(directive("worker-src "), "'self'");
    assert_eq!(directive("object-src "), "'none'");
    assert_eq!(directive("frame-ancestors "), "'none'");
    assert_eq!(directive("base-uri "), "'none'");
    assert_eq!(directive("form-action "), "'self'");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
}

#[tokio::test]
async fn a_host_header_cannot_write_into_the_policy() {
    let running = Running::start().await;
    let mut stream = TcpStream::connect(running.authority()).await.unwrap();
    let text = "GET / HTTP/1.1\r\nhost: evil.example; script-src *\r\nconnection: close\r\n\r\n";
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("evil.example"), "{answer}");
}

#[tokio::test]
async fn pages_get_the_client_or_say_how_to_build_it() {
    let running = Running::start().await;
    let index = running.get("/").await;
    for path in ["/m/abc", "/settings", "/check", "/privacy", "/rooms"] {
        let page = running.get(path).await;
        assert_eq!((page.status, &page.body), (index.status, &index.body), "{path}");
    }
    if index.status != 200 {
        assert!(index.body.contains("make run"), "{}", index.body);
    } else {
        assert_eq!(index.header("cache-control"), Some("no-cache"));
    }
    assert_eq!(running.get("/assets/gone.js").await.status, 404);
}

#[tokio::test]
async fn a_meeting_is_created_once_and_found() {
    let running = Running::start().await;
    let host = Host::new();
    let path = format!("/api/v1/meetings/{}", host.meeting.to_text());
    assert_eq!(running.get(&path).await.status, 404);
    host.create(&running.authority()).await;
    let found = running.get(&path).await;
    let info: wire::MeetingInfo = serde_json::from_str(&found.body).unwrap();
    assert_eq!(
        (info.id, info.key, info.state),
        (host.meeting, host.key(), wire::MeetingState::Open)
    );

    let mut thief = Host::new();
    thief.meeting = host.meeting;
    let response = create(&running.authority(), &thief.creation(), &[]).await;
    assert_eq!(response.status, 409, "{}", response.body);
}

#[tokio::test]
async fn a_creator_must_hold_the_meeting_key() {
    let running = Running::start().await;
    let authority = running.authority();
    let (host, other) = (Host::new(), Host::new());
    let mut wanted = host.creation();
    wanted.certificate = other.certificate();
    assert_eq!(create(&authority, &wanted, &[]).await.status, 403);
    wanted.certificate = host.certificate_as(Role::Cohost);
    assert_eq!(create(&authority, &wanted, &[]).await.status, 403);
    wanted.certificate = host.certificate();
    wanted.id = other.meeting;
    assert_eq!(create(&authority, &wanted, &[]).await.status, 403);
}

#[tokio::test]
async fn bad_creations_are_refused_in_words() {
    let running = Running::start().await;
    let authority = running.authority();
    let post = async |headers: &[(&str, &str)], body: &str| {
        request(&authority, "POST", "/api/v1/meetings", headers, body).await
    };
    let json = [("content-type", "application/json")];
    let response = post(&json, "{").await;
    assert_eq!(response.status, 400);
    assert!(response.body.contains("\"code\":\"malformed\""), "{}", response.body);
    assert_eq!(post(&[], "{}").await.status, 415);
    assert_eq!(post(&json, &" ".repeat(20_000)).await.status, 413);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_create() {
    let running = Running::start().await;
    let (authority, host) = (running.authority(), Host::new());
    let foreign = [("origin", "https://evil.example")];
    assert_eq!(create(&authority, &host.creation(), &foreign).await.status, 403);
    let own = format!("http://{authority}");
    assert_eq!(create(&authority, &host.creation(), &[("origin", &own)]).await.status, 201);
}

#[tokio::test]
async fn an_address_may_create_only_so_many_meetings() {
    let running = Running::with(|config| config.limits.creations_per_address = 3).await;
    for _ in 0..3 {
        Host::new().create(&running.authority()).await;
    }
    let response = create(&running.authority(), &Host::new().creation(), &[]).await;
    assert_eq!(response.status, 429);
    assert!(response.body.contains("too_fast"), "{}", response.body);
}

#[tokio::test]
async fn an_address_is_counted_by_what_a_trusted_proxy_says() {
    let running = Running::with(|config| {
        config.limits.creations_per_address = 1;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let from = async |address: &str| {
        let headers = [("x-forwarded-for", address)];
        create(&running.authority(), &Host::new().creation(), &headers).await.status
    };
    assert_eq!(from("192.0.2.1").await, 201);
    assert_eq!(from("192.0.2.2").await, 201);
    assert_eq!(from("198.51.100.9, 192.0.2.1").await, 429);
}

#[tokio::test]
async fn too_many_requests_of_one_address_are_refused() {
    let running = Running::with(|config| config.limits.requests_per_address = 2).await;
    let mut statuses = Vec::new();
    for _ in 0..20 {
        statuses.push(running.get("/healthz").await.status);
    }
    assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
}

#[tokio::test]
async fn ids_of_any_length_get_a_clear_answer() {
    let running = Running::start().await;
    for id in ["x".repeat(5_000), "..%2f..".to_owned(), "%ff".to_owned()] {
        let response = running.get(&format!("/api/v1/meetings/{id}")).await;
        assert!(matches!(response.status, 400 | 404), "{}", response.status);
    }
    let long = running.get(&format!("/api/v1/meetings/{}", "x".repeat(5_000))).await;
    assert!(long.body.contains("no_such_meeting"), "{}", long.body);
}

#[tokio::test]
async fn a_head_that_dribbles_in_is_cut_off() {
    let running = Running::with(|config| {
        config.limits.request_timeout = Duration::from_millis(300);
        config.metrics_listen = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let mut stream = TcpStream::connect(running.authority()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    let start = Instant::now();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(common::PATIENCE, stream.read_to_end(&mut answer)).await;
    assert!(read.is_ok(), "still open after {:?}", start.elapsed());
    assert!(!answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(running.refused("slow_request").await, 1);
}

#[tokio::test]
async fn connections_beyond_the_bound_are_closed() {
    let running = Running::with(|config| config.limits.connections_per_address = 3).await;
    let mut open = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(running.authority()).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert!(stream.read(&mut [0; 64]).await.unwrap() > 0);
        open.push(stream);
    }
    let mut extra = TcpStream::connect(running.authority()).await.unwrap();
    let _ = extra.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(matches!(extra.read(&mut [0; 64]).await, Ok(0) | Err(_)));
    drop(open);
}

#[tokio::test]
async fn connections_without_a_request_are_counted_until_one_comes() {
    let running =
        Running::with(|config| config.metrics_listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let counted = async |openings, connections| {
        let end = Instant::now() + common::PATIENCE;
        let mut last = (0, 0);
        while last != (openings, connections) {
            assert!(Instant::now() < end, "{last:?}");
            last = (running.metric("openings").await, running.metric("connections").await);
        }
    };
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(TcpStream::connect(running.authority()).await.unwrap());
    }
    counted(3, 3).await;
    open[0].write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(open[0].read(&mut [0; 64]).await.unwrap() > 0);
    counted(2, 3).await;
    open.pop();
    counted(1, 2).await;
    running.server.drain().await;
    assert!(matches!(open[1].read(&mut [0; 64]).await, Ok(0) | Err(_)), "closed at the end");
}

#[tokio::test]
async fn whoever_has_said_nothing_yet_does_not_delay_the_end() {
    let running = Running::with(|_| {}).await;
    let mut silent = TcpStream::connect(running.authority()).await.unwrap();
    silent.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    running.get("/healthz").await;
    let begun = Instant::now();
    running.server.drain().await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn metrics_stay_off_the_public_port() {
    let running =
        Running::with(|config| config.metrics_listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let public = running.get("/metrics").await;
    assert!(!public.body.contains("incamera_"), "{}", public.body);
    let own = running.server.metrics_address().unwrap().to_string();
    let metrics = request(&own, "GET", "/metrics", &[], "").await;
    assert!(metrics.body.contains("incamera_connections 0"), "{}", metrics.body);
    assert!(metrics.body.contains("# TYPE incamera_media_packets_in_total counter"));
}
