use super::*;
use crate::rtp::{Numbering, packetise};
use base::Secret;
use e2ee::frames::{Lease, Sealer};

const EPOCH: u64 = 5;
const LEAF: u32 = 3;

/// A sender with its packet numbers, and a receiver that holds the same key.
struct Scene {
    now: Instant,
    sealer: Sealer,
    opener: Opener,
    receiver: Receiver,
    seq: u64,
    time: u32,
}

fn camera() -> Mid {
    Mid::from("cam")
}

fn mic() -> Mid {
    Mid::from("mic")
}

impl Scene {
    fn new() -> Scene {
        let mut sealer = Sealer::new();
        let mut opener = Opener::new();
        sealer.add_epoch(EPOCH, Secret::new([7; 16]));
        opener.add_epoch(EPOCH, Secret::new([7; 16]));
        sealer.send_with(EPOCH, LEAF).unwrap();
        for kind in [Kind::Mic, Kind::Camera] {
            sealer.add_lease(Lease { kind, epoch: EPOCH, start: 0, count: 1000 }).unwrap();
        }
        let mut receiver = Receiver::default();
        receiver.add_slot(camera(), Kind::Camera);
        receiver.add_slot(mic(), Kind::Mic);
        Scene { now: Instant::now(), sealer, opener, receiver, seq: 0, time: 0 }
    }

    fn packets(&mut self, mid: Mid, frame: &[u8]) -> Vec<Packet> {
        self.time += 3000;
        let payloads = packetise(frame, Numbering::default());
        let last = payloads.len() - 1;
        let mut packets = vec![];
        for (i, payload) in payloads.into_iter().enumerate() {
            self.seq += 1;
            let (seq, time) = (self.seq, self.time);
            packets.push(Packet {
                mid,
                seq,
                time,
                marker: i == last,
                payload: payload.into(),
                header: Ok(()),
            });
        }
        packets
    }

    fn video(&mut self, frame: &[u8]) -> Vec<Packet> {
        let sealed = self.sealer.seal(Kind::Camera, frame).unwrap();
        self.packets(camera(), &sealed)
    }

    fn receive(&mut self, packets: Vec<Packet>) -> Vec<ReceiveOutput> {
        for packet in packets {
            self.receiver.handle_packet(self.now, packet, &mut self.opener);
        }
        std::iter::from_fn(|| self.receiver.poll_output()).collect()
    }

    fn wait(&mut self, time: Duration) -> Vec<ReceiveOutput> {
        self.now += time;
        self.receiver.handle_timeout(self.now, &mut self.opener);
        std::iter::from_fn(|| self.receiver.poll_output()).collect()
    }
}

fn key(len: usize) -> Vec<u8> {
    vec![0; len]
}

fn delta(len: usize) -> Vec<u8> {
    vec![1; len]
}

fn frames(outputs: &[ReceiveOutput]) -> Vec<(Vec<u8>, bool)> {
    let frame = |output: &ReceiveOutput| match output {
        ReceiveOutput::Frame(frame) => Some((frame.data.clone(), frame.decodable)),
        _ => None,
    };
    outputs.iter().filter_map(frame).collect()
}

#[test]
fn frames_are_opened_and_their_sender_is_told_once() {
    let mut scene = Scene::new();
    let mut packets = scene.video(&key(3000));
    packets.extend(scene.video(&delta(40)));
    let out = scene.receive(packets);
    assert_eq!(frames(&out), [(key(3000), true), (delta(40), true)]);
    let verified: Vec<_> = out
        .iter()
        .filter_map(|output| match output {
            ReceiveOutput::Verified { mid, epoch, leaf } => Some((*mid, *epoch, *leaf)),
            _ => None,
        })
        .collect();
    assert_eq!(verified, [(camera(), EPOCH, LEAF)]);
}

#[test]
fn after_a_loss_nothing_is_decodable_until_a_keyframe_which_is_asked_for() {
    let mut scene = Scene::new();
    let first = scene.video(&key(100));
    let mut holed = scene.video(&delta(3000));
    holed.remove(1);
    let after = scene.video(&delta(50));
    let again = scene.video(&key(60));
    scene.receive(first);
    assert!(scene.receive(holed).is_empty());
    assert!(scene.receive(after).is_empty(), "a resend may still come");
    let out = scene.wait(VIDEO_PATIENCE);
    assert_eq!(frames(&out), [(delta(50), false)]);
    let asked = out.iter().filter(|o| matches!(o, ReceiveOutput::KeyframeWanted { .. })).count();
    assert_eq!(asked, 1);
    assert_eq!(frames(&scene.receive(again)), [(key(60), true)]);
    let counts = scene.receiver.counts();
    assert_eq!((counts.lost, counts.broken), (1, 1));
}

#[test]
fn a_camera_frame_in_a_microphone_slot_is_rejected() {
    let mut scene = Scene::new();
    let sealed = scene.sealer.seal(Kind::Camera, &key(100)).unwrap();
    let payload = sealed.into();
    let packet = Packet { mid: mic(), seq: 1, time: 1, marker: false, payload, header: Ok(()) };
    let out = scene.receive(vec![packet]);
    assert!(matches!(out[..], [ReceiveOutput::Rejected { .. }]), "{out:?}");
}

#[test]
fn plaintext_is_rejected() {
    let mut scene = Scene::new();
    let packets = scene.packets(camera(), &key(500));
    let out = scene.receive(packets);
    assert!(frames(&out).is_empty());
    assert!(out.iter().any(|o| matches!(o, ReceiveOutput::Rejected { .. })));
}

#[test]
fn a_slot_that_falls_silent_is_nobodys() {
    let mut scene = Scene::new();
    let packets = scene.video(&key(100));
    scene.receive(packets);
    assert!(scene.wait(SILENT - Duration::from_millis(1)).is_empty());
    let out = scene.wait(Duration::from_millis(1));
    assert!(matches!(out[..], [ReceiveOutput::Unverified { .. }]), "{out:?}");
}

#[test]
fn audio_packets_come_in_order_and_a_late_one_is_dropped() {
    let mut scene = Scene::new();
    let mut packets: Vec<Packet> = (0..4)
        .map(|i| {
            let payload = scene.sealer.seal(Kind::Mic, &[i; 20]).unwrap().into();
            Packet {
                mid: mic(),
                seq: u64::from(i) + 1,
                time: 0,
                marker: false,
                payload,
                header: Ok(()),
            }
        })
        .collect();
    packets.swap(1, 2);
    let lost = packets.remove(1);
    let out = scene.receive(packets);
    assert_eq!(frames(&out), [(vec![0; 20], true), (vec![1; 20], true)]);
    let out = scene.wait(AUDIO_PATIENCE);
    assert_eq!(frames(&out), [(vec![3; 20], true)]);
    assert!(scene.receive(vec![lost]).is_empty());
}
