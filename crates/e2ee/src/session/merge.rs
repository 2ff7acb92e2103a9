//! Taking part in the commits the server accepted, and in the withdrawal of bad ones.

use super::{Broken, LastMerge, Member, Session, extract, member};
use crate::identity::{Device, GroupPsk};
use crate::provider::{forget_psk, store_psk};
use crate::roster::Roster;
use crate::rules::{self, Allowed, Violation};
use base::DeviceKey;
use base::hash::sha256;
use base::statement::{Unverified, Void};
use openmls::framing::{ProcessedMessageContent, ProtocolMessage};
use openmls::group::StagedCommit;
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{ContentType, MlsMessageBodyIn, MlsMessageIn};
use openmls_traits::OpenMlsProvider;

/// A leaf that is empty or another device's now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    pub leaf: u32,
    pub device: DeviceKey,
}

/// A device that came back on a fresh leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub device: DeviceKey,
    pub from: u32,
    pub to: u32,
}

/// What a merged commit did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// The new epoch.
    pub epoch: u64,
    pub committer: DeviceKey,
    pub added: Vec<Member>,
    /// Removed by the host or a delegate.
    pub removed: Vec<Gone>,
    /// Left by their own wish.
    pub left: Vec<Gone>,
    pub swapped: Vec<Moved>,
    /// The policy changed: lock, delegates.
    pub policy_changed: bool,
    /// The new group PSK: to be saved with the mark, and the old one no longer handed out.
    pub psk: Option<GroupPsk>,
    /// This device is out; the session is over.
    pub self_removed: bool,
    /// It was this device's own commit.
    pub own: bool,
}

impl Merged {
    /// Leaves whose old-epoch frames and messages no longer count.
    pub fn dead_leaves(&self) -> impl Iterator<Item = u32> + '_ {
        let gone = self.removed.iter().chain(&self.left).map(|gone| gone.leaf);
        gone.chain(self.swapped.iter().map(|moved| moved.from))
    }

    /// Whether someone must be locked out: send with the new epoch at once.
    pub fn is_urgent(&self) -> bool {
        !self.removed.is_empty() || !self.left.is_empty()
    }
}

/// A commit or void that was not followed; the group stays where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the message cannot be read, or is no commit in a PrivateMessage")]
    Malformed,
    #[error("the message is for another group")]
    OtherGroup,
    #[error("the message is for epoch {0}")]
    OtherEpoch(u64),
    #[error("the commit cannot be processed; a delegate should void it")]
    Unprocessable,
    #[error("the commit breaks the policy: {0}; a delegate should void it")]
    Violation(#[from] Violation),
    #[error("the void is not signed by a delegate with the right to it")]
    BadVoid,
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// What a void means here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voided {
    /// This device had not merged the commit; it goes on in its epoch.
    Resumed,
    /// This device had merged it and its session is over: its old state is gone for good. It saves
    /// the mark with `epoch` and asks for its place back by swap.
    Rejoin { epoch: u64 },
}

impl Session {
    /// Follows the commit the server accepted for the current epoch, ours included.
    pub fn handle_committed(&mut self, commit: &[u8]) -> Result<Merged, Refusal> {
        let digest = sha256(&[commit]);
        if self.pending.as_ref().is_some_and(|pending| pending.digest == digest) {
            return self.merge_own(digest);
        }
        let message = self.read(commit)?;
        let judged = self.judge(message);
        let (allowed, staged) = judged.inspect_err(|_| self.refused = Some(digest))?;
        self.merge(digest, allowed, *staged)
    }

    fn merge_own(&mut self, digest: [u8; 32]) -> Result<Merged, Refusal> {
        let pending = self.pending.take().ok_or(Broken("no commit is pending"))?;
        self.mls
            .merge_pending_commit(&self.provider)
            .map_err(|_| Broken("the own commit cannot be merged"))?;
        let psk = self.adopt(pending.psk)?;
        Ok(Merged { psk, ..self.settle(digest, pending.allowed, false) })
    }

    /// A PrivateMessage of a commit for this group and epoch.
    fn read(&self, commit: &[u8]) -> Result<ProtocolMessage, Refusal> {
        let message =
            MlsMessageIn::tls_deserialize_exact(commit).map_err(|_| Refusal::Malformed)?;
        let MlsMessageBodyIn::PrivateMessage(message) = message.extract() else {
            return Err(Refusal::Malformed);
        };
        let message = ProtocolMessage::from(message);
        if message.content_type() != ContentType::Commit {
            return Err(Refusal::Malformed);
        }
        if message.group_id() != self.mls.group_id() {
            return Err(Refusal::OtherGroup);
        }
        match message.epoch().as_u64() {
            epoch if epoch == self.epoch() => Ok(message),
            epoch => Err(Refusal::OtherEpoch(epoch)),
        }
    }

    /// Between processing and merging: the policy check.
    fn judge(&mut self, message: ProtocolMessage) -> Result<(Allowed, Box<StagedCommit>), Refusal> {
        let processed = self
            .mls
            .process_message(&self.provider, message)
            .map_err(|_| Refusal::Unprocessable)?;
        let sender = processed.sender().clone();
        let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
            return Err(Refusal::Unprocessable);
        };
        let facts = extract::facts(&self.mls, self.provider.crypto(), &sender, &staged);
        Ok((rules::check(self.group_facts(), &facts)?, staged))
    }

    fn merge(
        &mut self,
        digest: [u8; 32],
        allowed: Allowed,
        staged: StagedCommit,
    ) -> Result<Merged, Refusal> {
        let self_removed = staged.self_removed();
        let rotates = allowed.policy.as_ref().is_some_and(|new| new.psk != self.policy.psk);
        // Merging replaces the exporter that it follows from.
        let psk = rotates.then(|| self.next_psk()).transpose()?;
        self.mls
            .merge_staged_commit(&self.provider, staged)
            .map_err(|_| Broken("a checked commit cannot be merged"))?;
        self.pending = None;
        let psk = self.adopt(psk)?;
        Ok(Merged { psk, ..self.settle(digest, allowed, self_removed) })
    }

    /// Puts a new group PSK in the place of the present one.
    fn adopt(&self, psk: Option<GroupPsk>) -> Result<Option<GroupPsk>, Broken> {
        let Some(psk) = psk else { return Ok(None) };
        if !store_psk(&self.provider, &psk) {
            return Err(Broken("the PSK cannot be stored"));
        }
        forget_psk(&self.provider, self.policy.psk);
        Ok(Some(psk))
    }

    fn settle(&mut self, digest: [u8; 32], allowed: Allowed, self_removed: bool) -> Merged {
        let before = std::mem::take(&mut self.roster);
        let policy_changed = allowed.policy.is_some();
        if let Some(policy) = &allowed.policy {
            self.policy = policy.clone();
        }
        self.refused = None;
        self.last = Some(LastMerge { digest, committer: allowed.committer });
        self.refresh_roster(&before, &allowed.admitted);
        let gone =
            |devices: &[DeviceKey]| devices.iter().filter_map(|d| gone(&before, d)).collect();
        Merged {
            epoch: self.epoch(),
            committer: allowed.committer,
            added: allowed.admitted.iter().filter_map(|e| self.member_of(&e.device)).collect(),
            removed: gone(&allowed.removed),
            left: gone(&allowed.left),
            swapped: allowed.swapped.iter().filter_map(|d| self.moved(&before, d)).collect(),
            policy_changed,
            psk: None,
            self_removed,
            own: allowed.committer == self.device,
        }
    }

    fn member_of(&self, device: &DeviceKey) -> Option<Member> {
        let leaf = self.roster.leaf_of(device)?;
        Some(member(leaf, self.roster.get(leaf)?))
    }

    fn moved(&self, before: &Roster, device: &DeviceKey) -> Option<Moved> {
        let (from, to) = (before.leaf_of(device)?, self.roster.leaf_of(device)?);
        Some(Moved { device: *device, from, to })
    }

    /// Withdraws `commit`, which the server accepted for this epoch and this device refused; `None`
    /// if it did not refuse it, or has no right to.
    pub fn void(&self, device: &Device, commit: &[u8]) -> Option<Vec<u8>> {
        let commit = sha256(&[commit]);
        let delegate = self.policy.role_of(&device.key()).is_some_and(|role| role.is_delegate());
        if self.refused != Some(commit) || !delegate {
            return None;
        }
        let (group, epoch) = (self.group_id(), self.epoch());
        Some(device.signer().sign(&Void { group, epoch, commit, device: device.key() }))
    }

    /// Follows a delegate's withdrawal of a commit.
    pub fn handle_voided(&mut self, void: &[u8]) -> Result<Voided, Refusal> {
        let void = self.verify_void(void)?;
        if void.epoch == self.epoch() {
            self.refused = None;
            self.drop_pending(&void.commit);
            return Ok(Voided::Resumed);
        }
        let merged = self.last.as_ref().filter(|last| last.digest == void.commit);
        match merged {
            Some(last) if void.epoch + 1 == self.epoch() => {
                self.check_rank(&void.device, &last.committer)?;
                Ok(Voided::Rejoin { epoch: void.epoch })
            }
            _ => Err(Refusal::OtherEpoch(void.epoch)),
        }
    }

    fn verify_void(&self, bytes: &[u8]) -> Result<Void, Refusal> {
        let unverified = Unverified::<Void>::read(bytes).map_err(|_| Refusal::BadVoid)?;
        let device = unverified.claim().device;
        let void = unverified.verify(&device.0).map_err(|_| Refusal::BadVoid)?;
        if void.group != self.group_id() {
            return Err(Refusal::OtherGroup);
        }
        let delegate = self.policy.role_of(&device).is_some_and(|role| role.is_delegate());
        let present = self.roster.leaf_of(&device).is_some();
        if delegate && present { Ok(void) } else { Err(Refusal::BadVoid) }
    }

    /// A delegate does not undo what the host has done.
    fn check_rank(&self, voider: &DeviceKey, committer: &DeviceKey) -> Result<(), Refusal> {
        match self.policy.role_of(voider) >= self.policy.role_of(committer) {
            true => Ok(()),
            false => Err(Refusal::BadVoid),
        }
    }

    fn drop_pending(&mut self, digest: &[u8; 32]) {
        if self.pending.as_ref().is_some_and(|pending| pending.digest == *digest) {
            self.forget_pending();
        }
    }
}

fn gone(before: &Roster, device: &DeviceKey) -> Option<Gone> {
    Some(Gone { leaf: before.leaf_of(device)?, device: *device })
}
