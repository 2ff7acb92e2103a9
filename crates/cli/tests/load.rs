//! `incamera load` against a real server: everyone gets in, everything that is sent arrives and
//! verifies, also at those who only follow; and what does not hold is said.
//!
//! The server binary comes from `INCAMERA_SERVER`, or from beside the one under test.

#![expect(clippy::unwrap_used, reason = "a panic in a test is its report")]

use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const INCAMERA: &str = env!("CARGO_BIN_EXE_incamera");

/// A server that does not outlive its test.
struct Server {
    child: Child,
    url: String,
    _data: tempfile::TempDir,
}

impl Server {
    fn start() -> Server {
        let beside = Path::new(INCAMERA).with_file_name("incamera-server");
        let binary = std::env::var_os("INCAMERA_SERVER").map_or(beside, PathBuf::from);
        assert!(binary.exists(), "no {}: cargo build -p incamera-server", binary.display());
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(&binary)
            .args(["--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data-dir"])
            .arg(data.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Server { child, url, _data: data }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn load(args: &str) -> Output {
    let args = args.split_whitespace();
    Command::new(INCAMERA).arg("load").args(args).stdin(Stdio::null()).output().unwrap()
}

fn summary(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.trim_end()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn everyone_gets_in_and_what_is_sent_arrives_also_at_followers() {
    let server = Server::start();
    let output = load(&format!(
        "--server {} --participants 12 --mls 5 --publish 2 --speakers 3 --within 2 --seconds 5 \
         --open-one-in 2",
        server.url
    ));
    let report = summary(&output);
    assert!(output.status.success(), "{report}");
    assert_eq!(report["joins"], serde_json::json!({ "wanted": 12, "joined": 12 }));
    assert_eq!((&report["mls"], &report["followers"]), (&5.into(), &7.into()));
    assert_eq!(report["admit_to_frame_ms"]["n"], 12, "{report}");
    let frames = &report["frames"];
    // Three voices of 50 packets a second reach eleven others each, for five seconds and more.
    let arrived = frames["verified"].as_u64().unwrap() + frames["unopened"].as_u64().unwrap();
    assert!(arrived > 3 * 50 * 10 * 4, "{report}");
    assert!(frames["unopened"].as_u64().unwrap() > arrived / 4, "{report}");
    assert!(report["audio_gap_ms"]["n"].as_u64().unwrap() > 5_000, "{report}");
    assert!(report["packets"]["sent"].as_u64().unwrap() > 3 * 50 * 4, "{report}");
    assert!(report["packets"]["loss"].as_f64().unwrap() < 0.05, "{report}");
    assert!(report["tool"]["cpu_us_per_packet"].as_f64().unwrap() > 0.0, "{report}");
}

#[test]
fn with_leave_after_each_goes_by_itself_and_those_they_follow_last() {
    let server = Server::start();
    let began = std::time::Instant::now();
    let output = load(&format!(
        "--server {} --participants 8 --mls 2 --within 1 --leave-after 1 --wait 60",
        server.url
    ));
    let report = summary(&output);
    assert!(output.status.success(), "{report}");
    assert_eq!(report["joins"], serde_json::json!({ "wanted": 8, "joined": 8 }));
    assert_eq!(report["problems"], serde_json::json!([]), "nobody lacked keys: {report}");
    assert!(began.elapsed().as_secs() < 40, "ended when all had left: {:?}", began.elapsed());
}

#[test]
fn nobody_who_lets_them_in_is_a_failure_in_words() {
    let server = Server::start();
    let mut host = Command::new(INCAMERA)
        .args(["host", &server.url])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut link = String::new();
    BufReader::new(host.stdout.take().unwrap()).read_line(&mut link).unwrap();
    let output = load(&format!(
        "--url {} --participants 3 --within 1 --wait 4 --seconds 1",
        link.trim_end()
    ));
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(!output.status.success());
    let report = summary(&output);
    assert_eq!(report["joins"], serde_json::json!({ "wanted": 3, "joined": 0 }));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("3 of 3 did not get in"), "{said}");
}
