//! The waiting room is off: devices of the host's side let people in without a click, on the terms
//! that the room's rules name.

use crate::desk::Knocker;
use crate::participant::Participant;
use crate::room::Room;
use crate::rules::Edit;
use crate::view;
use base::{AutoAdmit, Now};
use std::time::Duration;

/// How long the waiting room stays off. Longer than a working day, and it is forgotten over night.
const OPEN_FOR: Duration = Duration::from_secs(8 * 3600);

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
        let Some((room, door)) = self.room.as_ref().and_then(|room| Some((room, room.door()?)))
        else {
            return false;
        };
        let invitation = knocker.verified.invitation();
        let rightful = match self.personal(invitation) {
            Some(personal) => {
                let another = |other: &Knocker| {
                    other.verified.invitation() == invitation && other.device() != knocker.device()
                };
                !personal.is_new_to(&knocker.device()) && !room.entering_now().any(another)
            }
            None => door.shared_links,
        };
        rightful && now.wall < door.until && room.members_to_come() < door.cap.into()
    }

    /// Whoever waits need not, where the waiting room was turned off or a place has become free.
    pub(crate) fn open_door(&mut self, now: Now) {
        if self.room.as_ref().is_none_or(|room| room.door().is_none()) {
            return;
        }
        let Some(desk) = &mut self.desk else { return };
        for knocker in std::mem::take(&mut desk.waiting) {
            match (self.opens_to(now, &knocker), &mut self.desk) {
                (false, Some(desk)) => desk.waiting.push(knocker),
                _ => self.let_in(now, knocker),
            }
        }
    }

    /// The time is over: the waiting room is on again for all to see.
    pub(crate) fn tick_door(&mut self, now: Now) {
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
