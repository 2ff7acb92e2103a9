//! One device's membership in one MLS group.
//!
//! The calling rule: after [`Session::commit`] save the returned mark, then send; merge only by
//! handing the server's `committed` to [`Session::handle_committed`], the own commit's included.
//! After every merge, void or join, save [`Session::mark`].

mod commit;
mod extract;
mod join;
mod merge;
mod messages;
mod open;
mod statements;

pub use crate::provider::PAST_EPOCHS;
pub use commit::{Admission, Change, CommitError, MAX_CHANGES, Outgoing};
pub use join::{Expect, JoinError};
pub use merge::{Gone, Merged, Moved, Refusal, Voided};
pub use messages::{OpenError, Opened, SealError};
pub use open::{CreateError, CreateGroup};
pub use statements::{VerifiedLeave, VerifiedSwap};

use crate::identity::{Device, GroupPsk};
use crate::mark::Mark;
use crate::policy::Policy;
use crate::provider::Provider;
use crate::roster::{History, Roster, Seat};
use crate::rules::Allowed;
use base::hash::sha256;
use base::statement::Role;
use base::{DeviceKey, GroupId, Rights, RoomRules, Secret};
use openmls::group::MlsGroup;
use openmls_traits::OpenMlsProvider;

/// A member as the group's keys name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    pub leaf: u32,
    pub device: DeviceKey,
    /// Certified for host and delegates; for others the role of the admission if this device saw
    /// it, and participant otherwise.
    pub role: Role,
}

/// Our bug, or cryptography that failed under us: this group cannot be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the group's own state is unusable: {0}")]
pub struct Broken(pub(crate) &'static str);

/// A device's place in a group, from joining to leaving.
pub struct Session {
    provider: Provider,
    mls: MlsGroup,
    device: DeviceKey,
    policy: Policy,
    roster: Roster,
    history: History,
    pending: Option<Pending>,
    /// SHA-256 of the current epoch's accepted commit, if this device refused it.
    refused: Option<[u8; 32]>,
    /// The commit that made the current epoch, if this device merged it.
    last: Option<LastMerge>,
}

/// Our own commit, until the server has chosen.
struct Pending {
    digest: [u8; 32],
    allowed: Allowed,
    /// The group PSK, if it changes.
    psk: Option<GroupPsk>,
}

struct LastMerge {
    digest: [u8; 32],
    committer: DeviceKey,
}

impl Session {
    pub fn group_id(&self) -> GroupId {
        self.policy.group
    }

    /// The current epoch.
    pub fn epoch(&self) -> u64 {
        self.mls.epoch().as_u64()
    }

    pub fn own_leaf(&self) -> u32 {
        self.mls.own_leaf_index().u32()
    }

    pub fn own_device(&self) -> DeviceKey {
        self.device
    }

    /// This device's role; `Participant` unless certified or admitted otherwise.
    pub fn own_role(&self) -> Role {
        self.role_of(&self.device).unwrap_or(Role::Participant)
    }

    /// Whether this device still is a member.
    pub fn is_active(&self) -> bool {
        self.mls.is_active()
    }

    /// Who may do what.
    pub fn rules(&self) -> &RoomRules {
        &self.policy.rules
    }

    /// What a current member may do; nothing, for everyone else.
    pub fn rights_of(&self, device: &DeviceKey) -> Rights {
        let role = self.role_of(device);
        role.map_or(Rights::NONE, |role| self.policy.rules.rights_of(role, device))
    }

    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The members of the current epoch, in ascending order of leaf.
    pub fn members(&self) -> impl Iterator<Item = Member> + '_ {
        self.roster.iter().map(|(leaf, seat)| member(leaf, seat))
    }

    pub fn member_count(&self) -> usize {
        self.roster.len()
    }

    /// The role of a current member.
    pub fn role_of(&self, device: &DeviceKey) -> Option<Role> {
        self.roster.get(self.roster.leaf_of(device)?).map(|seat| seat.role)
    }

    /// Whose leaf it was in that epoch; `None` for epochs long past and leaves unoccupied.
    pub fn member_at(&self, epoch: u64, leaf: u32) -> Option<DeviceKey> {
        self.history.at(epoch)?.get(leaf).map(|seat| seat.device)
    }

    /// Whether a commit of ours waits for the server's choice.
    pub fn has_pending_commit(&self) -> bool {
        self.pending.is_some()
    }

    /// The SFrame base key of the current epoch: `MLS-Exporter("SFrame 1.0 Base Key", "", 16)`
    /// (RFC 9605 §5.2).
    pub fn base_key(&self) -> Result<Secret<16>, Broken> {
        self.export("SFrame 1.0 Base Key").map(Secret::new)
    }

    /// What a rotation in this epoch makes the group PSK: `MLS-Exporter("incamera/v1/psk", "", 32)`.
    /// Whoever is a member now can derive it, and nobody else: a revoked link leads nowhere near it.
    fn next_psk(&self) -> Result<GroupPsk, Broken> {
        self.export("incamera/v1/psk").map(|secret| GroupPsk::new(Secret::new(secret)))
    }

    fn export<const N: usize>(&self, label: &str) -> Result<[u8; N], Broken> {
        let crypto = self.provider.crypto();
        let secret = self.mls.export_secret(crypto, label, b"", N);
        let secret = secret.map_err(|_| Broken("no exporter after eviction"))?;
        secret.as_slice().try_into().map_err(|_| Broken("exporter length"))
    }

    /// The epoch authenticator (RFC 9420 §8.7): equal for all members of one history, and only
    /// for them.
    pub fn authenticator(&self) -> [u8; 32] {
        let mut out = [0; 32];
        let bytes = self.mls.epoch_authenticator().as_slice();
        let len = bytes.len().min(32);
        out[..len].copy_from_slice(&bytes[..len]);
        out
    }

    /// What people compare aloud: six groups of five digits made from the authenticator.
    pub fn meeting_code(&self) -> String {
        meeting_code(&self.authenticator())
    }

    /// What to remember of the group; `failures` is left at zero for the caller to fill in.
    pub fn mark(&self) -> Mark {
        Mark {
            group: self.group_id(),
            epoch: self.epoch(),
            members: self.roster.iter().map(|(_, seat)| seat.device).collect(),
            removed: self.policy.removed.clone(),
            failures: 0,
        }
    }

    /// A signed wish to leave, which any member may commit.
    pub fn leave(&self, device: &Device) -> Vec<u8> {
        device.signer().sign(&base::statement::Leave {
            group: self.group_id(),
            device: device.key(),
            epoch: self.epoch(),
        })
    }
}

fn member(leaf: u32, seat: Seat) -> Member {
    Member { leaf, device: seat.device, role: seat.role }
}

/// Five digits from each of six 40-bit parts of SHA-256; the bias is below 2⁻²³.
fn meeting_code(authenticator: &[u8; 32]) -> String {
    let digest = sha256(&[b"incamera/v1/meeting-code", authenticator]);
    let groups: Vec<String> = digest[..30]
        .chunks_exact(5)
        .map(|part| part.iter().fold(0u64, |n, byte| n << 8 | u64::from(*byte)))
        .map(|n| format!("{:05}", n % 100_000))
        .collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests;
