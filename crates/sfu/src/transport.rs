//! The narrow waist between forwarding and the WebRTC stack: one connection of one peer.
//!
//! The calling rule: after every call that changes a transport, [`MediaTransport::poll`] is called
//! until it returns [`Polled::Timeout`] with a moment that lies ahead.

mod crypto;
mod offer;
mod str0m;

pub use self::offer::{MAX_OFFER_BYTES, MAX_RECEIVING_LINES, MAX_SENDING_LINES, OfferError};
pub use self::str0m::{Str0mConfig, Str0mTransport};
pub use crypto::profiles_refused;

use crate::egress::Egress;
use crate::packet::AudioLevel;
use crate::rewrite::Rewritten;
use crate::vp8::Vp8;
use crate::{Layer, Layers, LineId};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whether a datagram is RTP and not RTCP, by its head (RFC 7983, RFC 5761 §4).
pub fn is_rtp(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, kind, ..] if !(64..96).contains(&(kind & 0x7f)))
}

/// Whether a datagram is (S)RTCP (RFC 5761 §4, RFC 7983).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, kind, ..] if (64..96).contains(&(kind & 0x7f)))
}

/// Which way media goes on a line, seen from the client that offered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The client publishes.
    Sends,
    /// The client receives: one of its slots.
    Receives,
    Inactive,
}

/// One media line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub id: LineId,
    pub audio: bool,
    pub direction: Direction,
    /// Simulcast layers declared; `F` alone without simulcast.
    pub layers: Layers,
}

/// What a transport has to say.
#[derive(Debug)]
pub enum Polled {
    /// To be sent from the address `from` (one of our candidates).
    Transmit { from: SocketAddr, to: SocketAddr, datagram: Vec<u8> },
    /// A packet the peer published.
    Packet(Received),
    /// The receiver of this line cannot decode without a keyframe.
    KeyframeRequest { line: usize },
    /// Bits per second that reach the peer.
    Estimate(u64),
    /// ICE and DTLS are up.
    Connected,
    /// The connection is over; nothing more comes.
    Closed,
    /// Call [`MediaTransport::handle_timeout`] at this moment.
    Timeout(Instant),
}

/// What was in a datagram that is RTP by its head.
#[derive(Debug)]
pub enum Rtp {
    Packet(Received),
    /// Authentic, with nothing in it.
    Padding,
    /// Malformed, forged or repeated.
    Unread,
}

/// A packet as the peer sent it.
#[derive(Debug)]
pub struct Received {
    /// Index into [`MediaTransport::lines`].
    pub line: usize,
    pub layer: Layer,
    pub stream: u32,
    pub seq: u64,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Arc<[u8]>,
    pub arrived: Instant,
    pub level: Option<AudioLevel>,
}

/// What became of a packet written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is in the egress; nothing needs to be polled.
    Sent,
    /// It waits in the transport's own queue: poll.
    Queued,
}

/// A packet for one of the peer's receiving lines.
#[derive(Debug)]
pub struct Outgoing<'a> {
    pub numbers: Rewritten,
    pub marker: bool,
    pub payload: &'a Arc<[u8]>,
    /// See [`crate::MediaPacket::padding`].
    pub padding: u8,
    pub vp8: Option<&'a Vp8>,
    pub level: Option<AudioLevel>,
    pub arrived: Instant,
}

/// Estimate to begin with, bits per second. Higher floods a thin line at the start, lower begins
/// with small pictures.
pub(crate) const INITIAL_BPS: u64 = 1_500_000;

/// One peer's connection.
pub trait MediaTransport {
    /// Answers an offer; also a later one with more lines or new ICE credentials.
    fn accept_offer(&mut self, now: Instant, sdp: &str) -> Result<String, OfferError>;
    /// The ufrag by which the peer's STUN checks name this connection.
    fn ufrag(&self) -> &str;
    /// Lines in the offer's order; an index stays valid for the connection's life.
    fn lines(&self) -> &[Line];
    /// How long the oldest packet of a line has been waiting to be sent.
    fn queue_age(&mut self, line: usize, now: Instant) -> Duration;

    /// Whether this datagram authenticates itself as the peer's, so that its address may be
    /// remembered.
    fn accepts(&self, now: Instant, from: SocketAddr, to: SocketAddr, datagram: &[u8]) -> bool;
    /// Where packets go, while the connection is up.
    fn destination(&self) -> Option<SocketAddr>;
    /// Input from the network. What cannot be understood is dropped.
    fn handle_datagram(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]);
    fn handle_timeout(&mut self, now: Instant);
    /// Input from the network that is RTP by its head. Nothing needs to be polled afterwards, but
    /// time must pass ([`MediaTransport::handle_timeout`]) by [`MediaTransport::receipt_at`].
    fn handle_rtp(&mut self, now: Instant, bytes: &[u8]) -> Rtp;
    /// After [`MediaTransport::handle_rtp`]: writes the report about what has come that is due, if it is due and only that. True when it did.
    fn send_receipt(&mut self, now: Instant, egress: &mut Egress) -> bool;
    /// When the peer is to be told what has come or is missing: no timeout that is polled says it.
    fn receipt_at(&self) -> Option<Instant>;
    /// Input from the network that is RTCP by its head; `None` if it is not the peer's. True when something
    /// follows from it at once: let time pass, and poll. Most reports only update an estimate.
    fn handle_rtcp(&mut self, now: Instant, bytes: &[u8]) -> Option<bool>;

    /// Writes one packet, into the egress if it may leave at once.
    /// Its sequence number must not have been used on this line before: it is part of the SRTP
    /// nonce.
    fn write(
        &mut self,
        now: Instant,
        line: usize,
        packet: &Outgoing<'_>,
        egress: &mut Egress,
    ) -> Written;
    /// Reads what [`MediaTransport::write`] to this line will need, so that it is in the cache by then.
    fn preload(&self, line: usize);
    /// Asks the peer for a keyframe of one of its streams.
    fn request_keyframe(&mut self, stream: u32);
    /// Bits per second to keep up by padding, and to probe for.
    fn set_bitrates(&mut self, sustained: u64, desired: u64);
    /// Ends the connection.
    fn close(&mut self);

    fn poll(&mut self) -> Polled;
}
