use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};

const NUMBERS: Numbering = Numbering { picture: 0x1234, tl0: 7 };

#[test]
fn a_small_frame_is_one_packet_with_long_picture_id() {
    let packets = packetise(&[1, 2, 3], NUMBERS);
    assert_eq!(packets, [vec![0x90, 0xe0, 0x92, 0x34, 7, 0, 1, 2, 3]]);
}

#[test]
fn picture_ids_wrap_at_fifteen_bits() {
    let last = Numbering { picture: 0x7fff, tl0: 255 };
    assert_eq!(last.next(), Numbering { picture: 0, tl0: 0 });
}

#[test]
fn descriptors_of_other_senders_are_read() {
    let parse = |bytes: &[u8]| Descriptor::parse(bytes).map(|d| (d.starts_frame, d.len));
    assert_eq!(parse(&[0x10, 9]), Some((true, 1)));
    assert_eq!(parse(&[0x00, 9]), Some((false, 1)));
    assert_eq!(parse(&[0x12, 9]), Some((false, 1)), "another partition does not begin a frame");
    assert_eq!(parse(&[0x90, 0x80, 0x7f, 9]), Some((true, 3)), "7-bit picture id");
    assert_eq!(parse(&[0x90, 0xf0, 0x80, 0, 0, 0, 9]), Some((true, 6)), "key index");
    assert_eq!(parse(&[0x90, 0xe0, 0x80, 0, 0, 0]), None, "nothing after the descriptor");
    assert_eq!(parse(&[0x90]), None);
    assert_eq!(parse(&[]), None);
}

#[test]
fn a_missing_packet_is_waited_for_and_then_given_up() {
    let start = Instant::now();
    let later = start + Duration::from_millis(100);
    let mut reorder = Reorder::new(Duration::from_millis(100));
    reorder.push(start, 10, 'a');
    reorder.push(start, 12, 'c');
    assert_eq!(reorder.pop(start), Some(Released::Packet('a')));
    assert_eq!(reorder.pop(start), None);
    assert_eq!(reorder.deadline(), Some(later));
    assert_eq!(reorder.pop(later), Some(Released::Lost(1)));
    assert_eq!(reorder.pop(later), Some(Released::Packet('c')));
    reorder.push(later, 11, 'b');
    assert_eq!(reorder.pop(later), None, "too late");
}

#[test]
fn a_gap_is_given_up_when_too_much_waits_behind_it() {
    let now = Instant::now();
    let mut reorder = Reorder::new(Duration::from_secs(3600));
    reorder.push(now, 0, 0);
    reorder.pop(now);
    assert!((2..=514).all(|seq| reorder.push(now, seq, seq)));
    assert_eq!(reorder.pop(now), Some(Released::Lost(1)));
}

#[test]
fn a_frame_with_a_hole_is_never_delivered() {
    let now = Instant::now();
    let packets = packetise(&[7; 3000], NUMBERS);
    let mut assembler = FrameAssembler::default();
    assert_eq!(assembler.handle_packet(now, 1, false, &packets[0]), None);
    assembler.handle_loss();
    assert_eq!(assembler.handle_packet(now, 1, true, &packets[2]), None);
    assert_eq!(assembler.broken, 1);
    let next = packetise(&[8; 10], NUMBERS.next());
    let whole = assembler.handle_packet(now, 2, true, &next[0]).unwrap();
    assert_eq!((whole.data, whole.time), (vec![8; 10], 2));
}

proptest! {
    #[test]
    fn frames_survive_cutting_and_shuffling(
        frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..5000), 1..12),
        swaps in prop::collection::vec((0..60usize, 0..60usize), 0..40),
        repeats in prop::collection::vec(0..60usize, 0..10),
    ) {
        let now = Instant::now();
        let mut sent = Vec::new();
        let mut numbers = Numbering::default();
        for (time, frame) in frames.iter().enumerate() {
            let payloads = packetise(frame, numbers);
            let last = payloads.len() - 1;
            for (i, payload) in payloads.into_iter().enumerate() {
                prop_assert!(payload.len() <= 1100);
                sent.push((sent.len() as u64, time as u32, i == last, payload));
            }
            numbers = numbers.next();
        }
        let first = sent.remove(0);
        let mut order: Vec<usize> = (0..sent.len()).collect();
        if !order.is_empty() {
            let len = order.len();
            swaps.iter().for_each(|&(a, b)| order.swap(a % len, b % len));
            repeats.iter().for_each(|&i| order.push(i % len));
        }
        let mut reorder = Reorder::new(Duration::from_millis(100));
        let mut assembler = FrameAssembler::default();
        let mut received = Vec::new();
        let arrivals = std::iter::once(&first).chain(order.iter().map(|&i| &sent[i]));
        for (seq, time, marker, payload) in arrivals {
            reorder.push(now, *seq, (*time, *marker, payload.clone()));
            while let Some(released) = reorder.pop(now) {
                let Released::Packet((time, marker, payload)) = released else { panic!("lost") };
                received.extend(assembler.handle_packet(now, time, marker, &payload));
            }
        }
        let received: Vec<_> = received.into_iter().map(|frame| frame.data).collect();
        prop_assert_eq!(received, frames);
        prop_assert_eq!(assembler.broken, 0);
    }

    #[test]
    fn any_payload_is_read_without_panic(payload: Vec<u8>, marker: bool) {
        let mut assembler = FrameAssembler::default();
        let _ = assembler.handle_packet(Instant::now(), 0, marker, &payload);
    }
}
