//! Many sources, one outgoing stream: sequence numbers, timestamps and VP8 picture numbers run on
//! across switches, and no sequence number is ever used twice.
//!
//! The last point is not about tidiness: SRTP's GCM nonce is made of SSRC and sequence number, so
//! a number sealed twice with different bytes gives the authentication key away.

use crate::packet::MediaPacket;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A longer jump forward is taken for a new numbering. Larger values would let a publisher that
/// skips numbers push a receiver's rollover counter out of step, breaking the slot for good.
const MAX_JUMP: u64 = 1_000;

/// How far back a late packet may lie. Larger costs memory, smaller drops packets that a slow
/// repair still brings.
const WINDOW: u64 = 1_024;

/// The numbers of a packet as its publisher gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub seq: u64,
    pub timestamp: u32,
    pub picture_id: Option<u16>,
    pub tl0_picture: Option<u8>,
}

impl From<&MediaPacket> for Numbers {
    fn from(packet: &MediaPacket) -> Numbers {
        Numbers {
            seq: packet.seq,
            timestamp: packet.timestamp,
            picture_id: packet.vp8.and_then(|vp8| vp8.picture_id),
            tl0_picture: packet.vp8.and_then(|vp8| vp8.tl0_picture),
        }
    }
}

/// The numbers of the slot's outgoing stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Extended; the first of a stream is below 65,536, as SRTP's rollover counter demands.
    pub seq: u64,
    pub timestamp: u32,
    pub picture_id: Option<u16>,
    pub tl0_picture: Option<u8>,
}

/// Why a packet is not forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMapped {
    /// Its number is used, or lies before the switch, or out of the window.
    Late,
    /// It jumps too far: begin a new run.
    Jump,
}

/// Maps runs of packets onto one outgoing stream.
#[derive(Clone, Debug)]
// The fields that each sent packet needs come first.
#[repr(C)]
pub struct Rewriter {
    run: Option<Run>,
    last: Option<Last>,
    used: Used,
    /// Ticks of the RTP clock per millisecond.
    ticks_per_ms: u32,
    /// Least distance of timestamps over a switch.
    min_step: u32,
}

/// Offsets of the present run.
#[derive(Clone, Copy, Debug)]
struct Run {
    first_in: u64,
    first_out: u64,
    timestamp: u32,
    picture_id: u16,
    tl0_picture: u8,
}

/// The newest packet sent.
#[derive(Clone, Copy, Debug)]
struct Last {
    seq: u64,
    timestamp: u32,
    at: Instant,
    picture_id: u16,
    tl0_picture: u8,
}

impl Rewriter {
    /// 48 kHz, at least one 20 ms packet between two sources.
    pub fn audio() -> Rewriter {
        Rewriter::new(48, 960)
    }

    /// 90 kHz, at least 1 ms between two sources.
    pub fn video() -> Rewriter {
        Rewriter::new(90, 90)
    }

    fn new(ticks_per_ms: u32, min_step: u32) -> Rewriter {
        Rewriter { ticks_per_ms, min_step, run: None, last: None, used: Used::default() }
    }

    /// Reads what [`Self::map`] will need.
    pub fn preload(&self) {
        black_box(self.last.map(|last| last.seq));
        black_box(self.used.newest);
        black_box(self.used.bits.last().copied());
    }

    /// Begins a run at this packet: it will follow directly on the newest one sent.
    pub fn begin(&mut self, first: &Numbers, now: Instant) {
        let run = match self.last {
            None => Run {
                first_in: first.seq,
                first_out: 1,
                timestamp: 0,
                picture_id: 0,
                tl0_picture: 0,
            },
            Some(last) => self.following(&last, first, now),
        };
        self.run = Some(run);
    }

    fn following(&self, last: &Last, first: &Numbers, now: Instant) -> Run {
        let timestamp = last.timestamp.wrapping_add(self.step(now.duration_since(last.at)));
        Run {
            first_in: first.seq,
            first_out: last.seq + 1,
            timestamp: timestamp.wrapping_sub(first.timestamp),
            picture_id: (last.picture_id + 1).wrapping_sub(first.picture_id.unwrap_or(0)),
            tl0_picture: last
                .tl0_picture
                .wrapping_add(1)
                .wrapping_sub(first.tl0_picture.unwrap_or(0)),
        }
    }

    /// Timestamp distance for this much time; kept below half the number range.
    fn step(&self, elapsed: Duration) -> u32 {
        let ms = elapsed.as_millis().min(3_600_000) as u32;
        ms.saturating_mul(self.ticks_per_ms).clamp(self.min_step, 1 << 30)
    }

    /// The outgoing numbers of a packet of the present run. A number returned once is never
    /// returned again.
    pub fn map(&mut self, numbers: &Numbers, now: Instant) -> Result<Rewritten, NotMapped> {
        let run = self.run.ok_or(NotMapped::Jump)?;
        let ahead = numbers.seq.checked_sub(run.first_in).ok_or(NotMapped::Late)?;
        let seq = run.first_out.saturating_add(ahead);
        let newest = self.last.map_or(run.first_out, |last| last.seq.max(run.first_out));
        if seq > newest + MAX_JUMP {
            return Err(NotMapped::Jump);
        }
        if !self.used.take(seq) {
            return Err(NotMapped::Late);
        }
        let out = run.apply(numbers, seq);
        self.remember(&out, now);
        Ok(out)
    }

    fn remember(&mut self, out: &Rewritten, now: Instant) {
        if self.last.is_some_and(|last| last.seq > out.seq) {
            return;
        }
        let before = self.last;
        self.last = Some(Last {
            seq: out.seq,
            timestamp: out.timestamp,
            at: now,
            picture_id: out.picture_id.or(before.map(|last| last.picture_id)).unwrap_or(0),
            tl0_picture: out.tl0_picture.or(before.map(|last| last.tl0_picture)).unwrap_or(0),
        });
    }
}

impl Run {
    fn apply(&self, numbers: &Numbers, seq: u64) -> Rewritten {
        Rewritten {
            seq,
            timestamp: numbers.timestamp.wrapping_add(self.timestamp),
            picture_id: numbers.picture_id.map(|id| id.wrapping_add(self.picture_id) & 0x7fff),
            tl0_picture: numbers.tl0_picture.map(|id| id.wrapping_add(self.tl0_picture)),
        }
    }
}

/// Which of the newest [`WINDOW`] numbers are taken; all older ones count as taken.
#[derive(Clone, Debug, Default)]
// The fields that each sent packet needs come first.
#[repr(C)]
struct Used {
    newest: u64,
    bits: [u64; (WINDOW / 64) as usize],
}

impl Used {
    /// Takes a number; false when it was taken before or is too old to know.
    fn take(&mut self, seq: u64) -> bool {
        if seq > self.newest {
            self.advance(seq);
        } else if self.newest - seq >= WINDOW {
            return false;
        }
        let (word, bit) = Self::place(seq);
        let fresh = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        fresh
    }

    fn advance(&mut self, to: u64) {
        let from = self.newest.max(to.saturating_sub(WINDOW));
        for seq in from + 1..=to {
            let (word, bit) = Self::place(seq);
            self.bits[word] &= !bit;
        }
        self.newest = to;
    }

    fn place(seq: u64) -> (usize, u64) {
        let index = seq % WINDOW;
        ((index / 64) as usize, 1 << (index % 64))
    }
}

#[cfg(test)]
#[path = "rewrite_tests.rs"]
mod tests;
