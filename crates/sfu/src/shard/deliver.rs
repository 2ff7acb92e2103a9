//! What came in one turn, receiver by receiver.
//!
//! A receiver's state (numbers, keys, repair, feedback) is fetched into the cache once for all packets of a frame, not
//! once for each, and its datagrams lie next to each other, ready to leave as one segmented send.

use super::Shard;
use super::forward::announce;
use super::peer::{Peer, Slot};
use crate::egress::Egress;
use crate::padding::even_out;
use crate::rewrite::Rewritten;
use crate::slot::{AudioSlot, Verdict};
use crate::transport::{MediaTransport, Written};
use crate::{MediaPacket, RoomId};
use std::time::{Duration, Instant};

/// A receiver whose queue is older loses whole frames: larger delays what is shown, smaller drops
/// pictures at every hiccup.
const MAX_QUEUE_AGE: Duration = Duration::from_millis(150);

/// Packets shared out at once: bounds the plan, which has an entry for each and each of its receivers.
const TOGETHER: usize = 64;

/// Receivers whose state is read before the first of them is written to: about twenty lines of cache each. Many more would
/// push each other out of the innermost cache, fewer are waited for longer.
const AHEAD: usize = 8;

/// One packet for one line of one receiver. Their order is that of writing: packets of a line stay as they came.
/// One number, as sorting compares them a lot: the receiver's place above all, then the line, then the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Delivery(u64);

impl Delivery {
    /// Without a slot it is sound, which finds its own by who is shown in it.
    fn new(peer: usize, slot: Option<usize>, packet: usize) -> Delivery {
        debug_assert!(peer <= u32::MAX as usize && packet < TOGETHER);
        let line = slot.map_or(0, |slot| (slot as u64 + 1) & 0xff_ffff);
        Delivery((peer as u64) << 32 | line << 8 | packet as u64)
    }

    fn peer(self) -> usize {
        (self.0 >> 32) as usize
    }

    fn slot(self) -> Option<usize> {
        (self.0 as usize >> 8 & 0xff_ffff).checked_sub(1)
    }

    /// The receiver and its slot.
    fn line(self) -> u64 {
        self.0 >> 8
    }

    fn packet(self) -> usize {
        self.0 as usize & 0xff
    }
}

/// What the room allows a receiver of pictures.
#[derive(Clone, Copy)]
struct Receives {
    video: bool,
    keyframes: bool,
}

impl<T: MediaTransport> Shard<T> {
    /// Writes what has come to everyone who is to have it. `send` is called whenever the egress is full. True when
    /// there was something.
    pub(super) fn share_out(&mut self, now: Instant, send: &mut impl FnMut(&mut Egress)) -> bool {
        let mut arrived = std::mem::take(&mut self.arrived);
        let any = !arrived.is_empty();
        for packets in arrived.chunks_mut(TOGETHER) {
            even_out(packets);
            self.plan(packets);
            let plan = std::mem::take(&mut self.plan);
            let mut wanting = 0u64;
            let receivers = plan.chunk_by(|a, b| a.peer() == b.peer());
            let mut ahead = receivers.clone();
            for (index, deliveries) in receivers.enumerate() {
                if index.is_multiple_of(AHEAD) {
                    ahead.by_ref().take(AHEAD).for_each(|next| self.preload(packets, next));
                }
                wanting |= self.deliver_to_one(now, packets, deliveries);
                if self.egress.is_full() {
                    send(&mut self.egress);
                }
            }
            self.plan = plan;
            for (index, (room, packet)) in packets.iter().enumerate() {
                if wanting & (1 << index) != 0 {
                    self.request_keyframe(now, *room, packet.source, packet.layer);
                }
            }
        }
        arrived.clear();
        self.arrived = arrived;
        any
    }

    fn plan(&mut self, packets: &[(RoomId, MediaPacket)]) {
        self.plan.clear();
        for (packet, (room, content)) in packets.iter().enumerate() {
            let Some(room) = self.rooms.get(room) else { continue };
            if !room.may_send(content.source) {
                continue; // no longer
            }
            if content.source.kind.is_audio() {
                let each = |peer: &usize| Delivery::new(*peer, None, packet);
                self.plan.extend(room.local.iter().map(each));
            } else if let Some(source) = room.sources.get(&content.source) {
                let each =
                    |(peer, slot): &(usize, usize)| Delivery::new(*peer, Some(*slot), packet);
                self.plan.extend(source.subscribers.iter().map(each));
            }
        }
        self.plan.sort_unstable();
    }

    /// Reads what writing to these lines will need. Each receiver is out of the cache when its turn comes, and most of what
    /// writing costs is to wait for one part of it after the other; asked for beforehand, those of several come together.
    fn preload(&self, packets: &[(RoomId, MediaPacket)], deliveries: &[Delivery]) {
        for line in deliveries.chunk_by(|a, b| a.line() == b.line()) {
            let Some(delivery) = line.first() else { continue };
            let Some(Some(peer)) = self.peers.get(delivery.peer()) else { return };
            let Some((_, packet)) = packets.get(delivery.packet()) else { continue };
            peer.preload(delivery.slot(), packet.source);
        }
    }

    /// All of one receiver. Returns the packets, as bits, instead of which it needs a keyframe.
    fn deliver_to_one(
        &mut self,
        now: Instant,
        packets: &[(RoomId, MediaPacket)],
        deliveries: &[Delivery],
    ) -> u64 {
        let Some(index) = deliveries.first().map(|delivery| delivery.peer()) else { return 0 };
        let mut receives = None;
        let mut wanting = 0;
        for delivery in deliveries {
            let Some((_, packet)) = packets.get(delivery.packet()) else { continue };
            let Some(slot) = delivery.slot() else {
                self.deliver_audio(now, index, packet);
                continue;
            };
            let receives = *receives.get_or_insert_with(|| self.receives(index));
            if receives.video {
                let wants = self.deliver_video(now, index, slot, packet);
                wanting |= u64::from(wants && receives.keyframes) << delivery.packet();
            }
        }
        wanting
    }

    fn receives(&self, index: usize) -> Receives {
        let peer = self.peers.get(index).and_then(Option::as_ref);
        let member =
            peer.and_then(|peer| self.rooms.get(&peer.id.room)?.members.get(&peer.id.participant));
        Receives {
            video: member.is_some_and(|member| member.permissions.receive),
            keyframes: member.is_some_and(|member| member.keys_ready),
        }
    }

    /// Whose sound a line carries was decided with the room's permissions, and is decided anew with each change of them.
    fn deliver_audio(&mut self, now: Instant, index: usize, packet: &MediaPacket) {
        let Some(peer) = &mut self.peers[index] else { return };
        let shows = |slot: &&mut Slot<AudioSlot>| slot.slot.shown() == Some(packet.source);
        let Some(slot) = peer.audio.iter_mut().find(shows) else { return };
        let line = slot.line;
        match slot.slot.map(packet, now) {
            Some(numbers) => _ = self.write(now, index, line, numbers, packet),
            None => self.counters.late_dropped += 1,
        }
    }

    /// Offers a packet to one slot. True when that slot needs a keyframe.
    fn deliver_video(
        &mut self,
        now: Instant,
        index: usize,
        slot: usize,
        packet: &MediaPacket,
    ) -> bool {
        let Some(peer) = &mut self.peers[index] else { return false };
        if is_behind(peer, slot, packet, now) {
            self.counters.frames_dropped += 1;
            return false;
        }
        let Some(entry) = peer.video.get_mut(slot) else { return false };
        let line = entry.line;
        let numbers = match entry.slot.offer(packet, now) {
            Verdict::Ignore => return false,
            Verdict::NeedsKeyframe => return true,
            Verdict::Late => {
                self.counters.late_dropped += 1;
                return false;
            }
            Verdict::Switched(numbers) => {
                let shown = vec![entry.source(Some(packet.source), packet.source.kind)];
                announce(&mut self.outputs, peer.id, shown);
                numbers
            }
            Verdict::Forward(numbers) => numbers,
        };
        let waits = self.write(now, index, line, numbers, packet) == Written::Queued;
        if let Some(entry) = self.peers[index].as_mut().and_then(|peer| peer.video.get_mut(slot)) {
            entry.waits = waits;
        }
        false
    }

    fn write(
        &mut self,
        now: Instant,
        index: usize,
        line: usize,
        numbers: Rewritten,
        packet: &MediaPacket,
    ) -> Written {
        let Some(peer) = &mut self.peers[index] else { return Written::Sent };
        self.counters.packets_out += 1;
        let written = peer.write(now, line, numbers, packet, &mut self.egress);
        if written == Written::Queued {
            self.touched.push(index);
        }
        written
    }
}

/// Whether a frame begins for a slot whose queue is too old to take it: the frame is dropped, and all until
/// a keyframe.
fn is_behind<T: MediaTransport>(
    peer: &mut Peer<T>,
    slot: usize,
    packet: &MediaPacket,
    now: Instant,
) -> bool {
    let Some(entry) = peer.video.get_mut(slot) else { return false };
    // What was sent at once found nothing waiting before it.
    if !entry.waits || !packet.starts_frame() || Some(packet.layer) != entry.slot.target() {
        return false;
    }
    let Some(transport) = &mut peer.transport else { return false };
    let late = transport.queue_age(entry.line, now) > MAX_QUEUE_AGE;
    if late {
        entry.slot.interrupt();
    }
    late
}
