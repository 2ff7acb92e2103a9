use super::*;
use crate::Kind;

const GROUP: GroupId = GroupId([3; 16]);

fn bytes() -> Bytes {
    Bytes(vec![1, 2, 3])
}

fn member() -> Member {
    let device = DeviceKey([4; 32]);
    Member { participant: 7, device, connected: true, mic: true, camera: false, screen: true }
}

fn of_the_lobby() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let state = GroupState { group: GROUP, epoch: 4, others_present: true };
    let ready =
        |group| M::Ready { participant: 9, standing: Standing::Member, group, host_present: true };
    vec![
        M::Challenge { version: 2, nonce: Nonce([5; 16]), key: MeetingKey([6; 32]), policy: None },
        M::Challenge {
            version: 2,
            nonce: Nonce([5; 16]),
            key: MeetingKey([6; 32]),
            policy: Some(Policy {
                pin: vec!["share=off".into()],
                forbid: vec!["chat".into()],
                reason: "House rules".into(),
            }),
        },
        ready(None),
        ready(Some(state)),
        M::HostPresence { present: true },
        M::Doorbell { doorbell: None, nonce: None, wrap: None, card: None },
        M::Doorbell {
            doorbell: Some(bytes()),
            nonce: Some(bytes()),
            wrap: Some(bytes()),
            card: Some(bytes()),
        },
        M::DoorbellWanted,
        M::KnockDelivered,
        M::Refused { reason: LobbyReason::Locked },
        M::Knocked { knock: 3, device: DeviceKey([4; 32]), sealed: bytes() },
        M::KnockGone { knock: 3 },
        M::Told { sealed: bytes() },
        M::PasscodeTried { device: DeviceKey([4; 32]), message: bytes() },
        M::PasscodeReplied { message: bytes() },
    ]
}

fn of_the_room() -> Vec<ServerMessage> {
    use ServerMessage as M;
    let (group, epoch) = (GROUP, 12);
    let said = |channel| M::GroupMessage { group, epoch, channel, message: bytes() };
    vec![
        M::SessionOpened { group },
        M::Welcome { group, epoch, message: bytes() },
        M::Committed { group, epoch, commit: bytes(), ticket: bytes() },
        M::Conflict { group, epoch },
        M::Voided { void: bytes() },
        M::TooOld { group, epoch },
        said(Channel::Group),
        said(Channel::Chat),
        M::SwapRequested { swap: bytes(), key_package: bytes() },
        M::LeaveRequested { leave: bytes() },
        M::OutOfGroup { why: Removal::SessionReplaced },
        M::Ended { end: bytes() },
        M::Members { members: vec![member(), member()] },
        M::MemberChanged { member: member() },
        M::MemberGone { participant: 7 },
        M::Answer { sdp: "v=0".into() },
        M::Slots {
            slots: vec![SlotSource { mid: "1".into(), participant: None, kind: Kind::Screen }],
        },
        M::Speakers { participants: vec![1, 2] },
        M::LayersWanted { mid: "0".into(), rids: vec!["q".into()] },
        M::Pong { id: 8 },
        M::Error { code: ErrorCode::TooFast },
    ]
}

/// The flat reading and the derived writing must agree on every message.
#[test]
fn every_message_reads_back() {
    for message in of_the_lobby().into_iter().chain(of_the_room()) {
        let text = message.to_text();
        assert_eq!(ServerMessage::read(&text).expect(&text), message);
    }
}

#[test]
fn what_is_incomplete_is_refused_and_what_is_new_is_ignored() {
    let bad = [
        r#"{"type":"pong"}"#,
        r#"{"type":"ready","participant":1,"standing":"member","group":"AAAAAAAAAAAAAAAAAAAAAA","host_present":true}"#,
        r#"{"type":"conflict","group":{"group":"AAAAAAAAAAAAAAAAAAAAAA","epoch":1,"others_present":true},"epoch":1}"#,
        r#"{"type":"conflict","group":7,"epoch":1}"#,
        r#"{"type":"news"}"#,
        "{}",
    ];
    for text in bad {
        assert!(ServerMessage::read(text).is_err(), "{text}");
    }
    let newer = r#"{"type":"pong","id":4,"and":["more"]}"#;
    assert_eq!(ServerMessage::read(newer).expect("readable"), ServerMessage::Pong { id: 4 });
}
