//! The group PSK is replaced: by the host, for the members of that moment.

use super::*;

fn rotate() -> Change {
    Change { rotate: true, ..Change::default() }
}

/// The host replaces the PSK, and everyone follows; what it is then.
fn rotated(peers: &mut [Peer]) -> GroupPsk {
    let out = peers[0].commit(rotate());
    let merged: Vec<_> = peers.iter_mut().map(|peer| peer.follow(&out.commit)).collect();
    assert_same_epoch(peers);
    let psk = out.psk.expect("the host knows it before anyone");
    assert!(merged.iter().all(|merged| merged.psk.as_ref() == Some(&psk)));
    assert_eq!(peers[0].session.policy().psk, psk.id());
    psk
}

/// Guest 1 brings device 2 back by swap; what a device that holds `psks` makes of the Welcome.
fn return_holding(peers: &mut [Peer], psks: &[GroupPsk]) -> Result<Session, JoinError> {
    let mark = peers[2].session.mark();
    let pending = PendingJoin::new(&device(2)).unwrap();
    let swap = pending.swap(&device(2), GROUP, peers[2].session.epoch());
    let swap = peers[1].session.verify_swap(&swap, pending.key_package()).unwrap();
    let out = peers[1].commit(Change { swap: vec![swap], ..Change::default() });
    let expect = Expect { psks, ..expect(Some(&mark)) };
    Session::join(&device(2), pending, &out.welcome.unwrap(), expect)
}

#[test]
fn after_a_rotation_whoever_holds_the_old_psk_cannot_open_a_welcome() {
    let mut peers = room(1);
    let new = rotated(&mut peers);
    assert!(new != psk());
    for (psks, result) in [(vec![psk()], Err(JoinError::UnknownPsk)), (vec![new], Ok(()))] {
        let pending = PendingJoin::new(&device(9)).unwrap();
        let out = peers[0].commit(admit(&pending));
        let expect = Expect { psks: &psks, ..expect(None) };
        let joined = Session::join(&device(9), pending, &out.welcome.unwrap(), expect);
        assert_eq!(joined.map(|_| ()), result);
        peers[0].session.handle_conflict();
    }
}

#[test]
fn a_rotation_needs_no_reason_and_each_gives_another_psk() {
    let mut peers = room(2);
    let (first, second) = (rotated(&mut peers), rotated(&mut peers));
    assert!(first != second);
}

#[test]
fn a_member_returns_by_swap_with_either_psk_it_may_hold() {
    let mut peers = room(2);
    let new = rotated(&mut peers);
    assert!(return_holding(&mut peers, &[psk(), new]).is_ok());
    let mut peers = room(2);
    rotated(&mut peers);
    let missed = return_holding(&mut peers, &[psk()]);
    assert_eq!(missed.err(), Some(JoinError::UnknownPsk));
}

#[test]
fn a_rotation_that_lost_its_race_follows_from_the_winners_epoch() {
    let mut peers = room(2);
    let lost = peers[0].commit(rotate()).psk;
    let won = peers[1].commit(refresh());
    deliver(&mut peers, &won.commit);
    assert!(peers[0].session.policy().psk == psk().id());
    assert!(Some(rotated(&mut peers)) != lost);
}

#[test]
fn a_withdrawn_rotation_changes_nothing() {
    let mut peers = room(2);
    let out = peers[0].commit(rotate());
    let (device, session) = (&peers[0].device, &peers[0].session);
    let (group, epoch, commit) = (GROUP, session.epoch(), sha256(&[&out.commit]));
    let void = base::statement::Void { group, epoch, commit, device: device.key() };
    let void = device.signer().sign(&void);
    for peer in &mut peers {
        assert_eq!(peer.session.handle_voided(&void), Ok(Voided::Resumed));
    }
    assert_same_epoch(&peers);
    let pending = PendingJoin::new(&super::device(9)).unwrap();
    let out = peers[0].commit(admit(&pending));
    deliver(&mut peers, &out.commit);
    peers.push(Peer::join(9, pending, &out.welcome.unwrap()));
    assert_same_epoch(&peers);
}
