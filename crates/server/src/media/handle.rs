//! What the signalling side sees of the media threads.

use super::control::{Control, ControlMessage, ControlSender};
use super::counters::Counters;
use super::worker::{Around, Berth, Door};
use super::{MediaConfig, Metrics};
use base::ParticipantId;
use sfu::transport::Str0mConfig;
use sfu::{
    Command, Layer, LineId, OfferError, PeerId, Permissions, Published, RoomId, SlotSource,
    SlotWish,
};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::JoinHandle;

/// Events waiting for the signalling side.
const EVENTS: usize = 8_192;

/// Peers by which a room's shard may exceed the least busy one before the room is spread: lower
/// evens load out, higher saves packets from crossing.
const SLACK: usize = 8;

/// The media threads of this process. Dropping it stops them.
pub struct Media {
    handle: MediaHandle,
    threads: Vec<JoinHandle<()>>,
}

/// What the media threads tell the signalling side. Bound: 8,192; at the bound events are dropped
/// and counted in [`Metrics::events_dropped`]. Drain it from one task that waits on no client.
pub type MediaEvents = tokio::sync::mpsc::Receiver<MediaEvent>;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEvent {
    /// The answer to an offer.
    Answer { peer: PeerId, sdp: String },
    /// The offer was not acceptable; a connection that was there stays as it is.
    OfferRefused { peer: PeerId, error: OfferError },
    /// ICE and DTLS are up.
    Connected { peer: PeerId },
    /// The connection is gone (silence, closed, no AEAD profile). The client starts a new one.
    Failed { peer: PeerId },
    /// Receiving lines whose source changed.
    Slots { peer: PeerId, slots: Vec<SlotSource> },
    /// Who is heard, loudest first, for these listeners (the room's peers on one shard).
    Speakers { room: RoomId, listeners: Vec<ParticipantId>, speakers: Vec<ParticipantId> },
    /// The layers of a sent line that somebody watches; the others may stop.
    LayersWanted { peer: PeerId, line: LineId, layers: Vec<Layer> },
}

/// The control thread is a thousand commands behind; this one was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the media control thread is behind")]
pub struct Busy;

/// Commands to the media threads; cheap to clone.
#[derive(Clone)]
pub struct MediaHandle {
    doors: Vec<Door>,
    control: ControlSender,
    counters: Arc<Counters>,
}

impl Media {
    /// Binds the sockets and starts the threads.
    pub fn start(config: MediaConfig) -> io::Result<(Media, MediaEvents)> {
        Media::start_with_slack(config, SLACK)
    }

    /// As [`Media::start`], with a room spread over shards at once when `slack` is 0.
    pub(super) fn start_with_slack(
        config: MediaConfig,
        slack: usize,
    ) -> io::Result<(Media, MediaEvents)> {
        let berths = bind_all(&config)?;
        let identity = Str0mConfig::new()
            .ok_or_else(|| io::Error::other("the DTLS certificate could not be made"))?;
        let candidates: Vec<Vec<SocketAddr>> =
            berths.iter().map(|berth| candidates(&config, berth.address())).collect();
        let doors: Vec<Door> = berths.iter().map(|berth| berth.door.clone()).collect();
        let (events, receiver) = tokio::sync::mpsc::channel(EVENTS);
        let (sender, inbox) = channel();
        let control = ControlSender::new(sender);
        let counters = Arc::new(Counters::default());
        let mut threads = Vec::new();
        for (index, berth) in berths.into_iter().enumerate() {
            let around = Around {
                doors: doors.clone(),
                control: control.clone(),
                events: events.clone(),
                counters: counters.clone(),
                candidates: candidates[index].clone(),
            };
            threads.push(berth.start(index, around)?);
        }
        let answering =
            Control::new(identity, doors.clone(), candidates, events, counters.clone(), slack);
        let waiting = control.clone();
        let thread = std::thread::Builder::new().name("media-control".to_owned());
        threads.push(thread.spawn(move || answering.run(inbox, waiting))?);
        Ok((Media { handle: MediaHandle { doors, control, counters }, threads }, receiver))
    }

    /// For issuing commands.
    pub fn handle(&self) -> MediaHandle {
        self.handle.clone()
    }

    /// Stops all threads and waits for them.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Media {
    fn drop(&mut self) {
        self.handle.control.put(ControlMessage::Stop);
        self.handle.doors.iter().for_each(Door::stop);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn bind_all(config: &MediaConfig) -> io::Result<Vec<Berth>> {
    let shards = config.shards.clamp(1, MediaConfig::MAX_SHARDS);
    let port = config.listen.port();
    let addresses = (0..shards as u16).map(|index| match port {
        0 => Ok(config.listen),
        port => port
            .checked_add(index)
            .map(|port| SocketAddr::new(config.listen.ip(), port))
            .ok_or_else(|| io::Error::other("too many shards for the port they begin at")),
    });
    addresses.map(|address| Berth::bind(address?)).collect()
}

/// The advertised addresses that this socket can be reached at.
fn candidates(config: &MediaConfig, bound: SocketAddr) -> Vec<SocketAddr> {
    let reaches = |ip: &&IpAddr| ip.is_ipv4() || bound.is_ipv6();
    let advertised = config.advertise.iter().filter(reaches);
    advertised.map(|ip| SocketAddr::new(*ip, bound.port())).collect()
}

impl MediaHandle {
    /// Sets what a device may send and receive, for all packets that follow, on every shard; also
    /// before it has a connection. Waits, when a shard is thousands of commands behind, for one
    /// turn of its loop: a revocation is never lost.
    pub fn permit(&self, peer: PeerId, permissions: Permissions) {
        for door in &self.doors {
            door.command(Command::Permit { peer, permissions });
        }
    }

    /// Ends a room: its connections and permissions are gone.
    pub fn close(&self, room: RoomId) {
        for door in &self.doors {
            door.command(Command::Close { room });
        }
        self.control.put(ControlMessage::Close { room });
    }

    /// An offer. `new` replaces the peer's connection: in a new one nothing is published and the
    /// layout is empty. Answered by [`MediaEvent::Answer`] or [`MediaEvent::OfferRefused`].
    pub fn offer(&self, peer: PeerId, sdp: String, new: bool) -> Result<(), Busy> {
        self.ask(ControlMessage::Offer { peer, sdp, new })
    }

    /// Replaces the list of what the peer publishes.
    pub fn publish(&self, peer: PeerId, sources: Vec<Published>) -> Result<(), Busy> {
        self.pass(peer, Command::Publish { peer, sources })
    }

    /// Replaces the peer's layout.
    pub fn layout(&self, peer: PeerId, wishes: Vec<SlotWish>) -> Result<(), Busy> {
        self.pass(peer, Command::Layout { peer, wishes })
    }

    /// The peer holds the keys: keyframes of what it watches are worth asking for.
    pub fn keys_ready(&self, peer: PeerId) -> Result<(), Busy> {
        self.pass(peer, Command::KeysReady { peer })
    }

    /// Closes the peer's connection. Its permissions stay.
    pub fn remove(&self, peer: PeerId) -> Result<(), Busy> {
        self.ask(ControlMessage::Remove { peer })
    }

    /// Counters since start.
    pub fn metrics(&self) -> Metrics {
        self.counters.read()
    }

    fn pass(
        &self,
        peer: PeerId,
        command: Command<sfu::transport::Str0mTransport>,
    ) -> Result<(), Busy> {
        self.ask(ControlMessage::Forward { peer, command })
    }

    fn ask(&self, message: ControlMessage) -> Result<(), Busy> {
        match self.control.offer(message) {
            true => Ok(()),
            false => Err(Busy),
        }
    }
}
