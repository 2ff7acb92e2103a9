use super::*;
use crate::ids::{DeviceKey, GroupId, MeetingId, MeetingKey};
use crate::time::UnixMillis;
use proptest::prelude::*;

fn signer(seed: u8) -> Signer {
    Signer::from_seed(&Secret::new([seed; 32]))
}

fn certificate(role: Role) -> Certificate {
    Certificate {
        meeting: MeetingId([1; 16]),
        group: GroupId([2; 16]),
        device: DeviceKey([3; 32]),
        role,
        serial: 7,
        expiry: UnixMillis(1_000),
    }
}

fn read_certificate(bytes: &[u8], now: u64) -> Result<Certificate, StatementError> {
    let hk = MeetingKey(signer(1).public());
    Unverified::<Certificate>::read(bytes)?.verify_for(&hk, &MeetingId([1; 16]), UnixMillis(now))
}

#[test]
fn a_signed_certificate_reads_back() {
    let bytes = signer(1).sign(&certificate(Role::Cohost));
    assert_eq!(read_certificate(&bytes, 999), Ok(certificate(Role::Cohost)));
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let bytes = signer(2).sign(&certificate(Role::Cohost));
    assert_eq!(read_certificate(&bytes, 0), Err(StatementError::BadSignature));
}

#[test]
fn an_expired_certificate_is_refused() {
    let bytes = signer(1).sign(&certificate(Role::Cohost));
    assert_eq!(read_certificate(&bytes, 1_000), Err(StatementError::Expired));
}

#[test]
fn a_certificate_for_another_meeting_is_refused() {
    let other = Certificate { meeting: MeetingId([9; 16]), ..certificate(Role::Host) };
    let bytes = signer(1).sign(&other);
    assert_eq!(read_certificate(&bytes, 0), Err(StatementError::WrongSubject));
}

#[test]
fn a_signature_for_one_purpose_does_not_serve_another() {
    // `Leave` and `Void` bodies of equal length: move the signature across.
    let leave = Leave { group: GroupId([2; 16]), device: DeviceKey([3; 32]), epoch: 4 };
    let end = End { meeting: MeetingId([2; 16]), device: DeviceKey([3; 32]), at: UnixMillis(4) };
    let as_leave = signer(1).sign(&leave);
    let as_end = Unverified::<End>::read(&as_leave).unwrap();
    assert_eq!(as_end.claim(), &end);
    assert_eq!(as_end.verify(&signer(1).public()), Err(StatementError::BadSignature));
}

proptest! {
    #[test]
    fn any_flipped_bit_is_refused(at in 0usize..(89 + 64), bit in 0u8..8) {
        let mut bytes = signer(1).sign(&certificate(Role::Participant));
        prop_assume!(at < bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(read_certificate(&bytes, 0).is_err());
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_never_verify(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read_certificate(&bytes, 0).is_err());
        if let Ok(ticket) = Unverified::<Ticket>::read(&bytes) {
            prop_assert!(ticket.verify(&signer(1).public()).is_err());
        }
    }

    #[test]
    fn tickets_read_back(added in 0usize..=64, removed in 0usize..=64, changes: bool) {
        let ticket = Ticket {
            group: GroupId([2; 16]),
            epoch: 9,
            committer: DeviceKey([3; 32]),
            commit: [4; 32],
            added: vec![Added { device: DeviceKey([5; 32]), role: Role::Viewer }; added],
            removed: vec![DeviceKey([6; 32]); removed],
            swapped: vec![vec![1, 2, 3]],
            left: vec![],
            rules: changes.then(crate::RoomRules::default),
        };
        let bytes = signer(1).sign(&ticket);
        let read = Unverified::<Ticket>::read(&bytes).unwrap().verify(&signer(1).public());
        prop_assert_eq!(read, Ok(ticket));
    }
}
