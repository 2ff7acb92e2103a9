//! What a device means to change in the group, as [`client`]'s room holds it.

use super::group::{CAST, Draft, Epoch, HOST, party_of};
use base::{Party, RoomRules};
use client::Turn;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
pub struct Desk {
    pub waiting: Vec<usize>,
    pub pending: bool,
    pub remove: BTreeSet<usize>,
    pub switch_mode: bool,
    admit: Vec<usize>,
    leave: BTreeMap<usize, Vec<u8>>,
    swap: BTreeMap<usize, ([u8; 32], Vec<u8>)>,
}

impl Desk {
    pub fn ring(&mut self, guest: usize) {
        if !self.waiting.contains(&guest) && !self.admit.contains(&guest) {
            self.waiting.push(guest);
        }
    }

    pub fn hear_leave(&mut self, guest: usize, word: &[u8]) {
        self.leave.insert(guest, word.to_vec());
    }

    pub fn hear_swap(&mut self, guest: usize, key_package: [u8; 32], word: &[u8]) {
        self.swap.insert(guest, (key_package, word.to_vec()));
    }

    pub fn intend(&mut self, guest: usize) {
        self.waiting.retain(|other| *other != guest);
        self.admit.push(guest);
    }

    pub fn entering(&self) -> Option<Party> {
        self.admit.first().map(|first| party_of(*first))
    }

    pub fn turn(&self, epoch: &Epoch) -> Turn {
        let occupied = epoch.roster.iter().any(|(_, seat)| !seat.role.is_delegate());
        Turn { party: self.rules_to_come(epoch).consulting, occupied }
    }

    fn rules_to_come(&self, epoch: &Epoch) -> RoomRules {
        let mut rules = epoch.policy.rules.clone();
        if self.switch_mode {
            rules.consulting = match rules.consulting {
                Some(_) => None,
                None => Some(Party([0; 8])),
            };
        }
        rules
    }

    /// Those whose turn is not now wait again.
    pub fn hold_back(&mut self, epoch: &Epoch) {
        let (turn, first) = (self.turn(epoch), self.entering());
        let admit = std::mem::take(&mut self.admit);
        let (now, later) = admit.into_iter().partition(|who| turn.admits(party_of(*who), first));
        self.admit = now;
        self.waiting.splice(..0, later);
    }

    pub fn draft(&self, epoch: &Epoch, by: usize, fresh: [[u8; 32]; 5]) -> Draft {
        let mut draft = Draft::new();
        let leaving = self.leave.iter().filter(|(who, _)| **who != by && epoch.has(**who));
        leaving.for_each(|(who, word)| draft.leave(epoch, *who, word.clone()));
        let stays = |who: &usize| epoch.has(*who) && *who != by && !self.leave.contains_key(who);
        for who in self.remove.iter().filter(|who| stays(who)) {
            draft.remove(epoch, *who);
        }
        let swapping = self.swap.iter().filter(|(who, _)| stays(who) && !self.remove.contains(who));
        swapping.for_each(|(who, (package, word))| draft.swap(epoch, *who, *package, word.clone()));
        let removed = &epoch.policy.removed;
        let new = self
            .admit
            .iter()
            .filter(|who| !epoch.has(**who) && !removed.contains(&CAST.keys[**who]));
        new.zip(fresh).for_each(|(who, key_package)| draft.admit(*who, key_package));
        self.change_rules(epoch, by, &mut draft);
        draft
    }

    fn change_rules(&self, epoch: &Epoch, by: usize, draft: &mut Draft) {
        let mut rules = self.rules_to_come(epoch);
        if let Some(party) = self.turn(epoch).names(self.entering()) {
            rules.consulting = Some(party);
        }
        if rules != epoch.policy.rules {
            draft.policy(epoch).rules = rules;
        }
        // Seen out, not kept out: free to knock as soon as their keys are dead.
        if by == HOST && !epoch.policy.removed.is_empty() {
            let old = &epoch.policy.removed;
            draft.policy(epoch).removed.retain(|device| !old.contains(device));
        }
    }

    /// What the group shows done is dropped.
    pub fn settle(&mut self, epoch: &Epoch) {
        self.pending = false;
        self.switch_mode = false;
        self.admit.retain(|who| !epoch.has(*who));
        self.remove.retain(|who| epoch.has(*who));
        self.leave.retain(|who, _| epoch.has(*who));
        self.swap.clear();
    }

    /// The others would refuse what was intended: a word too old, whose giver gives it again.
    pub fn abandon(&mut self) {
        self.leave.clear();
        self.swap.clear();
        self.admit.clear();
        self.remove.clear();
    }
}
