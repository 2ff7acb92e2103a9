//! One thread's worth of peers, possibly parts of several rooms, and the packets between them.
//!
//! The calling rule: after any `handle_*`, call [`Shard::flush`], then send what is in
//! [`Shard::egress`], drain [`Shard::poll_output`], and come back no later than [`Shard::poll_timeout`]. Several datagrams
//! may be handled before one flush; what they cause for one receiver then leaves together.

mod addresses;
mod control;
mod deliver;
mod demand;
mod forward;
mod messages;
mod peer;
mod room;

pub use messages::{Command, Cross, Event, Output, SourceState};

use crate::egress::Egress;
use crate::stun;
use crate::transport::{MediaTransport, Polled, Rtp, is_rtcp, is_rtp};
use crate::{MediaPacket, PeerId, RoomId};
use deliver::Delivery;
use foldhash::HashMap;
use peer::Peer;
use room::Room;
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How often rooms look at rates, live layers and speakers.
const TICK: Duration = Duration::from_millis(100);

/// Timers further ahead than this go off together, on a grid of as much: each time the thread wakes
/// costs more than what most timers have to do. Pacing, with its shorter ones, keeps to the moment.
const GRID: Duration = Duration::from_millis(10);

/// A timer this close is done with at once: the packets of a probe's burst are a microsecond apart, and a turn for each
/// would make the probe as slow as the server is busy. Ten of them leave in one turn.
const AT_ONCE: Duration = Duration::from_micros(10);

/// Turns of one peer's poll loop within one drain; beyond, it goes on at the next flush.
const MAX_TURNS: usize = 2_000;

/// See [`Output::Unheard`].
pub const MOST_UNHEARD: usize = 64;

/// Counters since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams that name no connection.
    pub unknown_datagrams: u64,
    /// STUN requests that name a connection, or come from its address, and are not its peer's.
    pub checks_unread: u64,
    /// Valid STUN requests from an address that is another peer's, or one too many of its own.
    pub addresses_refused: u64,
    /// DTLS, or nothing known, from the address of a peer that is connected: forged, repeated, or its goodbye.
    pub handshakes_unread: u64,
    /// RTP of a peer's address that was malformed, forged or repeated.
    pub packets_unread: u64,
    /// RTCP of a peer's address that was forged or repeated.
    pub reports_unread: u64,
    /// Packets received and permitted.
    pub packets_in: u64,
    /// Packets written to receivers.
    pub packets_out: u64,
    /// Packets from a peer that may not send them.
    pub packets_refused: u64,
    /// Packets beyond what one source may send.
    pub packets_excess: u64,
    /// Packets handed to other shards.
    pub packets_crossed: u64,
    /// Frames dropped because a receiver's queue was too old.
    pub frames_dropped: u64,
    /// Packets dropped so that no number is sealed twice.
    pub late_dropped: u64,
    /// Keyframes asked of publishers.
    pub keyframe_requests: u64,
    /// Peers woken by their own timers.
    pub timers: u64,
}

/// See the module's calling rule.
pub struct Shard<T> {
    index: usize,
    rooms: HashMap<RoomId, Room>,
    peers: Vec<Option<Peer<T>>>,
    ids: HashMap<PeerId, usize>,
    by_ufrag: HashMap<String, usize>,
    by_address: HashMap<SocketAddr, usize>,
    timers: BTreeSet<(Instant, usize)>,
    /// Packets to be shared out at the next flush, and how.
    arrived: Vec<(RoomId, MediaPacket)>,
    plan: Vec<Delivery>,
    /// Peers that something was written to that could not leave, or whose reports ask for something.
    touched: Vec<usize>,
    /// Peers whose timer has gone off.
    due: Vec<usize>,
    egress: Egress,
    outputs: VecDeque<Output<T>>,
    counters: Counters,
    next_tick: Instant,
    started: Instant,
    /// As last told, see [`Output::Unheard`].
    unheard: Vec<u32>,
}

impl<T: MediaTransport> Shard<T> {
    /// The shard with this number, 0 to 31.
    pub fn new(index: usize, now: Instant) -> Shard<T> {
        Shard {
            index,
            rooms: HashMap::default(),
            peers: Vec::new(),
            ids: HashMap::default(),
            by_ufrag: HashMap::default(),
            by_address: HashMap::default(),
            timers: BTreeSet::new(),
            arrived: Vec::new(),
            plan: Vec::new(),
            touched: Vec::new(),
            due: Vec::new(),
            egress: Egress::default(),
            outputs: VecDeque::new(),
            counters: Counters::default(),
            next_tick: now + TICK,
            started: now,
            unheard: Vec::new(),
        }
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Peers connected or connecting here.
    pub fn peer_count(&self) -> usize {
        self.ids.len()
    }

    /// A datagram from the network; `to` is the candidate address it was sent to.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
    ) {
        let Some(index) = self.peer_of(from, datagram) else {
            self.counters.unknown_datagrams += 1;
            return;
        };
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(transport) = &mut peer.transport else {
            peer.held.datagram(from, to, datagram);
            return;
        };
        if is_rtp(datagram) {
            return self.handle_rtp(now, index, datagram);
        }
        if is_rtcp(datagram) {
            return match transport.handle_rtcp(now, datagram) {
                None => self.counters.reports_unread += 1,
                Some(true) => self.touched.push(index),
                Some(false) => {}
            };
        }
        if !stun::is_stun(datagram) {
            self.counters.handshakes_unread += u64::from(peer.is_settled());
        } else if datagram.starts_with(&[0, 1]) {
            match transport.accepts(now, from, to, datagram) {
                true if !self.take_address(now, index, from) => {
                    self.counters.addresses_refused += 1;
                    return;
                }
                true => {}
                false => self.counters.checks_unread += 1,
            }
        }
        self.deliver(now, index, from, to, datagram);
    }

    fn handle_rtp(&mut self, now: Instant, index: usize, datagram: &[u8]) {
        let Some(peer) = &mut self.peers[index] else { return };
        let Some(transport) = &mut peer.transport else { return };
        let received = transport.handle_rtp(now, datagram);
        let reported = transport.send_receipt(now, &mut self.egress);
        if peer.stir(now) {
            self.touched.push(index); // its timer is far ahead
        }
        self.wait(now, index, reported);
        match received {
            Rtp::Packet(received) => self.published(now, index, received),
            Rtp::Padding => {}
            Rtp::Unread => self.counters.packets_unread += 1,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some((at, index)) = self.timers.first().copied() {
            if at > now {
                break;
            }
            self.timers.remove(&(at, index));
            self.counters.timers += 1;
            if let Some(peer) = &mut self.peers[index] {
                peer.timer = None;
            }
            self.due.push(index);
        }
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.tick(now);
        }
    }

    /// Shares out what has come, and drains every peer that something was written to or whose timer has gone off, until
    /// nothing more follows from it. What is to be sent goes to `send` whenever there is much of it; the rest
    /// is left in [`Self::egress`].
    pub fn flush(&mut self, now: Instant, mut send: impl FnMut(&mut Egress)) {
        self.share_out(now, &mut send);
        for index in std::mem::take(&mut self.due) {
            self.drain(now, index, true);
        }
        while self.share_out(now, &mut send) || !self.touched.is_empty() {
            let mut touched = std::mem::take(&mut self.touched);
            touched.sort_unstable();
            touched.dedup();
            for index in touched {
                self.drain(now, index, true);
            }
        }
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Instant {
        let timer = self.timers.first().map(|(at, _)| *at);
        timer.map_or(self.next_tick, |at| at.min(self.next_tick))
    }

    /// What is to be sent. The shell sends it after each flush, and clears it.
    pub fn egress(&mut self) -> &mut Egress {
        &mut self.egress
    }

    pub fn poll_output(&mut self) -> Option<Output<T>> {
        self.outputs.pop_front()
    }

    fn peer_of(&self, from: SocketAddr, datagram: &[u8]) -> Option<usize> {
        if stun::is_stun(datagram) {
            let by_name = stun::unverified_ufrag(datagram).and_then(|u| self.by_ufrag.get(u));
            return by_name.or_else(|| self.by_address.get(&from)).copied();
        }
        self.by_address.get(&from).copied()
    }

    /// Takes note of where a peer's check came from. False where it may not come from there.
    fn take_address(&mut self, now: Instant, index: usize, from: SocketAddr) -> bool {
        let before = self.by_address.get(&from).copied();
        if before == Some(index) {
            return true;
        }
        if before.is_some_and(|other| self.is_in_use(other, from)) {
            return false;
        }
        let Some(peer) = &mut self.peers[index] else { return false };
        if !peer.addresses.allows(now) {
            return false;
        }
        let in_use = peer.transport.as_ref().and_then(|transport| transport.destination());
        if let Some(forgotten) = peer.addresses.add(from, in_use) {
            self.by_address.remove(&forgotten);
        }
        self.by_address.insert(from, index);
        if let Some(other) = before.and_then(|other| self.peers[other].as_mut()) {
            other.addresses.forget(from);
        }
        true
    }

    /// Whether this is where a peer's packets go. True also while its connection is lent out, which is for milliseconds.
    fn is_in_use(&self, index: usize, address: SocketAddr) -> bool {
        let peer = self.peers.get(index).and_then(Option::as_ref);
        peer.is_some_and(|peer| {
            peer.transport.as_ref().is_none_or(|at| at.destination() == Some(address))
        })
    }

    fn deliver(
        &mut self,
        now: Instant,
        index: usize,
        from: SocketAddr,
        to: SocketAddr,
        datagram: &[u8],
    ) {
        if let Some(transport) = self.transport(index) {
            transport.handle_datagram(now, from, to, datagram);
            self.drain(now, index, false);
        }
    }

    fn transport(&mut self, index: usize) -> Option<&mut T> {
        self.peers.get_mut(index)?.as_mut()?.transport.as_deref_mut()
    }

    /// Polls one peer until it waits for a moment ahead. `advance` when something was written or its timer has gone off.
    fn drain(&mut self, now: Instant, index: usize, advance: bool) {
        if advance && let Some(transport) = self.transport(index) {
            transport.handle_timeout(now);
        }
        for _ in 0..MAX_TURNS {
            let Some(transport) = self.transport(index) else { return };
            match transport.poll() {
                Polled::Timeout(at) if at > now + AT_ONCE => {
                    let Some(peer) = &mut self.peers[index] else { return };
                    peer.others_at = Some(peer.wake_at(now, at));
                    return self.wait(now, index, true);
                }
                Polled::Timeout(at) => transport.handle_timeout(at.max(now)),
                Polled::Transmit { from, to, datagram } => {
                    self.egress.push(from, to, &datagram);
                }
                Polled::Packet(received) => self.published(now, index, received),
                Polled::KeyframeRequest { line } => self.receiver_lost_picture(now, index, line),
                Polled::Estimate(bps) => self.estimate(now, index, bps),
                Polled::Connected => self.connected(now, index),
                Polled::Closed => return self.failed(now, index),
            }
        }
        self.set_timer(now, index, now + Duration::from_millis(1));
    }

    /// Sets the peer's timer for what comes first: what it was polled to wait for, or a report about what it sent. Without `anew` only if that
    /// is earlier than before.
    fn wait(&mut self, now: Instant, index: usize, anew: bool) {
        let Some(peer) = &self.peers[index] else { return };
        let receipt_at = peer.transport.as_ref().and_then(|transport| transport.receipt_at());
        // What seems missing may only have been overtaken.
        let receipt_at = receipt_at.map(|at| at.max(now + GRID));
        let Some(at) = peer.others_at.into_iter().chain(receipt_at).min() else { return };
        if anew || peer.timer.is_none_or(|timer| timer > self.on_grid(now, at)) {
            self.set_timer(now, index, at);
        }
    }

    fn set_timer(&mut self, now: Instant, index: usize, at: Instant) {
        let at = self.on_grid(now, at);
        let Some(peer) = &mut self.peers[index] else { return };
        if let Some(before) = peer.timer.replace(at) {
            self.timers.remove(&(before, index));
        }
        self.timers.insert((at, index));
    }

    fn on_grid(&self, now: Instant, at: Instant) -> Instant {
        if at < now + GRID { at } else { self.next_on_grid(at) }
    }

    /// The first moment of the grid after this one.
    fn next_on_grid(&self, after: Instant) -> Instant {
        let since = after.saturating_duration_since(self.started).as_millis() as u64;
        let grid = GRID.as_millis() as u64;
        self.started + Duration::from_millis((since / grid + 1) * grid)
    }
}
