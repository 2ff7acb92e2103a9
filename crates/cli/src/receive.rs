//! From packets of receiving slots to verified frames. Pure: time and packets come in.

mod slot;

pub use slot::Counts;
use slot::Slot;

use crate::peer::Packet;
use e2ee::frames::{Kind, OpenError, Opener};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};
use str0m::media::Mid;

/// How long a video packet may be missing before its frame is given up: several resends at any
/// usual distance. Longer freezes more, shorter loses frames that were on their way.
const VIDEO_PATIENCE: Duration = Duration::from_millis(500);

/// Audio is not resent, so only reordering is waited for.
const AUDIO_PATIENCE: Duration = Duration::from_millis(60);

/// A keyframe is asked for at most this often per slot.
const KEYFRAME_PAUSE: Duration = Duration::from_millis(500);

/// A slot that verifies nothing for this long is no longer anybody's.
const SILENT: Duration = Duration::from_secs(2);

/// A frame that verified under the sender it names.
#[derive(Clone, Debug)]
pub struct Frame {
    pub mid: Mid,
    pub kind: Kind,
    pub epoch: u64,
    pub leaf: u32,
    /// RTP time in the codec's clock, continuous within a slot.
    pub time: u32,
    pub arrived: Instant,
    pub data: Vec<u8>,
    /// Video: a decoder that got every decodable frame before can show it.
    pub decodable: bool,
}

/// What became of the packets.
#[derive(Clone, Debug)]
pub enum ReceiveOutput {
    Frame(Frame),
    Rejected {
        mid: Mid,
        why: OpenError,
    },
    /// From here on the slot's frames verify under this leaf of this epoch.
    Verified {
        mid: Mid,
        epoch: u64,
        leaf: u32,
    },
    /// The slot's frames do not verify, or nothing has arrived for two seconds.
    Unverified {
        mid: Mid,
    },
    KeyframeWanted {
        mid: Mid,
    },
}

/// All receiving slots.
#[derive(Default)]
pub struct Receiver {
    slots: BTreeMap<Mid, Slot>,
    out: VecDeque<ReceiveOutput>,
    open_one_in: u64,
}

impl Receiver {
    /// Opens one frame in `n` of each slot, and checks everything but the tag of the others.
    pub fn opening_one_in(n: u64) -> Receiver {
        Receiver { open_one_in: n, ..Receiver::default() }
    }

    /// A slot of the current connection; `kind` is what it may carry. The number of slots is the
    /// caller's own choice, so it needs no bound here.
    pub fn add_slot(&mut self, mid: Mid, kind: Kind) {
        self.slots.entry(mid).and_modify(|slot| slot.set_kind(kind)).or_insert(Slot::new(
            mid,
            kind,
            self.open_one_in,
        ));
    }

    /// Forgets the slots of a connection that is gone.
    pub fn clear(&mut self) {
        self.slots.clear();
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.slots.values().filter_map(Slot::deadline).min()
    }

    /// What all slots have counted; of a connection that is gone, ask before [`Self::clear`].
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.slots.values().for_each(|slot| sum.add(&slot.counts()));
        sum
    }

    /// Takes a packet; of an unknown line it is ignored.
    pub fn handle_packet(&mut self, now: Instant, packet: Packet, opener: &mut Opener) {
        if let Some(slot) = self.slots.get_mut(&packet.mid) {
            slot.handle_packet(now, packet, opener, &mut self.out);
        }
    }

    /// Gives up what has been waited for too long.
    pub fn handle_timeout(&mut self, now: Instant, opener: &mut Opener) {
        for slot in self.slots.values_mut() {
            slot.handle_timeout(now, opener, &mut self.out);
        }
    }

    pub fn poll_output(&mut self) -> Option<ReceiveOutput> {
        self.out.pop_front()
    }
}

#[cfg(test)]
mod tests;
