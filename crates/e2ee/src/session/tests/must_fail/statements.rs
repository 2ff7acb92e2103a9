//! Swaps and leaves without the word of the device they are about.

use super::*;

#[test]
fn swap_of_a_removed_device() {
    let mut peers = room(2);
    let pending = PendingJoin::new(&device(2)).unwrap();
    let swap = pending.swap(&device(2), GROUP, 1);
    let out = peers[0].commit(remove(key(2)));
    peers.pop();
    deliver(&mut peers, &out.commit);
    assert!(peers[1].session.verify_swap(&swap, pending.key_package()).is_err());
    let entry = Manifest { swaps: vec![swap], ..Manifest::default() };
    let add = admission(&pending, Role::Participant).key_package.inner().clone();
    let others = vec![peers[1].psk_proposal(), manifest(entry)];
    let commit = peers[1].rogue(Rogue { adds: vec![add], others, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::UnmatchedManifest);
}

/// A swap of seed 2 by guest 1 with these signed bytes.
fn rogue_swap(peers: &mut [Peer], swap: Vec<u8>, pending: &PendingJoin) -> Vec<u8> {
    let entry = Manifest { swaps: vec![swap], ..Manifest::default() };
    let add = admission(pending, Role::Participant).key_package.inner().clone();
    let removes = vec![peers[2].leaf()];
    let others = vec![peers[1].psk_proposal(), manifest(entry)];
    peers[1].rogue(Rogue { adds: vec![add], removes, others, ..Rogue::default() })
}

#[test]
fn swap_not_signed_by_its_device() {
    let mut peers = room(2);
    let pending = PendingJoin::new(&device(2)).unwrap();
    let key_package = pending.key_package_ref();
    let claim = base::statement::Swap { group: GROUP, device: key(2), key_package, epoch: 1 };
    let forged = device(1).signer().sign(&claim);
    assert!(peers[1].session.verify_swap(&forged, pending.key_package()).is_err());
    let commit = rogue_swap(&mut peers, forged, &pending);
    assert_refused(peers, 1, &commit, Violation::BadStatement);
}

#[test]
fn swap_to_a_key_package_the_device_did_not_sign_for() {
    let mut peers = room(2);
    let signed = PendingJoin::new(&device(2)).unwrap();
    let other = PendingJoin::new(&device(2)).unwrap();
    let swap = signed.swap(&device(2), GROUP, 1);
    let commit = rogue_swap(&mut peers, swap, &other);
    assert_refused(peers, 1, &commit, Violation::UnmatchedManifest);
}

#[test]
fn swap_for_another_group_or_a_future_epoch() {
    for (group, epoch) in [(GroupId([9; 16]), 1), (GROUP, 2)] {
        let mut peers = room(2);
        let pending = PendingJoin::new(&device(2)).unwrap();
        let swap = pending.swap(&device(2), group, epoch);
        let commit = rogue_swap(&mut peers, swap, &pending);
        assert_refused(peers, 1, &commit, Violation::BadStatement);
    }
}

#[test]
fn leave_not_signed_by_the_leaver() {
    let mut peers = room(2);
    let claim = base::statement::Leave { group: GROUP, device: key(2), epoch: 1 };
    let forged = device(1).signer().sign(&claim);
    assert!(peers[1].session.verify_leave(&forged).is_err());
    let others = vec![manifest(Manifest { leaves: vec![forged], ..Manifest::default() })];
    let removes = vec![peers[2].leaf()];
    let commit = peers[1].rogue(Rogue { removes, others, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::BadStatement);
}

#[test]
fn leave_without_a_remove() {
    let mut peers = room(2);
    let leave = peers[2].session.leave(&device(2));
    let others = vec![manifest(Manifest { leaves: vec![leave], ..Manifest::default() })];
    let commit = peers[1].rogue(Rogue { others, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::UnmatchedManifest);
}
