//! Making commits.

use super::{Broken, Pending, Session, VerifiedLeave, VerifiedSwap, extract};
use crate::facts::{CommitFacts, GroupFacts};
use crate::identity::{Device, GroupPsk};
use crate::key_package::VerifiedKeyPackage;
use crate::manifest::{AdmissionEntry, Manifest};
use crate::mark::Mark;
use crate::policy::Policy;
use crate::provider::{MANIFEST_PROPOSAL, group_extensions, psk_use};
use crate::rules::{self, Violation};
use base::hash::sha256;
use base::statement::{Added, Certificate, Role, Ticket, Unverified};
use base::{DeviceKey, RoomRules};
use openmls::framing::Sender;
use openmls::group::CommitMessageBundle;
use openmls::messages::proposals::{CustomProposal, PreSharedKeyProposal, Proposal};
use openmls::prelude::tls_codec::Serialize as _;
use openmls::prelude::{KeyPackage, LeafNodeIndex, MlsMessageOut};
use openmls_traits::OpenMlsProvider;
use std::collections::BTreeSet;

/// The most admissions, removals and leaves in one [`Change`] (a swap counts twice), which leaves
/// room for the PSK, the manifest and the policy among the 64 proposals of a commit.
pub const MAX_CHANGES: usize = rules::MAX_PROPOSALS - 3;

/// Someone to let in.
#[derive(Clone, Debug)]
pub struct Admission {
    /// From a verified knock.
    pub key_package: VerifiedKeyPackage,
    pub role: Role,
}

/// What one commit is to do. What is already so is left out: a change can be asked for again after
/// a conflict.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub admit: Vec<Admission>,
    pub remove: Vec<DeviceKey>,
    pub swap: Vec<VerifiedSwap>,
    pub leave: Vec<VerifiedLeave>,
    /// The room's new rules.
    pub rules: Option<RoomRules>,
    /// Devices that are not members and shall never be.
    pub block: Vec<DeviceKey>,
    /// Removed or blocked devices that may knock again; the host's alone to say.
    pub unblock: Vec<DeviceKey>,
    /// Certificates signed by HK, each replacing an earlier one of its device.
    pub certify: Vec<Vec<u8>>,
    /// Replace the group PSK, so that it is known to the members alone; the host's alone to do, in a
    /// commit that neither adds nor removes anyone.
    pub rotate: bool,
    /// Replace this device's own keys in the tree even if nothing else asks for it.
    pub refresh: bool,
}

impl Change {
    pub fn is_empty(&self) -> bool {
        self.weight() == 0 && !self.changes_policy() && !self.refresh
    }

    fn changes_policy(&self) -> bool {
        let bans = !self.block.is_empty() || !self.unblock.is_empty();
        let certify = !self.certify.is_empty() || self.rotate;
        bans || certify || !self.remove.is_empty() || self.rules.is_some()
    }

    fn weight(&self) -> usize {
        self.admit.len() + self.remove.len() + 2 * self.swap.len() + self.leave.len()
    }
}

/// A commit to send, pending until the server has chosen.
#[derive(Debug)]
pub struct Outgoing {
    pub commit: Vec<u8>,
    /// For everyone the commit admits or swaps.
    pub welcome: Option<Vec<u8>>,
    /// The signed [`Ticket`].
    pub ticket: Vec<u8>,
    /// To be saved before anything is sent.
    pub mark: Mark,
    /// The group PSK if this commit is accepted and changes it; to be saved with the mark, beside the
    /// present one: a device that lost its state needs whichever is in force.
    pub psk: Option<GroupPsk>,
}

/// Why no commit was made; the caller's fault, unless `Broken`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("an earlier commit still waits for the server's choice")]
    Pending,
    #[error("there is nothing to change")]
    Nothing,
    #[error("more than {MAX_CHANGES} changes in one commit")]
    TooMany,
    #[error("another device's key was given")]
    ForeignDevice,
    #[error("the other members would refuse it: {0}")]
    Refused(#[from] Violation),
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl Session {
    /// Makes a commit and holds it until [`Session::handle_committed`] or
    /// [`Session::handle_conflict`].
    pub fn commit(&mut self, device: &Device, change: Change) -> Result<Outgoing, CommitError> {
        if device.key() != self.device {
            return Err(CommitError::ForeignDevice);
        }
        if self.pending.is_some() {
            return Err(CommitError::Pending);
        }
        let change = self.needed(change);
        if change.is_empty() {
            return Err(CommitError::Nothing);
        }
        if change.weight() > MAX_CHANGES {
            return Err(CommitError::TooMany);
        }
        let outgoing = self.stage(device, &change);
        if outgoing.is_err() {
            self.forget_pending();
        }
        outgoing
    }

    /// The commit lost: another one was accepted for this epoch.
    pub fn handle_conflict(&mut self) {
        self.forget_pending();
    }

    pub(super) fn forget_pending(&mut self) {
        self.pending = None;
        // Fails only if the storage does, which is a map in memory.
        let _ = self.mls.clear_pending_commit(self.provider.storage());
    }

    /// `change` without what is already so.
    fn needed(&self, mut change: Change) -> Change {
        let seated = |device: &DeviceKey| self.roster.leaf_of(device).is_some();
        let own = self.device;
        change.swap.retain(|swap| seated(&swap.device()) && swap.device() != own);
        change.leave.retain(|leave| seated(&leave.device()) && leave.device() != own);
        change.admit.retain(|admission| !seated(&admission.key_package.device()));
        let leaving: Vec<_> = change.leave.iter().map(VerifiedLeave::device).collect();
        change.swap.retain(|swap| !leaving.contains(&swap.device()));
        let going = |d: &DeviceKey| leaving.contains(d);
        change.remove.retain(|device| seated(device) && *device != own && !going(device));
        let mut once = BTreeSet::new();
        change.remove.retain(|device| once.insert(*device));
        let kept = change.remove.clone();
        change.swap.retain(|swap| !kept.contains(&swap.device()));
        change.rules = change.rules.filter(|rules| *rules != self.policy.rules);
        let banned = |device: &DeviceKey| self.policy.removed.contains(device);
        change.block.retain(|device| !banned(device) && !seated(device));
        change.unblock.retain(banned);
        change
    }

    fn stage(&mut self, device: &Device, change: &Change) -> Result<Outgoing, CommitError> {
        let manifest = manifest(change);
        let psk = change.rotate.then(|| self.next_psk()).transpose()?;
        let policy = self.changed_policy(change, psk.as_ref());
        let bundle = self.build(device, change, &manifest, policy.as_ref())?;
        let allowed = rules::check(self.group_facts(), &self.pending_facts()?)?;
        let commit = encode(bundle.commit())?;
        let welcome = bundle.to_welcome_msg().as_ref().map(encode).transpose()?;
        let ticket = device.signer().sign(&Ticket {
            group: self.group_id(),
            epoch: self.epoch(),
            committer: self.device,
            commit: sha256(&[&commit]),
            added: allowed.admitted.iter().map(added).collect(),
            removed: allowed.removed.clone(),
            swapped: manifest.swaps,
            left: manifest.leaves,
            rules: self.changed_rules(change),
        });
        let mark = Mark { removed: self.policy.removed_with(&allowed.removed), ..self.mark() };
        self.pending = Some(Pending { digest: sha256(&[&commit]), allowed, psk: psk.clone() });
        Ok(Outgoing { commit, welcome, ticket, mark, psk })
    }

    fn build(
        &mut self,
        device: &Device,
        change: &Change,
        manifest: &Manifest,
        policy: Option<&Policy>,
    ) -> Result<CommitMessageBundle, Broken> {
        let removes = self.leaves_to_remove(change);
        let proposals = self.other_proposals(change, manifest)?;
        let mut builder = self
            .mls
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(change.refresh)
            .propose_removals(removes)
            .propose_adds(key_packages(change))
            .add_proposals(proposals);
        if let Some(policy) = policy {
            builder = builder
                .propose_group_context_extensions(group_extensions(policy.encode()))
                .map_err(|_| Broken("the policy cannot be proposed"))?;
        }
        builder
            .load_psks(self.provider.storage())
            .map_err(|_| Broken("the PSK is not in the store"))?
            .build(self.provider.rand(), self.provider.crypto(), device, |_| true)
            .map_err(|_| Broken("the commit cannot be built"))?
            .stage_commit(&self.provider)
            .map_err(|_| Broken("the commit cannot be staged"))
    }

    fn leaves_to_remove(&self, change: &Change) -> Vec<LeafNodeIndex> {
        let swapped = change.swap.iter().map(VerifiedSwap::device);
        let left = change.leave.iter().map(VerifiedLeave::device);
        let all = change.remove.iter().copied().chain(swapped).chain(left);
        all.filter_map(|device| self.roster.leaf_of(&device)).map(LeafNodeIndex::new).collect()
    }

    fn other_proposals(
        &self,
        change: &Change,
        manifest: &Manifest,
    ) -> Result<Vec<Proposal>, Broken> {
        let mut proposals = Vec::new();
        if !change.admit.is_empty() || !change.swap.is_empty() {
            let psk = psk_use(&self.provider, self.policy.psk).ok_or(Broken("no PSK nonce"))?;
            proposals.push(Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(psk))));
        }
        if !manifest.is_empty() {
            let custom = CustomProposal::new(MANIFEST_PROPOSAL, manifest.encode());
            proposals.push(Proposal::Custom(Box::new(custom)));
        }
        Ok(proposals)
    }

    fn changed_policy(&self, change: &Change, psk: Option<&GroupPsk>) -> Option<Policy> {
        if !change.changes_policy() {
            return None;
        }
        let banned = [&change.remove[..], &change.block].concat();
        let mut removed = self.policy.removed_with(&banned);
        removed.retain(|device| !change.unblock.contains(device));
        Some(Policy {
            version: self.policy.version.wrapping_add(1),
            rules: self.changed_rules(change).unwrap_or_else(|| self.policy.rules.clone()),
            removed,
            psk: psk.map_or(self.policy.psk, GroupPsk::id),
            certificates: self.certificates_with(&change.certify),
            ..self.policy.clone()
        })
    }

    /// The rules after `change`, if they change.
    fn changed_rules(&self, change: &Change) -> Option<RoomRules> {
        let rules = change.rules.clone().unwrap_or_else(|| self.policy.rules.clone());
        let rules = if change.remove.is_empty() { rules } else { rules.after_removal() };
        (rules != self.policy.rules).then_some(rules)
    }

    /// The policy's certificates with `more`, each in place of an earlier one of its device. Those that
    /// make nobody here anything are left out.
    fn certificates_with(&self, more: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let read = |bytes: &[u8]| {
            Unverified::<Certificate>::read(bytes).ok().map(|read| read.claim().clone())
        };
        let replaced: Vec<_> = more.iter().filter_map(|bytes| Some(read(bytes)?.device)).collect();
        let needed = |bytes: &Vec<u8>| {
            read(bytes).is_some_and(|certificate| {
                let here = self.roster.leaf_of(&certificate.device).is_some();
                let of_use = here || certificate.role > Role::Participant;
                of_use && !replaced.contains(&certificate.device)
            })
        };
        let mut all = self.policy.certificates.clone();
        if !more.is_empty() {
            all.retain(needed);
        }
        all.extend_from_slice(more);
        all
    }

    pub(super) fn group_facts(&self) -> GroupFacts<'_> {
        let next_psk = self.next_psk().ok().map(|psk| psk.id());
        GroupFacts { epoch: self.epoch(), policy: &self.policy, roster: &self.roster, next_psk }
    }

    fn pending_facts(&self) -> Result<CommitFacts, Broken> {
        let staged = self.mls.pending_commit().ok_or(Broken("no commit was staged"))?;
        let sender = Sender::Member(self.mls.own_leaf_index());
        Ok(extract::facts(&self.mls, self.provider.crypto(), &sender, staged))
    }
}

fn manifest(change: &Change) -> Manifest {
    let admission = |a: &Admission| AdmissionEntry {
        key_package: a.key_package.reference(),
        device: a.key_package.device(),
        role: a.role,
    };
    Manifest {
        admissions: change.admit.iter().map(admission).collect(),
        swaps: change.swap.iter().map(|swap| swap.bytes.clone()).collect(),
        leaves: change.leave.iter().map(|leave| leave.bytes.clone()).collect(),
    }
}

fn key_packages(change: &Change) -> Vec<KeyPackage> {
    let admitted = change.admit.iter().map(|admission| &admission.key_package);
    let swapped = change.swap.iter().map(|swap| &swap.key_package);
    admitted.chain(swapped).map(|key_package| key_package.inner().clone()).collect()
}

fn added(entry: &AdmissionEntry) -> Added {
    Added { device: entry.device, role: entry.role }
}

fn encode(message: &MlsMessageOut) -> Result<Vec<u8>, Broken> {
    message.tls_serialize_detached().map_err(|_| Broken("a message cannot be encoded"))
}
