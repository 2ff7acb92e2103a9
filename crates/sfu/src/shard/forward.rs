//! Packets from publishers to slots.

use super::peer::Slot;
use super::room::{Home, Room};
use super::{Cross, Event, Output, Shard};
use crate::audio::{HEARD, lines_of};
use crate::slot::{AudioSlot, Verdict};
use crate::transport::{MediaTransport, Received, Written};
use crate::vp8::Vp8;
use crate::{Kind, Layer, MediaPacket, PeerId, RoomId, SlotSource, SourceId};
use std::time::{Duration, Instant};

/// A receiver whose queue is older loses whole frames: larger delays what is shown, smaller drops
/// pictures at every hiccup.
const MAX_QUEUE_AGE: Duration = Duration::from_millis(150);

impl<T: MediaTransport> Shard<T> {
    /// A packet of a local publisher.
    pub(super) fn published(&mut self, now: Instant, index: usize, received: Received) {
        let Some(peer) = &self.peers[index] else { return };
        let id = peer.id;
        let Some(packet) = peer.kind_of(received.line).and_then(|kind| parse(id, kind, received))
        else {
            self.counters.packets_refused += 1;
            return;
        };
        let Some(room) = self.rooms.get_mut(&id.room) else { return };
        if !room.may_send(packet.source) {
            self.counters.packets_refused += 1;
            return;
        }
        let Some(source) = room.sources.get_mut(&packet.source) else { return };
        self.counters.packets_in += 1;
        let new_layer = source.saw(&packet, now);
        if packet.starts_decodable() {
            room.requests.arrived(packet.source, packet.layer);
        }
        if new_layer && !packet.source.kind.is_audio() {
            self.source_changed(now, id.room, packet.source);
        }
        self.forward(now, id.room, &packet);
        self.cross(id.room, packet);
    }

    /// A packet of another shard's publisher.
    pub(super) fn crossed(&mut self, now: Instant, room: RoomId, packet: &MediaPacket) {
        if self.rooms.get(&room).is_some_and(|room| room.may_send(packet.source)) {
            self.forward(now, room, packet);
        }
    }

    fn forward(&mut self, now: Instant, room: RoomId, packet: &MediaPacket) {
        match packet.source.kind.is_audio() {
            true => self.forward_audio(now, room, packet),
            false => self.forward_video(now, room, packet),
        }
    }

    /// Once to every other shard that has use for it.
    fn cross(&mut self, id: RoomId, packet: MediaPacket) {
        let Some(room) = self.rooms.get(&id) else { return };
        let audio = packet.source.kind.is_audio();
        let spoken = packet.source.kind == Kind::Mic;
        if spoken && !room.speakers.places().contains(&Some(packet.source)) {
            return;
        }
        let Some(source) = room.sources.get(&packet.source) else { return };
        for to in room.other_shards() {
            let wanted = source.demands.get(&to).is_some_and(|d| d.contains(packet.layer));
            if audio || wanted {
                self.counters.packets_crossed += 1;
                let message = Cross::Packet { room: id, packet: packet.clone() };
                self.outputs.push_back(Output::Cross { to, message });
            }
        }
    }

    fn forward_audio(&mut self, now: Instant, id: RoomId, packet: &MediaPacket) {
        if packet.source.kind == Kind::Mic && !self.is_speaker(now, id, packet) {
            return;
        }
        let Some(room) = self.rooms.get(&id) else { return };
        for index in &room.local {
            let Some(peer) = &mut self.peers[*index] else { continue };
            let shows = |slot: &&mut Slot<AudioSlot>| slot.slot.shown() == Some(packet.source);
            let Some(slot) = peer.audio.iter_mut().find(shows) else { continue };
            let Some(numbers) = slot.slot.map(packet, now) else {
                self.counters.late_dropped += 1;
                continue;
            };
            let line = slot.line;
            self.counters.packets_out += 1;
            let written = peer.write(now, line, numbers, packet, &mut self.egress, *index);
            if written == Written::Queued {
                self.touched.push(*index);
            }
        }
    }

    /// Whether a microphone is among the speakers with this packet.
    fn is_speaker(&mut self, now: Instant, id: RoomId, packet: &MediaPacket) -> bool {
        let Some(room) = self.rooms.get_mut(&id) else { return false };
        let (place, changed) = room.speakers.heard(now, packet.source, packet.level);
        if changed {
            self.refresh_audio_lines(id);
        }
        place.is_some()
    }

    /// Puts the speakers, and the sound of wished screens, into every local listener's lines and
    /// announces what changed.
    pub(super) fn refresh_audio_lines(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get(&id) else { return };
        for index in &room.local {
            let Some(peer) = &mut self.peers[*index] else { continue };
            let may = room.may_receive(peer.id.participant);
            let speakers = match may {
                true => lines_of(room.speakers.places(), peer.id.participant),
                false => [None; HEARD],
            };
            let mut speakers = speakers.into_iter();
            let mut changed = Vec::new();
            for slot in &mut peer.audio {
                let (source, kind) = match slot.slot.wish() {
                    Some(wish) => {
                        let there = may && room.sources.contains_key(&wish);
                        (there.then_some(wish), Kind::ScreenAudio)
                    }
                    None => (speakers.next().flatten(), Kind::Mic),
                };
                if slot.slot.set_shown(source) {
                    changed.push(slot.source(source, kind));
                }
            }
            announce(&mut self.outputs, peer.id, changed);
        }
    }

    fn forward_video(&mut self, now: Instant, id: RoomId, packet: &MediaPacket) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(source) = room.sources.get_mut(&packet.source) else { return };
        let subscribers = std::mem::take(&mut source.subscribers);
        let mut needs_keyframe = false;
        for (index, slot) in &subscribers {
            needs_keyframe |= self.forward_to(now, id, *index, *slot, packet);
        }
        if let Some(source) =
            self.rooms.get_mut(&id).and_then(|room| room.sources.get_mut(&packet.source))
        {
            source.subscribers = subscribers;
        }
        if needs_keyframe {
            self.request_keyframe(now, id, packet.source, packet.layer);
        }
    }

    /// Offers a packet to one slot. True when that slot needs a keyframe and can decrypt it.
    fn forward_to(
        &mut self,
        now: Instant,
        id: RoomId,
        index: usize,
        slot: usize,
        packet: &MediaPacket,
    ) -> bool {
        let Some(room) = self.rooms.get(&id) else { return false };
        let Some(peer) = &mut self.peers[index] else { return false };
        let participant = peer.id.participant;
        let Some(entry) = peer.video.get_mut(slot) else { return false };
        if !room.may_receive(participant) {
            return false;
        }
        let line = entry.line;
        if packet.starts_frame() && Some(packet.layer) == entry.slot.target() {
            let age = peer.transport.as_mut().map_or(Duration::ZERO, |t| t.queue_age(line, now));
            if age > MAX_QUEUE_AGE {
                entry.slot.interrupt();
                self.counters.frames_dropped += 1;
                return false;
            }
        }
        let verdict = entry.slot.offer(packet, now);
        match verdict {
            Verdict::Ignore => return false,
            Verdict::NeedsKeyframe => return room.keys_ready(participant),
            Verdict::Late => {
                self.counters.late_dropped += 1;
                return false;
            }
            Verdict::Switched(_) => {
                let shown = vec![entry.source(Some(packet.source), packet.source.kind)];
                announce(&mut self.outputs, peer.id, shown);
            }
            Verdict::Forward(_) => {}
        }
        if let Verdict::Forward(numbers) | Verdict::Switched(numbers) = verdict {
            self.counters.packets_out += 1;
            let written = peer.write(now, line, numbers, packet, &mut self.egress, index);
            if written == Written::Queued {
                self.touched.push(index);
            }
        }
        false
    }

    /// A receiver reported loss of picture on a line.
    pub(super) fn receiver_lost_picture(&mut self, now: Instant, index: usize, line: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let id = peer.id;
        let slot = peer.video.iter().find(|slot| slot.line == line);
        let wish = slot.and_then(|slot| Some((slot.slot.wish()?.source, slot.slot.target()?)));
        let Some((source, layer)) = wish else { return };
        if self.rooms.get(&id.room).is_some_and(|room| room.may_receive(id.participant)) {
            self.request_keyframe(now, id.room, source, layer);
        }
    }

    /// Asks the publisher, at most once per layer and interval.
    pub(super) fn request_keyframe(
        &mut self,
        now: Instant,
        id: RoomId,
        source: SourceId,
        layer: Layer,
    ) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if room.sources.contains_key(&source) && room.requests.request(now, source, layer) {
            self.ask_publisher(id, source, layer);
        }
    }

    pub(super) fn ask_publisher(&mut self, id: RoomId, source_id: SourceId, layer: Layer) {
        let Some(room) = self.rooms.get(&id) else { return };
        let Some(source) = room.sources.get(&source_id) else { return };
        match source.home {
            Home::Shard(to) => {
                let message = Cross::Keyframe { room: id, source: source_id, layer };
                self.outputs.push_back(Output::Cross { to, message });
            }
            Home::Here { peer, .. } => {
                let traffic = source.traffic[layer as usize];
                if let (Some(transport), Some(_)) = (self.transport(peer), traffic.seen) {
                    transport.request_keyframe(traffic.stream);
                    self.counters.keyframe_requests += 1;
                    self.touched.push(peer);
                }
            }
        }
    }

    /// The listeners' speakers changed, in who or in order.
    pub(super) fn announce_speakers(&mut self, now: Instant, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let loudest = room.speakers.loudest(now);
        let speakers: Vec<_> = loudest.into_iter().map(|source| source.participant).collect();
        if room.announced == speakers || room.local.is_empty() {
            return;
        }
        room.announced.clone_from(&speakers);
        let listeners = listeners(room, &self.peers);
        let event = Event::Speakers { room: id, listeners, speakers };
        self.outputs.push_back(Output::Event(event));
    }
}

fn listeners<T>(room: &Room, peers: &[Option<super::Peer<T>>]) -> Vec<base::ParticipantId> {
    let local = room.local.iter().filter_map(|index| peers[*index].as_ref());
    local.map(|peer| peer.id.participant).filter(|p| room.may_receive(*p)).collect()
}

fn parse(id: PeerId, kind: Kind, received: Received) -> Option<MediaPacket> {
    let vp8 = match kind.is_audio() {
        true => None,
        false => Some(Vp8::parse(&received.payload).ok()?),
    };
    Some(MediaPacket {
        source: SourceId { participant: id.participant, kind },
        layer: received.layer,
        stream: received.stream,
        seq: received.seq,
        timestamp: received.timestamp,
        marker: received.marker,
        payload: received.payload,
        arrived: received.arrived,
        vp8,
        level: received.level,
    })
}

pub(super) fn announce<T>(
    outputs: &mut std::collections::VecDeque<Output<T>>,
    peer: PeerId,
    slots: Vec<SlotSource>,
) {
    if !slots.is_empty() {
        outputs.push_back(Output::Event(Event::Slots { peer, slots }));
    }
}
