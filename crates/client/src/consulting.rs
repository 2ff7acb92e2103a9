//! Consulting mode: one party at a time, a party being the people of one personal invitation, or a
//! single device that came by a link for everyone. The party is written into the room's rules, where
//! members and server keep it as long as any of it has keys; this is the host's side of it: whose
//! turn it is, and who waits until then.

use crate::desk::Knocker;
use crate::participant::Participant;
use crate::room::Room;
use base::hash::sha256;
use base::{DeviceKey, Now, Party, RoomRules};
use e2ee::doorbell::VerifiedKnock;

/// Whose turn it is while nobody's is.
pub(crate) const NOBODY: Party = Party([0; 8]);

/// What decides whom the host's side may let in next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The party named by the rules; `None` while the mode is off.
    pub party: Option<Party>,
    /// Someone but the host's side has keys.
    pub occupied: bool,
}

impl Turn {
    /// Whose turn it is once `first` of those to be let in has been chosen.
    pub fn next(self, first: Party) -> Party {
        self.party.filter(|_| self.occupied).unwrap_or(first)
    }

    /// Whether `party` may be let in, when those on their way in are `entering`.
    pub fn admits(self, party: Party, entering: Option<Party>) -> bool {
        self.party.is_none() || self.next(entering.unwrap_or(party)) == party
    }

    /// The party that the rules name from the next commit on, which lets `entering` in; `None` if
    /// there is nothing to name.
    pub fn names(self, entering: Option<Party>) -> Option<Party> {
        self.party.and(entering).map(|first| self.next(first))
    }
}

/// The party that a knock belongs to. `personal`: it came by a link made for one person.
pub fn party_of(knock: &VerifiedKnock, personal: bool) -> Party {
    match personal {
        true => Party(knock.invitation().0),
        false => alone(&knock.device()),
    }
}

fn alone(device: &DeviceKey) -> Party {
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[b"incamera/v1/party", &device.0]);
    Party([a, b, c, d, e, f, g, h])
}

impl Room {
    pub fn turn(&self, rules: &RoomRules) -> Turn {
        let occupied = self.session.members().any(|member| !member.role.is_delegate());
        Turn { party: rules.consulting, occupied }
    }

    /// Those who are here when the mode begins are one party; whoever of a personal invitation is
    /// still on the way belongs to it.
    pub fn party_present(&self) -> Party {
        let here = self.session.members().filter(|member| !member.role.is_delegate());
        let mut here = here.map(|member| self.parties.get(&member.device).copied());
        let first = here.next().flatten();
        first.filter(|_| here.all(|other| other == first)).unwrap_or(NOBODY)
    }
}

impl Participant {
    /// Why **Admit** does nothing for this one now: the room is closed, or another party is here or on
    /// its way in.
    pub(crate) fn must_wait(&self, knocker: &Knocker) -> bool {
        let Some(room) = &self.room else { return false };
        let rules = room.rules_to_come();
        let in_turn = room.turn(&rules).admits(knocker.party, room.entering());
        !knocker.of_host && (!rules.admits() || !in_turn)
    }

    /// Another device of the host's side has let another party in first, or the room was closed: these
    /// wait again.
    pub(crate) fn wait_again(&mut self) {
        let (Some(room), Some(desk)) = (&mut self.room, &mut self.desk) else { return };
        desk.waiting.splice(..0, room.take_held_back());
    }

    /// **See NAME out**: removed, and free to knock again.
    pub(crate) fn see_out(&mut self, now: Now, device: &[u8]) {
        let Ok(key) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        if let Some(room) = self.room.as_mut().filter(|_| self.saved.host.is_some()) {
            room.intend_unblock_after_removal(key);
        }
        self.remove(device);
        self.run_commits(now);
    }

    /// The host's next session begins with the rules of this one; who may do what for themselves,
    /// and what was closed in the heat of a moment, ends with it. Whoever was removed stays out.
    pub(crate) fn keep_rules(&mut self) {
        let (Some(host), Some(room)) = (&mut self.saved.host, &self.room) else { return };
        let policy = room.session.policy();
        host.rules = RoomRules {
            locked: false,
            frozen: false,
            exceptions: Vec::new(),
            ..policy.rules.clone()
        };
        host.blocked.clone_from(&policy.removed);
        self.unsaved = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: Party = Party([1; 8]);
    const BEN: Party = Party([2; 8]);

    #[test]
    fn without_the_mode_everyone_may_come() {
        for occupied in [true, false] {
            assert!(Turn { party: None, occupied }.admits(BEN, Some(ANA)));
        }
    }

    #[test]
    fn in_an_empty_room_the_first_one_chosen_has_the_turn() {
        let turn = Turn { party: Some(ANA), occupied: false };
        assert!(turn.admits(BEN, None) && turn.admits(ANA, None));
        assert!(turn.admits(BEN, Some(BEN)) && !turn.admits(ANA, Some(BEN)));
    }

    #[test]
    fn while_one_party_is_in_only_its_own_may_follow() {
        let turn = Turn { party: Some(ANA), occupied: true };
        assert!(turn.admits(ANA, None) && !turn.admits(BEN, None));
        assert!(!turn.admits(BEN, Some(BEN)));
    }
}
