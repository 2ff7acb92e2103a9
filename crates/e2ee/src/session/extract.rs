//! From a staged commit to the plain facts the rules look at.

use crate::facts::{CommitFacts, PathFact, ProposalFact, ProposalKind, SenderFact};
use crate::key_package::{leaf_device, reference};
use crate::provider::{MANIFEST_PROPOSAL, POLICY_EXTENSION, required_capabilities};
use base::DeviceKey;
use openmls::extensions::{Extension, Extensions};
use openmls::framing::Sender;
use openmls::group::{GroupContext, MlsGroup, QueuedProposal, StagedCommit};
use openmls::messages::proposals::{PreSharedKeyProposal, Proposal, ProposalOrRefType};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{LeafNode, LeafNodeIndex};
use openmls::schedule::{PreSharedKeyId, Psk};
use openmls_traits::crypto::OpenMlsCrypto;

/// Members by leaf. A member whose key has another length than ours cannot have passed the checks
/// on entering; it is left out, and so has no rights and no name.
pub(super) fn devices(mls: &MlsGroup) -> impl Iterator<Item = (u32, DeviceKey)> + '_ {
    mls.members().filter_map(|member| {
        let key = member.signature_key.as_slice().try_into().ok()?;
        Some((member.index.u32(), DeviceKey(key)))
    })
}

pub(super) fn facts(
    mls: &MlsGroup,
    crypto: &impl OpenMlsCrypto,
    sender: &Sender,
    commit: &StagedCommit,
) -> CommitFacts {
    let path = commit.update_path_leaf_node().map(|new| path_fact(old_leaf(mls, sender), new));
    let proposals =
        commit.queued_proposals().map(|proposal| proposal_fact(crypto, sender, proposal)).collect();
    CommitFacts { sender: sender_fact(sender), path, proposals }
}

fn sender_fact(sender: &Sender) -> SenderFact {
    match sender {
        Sender::Member(leaf) => SenderFact::Member(leaf.u32()),
        Sender::External(_) | Sender::NewMemberProposal | Sender::NewMemberCommit => {
            SenderFact::Outside
        }
    }
}

fn old_leaf<'a>(mls: &'a MlsGroup, sender: &Sender) -> Option<&'a LeafNode> {
    match sender {
        Sender::Member(leaf) => mls.public_group().leaf(LeafNodeIndex::new(leaf.u32())),
        _ => None,
    }
}

fn path_fact(old: Option<&LeafNode>, new: &LeafNode) -> PathFact {
    let keeps = |same: &dyn Fn(&LeafNode) -> bool| old.is_some_and(same);
    PathFact {
        keeps_signature_key: keeps(&|old| old.signature_key() == new.signature_key()),
        keeps_credential: keeps(&|old| old.credential() == new.credential()),
        keeps_extensions: keeps(&|old| {
            old.extensions() == new.extensions() && old.capabilities() == new.capabilities()
        }),
    }
}

fn proposal_fact(
    crypto: &impl OpenMlsCrypto,
    committer: &Sender,
    queued: &QueuedProposal,
) -> ProposalFact {
    let inline = matches!(queued.proposal_or_ref_type(), ProposalOrRefType::Proposal);
    ProposalFact {
        inline: inline && queued.sender() == committer,
        kind: proposal_kind(crypto, queued.proposal()),
    }
}

fn proposal_kind(crypto: &impl OpenMlsCrypto, proposal: &Proposal) -> ProposalKind {
    match proposal {
        Proposal::Add(add) => {
            let key_package = add.key_package();
            match reference(crypto, key_package) {
                Ok(reference) => ProposalKind::Add {
                    key_package: reference,
                    device: leaf_device(key_package.leaf_node()),
                },
                Err(_) => ProposalKind::Foreign,
            }
        }
        Proposal::Remove(remove) => ProposalKind::Remove { leaf: remove.removed().u32() },
        Proposal::PreSharedKey(psk) => ProposalKind::Psk { id: proposed_psk(psk) },
        Proposal::GroupContextExtensions(change) => extensions_kind(change.extensions()),
        Proposal::Custom(custom) if custom.proposal_type() == MANIFEST_PROPOSAL => {
            ProposalKind::Manifest(custom.payload().to_vec())
        }
        _ => ProposalKind::Foreign,
    }
}

/// The proposal's id, read from its encoding: OpenMLS has no getter for it.
fn proposed_psk(proposal: &PreSharedKeyProposal) -> Option<Vec<u8>> {
    let bytes = proposal.tls_serialize_detached().ok()?;
    let id = PreSharedKeyId::tls_deserialize_exact(bytes).ok()?;
    external_psk(id.psk())
}

pub(super) fn external_psk(psk: &Psk) -> Option<Vec<u8>> {
    match psk {
        Psk::External(external) => Some(external.psk_id().to_vec()),
        _ => None,
    }
}

fn extensions_kind(extensions: &Extensions<GroupContext>) -> ProposalKind {
    ProposalKind::Extensions {
        policy: policy_bytes(extensions),
        keeps_others: are_ours(extensions),
    }
}

pub(super) fn policy_bytes(extensions: &Extensions<GroupContext>) -> Option<Vec<u8>> {
    extensions.unknown(POLICY_EXTENSION).map(|policy| policy.0.clone())
}

/// Exactly our RequiredCapabilities and the policy.
pub(super) fn are_ours(extensions: &Extensions<GroupContext>) -> bool {
    let required = extensions.required_capabilities() == Some(&required_capabilities());
    let known = |extension: &Extension| match extension {
        Extension::RequiredCapabilities(_) => true,
        Extension::Unknown(kind, _) => *kind == POLICY_EXTENSION,
        _ => false,
    };
    required && extensions.iter().count() == 2 && extensions.iter().all(known)
}
