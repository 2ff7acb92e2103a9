use super::*;

#[test]
fn an_opened_frame_is_the_sealed_one_and_names_its_sender() {
    let (mut alice, mut bob) = (sender(7, 5), receiver(&[5]));
    for (kind, frame) in [
        (Kind::Mic, b"opus".to_vec()),
        (Kind::Mic, Vec::new()),
        (Kind::Camera, keyframe(500)),
        (Kind::Camera, deltaframe(80)),
        (Kind::Screen, keyframe(10)),
        (Kind::ScreenAudio, vec![0; 100]),
    ] {
        let sealed = alice.seal(kind, &frame).unwrap();
        let opened = bob.open(kind, &sealed).unwrap();
        assert_eq!((opened.epoch, opened.leaf), (5, 7));
        assert_eq!(opened.frame, frame);
    }
}

#[test]
fn clear_bytes_are_those_a_forwarder_needs_and_no_more() {
    let mut alice = sender(7, 5);
    let secret = 0xAB;
    let key = [keyframe(10), vec![secret; 64]].concat();
    let sealed = alice.seal(Kind::Camera, &key).unwrap();
    assert_eq!(sealed[..10], key[..10]);
    assert!(!sealed[10..].windows(8).any(|w| w == [secret; 8]));

    let delta = [deltaframe(1), vec![secret; 64]].concat();
    let sealed = alice.seal(Kind::Camera, &delta).unwrap();
    assert_eq!(sealed[0], delta[0]);
    assert!(!sealed[1..].windows(8).any(|w| w == [secret; 8]));

    let sealed = alice.seal(Kind::Mic, &[secret; 64]).unwrap();
    assert!(!sealed.windows(8).any(|w| w == [secret; 8]));
}

#[test]
fn a_frame_grows_by_at_most_23_bytes_in_the_largest_group_at_the_highest_counter() {
    let last = COUNTERS_PER_EPOCH - 1;
    for kind in Kind::ALL {
        let mut sealer = Sealer::new();
        sealer.add_epoch(63, base_key(1));
        sealer.send_with(63, 4095).unwrap();
        sealer.add_lease(Lease { kind, epoch: 63, start: last, count: 1 }).unwrap();
        let frame = keyframe(1200);
        let sealed = sealer.seal(kind, &frame).unwrap();
        assert!(sealed.len() - frame.len() <= 23, "{} bytes", sealed.len() - frame.len());
    }
}

#[test]
fn without_a_lease_nothing_is_sealed() {
    let mut sealer = Sealer::new();
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::Paused));
    sealer.add_epoch(1, base_key(1));
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::Paused));
    sealer.send_with(1, 0).unwrap();
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::NoLease));
    sealer.add_lease(Lease { kind: Kind::Mic, epoch: 1, start: 10, count: 2 }).unwrap();
    assert_eq!(sealer.seal(Kind::Camera, &keyframe(20)), Err(SealError::NoLease));
    assert_eq!(sealer.remaining(Kind::Mic), 2);
    assert!(sealer.seal(Kind::Mic, b"x").is_ok());
    assert!(sealer.seal(Kind::Mic, b"x").is_ok());
    assert_eq!(sealer.remaining(Kind::Mic), 0);
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::NoLease));
}

#[test]
fn stopping_pauses_and_sending_again_goes_on_with_the_next_counter() {
    let mut sealer = sender(1, 4);
    let mut opener = receiver(&[4]);
    assert_eq!(opener.open(Kind::Mic, &sealer.seal(Kind::Mic, b"a").unwrap()).unwrap().counter, 0);
    sealer.stop();
    assert_eq!(sealer.seal(Kind::Mic, b"b"), Err(SealError::Paused));
    sealer.send_with(4, 1).unwrap();
    assert_eq!(opener.open(Kind::Mic, &sealer.seal(Kind::Mic, b"c").unwrap()).unwrap().counter, 1);
}

#[test]
fn a_lease_that_would_repeat_a_counter_is_refused() {
    let mut sealer = sender(1, 4);
    let mic = |epoch, start, count| Lease { kind: Kind::Mic, epoch, start, count };
    assert_eq!(sealer.add_lease(mic(4, 0, 10)), Err(LeaseError::Repeated));
    assert_eq!(sealer.add_lease(mic(4, 99_999, 10)), Err(LeaseError::Repeated));
    assert_eq!(sealer.add_lease(mic(3, 200_000, 10)), Err(LeaseError::OtherEpoch));
    assert_eq!(sealer.add_lease(mic(4, 200_000, 0)), Err(LeaseError::OutOfRange));
    assert_eq!(sealer.add_lease(mic(4, u64::MAX, 2)), Err(LeaseError::OutOfRange));
    assert_eq!(sealer.add_lease(mic(4, COUNTERS_PER_EPOCH - 1, 2)), Err(LeaseError::OutOfRange));
    assert_eq!(sealer.add_lease(mic(4, 200_000, 10)), Ok(()));
}

#[test]
fn switching_epochs_back_and_forth_never_repeats_a_counter() {
    let mut sealer = sender(1, 4);
    sealer.add_epoch(5, base_key(5));
    sealer.seal(Kind::Mic, b"x").unwrap();
    sealer.send_with(5, 1).unwrap();
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::NoLease));
    sealer.send_with(4, 1).unwrap();
    let mut opener = receiver(&[4, 5]);
    let next = sealer.seal(Kind::Mic, b"x").unwrap();
    assert_eq!(opener.open(Kind::Mic, &next).unwrap().counter, 1);
    let again = Lease { kind: Kind::Mic, epoch: 4, start: 0, count: 5 };
    assert_eq!(sealer.add_lease(again), Err(LeaseError::Repeated));
}

#[test]
fn an_epoch_that_took_a_withdrawn_ones_place_starts_afresh() {
    let mut sealer = sender(1, 4);
    let before = sealer.seal(Kind::Mic, b"x").unwrap();
    sealer.add_epoch(4, base_key(40));
    assert_eq!(sealer.seal(Kind::Mic, b"x"), Err(SealError::Paused));
    sealer.send_with(4, 1).unwrap();
    sealer.add_lease(Lease { kind: Kind::Mic, epoch: 4, start: 0, count: 5 }).unwrap();
    let after = sealer.seal(Kind::Mic, b"x").unwrap();

    let mut opener = receiver(&[4]);
    opener.add_epoch(4, base_key(40));
    assert_eq!(opener.open(Kind::Mic, &before), Err(OpenError::Forged));
    assert!(opener.open(Kind::Mic, &after).is_ok());
}

#[test]
fn frames_too_short_for_their_clear_part_are_not_sealed() {
    let mut sealer = sender(1, 4);
    assert_eq!(sealer.seal(Kind::Camera, &keyframe(9)), Err(SealError::TooShort));
    assert_eq!(sealer.seal(Kind::Camera, b""), Err(SealError::TooShort));
    assert_eq!(sealer.remaining(Kind::Camera), 100_000);
}

#[test]
fn a_cache_full_of_senders_still_opens_everyone() {
    let mut opener = receiver(&[4]);
    let mut senders: Vec<_> = (0..300).map(|leaf| sender(leaf, 4)).collect();
    for round in 0..2 {
        for (leaf, sender) in senders.iter_mut().enumerate() {
            let sealed = sender.seal(Kind::Mic, &[round]).unwrap();
            assert_eq!(opener.open(Kind::Mic, &sealed).unwrap().leaf, leaf as u32);
        }
    }
}

#[test]
fn another_aes_gcm_seals_and_opens_with_what_it_is_given() {
    use aes_gcm::aead::{Aead, Payload};
    use aes_gcm::{Aes128Gcm, KeyInit};

    let (mut alice, mut bob) = (sender(7, 5), receiver(&[5]));
    let frame = keyframe(3000);
    let envelope = alice.danger_envelope(Kind::Camera, &frame).unwrap();
    let text = Aes128Gcm::new(envelope.key.expose().into())
        .encrypt(
            &envelope.nonce.into(),
            Payload { msg: &frame[envelope.clear..], aad: &envelope.aad },
        )
        .unwrap();
    let sealed = [envelope.prefix, text].concat();

    let located = bob.locate(Kind::Camera, &sealed).unwrap();
    let (key, nonce) = bob.key_for(&located).unwrap();
    let text = Aes128Gcm::new(key.expose().into())
        .decrypt(&nonce.into(), Payload { msg: &sealed[located.text..], aad: &located.aad })
        .unwrap();
    assert_eq!([&sealed[..located.clear], &text].concat(), frame);
    assert_eq!(bob.danger_accept(&located), Ok(()));
    assert_eq!(bob.danger_accept(&located), Err(OpenError::Repeated));
    assert_eq!(bob.open(Kind::Camera, &sealed), Err(OpenError::Repeated));
}
