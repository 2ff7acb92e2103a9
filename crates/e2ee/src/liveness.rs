//! Heartbeats: how members notice that a server withholds a removal, splits the meeting, or plays
//! it late.
//!
//! Within an epoch MLS refuses repeated messages, and across epochs a beat cannot be made by those
//! left behind; so a server that holds anyone in a past epoch silences the beats there. What it
//! could still do is delay the whole stream: each member has its own nonces echoed, which pins the
//! sender's clock to its own, and notices when beats fall behind.

mod beater;

pub use beater::Beater;

use crate::content::Heartbeat;
use base::{DeviceKey, Entropy, Millis, Now, random};
use std::collections::BTreeMap;
use std::time::Duration;

/// A delegate beats this often, and at once after each epoch.
pub const BEAT_EVERY: Duration = Duration::from_secs(5);
/// Beats further behind than this raise an alarm. Lower alarms on busy networks, higher gives a
/// server that long to play the meeting late.
pub const MAX_LAG: Duration = Duration::from_secs(5);
/// Silence longer than this is put into words.
pub const SILENT_AFTER: Duration = Duration::from_secs(15);
/// Silence longer than this stops sending.
pub const PAUSE_AFTER: Duration = Duration::from_secs(30);
/// A new epoch that no delegate confirms within this time stops sending: it may be a fork made
/// for this device alone.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(3);
/// The shortest time between two nonces of one member; in large groups it grows so that beats of
/// 64 echoes keep up.
const NONCE_EVERY: Duration = Duration::from_secs(30);
const NONCE_SHARE: Duration = Duration::from_millis(100);
/// A nonce not echoed within this time counts as lag: a beat interval and the lag allowed, and as
/// much again for the way there.
const ECHO_WITHIN: Duration = Duration::from_secs(15);
/// A nonce of an epoch that went by may have come too late for anyone to read, and another is sent; but so long without
/// any echo counts as lag.
const ECHO_AT_LAST: Duration = Duration::from_secs(60);
/// Delegates tracked at once; a policy certifies no more.
const MAX_DELEGATES: usize = crate::policy::MAX_CERTIFICATES;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interference {
    /// A beat of this epoch names another authenticator: two histories.
    Forked,
    /// Beats arrive late by more than [`MAX_LAG`].
    Delayed,
    /// A delegate's counter went back.
    Replayed,
}

/// Whether this device may send, and what to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Nobody has confirmed this epoch yet. On joining nothing may be sent; after a change of epoch
    /// sending goes on for [`CONFIRM_WITHIN`].
    Unconfirmed {
        may_send: bool,
    },
    Confirmed,
    /// No delegate was heard for [`SILENT_AFTER`].
    Silent,
    /// No delegate was heard for [`PAUSE_AFTER`], or not in the new epoch: nothing is sent. The next
    /// valid beat resumes by itself.
    Paused,
    /// Nothing is sent.
    Interference(Interference),
}

impl Status {
    /// Whether media may be sent.
    pub fn may_send(&self) -> bool {
        match self {
            Status::Confirmed | Status::Silent => true,
            Status::Unconfirmed { may_send } => *may_send,
            Status::Paused | Status::Interference(_) => false,
        }
    }
}

/// The epoch this device is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Epoch {
    number: u64,
    authenticator: [u8; 32],
    members: usize,
    entered: Millis,
    confirmed: bool,
}

/// A delegate's clock against ours, as pinned by the echo of a nonce.
#[derive(Clone, Copy)]
struct Anchor {
    clock: u64,
    heard: Millis,
}

#[derive(Clone, Copy, Default)]
struct Delegate {
    counter: u64,
    anchor: Option<Anchor>,
}

/// A nonce that was not echoed yet.
#[derive(Clone, Copy)]
struct Asked {
    nonce: [u8; 16],
    epoch: u64,
    sent: Millis,
    /// When the first was sent of those that this one stands for.
    first: Millis,
}

/// Watches the delegates' heartbeats.
pub struct Liveness {
    epoch: Epoch,
    /// Delegates are their own authority: they confirm, and do not wait to be confirmed.
    is_delegate: bool,
    /// Whether any epoch was ever confirmed here.
    joined: bool,
    heard: Millis,
    delegates: BTreeMap<DeviceKey, Delegate>,
    alarm: Option<Interference>,
    asked: Option<Asked>,
    next_nonce: Millis,
}

impl Liveness {
    /// Starts on entering a group.
    pub fn new(
        is_delegate: bool,
        epoch: u64,
        authenticator: [u8; 32],
        members: usize,
        now: Now,
    ) -> Self {
        let entered = now.mono;
        Liveness {
            epoch: Epoch { number: epoch, authenticator, members, entered, confirmed: is_delegate },
            is_delegate,
            joined: is_delegate,
            heard: entered,
            delegates: BTreeMap::new(),
            alarm: None,
            asked: None,
            next_nonce: entered,
        }
    }

    pub fn status(&self, now: Now) -> Status {
        let silence = now.mono.since(self.heard);
        match self.alarm_at(now) {
            Some(alarm) => Status::Interference(alarm),
            None if self.is_delegate => Status::Confirmed,
            None if !self.epoch.confirmed => self.unconfirmed(now),
            None if silence >= PAUSE_AFTER => Status::Paused,
            None if silence >= SILENT_AFTER => Status::Silent,
            None => Status::Confirmed,
        }
    }

    fn unconfirmed(&self, now: Now) -> Status {
        if !self.joined {
            return Status::Unconfirmed { may_send: false };
        }
        match now.mono.since(self.epoch.entered) >= CONFIRM_WITHIN {
            true => Status::Paused,
            false => Status::Unconfirmed { may_send: true },
        }
    }

    /// An alarm raised by a beat, or a nonce that is not echoed although beats are heard.
    fn alarm_at(&self, now: Now) -> Option<Interference> {
        let overdue = self.asked.is_some_and(|asked| {
            let unanswered =
                |since, within| now.mono.since(since) >= within && self.heard > since + MAX_LAG;
            let of_now = asked.epoch == self.epoch.number;
            of_now && unanswered(asked.sent, ECHO_WITHIN) || unanswered(asked.first, ECHO_AT_LAST)
        });
        self.alarm.or(overdue.then_some(Interference::Delayed))
    }

    /// When [`Self::status`] or [`Self::poll_nonce`] next changes by itself.
    pub fn next_deadline(&self, now: Now) -> Option<Millis> {
        let silence = [SILENT_AFTER, PAUSE_AFTER].map(|after| self.heard + after);
        let confirm = self.epoch.entered + CONFIRM_WITHIN;
        let echo = self.asked.into_iter();
        let echo = echo.flat_map(|a| [a.sent + ECHO_WITHIN, a.first + ECHO_AT_LAST]);
        let all = silence.into_iter().chain([confirm, self.next_nonce]).chain(echo);
        all.filter(|at| *at > now.mono).min()
    }

    /// A commit was merged.
    pub fn handle_epoch(&mut self, epoch: u64, authenticator: [u8; 32], members: usize, now: Now) {
        let (entered, confirmed) = (now.mono, self.is_delegate);
        // A forked history is left only by leaving the group; an epoch change does not mend it.
        self.alarm = self.alarm.filter(|alarm| *alarm == Interference::Forked);
        self.epoch = Epoch { number: epoch, authenticator, members, entered, confirmed };
        if let Some(asked) = self.asked {
            self.next_nonce = self.next_nonce.min(asked.sent + BEAT_EVERY);
        }
    }

    /// The connection to the server is new: a nonce sent over the old one may be lost.
    pub fn handle_reconnected(&mut self, now: Now) {
        self.asked = None;
        self.next_nonce = now.mono;
    }

    /// This device gained or lost a delegate's role.
    pub fn set_delegate(&mut self, is_delegate: bool) {
        self.is_delegate = is_delegate;
        self.epoch.confirmed |= is_delegate;
        self.joined |= is_delegate;
    }

    /// A heartbeat opened by the group. The caller has checked that `device` is a delegate.
    pub fn handle_beat(&mut self, device: DeviceKey, beat: &Heartbeat, now: Now) {
        if beat.epoch != self.epoch.number {
            return;
        }
        if beat.authenticator != self.epoch.authenticator
            || beat.members as usize != self.epoch.members
        {
            self.alarm = Some(Interference::Forked);
            return;
        }
        if !self.advance_counter(device, beat.counter) {
            self.alarm = Some(Interference::Replayed);
            return;
        }
        match self.lags(device, beat, now) {
            true => self.suspect_delay(now),
            false => self.confirm(now),
        }
    }

    /// Alarms, and asks for a fresh echo: if only a clock was set back, it pins that clock anew.
    fn suspect_delay(&mut self, now: Now) {
        self.alarm = Some(Interference::Delayed);
        if self.asked.is_none() {
            self.next_nonce = now.mono;
        }
    }

    fn confirm(&mut self, now: Now) {
        self.alarm = self.alarm.filter(|alarm| *alarm == Interference::Forked);
        self.heard = now.mono;
        self.epoch.confirmed = true;
        self.joined = true;
    }

    fn advance_counter(&mut self, device: DeviceKey, counter: u64) -> bool {
        if !self.delegates.contains_key(&device) && self.delegates.len() >= MAX_DELEGATES {
            self.delegates.pop_first();
        }
        let delegate = self.delegates.entry(device).or_default();
        let forward = counter > delegate.counter;
        delegate.counter = delegate.counter.max(counter);
        forward
    }

    /// Whether the beat is late: by the pinned clock, or because it echoes our nonce too late.
    fn lags(&mut self, device: DeviceKey, beat: &Heartbeat, now: Now) -> bool {
        let late_echo = self.take_echo(device, beat, now);
        let Some(anchor) = self.delegates.get(&device).and_then(|d| d.anchor) else {
            return late_echo;
        };
        let here = now.mono.since(anchor.heard).as_millis() as i128;
        let there = i128::from(beat.clock.0) - i128::from(anchor.clock);
        late_echo || here - there > MAX_LAG.as_millis() as i128
    }

    /// Pins the sender's clock if the beat echoes our nonce in time; true if it does so too late.
    fn take_echo(&mut self, device: DeviceKey, beat: &Heartbeat, now: Now) -> bool {
        let asked = self.asked.take_if(|asked| beat.echoes.contains(&asked.nonce));
        let Some(Asked { sent, .. }) = asked else { return false };
        let late = now.mono.since(sent) >= ECHO_WITHIN;
        if let Some(delegate) = self.delegates.get_mut(&device).filter(|_| !late) {
            delegate.anchor = Some(Anchor { clock: beat.clock.0, heard: now.mono });
        }
        late
    }

    /// A nonce to send to the group now, if one is due.
    pub fn poll_nonce(&mut self, entropy: &mut dyn Entropy, now: Now) -> Option<[u8; 16]> {
        if self.is_delegate || now.mono < self.next_nonce {
            return None;
        }
        let (epoch, sent) = (self.epoch.number, now.mono);
        let first = self.asked.map_or(sent, |asked| asked.first);
        let asked = self.asked.filter(|asked| asked.epoch == epoch);
        let asked = asked.unwrap_or_else(|| Asked { nonce: random(entropy), epoch, sent, first });
        self.asked = Some(asked);
        let share = NONCE_SHARE * self.epoch.members.min(crate::mark::MAX_MEMBERS) as u32;
        self.next_nonce = now.mono + NONCE_EVERY.max(share);
        Some(asked.nonce)
    }
}

#[cfg(test)]
mod tests;
