//! Frame keys: which epochs may be opened, which one is sent with, and who holds which counters.

use crate::outbox::Outbox;
use crate::shell::FrameCommand;
use base::{Millis, Now, Secret};
use e2ee::frames::COUNTERS_PER_EPOCH;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use wire::Kind;

/// Counters leased at once: 45 s of three camera layers. More wastes counters when a worker
/// restarts, fewer asks more often.
const LEASE: u64 = 4096;
/// How long the others get to learn a new epoch before frames come under it.
const SWITCH_AFTER: Duration = Duration::from_millis(500);
/// How long frames of an earlier epoch count after this device has switched.
const KEEP_OLD: Duration = Duration::from_secs(2);
/// Half an epoch's counters: the group is refreshed before they run out.
const REFRESH_AT: u64 = COUNTERS_PER_EPOCH / 2;
/// Epochs held; one more and the oldest goes.
const MAX_EPOCHS: usize = 16;

pub(crate) struct Keys {
    leaf: u32,
    /// Oldest first; the last is the current one.
    epochs: VecDeque<(u64, Secret<16>)>,
    sending: Option<u64>,
    allowed: bool,
    /// What is being sent: its counters are leased as soon as an epoch is sent with, so that no
    /// frame is lost waiting for them.
    used: BTreeSet<Kind>,
    /// The next unleased counter. Entries outlive workers: a counter is leased once.
    counters: BTreeMap<(u64, Kind), u64>,
    switch_at: Option<Millis>,
    drop_at: Option<(Millis, u64)>,
}

/// A new epoch and what it means for frames.
pub(crate) struct Advance<'a> {
    pub epoch: u64,
    pub base_key: Secret<16>,
    /// Someone must be locked out.
    pub urgent: bool,
    /// Leaves whose frames of earlier epochs no longer count.
    pub dead: &'a [u32],
}

impl Keys {
    pub fn enter(epoch: u64, leaf: u32, base_key: Secret<16>, out: &mut Outbox) -> Self {
        let mut keys = Keys {
            leaf,
            epochs: VecDeque::new(),
            sending: None,
            allowed: false,
            used: BTreeSet::from([Kind::Mic, Kind::Camera]),
            counters: BTreeMap::new(),
            switch_at: None,
            drop_at: None,
        };
        keys.add(epoch, base_key, out);
        keys
    }

    pub fn next_due(&self) -> Option<Millis> {
        [self.switch_at, self.drop_at.map(|(at, _)| at)].into_iter().flatten().min()
    }

    pub fn advance(&mut self, now: Now, advance: Advance<'_>, out: &mut Outbox) {
        let newest = self.newest();
        if self.sending.is_some_and(|sending| sending < newest) {
            // The worker keeps two epochs: the one being sent with must be among them.
            self.send_with(now, newest, out);
        }
        self.add(advance.epoch, advance.base_key, out);
        for leaf in advance.dead {
            out.frames(FrameCommand::DropLeaf { before: advance.epoch, leaf: *leaf });
        }
        if self.allowed && advance.urgent {
            self.send_with(now, advance.epoch, out);
        } else if self.allowed {
            self.switch_at.get_or_insert(now.mono + SWITCH_AFTER);
        }
    }

    /// Whether sending is allowed at all.
    pub fn allow(&mut self, now: Now, allowed: bool, out: &mut Outbox) {
        if allowed == self.allowed {
            return;
        }
        self.allowed = allowed;
        if allowed {
            self.send_with(now, self.newest(), out);
        } else {
            self.sending = None;
            self.switch_at = None;
            out.frames(FrameCommand::StopSending);
        }
    }

    pub fn tick(&mut self, now: Now, out: &mut Outbox) {
        if self.switch_at.is_some_and(|at| now.mono >= at) {
            self.send_with(now, self.newest(), out);
        }
        if let Some((_, through)) = self.drop_at.take_if(|(at, _)| now.mono >= *at) {
            self.epochs.retain(|(epoch, _)| *epoch > through);
            self.counters.retain(|(epoch, _), _| *epoch > through);
            out.frames(FrameCommand::DropEpochs { through });
        }
    }

    /// Something of this kind is going to be sent, or no longer. The microphone and the camera
    /// always may be.
    pub fn use_kind(&mut self, kind: Kind, used: bool, out: &mut Outbox) {
        if !used && !matches!(kind, Kind::Mic | Kind::Camera) {
            self.used.remove(&kind);
        } else if used && self.used.insert(kind) {
            self.lease_first(kind, out);
        }
    }

    /// The worker's counters of `kind` run low.
    pub fn lease(&mut self, kind: Kind, out: &mut Outbox) {
        let Some(epoch) = self.sending else { return };
        let next = self.counters.entry((epoch, kind)).or_insert(0);
        let start = *next;
        if start + LEASE <= COUNTERS_PER_EPOCH {
            *next += LEASE;
            out.frames(FrameCommand::Lease { kind, epoch, start, count: LEASE });
        }
    }

    /// The worker has lost everything: keys again, and counters that nobody has had.
    pub fn restart(&mut self, out: &mut Outbox) {
        for (epoch, base_key) in &self.epochs {
            out.frames(add_epoch(*epoch, base_key));
        }
        if let Some(epoch) = self.sending {
            out.frames(FrameCommand::SendWith { epoch, leaf: self.leaf });
            for kind in self.used.clone() {
                self.lease(kind, out);
            }
        }
    }

    pub fn wants_refresh(&self) -> bool {
        let sending = self.sending.unwrap_or(u64::MAX);
        self.counters.iter().any(|((epoch, _), next)| *epoch == sending && *next >= REFRESH_AT)
    }

    fn newest(&self) -> u64 {
        self.epochs.back().map_or(0, |(epoch, _)| *epoch)
    }

    fn add(&mut self, epoch: u64, base_key: Secret<16>, out: &mut Outbox) {
        out.frames(add_epoch(epoch, &base_key));
        self.epochs.push_back((epoch, base_key));
        if self.epochs.len() > MAX_EPOCHS {
            self.epochs.pop_front();
        }
    }

    fn send_with(&mut self, now: Now, epoch: u64, out: &mut Outbox) {
        self.switch_at = None;
        self.sending = Some(epoch);
        out.frames(FrameCommand::SendWith { epoch, leaf: self.leaf });
        for kind in self.used.clone() {
            self.lease_first(kind, out);
        }
        if let Some(through) = epoch.checked_sub(1) {
            self.drop_at = Some((now.mono + KEEP_OLD, through));
        }
    }

    /// Counters of `kind`, unless the epoch being sent with has given some out already.
    fn lease_first(&mut self, kind: Kind, out: &mut Outbox) {
        if self.sending.is_some_and(|epoch| !self.counters.contains_key(&(epoch, kind))) {
            self.lease(kind, out);
        }
    }
}

fn add_epoch(epoch: u64, base_key: &Secret<16>) -> FrameCommand {
    FrameCommand::AddEpoch { epoch, base_key: base_key.expose().to_vec().into() }
}

#[cfg(test)]
mod tests;
