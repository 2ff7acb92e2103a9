//! The thread on which offers are parsed (some milliseconds each) and peers are given to shards.

use super::counters::{Counters, add};
use super::handle::MediaEvent;
use super::worker::Door;
use sfu::transport::{MediaTransport, Str0mConfig, Str0mTransport};
use sfu::{Command, OfferError, PeerId, RoomId};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Instant;

/// Client commands waiting; further ones are refused as `Busy`.
const MAX_WAITING: usize = 1_024;

/// Connections of the whole process; further offers are refused.
const MAX_CONNECTIONS: usize = 8_192;

/// Commands kept for one peer while its connection is lent out; further ones are dropped.
const MAX_PUT_OFF: usize = 64;

pub(super) enum ControlMessage {
    Offer { peer: PeerId, sdp: String, new: bool },
    Forward { peer: PeerId, command: Command<Str0mTransport> },
    Remove { peer: PeerId },
    Close { room: RoomId },
    Released { peer: PeerId, transport: Option<Box<Str0mTransport>> },
    Gone { peer: PeerId, generation: u64 },
    Stop,
}

/// The way to the control thread. What clients cause is bounded; answers of shards are bounded by
/// the connections there are.
#[derive(Clone)]
pub(super) struct ControlSender {
    sender: Sender<ControlMessage>,
    waiting: Arc<AtomicUsize>,
}

impl ControlSender {
    pub fn new(sender: Sender<ControlMessage>) -> ControlSender {
        ControlSender { sender, waiting: Arc::default() }
    }

    /// For messages of clients: false when too many wait.
    pub fn offer(&self, message: ControlMessage) -> bool {
        if self.waiting.load(Ordering::Relaxed) >= MAX_WAITING {
            return false;
        }
        self.put(message)
    }

    pub fn put(&self, message: ControlMessage) -> bool {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        self.sender.send(message).is_ok()
    }
}

struct Placement {
    shard: usize,
    generation: u64,
    /// Set while its connection is with us for another offer.
    lent: Option<Lent>,
}

struct Lent {
    sdp: String,
    put_off: Vec<Command<Str0mTransport>>,
}

pub(super) struct Control {
    pub config: Str0mConfig,
    pub doors: Vec<Door>,
    /// Of each shard.
    pub candidates: Vec<Vec<SocketAddr>>,
    pub events: tokio::sync::mpsc::Sender<MediaEvent>,
    pub counters: Arc<Counters>,
    /// How many more peers a room's own shard may have before another one is taken.
    pub slack: usize,
    places: HashMap<PeerId, Placement>,
    generations: u64,
}

impl Control {
    pub fn new(
        config: Str0mConfig,
        doors: Vec<Door>,
        candidates: Vec<Vec<SocketAddr>>,
        events: tokio::sync::mpsc::Sender<MediaEvent>,
        counters: Arc<Counters>,
        slack: usize,
    ) -> Control {
        let places = HashMap::new();
        Control { config, doors, candidates, events, counters, slack, places, generations: 0 }
    }

    pub fn run(mut self, inbox: Receiver<ControlMessage>, sender: ControlSender) {
        while let Ok(message) = inbox.recv() {
            sender.waiting.fetch_sub(1, Ordering::Relaxed);
            match message {
                ControlMessage::Offer { peer, sdp, new: true } => self.connect(peer, &sdp),
                ControlMessage::Offer { peer, sdp, new: false } => self.renegotiate(peer, sdp),
                ControlMessage::Forward { peer, command } => self.forward(peer, command),
                ControlMessage::Remove { peer } => self.remove(peer),
                ControlMessage::Close { room } => self.places.retain(|peer, _| peer.room != room),
                ControlMessage::Released { peer, transport } => self.released(peer, transport),
                ControlMessage::Gone { peer, generation } => self.gone(peer, generation),
                ControlMessage::Stop => return,
            }
        }
    }

    fn connect(&mut self, peer: PeerId, sdp: &str) {
        let now = Instant::now();
        let shard = self.shard_for(peer);
        if self.places.len() >= MAX_CONNECTIONS && !self.places.contains_key(&peer) {
            let error = OfferError::Refused("the server is full".to_owned());
            return self.tell(MediaEvent::OfferRefused { peer, error });
        }
        let candidates = self.candidates.get(shard).map_or(&[][..], Vec::as_slice);
        let built = Str0mTransport::new(now, &self.config, candidates).and_then(|mut transport| {
            let answer = transport.accept_offer(now, sdp)?;
            Ok((Box::new(transport), answer))
        });
        match built {
            Err(error) => self.tell(MediaEvent::OfferRefused { peer, error }),
            Ok((transport, sdp)) => {
                self.place(peer, shard, transport);
                self.tell(MediaEvent::Answer { peer, sdp });
            }
        }
    }

    fn place(&mut self, peer: PeerId, shard: usize, transport: Box<Str0mTransport>) {
        let before = self.shards_of(peer.room);
        self.generations += 1;
        let generation = self.generations;
        self.places.insert(peer, Placement { shard, generation, lent: None });
        add(&self.counters.connections, 1);
        self.command(shard, Command::Adopt { peer, generation, transport });
        self.tell_shards(peer.room, before);
    }

    /// The same shard as before; else the room's, as long as it is not far above the least busy.
    fn shard_for(&self, peer: PeerId) -> usize {
        if let Some(place) = self.places.get(&peer) {
            return place.shard;
        }
        let mut load = vec![0usize; self.doors.len()];
        self.places.values().for_each(|place| load[place.shard] += 1);
        let least = (0..load.len()).min_by_key(|shard| load[*shard]).unwrap_or(0);
        let rooms = self.shards_of(peer.room);
        let home = (0..load.len())
            .filter(|shard| rooms & (1 << shard) != 0)
            .min_by_key(|shard| load[*shard]);
        home.filter(|shard| load[*shard] < load[least] + self.slack).unwrap_or(least)
    }

    fn shards_of(&self, room: RoomId) -> u32 {
        let places = self.places.iter().filter(|(peer, _)| peer.room == room);
        places.fold(0, |shards, (_, place)| shards | 1 << place.shard)
    }

    fn tell_shards(&self, room: RoomId, before: u32) {
        let shards = self.shards_of(room);
        if shards == before {
            return;
        }
        for shard in (0..self.doors.len()).filter(|shard| (shards | before) & (1 << shard) != 0) {
            self.command(shard, Command::RoomShards { room, shards });
        }
    }

    fn renegotiate(&mut self, peer: PeerId, sdp: String) {
        let refusal = match self.places.get_mut(&peer) {
            None => OfferError::NoConnection,
            Some(Placement { lent: Some(_), .. }) => {
                OfferError::Refused("an offer is being answered".to_owned())
            }
            Some(place) => {
                place.lent = Some(Lent { sdp, put_off: Vec::new() });
                let shard = place.shard;
                return self.command(shard, Command::Release { peer });
            }
        };
        self.tell(MediaEvent::OfferRefused { peer, error: refusal });
    }

    fn released(&mut self, peer: PeerId, transport: Option<Box<Str0mTransport>>) {
        let Some(place) = self.places.get_mut(&peer) else { return };
        let Some(lent) = place.lent.take() else { return };
        let shard = place.shard;
        let Some(mut transport) = transport else {
            let error = OfferError::NoConnection;
            return self.tell(MediaEvent::OfferRefused { peer, error });
        };
        let answer = transport.accept_offer(Instant::now(), &lent.sdp);
        self.command(shard, Command::Return { peer, transport });
        for command in lent.put_off {
            self.command(shard, command);
        }
        self.tell(match answer {
            Ok(sdp) => MediaEvent::Answer { peer, sdp },
            Err(error) => MediaEvent::OfferRefused { peer, error },
        });
    }

    fn forward(&mut self, peer: PeerId, command: Command<Str0mTransport>) {
        if let Command::KeysReady { .. } = command {
            return self.remember_keys(peer);
        }
        let Some(place) = self.places.get_mut(&peer) else { return };
        let shard = place.shard;
        match &mut place.lent {
            Some(lent) if lent.put_off.len() < MAX_PUT_OFF => lent.put_off.push(command),
            Some(_) => {}
            None => self.command(shard, command),
        }
    }

    /// A member holds the keys whichever connection it has: every shard may become its home.
    fn remember_keys(&self, peer: PeerId) {
        for shard in 0..self.doors.len() {
            self.command(shard, Command::KeysReady { peer });
        }
    }

    fn remove(&mut self, peer: PeerId) {
        let before = self.shards_of(peer.room);
        if let Some(place) = self.places.remove(&peer) {
            self.command(place.shard, Command::Remove { peer });
            self.tell_shards(peer.room, before);
        }
    }

    fn gone(&mut self, peer: PeerId, generation: u64) {
        let is_current = self.places.get(&peer).is_some_and(|p| p.generation == generation);
        if is_current {
            let before = self.shards_of(peer.room);
            self.places.remove(&peer);
            self.tell_shards(peer.room, before);
            self.tell(MediaEvent::Failed { peer });
        }
    }

    fn command(&self, shard: usize, command: Command<Str0mTransport>) {
        if let Some(door) = self.doors.get(shard) {
            door.command(command);
        }
    }

    fn tell(&self, event: MediaEvent) {
        if self.events.try_send(event).is_err() {
            add(&self.counters.events_dropped, 1);
        }
    }
}
