//! Reports to those who run the server: written over HTTP, read with a command.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use common::people::Host;
use common::process::{Process, command};
use common::socket::Client;
use common::{Response, Running, request};
use std::path::Path;
use tempfile::TempDir;
use wire::ClientMessage;

const TYPED: &str = "Somebody shouted.\nThen they came back.";

async fn write(authority: &str, meeting: &str, body: &str, headers: &[(&str, &str)]) -> Response {
    let headers = [&[("content-type", "application/json")], headers].concat();
    let path = format!("/api/v1/meetings/{meeting}/reports");
    request(authority, "POST", &path, &headers, body).await
}

fn body(category: &str, text: &str) -> String {
    serde_json::json!({ "category": category, "text": text }).to_string()
}

fn printed(directory: &Path, flags: &[&str]) -> (bool, Vec<serde_json::Value>, String) {
    let output = command(directory)
        .arg("reports")
        .arg("--data-dir")
        .arg(directory)
        .args(flags)
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let reports = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.success(), reports, String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn what_is_written_is_printed_while_the_server_runs_and_nothing_else_is_kept() {
    let directory = TempDir::new().unwrap();
    let process = Process::start(directory.path(), &["--log-level", "debug"]);
    let (authority, host) = (process.authority(), Host::new());
    host.create(&authority).await;
    let meeting = host.meeting.to_text();
    let kept = write(&authority, &meeting, &body("conduct", &format!("  {TYPED} ")), &[]).await;
    assert_eq!(kept.status, 201, "{}", kept.body);
    assert_eq!(kept.header("set-cookie"), None);

    let (_, reports, _) = printed(directory.path(), &[]);
    let [report] = reports.as_slice() else { panic!("one report: {reports:?}") };
    let mut fields: Vec<_> = report.as_object().unwrap().keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["at", "category", "meeting", "text"]);
    assert_eq!(report["meeting"], meeting.as_str());
    assert_eq!((&report["category"], &report["text"]), (&"conduct".into(), &TYPED.into()));
    assert!(report["at"].as_str().unwrap().starts_with("20"));

    assert_eq!(printed(directory.path(), &["--delete"]).1.len(), 1);
    assert!(printed(directory.path(), &[]).1.is_empty());
    process.terminate();
    assert!(!process.end().1.contains("shouted"), "what people write stays out of the log");
}

#[test]
fn a_directory_without_data_is_an_error_and_stays_empty() {
    let directory = TempDir::new().unwrap();
    let (fine, _, error) = printed(directory.path(), &[]);
    assert!(!fine && error.contains("data-dir: there is no incamera.sqlite"), "{error}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn what_is_no_report_is_refused_with_the_reason() {
    let running = Running::start().await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let meeting = host.meeting.to_text();
    let long = "x".repeat(1_001);
    for (wrong, status) in [
        (body("conduct", ""), 400),
        (body("conduct", " \n "), 400),
        (body("conduct", &long), 400),
        (body("conduct", "a\u{1b}[2J"), 400),
        (body("gossip", "words"), 400),
        (r#"{"category":"other","text":"x","name":"Eve"}"#.to_owned(), 400),
        (body("other", &"x".repeat(20_000)), 413),
    ] {
        let refused = write(&authority, &meeting, &wrong, &[]).await;
        assert_eq!(refused.status, status, "{}", refused.body);
        assert!(refused.body.contains("malformed"), "{}", refused.body);
    }
    let whole = body("other", &"ä".repeat(1_000));
    assert_eq!(write(&authority, &meeting, &whole, &[]).await.status, 201);
    let nowhere = write(&authority, &Host::new().meeting.to_text(), &whole, &[]).await;
    assert_eq!(nowhere.status, 404);
    let foreign = write(&authority, &meeting, &whole, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.status, 403);
    let path = format!("/api/v1/meetings/{meeting}/reports");
    let form = request(&authority, "POST", &path, &[("content-type", "text/plain")], &whole).await;
    assert_eq!(form.status, 415);
}

#[tokio::test]
async fn one_address_and_one_meeting_have_their_bounds_and_are_told() {
    let running = Running::with(|config| config.limits.reports_per_address = 3).await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let (meeting, words) = (host.meeting.to_text(), body("other", "words"));
    for _ in 0..3 {
        assert_eq!(write(&authority, &meeting, &words, &[]).await.status, 201);
    }
    let refused = write(&authority, &meeting, &words, &[]).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("too many reports from this address"), "{}", refused.body);

    let running = Running::with(|config| config.limits.reports_per_address = 100).await;
    let authority = running.authority();
    host.create(&authority).await;
    for _ in 0..20 {
        assert_eq!(write(&authority, &meeting, &words, &[]).await.status, 201);
    }
    let refused = write(&authority, &meeting, &words, &[]).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("another way"), "{}", refused.body);
}

#[tokio::test]
async fn a_meeting_that_has_ended_can_be_written_about() {
    let running = Running::start().await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    chair.send(ClientMessage::EndMeeting { end: host.device.end(host.meeting) }).await;
    chair.rest().await;
    let meeting = host.meeting.to_text();
    assert_eq!(write(&authority, &meeting, &body("other", "words"), &[]).await.status, 201);
}
