//! Who watches what, which layers that takes, and telling publishers and other shards.

use super::forward::announce;
use super::room::{Home, Source};
use super::{Cross, Event, MOST_UNHEARD, Output, Shard, SourceState};
use crate::layers::{Want, allocate, at_most, desired, ideal_layer, sustained};
use crate::transport::{INITIAL_BPS, MediaTransport};
use crate::{Kind, Layer, Layers, PeerId, RoomId, SourceId};
use std::time::{Duration, Instant};

/// Layers nobody watches any more are still asked for this long: people look back and forth.
const SHRINK_AFTER: Duration = Duration::from_secs(2);

/// Sources of other shards kept for one room.
const MAX_REMOTE_SOURCES: usize = 16_384;

/// Estimates below this change nothing worth a new allocation (percent).
const NOTABLE_PERCENT: u64 = 5;

/// Probe for this much more than wished (percent), lest the estimate stays at what is sent.
const PROBE_PERCENT: u64 = 130;

/// Ticks between looks at who is loudest, and between repeats to other shards.
const SPEAKER_TICKS: u64 = 5;
const REPEAT_TICKS: u64 = 10;

impl<T: MediaTransport> Shard<T> {
    /// Every 100 ms.
    pub(super) fn tick(&mut self, now: Instant) {
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for id in rooms {
            self.tick_room(now, id);
        }
        self.look_for_unheard(now);
    }

    fn look_for_unheard(&mut self, now: Instant) {
        let rooms = self.rooms.values().flat_map(|room| room.unheard(now));
        let mut unheard: Vec<u32> = rooms.take(MOST_UNHEARD).collect();
        unheard.sort_unstable();
        if unheard != self.unheard {
            self.unheard.clone_from(&unheard);
            self.outputs.push_back(Output::Unheard(unheard));
        }
    }

    fn tick_room(&mut self, now: Instant, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.ticks += 1;
        let ticks = room.ticks;
        let mut changed = Vec::new();
        let mut shrunk = Vec::new();
        for (source_id, source) in &mut room.sources {
            let here = matches!(source.home, Home::Here { .. });
            if here && source.measure(now) && !source_id.kind.is_audio() {
                changed.push(*source_id);
            }
            if source.shrink_at.is_some_and(|at| at <= now) {
                shrunk.push(*source_id);
            }
        }
        let due = room.requests.due(now);
        for source in changed {
            self.source_changed(now, id, source);
        }
        for source in shrunk {
            self.refresh_demand(now, id, source);
        }
        for (source, layer) in due {
            self.ask_publisher(id, source, layer);
        }
        if ticks.is_multiple_of(SPEAKER_TICKS) {
            self.announce_speakers(now, id);
        }
        if ticks.is_multiple_of(REPEAT_TICKS) {
            self.tell_all(id);
        }
    }

    /// A new estimate for a peer.
    pub(super) fn estimate(&mut self, now: Instant, index: usize, bps: u64) {
        let Some(peer) = &mut self.peers[index] else { return };
        let before = peer.estimate.unwrap_or(0);
        if bps.abs_diff(before) * 100 > before * NOTABLE_PERCENT {
            peer.estimate = Some(bps);
            let chosen: Vec<_> = peer.video.iter().map(|slot| slot.chosen).collect();
            self.allocate(now, index);
            let Some(peer) = &mut self.peers[index] else { return };
            let pairs = chosen.into_iter().zip(peer.video.iter().map(|slot| slot.chosen));
            peer.headroom.saw(now, pairs);
        }
    }

    /// Chooses layers for all of a peer's slots.
    pub(super) fn allocate(&mut self, now: Instant, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        let id = peer.id;
        let Some(room) = self.rooms.get(&id.room) else { return };
        let may = room.may_receive(id.participant);
        let mut order: Vec<(usize, Want, Layers)> = Vec::new();
        for (at, slot) in peer.video.iter().enumerate() {
            let Some(wish) = slot.slot.wish() else { continue };
            let Some(source) = room.sources.get(&wish.source).filter(|_| may) else { continue };
            order.push((at, want(source, wish.height, slot.chosen), source.live));
        }
        order.sort_by_key(|(at, ..)| !is_screen(peer.video[*at].slot.wish()));
        let wants: Vec<Want> = order.iter().map(|(_, want, _)| *want).collect();
        let chosen = allocate(&wants, peer.estimate, peer.headroom.percent(now));
        for slot in &mut peer.video {
            slot.chosen = None;
        }
        for ((at, _, live), chosen) in order.iter().zip(&chosen) {
            let slot = &mut peer.video[*at];
            slot.chosen = *chosen;
            slot.slot.set_target(chosen.map(|layer| sent_layer(layer, *live)));
        }
        let chosen_now: Vec<bool> = peer.video.iter().map(|slot| slot.chosen.is_some()).collect();
        for (slot, chosen) in peer.video.iter_mut().zip(chosen_now) {
            if !chosen {
                slot.slot.set_target(None);
            }
        }
        let wished = match wants.is_empty() {
            // Nothing is to be shown: probes would only be padding.
            true => 0,
            // Never for less than the estimate to begin with, which is only a guess.
            false => (desired(&wants) * PROBE_PERCENT / 100).max(INITIAL_BPS),
        };
        let sustained = sustained(&wants, &chosen);
        if let Some(transport) = &mut peer.transport {
            transport.set_bitrates(sustained, wished);
        }
        self.touched.push(index);
        self.refresh_demands_of(now, index);
    }

    fn refresh_demands_of(&mut self, now: Instant, index: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let room = peer.id.room;
        let sources: Vec<SourceId> =
            peer.video.iter().filter_map(|slot| Some(slot.slot.wish()?.source)).collect();
        for source in sources {
            self.refresh_demand(now, room, source);
        }
    }

    /// Announces which layers of a source are wanted; less only after a while.
    pub(super) fn refresh_demand(&mut self, now: Instant, id: RoomId, source_id: SourceId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(source) = room.sources.get_mut(&source_id) else { return };
        if source_id.kind.is_audio() {
            return;
        }
        let mut wanted = Layers::NONE;
        for (index, slot) in &source.subscribers {
            let peer = self.peers[*index].as_ref();
            let slot = peer.and_then(|peer| peer.video.get(*slot));
            let Some(slot) = slot else { continue };
            let chosen = slot.chosen.map(|layer| at_hand(layer, source)).unwrap_or_default();
            wanted = slot.slot.target().into_iter().fold(wanted.union(chosen), Layers::with);
        }
        for demand in source.demands.values() {
            wanted = wanted.union(*demand);
        }
        let wanted = source.with_fallback(wanted);
        let before = source.wanted;
        if before == Some(wanted) {
            source.shrink_at = None;
            return;
        }
        let grows = before.is_none_or(|before| before.union(wanted) != before);
        if !grows && source.shrink_at.is_none_or(|at| at > now) {
            source.shrink_at.get_or_insert(now + SHRINK_AFTER);
            return;
        }
        source.wanted = Some(wanted);
        source.shrink_at = None;
        self.tell_wanted(id, source_id, wanted);
    }

    fn tell_wanted(&mut self, id: RoomId, source_id: SourceId, wanted: Layers) {
        let Some(source) = self.rooms.get(&id).and_then(|room| room.sources.get(&source_id)) else {
            return;
        };
        match source.home {
            Home::Shard(to) => {
                let from = self.index;
                let message = Cross::Demand { room: id, source: source_id, from, layers: wanted };
                self.outputs.push_back(Output::Cross { to, message });
            }
            Home::Here { peer, line } => {
                let Some(peer) = &self.peers[peer] else { return };
                let Some(line) = peer.lines.get(line) else { return };
                let layers: Vec<Layer> = wanted.iter().collect();
                let event = Event::LayersWanted { peer: peer.id, line: line.id.clone(), layers };
                self.outputs.push_back(Output::Event(event));
            }
        }
    }

    /// Layers or liveness changed: subscribers choose anew, other shards hear of it.
    pub(super) fn source_changed(&mut self, now: Instant, id: RoomId, source_id: SourceId) {
        let Some(source) = self.rooms.get(&id).and_then(|room| room.sources.get(&source_id)) else {
            return;
        };
        let state = source.state();
        let here = matches!(source.home, Home::Here { .. });
        let mut subscribers: Vec<usize> =
            source.subscribers.iter().map(|(peer, _)| *peer).collect();
        subscribers.dedup();
        for index in subscribers {
            self.allocate(now, index);
        }
        self.refresh_demand(now, id, source_id);
        if here {
            self.tell_others(id, source_id, Some(state));
        }
    }

    pub(super) fn tell_others(&mut self, id: RoomId, source: SourceId, state: Option<SourceState>) {
        let Some(room) = self.rooms.get(&id) else { return };
        let home = self.index;
        for to in room.other_shards() {
            let message = Cross::Source { room: id, source, home, state };
            self.outputs.push_back(Output::Cross { to, message });
        }
    }

    /// Everything other shards should know, again.
    pub(super) fn tell_all(&mut self, id: RoomId) {
        let Some(room) = self.rooms.get(&id) else { return };
        if room.others == 0 {
            return;
        }
        let (mut sources, mut demands) = (Vec::new(), Vec::new());
        for (source_id, source) in &room.sources {
            match (source.home, source.wanted) {
                (Home::Here { .. }, _) => sources.push((*source_id, source.state())),
                (Home::Shard(_), Some(wanted)) => demands.push((*source_id, wanted)),
                (Home::Shard(_), None) => {}
            }
        }
        for (source, state) in sources {
            self.tell_others(id, source, Some(state));
        }
        for (source, wanted) in demands {
            self.tell_wanted(id, source, wanted);
        }
    }

    /// News of a source on another shard.
    pub(super) fn remote_source(
        &mut self,
        now: Instant,
        id: RoomId,
        source_id: SourceId,
        home: usize,
        state: Option<SourceState>,
    ) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let known = room.sources.get_mut(&source_id);
        let is_local = known.as_ref().is_some_and(|s| matches!(s.home, Home::Here { .. }));
        match (state, known) {
            _ if is_local => {}
            (None, Some(known)) if known.home == Home::Shard(home) => {
                self.drop_source(now, id, source_id);
            }
            (None, _) => {}
            (Some(state), Some(known)) => {
                if known.update(home, state) {
                    self.source_changed(now, id, source_id);
                }
            }
            (Some(state), None) => {
                if room.may_send(source_id) && room.sources.len() < MAX_REMOTE_SOURCES {
                    let mut source = Source::new(Home::Shard(home), state.layers);
                    source.update(home, state);
                    room.sources.insert(source_id, source);
                    self.subscribe_to(now, id, source_id);
                }
            }
        }
    }

    pub(super) fn remote_demand(
        &mut self,
        now: Instant,
        id: RoomId,
        source_id: SourceId,
        from: usize,
        layers: Layers,
    ) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(source) = room.sources.get_mut(&source_id) else { return };
        if source.demands.insert(from, layers) != Some(layers) {
            self.refresh_demand(now, id, source_id);
        }
    }

    /// A source appeared: slots that were waiting for it are subscribed.
    pub(super) fn subscribe_to(&mut self, now: Instant, id: RoomId, source_id: SourceId) {
        if source_id.kind == Kind::ScreenAudio {
            return self.refresh_audio_lines(id);
        }
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let mut subscribers = Vec::new();
        for index in &room.local {
            let Some(peer) = &self.peers[*index] else { continue };
            for (at, slot) in peer.video.iter().enumerate() {
                if slot.slot.wish().is_some_and(|wish| wish.source == source_id) {
                    subscribers.push((*index, at));
                }
            }
        }
        let Some(source) = room.sources.get_mut(&source_id) else { return };
        source.subscribers.clone_from(&subscribers);
        subscribers.dedup_by_key(|(index, _)| *index);
        for (index, _) in subscribers {
            self.allocate(now, index);
        }
        self.refresh_demand(now, id, source_id);
    }

    /// A peer's wishes changed.
    pub(super) fn resubscribe(&mut self, now: Instant, index: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let id = peer.id;
        let wishes: Vec<(usize, SourceId)> = peer
            .video
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((at, slot.slot.wish()?.source)))
            .collect();
        let left = self.remove_subscriptions(id.room, index);
        let Some(room) = self.rooms.get_mut(&id.room) else { return };
        for (at, source) in wishes {
            if let Some(source) = room.sources.get_mut(&source) {
                source.subscribers.push((index, at));
            }
        }
        self.clear_vanished(id, index);
        self.allocate(now, index);
        for source in left {
            self.refresh_demand(now, id.room, source);
        }
    }

    /// Slots that show a source which is neither wished nor there.
    fn clear_vanished(&mut self, id: PeerId, index: usize) {
        let (Some(peer), Some(room)) = (&mut self.peers[index], self.rooms.get(&id.room)) else {
            return;
        };
        let mut cleared = Vec::new();
        for slot in &mut peer.video {
            let there = slot.slot.wish().is_some_and(|w| room.sources.contains_key(&w.source));
            if !there && slot.slot.clear() {
                cleared.push(slot.source(None, Kind::Camera));
            }
        }
        announce(&mut self.outputs, id, cleared);
    }

    pub(super) fn unsubscribe(&mut self, now: Instant, room: RoomId, index: usize) {
        for source in self.remove_subscriptions(room, index) {
            self.refresh_demand(now, room, source);
        }
    }

    /// Sources the peer was subscribed to.
    fn remove_subscriptions(&mut self, room: RoomId, index: usize) -> Vec<SourceId> {
        let Some(room) = self.rooms.get_mut(&room) else { return Vec::new() };
        let mut left = Vec::new();
        for (id, source) in &mut room.sources {
            let before = source.subscribers.len();
            source.subscribers.retain(|(peer, _)| *peer != index);
            if source.subscribers.len() != before {
                left.push(*id);
            }
        }
        left
    }
}

fn want(source: &Source, height: u16, current: Option<Layer>) -> Want {
    Want {
        ideal: ideal_layer(height, source.layers),
        current,
        layers: source.layers,
        cost: source.cost(),
    }
}

/// The layer to forward when this one is chosen: one that is being sent.
fn sent_layer(chosen: Layer, live: Layers) -> Layer {
    match live.is_empty() {
        true => chosen,
        false => at_most(chosen, live),
    }
}

/// What is asked for when this layer is chosen: while it does not come, the next smaller too. A publisher with a small
/// camera or a thin line may never send it.
fn at_hand(chosen: Layer, source: &Source) -> Layers {
    let wanted = Layers::NONE.with(chosen);
    let below = source.layers.iter().filter(|layer| *layer < chosen).last();
    match source.live.contains(chosen) {
        true => wanted,
        false => below.into_iter().fold(wanted, Layers::with),
    }
}

fn is_screen(wish: Option<crate::slot::Wish>) -> bool {
    wish.is_some_and(|wish| wish.source.kind == Kind::Screen)
}
