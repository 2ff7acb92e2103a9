//! The WebRTC connection of a participant, without its socket: str0m as a full ICE client in RTP
//! mode, offering the lines a browser offers.
//!
//! After every call that changes something, call [`Peer::poll`] until it returns `None`, then wait
//! for a datagram or for [`Peer::deadline`].

mod header;
mod lines;
mod outgoing;

pub use header::HeaderFault;
pub use lines::{AUDIO_SLOTS, FIRST_VIDEO_SLOTS, Lines, RIDS};

use crate::rtp::packetise;
use header::Expected;
use outgoing::Outgoing;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;

use str0m::media::{KeyframeRequestKind, Mid, Pt, Rid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpHeader};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};

/// Why the connection cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// The server's fault.
    #[error("the server's answer is not usable: {0}")]
    BadAnswer(String),
    #[error("an answer came without an offer")]
    NoOffer,
    /// Of the environment or of the WebRTC stack.
    #[error("the media connection failed: {0}")]
    Rtc(#[from] str0m::RtcError),
    #[error("no usable local address: {0}")]
    Address(String),
}

/// What to do or to know.
#[derive(Debug)]
pub enum PeerOutput {
    /// Send this datagram.
    Transmit {
        to: SocketAddr,
        datagram: Vec<u8>,
    },
    Connected,
    /// Nothing gets through any more.
    Failed,
    /// A receiver cannot decode this layer of the camera without a keyframe.
    KeyframeWanted {
        layer: usize,
    },
    Packet(Packet),
}

/// A packet of a receiving line, in order of arrival.
#[derive(Clone, Debug)]
pub struct Packet {
    pub mid: Mid,
    /// Sequence number, extended to 64 bits.
    pub seq: u64,
    /// RTP time in the codec's clock.
    pub time: u32,
    pub marker: bool,
    pub payload: Arc<[u8]>,
    pub header: Result<(), HeaderFault>,
}

/// What this participant sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    pub mic: bool,
    /// 0 for no camera, 1 for a single layer, 3 for simulcast.
    pub layers: usize,
}

/// One peer connection.
pub struct Peer {
    rtc: Rtc,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    lines: Lines,
    mic: Outgoing,
    layers: Vec<Outgoing>,
    deadline: Instant,
    connected: bool,
    sent: u64,
}

impl Peer {
    /// Makes the connection and its first offer. `local` is the address of the one UDP socket.
    pub fn new(
        now: Instant,
        local: SocketAddr,
        sending: Sending,
        seed: u32,
    ) -> Result<(Peer, String), PeerError> {
        let mut rtc = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true)
            .build(now);
        let candidate =
            Candidate::host(local, "udp").map_err(|e| PeerError::Address(e.to_string()))?;
        rtc.add_local_candidate(candidate);
        let (lines, offer, pending) = lines::offer(&mut rtc, sending);
        let layers = (0..sending.layers).map(|i| {
            let rid = (sending.layers > 1).then(|| Rid::from(RIDS[i]));
            Outgoing::new(rid, seed.wrapping_mul(i as u32 + 3))
        });
        let peer = Peer {
            local,
            pending: Some(pending),
            lines,
            mic: Outgoing::new(None, seed),
            layers: layers.collect(),
            deadline: now,
            connected: false,
            sent: 0,
            rtc,
        };
        Ok((peer, offer))
    }

    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    pub fn is_connected(&self) -> bool {
        self.connected
    }

    /// RTP packets sent so far, without what was sent again.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// An offer is out and its answer has not come.
    pub fn is_negotiating(&self) -> bool {
        self.pending.is_some()
    }

    /// When [`Self::handle_timeout`] is due.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Applies the server's answer to the latest offer.
    pub fn handle_answer(&mut self, sdp: &str) -> Result<(), PeerError> {
        let pending = self.pending.take().ok_or(PeerError::NoOffer)?;
        let bad = |e: &dyn std::fmt::Display| PeerError::BadAnswer(e.to_string());
        let answer = SdpAnswer::from_sdp_string(sdp).map_err(|e| bad(&e))?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|e| bad(&e))
    }

    /// Takes a datagram from the socket; one that is not WebRTC is ignored.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Result<(), PeerError> {
        let Ok(contents) = datagram.try_into() else { return Ok(()) };
        let receive =
            Receive { proto: Protocol::Udp, source: from, destination: self.local, contents };
        Ok(self.rtc.handle_input(Input::Receive(now, receive))?)
    }

    pub fn handle_timeout(&mut self, now: Instant) -> Result<(), PeerError> {
        Ok(self.rtc.handle_input(Input::Timeout(now))?)
    }

    /// Offers more video slots, up to `slots` in all; `None` when there are enough or an answer is
    /// still awaited.
    pub fn grow(&mut self, slots: usize) -> Option<String> {
        if self.is_negotiating() {
            return None;
        }
        let (offer, pending) = lines::grow(&mut self.rtc, &mut self.lines, slots)?;
        self.pending = Some(pending);
        Some(offer)
    }

    /// Sends one sealed Opus packet. `time` counts samples from any start; `level` is in dBov, at
    /// most 0 (RFC 6464).
    pub fn send_audio(&mut self, now: Instant, time: u32, level: i8, sealed: Vec<u8>) {
        let (Some(mid), Some(pt)) = (self.lines.mic, self.payload_type(Codec::Opus)) else {
            return;
        };
        let loudness = ExtensionValues {
            audio_level: Some(level),
            voice_activity: Some(level > -50),
            ..Default::default()
        };
        let packet = self.mic.next(pt, now, time, sealed).ext_vals(loudness);
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_tx_by_mid(mid, None) {
            stream.write_rtp(packet);
            self.sent += 1;
        }
    }

    /// Sends one sealed VP8 frame of a layer. `time` counts 90 kHz ticks from any start.
    pub fn send_video(&mut self, now: Instant, layer: usize, time: u32, sealed: &[u8]) {
        let (Some(mid), Some(pt)) = (self.lines.camera, self.payload_type(Codec::Vp8)) else {
            return;
        };
        let Some(layer) = self.layers.get_mut(layer) else { return };
        let payloads = packetise(sealed, layer.next_numbers());
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, layer.rid()) else { return };
        let last = payloads.len() - 1;
        for (i, payload) in payloads.into_iter().enumerate() {
            let packet = layer.next(pt, now, time, payload);
            stream.write_rtp(packet.marker(i == last).nackable(true));
            self.sent += 1;
        }
    }

    /// Asks for a keyframe in a receiving slot.
    pub fn request_keyframe(&mut self, mid: Mid) {
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_rx_by_mid(mid, None) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// The next thing to do or to know, in order.
    pub fn poll(&mut self) -> Option<PeerOutput> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.deadline = at;
                    return None;
                }
                Ok(Output::Transmit(out)) => {
                    let datagram = out.contents.to_vec();
                    return Some(PeerOutput::Transmit { to: out.destination, datagram });
                }
                Ok(Output::Event(event)) => {
                    if let Some(output) = self.convert(event) {
                        return Some(output);
                    }
                }
                Err(_) => return self.fail(),
            }
        }
    }

    fn convert(&mut self, event: Event) -> Option<PeerOutput> {
        match event {
            Event::Connected => {
                self.connected = true;
                Some(PeerOutput::Connected)
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => self.fail(),
            Event::Closed => self.fail(),
            Event::KeyframeRequest(request) => {
                let layer = self.layers.iter().position(|layer| layer.rid() == request.rid)?;
                Some(PeerOutput::KeyframeWanted { layer })
            }
            Event::RtpPacket(packet) => {
                let mut api = self.rtc.direct_api();
                let mid = api.stream_rx(&packet.header.ssrc)?.mid();
                Some(PeerOutput::Packet(Packet {
                    mid,
                    header: self.check_header(mid, &packet.header),
                    seq: *packet.seq_no,
                    time: packet.header.timestamp,
                    marker: packet.header.marker,
                    payload: packet.payload,
                }))
            }
            _ => None,
        }
    }

    fn check_header(&self, mid: Mid, header: &RtpHeader) -> Result<(), HeaderFault> {
        let audio = self.lines.audio_slots.contains(&mid);
        let codec = if audio { Codec::Opus } else { Codec::Vp8 };
        header::check(header, Expected { mid, audio, payload_type: self.payload_type(codec) })
    }

    fn fail(&mut self) -> Option<PeerOutput> {
        self.connected.then(|| {
            self.connected = false;
            PeerOutput::Failed
        })
    }

    fn payload_type(&self, codec: Codec) -> Option<Pt> {
        let mut all = self.rtc.codec_config().iter();
        all.find(|params| params.spec().codec == codec).map(|params| params.pt())
    }
}

#[cfg(test)]
mod tests;
