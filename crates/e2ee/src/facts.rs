//! A commit as plain data: everything the policy check looks at, and nothing of MLS.

use crate::policy::Policy;
use crate::roster::Roster;
use base::DeviceKey;

/// The group a commit applies to.
#[derive(Clone, Copy, Debug)]
pub struct GroupFacts<'a> {
    pub epoch: u64,
    pub policy: &'a Policy,
    pub roster: &'a Roster,
    /// The id of the PSK that a rotation in this epoch leads to.
    pub next_psk: Option<[u8; 16]>,
}

/// Who sent a commit, by its MLS signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderFact {
    /// The member at this leaf.
    Member(u32),
    /// An external commit or an external sender.
    Outside,
}

/// What a path does to the committer's own leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathFact {
    pub keeps_signature_key: bool,
    pub keeps_credential: bool,
    /// Leaf extensions and capabilities.
    pub keeps_extensions: bool,
}

/// One proposal of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProposalFact {
    /// Carried inside the commit, by its sender; otherwise it refers to an earlier proposal.
    pub inline: bool,
    pub kind: ProposalKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProposalKind {
    Add {
        key_package: [u8; 32],
        /// The device of the new leaf; `None` if its credential is not the one of its key, or it
        /// carries extensions.
        device: Option<DeviceKey>,
    },
    Remove {
        leaf: u32,
    },
    /// An external PSK by id; `None` for any other sort.
    Psk {
        id: Option<Vec<u8>>,
    },
    /// New GroupContext extensions.
    Extensions {
        /// The policy among them, unread.
        policy: Option<Vec<u8>>,
        /// RequiredCapabilities is there as at creation, and nothing else besides the policy.
        keeps_others: bool,
    },
    /// Our custom proposal, unread.
    Manifest(Vec<u8>),
    /// Anything else: Update, ReInit, ExternalInit, SelfRemove, unknown types.
    Foreign,
}

/// A commit that verified as MLS and has not been judged yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFacts {
    pub sender: SenderFact,
    /// `None` for a commit without a path.
    pub path: Option<PathFact>,
    pub proposals: Vec<ProposalFact>,
}
