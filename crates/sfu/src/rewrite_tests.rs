use super::*;
use proptest::prelude::*;
use std::collections::HashSet;

fn numbers(seq: u64, timestamp: u32, picture: u16) -> Numbers {
    Numbers { seq, timestamp, picture_id: Some(picture & 0x7fff), tl0_picture: Some(picture as u8) }
}

#[test]
fn the_first_number_needs_no_rollover_counter() {
    let now = Instant::now();
    let mut rewriter = Rewriter::video();
    let first = numbers(70_000_000, 5, 5);
    rewriter.begin(&first, now);
    assert!(rewriter.map(&first, now).unwrap().seq < 65_536);
}

#[test]
fn a_switch_continues_every_number() {
    let now = Instant::now();
    let mut rewriter = Rewriter::video();
    rewriter.begin(&numbers(500, 90_000, 100), now);
    let a = rewriter.map(&numbers(500, 90_000, 100), now).unwrap();
    let later = now + Duration::from_millis(33);
    rewriter.begin(&numbers(9, u32::MAX - 3, 0x7fff), later);
    let b = rewriter.map(&numbers(9, u32::MAX - 3, 0x7fff), later).unwrap();
    assert_eq!(b.seq, a.seq + 1);
    assert_eq!(b.timestamp, a.timestamp.wrapping_add(33 * 90));
    assert_eq!(b.picture_id, a.picture_id.map(|id| (id + 1) & 0x7fff));
    assert_eq!(b.tl0_picture, a.tl0_picture.map(|id| id.wrapping_add(1)));
    let c = rewriter.map(&numbers(10, 2_996, 0), later).unwrap();
    assert_eq!((c.seq, c.timestamp), (b.seq + 1, b.timestamp.wrapping_add(3_000)));
    assert_eq!(c.picture_id, b.picture_id.map(|id| (id + 1) & 0x7fff));
}

#[test]
fn a_packet_from_before_the_switch_point_is_late() {
    let now = Instant::now();
    let mut rewriter = Rewriter::video();
    for seq in 10..20 {
        rewriter.begin(&numbers(seq, 0, 0), now);
        rewriter.map(&numbers(seq, 0, 0), now).unwrap();
    }
    assert_eq!(rewriter.map(&numbers(18, 0, 0), now), Err(NotMapped::Late));
}

#[test]
fn a_repeated_packet_is_late() {
    let now = Instant::now();
    let mut rewriter = Rewriter::audio();
    rewriter.begin(&numbers(10, 0, 0), now);
    assert!(rewriter.map(&numbers(10, 0, 0), now).is_ok());
    assert_eq!(rewriter.map(&numbers(10, 0, 0), now), Err(NotMapped::Late));
}

#[test]
fn a_reordered_packet_keeps_its_place() {
    let now = Instant::now();
    let mut rewriter = Rewriter::audio();
    rewriter.begin(&numbers(10, 0, 0), now);
    let order = [10, 12, 11, 14, 13];
    let seqs: Vec<u64> =
        order.iter().map(|s| rewriter.map(&numbers(*s, 0, 0), now).unwrap().seq).collect();
    assert_eq!(seqs, [1, 3, 2, 5, 4]);
}

#[test]
fn a_publisher_that_skips_numbers_cannot_move_the_rollover_counter() {
    let now = Instant::now();
    let mut rewriter = Rewriter::audio();
    rewriter.begin(&numbers(10, 0, 0), now);
    rewriter.map(&numbers(10, 0, 0), now).unwrap();
    assert_eq!(rewriter.map(&numbers(30_010, 0, 0), now), Err(NotMapped::Jump));
}

/// One step of a trace like those recorded: mostly in order, some reordering, loss, repeats and
/// switches, with numbers near every wrap.
#[derive(Clone, Debug)]
enum Step {
    /// A packet of the present source, this far from its newest.
    Packet(i64),
    Switch {
        seq: u64,
        timestamp: u32,
        picture: u16,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let packet = prop_oneof![8 => Just(1i64), 2 => -40i64..40, 1 => Just(0), 1 => 900i64..40_000];
    let seq = prop_oneof![0u64..3, 65_500u64..65_600, 0u64..1 << 40];
    let switch = (seq, any::<u32>(), any::<u16>())
        .prop_map(|(seq, timestamp, picture)| Step::Switch { seq, timestamp, picture });
    prop::collection::vec(prop_oneof![12 => packet.prop_map(Step::Packet), 1 => switch], 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_sequence_number_is_ever_sealed_twice(steps in steps()) {
        let now = Instant::now();
        let mut rewriter = Rewriter::video();
        let mut sealed = HashSet::new();
        let mut newest = 1_000u64;
        let (mut timestamp, mut picture) = (0u32, 0u16);
        rewriter.begin(&numbers(newest, 0, 0), now);
        let mut highest = 0u64;
        for (index, step) in steps.into_iter().enumerate() {
            let at = now + Duration::from_millis(index as u64);
            let seq = match step {
                Step::Packet(by) => newest.saturating_add_signed(by),
                Step::Switch { seq, timestamp: t, picture: p } => {
                    (newest, timestamp, picture) = (seq, t, p);
                    rewriter.begin(&numbers(seq, t, p), at);
                    seq
                }
            };
            newest = newest.max(seq);
            let input = numbers(seq, timestamp.wrapping_add(seq as u32), picture.wrapping_add(seq as u16));
            match rewriter.map(&input, at) {
                Ok(out) => {
                    prop_assert!(sealed.insert(out.seq), "{} sealed twice", out.seq);
                    prop_assert!(out.seq <= highest + 1 + MAX_JUMP, "too far ahead");
                    prop_assert!(out.picture_id.is_none_or(|id| id < 0x8000));
                    highest = highest.max(out.seq);
                }
                Err(NotMapped::Jump) => {
                    rewriter.begin(&input, at);
                    let out = rewriter.map(&input, at).unwrap();
                    prop_assert_eq!(out.seq, highest + 1);
                    prop_assert!(sealed.insert(out.seq));
                    highest = out.seq;
                }
                Err(NotMapped::Late) => {}
            }
        }
    }

    #[test]
    fn an_undisturbed_run_loses_nothing(start in 0u64..1 << 40, len in 1u64..3_000) {
        let now = Instant::now();
        let mut rewriter = Rewriter::audio();
        rewriter.begin(&numbers(start, 7, 7), now);
        for i in 0..len {
            let out = rewriter.map(&numbers(start + i, (i * 960) as u32, 7), now).unwrap();
            prop_assert_eq!(out.seq, 1 + i);
        }
    }
}
