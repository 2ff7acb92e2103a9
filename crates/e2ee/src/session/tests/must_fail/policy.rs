//! Who changes the policy in which way.

use super::*;
use crate::policy::Policy;

/// The policy after `edit`, one version on.
fn edited(peer: &Peer, edit: impl FnOnce(&mut Policy)) -> Option<Vec<u8>> {
    let mut policy = peer.session.policy().clone();
    policy.version += 1;
    edit(&mut policy);
    Some(policy.encode())
}

#[test]
fn guest_changing_the_policy() {
    let mut peers = room(2);
    let policy = edited(&peers[1], |policy| policy.rules.locked = true);
    let commit = peers[1].rogue(Rogue { policy, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::NotCertified);
}

#[test]
fn delegate_changing_more_than_the_lock() {
    type Edit = fn(&mut Policy);
    let edits: [Edit; 6] = [
        |policy| policy.hk = base::MeetingKey([0; 32]),
        |policy| policy.meeting = MeetingId([0; 16]),
        |policy| policy.psk = [0; 16],
        |policy| policy.certificates.truncate(1),
        |policy| policy.certificates.push(certificate(&hk(), key(9), Role::Cohost)),
        |policy| policy.version += 1,
    ];
    for edit in edits {
        let mut peers = room_with_cohost(2);
        let policy = edited(&peers[1], edit);
        let commit = peers[1].rogue(Rogue { policy, ..Rogue::default() });
        assert_refused(peers, 1, &commit, Violation::PolicyOverreach);
    }
}

#[test]
fn delegate_forgetting_or_inventing_removed_devices() {
    let mut peers = room_with_cohost(2);
    let policy = edited(&peers[1], |policy| policy.removed.push(key(2)));
    let commit = peers[1].rogue(Rogue { policy, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::RemovalNotRecorded);
    let mut peers = room_with_cohost(2);
    let removes = vec![peers[2].leaf()];
    let commit = peers[1].rogue(Rogue { removes, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::RemovalNotRecorded);
}

#[test]
fn host_certifying_a_second_host_or_with_a_foreign_key() {
    let foreign = HostKey::from_seed(Secret::new([9; 32]));
    for bad in [certificate(&hk(), key(1), Role::Host), certificate(&foreign, key(1), Role::Cohost)]
    {
        let mut peers = room(2);
        let policy = edited(&peers[0], |policy| policy.certificates.push(bad));
        let commit = peers[0].rogue(Rogue { policy, ..Rogue::default() });
        assert_refused(peers, 0, &commit, Violation::PolicyOverreach);
    }
}

#[test]
fn host_handing_over_and_leaving_itself_no_part() {
    for role in [None, Some(Role::Participant)] {
        let mut peers = room(2);
        let host = peers[0].device.key();
        let policy = edited(&peers[0], |policy| {
            policy.certificates = vec![certificate(&hk(), key(1), Role::Host)];
            let own = role.map(|role| certificate(&hk(), host, role));
            policy.certificates.extend(own);
        });
        let commit = peers[0].rogue(Rogue { policy, ..Rogue::default() });
        assert_refused(peers, 0, &commit, Violation::PolicyOverreach);
    }
}

#[test]
fn cohost_making_itself_the_host() {
    let mut peers = room_with_cohost(2);
    let host = peers[0].device.key();
    // HK signed both at some time: who may write them down is another matter.
    let signed = [(key(1), Role::Host), (host, Role::Cohost)];
    let signed = signed.map(|(device, role)| certificate(&hk(), device, role)).to_vec();
    let policy = edited(&peers[1], |policy| policy.certificates = signed);
    let commit = peers[1].rogue(Rogue { policy, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::PolicyOverreach);
}

#[test]
fn required_capabilities_dropped() {
    let mut peers = room(2);
    let bytes = edited(&peers[0], |policy| policy.rules.locked = true).unwrap();
    let policy = Extension::Unknown(crate::provider::POLICY_EXTENSION, UnknownExtension(bytes));
    let empty = RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(crate::provider::POLICY_EXTENSION)],
        &[],
        &[],
    );
    let required = Extension::RequiredCapabilities(empty);
    let extensions = Some(Extensions::from_vec(vec![required, policy]).unwrap());
    let commit = peers[0].rogue(Rogue { extensions, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::MalformedPolicy);
}

#[test]
fn delegate_removing_the_host() {
    let mut peers = room_with_cohost(2);
    let policy = edited(&peers[1], |policy| policy.removed.push(key(0)));
    let removes = vec![peers[0].leaf()];
    let honest = peers[1].session.commit(&device(1), remove(key(0))).unwrap_err();
    assert_eq!(honest, CommitError::Refused(Violation::RemovesHost));
    let commit = peers[1].rogue(Rogue { removes, policy, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::RemovesHost);
}

#[test]
fn delegate_rotating_the_psk() {
    let mut peers = room_with_cohost(2);
    let next = peers[1].session.next_psk().unwrap().id();
    let policy = edited(&peers[1], |policy| policy.psk = next);
    let commit = peers[1].rogue(Rogue { policy, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::PolicyOverreach);
}

#[test]
fn rotation_to_a_psk_that_others_cannot_derive() {
    let mut peers = room(2);
    let policy = edited(&peers[0], |policy| policy.psk = [9; 16]);
    let commit = peers[0].rogue(Rogue { policy, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::BadRotation);
}

#[test]
fn rotation_beside_an_add_or_a_removal() {
    let mut peers = room(2);
    let next = peers[0].session.next_psk().unwrap().id();
    let (key_package, entry) = stranger(9, Role::Participant);
    let policy = edited(&peers[0], |policy| policy.psk = next);
    let others = vec![peers[0].psk_proposal(), manifest(entry)];
    let rogue = Rogue { adds: vec![key_package], others, policy, ..Rogue::default() };
    let commit = peers[0].rogue(rogue);
    assert_refused(peers, 0, &commit, Violation::BadRotation);
    let mut peers = room(2);
    let next = peers[0].session.next_psk().unwrap().id();
    let policy = edited(&peers[0], |policy| {
        policy.psk = next;
        policy.removed.push(key(2));
    });
    let removes = vec![peers[2].leaf()];
    let commit = peers[0].rogue(Rogue { removes, policy, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::BadRotation);
}

/// A room in which one of those who are here is the party of consulting mode.
fn consulting_room() -> Vec<Peer> {
    let mut peers = room_with_cohost(2);
    let rules = RoomRules { consulting: Some(base::Party([1; 8])), ..RoomRules::default() };
    let out = peers[0].commit(Change { rules: Some(rules), ..Change::default() });
    deliver(&mut peers, &out.commit);
    peers
}

#[test]
fn host_letting_another_party_in_beside_one() {
    let other = |policy: &mut Policy| policy.rules.consulting = Some(base::Party([2; 8]));
    let mut peers = consulting_room();
    let policy = edited(&peers[0], other);
    let (key_package, entry) = stranger(9, Role::Participant);
    let others = vec![peers[0].psk_proposal(), manifest(entry)];
    let rogue = Rogue { adds: vec![key_package], others, policy, ..Rogue::default() };
    let commit = peers[0].rogue(rogue);
    assert_refused(peers, 0, &commit, Violation::TwoParties);
    // Nor in the commit that shows the first one out: it has keys until then.
    let mut peers = consulting_room();
    let policy = edited(&peers[0], |policy| {
        other(policy);
        policy.removed.push(key(2));
    });
    let removes = vec![peers[2].leaf()];
    let commit = peers[0].rogue(Rogue { removes, policy, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::TwoParties);
}

#[test]
fn removal_that_leaves_the_door_open_to_the_shared_link() {
    let mut peers = room(2);
    let open = base::AutoAdmit { until: UnixMillis(1_000_000), cap: 9, shared_links: true };
    let rules = RoomRules { auto_admit: Some(open), ..RoomRules::default() };
    let out = peers[0].commit(Change { rules: Some(rules), ..Change::default() });
    deliver(&mut peers, &out.commit);
    let policy = edited(&peers[0], |policy| policy.removed.push(key(2)));
    let removes = vec![peers[2].leaf()];
    let commit = peers[0].rogue(Rogue { removes, policy, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::DoorLeftOpen);
}
