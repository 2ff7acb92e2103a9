use super::*;
use crate::content::MAX_ECHOES;
use base::UnixMillis;

const HOST: DeviceKey = DeviceKey([1; 32]);
const AUTH: [u8; 32] = [5; 32];

fn at(ms: u64) -> Now {
    Now { mono: Millis(1_000_000 + ms), wall: UnixMillis(5_000_000 + ms) }
}

/// A host 30 seconds ahead, a member, and the network between them.
struct Scene {
    member: Liveness,
    host: Beater,
}

fn host_clock(ms: u64) -> Now {
    Now { mono: Millis(77_000_000 + ms), wall: UnixMillis(5_030_000 + ms) }
}

impl Scene {
    fn new() -> Self {
        let member = Liveness::new(false, 1, AUTH, 2, at(0));
        Scene { member, host: Beater::new(host_clock(0)) }
    }

    fn beat(&mut self, ms: u64) -> Option<Heartbeat> {
        self.host.poll(1, AUTH, 2, host_clock(ms))
    }

    /// The host beats at `sent`, the member hears it at `heard`.
    fn deliver(&mut self, sent: u64, heard: u64) {
        let beat = self.beat(sent).expect("a beat is due");
        self.member.handle_beat(HOST, &beat, at(heard));
    }

    fn nonce(&mut self, ms: u64) {
        let mut entropy = |out: &mut [u8]| out.fill(ms as u8);
        let nonce = self.member.poll_nonce(&mut entropy, at(ms)).expect("a nonce is due");
        self.host.handle_nonce(nonce);
    }

    fn status(&self, ms: u64) -> Status {
        self.member.status(at(ms))
    }
}

#[test]
fn nothing_is_sent_before_a_beat_names_this_epoch() {
    let mut scene = Scene::new();
    assert_eq!(scene.status(0), Status::Unconfirmed { may_send: false });
    assert_eq!(scene.status(60_000), Status::Unconfirmed { may_send: false });
    scene.deliver(0, 50);
    assert_eq!(scene.status(50), Status::Confirmed);
}

#[test]
fn a_beat_of_another_epoch_confirms_nothing() {
    let mut scene = Scene::new();
    let beat = scene.host.poll(2, AUTH, 2, host_clock(0)).unwrap();
    scene.member.handle_beat(HOST, &beat, at(10));
    assert!(!scene.status(10).may_send());
}

#[test]
fn a_withheld_removal_falls_silent_and_stops_sending() {
    // The host has gone on to epoch 2, whose beats cannot be opened here; old ones cannot be
    // repeated. All the server can do is say nothing.
    let mut scene = Scene::new();
    scene.deliver(0, 50);
    assert_eq!(scene.status(15_049), Status::Confirmed);
    assert_eq!(scene.status(15_050), Status::Silent);
    assert_eq!(scene.status(30_050), Status::Paused);
    assert!(!scene.status(30_050).may_send());
}

#[test]
fn the_next_valid_beat_resumes_by_itself() {
    let mut scene = Scene::new();
    scene.deliver(0, 50);
    assert_eq!(scene.status(40_000), Status::Paused);
    scene.deliver(40_100, 40_150);
    assert_eq!(scene.status(40_150), Status::Confirmed);
}

#[test]
fn replayed_heartbeats_alarm() {
    let mut scene = Scene::new();
    let beat = scene.beat(0).unwrap();
    scene.member.handle_beat(HOST, &beat, at(10));
    scene.member.handle_beat(HOST, &beat, at(5_010));
    assert_eq!(scene.status(5_010), Status::Interference(Interference::Replayed));
}

#[test]
fn a_stream_that_falls_behind_alarms() {
    let mut scene = Scene::new();
    scene.nonce(0);
    scene.deliver(0, 50);
    scene.deliver(5_000, 10_000);
    assert_eq!(scene.status(10_000), Status::Confirmed);
    scene.deliver(10_000, 15_100);
    assert_eq!(scene.status(15_100), Status::Interference(Interference::Delayed));
    assert!(!scene.status(15_100).may_send());
}

#[test]
fn a_stream_late_from_the_beginning_alarms() {
    // Beats of a minute ago cannot echo a nonce of now.
    let mut scene = Scene::new();
    let beats: Vec<_> = (0..5).map(|i| scene.beat(i * 5_000).unwrap()).collect();
    scene.nonce(0);
    for (i, beat) in beats.iter().enumerate().take(4) {
        scene.member.handle_beat(HOST, beat, at(100 + i as u64 * 5_000));
    }
    assert_eq!(scene.status(15_100), Status::Interference(Interference::Delayed));
}

#[test]
fn a_clock_set_back_is_pinned_anew_by_the_next_echo() {
    let mut scene = Scene::new();
    scene.nonce(0);
    scene.deliver(0, 50);
    let mut late = scene.beat(5_000).unwrap();
    late.clock = UnixMillis(late.clock.0 - 60_000);
    scene.member.handle_beat(HOST, &late, at(5_050));
    assert_eq!(scene.status(5_050), Status::Interference(Interference::Delayed));
    scene.nonce(5_060);
    let mut beat = scene.beat(10_000).unwrap();
    beat.clock = UnixMillis(beat.clock.0 - 60_000);
    scene.member.handle_beat(HOST, &beat, at(10_050));
    assert_eq!(scene.status(10_050), Status::Confirmed);
}

#[test]
fn a_beat_with_another_authenticator_or_count_is_a_fork() {
    for (auth, members) in [([6; 32], 2), (AUTH, 3)] {
        let mut scene = Scene::new();
        let beat = scene.host.poll(1, auth, members, host_clock(0)).unwrap();
        scene.member.handle_beat(HOST, &beat, at(10));
        assert_eq!(scene.status(10), Status::Interference(Interference::Forked));
        scene.deliver(5_000, 5_010);
        assert_eq!(scene.status(5_010), Status::Interference(Interference::Forked));
    }
}

#[test]
fn a_new_epoch_nobody_confirms_stops_sending() {
    let mut scene = Scene::new();
    scene.deliver(0, 10);
    scene.member.handle_epoch(2, [6; 32], 2, at(1_000));
    assert_eq!(scene.status(1_000), Status::Unconfirmed { may_send: true });
    assert_eq!(scene.status(4_000), Status::Paused);
    let beat = scene.host.poll(2, [6; 32], 2, host_clock(5_000)).unwrap();
    scene.member.handle_beat(HOST, &beat, at(5_010));
    assert_eq!(scene.status(5_010), Status::Confirmed);
}

#[test]
fn a_delegate_confirms_itself() {
    let member = Liveness::new(true, 1, AUTH, 1, at(0));
    assert_eq!(member.status(at(100_000)), Status::Confirmed);
}

#[test]
fn a_reconnected_member_is_not_blamed_on_a_lost_nonce() {
    let mut scene = Scene::new();
    scene.deliver(0, 10);
    let mut entropy = |out: &mut [u8]| out.fill(9);
    scene.member.poll_nonce(&mut entropy, at(100)).unwrap();
    scene.member.handle_reconnected(at(28_000));
    scene.deliver(28_100, 28_200);
    assert_eq!(scene.status(28_200), Status::Confirmed);
    scene.nonce(28_300);
}

impl Scene {
    /// The group goes on to another epoch, which the host confirms at once.
    fn go_on(&mut self, epoch: u64, ms: u64) {
        self.member.handle_epoch(epoch, AUTH, 2, at(ms));
        self.host.handle_epoch(host_clock(ms));
        self.beat_in(epoch, ms);
    }

    fn beat_in(&mut self, epoch: u64, ms: u64) {
        let beat = self.host.poll(epoch, AUTH, 2, host_clock(ms)).expect("a beat is due");
        self.member.handle_beat(HOST, &beat, at(ms + 10));
    }

    /// A nonce that comes too late for anyone to read.
    fn nonce_lost(&mut self, ms: u64) -> Option<[u8; 16]> {
        let mut entropy = |out: &mut [u8]| out.fill(ms as u8);
        self.member.poll_nonce(&mut entropy, at(ms))
    }
}

#[test]
fn a_nonce_of_an_epoch_that_went_by_is_sent_again_and_is_no_delay() {
    let mut scene = Scene::new();
    scene.deliver(0, 10);
    let lost = scene.nonce_lost(100).expect("one is due");
    scene.go_on(2, 1_000);
    assert_eq!(scene.nonce_lost(5_000), None, "the echo may be on its way");
    scene.beat_in(2, 6_000);
    assert!(scene.member.next_deadline(at(1_000)) <= Some(at(5_100).mono));
    let again = scene.nonce_lost(6_200).expect("another is due");
    assert_ne!(again, lost);
    scene.host.handle_nonce(again);
    scene.beat_in(2, 11_000);
    scene.beat_in(2, 16_000);
    assert_eq!(scene.status(16_100), Status::Confirmed);
    // The clock is pinned: a beat of 6 s ago is late.
    let beat = scene.host.poll(2, AUTH, 2, host_clock(21_000)).unwrap();
    scene.member.handle_beat(HOST, &beat, at(27_000));
    assert_eq!(scene.status(27_000), Status::Interference(Interference::Delayed));
}

#[test]
fn nonces_that_no_epoch_answers_alarm_at_last() {
    let mut scene = Scene::new();
    scene.deliver(0, 10);
    scene.nonce_lost(0).expect("one is due");
    for epoch in 2..=7 {
        let at = (epoch - 1) * 10_000;
        let before = at - 1;
        assert_eq!(scene.status(before), Status::Confirmed, "after {before} ms");
        scene.go_on(epoch, at);
        scene.nonce_lost(at + 100);
    }
    assert_eq!(scene.status(60_110), Status::Interference(Interference::Delayed));
}

#[test]
fn the_beater_beats_at_once_after_an_epoch_and_every_five_seconds() {
    let mut beater = Beater::new(at(0));
    assert!(beater.poll(0, AUTH, 1, at(0)).is_some());
    assert!(beater.poll(0, AUTH, 1, at(4_999)).is_none());
    beater.handle_epoch(at(1_000));
    let second = beater.poll(1, AUTH, 1, at(1_000)).unwrap();
    assert!(beater.poll(1, AUTH, 1, at(5_999)).is_none());
    let third = beater.poll(1, AUTH, 1, at(6_000)).unwrap();
    assert!(third.counter > second.counter);
}

#[test]
fn echoes_are_bounded_and_none_is_lost_below_the_bound() {
    let mut beater = Beater::new(at(0));
    for n in 0..2_000u64 {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&n.to_be_bytes());
        beater.handle_nonce(nonce);
    }
    let beats = (0..20).map(|i| beater.poll(0, AUTH, 1, at(i * 5_000)).unwrap());
    let sizes: Vec<_> = beats.map(|beat| beat.echoes.len()).collect();
    assert_eq!(sizes[..16], [MAX_ECHOES; 16]);
    assert_eq!(sizes[16..], [0; 4]);
}
