//! Who plays, with real keys; and statements as facts, from which the signed bytes are made. The
//! model judges the facts, the meeting the bytes.

use base::hash::sha256;
use base::statement::{Added, Certificate, Leave, Signer, Swap, Ticket};
use base::{DeviceKey, GroupId, MeetingId, MeetingKey, Role, RoomRules, Secret, UnixMillis};
use meeting::Verified;

/// A member of the cast, by number.
pub type Who = usize;

/// A meeting's key, its devices, and a key of somebody else's meeting.
pub struct Cast {
    pub meeting: MeetingId,
    pub hk: Signer,
    foreign_hk: Signer,
    devices: Vec<Signer>,
}

/// A certificate, told by what is true of it.
#[derive(Clone, Copy, Debug)]
pub struct CertificateFacts {
    /// Signed by this meeting's HK, not by another.
    pub by_hk: bool,
    pub this_meeting: bool,
    pub device: Who,
    pub group: GroupId,
    pub role: Role,
    pub serial: u64,
    pub expiry: UnixMillis,
}

#[derive(Clone, Debug)]
pub struct SwapFacts {
    pub signer: Who,
    pub device: Who,
    pub group: GroupId,
    pub epoch: u64,
    pub key_package: [u8; 32],
}

#[derive(Clone, Debug)]
pub struct LeaveFacts {
    pub signer: Who,
    pub device: Who,
    pub group: GroupId,
    pub epoch: u64,
}

#[derive(Clone, Debug)]
pub struct TicketFacts {
    pub signer: Who,
    pub committer: Who,
    pub group: GroupId,
    pub epoch: u64,
    pub commit: Vec<u8>,
    /// Whether the ticket's hash is that of the commit.
    pub hash_matches: bool,
    pub added: Vec<(Who, Role)>,
    pub removed: Vec<Who>,
    pub swapped: Vec<SwapFacts>,
    pub left: Vec<LeaveFacts>,
    /// The room's new rules, if they change.
    pub rules: Option<RoomRules>,
    pub welcome: bool,
}

impl Cast {
    pub fn new(devices: usize) -> Self {
        let signer = |seed: u8| Signer::from_seed(&Secret::new([seed; 32]));
        Cast {
            meeting: MeetingId([1; 16]),
            hk: signer(0xf0),
            foreign_hk: signer(0xf1),
            devices: (1..=devices as u8).map(signer).collect(),
        }
    }

    pub fn everyone(&self) -> std::ops::Range<Who> {
        0..self.devices.len()
    }

    pub fn key(&self) -> MeetingKey {
        MeetingKey(self.hk.public())
    }

    pub fn signer(&self, who: Who) -> &Signer {
        &self.devices[who]
    }

    pub fn device(&self, who: Who) -> DeviceKey {
        DeviceKey(self.devices[who].public())
    }

    /// Who has this key.
    pub fn who(&self, device: DeviceKey) -> Who {
        let mut everyone = self.everyone();
        everyone.find(|who| self.device(*who) == device).expect("only the cast plays")
    }

    fn certificate(&self, facts: CertificateFacts) -> Vec<u8> {
        let signer = if facts.by_hk { &self.hk } else { &self.foreign_hk };
        signer.sign(&Certificate {
            meeting: if facts.this_meeting { self.meeting } else { MeetingId([9; 16]) },
            group: facts.group,
            device: self.device(facts.device),
            role: facts.role,
            serial: facts.serial,
            expiry: facts.expiry,
        })
    }

    /// A certificate as a shell hands it on that checked it under the wrong key: the core must
    /// notice by itself.
    pub fn verified(&self, facts: CertificateFacts) -> Verified<Certificate> {
        let signer = if facts.by_hk { &self.hk } else { &self.foreign_hk };
        let key = MeetingKey(signer.public());
        Verified::by_meeting_key(&self.certificate(facts), &key).expect("it was signed with it")
    }

    pub fn swap(&self, facts: &SwapFacts) -> Vec<u8> {
        self.signer(facts.signer).sign(&Swap {
            group: facts.group,
            device: self.device(facts.device),
            key_package: facts.key_package,
            epoch: facts.epoch,
        })
    }

    pub fn leave(&self, facts: &LeaveFacts) -> Vec<u8> {
        let device = self.device(facts.device);
        self.signer(facts.signer).sign(&Leave { group: facts.group, device, epoch: facts.epoch })
    }

    pub fn ticket(&self, facts: &TicketFacts) -> Vec<u8> {
        let hash = if facts.hash_matches { sha256(&[&facts.commit]) } else { [0; 32] };
        let added = |(who, role): &(Who, Role)| Added { device: self.device(*who), role: *role };
        self.signer(facts.signer).sign(&Ticket {
            group: facts.group,
            epoch: facts.epoch,
            committer: self.device(facts.committer),
            commit: hash,
            added: facts.added.iter().map(added).collect(),
            removed: facts.removed.iter().map(|who| self.device(*who)).collect(),
            swapped: facts.swapped.iter().map(|swap| self.swap(swap)).collect(),
            left: facts.left.iter().map(|leave| self.leave(leave)).collect(),
            rules: facts.rules.clone(),
        })
    }
}
