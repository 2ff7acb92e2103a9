//! [`MediaTransport`] over str0m in RTP mode: ICE-lite, DTLS-SRTP, RTCP, repair and bandwidth
//! estimation.

use super::INITIAL_BPS;
use super::offer::{self, OfferError};
use super::{Direction, Line, MediaTransport, Outgoing, Polled, Received, Rtp, Written, crypto};
use crate::egress::Egress;
use crate::packet::AudioLevel;
use crate::vp8::Vp8;
use crate::{Layer, LineId};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::bwe::{Bitrate, BweKind};
use str0m::change::SdpOffer;
use str0m::config::DtlsCert;
use str0m::format::Codec;
use str0m::media::{KeyframeRequestKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{DirectPacket, DirectReceived, Extension, ExtensionMap, ReceivedRtp, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// Resend cache of a video slot. The stack's own default keeps 4 MB for a busy participant and
/// stops repairing above 15 % loss.
const RTX_PACKETS: usize = 256;
const RTX_AGE: Duration = Duration::from_millis(600);
const RTX_RATIO: f32 = 0.5;

/// What all connections of a process share.
#[derive(Clone)]
pub struct Str0mConfig {
    certificate: DtlsCert,
}

impl Str0mConfig {
    /// Makes the process's DTLS certificate. `None` if the crypto library fails to.
    pub fn new() -> Option<Str0mConfig> {
        let certificate = crypto::provider().dtls_provider.generate_certificate()?;
        Some(Str0mConfig { certificate })
    }
}

/// One connection.
// The fields that each sent packet needs come first.
#[repr(C, align(64))]
pub struct Str0mTransport {
    /// What each line we send on is written with.
    outgoing: Vec<Option<Way>>,
    /// The stack panicked; it is not touched again.
    broken: bool,
    closed: bool,
    /// Whether anything is to be shown to this receiver, so that somebody asks what its line carries.
    estimates: bool,
    rtc: Rtc,
    ufrag: String,
    lines: Vec<Line>,
    mids: Vec<Mid>,
    /// The SSRC last seen: streams come in bursts.
    streams: Vec<(Ssrc, usize, Layer)>,
}

#[derive(Clone, Copy)]
struct Way {
    ssrc: Ssrc,
    payload_type: Pt,
    audio: bool,
    /// Where the stack last found the stream.
    place: usize,
}

/// SSRCs remembered per connection; more than lines times layers means a publisher that changes
/// them, and the oldest is looked up again.
const MAX_STREAMS: usize = 32;

impl Str0mTransport {
    /// A connection that offers these addresses as its host candidates.
    pub fn new(
        now: Instant,
        config: &Str0mConfig,
        candidates: &[SocketAddr],
    ) -> Result<Str0mTransport, OfferError> {
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(crypto::provider())
            .set_dtls_cert(config.certificate.clone())
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true)
            .set_extension_map(extensions())
            .set_ice_lite(true)
            .enable_bwe(Some(Bitrate::bps(INITIAL_BPS)))
            .build(now);
        for address in candidates {
            let candidate = Candidate::host(*address, "udp").map_err(|_| OfferError::Internal)?;
            rtc.add_local_candidate(candidate);
        }
        Ok(Str0mTransport {
            rtc,
            ufrag: String::new(),
            lines: Vec::new(),
            mids: Vec::new(),
            outgoing: Vec::new(),
            streams: Vec::new(),
            closed: false,
            estimates: false,
            broken: false,
        })
    }

    fn check_continues(&self, lines: &[Line]) -> Result<(), OfferError> {
        let same = |(old, new): (&Line, &Line)| {
            let direction = old.direction == new.direction
                || new.direction == Direction::Inactive
                || old.direction == Direction::Inactive;
            old.id == new.id && old.audio == new.audio && direction
        };
        match self.lines.len() <= lines.len() && self.lines.iter().zip(lines).all(same) {
            true => Ok(()),
            false => Err(OfferError::LinesChanged),
        }
    }

    fn take_over(&mut self, lines: Vec<Line>) {
        let known = self.lines.len();
        self.mids = lines.iter().map(|line| Mid::from(line.id.0.as_str())).collect();
        self.lines = lines;
        self.ufrag = self.rtc.direct_api().local_ice_credentials().ufrag;
        for index in known..self.lines.len() {
            self.set_up_slot(index);
        }
        self.outgoing = (0..self.lines.len()).map(|index| self.way(index)).collect();
    }

    fn way(&mut self, index: usize) -> Option<Way> {
        let (audio, mid) = (self.lines.get(index)?.audio, *self.mids.get(index)?);
        let codec = if audio { Codec::Opus } else { Codec::Vp8 };
        let payload_type =
            self.rtc.codec_config().find(|params| params.spec().codec == codec)?.pt();
        let ssrc = self.rtc.direct_api().stream_tx_by_mid(mid, None)?.ssrc();
        Some(Way { ssrc, payload_type, audio, place: 0 })
    }

    fn set_up_slot(&mut self, index: usize) {
        let line = &self.lines[index];
        if line.audio || line.direction != Direction::Receives {
            return;
        }
        let mut api = self.rtc.direct_api();
        if let Some(stream) = api.stream_tx_by_mid(self.mids[index], None) {
            stream.set_rtx_cache(RTX_PACKETS, RTX_AGE, Some(RTX_RATIO));
        }
    }

    fn event(&mut self, event: Event) -> Option<Polled> {
        match event {
            Event::Connected => Some(Polled::Connected),
            Event::IceConnectionStateChange(str0m::IceConnectionState::Disconnected)
            | Event::Closed => Some(self.end()),
            Event::RtpPacket(packet) => {
                self.received(packet.timestamp, packet.into()).map(Polled::Packet)
            }
            Event::KeyframeRequest(request) => {
                let line = self.mids.iter().position(|mid| *mid == request.mid)?;
                Some(Polled::KeyframeRequest { line })
            }
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                Some(Polled::Estimate(estimate.as_u64()))
            }
            _ => None,
        }
    }

    fn received(&mut self, arrived: Instant, packet: ReceivedRtp) -> Option<Received> {
        let (line, layer) = self.stream(packet.ssrc)?;
        let level = packet.level.map(|(dbov, voice)| AudioLevel { dbov, voice });
        Some(Received {
            line,
            layer,
            stream: *packet.ssrc,
            seq: *packet.seq_no,
            timestamp: packet.time,
            marker: packet.marker,
            arrived,
            level,
            payload: packet.payload,
        })
    }

    /// Which line and layer an SSRC belongs to. The RID is in the first packets only; the stack
    /// remembers it.
    fn stream(&mut self, ssrc: Ssrc) -> Option<(usize, Layer)> {
        if let Some((_, line, layer)) = self.streams.iter().find(|(known, ..)| *known == ssrc) {
            return Some((*line, *layer));
        }
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx(&ssrc)?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let line = self.mids.iter().position(|known| *known == mid)?;
        let layer = match rid {
            Some(rid) => Layer::from_rid(&rid)?,
            None => Layer::F,
        };
        if self.streams.len() == MAX_STREAMS {
            self.streams.remove(0);
        }
        self.streams.push((ssrc, line, layer));
        Some((line, layer))
    }

    fn guarded<R>(&mut self, run: impl FnOnce(&mut Rtc) -> R) -> Option<R> {
        guarded(&mut self.rtc, &mut self.broken, run)
    }

    fn end(&mut self) -> Polled {
        self.closed = true;
        if !self.broken {
            self.rtc.disconnect();
        }
        Polled::Closed
    }
}

/// The header extensions agreed to. How a picture is to be turned is not among them: it is not forwarded, and without it
/// browsers turn the picture before they encode it (3GPP TS 26.114 §7.4.5).
fn extensions() -> ExtensionMap {
    let mut extensions = ExtensionMap::empty();
    extensions.set(1, Extension::AudioLevel);
    extensions.set(2, Extension::AbsoluteSendTime);
    extensions.set(3, Extension::TransportSequenceNumber);
    extensions.set(4, Extension::RtpMid);
    extensions.set(10, Extension::RtpStreamId);
    extensions.set(11, Extension::RepairedRtpStreamId);
    extensions
}

/// Runs the stack so that a panic inside it ends this one connection and no other.
fn guarded<R>(rtc: &mut Rtc, broken: &mut bool, run: impl FnOnce(&mut Rtc) -> R) -> Option<R> {
    if *broken {
        return None;
    }
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(rtc)));
    *broken |= result.is_err();
    result.ok()
}

impl MediaTransport for Str0mTransport {
    fn accept_offer(&mut self, _now: Instant, sdp: &str) -> Result<String, OfferError> {
        let lines = offer::check(sdp)?;
        self.check_continues(&lines)?;
        let refused = |error: &dyn std::fmt::Display| OfferError::Refused(error.to_string());
        let offer = SdpOffer::from_sdp_string(&offer::without_candidates(sdp))
            .map_err(|error| refused(&error))?;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|error| refused(&error))?;
        self.take_over(lines);
        Ok(answer.to_sdp_string())
    }

    fn ufrag(&self) -> &str {
        &self.ufrag
    }

    fn lines(&self) -> &[Line] {
        &self.lines
    }

    fn queue_age(&mut self, line: usize, now: Instant) -> Duration {
        let way = self.outgoing.get(line).copied().flatten();
        way.map_or(Duration::ZERO, |way| self.rtc.queue_age(way.ssrc, now))
    }

    fn accepts(&self, now: Instant, from: SocketAddr, to: SocketAddr, datagram: &[u8]) -> bool {
        let Ok(contents) = datagram.try_into() else {
            return false;
        };
        let receive = Receive { proto: Protocol::Udp, source: from, destination: to, contents };
        self.rtc.accepts(&Input::Receive(now, receive))
    }

    fn destination(&self) -> Option<SocketAddr> {
        self.rtc.path().map(|(_, to)| *to)
    }

    fn handle_datagram(&mut self, now: Instant, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let Ok(contents) = bytes.try_into() else {
            return;
        };
        let receive = Receive { proto: Protocol::Udp, source: from, destination: to, contents };
        // An error concerns this one datagram; a connection that cannot go on says so in poll.
        let _ = self.guarded(|rtc| rtc.handle_input(Input::Receive(now, receive)));
    }

    fn handle_timeout(&mut self, now: Instant) {
        if let Some(Err(_)) = self.guarded(|rtc| rtc.handle_input(Input::Timeout(now))) {
            self.rtc.disconnect();
        }
    }

    fn handle_rtp(&mut self, now: Instant, bytes: &[u8]) -> Rtp {
        match self.guarded(|rtc| rtc.receive_rtp(now, bytes)) {
            Some(DirectReceived::Packet(packet)) => {
                self.received(now, packet).map_or(Rtp::Unread, Rtp::Packet)
            }
            Some(DirectReceived::Padding) => Rtp::Padding,
            Some(DirectReceived::Unread) | None => Rtp::Unread,
        }
    }

    fn send_receipt(&mut self, now: Instant, egress: &mut Egress) -> bool {
        let sealing = egress.begin();
        let sent = self.guarded(|rtc| rtc.send_receipt(now, egress.buffer())) == Some(true);
        egress.end(sealing, self.rtc.path().filter(|_| sent));
        sent
    }

    fn receipt_at(&self) -> Option<Instant> {
        self.rtc.receipt_at()
    }

    fn handle_rtcp(&mut self, now: Instant, bytes: &[u8]) -> Option<bool> {
        // Where the stack panicked, polling ends the connection.
        self.guarded(|rtc| rtc.receive_rtcp(now, bytes)).unwrap_or(Some(true))
    }

    #[inline]
    fn preload(&self, line: usize) {
        if let Some(Some(way)) = self.outgoing.get(line) {
            self.rtc.preload(way.place);
        }
    }

    fn write(
        &mut self,
        now: Instant,
        line: usize,
        packet: &Outgoing<'_>,
        egress: &mut Egress,
    ) -> Written {
        let Some(Some(way)) = self.outgoing.get_mut(line) else {
            return Written::Sent;
        };
        let numbers = &packet.numbers;
        let level = packet.level.and_then(|level| Some((level.dbov, level.voice?)));
        let patch = |vp8: &Vp8| vp8.patch(numbers.picture_id, numbers.tl0_picture);
        let packet = DirectPacket {
            pt: way.payload_type,
            seq_no: numbers.seq.into(),
            time: numbers.timestamp,
            wallclock: packet.arrived,
            marker: packet.marker,
            level,
            numbered: self.estimates || !way.audio,
            nackable: !way.audio,
            payload: packet.payload,
            padding: packet.padding,
            vp8_patch: packet.vp8.and_then(patch),
        };
        let sealing = egress.begin();
        let Way { ssrc, place, .. } = way;
        let sent = guarded(&mut self.rtc, &mut self.broken, |rtc| {
            rtc.send_rtp(now, *ssrc, place, &packet, egress.buffer())
        });
        let path = self.rtc.path().filter(|_| sent == Some(true));
        egress.end(sealing, path);
        match sent {
            Some(true) => Written::Sent,
            // Where the stack panicked, polling ends the connection.
            _ => Written::Queued,
        }
    }

    fn request_keyframe(&mut self, stream: u32) {
        if let Some(stream) = self.rtc.direct_api().stream_rx(&Ssrc::from(stream)) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    fn set_bitrates(&mut self, sustained: u64, desired: u64) {
        self.estimates = desired > 0;
        self.rtc.bwe().set_bitrate(Bitrate::bps(sustained), Bitrate::bps(desired));
    }

    fn close(&mut self) {
        if self.rtc.close().is_err() {
            self.rtc.disconnect();
        }
    }

    fn poll(&mut self) -> Polled {
        loop {
            if self.broken || (!self.closed && !self.rtc.is_alive()) {
                return self.end();
            }
            match self.guarded(Rtc::poll_output) {
                None | Some(Err(_)) => return self.end(),
                Some(Ok(output)) => match output {
                    Output::Timeout(at) => return Polled::Timeout(at),
                    Output::Transmit(transmit) => {
                        return Polled::Transmit {
                            from: transmit.source,
                            to: transmit.destination,
                            datagram: transmit.contents.into(),
                        };
                    }
                    Output::Event(event) => {
                        if let Some(polled) = self.event(event) {
                            return polled;
                        }
                    }
                },
            }
        }
    }
}

impl From<&LineId> for Mid {
    fn from(line: &LineId) -> Mid {
        Mid::from(line.0.as_str())
    }
}
