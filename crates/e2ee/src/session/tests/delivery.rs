//! The server's choices: conflicts, duplicates, withdrawals.

use super::*;

/// A commit of guest 1 that names a PSK nobody else has: nobody can process it.
fn indigestible(peer: &mut Peer) -> Vec<u8> {
    use crate::provider::{psk_use, store_psk};
    use openmls::messages::proposals::{PreSharedKeyProposal, Proposal};
    use openmls::prelude::tls_codec::Serialize as _;
    let bogus = GroupPsk::new(Secret::new([99; 32]));
    let Session { mls, provider, .. } = &mut peer.session;
    assert!(store_psk(provider, &bogus));
    let psk = PreSharedKeyProposal::new(psk_use(provider, bogus.id()).unwrap());
    let bundle = mls
        .commit_builder()
        .add_proposal(Proposal::PreSharedKey(Box::new(psk)))
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), &peer.device, |_| true)
        .unwrap()
        .stage_commit(provider)
        .unwrap();
    bundle.commit().tls_serialize_detached().unwrap()
}

#[test]
fn the_loser_of_a_conflict_follows_the_winner_and_tries_again() {
    let mut peers = room(2);
    let pending = PendingJoin::new(&device(9)).unwrap();
    let lost = peers[0].commit(admit(&pending));
    let won = peers[1].commit(refresh());
    peers[0].session.handle_conflict();
    deliver(&mut peers, &won.commit);
    assert_eq!(peers[2].refuse(&lost.commit), Refusal::OtherEpoch(1));
    let again = peers[0].commit(admit(&pending));
    deliver(&mut peers, &again.commit);
    peers.push(Peer::join(9, pending, &again.welcome.unwrap()));
    assert_same_epoch(&peers);
}

#[test]
fn the_winner_may_arrive_before_the_news_of_the_conflict() {
    let mut peers = room(2);
    peers[0].commit(remove(key(2)));
    let won = peers[1].commit(refresh());
    deliver(&mut peers, &won.commit);
    peers[0].session.handle_conflict();
    let again = peers[0].commit(remove(key(2)));
    peers.pop();
    deliver(&mut peers, &again.commit);
}

#[test]
fn one_commit_at_a_time() {
    let mut peers = room(1);
    peers[0].commit(refresh());
    let second = peers[0].session.commit(&device(0), refresh());
    assert_eq!(second.unwrap_err(), CommitError::Pending);
}

#[test]
fn a_repeated_commit_changes_nothing() {
    let mut peers = room(1);
    let out = peers[0].commit(refresh());
    deliver(&mut peers, &out.commit);
    assert_eq!(peers[0].refuse(&out.commit), Refusal::OtherEpoch(1));
    assert_eq!(peers[1].refuse(&out.commit), Refusal::OtherEpoch(1));
}

#[test]
fn a_change_that_is_already_so_is_left_out() {
    let mut peers = room(2);
    let nothing = peers[0].session.commit(&device(0), remove(key(77)));
    assert_eq!(nothing.unwrap_err(), CommitError::Nothing);
    let pending = PendingJoin::new(&device(2)).unwrap();
    let nothing = peers[0].session.commit(&device(0), admit(&pending));
    assert_eq!(nothing.unwrap_err(), CommitError::Nothing);
}

#[test]
fn a_commit_nobody_can_process_is_voided_and_its_sender_removed() {
    let mut peers = room(2);
    let bad = indigestible(&mut peers[1]);
    for at in [0, 2] {
        assert_eq!(peers[at].refuse(&bad), Refusal::Unprocessable);
    }
    assert_eq!(peers[2].session.void(&device(2), &bad), None);
    let void = peers[0].session.void(&device(0), &bad).unwrap();
    for at in [0, 2] {
        assert_eq!(peers[at].session.handle_voided(&void), Ok(Voided::Resumed));
    }
    let out = peers[0].commit(remove(key(1)));
    peers.remove(1);
    deliver(&mut peers, &out.commit);
}

#[test]
fn who_had_merged_a_voided_commit_swaps_back_in() {
    let mut peers = room(2);
    let bad = indigestible(&mut peers[1]);
    {
        let Session { mls, provider, .. } = &mut peers[1].session;
        mls.merge_pending_commit(provider).unwrap();
        let (digest, committer) = (sha256(&[&bad]), key(1));
        peers[1].session.last = Some(LastMerge { digest, committer });
    }
    peers[0].refuse(&bad);
    peers[2].refuse(&bad);
    let void = peers[0].session.void(&device(0), &bad).unwrap();
    peers[0].session.handle_voided(&void).unwrap();
    assert_eq!(peers[1].session.handle_voided(&void), Ok(Voided::Rejoin { epoch: 1 }));
    let mark = Mark { epoch: 1, ..peers[1].session.mark() };
    let pending = PendingJoin::new(&device(1)).unwrap();
    let swap = pending.swap(&device(1), GROUP, mark.epoch);
    let swap = peers[0].session.verify_swap(&swap, pending.key_package()).unwrap();
    let out = peers[0].commit(Change { swap: vec![swap], ..Change::default() });
    peers.remove(1);
    deliver(&mut peers, &out.commit);
    let known = expect(Some(&mark));
    let session = Session::join(&device(1), pending, &out.welcome.unwrap(), known).unwrap();
    peers.push(Peer { device: device(1), session });
    assert_same_epoch(&peers);
}

#[test]
fn void_by_a_guest() {
    let mut peers = room(2);
    let out = peers[0].commit(remove(key(2)));
    deliver(&mut peers[..2], &out.commit);
    let claim = base::statement::Void {
        group: GROUP,
        epoch: 1,
        commit: sha256(&[&out.commit]),
        device: key(1),
    };
    let void = device(1).signer().sign(&claim);
    assert_eq!(peers[1].session.handle_voided(&void), Err(Refusal::BadVoid));
}

#[test]
fn void_of_the_hosts_commit_by_a_delegate() {
    let mut peers = room_with_cohost(2);
    let out = peers[0].commit(remove(key(2)));
    peers.pop();
    deliver(&mut peers, &out.commit);
    let claim = base::statement::Void {
        group: GROUP,
        epoch: 2,
        commit: sha256(&[&out.commit]),
        device: key(1),
    };
    let void = device(1).signer().sign(&claim);
    assert_eq!(peers[0].session.handle_voided(&void), Err(Refusal::BadVoid));
}

#[test]
fn void_of_a_commit_long_followed() {
    let mut peers = room(1);
    let first = peers[1].commit(refresh());
    deliver(&mut peers, &first.commit);
    let second = peers[1].commit(refresh());
    deliver(&mut peers, &second.commit);
    let commit = sha256(&[&first.commit]);
    let claim = base::statement::Void { group: GROUP, epoch: 1, commit, device: key(0) };
    let void = device(0).signer().sign(&claim);
    assert_eq!(peers[1].session.handle_voided(&void), Err(Refusal::OtherEpoch(1)));
}

#[test]
fn forked_epochs_have_different_keys_and_cannot_talk() {
    let mut peers = room(2);
    let one = peers[0].commit(refresh());
    let other = peers[1].commit(refresh());
    peers[0].follow(&one.commit);
    peers[2].follow(&one.commit);
    peers[1].follow(&other.commit);
    assert_ne!(peers[0].session.authenticator(), peers[1].session.authenticator());
    assert_ne!(peers[0].session.meeting_code(), peers[1].session.meeting_code());
    let beat = peers[0].say("beat");
    assert_eq!(peers[1].hear(&beat), Err(OpenError::Forged));
    assert!(peers[2].hear(&beat).is_ok());
}
