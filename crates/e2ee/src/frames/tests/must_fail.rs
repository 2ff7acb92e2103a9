//! What a server or a peer may try, each refused by name.

use super::*;

#[test]
fn plaintext_frame() {
    let mut bob = receiver(&[5]);
    // Nothing of a real frame verifies, whatever it happens to look like.
    for frame in [b"".as_slice(), b"opus", &keyframe(1200), &deltaframe(30), &[0xff; 40]] {
        for kind in Kind::ALL {
            assert!(bob.open(kind, frame).is_err());
        }
    }
    assert_eq!(bob.open(Kind::Mic, b"short"), Err(OpenError::Plaintext));
    assert_eq!(bob.open(Kind::Mic, &[0xff; 40]), Err(OpenError::Plaintext));
}

#[test]
fn plaintext_frame_before_any_key() {
    let mut bob = Opener::new();
    assert!(bob.open(Kind::Camera, &keyframe(1200)).is_err());
    let sealed = sender(1, 5).seal(Kind::Camera, &keyframe(1200)).unwrap();
    assert_eq!(bob.open(Kind::Camera, &sealed), Err(OpenError::UnknownKid));
}

#[test]
fn unknown_kid() {
    let sealed = sender(1, 9).seal(Kind::Mic, b"x").unwrap();
    assert_eq!(receiver(&[7, 8]).open(Kind::Mic, &sealed), Err(OpenError::UnknownKid));
}

#[test]
fn stale_epoch() {
    let sealed = sender(1, 6).seal(Kind::Mic, b"x").unwrap();
    assert_eq!(receiver(&[6, 7, 8]).open(Kind::Mic, &sealed), Err(OpenError::StaleEpoch));
}

#[test]
fn epoch_dropped_by_the_core() {
    let sealed = sender(1, 7).seal(Kind::Mic, b"x").unwrap();
    let mut bob = receiver(&[7, 8]);
    bob.drop_epochs(7);
    assert_eq!(bob.open(Kind::Mic, &sealed), Err(OpenError::StaleEpoch));
}

#[test]
fn epoch_with_the_same_low_order_bits() {
    let mut bob = receiver(&[5, 5 + 64]);
    let old = sender(1, 5).seal(Kind::Mic, b"x").unwrap();
    assert_eq!(bob.open(Kind::Mic, &old), Err(OpenError::Forged));
    let new = sender(1, 5 + 64).seal(Kind::Mic, b"x").unwrap();
    assert_eq!(bob.open(Kind::Mic, &new).unwrap().epoch, 69);
}

#[test]
fn older_epoch_handed_in_late() {
    let mut bob = receiver(&[7, 8]);
    bob.add_epoch(6, base_key(6));
    let sealed = sender(1, 6).seal(Kind::Mic, b"x").unwrap();
    assert_eq!(bob.open(Kind::Mic, &sealed), Err(OpenError::StaleEpoch));
    assert!(bob.open(Kind::Mic, &sender(1, 7).seal(Kind::Mic, b"x").unwrap()).is_ok());
}

#[test]
fn another_kinds_context() {
    let mut alice = sender(1, 5);
    let screen = alice.seal(Kind::Screen, &keyframe(1200)).unwrap();
    let mic = alice.seal(Kind::Mic, b"x").unwrap();
    let mut bob = receiver(&[5]);
    assert_eq!(bob.open(Kind::Camera, &screen), Err(OpenError::WrongKind));
    assert_eq!(bob.open(Kind::ScreenAudio, &mic), Err(OpenError::WrongKind));
    // The frame is still good where it belongs.
    assert!(bob.open(Kind::Screen, &screen).is_ok());
}

#[test]
fn removed_leaf() {
    let mut mallory = sender(3, 5);
    let mut bob = receiver(&[5, 6]);
    let before = mallory.seal(Kind::Camera, &keyframe(100)).unwrap();
    assert!(bob.open(Kind::Camera, &before).is_ok());
    bob.drop_leaf(6, 3);
    let after = mallory.seal(Kind::Camera, &keyframe(100)).unwrap();
    assert_eq!(bob.open(Kind::Camera, &after), Err(OpenError::RemovedLeaf));
    // Whoever has the recycled leaf in the new epoch is heard.
    let newcomer = sender(3, 6).seal(Kind::Mic, b"x").unwrap();
    assert_eq!(bob.open(Kind::Mic, &newcomer).unwrap().epoch, 6);
}

#[test]
fn repeated_counter() {
    let mut alice = sender(1, 5);
    let mut bob = receiver(&[5]);
    let first = alice.seal(Kind::Mic, b"x").unwrap();
    let second = alice.seal(Kind::Mic, b"y").unwrap();
    assert!(bob.open(Kind::Mic, &second).is_ok());
    assert!(bob.open(Kind::Mic, &first).is_ok());
    assert_eq!(bob.open(Kind::Mic, &first), Err(OpenError::Repeated));
    assert_eq!(bob.open(Kind::Mic, &second), Err(OpenError::Repeated));
}

#[test]
fn counter_below_the_window() {
    let mut alice = sender(1, 5);
    let mut bob = receiver(&[5]);
    let frames: Vec<_> = (0..1026).map(|_| alice.seal(Kind::Mic, b"x").unwrap()).collect();
    assert!(bob.open(Kind::Mic, &frames[1025]).is_ok());
    assert!(bob.open(Kind::Mic, &frames[2]).is_ok());
    assert_eq!(bob.open(Kind::Mic, &frames[1]), Err(OpenError::Repeated));
}

#[test]
fn forged_frame_does_not_block_the_genuine_one() {
    let mut bob = receiver(&[5]);
    let sealed = sender(1, 5).seal(Kind::Mic, b"x").unwrap();
    let mut forged = sealed.clone();
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(bob.open(Kind::Mic, &forged), Err(OpenError::Forged));
    assert!(bob.open(Kind::Mic, &sealed).is_ok());
}

#[test]
fn flipped_clear_byte() {
    for (frame, clear) in [(keyframe(1200), 10), (deltaframe(300), 1)] {
        let sealed = sender(1, 5).seal(Kind::Camera, &frame).unwrap();
        for at in 0..clear {
            for bit in 0..8 {
                let mut flipped = sealed.clone();
                flipped[at] ^= 1 << bit;
                let opened = receiver(&[5]).open(Kind::Camera, &flipped);
                assert!(opened.is_err(), "bit {bit} of clear byte {at}");
            }
        }
    }
}

#[test]
fn clear_bytes_moved_behind_the_header() {
    // A server that shifts the boundary between clear and sealed bytes changes what is signed.
    let sealed = sender(1, 5).seal(Kind::Camera, &keyframe(1200)).unwrap();
    for moved in 1..10 {
        assert!(receiver(&[5]).open(Kind::Camera, &sealed[moved..]).is_err());
    }
}

#[test]
fn sender_of_another_group_with_the_same_numbers() {
    let mut alice = Sealer::new();
    alice.add_epoch(5, base_key(77));
    alice.send_with(5, 1).unwrap();
    alice.add_lease(Lease { kind: Kind::Mic, epoch: 5, start: 0, count: 1 }).unwrap();
    let sealed = alice.seal(Kind::Mic, b"x").unwrap();
    assert_eq!(receiver(&[5]).open(Kind::Mic, &sealed), Err(OpenError::Forged));
}

#[test]
fn relabelled_sender() {
    // Leaf 1's frame under leaf 2's key ID: header and key both change.
    let sealed = sender(1, 5).seal(Kind::Mic, b"x").unwrap();
    let (header, len) = Header::read(&sealed).unwrap();
    let other = KeyId::new(Kind::Mic, 2, 5).unwrap();
    let mut relabelled = Header { kid: other.value(), ..header }.to_bytes();
    relabelled.extend_from_slice(&sealed[len..]);
    assert_eq!(receiver(&[5]).open(Kind::Mic, &relabelled), Err(OpenError::Forged));
}

#[test]
fn everything_after_clear() {
    let sealed = sender(1, 5).seal(Kind::Mic, b"x").unwrap();
    let mut bob = receiver(&[5]);
    bob.clear();
    assert_eq!(bob.open(Kind::Mic, &sealed), Err(OpenError::UnknownKid));
}

#[test]
fn leaf_beyond_the_supported_group() {
    let mut sealer = Sealer::new();
    sealer.add_epoch(1, base_key(1));
    assert_eq!(sealer.send_with(1, 4096), Err(SealError::Paused));
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::Paused));
}

#[test]
fn header_not_in_its_shortest_form() {
    for bytes in [[0x80, 0x00].as_slice(), &[0x08, 0x07], &[0x09, 0x00, 0xff], &[0x90, 0x00, 0x10]]
    {
        assert_eq!(Header::read(bytes), Err(MalformedHeader), "{bytes:02x?}");
    }
}

#[test]
fn a_kind_that_the_sender_may_not_send_is_dropped_though_it_verifies() {
    let mut bob = receiver(&[5]);
    let mut ana = sender(1, 5);
    let rights = SendingRights { others: 0b0010, leaves: [(2, 0b1111)].into() };
    bob.set_rights(rights);
    let voice = ana.seal(Kind::Mic, b"opus").unwrap();
    assert_eq!(bob.open(Kind::Mic, &voice), Err(OpenError::Forbidden));
    assert!(matches!(bob.locate(Kind::Mic, &voice), Err(OpenError::Forbidden)));
    let picture = ana.seal(Kind::Camera, &keyframe(200)).unwrap();
    assert!(bob.open(Kind::Camera, &picture).is_ok());
    let host = sender(2, 5).seal(Kind::Screen, &keyframe(200)).unwrap();
    assert!(bob.open(Kind::Screen, &host).is_ok());
    // A right that ends between verifying and accepting ends for that frame, too.
    let picture = ana.seal(Kind::Camera, &deltaframe(3000)).unwrap();
    let located = bob.locate(Kind::Camera, &picture).unwrap();
    bob.set_rights(SendingRights { others: 0, leaves: Default::default() });
    assert_eq!(bob.danger_accept(&located), Err(OpenError::Forbidden));
    // It was not counted: with the right back, later frames open.
    bob.set_rights(SendingRights::default());
    let later = ana.seal(Kind::Mic, b"opus").unwrap();
    assert!(bob.open(Kind::Mic, &later).is_ok());
}
