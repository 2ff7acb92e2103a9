//! One room as one shard sees it.

use super::SourceState;
use crate::audio::Speakers;
use crate::keyframes::KeyframeRequests;
use crate::layers::NOMINAL_BPS;
use crate::{Kind, Layer, Layers, MediaPacket, Permissions, SourceId};
use base::ParticipantId;
use foldhash::HashMap;
use std::time::{Duration, Instant};

/// Devices with rights in one room: the SFrame key id has 12 bits for them.
pub(super) const MAX_MEMBERS: usize = 4_096;

/// A simulcast layer without packets for this long is not being sent.
const LIVE: Duration = Duration::from_secs(2);

/// A layer without packets for this long rests: what it costs is what it cost before.
const RESTING: Duration = Duration::from_millis(300);

/// A microphone without packets for this long is no longer one of those that may wait: less than the shell goes on looking
/// for what waits once a packet came.
const MAY_WAIT: Duration = Duration::from_millis(800);

/// Weight of the newest 100 ms in a layer's measured rate.
const RATE_WEIGHT: f64 = 0.1;

/// Measurements after which a layer's rate is known: about a second.
const MEASURED: u8 = 10;

/// What a source without simulcast is taken to cost before it was measured, bits per second. It
/// says nothing about its size: a guess too high pauses it for no reason, one too low is
/// corrected within a second.
const UNKNOWN_BPS: u64 = 250_000;

/// What each packet takes besides its payload, bytes: RTP, UDP and IP. Estimates count it, too.
const OVERHEAD: u64 = 64;

#[derive(Default)]
pub(super) struct Room {
    pub members: HashMap<ParticipantId, Member>,
    /// Peers on this shard.
    pub local: Vec<usize>,
    pub sources: HashMap<SourceId, Source>,
    pub speakers: Speakers,
    pub requests: KeyframeRequests,
    /// Other shards with peers of the room.
    pub others: u32,
    /// Last announced.
    pub announced: Vec<ParticipantId>,
    pub ticks: u64,
}

#[derive(Default)]
pub(super) struct Member {
    pub permissions: Permissions,
    pub keys_ready: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    Here { peer: usize, line: usize },
    Shard(usize),
}

pub(super) struct Source {
    pub home: Home,
    pub layers: Layers,
    pub live: Layers,
    pub traffic: [Traffic; 3],
    /// Local slots: peer and index of its video slot.
    pub subscribers: Vec<(usize, usize)>,
    /// Wanted by other shards.
    pub demands: HashMap<usize, Layers>,
    /// Wanted in all, as last announced.
    pub wanted: Option<Layers>,
    /// When wanting less is announced.
    pub shrink_at: Option<Instant>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Traffic {
    pub stream: u32,
    pub seen: Option<Instant>,
    pub bytes: u64,
    pub bps: f64,
    /// Measurements so far, up to [`MEASURED`].
    pub measured: u8,
}

impl Traffic {
    /// Takes in the last 100 ms. A layer that pauses keeps its rate: it costs that when it goes on.
    fn measure(&mut self, is_live: bool) {
        let rate = std::mem::take(&mut self.bytes) as f64 * 80.0;
        if !is_live {
            return;
        }
        let weight = RATE_WEIGHT.max(1.0 / f64::from(self.measured + 1));
        self.bps += (rate - self.bps) * weight;
        self.measured = (self.measured + 1).min(MEASURED);
    }

    /// The stream, if a packet of it came within that time.
    fn stream_since(&self, now: Instant, time: Duration) -> Option<u32> {
        self.seen.filter(|at| now.duration_since(*at) < time).map(|_| self.stream)
    }

    /// Bits per second, once known.
    fn known_bps(&self) -> Option<u64> {
        (self.measured == MEASURED).then_some(self.bps as u64)
    }
}

impl Room {
    pub fn may_receive(&self, participant: ParticipantId) -> bool {
        self.members.get(&participant).is_some_and(|member| member.permissions.receive)
    }

    pub fn may_send(&self, source: SourceId) -> bool {
        let member = self.members.get(&source.participant);
        member.is_some_and(|member| member.permissions.send.contains(source.kind))
    }

    pub fn keys_ready(&self, participant: ParticipantId) -> bool {
        self.members.get(&participant).is_some_and(|member| member.keys_ready)
    }

    /// Streams of microphones here that send and have no place among the speakers.
    pub fn unheard(&self, now: Instant) -> impl Iterator<Item = u32> {
        let places = self.speakers.places();
        let unheard = self.sources.iter().filter(|(id, source)| {
            let is_here = matches!(source.home, Home::Here { .. });
            id.kind == Kind::Mic && is_here && !places.contains(&Some(**id))
        });
        unheard.filter_map(move |(_, source)| {
            source.traffic[Layer::F as usize].stream_since(now, MAY_WAIT)
        })
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.local.is_empty()
    }

    /// Whether other shards have a part of it.
    pub fn is_shared(&self) -> bool {
        self.others != 0
    }

    pub fn other_shards(&self) -> impl Iterator<Item = usize> + use<> {
        let others = self.others;
        (0..32).filter(move |shard| others & (1 << shard) != 0)
    }
}

impl Source {
    pub fn new(home: Home, layers: Layers) -> Source {
        let simulcast = layers != Layers::NONE.with(Layer::F);
        Source {
            home,
            layers,
            live: if simulcast { Layers::NONE } else { layers },
            traffic: [Traffic::default(); 3],
            subscribers: Vec::new(),
            demands: HashMap::default(),
            wanted: None,
            shrink_at: None,
        }
    }

    fn is_simulcast(&self) -> bool {
        self.layers != Layers::NONE.with(Layer::F)
    }

    /// Notes a packet. True when its layer was not live before.
    pub fn saw(&mut self, packet: &MediaPacket, now: Instant) -> bool {
        let traffic = &mut self.traffic[packet.layer as usize];
        traffic.stream = packet.stream;
        traffic.seen = Some(now);
        traffic.bytes += packet.payload.len() as u64 + OVERHEAD;
        let fresh = !self.live.contains(packet.layer);
        self.live = self.live.with(packet.layer);
        fresh && matches!(self.home, Home::Here { .. })
    }

    /// Rates and live layers of a local source, each 100 ms. True when the live layers changed.
    pub fn measure(&mut self, now: Instant) -> bool {
        let mut live = Layers::NONE;
        for layer in self.layers.iter() {
            let traffic = &mut self.traffic[layer as usize];
            let idle = traffic.seen.map(|at| now.duration_since(at));
            traffic.measure(idle.is_some_and(|idle| idle < RESTING));
            let fresh = idle.is_some_and(|idle| idle < LIVE);
            if fresh || layer_is_fixed(self.layers) {
                live = live.with(layer);
            }
        }
        std::mem::replace(&mut self.live, live) != live
    }

    /// What allocation reckons with, bits per second of each layer. A simulcast layer that is only
    /// beginning counts at least half the usual.
    pub fn cost(&self) -> [u64; 3] {
        std::array::from_fn(|i| match self.is_simulcast() {
            true => (self.traffic[i].bps as u64).max(NOMINAL_BPS[i] / 2),
            false => self.traffic[i].known_bps().unwrap_or(UNKNOWN_BPS),
        })
    }

    pub fn state(&self) -> SourceState {
        let bps = self.traffic.map(|traffic| traffic.known_bps().unwrap_or(0));
        SourceState { layers: self.layers, live: self.live, bps }
    }

    pub fn update(&mut self, home: usize, state: SourceState) -> bool {
        let changed = self.live != state.live || self.layers != state.layers;
        self.home = Home::Shard(home);
        self.layers = state.layers;
        self.live = state.live;
        for (traffic, bps) in self.traffic.iter_mut().zip(state.bps) {
            traffic.bps = bps as f64;
            traffic.measured = if bps > 0 { MEASURED } else { 0 };
        }
        changed
    }

    /// Layers wanted when these are chosen: the smallest too, for newcomers and bad moments.
    pub fn with_fallback(&self, chosen: Layers) -> Layers {
        match self.layers.iter().next() {
            Some(smallest) if self.is_simulcast() && !chosen.is_empty() => chosen.with(smallest),
            _ => chosen,
        }
    }
}

/// Without simulcast the one layer counts as live even when a still screen sends nothing.
fn layer_is_fixed(layers: Layers) -> bool {
    layers == Layers::NONE.with(Layer::F)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::ParticipantId;

    const HERE: Home = Home::Here { peer: 0, line: 0 };

    /// A source that sends packets of `bytes` in one layer every 100 ms, this many times.
    fn sent(layers: Layers, layer: Layer, bytes: usize, times: u32) -> (Source, Instant) {
        let mut source = Source::new(HERE, layers);
        let mut now = Instant::now();
        for _ in 0..times {
            now += Duration::from_millis(100);
            source.saw(&packet(layer, bytes, now), now);
            source.measure(now);
        }
        (source, now)
    }

    fn packet(layer: Layer, bytes: usize, arrived: Instant) -> MediaPacket {
        let source = SourceId { participant: ParticipantId(1), kind: crate::Kind::Camera };
        MediaPacket {
            source,
            layer,
            stream: 1,
            seq: 1,
            timestamp: 1,
            marker: true,
            vp8: None,
            payload: vec![0; bytes].into(),
            padding: 0,
            arrived,
            level: None,
        }
    }

    fn single() -> Layers {
        Layers::NONE.with(Layer::F)
    }

    #[test]
    fn a_source_without_simulcast_costs_what_it_sends() {
        let (source, _) = sent(single(), Layer::F, 3_750, 20);
        assert_eq!(source.cost()[Layer::F as usize], 80 * (3_750 + OVERHEAD));
    }

    #[test]
    fn a_source_without_simulcast_is_guessed_small_until_it_was_measured() {
        assert_eq!(Source::new(HERE, single()).cost()[Layer::F as usize], UNKNOWN_BPS);
        let (source, _) = sent(single(), Layer::F, 37_500, 3);
        assert_eq!(source.cost()[Layer::F as usize], UNKNOWN_BPS);
    }

    #[test]
    fn a_simulcast_layer_that_begins_counts_half_the_usual() {
        let all = Layer::ALL.into_iter().fold(Layers::NONE, Layers::with);
        let (source, _) = sent(all, Layer::F, 100, 20);
        assert_eq!(source.cost()[Layer::F as usize], NOMINAL_BPS[2] / 2);
    }

    #[test]
    fn a_layer_that_rests_keeps_its_rate() {
        let all = Layer::ALL.into_iter().fold(Layers::NONE, Layers::with);
        let (mut source, mut now) = sent(all, Layer::F, 25_000, 50);
        let before = source.cost();
        for _ in 0..100 {
            now += Duration::from_millis(100);
            source.measure(now);
        }
        assert!(!source.live.contains(Layer::F));
        let after = source.cost()[Layer::F as usize];
        assert!(after > NOMINAL_BPS[2] / 2, "{before:?} then {after}");
    }
}
