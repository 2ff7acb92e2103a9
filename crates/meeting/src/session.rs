//! One session: a group's roster and epoch, as the tickets of its commits tell.

use crate::commit::Change;
use crate::history::History;
use crate::limits;
use crate::output::Blob;
use crate::requests::Requests;
use base::statement::Added;
use base::{
    DeviceKey, GroupId, OperatorPolicy, ParticipantId, Rights, Role, RoomRules, UnixMillis,
};
use std::collections::BTreeMap;

pub(crate) struct Session {
    pub group: GroupId,
    pub epoch: u64,
    /// Who may do what, by the tickets of the host's side.
    pub rules: RoomRules,
    /// What is fixed for it, whatever the tickets tell.
    pub policy: OperatorPolicy,
    pub history: History,
    /// How to take back the latest commit, for one epoch.
    pub undo: Option<Undo>,
    /// Swaps and leaves that wait for a member to commit them.
    pub requests: Requests,
    members: BTreeMap<DeviceKey, Member>,
    numbers: Numbers,
}

/// A device in the roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub device: DeviceKey,
    pub participant: ParticipantId,
    pub role: Role,
    /// The epoch it entered in; it holds no key of an earlier one.
    pub entered: u64,
    /// Its signed wish to leave. From then on nothing is passed to it or from it.
    pub leaving: Option<Blob>,
}

/// An accepted commit.
pub(crate) struct Entry {
    /// The epoch it applied to.
    pub epoch: u64,
    pub commit: Blob,
    pub ticket: Blob,
}

/// A Welcome that may not have arrived.
pub(crate) struct KeptWelcome {
    /// The epoch it leads to.
    pub epoch: u64,
    pub until: UnixMillis,
    pub message: Blob,
}

/// What the latest commit changed.
#[derive(Clone, Default)]
pub(crate) struct Undo {
    pub rules: RoomRules,
    pub added: Vec<DeviceKey>,
    pub removed: Vec<Member>,
    /// With the epoch each had entered in before.
    pub swapped: Vec<(DeviceKey, u64)>,
}

impl Session {
    /// A group with its host alone in it, in epoch 0.
    pub fn open(
        group: GroupId,
        host: DeviceKey,
        participant: ParticipantId,
        policy: OperatorPolicy,
    ) -> Self {
        let mut session = Session::bare(group, 0, RoomRules::default(), policy);
        session.number(participant, host);
        session.seat(Member {
            device: host,
            participant,
            role: Role::Host,
            entered: 0,
            leaving: None,
        });
        session
    }

    /// A group without members, to be filled from records.
    pub fn bare(group: GroupId, epoch: u64, rules: RoomRules, policy: OperatorPolicy) -> Self {
        Session {
            group,
            epoch,
            rules,
            policy,
            history: History::default(),
            undo: None,
            requests: Requests::default(),
            members: BTreeMap::new(),
            numbers: Numbers::default(),
        }
    }

    /// Everyone in the group, also those about to leave.
    pub fn roster(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn member(&self, device: DeviceKey) -> Option<&Member> {
        self.members.get(&device)
    }

    /// The member, unless it is about to leave.
    pub fn active(&self, device: DeviceKey) -> Option<&Member> {
        self.member(device).filter(|member| member.leaving.is_none())
    }

    pub fn actives(&self) -> impl Iterator<Item = &Member> {
        self.roster().filter(|member| member.leaving.is_none())
    }

    /// What a member may send and say.
    pub fn rights_of(&self, member: &Member) -> Rights {
        self.rights_under(&self.rules, member)
    }

    /// What it might under other rules.
    pub fn rights_under(&self, rules: &RoomRules, member: &Member) -> Rights {
        self.policy.limit(member.role, rules.rights_of(member.role, &member.device))
    }

    /// The number this device has, or had, in this session.
    pub fn number_of(&self, device: DeviceKey) -> Option<ParticipantId> {
        self.numbers.by_device.get(&device).copied()
    }

    /// Whose number this is, or was, in this session.
    pub fn holder_of(&self, number: ParticipantId) -> Option<DeviceKey> {
        self.numbers.by_number.get(&number).copied()
    }

    pub fn has_room_for(&self, more: usize, members: usize) -> bool {
        self.len() + more <= members
            && self.numbers.by_device.len() + more <= limits::SESSION_DEVICES
    }

    /// Fixes a device's number for the session.
    pub fn number(&mut self, number: ParticipantId, device: DeviceKey) {
        self.numbers.by_number.insert(number, device);
        self.numbers.by_device.insert(device, number);
    }

    pub fn seat(&mut self, member: Member) {
        if let Some(leave) = &member.leaving {
            self.requests.leave(member.device, leave.clone());
        }
        self.members.insert(member.device, member);
    }

    /// Gives a member its role; the member, if it had another.
    pub fn assign(&mut self, device: DeviceKey, role: Role) -> Option<&Member> {
        let member = self.members.get_mut(&device).filter(|member| member.role != role)?;
        member.role = role;
        Some(member)
    }

    /// Marks a member as leaving by its own signed wish.
    pub fn leave(&mut self, device: DeviceKey, statement: Blob) -> Option<&Member> {
        let member = self.members.get_mut(&device)?;
        member.leaving = Some(statement.clone());
        self.requests.leave(device, statement);
        Some(member)
    }

    /// Carries out a change that passed every rule. Added devices have their numbers already.
    pub fn apply(&mut self, change: &Change) {
        self.epoch += 1;
        let gone = change.removed.iter().chain(&change.left);
        let removed = gone.filter_map(|device| self.unseat(*device)).collect();
        let swapped = change.swapped.iter().filter_map(|device| self.swap(*device)).collect();
        change.added.iter().for_each(|added| self.add(*added));
        let added = change.added.iter().map(|added| added.device).collect();
        self.undo = Some(Undo { rules: self.rules.clone(), added, removed, swapped });
        if let Some(rules) = &change.rules {
            self.rules = rules.clone();
        }
    }

    /// Takes back the latest commit; `None` if that is not possible any more.
    pub fn take_back(&mut self) -> Option<Undo> {
        let undo = self.undo.take()?;
        self.epoch -= 1;
        self.rules = undo.rules.clone();
        undo.added.iter().for_each(|device| drop(self.unseat(*device)));
        undo.removed.iter().for_each(|member| self.seat(member.clone()));
        for (device, entered) in &undo.swapped {
            if let Some(member) = self.members.get_mut(device) {
                member.entered = *entered;
            }
        }
        Some(undo)
    }

    fn add(&mut self, Added { device, role }: Added) {
        let participant = self.number_of(device).expect("added devices are numbered before");
        self.seat(Member { device, participant, role, entered: self.epoch, leaving: None });
    }

    fn unseat(&mut self, device: DeviceKey) -> Option<Member> {
        self.requests.drop_of(device);
        self.members.remove(&device)
    }

    fn swap(&mut self, device: DeviceKey) -> Option<(DeviceKey, u64)> {
        self.requests.drop_of(device);
        let member = self.members.get_mut(&device)?;
        let before = std::mem::replace(&mut member.entered, self.epoch);
        Some((device, before))
    }
}

/// Participant numbers of everyone who ever was in the session.
#[derive(Default)]
struct Numbers {
    by_device: BTreeMap<DeviceKey, ParticipantId>,
    by_number: BTreeMap<ParticipantId, DeviceKey>,
}
