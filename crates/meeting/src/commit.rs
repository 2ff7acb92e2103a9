//! The rules of a commit: what the server demands of a ticket before it moves its roster.
//! `e2ee` enforces the same on every member; this check keeps the server from forwarding to
//! someone whom no member let in.

use crate::output::Refusal;
use crate::session::Session;
use crate::verified::VerifiedTicket;
use base::hash::sha256;
use base::statement::{Added, MAX_CHANGES, Ticket};
use base::{DeviceKey, Role, RoomRules};
use std::collections::BTreeSet;

/// A commit as it was sent.
pub(crate) struct Proposed<'a> {
    pub commit: &'a [u8],
    pub ticket: &'a VerifiedTicket,
    pub has_welcome: bool,
    /// The role HK certified the committer to in this group, if any.
    pub certified: Option<Role>,
    /// The most members there may be.
    pub room: usize,
    /// Those HK made host or delegate of this group.
    pub host_side: &'a BTreeSet<DeviceKey>,
}

/// A change of the roster that passed every rule.
pub(crate) struct Change {
    pub added: Vec<Added>,
    pub removed: Vec<DeviceKey>,
    pub left: Vec<DeviceKey>,
    pub swapped: Vec<DeviceKey>,
    /// The room's new rules, if they change.
    pub rules: Option<RoomRules>,
}

/// Why a commit is not accepted.
pub(crate) enum Rejected {
    /// It came second: its epoch has a commit, or its swap is no longer wanted.
    Lost,
    Refused(Refusal),
}

use Rejected::{Lost, Refused};

const FORBIDDEN: Rejected = Refused(Refusal::NotAllowed);

impl Proposed<'_> {
    /// Applies the rules, in their order. That the committer is an active member, and signed the
    /// ticket, is known.
    pub fn judge(&self, session: &Session) -> Result<Change, Rejected> {
        self.fits_epoch(session)?;
        self.matches_commit()?;
        self.names_each_once()?;
        self.adds_are_allowed(session)?;
        self.removals_are_allowed(session)?;
        self.swaps_are_wanted(session)?;
        self.leaves_are_wanted(session)?;
        self.rules_are_allowed(session)?;
        self.policy_is_kept(session)?;
        Ok(self.change())
    }

    fn ticket(&self) -> &Ticket {
        self.ticket.ticket()
    }

    fn is_delegate(&self) -> bool {
        self.certified.is_some_and(Role::is_delegate)
    }

    /// C1. It is for this group and its current epoch; an earlier epoch has its commit already.
    fn fits_epoch(&self, session: &Session) -> Result<(), Rejected> {
        check(self.ticket().group == session.group && self.ticket().epoch <= session.epoch)?;
        if self.ticket().epoch < session.epoch { Err(Lost) } else { Ok(()) }
    }

    /// C2. The ticket is about these bytes, and a Welcome comes with it exactly if someone enters.
    fn matches_commit(&self) -> Result<(), Rejected> {
        let enters = !self.ticket().added.is_empty() || !self.ticket().swapped.is_empty();
        check(sha256(&[self.commit]) == self.ticket().commit && enters == self.has_welcome)
    }

    /// C3. At most 64 devices, none named twice, and never the committer itself.
    fn names_each_once(&self) -> Result<(), Rejected> {
        let mut named = BTreeSet::from([self.ticket().committer]);
        let mut devices = self.devices();
        check(devices.all(|device| named.insert(device)) && named.len() <= MAX_CHANGES + 1)
    }

    /// C4. Only a certified host or delegate adds; nobody else is added to a locked group, or who is
    /// in it, or to the adder's own role or above, or beyond the room there is.
    fn adds_are_allowed(&self, session: &Session) -> Result<(), Rejected> {
        let added = &self.ticket().added;
        if added.is_empty() {
            return Ok(());
        }
        let others = added.iter().any(|added| !self.host_side.contains(&added.device));
        check(self.is_delegate() && (!others || self.admits(session)))?;
        check(added.iter().all(|added| session.member(added.device).is_none()))?;
        check(added.iter().all(|added| Some(added.role) < self.certified))?;
        let has_room = session.has_room_for(added.len(), self.room);
        if has_room { Ok(()) } else { Err(Refused(Refusal::TooMany)) }
    }

    /// C5. Only a certified host or delegate removes others; the host is never removed.
    fn removals_are_allowed(&self, session: &Session) -> Result<(), Rejected> {
        let removed = &self.ticket().removed;
        let removable = |device: &DeviceKey| {
            session.member(*device).is_some_and(|member| member.role != Role::Host)
        };
        check(removed.is_empty() || self.is_delegate())?;
        check(removed.iter().all(removable))
    }

    /// C6. A swap is committed only for a member that is waiting for this very swap: an old one,
    /// replayed, would put its device out.
    fn swaps_are_wanted(&self, session: &Session) -> Result<(), Rejected> {
        for swap in self.ticket.swaps() {
            check(swap.statement().group == session.group)?;
            if session.active(swap.statement().device).is_none() || !session.requests.waits(swap) {
                return Err(Lost);
            }
        }
        Ok(())
    }

    /// C7. A leave is committed only for a member that said so to the server, with this statement.
    fn leaves_are_wanted(&self, session: &Session) -> Result<(), Rejected> {
        let wanted = self.ticket.leaves().iter().all(|leave| {
            let member = session.member(leave.statement().device);
            member.is_some_and(|member| member.leaving.as_ref() == Some(leave.bytes()))
        });
        check(wanted)
    }

    /// C8. Only a certified host or delegate changes the rules. Another party's turn comes only when
    /// nobody but the host's side has keys, and removing someone closes the door that opens by itself.
    fn rules_are_allowed(&self, session: &Session) -> Result<(), Rejected> {
        let removes = !self.ticket().removed.is_empty();
        let after = self.ticket().rules.as_ref().unwrap_or(&session.rules);
        check(!removes || *after == after.clone().after_removal())?;
        let Some(rules) = &self.ticket().rules else { return Ok(()) };
        let occupied = session.roster().any(|member| !member.role.is_delegate());
        check(self.is_delegate() && session.rules.may_become(rules, occupied))
    }

    /// C9. Rules are as the operator has fixed them; nobody is added where they are not.
    fn policy_is_kept(&self, session: &Session) -> Result<(), Rejected> {
        let concerned = self.ticket().rules.is_some() || !self.ticket().added.is_empty();
        let after = self.ticket().rules.as_ref().unwrap_or(&session.rules);
        if concerned && !session.policy.holds_in(after) {
            return Err(Refused(Refusal::AgainstPolicy));
        }
        Ok(())
    }

    /// Neither the rules in force nor those that come with this commit keep newcomers out.
    fn admits(&self, session: &Session) -> bool {
        session.rules.admits() && self.ticket().rules.as_ref().is_none_or(RoomRules::admits)
    }

    fn devices(&self) -> impl Iterator<Item = DeviceKey> {
        let added = self.ticket().added.iter().map(|added| added.device);
        let removed = self.ticket().removed.iter().copied();
        added.chain(removed).chain(self.swapped()).chain(self.left())
    }

    fn swapped(&self) -> impl Iterator<Item = DeviceKey> {
        self.ticket.swaps().iter().map(|swap| swap.statement().device)
    }

    fn left(&self) -> impl Iterator<Item = DeviceKey> {
        self.ticket.leaves().iter().map(|leave| leave.statement().device)
    }

    fn change(&self) -> Change {
        Change {
            added: self.ticket().added.clone(),
            removed: self.ticket().removed.clone(),
            left: self.left().collect(),
            swapped: self.swapped().collect(),
            rules: self.ticket().rules.clone(),
        }
    }
}

fn check(allowed: bool) -> Result<(), Rejected> {
    if allowed { Ok(()) } else { Err(FORBIDDEN) }
}
