//! The waiting room is off: devices of the host's side let people in without a click, on the terms
//! that the room's rules name.

use crate::desk::Knocker;
use crate::participant::Participant;
use crate::room::Room;
use crate::rules::Edit;
use crate::view;
use base::{AutoAdmit, Millis, Now};
use std::time::Duration;

/// How long the waiting room stays off. Longer than a working day, and it is forgotten over night.
const OPEN_FOR: Duration = Duration::from_secs(8 * 3600);
/// Several devices of the host's side see the same people at the door. The one that leads lets them in
/// at once, the others after this, so that their commits do not race.
const OTHERS_FIRST: Duration = Duration::from_secs(1);

impl Room {
    /// The terms on which people are let in without a click now, with what is intended. In consulting
    /// mode there are none.
    fn door(&self) -> Option<AutoAdmit> {
        let rules = self.rules_to_come();
        let rules = if self.is_removing() { rules.after_removal() } else { rules };
        rules.auto_admit.filter(|_| rules.admits() && rules.consulting.is_none())
    }
}

impl Participant {
    /// The switch **Waiting room**; `cap` is how many people may be here at most while it is off.
    pub(crate) fn set_waiting_room(&mut self, now: Now, on: bool, cap: u16) {
        let (until, shared_links) = (now.wall + OPEN_FOR, true);
        let terms = (!on).then_some(AutoAdmit { until, cap, shared_links });
        self.edit(now, Edit::AutoAdmit(terms));
    }

    /// Whether nothing speaks against letting this one in without a click. A personal invitation is
    /// for the device that first came by it; another one waits for a person's eyes.
    pub(crate) fn opens_to(&self, now: Now, knocker: &Knocker) -> bool {
        let Some(room) = &self.room else { return false };
        if !room.leads() && now.mono < knocker.since + OTHERS_FIRST {
            return false;
        }
        if knocker.of_host {
            return true;
        }
        let Some(door) = room.door() else { return false };
        let invitation = knocker.verified.invitation();
        let rightful = match self.rightful_device(invitation) {
            Some(device) => {
                let another = |other: &Knocker| {
                    other.verified.invitation() == invitation && other.device() != knocker.device()
                };
                device.is_none_or(|device| device == knocker.device())
                    && !room.entering_now().any(another)
            }
            None => door.shared_links,
        };
        rightful && now.wall < door.until && room.members_to_come() < door.cap.into()
    }

    /// Whoever waits need not, where the waiting room was turned off or a place has become free.
    pub(crate) fn open_door(&mut self, now: Now) {
        let Some((room, desk)) = self.room.as_ref().zip(self.desk.as_mut()) else { return };
        if room.door().is_none() && !desk.waiting.iter().any(|knocker| knocker.of_host) {
            return;
        }
        for knocker in std::mem::take(&mut desk.waiting) {
            match (self.opens_to(now, &knocker), &mut self.desk) {
                (false, Some(desk)) => desk.waiting.push(knocker),
                _ => self.let_in(now, knocker),
            }
        }
    }

    /// Those that another device should have let in by now.
    pub(crate) fn door_due(&self) -> Option<Millis> {
        let (room, desk) = (self.room.as_ref()?, self.desk.as_ref()?);
        let unasked = |knocker: &&Knocker| knocker.of_host || room.door().is_some();
        let waiting = desk.waiting.iter().filter(|_| !room.leads()).filter(unasked);
        waiting.map(|knocker| knocker.since + OTHERS_FIRST).min().filter(|due| *due > room.looked)
    }

    /// The time is over: the waiting room is on again for all to see.
    pub(crate) fn tick_door(&mut self, now: Now) {
        if self.door_due().is_some_and(|due| due <= now.mono) {
            if let Some(room) = &mut self.room {
                room.looked = now.mono;
            }
            self.open_door(now);
        }
        let Some(room) = self.room.as_ref().filter(|room| room.leads()) else { return };
        let over = |auto: AutoAdmit| auto.until <= now.wall;
        if room.rules_to_come().auto_admit.is_some_and(over) {
            self.edit(now, Edit::AutoAdmit(None));
        }
    }
}

pub(crate) fn auto_admit_view(auto: AutoAdmit) -> view::AutoAdmit {
    let AutoAdmit { until, cap, shared_links } = auto;
    view::AutoAdmit { until: until.0, cap, shared_links }
}
