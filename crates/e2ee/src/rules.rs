//! The check every member makes between processing a commit and merging it. **This is the waiting
//! room**: an allow-list over plain data; what it does not allow is refused and the group goes on.
//!
//! It looks at no clock and no setting of this device, so that all members judge alike.

mod changes;
mod policy_change;

use crate::facts::{CommitFacts, GroupFacts, PathFact, SenderFact};
use crate::manifest::AdmissionEntry;
use crate::policy::Policy;
use base::DeviceKey;
use base::statement::Role;
use changes::Changes;

/// The most proposals in one commit.
pub const MAX_PROPOSALS: usize = 64;
/// A swap or leave signed more epochs ago is refused, so that an old one cannot be replayed for
/// ever. Lower, and a device that was away during a rush of joins must ask anew.
pub const MAX_STATEMENT_AGE: u64 = 64;

/// Why a commit is refused. Always the fault of its sender (or of whoever made it up).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    #[error("the commit does not come from a member")]
    NotAMember,
    #[error("the commit has more than {MAX_PROPOSALS} proposals")]
    TooManyProposals,
    #[error("the commit refers to proposals outside itself")]
    ProposalByReference,
    #[error("the commit has a proposal of a kind that is not allowed")]
    ForeignProposal,
    #[error("the commit changes nothing")]
    Empty,
    #[error("the committer changes its signature key")]
    SignatureKeyChanged,
    #[error("the committer changes its credential")]
    CredentialChanged,
    #[error("the committer changes its leaf's extensions")]
    LeafExtensionsChanged,
    #[error("a proposal that may occur once occurs twice")]
    Repeated,
    #[error("an added leaf has a credential that is not its key's")]
    ForeignCredential,
    #[error("the manifest cannot be read or is empty")]
    MalformedManifest,
    #[error("an Add has no admission")]
    AddWithoutAdmission,
    #[error("an admission or swap has no matching Add, or a leave or swap no matching Remove")]
    UnmatchedManifest,
    #[error("an Add does not use the group's PSK")]
    AddWithoutPsk,
    #[error("a PSK is used without an Add, or it is another group's")]
    ForeignPsk,
    #[error("a swap or leave is not signed by a member's device for this group and time")]
    BadStatement,
    #[error("the committer is neither host nor delegate")]
    NotCertified,
    #[error("the meeting is locked")]
    Locked,
    #[error("a removed device is added")]
    AddsRemovedDevice,
    #[error("a device is added that already is a member")]
    AddsMember,
    #[error("a role is granted that the committer may not grant")]
    RoleTooHigh,
    #[error("the host is removed")]
    RemovesHost,
    #[error("a Remove names no member")]
    RemovesNobody,
    #[error("the policy cannot be read, or other extensions change with it")]
    MalformedPolicy,
    #[error("the policy changes in a way the committer may not change it")]
    PolicyOverreach,
    #[error(
        "the group's PSK changes to one that does not follow from this epoch, or beside other members"
    )]
    BadRotation,
    #[error("the policy does not list the devices this commit removes")]
    RemovalNotRecorded,
    #[error(
        "someone is removed, and whoever has a link for everyone is still let in without asking"
    )]
    DoorLeftOpen,
    #[error("another party is let in while one has keys")]
    TwoParties,
}

/// A commit that may be merged, and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub committer: DeviceKey,
    pub admitted: Vec<AdmissionEntry>,
    /// Removed by a delegate.
    pub removed: Vec<DeviceKey>,
    /// Back on a fresh leaf by their own wish.
    pub swapped: Vec<DeviceKey>,
    /// Out by their own wish.
    pub left: Vec<DeviceKey>,
    /// The new policy, if it changes.
    pub policy: Option<Policy>,
}

/// Judges a commit.
pub fn check(group: GroupFacts<'_>, commit: &CommitFacts) -> Result<Allowed, Violation> {
    let committer = committer(group, commit)?;
    check_shape(commit)?;
    let changes = Changes::sort(commit)?;
    let claims = changes::match_claims(group, &committer, &changes)?;
    let policy = policy_change::check(group, &committer, &changes, &claims)?;
    check_rights(group, &committer, &claims, policy.as_ref())?;
    Ok(Allowed {
        committer,
        admitted: claims.admitted,
        removed: claims.removed,
        swapped: claims.swapped,
        left: claims.left,
        policy,
    })
}

fn committer(group: GroupFacts<'_>, commit: &CommitFacts) -> Result<DeviceKey, Violation> {
    let SenderFact::Member(leaf) = commit.sender else { return Err(Violation::NotAMember) };
    let seat = group.roster.get(leaf).ok_or(Violation::NotAMember)?;
    Ok(seat.device)
}

fn check_shape(commit: &CommitFacts) -> Result<(), Violation> {
    if commit.proposals.len() > MAX_PROPOSALS {
        return Err(Violation::TooManyProposals);
    }
    if commit.proposals.iter().any(|proposal| !proposal.inline) {
        return Err(Violation::ProposalByReference);
    }
    match &commit.path {
        Some(path) => check_path(path),
        None if commit.proposals.is_empty() => Err(Violation::Empty),
        None => Ok(()),
    }
}

fn check_path(path: &PathFact) -> Result<(), Violation> {
    if !path.keeps_signature_key {
        return Err(Violation::SignatureKeyChanged);
    }
    if !path.keeps_credential {
        return Err(Violation::CredentialChanged);
    }
    if !path.keeps_extensions {
        return Err(Violation::LeafExtensionsChanged);
    }
    Ok(())
}

fn check_rights(
    group: GroupFacts<'_>,
    committer: &DeviceKey,
    claims: &changes::Claims,
    policy: Option<&Policy>,
) -> Result<(), Violation> {
    if claims.admitted.is_empty() && claims.removed.is_empty() {
        return Ok(());
    }
    let role = delegate_role(group.policy, committer)?;
    let after = policy.unwrap_or(group.policy);
    claims.admitted.iter().try_for_each(|entry| check_admission(group, after, role, entry))?;
    let host = group.policy.host();
    match claims.removed.iter().any(|device| Some(*device) == host) {
        true => Err(Violation::RemovesHost),
        false => Ok(()),
    }
}

fn delegate_role(policy: &Policy, device: &DeviceKey) -> Result<Role, Violation> {
    policy.role_of(device).filter(|role| role.is_delegate()).ok_or(Violation::NotCertified)
}

fn check_admission(
    group: GroupFacts<'_>,
    after: &Policy,
    committer: Role,
    entry: &AdmissionEntry,
) -> Result<(), Violation> {
    let certified = after.role_of(&entry.device);
    // A lock is for others: whoever is of the host's side comes back.
    let closed = !group.policy.rules.admits() || !after.rules.admits();
    if closed && !certified.is_some_and(Role::is_delegate) {
        return Err(Violation::Locked);
    }
    if after.removed.contains(&entry.device) || group.policy.removed.contains(&entry.device) {
        return Err(Violation::AddsRemovedDevice);
    }
    if group.roster.leaf_of(&entry.device).is_some() {
        return Err(Violation::AddsMember);
    }
    let plain = entry.role <= Role::Participant;
    let granted = plain || certified == Some(entry.role);
    if granted && entry.role < committer { Ok(()) } else { Err(Violation::RoleTooHigh) }
}

#[cfg(test)]
mod tests;
