//! One peer of a shard: its connection, what it publishes, and its slots.

use super::addresses::Addresses;
use crate::allowance::Allowance;
use crate::egress::Egress;
use crate::layers::Headroom;
use crate::rewrite::Rewritten;
use crate::slot::{AudioSlot, VideoSlot};
use crate::transport::{Direction, Line, MediaTransport, Written};
use crate::{Kind, Layer, LineId, MediaPacket, PeerId, SlotSource, SourceId};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Kept while a connection is lent out for a new offer (some milliseconds); more is dropped, as
/// on a full network queue.
const MAX_HELD_DATAGRAMS: usize = 64;
const MAX_HELD_WRITES: usize = 512;

/// A connected peer that neither sent nor was sent a packet for so long is at rest. Shorter, and the
/// pauses between words bring rests that end at once.
const RESTS_AFTER: Duration = Duration::from_secs(2);
/// A peer at rest is woken by its own timers at most this often: they are for pacing, estimation and
/// reports of packets that there are none of. Longer delays its connectivity checks, which are seconds apart.
pub(super) const REST: Duration = Duration::from_secs(1);

// The fields that each sent packet needs come first.
#[repr(C)]
pub(super) struct Peer<T> {
    /// `None` while lent out.
    pub transport: Option<Box<T>>,
    /// From when on it is at rest; `None` while it connects.
    rests_from: Option<Instant>,
    pub audio: Vec<Slot<AudioSlot>>,
    pub video: Vec<Slot<VideoSlot>>,
    pub id: PeerId,
    pub generation: u64,
    pub held: Held,
    pub addresses: Addresses,
    pub ufrags: Vec<String>,
    pub timer: Option<Instant>,
    /// What the timer is to go off for besides reports about what the peer sent.
    pub others_at: Option<Instant>,
    pub estimate: Option<u64>,
    pub headroom: Headroom,
    /// All its lines, known also while the connection is lent out.
    pub lines: Vec<Line>,
    /// What the peer says it publishes, by line.
    pub published: Vec<(usize, Kind, bool)>,
    /// By kind.
    allowances: [Allowance; 4],
}

// The fields that each sent packet needs come first.
#[repr(C)]
pub(super) struct Slot<S> {
    pub line: usize,
    pub slot: S,
    pub id: LineId,
    /// Layer allocated, before falling back to one that is being sent.
    pub chosen: Option<Layer>,
    /// The packet last written has to wait, and so perhaps others before it.
    pub waits: bool,
}

#[derive(Default)]
pub(super) struct Held {
    datagrams: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
    writes: Vec<(usize, Rewritten, MediaPacket)>,
}

impl Held {
    pub fn datagram(&mut self, from: SocketAddr, to: SocketAddr, datagram: &[u8]) {
        if self.datagrams.len() < MAX_HELD_DATAGRAMS {
            self.datagrams.push((from, to, datagram.to_vec()));
        }
    }

    pub fn write(&mut self, line: usize, numbers: Rewritten, packet: &MediaPacket) {
        if self.writes.len() < MAX_HELD_WRITES {
            self.writes.push((line, numbers, packet.clone()));
        }
    }

    #[expect(clippy::type_complexity)] // used once, right here
    pub fn take(
        &mut self,
    ) -> (Vec<(SocketAddr, SocketAddr, Vec<u8>)>, Vec<(usize, Rewritten, MediaPacket)>) {
        (std::mem::take(&mut self.datagrams), std::mem::take(&mut self.writes))
    }
}

impl<T: MediaTransport> Peer<T> {
    pub fn new(id: PeerId, generation: u64, transport: Box<T>) -> Peer<T> {
        let mut peer = Peer {
            id,
            generation,
            transport: Some(transport),
            held: Held::default(),
            addresses: Addresses::default(),
            ufrags: Vec::new(),
            timer: None,
            others_at: None,
            rests_from: None,
            estimate: None,
            headroom: Headroom::default(),
            lines: Vec::new(),
            published: Vec::new(),
            allowances: Default::default(),
            audio: Vec::new(),
            video: Vec::new(),
        };
        peer.learn_lines();
        peer
    }

    /// It has connected: from now on it may rest.
    pub fn settle(&mut self, now: Instant) {
        self.rests_from = Some(now + RESTS_AFTER);
    }

    pub fn is_settled(&self) -> bool {
        self.rests_from.is_some()
    }

    /// The moment for a timer that it set for `at`.
    pub fn wake_at(&self, now: Instant, at: Instant) -> Instant {
        if self.rests(now) { at.max(now + REST) } else { at }
    }

    /// A packet comes or goes. True when that ends its rest: its timers are to be looked at anew.
    pub fn stir(&mut self, now: Instant) -> bool {
        let rested = self.rests(now);
        if let Some(from) = &mut self.rests_from {
            *from = now + RESTS_AFTER;
        }
        rested
    }

    fn rests(&self, now: Instant) -> bool {
        self.rests_from.is_some_and(|from| now >= from)
    }

    /// Reads what writing to a line will need: that of a slot, or the one in which this sound is shown.
    pub fn preload(&self, slot: Option<usize>, source: SourceId) {
        let found = match slot {
            Some(slot) => self.video.get(slot).map(|slot| (slot.line, slot.slot.rewriter())),
            None => self.sound_of(source).map(|slot| (slot.line, slot.slot.rewriter())),
        };
        let Some((line, rewriter)) = found else { return };
        rewriter.preload();
        if let Some(transport) = &self.transport {
            transport.preload(line);
        }
    }

    fn sound_of(&self, source: SourceId) -> Option<&Slot<AudioSlot>> {
        self.audio.iter().find(|slot| slot.slot.shown() == Some(source))
    }

    /// Makes slots for receiving lines that have none.
    pub fn learn_lines(&mut self) {
        let Some(transport) = &self.transport else { return };
        self.lines = transport.lines().to_vec();
        for (line, described) in self.lines.iter().enumerate() {
            if described.direction != Direction::Receives {
                continue;
            }
            let id = described.id.clone();
            if described.audio && self.audio.iter().all(|slot| slot.line != line) {
                self.audio.push(Slot {
                    line,
                    id,
                    slot: AudioSlot::default(),
                    chosen: None,
                    waits: false,
                });
            } else if !described.audio && self.video.iter().all(|slot| slot.line != line) {
                self.video.push(Slot {
                    line,
                    id,
                    slot: VideoSlot::default(),
                    chosen: None,
                    waits: false,
                });
            }
        }
    }

    /// The sending line with this name, if it carries that sort of media.
    pub fn sending_line(&self, id: &LineId, audio: bool) -> Option<usize> {
        self.lines.iter().position(|line| {
            line.id == *id && line.audio == audio && line.direction == Direction::Sends
        })
    }

    pub fn kind_of(&self, line: usize) -> Option<Kind> {
        self.published.iter().find(|(at, _, active)| *at == line && *active).map(|p| p.1)
    }

    /// False for what it sends beyond its allowance. Here and not with the source, which a peer can end and begin anew.
    pub fn may_send_more(&mut self, now: Instant, packet: &MediaPacket) -> bool {
        let kind = packet.source.kind;
        self.allowances[kind as usize].take(now, kind, packet.payload.len())
    }

    /// Writes, or keeps the packet while the connection is lent out. Where it was at rest, it is to be
    /// polled all the same.
    pub fn write(
        &mut self,
        now: Instant,
        line: usize,
        numbers: Rewritten,
        packet: &MediaPacket,
        egress: &mut Egress,
    ) -> Written {
        let rested = self.stir(now);
        match &mut self.transport {
            Some(transport) => {
                let written = transport.write(now, line, &outgoing(numbers, packet), egress);
                if rested { Written::Queued } else { written }
            }
            None => {
                self.held.write(line, numbers, packet);
                Written::Sent
            }
        }
    }
}

pub(super) fn outgoing(numbers: Rewritten, packet: &MediaPacket) -> crate::transport::Outgoing<'_> {
    crate::transport::Outgoing {
        numbers,
        marker: packet.marker,
        payload: &packet.payload,
        padding: packet.padding,
        vp8: packet.vp8.as_ref(),
        level: packet.level,
        arrived: packet.arrived,
    }
}

impl<S> Slot<S> {
    pub fn source(&self, source: Option<SourceId>, idle: Kind) -> SlotSource {
        let kind = source.map_or(idle, |source| source.kind);
        SlotSource { line: self.id.clone(), source, kind }
    }
}
