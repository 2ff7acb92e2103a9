//! Puts packets back into their order and decides how long to wait for a missing one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Packets held at most while one is missing; then the gap is given up. 512 is over two seconds of
/// a 2 Mbps picture.
const MAX_HELD: usize = 512;

/// A packet in its place, or the place where packets are missing for good.
#[derive(Debug, PartialEq, Eq)]
pub enum Released<T> {
    Packet(T),
    /// This many sequence numbers were given up.
    Lost(u64),
}

/// Waits up to `patience` for a missing sequence number. Numbers are extended to 64 bits.
pub struct Reorder<T> {
    patience: Duration,
    next: Option<u64>,
    held: BTreeMap<u64, (Instant, T)>,
}

impl<T> Reorder<T> {
    pub fn new(patience: Duration) -> Self {
        Reorder { patience, next: None, held: BTreeMap::new() }
    }

    /// Takes a packet. One that comes after its place was passed, or a second time, is dropped;
    /// false then.
    pub fn push(&mut self, now: Instant, seq: u64, packet: T) -> bool {
        let next = *self.next.get_or_insert(seq);
        let wanted = seq >= next && !self.held.contains_key(&seq);
        if wanted {
            self.held.insert(seq, (now, packet));
        }
        wanted
    }

    /// What may be used by `now`; call until `None`.
    pub fn pop(&mut self, now: Instant) -> Option<Released<T>> {
        let next = self.next?;
        let (&seq, (arrived, _)) = self.held.first_key_value()?;
        if seq == next {
            let (_, packet) = self.held.remove(&seq)?;
            self.next = Some(seq + 1);
            return Some(Released::Packet(packet));
        }
        let overdue = now.saturating_duration_since(*arrived) >= self.patience;
        if !overdue && self.held.len() <= MAX_HELD {
            return None;
        }
        self.next = Some(seq);
        Some(Released::Lost(seq - next))
    }

    /// When [`pop`](Self::pop) may have more without another packet.
    pub fn deadline(&self) -> Option<Instant> {
        self.held.first_key_value().map(|(_, (arrived, _))| *arrived + self.patience)
    }
}
