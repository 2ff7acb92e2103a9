//! Facts that OpenMLS itself keeps from arising, so that no real commit shows them.

use super::*;
use crate::facts::{ProposalFact, ProposalKind};
use crate::identity::{Device, HostKey};
use crate::roster::{Roster, Seat};
use base::statement::Certificate;
use base::{GroupId, MeetingId, Secret, UnixMillis};

fn policy(host: &Device) -> Policy {
    let hk = HostKey::from_seed(Secret::new([200; 32]));
    let (meeting, group) = (MeetingId([1; 16]), GroupId([2; 16]));
    let (device, role, expiry) = (host.key(), Role::Host, UnixMillis(u64::MAX));
    let certificate = hk.certify(&Certificate { meeting, group, device, role, serial: 1, expiry });
    Policy::new(meeting, group, hk.public(), [4; 16], certificate)
}

/// The verdict on a commit in a group of the host alone, at leaf 0.
fn verdict(commit: &CommitFacts) -> Result<Allowed, Violation> {
    let host = Device::from_seed(Secret::new([0; 32]));
    let seat = Seat { device: host.key(), role: Role::Host };
    let roster: Roster = [(0, seat)].into_iter().collect();
    let policy = policy(&host);
    let group = GroupFacts { epoch: 3, policy: &policy, roster: &roster, next_psk: None };
    check(group, commit)
}

fn path() -> PathFact {
    PathFact { keeps_signature_key: true, keeps_credential: true, keeps_extensions: true }
}

fn of(kinds: impl IntoIterator<Item = ProposalKind>) -> CommitFacts {
    let inline = |kind| ProposalFact { inline: true, kind };
    let proposals = kinds.into_iter().map(inline).collect();
    CommitFacts { sender: SenderFact::Member(0), path: Some(path()), proposals }
}

#[test]
fn a_path_alone_passes() {
    assert!(verdict(&of([])).is_ok());
}

#[test]
fn commit_from_outside() {
    for sender in [SenderFact::Outside, SenderFact::Member(1)] {
        let commit = CommitFacts { sender, ..of([]) };
        assert_eq!(verdict(&commit), Err(Violation::NotAMember));
    }
}

#[test]
fn update_reinit_and_unknown_proposals() {
    assert_eq!(verdict(&of([ProposalKind::Foreign])), Err(Violation::ForeignProposal));
}

#[test]
fn proposal_by_reference() {
    let mut commit = of([ProposalKind::Manifest(vec![])]);
    commit.proposals[0].inline = false;
    assert_eq!(verdict(&commit), Err(Violation::ProposalByReference));
}

#[test]
fn sixty_five_proposals() {
    let kinds = (0..65).map(|_| ProposalKind::Foreign);
    assert_eq!(verdict(&of(kinds)), Err(Violation::TooManyProposals));
}

#[test]
fn neither_path_nor_proposals() {
    let commit = CommitFacts { path: None, ..of([]) };
    assert_eq!(verdict(&commit), Err(Violation::Empty));
}

#[test]
fn path_with_another_key_credential_or_extensions() {
    let bent = [
        (PathFact { keeps_signature_key: false, ..path() }, Violation::SignatureKeyChanged),
        (PathFact { keeps_credential: false, ..path() }, Violation::CredentialChanged),
        (PathFact { keeps_extensions: false, ..path() }, Violation::LeafExtensionsChanged),
    ];
    for (path, why) in bent {
        let commit = CommitFacts { path: Some(path), ..of([]) };
        assert_eq!(verdict(&commit), Err(why));
    }
}

#[test]
fn remove_of_an_empty_leaf_or_of_the_committer_itself() {
    for leaf in [0, 1] {
        let commit = of([ProposalKind::Remove { leaf }]);
        assert_eq!(verdict(&commit), Err(Violation::RemovesNobody));
    }
}

#[test]
fn psk_without_an_add() {
    let commit = of([ProposalKind::Psk { id: Some(vec![4; 16]) }]);
    assert_eq!(verdict(&commit), Err(Violation::ForeignPsk));
}

#[test]
fn leaf_with_a_foreign_credential() {
    let commit = of([ProposalKind::Add { key_package: [1; 32], device: None }]);
    assert_eq!(verdict(&commit), Err(Violation::ForeignCredential));
}

#[test]
fn the_list_of_removed_devices_is_bounded_and_forgets_the_oldest() {
    let host = Device::from_seed(Secret::new([0; 32]));
    let mut policy = policy(&host);
    for n in 0..=crate::policy::MAX_REMOVED as u32 {
        let mut key = [0; 32];
        key[..4].copy_from_slice(&n.to_be_bytes());
        policy.removed = policy.removed_with(&[DeviceKey(key)]);
    }
    assert_eq!(policy.removed.len(), crate::policy::MAX_REMOVED);
    assert!(!policy.removed.contains(&DeviceKey([0; 32])));
    assert_eq!(Policy::decode(&policy.encode()), Ok(policy));
}
