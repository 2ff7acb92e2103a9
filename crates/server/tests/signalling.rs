//! The signalling socket, over real sockets with raw wire messages.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use base::{MeetingId, Nonce};
use common::people::{Device, Host, random};
use common::socket::Client;
use common::{Running, request};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Error;
use wire::{
    Bytes, Channel, ClientMessage, ErrorCode, Kind, LobbyReason, MAX_CLIENT_MESSAGE, ServerMessage,
    SlotWish, Standing, VERSION,
};

/// A server with one created meeting.
async fn meeting() -> (Running, String, Host) {
    let running = Running::start().await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    (running, authority, host)
}

fn is_error(message: &ServerMessage, wanted: ErrorCode) -> bool {
    matches!(message, ServerMessage::Error { code } if *code == wanted)
}

#[tokio::test]
async fn the_challenge_names_the_meeting_key_and_a_fresh_nonce() {
    let (_running, authority, host) = meeting().await;
    let (_a, first, key) = Client::challenged(&authority, host.meeting).await;
    let (_b, second, _) = Client::challenged(&authority, host.meeting).await;
    assert_eq!(key, host.key());
    assert_ne!(first, second);
}

#[tokio::test]
async fn a_guest_knocks_is_admitted_and_gets_group_messages() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    let device = Device::new();
    let mut guest = Client::knocking(&authority, host.meeting, &device).await;
    chair.admit(&host, 0, device.key()).await;

    let welcome = guest.until(|m| matches!(m, ServerMessage::Welcome { .. })).await;
    let ServerMessage::Welcome { group, epoch, message } = welcome else { unreachable!() };
    assert_eq!((group, epoch, message), (host.group, 1, Bytes(vec![9; 500])));

    let message = Bytes(vec![5; 50]);
    chair
        .send(ClientMessage::GroupMessage {
            group: host.group,
            epoch: 1,
            channel: Channel::Group,
            message: message.clone(),
        })
        .await;
    let passed_on = guest.until(|m| matches!(m, ServerMessage::GroupMessage { .. })).await;
    assert_eq!(
        passed_on,
        ServerMessage::GroupMessage {
            group: host.group,
            epoch: 1,
            channel: Channel::Group,
            message
        }
    );
}

#[tokio::test]
async fn a_declined_guest_is_told_and_gets_nothing_else() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    let device = Device::new();
    let mut guest = Client::knocking(&authority, host.meeting, &device).await;
    let knocked = chair.until(|m| matches!(m, ServerMessage::Knocked { .. })).await;
    let ServerMessage::Knocked { knock, .. } = knocked else { unreachable!() };
    chair.send(ClientMessage::Decline { knock, reason: LobbyReason::Declined }).await;
    let refused = guest.until(|m| matches!(m, ServerMessage::Refused { .. })).await;
    assert_eq!(refused, ServerMessage::Refused { reason: LobbyReason::Declined });

    let message = Bytes(vec![5; 50]);
    chair
        .send(ClientMessage::GroupMessage {
            group: host.group,
            epoch: 0,
            channel: Channel::Group,
            message,
        })
        .await;
    chair.send(ClientMessage::Ping { id: 1 }).await;
    chair.until(|m| matches!(m, ServerMessage::Pong { .. })).await;
    guest.send(ClientMessage::Ping { id: 2 }).await;
    assert_eq!(guest.next().await, ServerMessage::Pong { id: 2 });
}

#[tokio::test]
async fn someone_outside_gets_no_media_connection() {
    let (_running, authority, host) = meeting().await;
    let (mut guest, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
    guest.send(ClientMessage::Offer { sdp: "v=0\r\n".into(), new: true }).await;
    guest.until(|m| is_error(m, ErrorCode::NotAllowed)).await;
    let slot = SlotWish { mid: "0".into(), participant: 1, kind: Kind::Camera, height: 360 };
    guest.send(ClientMessage::Layout { slots: vec![slot] }).await;
    guest.until(|m| is_error(m, ErrorCode::NotAllowed)).await;
}

#[tokio::test]
async fn a_member_gets_an_answer_or_a_refusal_for_its_offer() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    chair.send(ClientMessage::Offer { sdp: "nonsense".into(), new: true }).await;
    chair.until(|m| is_error(m, ErrorCode::BadOffer)).await;
}

#[tokio::test]
async fn the_second_connection_of_a_device_takes_over() {
    let (_running, authority, host) = meeting().await;
    let device = Device::new();
    let (mut first, _) = Client::enter(&authority, host.meeting, &device, None).await;
    let (mut second, _) = Client::enter(&authority, host.meeting, &device, None).await;
    let (said, _) = first.rest().await;
    assert!(said.iter().any(|m| is_error(m, ErrorCode::Superseded)), "{said:?}");
    second.send(ClientMessage::Ping { id: 9 }).await;
    second.until(|m| matches!(m, ServerMessage::Pong { id: 9 })).await;
}

/// Sends this as the first message and returns the refusal and how the socket closed.
async fn refused_hello(authority: &str, host: &Host, text: String) -> (ErrorCode, u16) {
    let (mut client, _, _) = Client::challenged(authority, host.meeting).await;
    client.send_text(text).await;
    refusal(client).await
}

async fn refusal(mut client: Client) -> (ErrorCode, u16) {
    let (said, closed) = client.rest().await;
    match said.as_slice() {
        [ServerMessage::Error { code }] => (*code, closed.expect("a close frame").0),
        other => panic!("expected one error, not {other:?}"),
    }
}

#[tokio::test]
async fn a_hello_for_another_challenge_origin_or_meeting_is_refused() {
    let (_running, authority, host) = meeting().await;
    let device = Device::new();
    let origin = format!("http://{authority}");
    for (origin, meeting, own_nonce) in [
        (origin.as_str(), host.meeting, false),
        ("http://relay.example", host.meeting, true),
        (origin.as_str(), MeetingId(random()), true),
    ] {
        let (mut client, nonce, _) = Client::challenged(&authority, host.meeting).await;
        let nonce = if own_nonce { nonce } else { Nonce(random()) };
        let hello = device.hello(origin, meeting, nonce);
        client.send(ClientMessage::Hello { version: VERSION, hello, certificate: None }).await;
        assert_eq!(refusal(client).await, (ErrorCode::NotAuthentic, 1008));
    }
}

#[tokio::test]
async fn a_hello_signed_by_another_key_is_refused() {
    let (_running, authority, host) = meeting().await;
    let (mut client, nonce, _) = Client::challenged(&authority, host.meeting).await;
    let mut hello = Device::new().hello(&format!("http://{authority}"), host.meeting, nonce);
    *hello.0.last_mut().unwrap() ^= 1;
    client.send(ClientMessage::Hello { version: VERSION, hello, certificate: None }).await;
    assert_eq!(refusal(client).await, (ErrorCode::NotAuthentic, 1008));
}

#[tokio::test]
async fn a_certificate_of_another_key_is_refused() {
    let (_running, authority, host) = meeting().await;
    let mut impostor = Host::new();
    impostor.meeting = host.meeting;
    let (mut client, nonce, _) = Client::challenged(&authority, host.meeting).await;
    let hello = impostor.device.hello(&format!("http://{authority}"), host.meeting, nonce);
    let certificate = Some(impostor.certificate());
    client.send(ClientMessage::Hello { version: VERSION, hello, certificate }).await;
    assert_eq!(refusal(client).await, (ErrorCode::NotAuthentic, 1008));
}

#[tokio::test]
async fn anything_but_a_hello_comes_too_early() {
    let (_running, authority, host) = meeting().await;
    let ring = ClientMessage::Ring { invitation: Bytes(vec![1; 8]) }.to_text();
    assert_eq!(refused_hello(&authority, &host, ring).await, (ErrorCode::NotAllowed, 1008));
    let old = r#"{"type":"hello","version":0,"hello":""}"#.to_owned();
    assert_eq!(refused_hello(&authority, &host, old).await, (ErrorCode::WrongVersion, 1008));
    let broken = "{".to_owned();
    assert_eq!(refused_hello(&authority, &host, broken).await, (ErrorCode::Malformed, 1008));
}

#[tokio::test]
async fn malformed_messages_are_answered_and_the_connection_lives() {
    let (_running, authority, host) = meeting().await;
    let (mut client, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
    for text in [
        "",
        "{",
        "[]",
        "null",
        r#"{"type":"nonsense"}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"ping","id":-1}"#,
        r#"{"type":"ring","invitation":"!!"}"#,
        r#"{"type":"ring","invitation":"AAAA"}"#,
        r#"{"type":"catch_up","group":"short","epoch":0}"#,
    ] {
        client.send_text(text.to_owned()).await;
        client.until(|m| is_error(m, ErrorCode::Malformed)).await;
    }
    client.send_text("[".repeat(100_000)).await;
    client.until(|m| is_error(m, ErrorCode::Malformed)).await;
    client.send(ClientMessage::Ping { id: 3 }).await;
    client.until(|m| matches!(m, ServerMessage::Pong { id: 3 })).await;
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_the_reason() {
    let (_running, authority, host) = meeting().await;
    for size in [MAX_CLIENT_MESSAGE + 1, 2 * MAX_CLIENT_MESSAGE] {
        let (mut client, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
        client.send_text(" ".repeat(size)).await;
        let (_, closed) = client.rest().await;
        assert_eq!(closed.expect("a close frame").0, 1009, "{size}");
    }
}

#[tokio::test]
async fn a_forged_ticket_is_refused() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    let mut ticket = host.device.ticket(host.group, 0, b"commit", &[]);
    *ticket.0.last_mut().unwrap() ^= 1;
    let commit = Bytes(b"commit".to_vec());
    chair.send(ClientMessage::Commit { commit, ticket, welcome: None }).await;
    chair.until(|m| is_error(m, ErrorCode::NotAuthentic)).await;
}

#[tokio::test]
async fn one_commit_wins_an_epoch_and_the_other_hears_of_it() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    for commit in [b"first", b"later"] {
        let ticket = host.device.ticket(host.group, 0, commit, &[]);
        let commit = Bytes(commit.to_vec());
        chair.send(ClientMessage::Commit { commit, ticket, welcome: None }).await;
    }
    let won = chair.until(|m| matches!(m, ServerMessage::Committed { .. })).await;
    assert!(
        matches!(won, ServerMessage::Committed { epoch: 0, commit, .. } if commit.0 == b"first")
    );
    chair.until(|m| matches!(m, ServerMessage::Conflict { .. })).await;
}

#[tokio::test]
async fn a_flood_is_slowed_and_then_cut_off() {
    let running = Running::with(|config| config.limits.messages_per_connection = 1).await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let (mut client, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
    for id in 0..400 {
        let text = ClientMessage::Ping { id }.to_text();
        let message = tokio_tungstenite::tungstenite::Message::Text(text.into());
        if futures_util::SinkExt::send(&mut client.socket, message).await.is_err() {
            break;
        }
    }
    let (said, _) = client.rest().await;
    let slowed = said.iter().filter(|m| is_error(m, ErrorCode::TooFast)).count();
    let served = said.iter().filter(|m| matches!(m, ServerMessage::Pong { .. })).count();
    assert!((10..=20).contains(&served), "{served} pings served");
    assert!((190..=201).contains(&slowed), "{slowed} slowed");
}

#[tokio::test]
async fn a_page_of_another_site_cannot_connect() {
    let (_running, authority, host) = meeting().await;
    let id = host.meeting.to_text();
    let foreign = Client::open(&authority, &id, &[("origin", "https://evil.example")]).await;
    assert!(matches!(foreign, Err(Error::Http(response)) if response.status() == 403));
    let own = format!("http://{authority}");
    assert!(Client::open(&authority, &id, &[("origin", &own)]).await.is_ok());
}

#[tokio::test]
async fn the_socket_of_an_unknown_meeting_says_so_and_closes() {
    let running = Running::start().await;
    for id in [MeetingId(random()).to_text(), "x".repeat(5_000)] {
        let mut client = Client::open(&running.authority(), &id, &[]).await.unwrap();
        let (said, _) = client.rest().await;
        assert_eq!(said, [ServerMessage::Error { code: ErrorCode::NoSuchMeeting }]);
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let running =
        Running::with(|config| config.limits.idle_timeout = Duration::from_millis(300)).await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let (mut client, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
    // Pings are answered only while reading.
    tokio::time::sleep(Duration::from_millis(900)).await;
    let (_, closed) = client.rest().await;
    assert_eq!(closed.expect("a close frame").0, 1013);
}

#[tokio::test]
async fn a_connection_that_never_says_hello_is_closed() {
    let (_running, authority, host) = meeting().await;
    let path = format!("/api/v1/meetings/{}/ws", host.meeting.to_text());
    let headers = [
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let response = request_upgrade(&authority, &path, &headers).await;
    assert!(response.contains("101 Switching Protocols"), "{response}");
}

/// Upgrades and then reads to the end without ever sending again.
async fn request_upgrade(authority: &str, path: &str, headers: &[(&str, &str)]) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(authority).await.unwrap();
    let extra: String = headers.iter().map(|(k, v)| format!("{k}: {v}\r\n")).collect();
    let text =
        format!("GET {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: upgrade\r\n{extra}\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(common::PATIENCE, stream.read_to_end(&mut answer)).await;
    read.expect("the server closes a silent connection").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Closing with something unread resets the connection, which breaks off what the server is writing: what was said
/// before that counts all the same.
#[tokio::test]
async fn whoever_says_goodbye_and_hangs_up_without_reading_has_left() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    let device = Device::new();
    let mut guest = Client::knocking(&authority, host.meeting, &device).await;
    chair.admit(&host, 0, device.key()).await;
    guest.until(|m| matches!(m, ServerMessage::Welcome { .. })).await;
    let talk = ClientMessage::GroupMessage {
        group: host.group,
        epoch: 1,
        channel: Channel::Group,
        message: Bytes(vec![5; 60_000]),
    };
    // More than the sockets' buffers hold, so that the server waits for the guest to read.
    for _ in 0..90 {
        chair.send(talk.clone()).await;
        chair.until(|m| matches!(m, ServerMessage::GroupMessage { .. })).await;
    }
    let leave = device.leave(host.group, 1);
    guest.send(ClientMessage::Leave { leave: Some(leave.clone()) }).await;
    drop(guest);
    let asked = ServerMessage::LeaveRequested { leave };
    chair.until(|m| *m == asked).await;
}

#[tokio::test]
async fn an_ended_meeting_stays_ended_and_says_so() {
    let (_running, authority, host) = meeting().await;
    let mut chair = Client::host(&authority, &host).await;
    let (mut guest, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
    let end = host.device.end(host.meeting);
    chair.send(ClientMessage::EndMeeting { end: end.clone() }).await;
    let told = guest.until(|m| matches!(m, ServerMessage::Ended { .. })).await;
    assert_eq!(told, ServerMessage::Ended { end });
    let path = format!("/api/v1/meetings/{}", host.meeting.to_text());
    let info = request(&authority, "GET", &path, &[], "").await;
    assert!(info.body.contains("\"ended\""), "{}", info.body);
}

#[tokio::test]
async fn an_unloaded_meeting_comes_back_as_it_was() {
    let running =
        Running::with(|config| config.limits.unload_after = Duration::from_millis(50)).await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    let device = Device::new();
    let guest = Client::knocking(&authority, host.meeting, &device).await;
    chair.admit(&host, 0, device.key()).await;
    drop((chair, guest));
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (_guest, standing) = Client::enter(&authority, host.meeting, &device, None).await;
    assert_eq!(standing, Standing::Member);
}

#[tokio::test]
async fn draining_tells_clients_to_come_back() {
    let (running, authority, host) = meeting().await;
    let (mut client, _) = Client::enter(&authority, host.meeting, &Device::new(), None).await;
    let drained = tokio::spawn(running.server.drain());
    let (said, closed) = client.rest().await;
    assert!(said.iter().any(|m| is_error(m, ErrorCode::Draining)), "{said:?}");
    assert_eq!(closed.expect("a close frame").0, 1012);
    drained.await.unwrap();
    assert!(tokio::net::TcpStream::connect(&authority).await.is_err());
}
