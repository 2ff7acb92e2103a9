//! Who is here. Who is a member, and under which name, comes from the group alone; the server
//! adds only whether a device is connected, and its number.

use base::DeviceKey;
use std::collections::{BTreeMap, BTreeSet};
use wire::Member;

/// The largest group; what a server says beyond it is not kept.
const MAX_PEOPLE: usize = 4096;

/// What a person has told the group to be on.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct On {
    pub mic: bool,
    pub camera: bool,
    pub screen: bool,
    /// The hand is raised.
    pub hand: bool,
}

#[derive(Default)]
pub(crate) struct People {
    /// Members in order of joining.
    order: Vec<DeviceKey>,
    on: BTreeMap<DeviceKey, On>,
    /// Whose hand is raised, longest first.
    hands: Vec<DeviceKey>,
    /// The server's word, by its number.
    seen: BTreeMap<u32, Member>,
    /// The numbers in it by device.
    numbers: BTreeMap<DeviceKey, u32>,
    /// Whose connection came back: it may have missed something.
    returned: BTreeSet<DeviceKey>,
}

impl People {
    pub fn order(&self) -> &[DeviceKey] {
        &self.order
    }

    pub fn on(&self, device: &DeviceKey) -> On {
        self.on.get(device).copied().unwrap_or_default()
    }

    pub fn seen(&self, device: &DeviceKey) -> Option<&Member> {
        self.seen.get(self.numbers.get(device)?)
    }

    /// Of these devices, those whose connection is gone.
    pub fn away(&self, devices: impl Iterator<Item = DeviceKey>) -> BTreeSet<DeviceKey> {
        let mut away = BTreeSet::new();
        away.extend(devices.filter(|d| self.seen(d).is_some_and(|member| !member.connected)));
        away
    }

    pub fn device_of(&self, participant: u32) -> Option<DeviceKey> {
        self.seen.get(&participant).map(|member| member.device)
    }

    pub fn take_returned(&mut self) -> BTreeSet<DeviceKey> {
        std::mem::take(&mut self.returned)
    }

    /// The group's members, whatever the server says.
    pub fn handle_roster(&mut self, members: impl Iterator<Item = DeviceKey>) {
        let members: Vec<_> = members.collect();
        let mut here = BTreeSet::new();
        here.extend(members.iter().copied());
        self.order.retain(|device| here.contains(device));
        let mut known = BTreeSet::new();
        known.extend(self.order.iter().copied());
        self.order.extend(members.into_iter().filter(|device| known.insert(*device)));
        self.on.retain(|device, _| here.contains(device));
        self.hands.retain(|device| here.contains(device));
    }

    pub fn handle_on(&mut self, device: DeviceKey, on: On) {
        if !self.order.contains(&device) {
            return;
        }
        self.on.insert(device, on);
        match self.hand(&device) {
            None if on.hand => self.hands.push(device),
            Some(_) if !on.hand => self.hands.retain(|raised| *raised != device),
            _ => {}
        }
    }

    /// Its place among the raised hands, from 0.
    pub fn hand(&self, device: &DeviceKey) -> Option<usize> {
        self.hands.iter().position(|raised| raised == device)
    }

    pub fn handle_members(&mut self, members: Vec<Member>) {
        self.seen.clear();
        self.seen.extend(members.into_iter().take(MAX_PEOPLE).map(|m| (m.participant, m)));
        self.numbers.clear();
        self.numbers.extend(self.seen.values().map(|m| (m.device, m.participant)));
    }

    pub fn handle_member(&mut self, member: Member) {
        let known = self.seen.get(&member.participant);
        if member.connected && known.is_some_and(|known| !known.connected) {
            self.returned.insert(member.device);
        }
        if known.is_some() || self.seen.len() < MAX_PEOPLE {
            self.seen.insert(member.participant, member);
            self.numbers.insert(member.device, member.participant);
        }
    }

    pub fn handle_gone(&mut self, participant: u32) {
        let Some(Member { device, .. }) = self.seen.remove(&participant) else { return };
        if self.numbers.get(&device) == Some(&participant) {
            self.numbers.remove(&device);
        }
    }

    /// Our own connection is lost: what the server said of others is out of date.
    pub fn handle_offline(&mut self) {
        self.returned.clear();
    }

    pub fn clear(&mut self) {
        *self = People::default();
    }
}
