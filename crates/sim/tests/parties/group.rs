//! The group as each device holds it: a tree of epochs, which grows by the commits that members merge.

use base::statement::{Certificate, Leave, Role, Swap};
use base::{DeviceKey, GroupId, MeetingId, Party, Secret, UnixMillis};
use e2ee::facts::{CommitFacts, GroupFacts, PathFact, ProposalFact, ProposalKind, SenderFact};
use e2ee::manifest::{AdmissionEntry, Manifest};
use e2ee::policy::Policy;
use e2ee::roster::{Roster, Seat};
use e2ee::rules::{Allowed, Violation, check};
use e2ee::{Device, HostKey};
use std::collections::BTreeSet;
use std::sync::LazyLock;

pub const HOST: usize = 0;
pub const COHOST: usize = 1;
/// Two of one invitation, two of one each, and one who came by the link for everyone.
pub const GUESTS: std::ops::Range<usize> = 2..7;
const PARTIES: [u8; 7] = [0, 0, 1, 1, 2, 3, 4];
const MEETING: MeetingId = MeetingId([1; 16]);
const PSK: [u8; 16] = [4; 16];

pub struct Cast {
    pub devices: Vec<Device>,
    pub keys: Vec<DeviceKey>,
    hk: HostKey,
}

pub static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let devices: Vec<_> = (0..7).map(|n| Device::from_seed(Secret::new([n; 32]))).collect();
    let keys = devices.iter().map(Device::key).collect();
    Cast { devices, keys, hk: HostKey::from_seed(Secret::new([200; 32])) }
});

pub fn party_of(who: usize) -> Party {
    Party([PARTIES[who]; 8])
}

/// One epoch.
pub struct Epoch {
    pub parent: Option<usize>,
    pub children: Vec<usize>,
    pub number: u64,
    pub policy: Policy,
    pub roster: Roster,
    /// Somebody in it came when the mode was off.
    pub mixed: bool,
    /// So many came back to a fresh leaf with it.
    pub swapped: usize,
}

impl Epoch {
    /// The first one of a session: the host's side alone.
    pub fn first(session: u8, rules: base::RoomRules) -> Epoch {
        let group = GroupId([session; 16]);
        let certify = |who: usize, role| {
            let (device, expiry) = (CAST.keys[who], UnixMillis(u64::MAX));
            CAST.hk.certify(&Certificate {
                meeting: MEETING,
                group,
                device,
                role,
                serial: 1,
                expiry,
            })
        };
        let host = certify(HOST, Role::Host);
        let mut policy = Policy::new(MEETING, group, CAST.hk.public(), PSK, host);
        policy.certificates.push(certify(COHOST, Role::Cohost));
        policy.rules = rules;
        let roles = [(HOST, Role::Host), (COHOST, Role::Cohost)];
        let seat = |(who, role): (usize, Role)| (who as u32, Seat { device: CAST.keys[who], role });
        let roster = roles.map(seat).into_iter().collect();
        Epoch {
            parent: None,
            children: Vec::new(),
            number: 0,
            policy,
            roster,
            mixed: false,
            swapped: 0,
        }
    }

    pub fn has(&self, who: usize) -> bool {
        self.roster.leaf_of(&CAST.keys[who]).is_some()
    }

    pub fn guests(&self) -> impl Iterator<Item = usize> + '_ {
        GUESTS.filter(|who| self.has(*who))
    }

    pub fn parties(&self) -> BTreeSet<u8> {
        self.guests().map(|who| PARTIES[who]).collect()
    }

    /// The epoch after a commit, if the members merge it.
    pub fn after(&self, at: usize, commit: &CommitFacts) -> Result<Epoch, Violation> {
        let facts = GroupFacts {
            epoch: self.number,
            policy: &self.policy,
            roster: &self.roster,
            next_psk: None,
        };
        let allowed = check(facts, commit)?;
        let (roster, swapped) = (self.roster_after(&allowed), allowed.swapped.len());
        let policy = allowed.policy.unwrap_or_else(|| self.policy.clone());
        let (number, parent) = (self.number + 1, Some(at));
        let mut next = Epoch {
            parent,
            children: Vec::new(),
            number,
            policy,
            roster,
            mixed: self.mixed,
            swapped,
        };
        next.mixed = match next.policy.rules.consulting {
            None => true,
            Some(_) => self.mixed && next.guests().next().is_some(),
        };
        Ok(next)
    }

    fn roster_after(&self, allowed: &Allowed) -> Roster {
        let gone = [&allowed.removed[..], &allowed.left, &allowed.swapped].concat();
        let stay = self.roster.iter().filter(|(_, seat)| !gone.contains(&seat.device));
        let mut seats: Vec<(u32, Seat)> = stay.collect();
        let back = allowed.swapped.iter().map(|device| (*device, Role::Participant));
        let new = allowed.admitted.iter().map(|entry| (entry.device, entry.role));
        for (device, role) in back.chain(new) {
            let free = (0..).find(|leaf| seats.iter().all(|(taken, _)| taken != leaf));
            seats.push((free.expect("a leaf is free"), Seat { device, role }));
        }
        seats.into_iter().collect()
    }

    /// What is wrong with this epoch following `before`.
    pub fn harm(&self, before: &Epoch) -> Option<String> {
        let (was, is) = (before.parties(), self.parties());
        if self.mixed {
            return None;
        }
        if is.len() > 1 {
            return Some(format!("{is:?} are in epoch {} together", self.number));
        }
        let handed_over = !was.is_empty() && !is.is_empty() && was != is && !before.mixed;
        handed_over.then(|| format!("{is:?} follows {was:?} in epoch {}", self.number))
    }
}

/// A commit being made, as a device's session makes it.
pub struct Draft {
    kinds: Vec<ProposalKind>,
    manifest: Manifest,
    policy: Option<Policy>,
}

impl Draft {
    pub fn new() -> Draft {
        Draft { kinds: Vec::new(), manifest: Manifest::default(), policy: None }
    }

    pub fn admit(&mut self, who: usize, key_package: [u8; 32]) {
        let device = CAST.keys[who];
        self.kinds.push(ProposalKind::Add { key_package, device: Some(device) });
        let entry = AdmissionEntry { key_package, device, role: Role::Participant };
        self.manifest.admissions.push(entry);
    }

    pub fn leave(&mut self, epoch: &Epoch, who: usize, word: Vec<u8>) {
        self.manifest.leaves.push(word);
        self.take_out(epoch, who);
    }

    pub fn swap(&mut self, epoch: &Epoch, who: usize, key_package: [u8; 32], word: Vec<u8>) {
        self.manifest.swaps.push(word);
        self.take_out(epoch, who);
        self.kinds.push(ProposalKind::Add { key_package, device: Some(CAST.keys[who]) });
    }

    pub fn remove(&mut self, epoch: &Epoch, who: usize) {
        self.take_out(epoch, who);
        self.policy(epoch).removed.push(CAST.keys[who]);
    }

    /// The policy to come.
    pub fn policy(&mut self, epoch: &Epoch) -> &mut Policy {
        let old = &epoch.policy;
        self.policy.get_or_insert_with(|| Policy { version: old.version + 1, ..old.clone() })
    }

    fn take_out(&mut self, epoch: &Epoch, who: usize) {
        self.kinds.extend(
            epoch.roster.leaf_of(&CAST.keys[who]).map(|leaf| ProposalKind::Remove { leaf }),
        );
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.policy.is_none()
    }

    pub fn finish(mut self, epoch: &Epoch, by: usize) -> CommitFacts {
        if self.kinds.iter().any(|kind| matches!(kind, ProposalKind::Add { .. })) {
            self.kinds.push(ProposalKind::Psk { id: Some(PSK.to_vec()) });
        }
        if !self.manifest.is_empty() {
            self.kinds.push(ProposalKind::Manifest(self.manifest.encode()));
        }
        if let Some(policy) = self.policy {
            let policy = Some(policy.encode());
            self.kinds.push(ProposalKind::Extensions { policy, keeps_others: true });
        }
        let leaf = epoch.roster.leaf_of(&CAST.keys[by]);
        let path =
            PathFact { keeps_signature_key: true, keeps_credential: true, keeps_extensions: true };
        CommitFacts {
            sender: leaf.map_or(SenderFact::Outside, SenderFact::Member),
            path: Some(path),
            proposals: self
                .kinds
                .into_iter()
                .map(|kind| ProposalFact { inline: true, kind })
                .collect(),
        }
    }
}

pub fn sign_leave(epoch: &Epoch, who: usize) -> Vec<u8> {
    let (group, device) = (epoch.policy.group, CAST.keys[who]);
    CAST.devices[who].signer().sign(&Leave { group, device, epoch: epoch.number })
}

pub fn sign_swap(epoch: &Epoch, who: usize, key_package: [u8; 32]) -> Vec<u8> {
    let (group, device) = (epoch.policy.group, CAST.keys[who]);
    CAST.devices[who].signer().sign(&Swap { group, device, key_package, epoch: epoch.number })
}
