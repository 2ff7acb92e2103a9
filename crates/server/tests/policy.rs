//! What the operator has fixed, against a host whose program ignores it.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use base::statement::Ticket;
use base::{OperatorPolicy, Rights, RoomRules};
use common::Running;
use common::people::{Device, Host};
use common::socket::Client;
use server::config::Policy;
use wire::{Bytes, Channel, ClientMessage, ErrorCode, Invitation, ServerMessage};

async fn fixed() -> (Running, String, Host) {
    let fixed = OperatorPolicy::default().with_pin("share=off").unwrap();
    let fixed = fixed.without("chat").unwrap().without("personal-invitations").unwrap();
    let policy = Policy { fixed, reason: "House rules".to_owned() };
    let running = Running::with(|config| config.policy = policy).await;
    let (authority, host) = (running.authority(), Host::new());
    host.create(&authority).await;
    (running, authority, host)
}

fn against(message: &ServerMessage) -> bool {
    matches!(message, ServerMessage::Error { code: ErrorCode::AgainstPolicy })
}

fn rules(host: &Host, rules: RoomRules) -> ClientMessage {
    let commit = [5; 100];
    let ticket = Ticket {
        group: host.group,
        epoch: 0,
        committer: host.device.key(),
        commit: base::hash::sha256(&[&commit]),
        added: Vec::new(),
        removed: Vec::new(),
        swapped: Vec::new(),
        left: Vec::new(),
        rules: Some(rules),
    };
    let ticket = host.device.signer.sign(&ticket).into();
    ClientMessage::Commit { commit: Bytes(commit.to_vec()), ticket, welcome: None }
}

#[tokio::test]
async fn everyone_is_told_before_they_say_who_they_are() {
    let (_running, authority, host) = fixed().await;
    let mut client = Client::open(&authority, &host.meeting.to_text(), &[]).await.unwrap();
    let ServerMessage::Challenge { policy, .. } = client.next().await else { unreachable!() };
    let told = policy.unwrap();
    assert_eq!(told.pin, ["share=off"]);
    assert_eq!(told.forbid, ["chat", "personal-invitations"]);
    assert_eq!(told.reason, "House rules");
}

#[tokio::test]
async fn where_nothing_is_fixed_nothing_is_said() {
    let running = Running::start().await;
    let host = Host::new();
    host.create(&running.authority()).await;
    let mut client =
        Client::open(&running.authority(), &host.meeting.to_text(), &[]).await.unwrap();
    assert!(matches!(client.next().await, ServerMessage::Challenge { policy: None, .. }));
}

#[tokio::test]
async fn rules_against_it_are_refused_with_the_reason_and_others_are_taken() {
    let (_running, authority, host) = fixed().await;
    let mut chair = Client::host(&authority, &host).await;
    let all = RoomRules { participants: Rights::ALL, ..RoomRules::default() };
    chair.send(rules(&host, all)).await;
    chair.until(against).await;
    let mut one = RoomRules::default();
    one.except(Device::new().key(), Some(Rights::SCREEN));
    chair.send(rules(&host, one)).await;
    chair.until(against).await;
    let mut kept = RoomRules { join_muted: true, ..RoomRules::default() };
    kept.participants = kept.participants.without(Rights::CHAT);
    chair.send(rules(&host, kept)).await;
    chair.until(|m| matches!(m, ServerMessage::Committed { epoch: 0, .. })).await;
}

#[tokio::test]
async fn a_forbidden_chat_and_personal_links_go_nowhere_even_from_the_host() {
    let (_running, authority, host) = fixed().await;
    let mut chair = Client::host(&authority, &host).await;
    let message = Bytes(vec![5; 50]);
    let (group, epoch, channel) = (host.group, 0, Channel::Chat);
    chair.send(ClientMessage::GroupMessage { group, epoch, channel, message }).await;
    let refused =
        |m: &ServerMessage| matches!(m, ServerMessage::Error { code: ErrorCode::NotAllowed });
    chair.until(refused).await;
    let invitation = |n| Invitation {
        id: Bytes(vec![n; 8]),
        wrap: Bytes(vec![2; 80]),
        card: Bytes(vec![3; 80]),
    };
    let invitations = (1..=3).map(invitation).collect();
    chair.send(ClientMessage::Invitations { invitations }).await;
    chair.until(against).await;
}
