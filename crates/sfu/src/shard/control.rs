//! Commands: permissions, connections, what is published, layouts.

use super::forward::announce;
use super::peer::{Peer, outgoing};
use super::room::{Home, MAX_MEMBERS, Room, Source};
use super::{Command, Cross, Event, Output, Shard};
use crate::slot::Wish;
use crate::transport::{MediaTransport, Outgoing};
use crate::{Kind, PeerId, Permissions, Published, RoomId, SlotWish, SourceId};
use base::ParticipantId;
use std::time::Instant;

/// Sources one peer may list.
const MAX_PUBLISHED: usize = 8;

impl<T: MediaTransport> Shard<T> {
    /// A command of the signalling side.
    pub fn handle_command(&mut self, now: Instant, command: Command<T>) {
        match command {
            Command::Permit { peer, permissions } => self.permit(now, peer, permissions),
            Command::Close { room } => self.close_room(now, room),
            Command::Adopt { peer, generation, transport } => {
                self.adopt(now, peer, generation, transport);
            }
            Command::Release { peer } => self.release(peer),
            Command::Return { peer, transport } => self.take_back(now, peer, transport),
            Command::Publish { peer, sources } => self.publish(now, peer, sources),
            Command::Layout { peer, wishes } => self.layout(now, peer, wishes),
            Command::KeysReady { peer } => self.keys_ready(now, peer),
            Command::Remove { peer } => self.remove(now, peer),
            Command::RoomShards { room, shards } => self.room_shards(room, shards),
        }
    }

    /// A message of another shard.
    pub fn handle_cross(&mut self, now: Instant, message: Cross) {
        match message {
            Cross::Packet { room, packet } => self.crossed(now, room, packet),
            Cross::Source { room, source, home, state } => {
                self.remote_source(now, room, source, home, state);
            }
            Cross::Demand { room, source, from, layers } => {
                self.remote_demand(now, room, source, from, layers);
            }
            Cross::Keyframe { room, source, layer } => {
                self.request_keyframe(now, room, source, layer);
            }
        }
    }

    fn permit(&mut self, now: Instant, id: PeerId, permissions: Permissions) {
        if permissions == Permissions::NONE {
            if let Some(room) = self.rooms.get_mut(&id.room) {
                room.members.remove(&id.participant);
            }
        } else {
            let room = self.rooms.entry(id.room).or_default();
            if room.members.len() >= MAX_MEMBERS && !room.members.contains_key(&id.participant) {
                return;
            }
            room.members.entry(id.participant).or_default().permissions = permissions;
        }
        self.forget_forbidden(now, id);
        self.sync_sources(now, id);
        if let Some(index) = self.ids.get(&id).copied() {
            self.receiving_changed(now, index);
        }
        self.drop_empty_room(id.room);
    }

    /// Sources of other shards that this participant may no longer send.
    fn forget_forbidden(&mut self, now: Instant, id: PeerId) {
        for kind in Kind::ALL {
            let source = SourceId { participant: id.participant, kind };
            let forbidden = self.rooms.get(&id.room).is_some_and(|room| !room.may_send(source));
            if forbidden {
                self.drop_source(now, id.room, source);
            }
        }
    }

    fn receiving_changed(&mut self, now: Instant, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        let id = peer.id;
        let may = self.rooms.get(&id.room).is_some_and(|room| room.may_receive(id.participant));
        if !may {
            let mut cleared = Vec::new();
            for slot in &mut peer.video {
                slot.slot.set_target(None);
                if slot.slot.clear() {
                    cleared.push(slot.source(None, Kind::Camera));
                }
            }
            announce(&mut self.outputs, id, cleared);
        }
        self.refresh_audio_lines(id.room);
        self.allocate(now, index);
    }

    fn close_room(&mut self, now: Instant, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.members.clear();
        for index in room.local.clone() {
            if let Some(peer) = &self.peers[index] {
                let peer = peer.id;
                self.remove(now, peer);
            }
        }
        self.rooms.remove(&id);
    }

    fn drop_empty_room(&mut self, id: RoomId) {
        if self.rooms.get(&id).is_some_and(Room::is_empty) {
            self.rooms.remove(&id);
        }
    }

    fn adopt(&mut self, now: Instant, id: PeerId, generation: u64, transport: Box<T>) {
        self.remove(now, id);
        let peer = Peer::new(id, generation, transport);
        let index = match self.peers.iter().position(Option::is_none) {
            Some(free) => free,
            None => {
                self.peers.push(None);
                self.peers.len() - 1
            }
        };
        self.peers[index] = Some(peer);
        self.ids.insert(id, index);
        self.rooms.entry(id.room).or_default().local.push(index);
        self.learn_ufrag(index);
        self.refresh_audio_lines(id.room);
        self.touched.push(index);
    }

    /// The ufrag changes with an ICE restart; the former one stays known, checks may be under way.
    fn learn_ufrag(&mut self, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(transport) = &peer.transport else { return };
        let ufrag = transport.ufrag().to_owned();
        if peer.ufrags.contains(&ufrag) {
            return;
        }
        self.by_ufrag.insert(ufrag.clone(), index);
        peer.ufrags.push(ufrag);
        if peer.ufrags.len() > 2 {
            let oldest = peer.ufrags.remove(0);
            self.by_ufrag.remove(&oldest);
        }
    }

    fn release(&mut self, id: PeerId) {
        let index = self.ids.get(&id).copied();
        let transport =
            index.and_then(|index| self.peers[index].as_mut()).and_then(|p| p.transport.take());
        self.outputs.push_back(Output::Released { peer: id, transport });
    }

    fn take_back(&mut self, now: Instant, id: PeerId, transport: Box<T>) {
        let Some(index) = self.ids.get(&id).copied() else { return };
        let Some(peer) = &mut self.peers[index] else { return };
        if peer.transport.is_some() {
            return;
        }
        peer.transport = Some(transport);
        peer.learn_lines();
        let (datagrams, writes) = peer.held.take();
        self.learn_ufrag(index);
        self.drain(now, index, false);
        for (from, to, datagram) in datagrams {
            self.deliver(now, index, from, to, &datagram);
        }
        for (line, numbers, packet) in writes {
            self.write_held(now, index, line, &outgoing(numbers, &packet));
        }
        self.touched.push(index);
        self.refresh_audio_lines(id.room);
    }

    fn write_held(&mut self, now: Instant, index: usize, line: usize, packet: &Outgoing<'_>) {
        let Some(peer) = &mut self.peers[index] else { return };
        if let Some(transport) = &mut peer.transport {
            transport.write(now, line, packet, &mut self.egress);
        }
    }

    fn publish(&mut self, now: Instant, id: PeerId, sources: Vec<Published>) {
        let Some(index) = self.ids.get(&id).copied() else { return };
        let Some(peer) = &mut self.peers[index] else { return };
        let mut published: Vec<(usize, Kind, bool)> = Vec::new();
        for source in sources.into_iter().take(MAX_PUBLISHED) {
            let line = peer.sending_line(&source.line, source.kind.is_audio());
            let is_new = |line: &usize| {
                published.iter().all(|(at, kind, _)| at != line && *kind != source.kind)
            };
            if let Some(line) = line.filter(is_new) {
                published.push((line, source.kind, source.active));
            }
        }
        peer.published = published;
        self.sync_sources(now, id);
    }

    /// Makes the room's sources agree with what a local peer publishes and may publish.
    fn sync_sources(&mut self, now: Instant, id: PeerId) {
        let Some(index) = self.ids.get(&id).copied() else { return };
        for kind in Kind::ALL {
            let source = SourceId { participant: id.participant, kind };
            let Some(peer) = &self.peers[index] else { return };
            let line = peer.published.iter().find(|p| p.1 == kind && p.2).map(|p| p.0);
            let may = self.rooms.get(&id.room).is_some_and(|room| room.may_send(source));
            match line.filter(|_| may) {
                Some(line) => {
                    self.add_source(now, id.room, source, Home::Here { peer: index, line })
                }
                None => self.drop_source(now, id.room, source),
            }
        }
    }

    fn add_source(&mut self, now: Instant, id: RoomId, source: SourceId, home: Home) {
        let Home::Here { peer, line } = home else { return };
        let publisher = self.peers[peer].as_ref();
        let layers = publisher.and_then(|peer| peer.lines.get(line)).map(|line| line.layers);
        let (Some(layers), Some(room)) = (layers, self.rooms.get_mut(&id)) else { return };
        if room.sources.get(&source).is_some_and(|known| known.home == home) {
            return;
        }
        room.sources.insert(source, Source::new(home, layers));
        self.subscribe_to(now, id, source);
        self.source_changed(now, id, source);
    }

    /// A source is gone from here: its slots are idle.
    pub(super) fn drop_source(&mut self, now: Instant, id: RoomId, source: SourceId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(gone) = room.sources.remove(&source) else { return };
        room.requests.forget(source);
        let was_heard = source.kind == Kind::ScreenAudio
            || (source.kind == Kind::Mic && room.speakers.remove(source));
        for (index, slot) in gone.subscribers {
            let Some(peer) = &mut self.peers[index] else { continue };
            let Some(entry) = peer.video.get_mut(slot) else { continue };
            entry.slot.set_target(None);
            if entry.slot.clear() {
                let idle = vec![entry.source(None, Kind::Camera)];
                announce(&mut self.outputs, peer.id, idle);
            }
            self.allocate(now, index);
        }
        if was_heard {
            self.refresh_audio_lines(id);
        }
        if let Home::Here { .. } = gone.home {
            self.tell_others(id, source, None);
        }
    }

    fn layout(&mut self, now: Instant, id: PeerId, wishes: Vec<SlotWish>) {
        let Some(index) = self.ids.get(&id).copied() else { return };
        let Some(peer) = &mut self.peers[index] else { return };
        let screen_sound = |wish: &&SlotWish| {
            let source = wish.source;
            source.kind == Kind::ScreenAudio && source.participant != id.participant
        };
        let mut other_sound = false;
        for slot in &mut peer.audio {
            let wish = wishes.iter().find(|wish| wish.line == slot.id).filter(screen_sound);
            other_sound |= slot.slot.set_wish(wish.map(|wish| wish.source));
        }
        let mut cleared = Vec::new();
        for slot in &mut peer.video {
            let wish = wishes.iter().find(|wish| wish.line == slot.id);
            let wish = wish.filter(|wish| {
                !wish.source.kind.is_audio() && wish.source.participant != id.participant
            });
            let wish = wish.map(|wish| Wish { source: wish.source, height: wish.height });
            slot.slot.set_wish(wish);
            if wish.is_none() && slot.slot.clear() {
                cleared.push(slot.source(None, Kind::Camera));
            }
        }
        announce(&mut self.outputs, id, cleared);
        if other_sound {
            self.refresh_audio_lines(id.room);
        }
        self.resubscribe(now, index);
        self.ask_keyframes(now, index);
    }

    fn keys_ready(&mut self, now: Instant, id: PeerId) {
        let Some(room) = self.rooms.get_mut(&id.room) else { return };
        let Some(member) = room.members.get_mut(&id.participant) else { return };
        member.keys_ready = true;
        if let Some(index) = self.ids.get(&id).copied() {
            self.ask_keyframes(now, index);
        }
    }

    /// Keyframes of everything a peer watches, if it can decrypt them.
    fn ask_keyframes(&mut self, now: Instant, index: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let id = peer.id;
        if !self.rooms.get(&id.room).is_some_and(|room| room.keys_ready(id.participant)) {
            return;
        }
        let watched: Vec<_> = peer
            .video
            .iter()
            .filter_map(|slot| Some((slot.slot.wish()?.source, slot.slot.target()?)))
            .collect();
        for (source, layer) in watched {
            self.request_keyframe(now, id.room, source, layer);
        }
    }

    /// Forgets a peer and says goodbye.
    fn remove(&mut self, now: Instant, id: PeerId) {
        let Some(index) = self.ids.get(&id).copied() else { return };
        if let Some(transport) = self.transport(index) {
            transport.close();
            self.drain_goodbye(index);
        }
        self.forget(now, index);
    }

    fn drain_goodbye(&mut self, index: usize) {
        use crate::transport::Polled;
        for _ in 0..64 {
            let Some(transport) = self.transport(index) else { return };
            match transport.poll() {
                Polled::Transmit { from, to, datagram } => {
                    self.egress.push(from, to, &datagram);
                }
                Polled::Timeout(_) | Polled::Closed => return,
                _ => {}
            }
        }
    }

    pub(super) fn connected(&mut self, now: Instant, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        peer.settle(now);
        self.outputs.push_back(Output::Event(Event::Connected { peer: peer.id }));
    }

    /// The connection ended by itself.
    pub(super) fn failed(&mut self, now: Instant, index: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let event = Event::Failed { peer: peer.id, generation: peer.generation };
        self.outputs.push_back(Output::Event(event));
        self.forget(now, index);
    }

    fn forget(&mut self, now: Instant, index: usize) {
        let Some(peer) = self.peers[index].take() else { return };
        self.ids.remove(&peer.id);
        self.by_ufrag.retain(|_, at| *at != index);
        for address in peer.addresses.known() {
            self.by_address.remove(address);
        }
        if let Some(at) = peer.timer {
            self.timers.remove(&(at, index));
        }
        if let Some(room) = self.rooms.get_mut(&peer.id.room) {
            room.local.retain(|at| *at != index);
        }
        self.unsubscribe(now, peer.id.room, index);
        for kind in Kind::ALL {
            let source = SourceId { participant: peer.id.participant, kind };
            let room = self.rooms.get(&peer.id.room);
            let local = room.and_then(|room| room.sources.get(&source)).is_some_and(
                |source| matches!(source.home, Home::Here { peer, .. } if peer == index),
            );
            if local {
                self.drop_source(now, peer.id.room, source);
            }
        }
        self.drop_empty_room(peer.id.room);
    }

    fn room_shards(&mut self, id: RoomId, shards: u32) {
        let index = self.index;
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.others = shards & !(1 << index);
        room.sources.retain(|_, source| match source.home {
            Home::Here { .. } => true,
            Home::Shard(home) => shards & (1 << home) != 0,
        });
        self.tell_all(id);
    }

    /// For tests and metrics: whether this participant has a connection here.
    pub fn has_peer(&self, room: RoomId, participant: ParticipantId) -> bool {
        self.ids.contains_key(&PeerId { room, participant })
    }
}
