use super::*;
use crate::shell::Output;
use base::UnixMillis;

fn at(mono: u64) -> Now {
    Now { mono: Millis(mono), wall: UnixMillis(mono) }
}

fn drain(out: &mut Outbox) -> Vec<String> {
    std::iter::from_fn(|| out.pop()).map(|output| line(&output)).collect()
}

fn line(output: &Output) -> String {
    match output {
        Output::Frames(FrameCommand::AddEpoch { epoch, .. }) => format!("add {epoch}"),
        Output::Frames(FrameCommand::SendWith { epoch, leaf }) => format!("send {epoch}/{leaf}"),
        Output::Frames(FrameCommand::Lease { kind, epoch, start, .. }) => {
            format!("lease {kind:?} {epoch} {start}")
        }
        Output::Frames(FrameCommand::DropEpochs { through }) => format!("drop {through}"),
        Output::Frames(FrameCommand::DropLeaf { before, leaf }) => format!("leaf {leaf}<{before}"),
        Output::Frames(FrameCommand::StopSending) => "stop".into(),
        other => format!("{other:?}"),
    }
}

fn advance(epoch: u64, urgent: bool) -> Advance<'static> {
    let dead: &[u32] = if urgent { &[7] } else { &[] };
    Advance { epoch, base_key: Secret::new([epoch as u8; 16]), urgent, dead }
}

fn sending_at_one() -> (Keys, Outbox) {
    let mut out = Outbox::default();
    let mut keys = Keys::enter(1, 3, Secret::new([1; 16]), &mut out);
    assert_eq!(drain(&mut out), ["add 1"]);
    keys.allow(at(0), true, &mut out);
    assert_eq!(drain(&mut out), ["send 1/3", "lease Mic 1 0", "lease Camera 1 0"]);
    keys.tick(at(5_000), &mut out);
    drain(&mut out);
    (keys, out)
}

#[test]
fn nothing_is_sent_before_it_is_allowed() {
    let mut out = Outbox::default();
    let mut keys = Keys::enter(1, 3, Secret::new([1; 16]), &mut out);
    keys.lease(Kind::Mic, &mut out);
    keys.advance(at(10), advance(2, true), &mut out);
    keys.tick(at(10_000), &mut out);
    assert_eq!(drain(&mut out), ["add 1", "add 2", "leaf 7<2"]);
}

#[test]
fn a_join_switches_after_half_a_second_and_drops_the_old_epoch_two_seconds_later() {
    let (mut keys, mut out) = sending_at_one();
    keys.advance(at(6_000), advance(2, false), &mut out);
    keys.tick(at(6_499), &mut out);
    assert_eq!(drain(&mut out), ["add 2"]);
    keys.tick(at(6_500), &mut out);
    assert_eq!(drain(&mut out), ["send 2/3", "lease Mic 2 0", "lease Camera 2 0"]);
    keys.tick(at(8_499), &mut out);
    assert!(drain(&mut out).is_empty());
    keys.tick(at(8_500), &mut out);
    assert_eq!(drain(&mut out), ["drop 1"]);
}

#[test]
fn a_removal_switches_at_once() {
    let (mut keys, mut out) = sending_at_one();
    keys.advance(at(6_000), advance(2, true), &mut out);
    let expected = ["add 2", "leaf 7<2", "send 2/3", "lease Mic 2 0", "lease Camera 2 0"];
    assert_eq!(drain(&mut out), expected);
}

#[test]
fn the_epoch_sent_with_is_always_among_the_newest_two() {
    let (mut keys, mut out) = sending_at_one();
    keys.advance(at(6_000), advance(2, false), &mut out);
    drain(&mut out);
    keys.advance(at(6_100), advance(3, false), &mut out);
    assert_eq!(drain(&mut out), ["send 2/3", "lease Mic 2 0", "lease Camera 2 0", "add 3"]);
}

#[test]
fn a_pause_and_its_end_repeat_no_counter() {
    let (mut keys, mut out) = sending_at_one();
    keys.allow(at(6_000), false, &mut out);
    keys.lease(Kind::Mic, &mut out);
    keys.allow(at(7_000), true, &mut out);
    keys.lease(Kind::Mic, &mut out);
    assert_eq!(drain(&mut out), ["stop", "send 1/3", "lease Mic 1 4096"]);
}

#[test]
fn a_worker_that_restarts_gets_counters_nobody_had() {
    let (mut keys, mut out) = sending_at_one();
    keys.restart(&mut out);
    let expected = ["add 1", "send 1/3", "lease Mic 1 4096", "lease Camera 1 4096"];
    assert_eq!(drain(&mut out), expected);
}

#[test]
fn counters_end_before_they_would_repeat() {
    let (mut keys, mut out) = sending_at_one();
    for _ in 0..2 * COUNTERS_PER_EPOCH / LEASE {
        keys.lease(Kind::Camera, &mut out);
    }
    assert!(keys.wants_refresh());
    let last = drain(&mut out).pop().unwrap();
    assert_eq!(last, format!("lease Camera 1 {}", COUNTERS_PER_EPOCH - LEASE));
}

#[test]
fn a_shared_screen_has_its_counters_before_its_first_frame_in_every_epoch() {
    let (mut keys, mut out) = sending_at_one();
    keys.use_kind(Kind::Screen, true, &mut out);
    keys.use_kind(Kind::Screen, true, &mut out);
    assert_eq!(drain(&mut out), ["lease Screen 1 0"]);
    keys.advance(at(6_000), advance(2, true), &mut out);
    let leases: Vec<_> = drain(&mut out).into_iter().filter(|l| l.starts_with("lease")).collect();
    assert_eq!(leases, ["lease Mic 2 0", "lease Camera 2 0", "lease Screen 2 0"]);
    keys.use_kind(Kind::Screen, false, &mut out);
    keys.advance(at(7_000), advance(3, true), &mut out);
    assert!(!drain(&mut out).contains(&"lease Screen 3 0".to_owned()));
}

#[test]
fn a_screen_shared_again_in_the_same_epoch_gets_no_counter_twice() {
    let (mut keys, mut out) = sending_at_one();
    keys.use_kind(Kind::Screen, true, &mut out);
    keys.use_kind(Kind::Screen, false, &mut out);
    keys.use_kind(Kind::Screen, true, &mut out);
    assert_eq!(drain(&mut out), ["lease Screen 1 0"]);
}
