//! Welcomes that a joiner refuses.

use super::*;
use base::{MeetingKey, UnixMillis};
use std::time::Duration;

/// A Welcome for `pending` from the host of an honest room.
fn welcome_for(pending: &PendingJoin) -> Vec<u8> {
    let mut host = host();
    host.commit(admit(pending)).welcome.unwrap()
}

fn join_with(
    pending: PendingJoin,
    welcome: &[u8],
    change: impl FnOnce(&mut Expect<'_>),
) -> Result<(), JoinError> {
    let mut expect = expect(None);
    change(&mut expect);
    Session::join(&device(1), pending, welcome, expect).map(|_| ())
}

#[test]
fn an_honest_welcome_is_taken() {
    let pending = PendingJoin::new(&device(1)).unwrap();
    let welcome = welcome_for(&pending);
    assert_eq!(join_with(pending, &welcome, |_| ()), Ok(()));
}

#[test]
fn welcome_for_another_meeting() {
    let pending = PendingJoin::new(&device(1)).unwrap();
    let welcome = welcome_for(&pending);
    let result = join_with(pending, &welcome, |e| e.meeting = MeetingId([9; 16]));
    assert_eq!(result, Err(JoinError::OtherMeeting));
}

#[test]
fn welcome_under_another_meeting_key() {
    let pending = PendingJoin::new(&device(1)).unwrap();
    let welcome = welcome_for(&pending);
    let result = join_with(pending, &welcome, |e| e.hk = MeetingKey([9; 32]));
    assert_eq!(result, Err(JoinError::OtherMeeting));
}

#[test]
fn welcome_for_another_group() {
    // The policy is the honest group's; the group around it is not.
    let pending = PendingJoin::new(&device(1)).unwrap();
    let other = GroupId([3; 16]);
    let mut session = fake_group(&device(0), other, honest_policy());
    let welcome = rogue_welcome(&mut session, &device(0), &pending);
    assert_eq!(join_with(pending, &welcome, |_| ()), Err(JoinError::OtherGroup));
}

#[test]
fn welcome_from_an_uncertified_sender() {
    // A guest builds a look-alike group with the true policy, ids and PSK, all of which it knows.
    let pending = PendingJoin::new(&device(1)).unwrap();
    let mut session = fake_group(&device(66), GROUP, honest_policy());
    let welcome = rogue_welcome(&mut session, &device(66), &pending);
    assert_eq!(join_with(pending, &welcome, |_| ()), Err(JoinError::UncertifiedSender));
}

#[test]
fn welcome_from_a_sender_certified_by_another_key() {
    let pending = PendingJoin::new(&device(1)).unwrap();
    let mut policy = honest_policy();
    let foreign = HostKey::from_seed(Secret::new([9; 32]));
    policy.certificates = vec![certificate(&foreign, key(66), Role::Host)];
    let mut session = fake_group(&device(66), GROUP, policy);
    let welcome = rogue_welcome(&mut session, &device(66), &pending);
    assert_eq!(join_with(pending, &welcome, |_| ()), Err(JoinError::UncertifiedSender));
}

#[test]
fn welcome_without_the_psk() {
    let pending = PendingJoin::new(&device(1)).unwrap();
    let mut session = fake_group(&device(0), GROUP, honest_policy());
    let welcome = raw_welcome(&mut session, &device(0), &pending, vec![]);
    assert_eq!(join_with(pending, &welcome, |_| ()), Err(JoinError::ForeignPsk));
}

#[test]
fn welcome_to_a_joiner_with_another_links_secret() {
    let pending = PendingJoin::new(&device(1)).unwrap();
    let welcome = welcome_for(&pending);
    let wrong = GroupPsk::new(Secret::new([8; 32]));
    let hk = hk().public();
    let expect = Expect { meeting: MEETING, hk, psks: &[wrong], mark: None, now: Now::default() };
    let result = Session::join(&device(1), pending, &welcome, expect);
    assert_eq!(result.err(), Some(JoinError::UnknownPsk));
}

#[test]
fn welcome_under_an_expired_certificate() {
    let tolerated = Duration::from_secs(24 * 60 * 60);
    for (past, result) in [(-1i64, Ok(())), (0, Err(JoinError::CertificateExpired))] {
        let pending = PendingJoin::new(&device(1)).unwrap();
        let welcome = welcome_for(&pending);
        let limit = EXPIRY + tolerated;
        let wall = UnixMillis(limit.0.saturating_add_signed(past));
        let at = |e: &mut Expect<'_>| e.now = Now { wall, ..Now::default() };
        assert_eq!(join_with(pending, &welcome, at), result);
    }
}

#[test]
fn welcome_of_another_device() {
    let welcome = welcome_for(&PendingJoin::new(&device(1)).unwrap());
    let other = PendingJoin::new(&device(1)).unwrap();
    assert_eq!(join_with(other, &welcome, |_| ()), Err(JoinError::Unopenable));
    let other = PendingJoin::new(&device(1)).unwrap();
    assert_eq!(join_with(other, b"nonsense", |_| ()), Err(JoinError::Malformed));
}

/// Device 2 returns by a swap that guest 1 commits, holding this mark.
fn return_with(mark: impl FnOnce(&mut Mark)) -> Result<(), JoinError> {
    let mut peers = room(3);
    let mut saved = peers[2].session.mark();
    mark(&mut saved);
    let pending = PendingJoin::new(&device(2)).unwrap();
    let swap = pending.swap(&device(2), GROUP, 1);
    let swap = peers[1].session.verify_swap(&swap, pending.key_package()).unwrap();
    let out = peers[1].commit(Change { swap: vec![swap], ..Change::default() });
    let known = expect(Some(&saved));
    Session::join(&device(2), pending, &out.welcome.unwrap(), known).map(|_| ())
}

#[test]
fn return_through_a_member_known_from_before() {
    assert_eq!(return_with(|_| ()), Ok(()));
}

#[test]
fn return_into_an_older_epoch() {
    assert_eq!(return_with(|mark| mark.epoch = 2), Err(JoinError::OlderEpoch));
}

#[test]
fn return_through_a_member_unknown_before() {
    let unknown = |mark: &mut Mark| mark.members.retain(|device| *device != key(1));
    assert_eq!(return_with(unknown), Err(JoinError::UncertifiedSender));
}

#[test]
fn return_into_a_history_with_a_removed_device() {
    assert_eq!(return_with(|m| m.removed.push(key(3))), Err(JoinError::RemovedDevicePresent));
}

#[test]
fn return_into_another_group_needs_a_certified_sender() {
    let other = |mark: &mut Mark| mark.group = GroupId([9; 16]);
    assert_eq!(return_with(other), Err(JoinError::UncertifiedSender));
}

#[test]
fn the_mark_refuses_an_older_epoch_and_an_unknown_group() {
    let mark = Mark { epoch: 5, ..host().session.mark() };
    assert_eq!(mark.check(&GROUP, 5), Ok(()));
    assert_eq!(mark.check(&GROUP, 4), Err(crate::mark::StaleGroup));
    assert_eq!(mark.check(&GroupId([9; 16]), 6), Err(crate::mark::StaleGroup));
    assert_eq!(Mark::decode(&mark.encode()), Ok(mark));
}

fn honest_policy() -> Policy {
    host().session.policy().clone()
}

/// A group made past all rules of ours.
fn fake_group(device: &Device, id: GroupId, policy: Policy) -> Session {
    let provider = Provider::default();
    assert!(crate::provider::store_psk(&provider, &psk()));
    let config = crate::provider::create_config(policy.encode());
    let id = openmls::group::GroupId::from_slice(&id.0);
    let credential = device.credential();
    let mls = MlsGroup::new_with_group_id(&provider, device, &config, id, credential).unwrap();
    Session::begin(provider, mls, device, policy)
}

fn rogue_welcome(session: &mut Session, device: &Device, pending: &PendingJoin) -> Vec<u8> {
    use openmls::messages::proposals::{PreSharedKeyProposal, Proposal};
    let psk = crate::provider::psk_use(&session.provider, psk().id()).unwrap();
    let psk = Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(psk)));
    raw_welcome(session, device, pending, vec![psk])
}

fn raw_welcome(
    session: &mut Session,
    device: &Device,
    pending: &PendingJoin,
    others: Vec<openmls::messages::proposals::Proposal>,
) -> Vec<u8> {
    use openmls::prelude::tls_codec::Serialize as _;
    let key_package = admission(pending, Role::Participant).key_package.inner().clone();
    let Session { mls, provider, .. } = session;
    let bundle = mls
        .commit_builder()
        .propose_adds([key_package])
        .add_proposals(others)
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), device, |_| true)
        .unwrap()
        .stage_commit(provider)
        .unwrap();
    bundle.to_welcome_msg().unwrap().tls_serialize_detached().unwrap()
}
