//! Packets of publishers, up to where they are shared out; who speaks; keyframes.

use super::room::{Home, Room};
use super::{Cross, Event, Output, Shard};
use crate::audio::{HEARD, lines_of};
use crate::transport::{MediaTransport, Received};
use crate::vp8::Vp8;
use crate::{Kind, Layer, MediaPacket, PeerId, RoomId, SlotSource, SourceId};
use std::time::Instant;

impl<T: MediaTransport> Shard<T> {
    /// A packet of a local publisher.
    pub(super) fn published(&mut self, now: Instant, index: usize, received: Received) {
        let Some(peer) = &mut self.peers[index] else { return };
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
        if !peer.may_send_more(now, &packet) {
            self.counters.packets_excess += 1;
            return;
        }
        self.counters.packets_in += 1;
        let new_layer = source.saw(&packet, now);
        if packet.starts_decodable() {
            room.requests.arrived(packet.source, packet.layer);
        }
        if new_layer && !packet.source.kind.is_audio() {
            self.source_changed(now, id.room, packet.source);
        }
        let heard = self.is_heard(now, id.room, &packet);
        self.cross(id.room, &packet);
        if heard {
            self.arrived.push((id.room, packet));
        }
    }

    /// A packet of another shard's publisher.
    pub(super) fn crossed(&mut self, now: Instant, id: RoomId, packet: MediaPacket) {
        let may_send = self.rooms.get(&id).is_some_and(|room| room.may_send(packet.source));
        if may_send && self.is_heard(now, id, &packet) {
            self.arrived.push((id, packet));
        }
    }

    /// Once to every other shard that has use for it.
    fn cross(&mut self, id: RoomId, packet: &MediaPacket) {
        let Some(room) = self.rooms.get(&id).filter(|room| room.is_shared()) else { return };
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

    /// Whether anybody is to have this packet: a microphone only with it among the speakers.
    fn is_heard(&mut self, now: Instant, id: RoomId, packet: &MediaPacket) -> bool {
        if packet.source.kind != Kind::Mic {
            return true;
        }
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
        padding: 0,
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
