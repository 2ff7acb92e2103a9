//! What a meeting does when nobody interferes.

use super::*;
use crate::rules::Violation;
use base::statement::{Ticket, Unverified};

fn ticket(out: &Outgoing) -> Ticket {
    let unverified = Unverified::<Ticket>::read(&out.ticket).unwrap();
    let committer = unverified.claim().committer;
    unverified.verify(&committer.0).unwrap()
}

#[test]
fn the_host_opens_a_session_alone() {
    let host = host();
    assert_eq!((host.session.epoch(), host.session.own_role()), (0, Role::Host));
    assert_eq!(host.session.members().count(), 1);
}

#[test]
fn a_device_without_a_host_certificate_cannot_open_one() {
    let device = device(0);
    for bytes in [
        certificate(&hk(), device.key(), Role::Cohost),
        certificate(&hk(), key(1), Role::Host),
        certificate(&HostKey::from_seed(Secret::new([9; 32])), device.key(), Role::Host),
    ] {
        let new = CreateGroup { certificate: bytes, ..new_group(&device) };
        assert_eq!(Session::create(&device, new).err(), Some(CreateError::NotHost));
    }
}

#[test]
fn one_guest_is_admitted() {
    let mut host = host();
    let pending = PendingJoin::new(&device(1)).unwrap();
    let out = host.commit(admit(&pending));
    assert_eq!(host.session.epoch(), 0);
    let ticket = ticket(&out);
    assert_eq!((ticket.epoch, ticket.committer), (0, host.device.key()));
    assert_eq!(ticket.added.len(), 1);
    assert_eq!(ticket.commit, sha256(&[&out.commit]));
    let merged = host.follow(&out.commit);
    assert!(merged.own);
    let guest = Peer::join(1, pending, &out.welcome.unwrap());
    assert_eq!(merged.added[0].leaf, guest.session.own_leaf());
    assert_same_epoch(&[host, guest]);
}

#[test]
fn many_are_admitted_in_one_commit() {
    let peers = room(20);
    assert_eq!(peers[0].session.epoch(), 1);
    assert_eq!(peers[7].session.members().count(), 21);
}

#[test]
fn a_full_batch_passes_and_a_larger_one_is_not_made() {
    let mut host = host();
    let joining: Vec<_> = (1..=62).map(|seed| PendingJoin::new(&device(seed)).unwrap()).collect();
    let mut admit: Vec<_> = joining.iter().map(|p| admission(p, Role::Participant)).collect();
    let change = Change { admit: admit.clone(), ..Change::default() };
    assert_eq!(host.session.commit(&host.device, change).unwrap_err(), CommitError::TooMany);
    admit.truncate(MAX_CHANGES);
    let out = host.commit(Change { admit, ..Change::default() });
    assert_eq!(host.follow(&out.commit).added.len(), MAX_CHANGES);
}

#[test]
fn members_chat_and_know_who_spoke() {
    let mut peers = room(2);
    let message = peers[1].say("good morning");
    for at in [0, 2] {
        let opened = peers[at].hear(&message).unwrap();
        assert_eq!((opened.device, &opened.content), (key(1), &chat("good morning")));
        assert_eq!(opened.leaf, peers[1].session.own_leaf());
    }
}

#[test]
fn a_message_that_crosses_a_commit_still_opens() {
    let mut peers = room(2);
    let message = peers[1].say("before");
    let out = peers[0].commit(refresh());
    deliver(&mut peers, &out.commit);
    assert_eq!(peers[2].hear(&message).unwrap().epoch, 1);
}

#[test]
fn a_message_opens_once() {
    let mut peers = room(1);
    let message = peers[0].say("once");
    peers[1].hear(&message).unwrap();
    assert_eq!(peers[1].hear(&message), Err(OpenError::Forged));
}

#[test]
fn a_removed_guest_loses_the_keys() {
    let mut peers = room(2);
    let leaf = peers[2].session.own_leaf();
    let out = peers[0].commit(remove(key(2)));
    assert_eq!(ticket(&out).removed, [key(2)]);
    assert_eq!(out.mark.removed, [key(2)]);
    let mut removed = peers.pop().unwrap();
    deliver(&mut peers, &out.commit);
    let merged = removed.follow(&out.commit);
    assert!(merged.self_removed && merged.is_urgent());
    assert_eq!(merged.removed, [Gone { leaf, device: key(2) }]);
    assert!(!removed.session.is_active());
    assert!(removed.session.base_key().is_err());
    assert_eq!(peers[1].session.policy().removed, [key(2)]);
}

#[test]
fn old_epoch_messages_of_a_removed_guest_are_dropped_at_once() {
    let mut peers = room(2);
    let message = peers[2].say("late");
    let out = peers[0].commit(remove(key(2)));
    peers.pop();
    deliver(&mut peers, &out.commit);
    assert_eq!(peers[1].hear(&message), Err(OpenError::SenderGone));
}

#[test]
fn a_recycled_leaf_does_not_speak_for_its_former_owner() {
    let mut peers = room(2);
    let (late, leaf) = (peers[2].say("late"), peers[2].session.own_leaf());
    let out = peers[0].commit(remove(key(2)));
    peers.pop();
    deliver(&mut peers, &out.commit);
    let pending = PendingJoin::new(&device(3)).unwrap();
    let out = peers[0].commit(admit(&pending));
    deliver(&mut peers, &out.commit);
    peers.push(Peer::join(3, pending, &out.welcome.unwrap()));
    assert_eq!(peers[2].session.own_leaf(), leaf);
    assert_eq!(peers[1].hear(&late), Err(OpenError::SenderGone));
    assert_eq!(peers[1].session.member_at(1, leaf), Some(key(2)));
    assert_eq!(peers[1].session.member_at(2, leaf), None);
    assert_eq!(peers[1].session.member_at(3, leaf), Some(key(3)));
}

#[test]
fn any_member_commits_a_leave_and_the_leaver_may_knock_again() {
    let mut peers = room(2);
    let leave = peers[2].session.leave(&peers[2].device);
    let leave = peers[1].session.verify_leave(&leave).unwrap();
    let out = peers[1].commit(Change { leave: vec![leave], ..Change::default() });
    assert_eq!((ticket(&out).left.len(), ticket(&out).removed.len()), (1, 0));
    peers.pop();
    deliver(&mut peers, &out.commit);
    let pending = PendingJoin::new(&device(2)).unwrap();
    let out = peers[0].commit(admit(&pending));
    deliver(&mut peers, &out.commit);
    peers.push(Peer::join(2, pending, &out.welcome.unwrap()));
    assert_same_epoch(&peers);
}

/// Seed `who` has lost its state; `by` commits its swap.
pub(super) fn swap_back(peers: &mut Vec<Peer>, who: u8, by: usize) -> Merged {
    let at = peers.iter().position(|peer| peer.device.key() == key(who)).unwrap();
    let mark = peers.remove(at).session.mark();
    let by = if by > at { by - 1 } else { by };
    let pending = PendingJoin::new(&device(who)).unwrap();
    let swap = pending.swap(&device(who), GROUP, mark.epoch);
    let swap = peers[by].session.verify_swap(&swap, pending.key_package()).unwrap();
    let out = peers[by].commit(Change { swap: vec![swap], ..Change::default() });
    let mut merged = None;
    for peer in peers.iter_mut() {
        merged = Some(peer.follow(&out.commit));
    }
    let welcome = out.welcome.unwrap();
    let known = expect(Some(&mark));
    let session = Session::join(&device(who), pending, &welcome, known).unwrap();
    peers.push(Peer { device: device(who), session });
    assert_same_epoch(peers);
    merged.unwrap()
}

#[test]
fn a_guest_that_lost_its_state_returns_by_swap() {
    let mut peers = room(3);
    let merged = swap_back(&mut peers, 2, 0);
    assert_eq!(merged.swapped.len(), 1);
    assert_eq!(merged.swapped[0].device, key(2));
    assert!(merged.added.is_empty() && merged.removed.is_empty());
}

#[test]
fn the_host_returns_by_a_guests_commit_and_is_host_again() {
    let mut peers = room(2);
    swap_back(&mut peers, 0, 1);
    let host = peers.last_mut().unwrap();
    assert_eq!(host.session.own_role(), Role::Host);
    let out = host.commit(remove(key(1)));
    let left: Vec<_> = peers.drain(..).filter(|p| p.device.key() != key(1)).collect();
    peers = left;
    deliver(&mut peers, &out.commit);
}

#[test]
fn a_swapped_device_keeps_the_role_it_was_admitted_to() {
    let mut peers = vec![host()];
    let pending = PendingJoin::new(&device(1)).unwrap();
    let admit = vec![admission(&pending, Role::Viewer)];
    let out = peers[0].commit(Change { admit, ..Change::default() });
    deliver(&mut peers, &out.commit);
    let mark = Peer::join(1, pending, &out.welcome.unwrap()).session.mark();
    let pending = PendingJoin::new(&device(1)).unwrap();
    let swap = pending.swap(&device(1), GROUP, mark.epoch);
    let swap = peers[0].session.verify_swap(&swap, pending.key_package()).unwrap();
    let out = peers[0].commit(Change { swap: vec![swap], ..Change::default() });
    peers[0].follow(&out.commit);
    assert_eq!(peers[0].session.role_of(&key(1)), Some(Role::Viewer));
}

#[test]
fn a_cohost_admits_removes_and_locks() {
    let mut peers = room_with_cohost(2);
    let pending = PendingJoin::new(&device(9)).unwrap();
    let out = peers[1].commit(admit(&pending));
    deliver(&mut peers, &out.commit);
    peers.push(Peer::join(9, pending, &out.welcome.unwrap()));
    let out = peers[1].commit(Change { rules: Some(locked(true)), ..remove(key(2)) });
    assert!(ticket(&out).rules.is_some_and(|rules| rules.locked));
    peers.remove(2);
    deliver(&mut peers, &out.commit);
    assert!(peers.iter().all(|peer| peer.session.rules().locked));
}

#[test]
fn a_cohost_whose_role_is_taken_back_is_a_participant_for_members_and_joiners() {
    let mut peers = room_with_cohost(2);
    let certify = vec![certificate(&hk(), key(1), Role::Participant)];
    let out = peers[0].commit(Change { certify, ..Change::default() });
    deliver(&mut peers, &out.commit);
    assert!(peers.iter().all(|peer| peer.session.role_of(&key(1)) == Some(Role::Participant)));
    let refused = peers[1].session.commit(&device(1), remove(key(2)));
    assert_eq!(refused.err(), Some(CommitError::Refused(Violation::NotCertified)));
    let pending = PendingJoin::new(&device(9)).unwrap();
    let out = peers[0].commit(admit(&pending));
    deliver(&mut peers, &out.commit);
    let joiner = Peer::join(9, pending, &out.welcome.unwrap());
    assert_eq!(joiner.session.role_of(&key(1)), Some(Role::Participant));
}

#[test]
fn certificates_that_make_nobody_anything_are_forgotten() {
    let mut peers = room_with_cohost(3);
    let certify = vec![certificate(&hk(), key(1), Role::Participant)];
    let out = peers[0].commit(Change { certify, ..remove(key(1)) });
    peers.remove(1);
    deliver(&mut peers, &out.commit);
    assert_eq!(peers[0].session.policy().certificates.len(), 2);
    let certify = vec![certificate(&hk(), key(2), Role::Cohost)];
    let out = peers[0].commit(Change { certify, ..Change::default() });
    deliver(&mut peers, &out.commit);
    let policy = peers[0].session.policy();
    assert_eq!(policy.certificates.len(), 2);
    assert_eq!((policy.role_of(&key(1)), policy.role_of(&key(2))), (None, Some(Role::Cohost)));
}

#[test]
fn the_host_hands_over_and_stays_of_its_own_side() {
    let mut peers = room(2);
    let host = peers[0].device.key();
    let certify = [(key(1), Role::Host), (host, Role::Cohost)];
    let certify = certify.map(|(device, role)| certificate(&hk(), device, role)).to_vec();
    let out = peers[0].commit(Change { certify, ..Change::default() });
    deliver(&mut peers, &out.commit);
    assert_eq!(peers[2].session.policy().host(), Some(key(1)));
    assert_eq!(peers[2].session.role_of(&host), Some(Role::Cohost));
    // The new host may do what only a host may; the former no longer.
    let certify = vec![certificate(&hk(), key(2), Role::Cohost)];
    let again = Change { certify, ..Change::default() };
    let refused = peers[0].session.commit(&device(0), again.clone());
    assert_eq!(refused.err(), Some(CommitError::Refused(Violation::PolicyOverreach)));
    let out = peers[1].commit(again);
    deliver(&mut peers, &out.commit);
    let refused = peers[0].session.commit(&device(0), remove(key(1)));
    assert_eq!(refused.err(), Some(CommitError::Refused(Violation::RemovesHost)));
}

#[test]
fn locking_and_unlocking_open_the_door_again() {
    let mut peers = room(1);
    for lock in [true, false] {
        let out = peers[0].commit(Change { rules: Some(locked(lock)), ..Change::default() });
        deliver(&mut peers, &out.commit);
    }
    let pending = PendingJoin::new(&device(5)).unwrap();
    let out = peers[0].commit(admit(&pending));
    deliver(&mut peers, &out.commit);
}

#[test]
fn one_commit_admits_removes_swaps_and_lets_leave() {
    let mut peers = room(4);
    let admitted = PendingJoin::new(&device(9)).unwrap();
    let swapped = PendingJoin::new(&device(3)).unwrap();
    let swap = swapped.swap(&device(3), GROUP, 1);
    let swap = peers[0].session.verify_swap(&swap, swapped.key_package()).unwrap();
    let leave = peers[4].session.leave(&peers[4].device);
    let leave = peers[0].session.verify_leave(&leave).unwrap();
    let change = Change { swap: vec![swap], leave: vec![leave], ..admit(&admitted) };
    let out = peers[0].commit(Change { remove: vec![key(2)], ..change });
    let mark = peers[3].session.mark();
    peers.truncate(2);
    deliver(&mut peers, &out.commit);
    let welcome = out.welcome.unwrap();
    peers.push(Peer::join(9, admitted, &welcome));
    let known = expect(Some(&mark));
    let session = Session::join(&device(3), swapped, &welcome, known).unwrap();
    peers.push(Peer { device: device(3), session });
    // Roles of those who joined by this Welcome are learnt alike by all.
    assert_same_epoch(&peers);
}

#[test]
fn the_meeting_code_is_thirty_digits_and_the_same_for_all() {
    let peers = room(2);
    let code = peers[0].session.meeting_code();
    assert_eq!(code.split(' ').map(str::len).collect::<Vec<_>>(), [5; 6]);
    assert!(code.chars().all(|c| c.is_ascii_digit() || c == ' '));
    assert_eq!(code, peers[2].session.meeting_code());
}

/// Neither old keys nor the state of the group pile up in what OpenMLS stores.
#[test]
fn storage_holds_the_keys_of_the_present_and_no_history() {
    let mut peers = room(2);
    let kept = |peers: &[Peer]| -> Vec<_> {
        peers.iter().map(|peer| peer.session.provider.storage().size()).collect()
    };
    let turn = |peers: &mut [Peer]| {
        for committer in 0..3 {
            let out = peers[committer].commit(refresh());
            deliver(peers, &out.commit);
        }
    };
    turn(&mut peers);
    let before = kept(&peers);
    for _ in 0..5 {
        turn(&mut peers);
    }
    assert_eq!(kept(&peers), before);
    assert!(before.iter().all(|&(values, bytes)| values < 8 && bytes < 2_000), "{before:?}");
}
