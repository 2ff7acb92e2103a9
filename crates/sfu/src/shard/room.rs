//! One room as one shard sees it.

use super::SourceState;
use crate::audio::Speakers;
use crate::keyframes::KeyframeRequests;
use crate::layers::NOMINAL_BPS;
use crate::{Layer, Layers, MediaPacket, Permissions, SourceId};
use base::ParticipantId;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Devices with rights in one room: the SFrame key id has 12 bits for them.
pub(super) const MAX_MEMBERS: usize = 4_096;

/// A simulcast layer without packets for this long is not being sent.
const LIVE: Duration = Duration::from_secs(2);

/// Weight of the newest 100 ms in a layer's measured rate.
const RATE_WEIGHT: f64 = 0.1;

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

    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.local.is_empty()
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
            demands: HashMap::new(),
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
        traffic.bytes += packet.payload.len() as u64;
        let fresh = !self.live.contains(packet.layer);
        self.live = self.live.with(packet.layer);
        fresh && matches!(self.home, Home::Here { .. })
    }

    /// Rates and live layers of a local source, each 100 ms. True when the live layers changed.
    pub fn measure(&mut self, now: Instant) -> bool {
        let mut live = Layers::NONE;
        for layer in self.layers.iter() {
            let traffic = &mut self.traffic[layer as usize];
            let rate = traffic.bytes as f64 * 80.0;
            traffic.bytes = 0;
            traffic.bps += (rate - traffic.bps) * RATE_WEIGHT;
            let fresh = traffic.seen.is_some_and(|at| now.duration_since(at) < LIVE);
            if fresh || layer_is_fixed(self.layers) {
                live = live.with(layer);
            }
        }
        std::mem::replace(&mut self.live, live) != live
    }

    /// What allocation reckons with, bits per second: measured, but no less than half the usual,
    /// for a layer that is only beginning.
    pub fn cost(&self) -> [u64; 3] {
        std::array::from_fn(|i| (self.traffic[i].bps as u64).max(NOMINAL_BPS[i] / 2))
    }

    pub fn state(&self) -> SourceState {
        let bps = std::array::from_fn(|i| self.traffic[i].bps as u64);
        SourceState { layers: self.layers, live: self.live, bps }
    }

    pub fn update(&mut self, home: usize, state: SourceState) -> bool {
        let changed = self.live != state.live || self.layers != state.layers;
        self.home = Home::Shard(home);
        self.layers = state.layers;
        self.live = state.live;
        for (traffic, bps) in self.traffic.iter_mut().zip(state.bps) {
            traffic.bps = bps as f64;
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
