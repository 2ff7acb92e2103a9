//! What the machine does to a server in use: the call goes on, and nothing that was told is lost.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use common::Running;
use common::people::{Device, Host};
use common::socket::Client;
use std::path::Path;
use std::time::{Duration, Instant};
use wire::{Bytes, Channel, ClientMessage, ErrorCode, ServerMessage, Standing, Welcome};

fn database(directory: &Path, name: &str) -> std::path::PathBuf {
    directory.join(name)
}

/// Says something to the group and waits until the other has it.
async fn speak(from: &mut Client, to: &mut Client, host: &Host, epoch: u64, word: u8) {
    let (group, message) = (host.group, Bytes(vec![word; 50]));
    from.send(ClientMessage::GroupMessage {
        group,
        epoch,
        channel: Channel::Group,
        message: message.clone(),
    })
    .await;
    let asked = Instant::now();
    to.until(|m| matches!(m, ServerMessage::GroupMessage { message: m, .. } if *m == message))
        .await;
    assert!(asked.elapsed() < Duration::from_secs(1), "after {:?}", asked.elapsed());
}

#[tokio::test]
async fn while_the_database_is_gone_people_talk_and_what_they_change_waits() {
    let running = Running::start().await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    let (first, second) = (Device::new(), Device::new());
    let mut guest = Client::knocking(&authority, host.meeting, &first).await;
    chair.admit(&host, 0, first.key()).await;
    let mut waiting = Client::knocking(&authority, host.meeting, &second).await;

    let directory = running.directory.path();
    let (here, away) = (database(directory, store_sqlite::FILE), database(directory, "away"));
    std::fs::rename(&here, &away).unwrap();
    let commit = vec![4; 100];
    let message = ClientMessage::Commit {
        commit: Bytes(commit.clone()),
        ticket: host.device.ticket(host.group, 1, &commit, &[second.key()]),
        welcome: Some(Welcome { message: Bytes(vec![9; 500]) }),
    };
    chair.send(message).await;
    for word in 0..3 {
        speak(&mut chair, &mut guest, &host, 1, word).await;
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    // Whoever comes now is told whose fault it is that nothing happens.
    let (mut third, nonce, _) = Client::challenged(&authority, host.meeting).await;
    let hello = Device::new().hello(&format!("http://{authority}"), host.meeting, nonce);
    third.send(ClientMessage::Hello { version: wire::VERSION, hello, certificate: None }).await;
    assert_eq!(third.next().await, ServerMessage::Error { code: ErrorCode::Internal });
    chair.send(ClientMessage::Ping { id: 1 }).await;
    let told =
        chair.until(|m| matches!(m, ServerMessage::Pong { .. } | ServerMessage::Committed { .. }));
    assert_eq!(told.await, ServerMessage::Pong { id: 1 }, "nobody is told what is not kept");

    std::fs::rename(&away, &here).unwrap();
    let back = Instant::now();
    chair.until(|m| matches!(m, ServerMessage::Committed { epoch: 1, .. })).await;
    waiting.until(|m| matches!(m, ServerMessage::Welcome { .. })).await;
    assert!(matches!(third.next().await, ServerMessage::Ready { standing: Standing::Outside, .. }));
    assert!(back.elapsed() < Duration::from_secs(10), "after {:?}", back.elapsed());
    speak(&mut chair, &mut waiting, &host, 2, 9).await;

    // And all of it is kept.
    drop((chair, guest, waiting, third));
    let Running { server, directory } = running;
    server.drain().await;
    let server = server::Server::start(common::config(&directory)).await.unwrap();
    let authority = common::authority(&server.url());
    let (_client, standing) = Client::enter(&authority, host.meeting, &second, None).await;
    assert_eq!(standing, Standing::Member);
}

#[tokio::test]
async fn a_meeting_that_waits_for_the_store_holds_up_no_other() {
    let running = Running::start().await;
    let (authority, host, other) = (running.authority(), Host::new(), Host::new());
    host.create(&authority).await;
    other.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(database(running.directory.path(), store_sqlite::FILE));
    let mut lock = sqlx::ConnectOptions::connect(&options).await.unwrap();
    let held = sqlx::Connection::begin_with(&mut lock, "BEGIN IMMEDIATE").await.unwrap();
    let commit = vec![4; 100];
    let message = ClientMessage::Commit {
        commit: Bytes(commit.clone()),
        ticket: host.device.ticket(host.group, 0, &commit, &[Device::new().key()]),
        welcome: Some(Welcome { message: Bytes(vec![9; 500]) }),
    };
    chair.send(message).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let asked = Instant::now();
    let (_client, standing) = Client::enter(&authority, other.meeting, &Device::new(), None).await;
    assert_eq!(standing, Standing::Outside);
    assert!(asked.elapsed() < Duration::from_secs(2), "after {:?}", asked.elapsed());
    held.rollback().await.unwrap();
    let unlocked = Instant::now();
    chair.until(|m| matches!(m, ServerMessage::Committed { epoch: 0, .. })).await;
    assert!(unlocked.elapsed() < Duration::from_secs(10), "after {:?}", unlocked.elapsed());
}

#[tokio::test]
async fn offers_have_a_pace_of_their_own() {
    let running =
        Running::with(|config| config.metrics_listen = Some("127.0.0.1:0".parse().unwrap())).await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    let mut chair = Client::host(&authority, &host).await;
    for _ in 0..60 {
        chair.send(ClientMessage::Offer { sdp: "nonsense".into(), new: true }).await;
    }
    let is =
        |wanted: ErrorCode| move |m: &ServerMessage| *m == ServerMessage::Error { code: wanted };
    chair.until(is(ErrorCode::TooFast)).await;
    chair.send(ClientMessage::Ping { id: 1 }).await;
    chair.until(|m| matches!(m, ServerMessage::Pong { .. })).await;
    let refused = running.refused("offer_rate").await;
    assert!((20..=30).contains(&refused), "{refused} of 60");
    tokio::time::sleep(Duration::from_millis(700)).await;
    chair.send(ClientMessage::Offer { sdp: "nonsense".into(), new: true }).await;
    chair.until(is(ErrorCode::BadOffer)).await;
}
