//! Who sits at which leaf, now and in the epochs just past.

use base::DeviceKey;
use base::statement::Role;
use std::collections::{BTreeMap, VecDeque};

/// Epochs whose rosters are kept: a frame or message may name one of them. Joins can make seven
/// epochs a second, and frames of an old epoch count for two.
const HISTORY: usize = 16;

/// A member at its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    pub device: DeviceKey,
    pub role: Role,
}

/// The members of one epoch by leaf index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    seats: BTreeMap<u32, Seat>,
    /// Asked for with every message and for every tile.
    leaves: BTreeMap<DeviceKey, u32>,
}

impl Roster {
    pub fn get(&self, leaf: u32) -> Option<Seat> {
        self.seats.get(&leaf).copied()
    }

    pub fn leaf_of(&self, device: &DeviceKey) -> Option<u32> {
        self.leaves.get(device).copied()
    }

    /// Leaves in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Seat)> {
        self.seats.iter().map(|(leaf, seat)| (*leaf, *seat))
    }

    pub fn len(&self) -> usize {
        self.seats.len()
    }

    pub fn is_empty(&self) -> bool {
        self.seats.is_empty()
    }
}

impl FromIterator<(u32, Seat)> for Roster {
    fn from_iter<I: IntoIterator<Item = (u32, Seat)>>(seats: I) -> Self {
        let mut roster = Roster::default();
        roster.seats.extend(seats);
        // The first of two leaves of one device, as policy allows only one.
        roster.leaves.extend(roster.seats.iter().rev().map(|(leaf, seat)| (seat.device, *leaf)));
        roster
    }
}

/// Rosters by epoch, the newest last; the oldest beyond [`HISTORY`] are dropped.
#[derive(Default)]
pub(crate) struct History(VecDeque<(u64, Roster)>);

impl History {
    pub(crate) fn push(&mut self, epoch: u64, roster: Roster) {
        self.0.push_back((epoch, roster));
        while self.0.len() > HISTORY {
            self.0.pop_front();
        }
    }

    pub(crate) fn at(&self, epoch: u64) -> Option<&Roster> {
        self.0.iter().rev().find(|(e, _)| *e == epoch).map(|(_, roster)| roster)
    }
}
