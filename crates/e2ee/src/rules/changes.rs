//! Sorting a commit's proposals, and matching each Add and Remove with the word it happens on.

use super::{MAX_STATEMENT_AGE, Violation};
use crate::facts::{CommitFacts, GroupFacts, ProposalKind};
use crate::manifest::{AdmissionEntry, Manifest};
use base::DeviceKey;
use base::statement::{Leave, Statement, Swap, Unverified};

/// A new leaf.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Add {
    pub key_package: [u8; 32],
    pub device: DeviceKey,
}

/// A commit's proposals by kind.
#[derive(Default)]
pub(super) struct Changes {
    pub adds: Vec<Add>,
    pub removes: Vec<u32>,
    psks: Vec<Option<Vec<u8>>>,
    manifest: Option<Manifest>,
    /// New policy bytes.
    pub policy: Option<Vec<u8>>,
}

impl Changes {
    pub(super) fn sort(commit: &CommitFacts) -> Result<Self, Violation> {
        let mut changes = Changes::default();
        for proposal in &commit.proposals {
            changes.take(&proposal.kind)?;
        }
        Ok(changes)
    }

    fn take(&mut self, kind: &ProposalKind) -> Result<(), Violation> {
        match kind {
            ProposalKind::Add { key_package, device } => {
                let device = device.ok_or(Violation::ForeignCredential)?;
                self.adds.push(Add { key_package: *key_package, device });
            }
            ProposalKind::Remove { leaf } => self.removes.push(*leaf),
            ProposalKind::Psk { id } => self.psks.push(id.clone()),
            ProposalKind::Extensions { policy, keeps_others } => {
                let policy = policy.clone().filter(|_| *keeps_others);
                once(&mut self.policy, policy.ok_or(Violation::MalformedPolicy)?)?;
            }
            ProposalKind::Manifest(bytes) => {
                let manifest = Manifest::decode(bytes).ok().filter(|m| !m.is_empty());
                once(&mut self.manifest, manifest.ok_or(Violation::MalformedManifest)?)?;
            }
            ProposalKind::Foreign => return Err(Violation::ForeignProposal),
        }
        Ok(())
    }

    /// The group's PSK exactly once if anyone is added, none otherwise.
    fn check_psk(&self, expected: &[u8; 16]) -> Result<(), Violation> {
        match (self.adds.is_empty(), self.psks.as_slice()) {
            (true, []) => Ok(()),
            (false, []) => Err(Violation::AddWithoutPsk),
            (false, [Some(id)]) if id == expected => Ok(()),
            _ => Err(Violation::ForeignPsk),
        }
    }
}

fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), Violation> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Violation::Repeated),
    }
}

/// Whom a commit adds and removes, by the reason given.
pub(super) struct Claims {
    pub admitted: Vec<AdmissionEntry>,
    pub removed: Vec<DeviceKey>,
    pub swapped: Vec<DeviceKey>,
    pub left: Vec<DeviceKey>,
}

/// Uses up every Add and Remove: first by swaps and leaves, then Adds by admissions one to one.
/// Removes that remain are the committer's own doing.
pub(super) fn match_claims(
    group: GroupFacts<'_>,
    committer: &DeviceKey,
    changes: &Changes,
) -> Result<Claims, Violation> {
    changes.check_psk(&group.policy.psk)?;
    let empty = Manifest::default();
    let manifest = changes.manifest.as_ref().unwrap_or(&empty);
    let mut adds = changes.adds.clone();
    let mut removes = removed_devices(group, &changes.removes)?;
    let swapped = manifest
        .swaps
        .iter()
        .map(|bytes| use_swap(group, bytes, &mut adds, &mut removes))
        .collect::<Result<Vec<_>, _>>()?;
    let left = manifest
        .leaves
        .iter()
        .map(|bytes| use_leave(group, bytes, &mut removes))
        .collect::<Result<Vec<_>, _>>()?;
    use_admissions(&manifest.admissions, &mut adds)?;
    if !adds.is_empty() {
        return Err(Violation::AddWithoutAdmission);
    }
    if removes.contains(committer) {
        return Err(Violation::RemovesNobody);
    }
    Ok(Claims { admitted: manifest.admissions.clone(), removed: removes, swapped, left })
}

fn removed_devices(group: GroupFacts<'_>, leaves: &[u32]) -> Result<Vec<DeviceKey>, Violation> {
    let mut devices = Vec::with_capacity(leaves.len());
    for leaf in leaves {
        let seat = group.roster.get(*leaf).ok_or(Violation::RemovesNobody)?;
        if devices.contains(&seat.device) {
            return Err(Violation::Repeated);
        }
        devices.push(seat.device);
    }
    Ok(devices)
}

fn use_swap(
    group: GroupFacts<'_>,
    bytes: &[u8],
    adds: &mut Vec<Add>,
    removes: &mut Vec<DeviceKey>,
) -> Result<DeviceKey, Violation> {
    let swap: Swap = own_word(bytes, |swap: &Swap| swap.device)?;
    if swap.group != group.policy.group || !is_recent(group.epoch, swap.epoch) {
        return Err(Violation::BadStatement);
    }
    let add = Add { key_package: swap.key_package, device: swap.device };
    take(adds, &add)?;
    take(removes, &swap.device)?;
    Ok(swap.device)
}

fn use_leave(
    group: GroupFacts<'_>,
    bytes: &[u8],
    removes: &mut Vec<DeviceKey>,
) -> Result<DeviceKey, Violation> {
    let leave: Leave = own_word(bytes, |leave: &Leave| leave.device)?;
    if leave.group != group.policy.group || !is_recent(group.epoch, leave.epoch) {
        return Err(Violation::BadStatement);
    }
    take(removes, &leave.device)?;
    Ok(leave.device)
}

fn use_admissions(admissions: &[AdmissionEntry], adds: &mut Vec<Add>) -> Result<(), Violation> {
    admissions
        .iter()
        .try_for_each(|a| take(adds, &Add { key_package: a.key_package, device: a.device }))
}

/// A statement signed by the very device it is about.
fn own_word<S: Statement>(bytes: &[u8], device: impl Fn(&S) -> DeviceKey) -> Result<S, Violation> {
    let unverified = Unverified::<S>::read(bytes).map_err(|_| Violation::BadStatement)?;
    let key = device(unverified.claim());
    unverified.verify(&key.0).map_err(|_| Violation::BadStatement)
}

fn is_recent(epoch: u64, signed: u64) -> bool {
    signed <= epoch && epoch - signed <= MAX_STATEMENT_AGE
}

fn take<T: PartialEq>(from: &mut Vec<T>, wanted: &T) -> Result<(), Violation> {
    let at = from.iter().position(|item| item == wanted).ok_or(Violation::UnmatchedManifest)?;
    from.remove(at);
    Ok(())
}
