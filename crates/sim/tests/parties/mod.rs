//! A practice in consulting mode: people, their devices, and a server in between.

mod desk;
mod group;
mod seen;

use base::{Party, RoomRules};
use desk::Desk;
use e2ee::facts::CommitFacts;
use group::{CAST, COHOST, Draft, Epoch, GUESTS, HOST, party_of, sign_leave, sign_swap};
pub use seen::Seen;
use sim::Random;

pub struct Practice {
    /// The server gives different members different commits, and judges none.
    forks: bool,
    epochs: Vec<Epoch>,
    /// The newest epoch by an honest server.
    head: usize,
    /// The epoch each device holds keys of.
    at: [Option<usize>; 7],
    desks: [Desk; 7],
    /// Commits on their way to the server.
    sent: Vec<Sent>,
    sessions: u8,
    key_packages: u32,
    harm: Option<String>,
    pub seen: Seen,
}

struct Sent {
    by: usize,
    parent: usize,
    commit: CommitFacts,
}

impl Practice {
    pub fn open(forks: bool) -> Practice {
        let rules = RoomRules { consulting: Some(Party([0; 8])), ..RoomRules::default() };
        let mut at = [None; 7];
        (at[HOST], at[COHOST]) = (Some(0), Some(0));
        Practice {
            forks,
            epochs: vec![Epoch::first(1, rules)],
            head: 0,
            at,
            desks: Default::default(),
            sent: Vec::new(),
            sessions: 1,
            key_packages: 0,
            harm: None,
            seen: Seen::default(),
        }
    }

    pub fn harm(&self) -> Option<&str> {
        self.harm.as_deref()
    }

    /// One thing happens.
    pub fn step(&mut self, random: &mut Random) {
        let delegate = if random.chance(60) { HOST } else { COHOST };
        let guest = GUESTS.start + random.below(GUESTS.len());
        let here: Vec<_> = self.epochs[self.head].guests().collect();
        let present = random.pick(&here).unwrap_or(guest);
        match random.below(100) {
            0..14 => self.knock(guest),
            14..24 => drop(self.admit(delegate, random)),
            24..28 => while self.admit(delegate, random) {},
            28..31 => self.leave(present),
            31..34 => self.come_back(present),
            34..36 => self.see_out(delegate, present),
            36..52 => self.commit(if random.chance(85) { delegate } else { guest }),
            52..66 => self.serve(random),
            66..80 => self.deliver(delegate, random),
            80..94 => self.deliver(random.below(7), random),
            94 => self.crash(delegate),
            95 => self.forget_last(),
            96 if random.chance(20) => self.open_again(),
            97 if random.chance(10) => self.desks[HOST].switch_mode = true,
            _ => self.forge(guest, random),
        }
    }

    fn knock(&mut self, guest: usize) {
        if self.at[guest].is_some() {
            return;
        }
        for delegate in [HOST, COHOST] {
            let epoch = self.at[delegate].map(|at| &self.epochs[at]);
            if epoch.is_some_and(|epoch| !epoch.policy.removed.contains(&CAST.keys[guest])) {
                self.desks[delegate].ring(guest);
            }
        }
    }

    /// A click on **Admit**; whether it did anything.
    fn admit(&mut self, delegate: usize, random: &mut Random) -> bool {
        let Some(at) = self.at[delegate] else { return false };
        let (desk, epoch) = (&mut self.desks[delegate], &self.epochs[at]);
        let Some(guest) = random.pick(&desk.waiting) else { return false };
        let turn = desk.turn(epoch);
        let admits = turn.admits(party_of(guest), desk.entering());
        match admits {
            true => desk.intend(guest),
            false => self.seen.held += 1,
        }
        admits
    }

    fn leave(&mut self, guest: usize) {
        let Some(at) = self.at[guest] else { return };
        let word = sign_leave(&self.epochs[at], guest);
        self.desks.iter_mut().for_each(|desk| desk.hear_leave(guest, &word));
    }

    /// Its page was reloaded: it asks for a fresh leaf, or knocks if it has no place.
    fn come_back(&mut self, guest: usize) {
        let Some(at) = self.at[guest] else { return self.knock(guest) };
        let key_package = self.key_package();
        let word = sign_swap(&self.epochs[at], guest, key_package);
        self.desks.iter_mut().for_each(|desk| desk.hear_swap(guest, key_package, &word));
    }

    fn see_out(&mut self, delegate: usize, guest: usize) {
        let here = self.at[delegate].is_some_and(|at| self.epochs[at].has(guest));
        if here {
            self.desks[delegate].remove.insert(guest);
        }
    }

    fn key_package(&mut self) -> [u8; 32] {
        self.key_packages += 1;
        let mut name = [0; 32];
        name[..4].copy_from_slice(&self.key_packages.to_be_bytes());
        name
    }

    /// A device makes a commit of what it means to change, and holds it until the server has chosen.
    fn commit(&mut self, by: usize) {
        let Some(at) = self.at[by].filter(|_| !self.desks[by].pending) else { return };
        let fresh = std::array::from_fn(|_| self.key_package());
        let (desk, epoch) = (&mut self.desks[by], &self.epochs[at]);
        desk.hold_back(epoch);
        let draft = desk.draft(epoch, by, fresh);
        if draft.is_empty() {
            return;
        }
        let commit = draft.finish(epoch, by);
        match epoch.after(at, &commit) {
            Ok(_) => {
                desk.pending = true;
                self.sent.push(Sent { by, parent: at, commit });
            }
            Err(why) => {
                self.seen.abandoned += 1;
                let expected = why == e2ee::rules::Violation::BadStatement;
                assert!(expected, "a device makes no commit that others refuse but by age: {why}");
                desk.abandon();
            }
        }
    }

    /// The server takes one commit, in any order.
    fn serve(&mut self, random: &mut Random) {
        if self.sent.is_empty() {
            return;
        }
        let sent = self.sent.swap_remove(random.below(self.sent.len()));
        if !self.forks && sent.parent != self.head {
            self.seen.races_lost += 1;
            self.desks[sent.by].pending &= self.at[sent.by] != Some(sent.parent);
            return;
        }
        match self.epochs[sent.parent].after(sent.parent, &sent.commit) {
            Ok(next) => self.grow(next),
            Err(_) => {
                self.seen.refused += 1;
                self.desks[sent.by].pending &= self.at[sent.by] != Some(sent.parent);
            }
        }
    }

    fn grow(&mut self, next: Epoch) {
        let (parent, child) = (next.parent.expect("it follows one"), self.epochs.len());
        self.harm = self.harm.take().or_else(|| next.harm(&self.epochs[parent]));
        self.seen.note(&self.epochs[parent], &next);
        self.epochs[parent].children.push(child);
        self.epochs.push(next);
        self.head = child;
    }

    /// A device hears of what follows the epoch it holds, or that this one never came to be.
    fn deliver(&mut self, who: usize, random: &mut Random) {
        let Some(at) = self.at[who] else { return self.welcome(who, random) };
        let next = random.pick(&self.epochs[at].children);
        let next = match next {
            None if self.forks || self.is_before_head(at) => return,
            None => self.epochs[at].parent.filter(|parent| self.epochs[*parent].has(who)),
            Some(child) => Some(child).filter(|child| self.epochs[*child].has(who)),
        };
        self.at[who] = next;
        match next {
            Some(next) => self.desks[who].settle(&self.epochs[next]),
            None => self.desks[who] = Desk::default(),
        }
    }

    fn is_before_head(&self, at: usize) -> bool {
        let before = |epoch: &usize| self.epochs[*epoch].parent;
        std::iter::successors(Some(self.head), before).any(|epoch| epoch == at)
    }

    /// Somebody who was let in joins that epoch; with a server that forks, of any branch.
    fn welcome(&mut self, who: usize, random: &mut Random) {
        let new = |at: &usize| {
            let epoch = &self.epochs[*at];
            epoch.has(who) && epoch.parent.is_some_and(|parent| !self.epochs[parent].has(who))
        };
        let recent = self.epochs.len().saturating_sub(12)..self.epochs.len();
        let open: Vec<_> =
            recent.filter(new).filter(|at| self.forks || self.is_before_head(*at)).collect();
        self.at[who] = random.pick(&open);
    }

    /// Everything that was not saved is gone; who waited rings again.
    fn crash(&mut self, who: usize) {
        self.desks[who] = Desk::default();
        self.seen.crashes += 1;
    }

    /// The server loses the last commit, which nobody had built on.
    fn forget_last(&mut self) {
        let Some(parent) = self.epochs[self.head].parent.filter(|_| !self.forks) else { return };
        let head = self.head;
        self.epochs[parent].children.retain(|child| *child != head);
        self.head = parent;
        self.seen.forgotten += 1;
    }

    /// The host lost its place and opens the meeting anew, by the rules it has saved.
    fn open_again(&mut self) {
        let Some(at) = self.at[HOST] else { return };
        self.sessions = self.sessions.wrapping_add(1);
        let first = Epoch::first(self.sessions, self.epochs[at].policy.rules.clone());
        self.head = self.epochs.len();
        self.epochs.push(first);
        self.at = [None; 7];
        (self.at[HOST], self.at[COHOST]) = (Some(self.head), Some(self.head));
        self.desks = Default::default();
        self.sent.clear();
    }

    /// What a modified client would send.
    fn forge(&mut self, guest: usize, random: &mut Random) {
        let by = if random.chance(50) { COHOST } else { guest };
        let Some(at) = self.at[by] else { return };
        let (other, key_package) = (GUESTS.start + random.below(GUESTS.len()), self.key_package());
        let epoch = &self.epochs[at];
        if by == COHOST && epoch.guests().next().is_none() {
            return;
        }
        let mut draft = Draft::new();
        if !epoch.has(other) {
            draft.admit(other, key_package);
        }
        if random.chance(50) {
            epoch.guests().filter(|present| *present != by).for_each(|g| draft.remove(epoch, g));
        }
        draft.policy(epoch).rules.consulting = Some(Party([77; 8]));
        let commit = draft.finish(epoch, by);
        self.sent.push(Sent { by: guest, parent: at, commit });
    }
}
