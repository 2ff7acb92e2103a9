//! The binary: its first line, its ends, and what it leaves in logs and files.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use common::people::{Device, Host};
use common::process::{Process, command};
use common::socket::Client;
use tempfile::TempDir;
use wire::{Bytes, ClientMessage, ServerMessage, Standing};

#[test]
fn the_first_line_says_where_it_listens() {
    let directory = TempDir::new().unwrap();
    let process = Process::start(directory.path(), &[]);
    let port = process.first_line.strip_prefix("listening on http://127.0.0.1:").unwrap();
    assert_ne!(port.parse::<u16>().unwrap(), 0);
}

#[test]
fn a_bad_key_stops_it_with_the_keys_name() {
    let directory = TempDir::new().unwrap();
    for (flags, variable, named) in [
        (&["--tls", "perhaps"][..], ("X", ""), "tls (flag --tls)"),
        (&[], ("INCAMERA_LISTEN", "everywhere"), "listen (environment variable INCAMERA_LISTEN)"),
        (&[], ("INCAMERA_COLOUR", "red"), "colour (environment variable INCAMERA_COLOUR)"),
        (&["--listen", "192.0.2.1:1"], ("X", ""), "listen: cannot listen on 192.0.2.1:1"),
    ] {
        let run = command(directory.path()).args(flags).env(variable.0, variable.1).output();
        let output = run.unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(errors.contains(named), "{errors}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn help_lists_every_key() {
    let directory = TempDir::new().unwrap();
    let output = command(directory.path()).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for key in server::config::KEYS {
        assert!(help.contains(&format!("--{}", key.name)), "{}", key.name);
    }
}

#[tokio::test]
async fn sigterm_drains_and_exits_with_zero() {
    let directory = TempDir::new().unwrap();
    let process = Process::start(directory.path(), &[]);
    let (authority, host) = (process.authority(), Host::new());
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    process.terminate();
    let (said, closed) = chair.rest().await;
    let draining = ServerMessage::Error { code: wire::ErrorCode::Draining };
    assert!(said.contains(&draining), "{said:?}");
    assert_eq!(closed.unwrap().0, 1012);
    let (status, _) = process.end();
    assert_eq!(status.code(), Some(0));
}

#[tokio::test]
async fn two_servers_drain_apart() {
    let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let (leaving, staying) =
        (Process::start(first.path(), &[]), Process::start(second.path(), &[]));
    let host = Host::new();
    host.create(&staying.authority()).await;
    let mut chair = Client::host(&staying.authority(), &host).await;
    leaving.terminate();
    assert_eq!(leaving.end().0.code(), Some(0));
    chair.send(ClientMessage::Ping { id: 1 }).await;
    chair.until(|m| matches!(m, ServerMessage::Pong { id: 1 })).await;
}

#[tokio::test]
async fn a_killed_server_comes_back_with_every_accepted_commit() {
    let directory = TempDir::new().unwrap();
    let host = Host::new();
    let guests = [Device::new(), Device::new(), Device::new()];
    let process = Process::start(directory.path(), &[]);
    let authority = process.authority();
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    for (epoch, guest) in guests.iter().enumerate() {
        let _guest = Client::knocking(&authority, host.meeting, guest).await;
        chair.admit(&host, epoch as u64, guest.key()).await;
    }
    process.kill();

    let process = Process::start(directory.path(), &[]);
    let authority = process.authority();
    for guest in &guests {
        let (mut client, standing) = Client::enter(&authority, host.meeting, guest, None).await;
        assert_eq!(standing, Standing::Member);
        client.send(ClientMessage::CatchUp { group: host.group, epoch: 0 }).await;
        client.until(|m| matches!(m, ServerMessage::Committed { epoch: 2, .. })).await;
    }
}

#[tokio::test]
async fn an_ended_meeting_survives_a_kill() {
    let directory = TempDir::new().unwrap();
    let host = Host::new();
    let process = Process::start(directory.path(), &[]);
    host.create(&process.authority()).await;
    let mut chair = Client::host(&process.authority(), &host).await;
    chair.send(ClientMessage::EndMeeting { end: host.device.end(host.meeting) }).await;
    chair.until(|m| matches!(m, ServerMessage::Ended { .. })).await;
    process.kill();
    let process = Process::start(directory.path(), &[]);
    let path = format!("/api/v1/meetings/{}", host.meeting.to_text());
    let info = common::request(&process.authority(), "GET", &path, &[], "").await;
    assert!(info.body.contains("\"ended\""), "{}", info.body);
}

#[tokio::test]
async fn logs_hold_no_name_address_or_key() {
    let directory = TempDir::new().unwrap();
    let process =
        Process::start(directory.path(), &["--log-level", "debug", "--log-format", "json"]);
    let (authority, host, guest) = (process.authority(), Host::new(), Device::new());
    let name = "Hildegard-Wurzelbrecht";
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    let mut client = Client::knocking(&authority, host.meeting, &guest).await;
    chair.admit(&host, 0, guest.key()).await;
    client.send_text(format!(r#"{{"type":"{name}"}}"#)).await;
    client.send_text(name.to_owned()).await;
    client.send(ClientMessage::Offer { sdp: name.to_owned(), new: true }).await;
    client.send(ClientMessage::Leave { leave: Some(Bytes(name.into())) }).await;
    client.send(ClientMessage::Ping { id: 1 }).await;
    client.until(|m| matches!(m, ServerMessage::Pong { .. })).await;
    common::request(&authority, "GET", &format!("/m/{name}"), &[("x-name", name)], "").await;
    common::request(&authority, "POST", "/api/v1/meetings", &[("origin", name)], name).await;
    drop((chair, client));
    process.terminate();
    let (_, logs) = process.end();

    assert!(logs.contains(&host.meeting.loggable()), "the session was logged: {logs}");
    let ids = [
        host.meeting.to_text(),
        host.group.to_text(),
        host.key().to_text(),
        host.device.key().to_text(),
        guest.key().to_text(),
    ];
    let bytes = [&host.meeting.0[..], &host.key().0, &guest.key().0, &guest.seed].map(hex);
    let others = [name.to_owned(), "127.0.0.1".to_owned()];
    for secret in ids.iter().chain(&bytes).chain(&others) {
        assert!(!logs.contains(secret), "{secret} in the logs:\n{logs}");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
