//! Coming back without MLS state: a swap, committed by whoever is there.

use crate::lobby::MAX_BAD_WELCOMES;
use crate::participant::Participant;
use crate::view::Problem;
use base::{GroupId, Millis, Now};
use e2ee::session::{Expect, JoinError, Session};
use e2ee::{Mark, PendingJoin};
use std::time::Duration;
use wire::{ClientMessage, GroupState};

/// How often the wish to return is repeated. Members are asked one a second, so a shorter
/// interval only repeats what is under way.
const REPEAT: Duration = Duration::from_secs(3);
/// After this long the host concludes that nobody has the group's state any more.
const HOST_PATIENCE: Duration = Duration::from_secs(11);

/// Pause before another wish to return after a Welcome that did not verify.
const AFTER_BAD_WELCOME: Duration = Duration::from_millis(500);

pub(crate) struct Returning {
    state: GroupState,
    pending: Option<PendingJoin>,
    next: Millis,
    since: Option<Millis>,
    bad_welcomes: u32,
}

impl Returning {
    pub fn new(state: GroupState) -> Self {
        Returning { state, pending: None, next: Millis(0), since: None, bad_welcomes: 0 }
    }

    pub fn next_due(&self) -> Millis {
        self.next
    }
}

impl Participant {
    pub(crate) fn mark(&self) -> Option<Mark> {
        Mark::decode(self.saved.mark.as_ref()?).ok()
    }

    pub(crate) fn tick_returning(&mut self, now: Now) {
        let online = self.connection.online();
        let host = self.is_host();
        let Some(returning) = &mut self.returning else { return };
        if now.mono < returning.next {
            return;
        }
        returning.next = now.mono + REPEAT;
        if !online {
            return;
        }
        let since = *returning.since.get_or_insert(now.mono);
        if host && now.mono.since(since) >= HOST_PATIENCE {
            let group = returning.state.group;
            return self.open_session(now, Some(group));
        }
        self.send_swap();
    }

    fn send_swap(&mut self) {
        let Some(returning) = &mut self.returning else { return };
        if returning.pending.is_none() {
            returning.pending = PendingJoin::new(&self.device).ok();
        }
        let Some(pending) = &returning.pending else { return };
        let swap = pending.swap(&self.device, returning.state.group, returning.state.epoch);
        let key_package = pending.key_package().to_vec().into();
        self.send(ClientMessage::Swap { swap: swap.into(), key_package });
    }

    /// Let in, after a knock or a swap.
    pub(crate) fn welcomed(&mut self, now: Now, group: GroupId, epoch: u64, message: &[u8]) {
        if self.returning.as_ref().is_some_and(|returning| returning.state.epoch >= epoch) {
            // The one this device entered with last time, repeated by the server.
            return;
        }
        let returning = self.returning.as_mut().and_then(|returning| returning.pending.take());
        let came_back = returning.is_some();
        let Some(pending) = returning.or_else(|| self.lobby.pending.take()) else { return };
        match self.join_group(now, pending, message) {
            Ok(session) if session.group_id() == group => {
                if !came_back {
                    self.saved.end_session(&self.device.key());
                }
                self.returning = None;
                self.lobby = Default::default();
                self.note_psk_in_force(session.policy().psk);
                self.enter_room(now, session);
            }
            Err(JoinError::UnknownPsk) if !self.is_host() => {
                self.missed_rotation(now, group, epoch)
            }
            _ => self.bad_welcome(now),
        }
    }

    fn join_group(
        &self,
        now: Now,
        pending: PendingJoin,
        message: &[u8],
    ) -> Result<Session, JoinError> {
        let (psks, mark) = (self.psks(), self.mark());
        let hk = self.hk.ok_or(JoinError::OtherMeeting)?;
        let expect = Expect { meeting: self.meeting, hk, psks: &psks, mark: mark.as_ref(), now };
        Session::join(&self.device, pending, message, expect)
    }

    /// The group PSK was replaced while this device was away, or between its ring and its admission.
    /// Its place is of no use without: it gives it up and knocks by its link, if that is still good.
    fn missed_rotation(&mut self, now: Now, group: GroupId, epoch: u64) {
        self.lobby.bad_welcomes += 1;
        if self.lobby.bad_welcomes >= MAX_BAD_WELCOMES {
            return self.fail(Problem::StaleGroup);
        }
        self.returning = None;
        self.lobby.knock_again();
        self.give_up_seat(now, GroupState { group, epoch, others_present: true });
    }

    /// Trying again costs an attacker nothing, so after a few the person is told.
    fn bad_welcome(&mut self, now: Now) {
        let count = match &mut self.returning {
            Some(returning) => {
                returning.next = now.mono + AFTER_BAD_WELCOME;
                &mut returning.bad_welcomes
            }
            None => &mut self.lobby.bad_welcomes,
        };
        *count += 1;
        if *count >= MAX_BAD_WELCOMES {
            return self.fail(Problem::StaleGroup);
        }
        if self.returning.is_none() {
            self.ring_later(now);
        }
    }
}
