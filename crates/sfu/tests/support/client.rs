//! A participant's side of a connection, with packets like a browser's, over virtual time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpWrite, Vp8Descriptor};
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

pub const LAYERS: [&str; 3] = ["q", "h", "f"];

/// A packet as it arrived.
#[derive(Clone, Debug)]
pub struct Got {
    pub mid: Mid,
    pub ssrc: u32,
    pub seq: u64,
    pub timestamp: u32,
    pub picture: Option<u16>,
    pub key: bool,
    /// Who sent it and in which layer, as the sender wrote into the payload.
    pub from: u8,
    pub layer: u8,
    /// Of the payload, without padding.
    pub len: usize,
    /// When its frame was made; only of video.
    pub sent: Option<Instant>,
    pub at: Instant,
}

/// Of a frame's first or second packet: cut as browsers do, the first shorter, by one to three bytes.
pub fn packet_len(layer: u8, first: bool) -> usize {
    let shorter = if first { 3 - usize::from(layer) } else { 0 };
    200 + 300 * usize::from(layer) - shorter
}

/// Moments are written into frames as milliseconds since this one.
fn epoch() -> Instant {
    static EPOCH: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

pub struct Client {
    pub number: u32,
    pub rtc: Rtc,
    pub address: SocketAddr,
    pub outbox: Vec<(SocketAddr, Vec<u8>)>,
    pending: Option<SdpPendingOffer>,
    pub mic: Mid,
    pub camera: Mid,
    pub audio: Vec<Mid>,
    pub video: Vec<Mid>,
    pub connected: bool,
    pub got: Vec<Got>,
    /// Keyframe requests that came, by layer.
    pub asked: Vec<(u8, Instant)>,
    /// Level it speaks at, if it does.
    pub speaks: Option<i8>,
    /// Packets of its voice each 20 ms, and frames of its camera each 33 ms: one, unless it floods.
    pub repeats: usize,
    /// Layers of its camera being sent.
    pub shows: Vec<u8>,
    /// Lines of the sound of a screen: its own, and that of others.
    pub sound: Option<Mid>,
    pub sound_of_others: Option<Mid>,
    numbers: HashMap<u8, Numbers>,
    next_audio: Instant,
    next_video: Instant,
}

/// Of one outgoing stream; begins at odd places, so that nothing fits by chance.
#[derive(Clone, Copy)]
struct Numbers {
    seq: u64,
    timestamp: u32,
    picture: u16,
    wants_key: bool,
}

const AUDIO: u8 = 9;
pub const SOUND: u8 = 10;

impl Client {
    pub fn new(now: Instant, number: u32, slots: usize) -> (Client, String) {
        let address = SocketAddr::from(([10, 0, 0, number as u8], 5_000));
        let mut rtc = RtcConfig::new()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut simulcast = Simulcast::new();
        LAYERS.iter().for_each(|rid| simulcast.add_send_layer(SimulcastLayer::new(rid)));
        let mut api = rtc.sdp_api();
        let mic = api.add_media(MediaKind::Audio, Direction::SendOnly, None, None, None);
        let camera =
            api.add_media(MediaKind::Video, Direction::SendOnly, None, None, Some(simulcast));
        let mut receive = |kind| api.add_media(kind, Direction::RecvOnly, None, None, None);
        let audio = (0..3).map(|_| receive(MediaKind::Audio)).collect();
        let video = (0..slots).map(|_| receive(MediaKind::Video)).collect();
        let (offer, pending) = api.apply().unwrap();
        let client = Client {
            number,
            rtc,
            address,
            outbox: Vec::new(),
            pending: Some(pending),
            mic,
            camera,
            audio,
            video,
            connected: false,
            got: Vec::new(),
            asked: Vec::new(),
            speaks: None,
            repeats: 1,
            shows: Vec::new(),
            sound: None,
            sound_of_others: None,
            numbers: HashMap::new(),
            next_audio: now,
            next_video: now,
        };
        (client, offer.to_sdp_string())
    }

    /// A re-offer with a line for a screen's sound each way.
    pub fn add_sound(&mut self) -> String {
        let mut api = self.rtc.sdp_api();
        let mut add = |direction| api.add_media(MediaKind::Audio, direction, None, None, None);
        self.sound = Some(add(Direction::SendOnly));
        self.sound_of_others = Some(add(Direction::RecvOnly));
        let (offer, pending) = api.apply().unwrap();
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    /// The SSRC its voice is sent with.
    pub fn ssrc_of_mic(&mut self) -> u32 {
        *self.rtc.direct_api().stream_tx_by_mid(self.mic, None).unwrap().ssrc()
    }

    /// Goes on with another SSRC for its voice, whose numbers have not wrapped around yet (RFC 3711 §3.3.1).
    pub fn change_ssrc_of_mic(&mut self, to: u32) {
        let numbers = self.numbers(AUDIO);
        self.numbers.insert(AUDIO, Numbers { seq: numbers.seq % (1 << 16), ..numbers });
        let (from, mic) = (self.ssrc_of_mic(), self.mic);
        let mut api = self.rtc.direct_api();
        api.remove_stream_tx(from.into());
        api.declare_stream_tx(to.into(), None, mic, None);
    }

    /// A re-offer with more video slots.
    pub fn grow(&mut self, slots: usize) -> String {
        let mut api = self.rtc.sdp_api();
        for _ in 0..slots {
            let mid = api.add_media(MediaKind::Video, Direction::RecvOnly, None, None, None);
            self.video.push(mid);
        }
        let (offer, pending) = api.apply().unwrap();
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        let pending = self.pending.take().expect("an offer is under way");
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    /// Packets that came on a line.
    pub fn on(&self, mid: Mid) -> Vec<Got> {
        self.got.iter().filter(|got| got.mid == mid).cloned().collect()
    }

    /// A datagram from the server.
    pub fn receive(&mut self, now: Instant, from: SocketAddr, bytes: &[u8]) {
        let Ok(contents) = bytes.try_into() else { return };
        let receive =
            Receive { proto: Protocol::Udp, source: from, destination: self.address, contents };
        self.rtc.handle_input(Input::Receive(now, receive)).unwrap();
        self.poll(now);
    }

    /// One turn: what is due to be sent.
    pub fn turn(&mut self, now: Instant) {
        if self.connected {
            self.send_due(now);
        }
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        self.poll(now);
    }

    fn poll(&mut self, now: Instant) {
        for _ in 0..1_000 {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(at) if at > now => return,
                Output::Timeout(_) => self.rtc.handle_input(Input::Timeout(now)).unwrap(),
                Output::Transmit(transmit) => {
                    self.outbox.push((transmit.destination, transmit.contents.to_vec()));
                }
                Output::Event(event) => self.event(event, now),
            }
        }
    }

    fn event(&mut self, event: Event, now: Instant) {
        match event {
            Event::Connected => self.connected = true,
            Event::KeyframeRequest(request) => {
                let rid = request.rid.map_or("f".to_owned(), |rid| rid.to_string());
                let layer = LAYERS.iter().position(|layer| *layer == rid).unwrap() as u8;
                self.asked.push((layer, now));
                if let Some(numbers) = self.numbers.get_mut(&layer) {
                    numbers.wants_key = true;
                }
            }
            Event::RtpPacket(packet) => {
                let mid = self.rtc.direct_api().stream_rx(&packet.header.ssrc).unwrap().mid();
                let audio = self.audio.contains(&mid) || self.sound_of_others == Some(mid);
                let descriptor = Vp8Descriptor::parse(&packet.payload).ok().filter(|_| !audio);
                let body = if audio { 0 } else { packet.payload.len().min(7) };
                let made = descriptor.and_then(|_| packet.payload.get(body + 2..body + 6));
                let made = made.map(|ms| u32::from_be_bytes(ms.try_into().unwrap()));
                let made = made.map(|ms| epoch() + Duration::from_millis(ms.into()));
                self.got.push(Got {
                    mid,
                    ssrc: *packet.header.ssrc,
                    seq: *packet.seq_no,
                    timestamp: packet.header.timestamp,
                    picture: descriptor.and_then(|d| d.picture_id()),
                    key: descriptor.is_some_and(|d| d.starts_keyframe(&packet.payload)),
                    from: packet.payload[body],
                    layer: packet.payload[body + 1],
                    len: packet.payload.len(),
                    sent: made,
                    at: now,
                });
            }
            _ => {}
        }
    }

    fn send_due(&mut self, now: Instant) {
        if now >= self.next_audio {
            self.next_audio = now + Duration::from_millis(20);
            if let Some(level) = self.speaks {
                (0..self.repeats).for_each(|_| self.send_audio(now, self.mic, AUDIO, level));
            }
            if let Some(sound) = self.sound {
                self.send_audio(now, sound, SOUND, -5);
            }
        }
        if now >= self.next_video {
            self.next_video = now + Duration::from_millis(33);
            for layer in self.shows.clone() {
                (0..self.repeats).for_each(|_| self.send_frame(now, layer));
            }
        }
    }

    fn numbers(&mut self, stream: u8) -> Numbers {
        let odd = self.number * 1_000 + u32::from(stream) * 77;
        *self.numbers.entry(stream).or_insert(Numbers {
            seq: 65_500 + u64::from(odd % 30),
            timestamp: u32::MAX - odd,
            picture: 0x7ff0 + (odd % 15) as u16,
            wants_key: false,
        })
    }

    fn send_audio(&mut self, now: Instant, line: Mid, stream: u8, level: i8) {
        let numbers = self.numbers(stream);
        let payload: Arc<[u8]> = vec![self.number as u8, stream, 1, 2, 3].into();
        let levels = ExtensionValues {
            audio_level: Some(level),
            voice_activity: Some(true),
            ..ExtensionValues::default()
        };
        self.write(line, None, Codec::Opus, numbers, now, payload, levels, true);
        let numbers = self.numbers.get_mut(&stream).unwrap();
        numbers.seq += 1;
        numbers.timestamp = numbers.timestamp.wrapping_add(960);
    }

    fn send_frame(&mut self, now: Instant, layer: u8) {
        let mut numbers = self.numbers(layer);
        let delta = u8::from(!std::mem::take(&mut numbers.wants_key));
        let picture = numbers.picture.to_be_bytes();
        for (first, last) in [(true, false), (false, true)] {
            let start = if first { 0x90 } else { 0x80 };
            let mut payload =
                vec![start, 0xe0, 0x80 | picture[0], picture[1], picture[1], 0x20, delta];
            payload.extend([self.number as u8, layer]);
            let made = now.saturating_duration_since(epoch()).as_millis() as u32;
            payload.extend(made.to_be_bytes());
            payload.resize(packet_len(layer, first), 0x5a);
            let rid = Some(Rid::from(LAYERS[usize::from(layer)]));
            let plain = ExtensionValues::default();
            self.write(self.camera, rid, Codec::Vp8, numbers, now, payload.into(), plain, last);
            numbers.seq += 1;
        }
        numbers.timestamp = numbers.timestamp.wrapping_add(2_970);
        numbers.picture = (numbers.picture + 1) & 0x7fff;
        self.numbers.insert(layer, numbers);
    }

    #[expect(clippy::too_many_arguments)] // a packet's fields, from two places above
    fn write(
        &mut self,
        mid: Mid,
        rid: Option<Rid>,
        codec: Codec,
        numbers: Numbers,
        now: Instant,
        payload: Arc<[u8]>,
        extensions: ExtensionValues,
        marker: bool,
    ) {
        let pt = self.rtc.codec_config().find(|c| c.spec().codec == codec).unwrap().pt();
        let write = RtpWrite::new(pt, numbers.seq.into(), numbers.timestamp, now, payload)
            .marker(marker)
            .nackable(codec == Codec::Vp8)
            .ext_vals(extensions);
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, rid) {
            stream.write_rtp(write);
        }
        self.rtc.handle_input(Input::Timeout(now)).unwrap();
        self.poll(now);
    }
}
