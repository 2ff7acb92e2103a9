//! A real server and two real participants: what arrives is what was sent, and nothing arrives
//! before admission.
//!
//! The server binary comes from `INCAMERA_SERVER`, or from beside the one under test
//! (`cargo build -p incamera-server`).

#![expect(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod decode;

use decode::{colour, loudest_tone, moves};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// Three simulcast layers.
const LAYERS: &str = "green-q.ivf,green-h.ivf,green-f.ivf";

const INCAMERA: &str = env!("CARGO_BIN_EXE_incamera");

/// A process that does not outlive its test.
struct Process {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Process {
    fn start(program: &Path, args: &[&str]) -> Process {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{}: {e}", program.display()));
        let out = BufReader::new(child.stdout.take().unwrap());
        Process { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the program ended without a word");
        line.trim_end().to_owned()
    }

    fn stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// The JSON object at the end.
    fn report(mut self) -> Value {
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap();
        let last = rest.lines().last().unwrap_or_else(|| panic!("no report"));
        serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {last}"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server(data: &Path) -> (Process, String) {
    let beside = Path::new(INCAMERA).with_file_name("incamera-server");
    let binary = std::env::var_os("INCAMERA_SERVER").map_or(beside, PathBuf::from);
    assert!(binary.exists(), "no {}: cargo build -p incamera-server", binary.display());
    let data = data.to_str().unwrap();
    let listen = ["--listen", "127.0.0.1:0", "--media-listen", "127.0.0.1:0", "--data-dir", data];
    let mut server = Process::start(&binary, &listen);
    let line = server.line();
    let url = line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line}"));
    (server, url.to_owned())
}

fn fixture(name: &str) -> String {
    format!("{}/clips/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn incamera(args: &[&str], out: &Path, video: &str, audio: &str) -> Process {
    let video = video.split(',').map(fixture).collect::<Vec<_>>().join(",");
    let audio = fixture(audio);
    let files = ["--video", &video, "--audio", &audio, "--out", out.to_str().unwrap()];
    Process::start(Path::new(INCAMERA), &[args, &files].concat())
}

/// A sender in a report, by its verified name.
fn sender<'a>(report: &'a Value, name: &str) -> &'a Value {
    let senders = report["senders"].as_array().unwrap();
    let found = senders.iter().find(|sender| sender["name"] == name);
    found.unwrap_or_else(|| panic!("nothing verified from {name}: {report}"))
}

fn assert_well_received(report: &Value, from: &str) {
    let media = &sender(report, from)["media"];
    assert!(media["mic"]["verified"].as_u64() > Some(150), "{report}");
    assert!(media["camera"]["decodable"].as_u64() > Some(30), "{report}");
    assert!(media["camera"]["first_ms"].as_u64() < Some(10_000), "{report}");
    let rejected = report["received"]["rejected"].as_object().unwrap();
    for reason in ["plaintext", "wrong_kind", "forged"] {
        assert!(!rejected.contains_key(reason), "{report}");
    }
}

fn assert_seen_and_heard(folder: &Path, name: &str, rgb: [u8; 3], tone: f64) {
    if !decode::available() {
        eprintln!("no ffmpeg here: what was received is not decoded");
        return;
    }
    let camera = folder.join(format!("{name}-camera.ivf"));
    let seen = colour(&camera);
    let near = seen.iter().zip(rgb).all(|(seen, sent)| seen.abs_diff(sent) < 40);
    assert!(near, "{name} sent {rgb:?}, seen {seen:?}");
    assert!(moves(&camera), "{name}'s picture stands still");
    let heard =
        loudest_tone(&folder.join(format!("{name}-mic.ogg")), &[330.0, 440.0, 550.0, 660.0]);
    assert_eq!(heard, tone, "{name}'s tone");
}

#[test]
fn two_people_see_and_hear_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, url) = server(&dir.path().join("data"));
    let (at_host, at_guest) = (dir.path().join("host"), dir.path().join("guest"));
    let args = ["host", &url, "--name", "Hanna", "--admit-all", "--wait", "60"];
    let mut host = incamera(&args, &at_host, "blue.ivf", "tone440.ogg");
    let link = host.line();
    assert!(link.starts_with(&format!("{url}/m/")), "{link}");

    let args =
        ["join", &link, "--name", "Ben", "--seconds", "8", "--wait", "60", "--say", "Good day"];
    let guest = incamera(&args, &at_guest, "red.webm", "tone660.ogg").report();
    host.stop();
    let host = host.report();

    assert_eq!(
        (&guest["phase"], &host["phase"]),
        (&"left".into(), &"left".into()),
        "{guest}\n{host}"
    );
    assert_well_received(&guest, "Hanna");
    assert_well_received(&host, "Ben");
    assert_eq!(host["chat"][0]["text"], "Good day", "{host}");
    assert_eq!(host["chat"][0]["name"], "Ben");
    assert_eq!(guest["before_admission"]["group_messages"], 0);
    assert_eq!(guest["before_admission"]["media_datagrams"], 0);
    assert_seen_and_heard(&at_guest, "Hanna", [0x20, 0x60, 0xc0], 440.0);
    assert_seen_and_heard(&at_host, "Ben", [0xc0, 0x30, 0x20], 660.0);
}

#[test]
fn whoever_is_not_let_in_gets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, url) = server(&dir.path().join("data"));
    let (at_host, at_guest) = (dir.path().join("host"), dir.path().join("guest"));
    let mut host = incamera(&["host", &url, "--wait", "60"], &at_host, "blue.ivf", "tone440.ogg");
    let link = host.line();
    let args = ["join", &link, "--name", "Ben", "--wait", "5"];
    let guest = incamera(&args, &at_guest, "red.webm", "tone660.ogg").report();
    host.stop();
    let host = host.report();
    assert_eq!(guest["joined_ms"], Value::Null, "{guest}");
    assert_eq!(guest["before_admission"]["group_messages"], 0);
    assert_eq!(guest["before_admission"]["media_datagrams"], 0);
    assert_eq!(guest["received"]["packets"], 0);
    assert_eq!(std::fs::read_dir(&at_guest).unwrap().count(), 0);
    assert_eq!(host["senders"], Value::Array(vec![]), "{host}");
    assert!(host["joined_ms"].is_u64(), "{host}");
}

#[test]
fn a_link_with_another_secret_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, url) = server(&dir.path().join("data"));
    let (at_host, at_guest) = (dir.path().join("host"), dir.path().join("guest"));
    let args = ["host", &url, "--admit-all", "--wait", "60"];
    let mut host = incamera(&args, &at_host, "blue.ivf", "tone440.ogg");
    let link = host.line();
    let (start, fragment) = link.split_once('#').unwrap();
    let parts: Vec<&str> = fragment.split('.').collect();
    let other = format!("{start}#{}.{}.{}", parts[0], "A".repeat(parts[1].len()), parts[2]);
    let args = ["join", &other, "--name", "Eve", "--wait", "5"];
    let guest = incamera(&args, &at_guest, "red.webm", "tone660.ogg").report();
    assert_eq!(
        (&guest["phase"], &guest["problem"]),
        (&"refused".into(), &"bad_link".into()),
        "{guest}"
    );
    assert_eq!(guest["received"]["packets"], 0);
    host.stop();
    assert_eq!(host.report()["senders"], Value::Array(vec![]));
}

#[test]
fn people_who_arrive_at_once_see_and_hear_each_other_in_layers() {
    let dir = tempfile::tempdir().unwrap();
    let (_server, url) = server(&dir.path().join("data"));
    let args = ["host", &url, "--name", "Hanna", "--admit-all", "--wait", "60"];
    let mut host = incamera(&args, &dir.path().join("host"), LAYERS, "tone440.ogg");
    let link = host.line();
    let names = ["Ana", "Ben"];
    let arrive = |name: &&str| {
        let args = ["join", &link, "--name", name, "--seconds", "8", "--wait", "60"];
        incamera(&args, &dir.path().join(name), LAYERS, "tone660.ogg")
    };
    let guests: Vec<Process> = names.iter().map(arrive).collect();
    let reports: Vec<Value> = guests.into_iter().map(Process::report).collect();
    host.stop();
    for (report, me) in reports.iter().zip(names) {
        assert_eq!(report["phase"], "left", "{report}");
        for other in names.iter().filter(|name| **name != me).chain(["Hanna"].iter()) {
            assert_well_received(report, other);
            let tone = if *other == "Hanna" { 440.0 } else { 660.0 };
            assert_seen_and_heard(&dir.path().join(me), other, [0x20, 0xa0, 0x40], tone);
        }
    }
}
