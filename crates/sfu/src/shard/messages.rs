//! What goes in and out of a shard.

use crate::{
    Layer, Layers, LineId, MediaPacket, PeerId, Permissions, Published, RoomId, SlotSource,
    SlotWish, SourceId,
};
use base::ParticipantId;

/// From the signalling side.
#[derive(Debug)]
pub enum Command<T> {
    /// What a device may do; to every shard.
    Permit {
        peer: PeerId,
        permissions: Permissions,
    },
    /// The room is over; to every shard.
    Close {
        room: RoomId,
    },
    /// A connection whose offer was accepted. It replaces the peer's former one.
    Adopt {
        peer: PeerId,
        generation: u64,
        transport: Box<T>,
    },
    /// Lends the connection out for another offer; answered by [`Output::Released`].
    Release {
        peer: PeerId,
    },
    /// Gives a lent connection back.
    Return {
        peer: PeerId,
        transport: Box<T>,
    },
    Publish {
        peer: PeerId,
        sources: Vec<Published>,
    },
    Layout {
        peer: PeerId,
        wishes: Vec<SlotWish>,
    },
    KeysReady {
        peer: PeerId,
    },
    Remove {
        peer: PeerId,
    },
    /// The shards that have peers of the room, as a bit set.
    RoomShards {
        room: RoomId,
        shards: u32,
    },
}

/// Between shards. Each message is whole in itself and repeated while it holds, so that one lost
/// to a full queue does no lasting harm.
#[derive(Clone, Debug)]
pub enum Cross {
    Packet {
        room: RoomId,
        packet: MediaPacket,
    },
    /// A source on shard `home`; `None` when it is gone.
    Source {
        room: RoomId,
        source: SourceId,
        home: usize,
        state: Option<SourceState>,
    },
    /// Layers of a source that shard `from` wants.
    Demand {
        room: RoomId,
        source: SourceId,
        from: usize,
        layers: Layers,
    },
    Keyframe {
        room: RoomId,
        source: SourceId,
        layer: Layer,
    },
}

/// What other shards know of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceState {
    /// Layers declared.
    pub layers: Layers,
    /// Layers being sent.
    pub live: Layers,
    /// Measured bits per second of each layer.
    pub bps: [u64; 3],
}

/// To the signalling side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Connected { peer: PeerId },
    Failed { peer: PeerId, generation: u64 },
    Slots { peer: PeerId, slots: Vec<SlotSource> },
    Speakers { room: RoomId, listeners: Vec<ParticipantId>, speakers: Vec<ParticipantId> },
    LayersWanted { peer: PeerId, line: LineId, layers: Vec<Layer> },
}

/// What the shell performs.
#[derive(Debug)]
pub enum Output<T> {
    /// Hand to shard `to`, or drop and count if its queue is full.
    Cross {
        to: usize,
        message: Cross,
    },
    /// Answer to [`Command::Release`]; `None` for an unknown peer.
    Released {
        peer: PeerId,
        transport: Option<Box<T>>,
    },
    Event(Event),
    /// SSRCs whose packets nobody is to have now: microphones that are not among the speakers, sorted, at most
    /// [`MOST_UNHEARD`](super::MOST_UNHEARD). They only say how loud they are, and may be handed over some milliseconds late.
    Unheard(Vec<u32>),
}
