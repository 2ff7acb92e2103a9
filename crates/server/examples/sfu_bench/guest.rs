//! One participant. ICE, DTLS and what it publishes go through the real stack; what it receives is
//! only looked at from outside, so that one core can play hundreds of receivers.

use crate::bursts::packets;
use crate::feedback::{Arrivals, extend, receiver_report};
use crate::keys::{self, Keys};
use mio::net::UdpSocket;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

/// Between two transport reports, as browsers send them.
const FEEDBACK: Duration = Duration::from_millis(50);
const REPORT: Duration = Duration::from_secs(1);

/// One packet in this many is opened to read when it was sent.
const SAMPLE: u64 = 16;

/// Where the time of sending stands in a payload: behind the descriptor and the clear bytes.
const STAMP: usize = 20;

/// What all guests received together.
#[derive(Default)]
pub struct Tally {
    pub packets: u64,
    pub missing: u64,
    /// Nanoseconds on the way, of the sampled packets.
    pub ways: Vec<u64>,
}

pub struct Guest {
    pub number: u32,
    pub rtc: Rtc,
    pub socket: UdpSocket,
    address: SocketAddr,
    server: Option<SocketAddr>,
    pending: Option<SdpPendingOffer>,
    pub mic: Mid,
    pub camera: Mid,
    pub video: Vec<Mid>,
    pub connected: bool,
    keys: Option<Keys>,
    /// Ids of transport number and time of sending.
    pub ids: (u8, u8),
    arrivals: Arrivals,
    streams: HashMap<u32, Stream>,
    feedback_index: u32,
    next_feedback: Instant,
    next_report: Instant,
    next: Instant,
    pub camera_out: Sender,
    pub mic_out: Sender,
    wants_key: bool,
}

#[derive(Default)]
struct Stream {
    last: Option<u64>,
    first: u64,
    packets: u64,
}

/// Numbers of an outgoing stream.
#[derive(Default)]
pub struct Sender {
    seq: u64,
    timestamp: u32,
    picture: u16,
    pub at: usize,
}

impl Guest {
    pub fn new(number: u32, slots: usize) -> (Guest, String) {
        let socket = UdpSocket::bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let address = socket.local_addr().expect("bound");
        let now = Instant::now();
        let mut rtc = RtcConfig::new()
            .set_crypto_provider(keys::provider())
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
        let mut api = rtc.sdp_api();
        let mic = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let camera = api.add_media(MediaKind::Video, Direction::SendOnly, None, None, None);
        let mut receive = |kind| api.add_media(kind, Direction::RecvOnly, None, None, None);
        (0..3).for_each(|_| _ = receive(MediaKind::Audio));
        let video = (0..slots).map(|_| receive(MediaKind::Video)).collect();
        let (offer, pending) = api.apply().expect("an offer");
        let spread = Duration::from_micros(u64::from(number) * 1_373 % 100_000);
        let guest = Guest {
            number,
            rtc,
            socket,
            address,
            server: None,
            pending: Some(pending),
            mic,
            camera,
            video,
            connected: false,
            keys: None,
            ids: (0, 0),
            arrivals: Arrivals::default(),
            streams: HashMap::new(),
            feedback_index: 1 << 20,
            next_feedback: now + spread,
            next_report: now + spread * 10,
            next: now,
            camera_out: Sender { seq: 1_000, at: number as usize * 17, ..Sender::default() },
            mic_out: Sender { seq: 1_000, at: number as usize * 31, ..Sender::default() },
            wants_key: true,
        };
        (guest, offer.to_sdp_string())
    }

    pub fn accept(&mut self, answer: &str) {
        let id = |name: &str| {
            let line =
                answer.lines().find(|line| line.starts_with("a=extmap:") && line.contains(name));
            line.and_then(|line| line[9..].split([' ', '/']).next()?.parse().ok()).unwrap_or(0)
        };
        self.ids = (id("transport-wide-cc"), id("abs-send-time"));
        let answer = SdpAnswer::from_sdp_string(answer).expect("an answer");
        let pending = self.pending.take().expect("an offer is under way");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("acceptable");
    }

    /// Whether its offer is not answered yet.
    pub fn waits(&self) -> bool {
        self.pending.is_some()
    }

    /// Reads what has come.
    pub fn read(&mut self, now: Instant, tally: &mut Tally) {
        let mut buffer = [0; 2_048];
        while let Ok((len, from)) = self.socket.recv_from(&mut buffer) {
            let bytes = &buffer[..len];
            let is_rtp = len > 12
                && (128..192).contains(&bytes[0])
                && !(64..96).contains(&(bytes[1] & 0x7f));
            if is_rtp {
                self.look_at(bytes, now, tally);
                continue;
            }
            let Ok(contents) = bytes.try_into() else { continue };
            let receive =
                Receive { proto: Protocol::Udp, source: from, destination: self.address, contents };
            let _ = self.rtc.handle_input(Input::Receive(now, receive));
            self.poll(now);
        }
    }

    /// What is due: the stack's timers and our feedback.
    pub fn turn(&mut self, now: Instant) {
        if now >= self.next {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.poll(now);
        }
        if now >= self.next_feedback {
            self.next_feedback = now + FEEDBACK;
            while !self.arrivals.is_empty() {
                let media = self.streams.keys().next().copied().unwrap_or(1);
                let report = self.arrivals.report(self.number + 1, media);
                self.send_feedback(&report);
            }
        }
        if now >= self.next_report {
            self.next_report = now + REPORT;
            if !self.streams.is_empty() {
                let seen =
                    |(ssrc, stream): (&u32, &Stream)| (*ssrc, stream.last.unwrap_or(0) as u32);
                let streams: Vec<(u32, u32)> = self.streams.iter().map(seen).collect();
                self.send_feedback(&receiver_report(self.number + 1, &streams));
            }
        }
    }

    fn send_feedback(&mut self, packet: &[u8]) {
        let (Some(keys), Some(server)) = (&mut self.keys, self.server) else { return };
        self.feedback_index += 1;
        let sealed = keys.feedback.seal_rtcp(self.feedback_index, packet);
        let _ = self.socket.send_to(&sealed, server);
    }

    fn poll(&mut self, now: Instant) {
        for _ in 0..1_000 {
            match self.rtc.poll_output() {
                Err(_) => return,
                Ok(Output::Timeout(at)) if at > now => {
                    self.next = at;
                    break;
                }
                Ok(Output::Timeout(_)) => drop(self.rtc.handle_input(Input::Timeout(now))),
                Ok(Output::Transmit(transmit)) => {
                    self.server = Some(transmit.destination);
                    let _ = self.socket.send_to(&transmit.contents, transmit.destination);
                }
                Ok(Output::Event(Event::Connected)) => self.connected = true,
                Ok(Output::Event(Event::KeyframeRequest(_))) => self.wants_key = true,
                Ok(Output::Event(_)) => {}
            }
        }
        if let Some(keys) = Keys::take() {
            self.keys = Some(keys);
        }
    }

    fn look_at(&mut self, bytes: &[u8], now: Instant, tally: &mut Tally) {
        let Some(head) = Head::read(bytes, self.ids) else { return };
        if let (Some(number), Some(sent)) = (head.transport, head.sent) {
            self.arrivals.add(number, sent);
        }
        let stream = self.streams.entry(head.ssrc).or_default();
        let seq = match stream.last {
            None => u64::from(head.seq),
            last => extend(last, u64::from(head.seq), 16),
        };
        let step = stream.last.map_or(1, |last| seq.saturating_sub(last));
        stream.first = if stream.packets == 0 { seq } else { stream.first };
        stream.last = stream.last.max(Some(seq));
        stream.packets += 1;
        tally.packets += 1;
        tally.missing += step.saturating_sub(1);
        if seq % SAMPLE == 0
            && let Some(keys) = &mut self.keys
            && let Some(payload) =
                keys.incoming.open_rtp(head.ssrc, seq, &bytes[..head.len], &bytes[head.len..])
            && let Some(stamp) = payload.get(STAMP..STAMP + 8)
        {
            let sent = u64::from_be_bytes(stamp.try_into().expect("8 bytes"));
            let way = since_start(now).saturating_sub(sent);
            // Repairs used as padding carry an old stamp.
            if sent > 0 && way < 1_000_000_000 {
                tally.ways.push(way);
            }
        }
    }

    /// Sends one frame of this many bytes; at first, and when asked, a keyframe eight times as large.
    pub fn send_frame(&mut self, now: Instant, bytes: usize) {
        let key = std::mem::take(&mut self.wants_key);
        let bytes = if key { bytes * 8 } else { bytes };
        let picture = self.camera_out.picture.to_be_bytes();
        let mut sizes = packets(bytes).enumerate().peekable();
        while let Some((index, size)) = sizes.next() {
            let (first, last) = (index == 0, sizes.peek().is_none());
            let start = if first { 0x90 } else { 0x80 };
            let mut payload =
                vec![start, 0xe0, 0x80 | picture[0], picture[1], picture[1], 0x20, u8::from(!key)];
            payload.resize(STAMP, 0x5a);
            payload.extend(since_start(now).to_be_bytes());
            payload.resize(size.max(STAMP + 8), 0x5a);
            self.write(self.camera, Codec::Vp8, now, payload, last, None);
            self.camera_out.seq += 1;
        }
        self.camera_out.timestamp = self.camera_out.timestamp.wrapping_add(3_000);
        self.camera_out.picture = (self.camera_out.picture + 1) & 0x7fff;
    }

    pub fn send_voice(&mut self, now: Instant, bytes: usize) {
        let mut payload = vec![0x5a; STAMP];
        payload.extend(since_start(now).to_be_bytes());
        payload.resize(bytes.max(STAMP + 8), 0x5a);
        self.write(self.mic, Codec::Opus, now, payload, true, Some(-20 - self.number as i8 % 8));
        self.mic_out.seq += 1;
        self.mic_out.timestamp = self.mic_out.timestamp.wrapping_add(960);
    }

    fn write(
        &mut self,
        mid: Mid,
        codec: Codec,
        now: Instant,
        payload: Vec<u8>,
        marker: bool,
        level: Option<i8>,
    ) {
        let out = if level.is_some() { &self.mic_out } else { &self.camera_out };
        let params = self.rtc.codec_config().find(|c| c.spec().codec == codec).expect("a codec");
        let extensions = ExtensionValues {
            audio_level: level,
            voice_activity: level.map(|_| true),
            ..ExtensionValues::default()
        };
        let payload: Arc<[u8]> = payload.into();
        let write = RtpWrite::new(params.pt(), out.seq.into(), out.timestamp, now, payload)
            .marker(marker)
            .nackable(level.is_none())
            .ext_vals(extensions);
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, None) {
            stream.write_rtp(write);
        }
        let _ = self.rtc.handle_input(Input::Timeout(now));
        self.poll(now);
    }
}

/// Nanoseconds since the program began.
fn since_start(now: Instant) -> u64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    now.saturating_duration_since(*START.get_or_init(Instant::now)).as_nanos() as u64
}

/// The clear part of a packet.
struct Head {
    ssrc: u32,
    seq: u16,
    len: usize,
    transport: Option<u16>,
    sent: Option<u32>,
}

impl Head {
    fn read(bytes: &[u8], ids: (u8, u8)) -> Option<Head> {
        let seq = u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?);
        let ssrc = u32::from_be_bytes(bytes.get(8..12)?.try_into().ok()?);
        let mut len = 12 + 4 * usize::from(bytes[0] & 15);
        let (mut transport, mut sent) = (None, None);
        if bytes[0] & 0x10 != 0 {
            let words = u16::from_be_bytes(bytes.get(len + 2..len + 4)?.try_into().ok()?);
            let end = len + 4 + 4 * usize::from(words);
            let mut at = len + 4;
            len = end;
            while at < end {
                let (id, size) = (bytes[at] >> 4, usize::from(bytes[at] & 15) + 1);
                if id == 0 {
                    at += 1;
                    continue;
                }
                let value = bytes.get(at + 1..at + 1 + size)?;
                if id == ids.0 {
                    transport = Some(u16::from_be_bytes(value.get(..2)?.try_into().ok()?));
                } else if id == ids.1 {
                    sent = Some(u32::from_be_bytes([0, value[0], *value.get(1)?, *value.get(2)?]));
                }
                at += 1 + size;
            }
        }
        (bytes.len() > len).then_some(Head { ssrc, seq, len, transport, sent })
    }
}
