use super::*;
use base::{GroupId, Nonce};
use proptest::prelude::*;

#[test]
fn messages_have_the_documented_shape() {
    let message = ClientMessage::CatchUp { group: GroupId([0; 16]), epoch: 3 };
    let text = r#"{"type":"catch_up","group":"AAAAAAAAAAAAAAAAAAAAAA","epoch":3}"#;
    assert_eq!(message.to_text(), text);
    assert_eq!(ClientMessage::read(text).unwrap(), message);
}

#[test]
fn an_unknown_field_is_refused() {
    assert!(ClientMessage::read(r#"{"type":"ping","id":1,"more":2}"#).is_err());
}

#[test]
fn a_message_over_the_limit_is_refused_unread() {
    let text = " ".repeat(MAX_CLIENT_MESSAGE + 1);
    assert!(matches!(ClientMessage::read(&text), Err(ReadError::TooLarge(_))));
}

#[test]
fn deep_nesting_is_refused_without_harm() {
    let text = "[".repeat(100_000);
    assert!(ClientMessage::read(&text).is_err());
}

#[test]
fn a_challenge_reads_back() {
    let message = ServerMessage::Challenge {
        version: VERSION,
        nonce: Nonce([7; 16]),
        key: base::MeetingKey([8; 32]),
        policy: None,
    };
    assert_eq!(ServerMessage::read(&message.to_text()).unwrap(), message);
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}") {
        let _ = ClientMessage::read(&text);
        let _ = ServerMessage::read(&text);
    }

    #[test]
    fn bytes_read_back(bytes: Vec<u8>) {
        let message = ClientMessage::Knock { sealed: Bytes(bytes) };
        prop_assert_eq!(ClientMessage::read(&message.to_text()).unwrap(), message);
    }
}
