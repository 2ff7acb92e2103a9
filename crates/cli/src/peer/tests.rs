use super::*;
use crate::rtp::{FrameAssembler, Released, Reorder};
use std::collections::BTreeMap;
use std::time::Duration;
use str0m::change::SdpOffer;
use str0m::media::MediaKind;

const CLIENT: &str = "127.0.0.1:5000";
const SERVER: &str = "127.0.0.1:4000";

/// A client against a bare ICE-lite str0m over a virtual wire with a virtual clock.
struct Pair {
    now: Instant,
    client: Peer,
    server: Rtc,
    server_wakes: Instant,
    to_client: Vec<Vec<u8>>,
    events: Vec<PeerOutput>,
    /// What the server received: kind, layer, packet.
    received: Vec<(MediaKind, Option<String>, str0m::rtp::RtpPacket)>,
}

impl Pair {
    fn connected(sending: Sending) -> Pair {
        let now = Instant::now();
        let (client, offer) = Peer::new(now, CLIENT.parse().unwrap(), sending, 77).unwrap();
        let mut server = Rtc::builder()
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .build(now);
        server.add_local_candidate(Candidate::host(SERVER.parse().unwrap(), "udp").unwrap());
        let mut pair = Pair {
            now,
            client,
            server,
            server_wakes: now,
            to_client: vec![],
            events: vec![],
            received: vec![],
        };
        pair.negotiate(&offer);
        pair.run(Duration::from_secs(2));
        assert!(pair.client.is_connected());
        pair
    }

    fn negotiate(&mut self, offer: &str) {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        let answer = self.server.sdp_api().accept_offer(offer).unwrap();
        self.client.handle_answer(&answer.to_sdp_string()).unwrap();
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.now += Duration::from_millis(5);
            self.step();
        }
    }

    fn step(&mut self) {
        self.client.handle_timeout(self.now).unwrap();
        if self.server_wakes <= self.now {
            self.server.handle_input(Input::Timeout(self.now)).unwrap();
        }
        self.drain_server();
        while self.exchange() {}
    }

    fn exchange(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.client.poll() {
            let PeerOutput::Transmit { datagram, .. } = output else {
                self.events.push(output);
                continue;
            };
            busy = true;
            let receive = Receive {
                proto: Protocol::Udp,
                source: CLIENT.parse().unwrap(),
                destination: SERVER.parse().unwrap(),
                contents: datagram.as_slice().try_into().unwrap(),
            };
            self.server.handle_input(Input::Receive(self.now, receive)).unwrap();
            self.drain_server();
        }
        for datagram in std::mem::take(&mut self.to_client) {
            busy = true;
            self.client.handle_datagram(self.now, SERVER.parse().unwrap(), &datagram).unwrap();
        }
        busy
    }

    fn drain_server(&mut self) {
        loop {
            match self.server.poll_output().unwrap() {
                Output::Timeout(at) => {
                    self.server_wakes = at;
                    return;
                }
                Output::Transmit(out) => self.to_client.push(out.contents.to_vec()),
                Output::Event(Event::RtpPacket(packet)) => {
                    let mut api = self.server.direct_api();
                    let stream = api.stream_rx(&packet.header.ssrc).unwrap();
                    let (mid, rid) = (stream.mid(), stream.rid().map(|rid| rid.to_string()));
                    let kind = self.server.media(mid).unwrap().kind();
                    self.received.push((kind, rid, packet));
                }
                Output::Event(_) => {}
            }
        }
    }
}

#[test]
fn the_offer_has_the_agreed_lines_in_order() {
    let sending = Sending { mic: true, layers: 3 };
    let (peer, offer) = Peer::new(Instant::now(), CLIENT.parse().unwrap(), sending, 1).unwrap();
    let lines: Vec<(&str, &str)> = offer
        .split("\r\nm=")
        .skip(1)
        .map(|line| {
            let direction = ["sendonly", "recvonly"].into_iter().find(|d| line.contains(*d));
            (&line[..5], direction.unwrap())
        })
        .collect();
    let mut expected = vec![("audio", "sendonly"), ("video", "sendonly")];
    expected.extend([("audio", "recvonly"); 3]);
    expected.extend([("video", "recvonly"); 4]);
    assert_eq!(lines, expected);
    assert!(offer.contains("a=simulcast:send q;h;f"), "{offer}");
    assert_eq!(peer.lines().video_slots.len(), 4);
}

#[test]
fn every_layer_arrives_under_its_rid_and_audio_with_its_level() {
    let mut pair = Pair::connected(Sending { mic: true, layers: 3 });
    let frames: Vec<Vec<u8>> = (0..3).map(|layer| vec![layer as u8; 500 + layer * 2000]).collect();
    for tick in 0..10u32 {
        for (layer, frame) in frames.iter().enumerate() {
            pair.client.send_video(pair.now, layer, tick * 3000, frame);
        }
        pair.client.send_audio(pair.now, tick * 960, -30, vec![1, 2, 3]);
        pair.run(Duration::from_millis(33));
    }
    let mut whole: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let mut assemblers: BTreeMap<String, (Reorder<_>, FrameAssembler)> = BTreeMap::new();
    for (kind, rid, packet) in &pair.received {
        if *kind == MediaKind::Audio {
            assert_eq!(packet.header.ext_vals.audio_level, Some(-30));
            continue;
        }
        let rid = rid.clone().expect("a layer name");
        let (reorder, assembler) = assemblers
            .entry(rid.clone())
            .or_insert_with(|| (Reorder::new(Duration::ZERO), FrameAssembler::default()));
        reorder.push(pair.now, *packet.seq_no, packet);
        while let Some(Released::Packet(p)) = reorder.pop(pair.now) {
            let (time, marker) = (p.header.timestamp, p.header.marker);
            let frame = assembler.handle_packet(pair.now, time, marker, &p.payload);
            whole.entry(rid.clone()).or_default().extend(frame.map(|frame| frame.data));
        }
    }
    for (rid, frame) in RIDS.iter().zip(&frames) {
        assert_eq!(whole[*rid], vec![frame.clone(); 10], "layer {rid}");
    }
    let audio = pair.received.iter().filter(|(kind, ..)| *kind == MediaKind::Audio).count();
    assert_eq!(audio, 10);
}

#[test]
fn a_keyframe_request_names_the_layer() {
    let mut pair = Pair::connected(Sending { mic: false, layers: 3 });
    for layer in 0..3 {
        pair.client.send_video(pair.now, layer, 0, &[0; 100]);
    }
    pair.run(Duration::from_millis(100));
    let (_, _, packet) =
        pair.received.iter().find(|(_, rid, _)| rid.as_deref() == Some("h")).unwrap();
    let ssrc = packet.header.ssrc;
    pair.server.direct_api().stream_rx(&ssrc).unwrap().request_keyframe(KeyframeRequestKind::Pli);
    pair.run(Duration::from_millis(100));
    let wanted: Vec<_> = pair
        .events
        .iter()
        .filter_map(|event| match event {
            PeerOutput::KeyframeWanted { layer } => Some(*layer),
            _ => None,
        })
        .collect();
    assert_eq!(wanted, [1]);
}

#[test]
fn slots_receive_and_grow_by_another_offer() {
    let mut pair = Pair::connected(Sending { mic: true, layers: 1 });
    let offer = pair.client.grow(9).unwrap();
    assert!(pair.client.grow(16).is_none(), "one offer at a time");
    pair.negotiate(&offer);
    pair.run(Duration::from_millis(200));
    assert!(pair.client.grow(9).is_none(), "enough slots");
    let mid = *pair.client.lines().video_slots.last().unwrap();
    assert_eq!(pair.client.lines().video_slots.len(), 9);
    let pt = pair.client.payload_type(Codec::Vp8).unwrap();
    let packet = str0m::rtp::RtpWrite::new(pt, 5.into(), 90, pair.now, vec![0x10, 1, 2]);
    let mut api = pair.server.direct_api();
    api.stream_tx_by_mid(mid, None).unwrap().write_rtp(packet.marker(true));
    pair.server_wakes = pair.now;
    pair.run(Duration::from_millis(50));
    let arrived = pair.events.iter().any(
        |event| matches!(event, PeerOutput::Packet(p) if p.mid == mid && *p.payload == [0x10, 1, 2]),
    );
    assert!(arrived);
}

#[test]
fn a_damaged_answer_is_the_servers_fault() {
    let sending = Sending { mic: true, layers: 1 };
    let (mut peer, _) = Peer::new(Instant::now(), CLIENT.parse().unwrap(), sending, 1).unwrap();
    assert!(matches!(peer.handle_answer("v=0\r\nnonsense"), Err(PeerError::BadAnswer(_))));
    assert!(matches!(peer.handle_answer("v=0"), Err(PeerError::NoOffer)));
}
