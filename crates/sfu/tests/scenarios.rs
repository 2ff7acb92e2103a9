//! Real connections (ICE, DTLS, SRTP) through real shards, without sockets and in virtual time.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "scenarios/addresses.rs"]
mod addresses;
#[path = "support/client.rs"]
mod client;
#[path = "support/world.rs"]
mod world;

use client::{Got, packet_len};
use sfu::transport::{MediaTransport, Str0mConfig, Str0mTransport};
use sfu::*;
use std::collections::HashSet;
use std::time::Duration;
use world::{World, id};

const MOMENT: Duration = Duration::from_millis(600);

/// One stream from the decoder's view: one SSRC, no number twice, none missing, no picture
/// skipped, time never going back.
fn assert_continuous(got: &[Got]) {
    assert!(got.len() > 10, "only {} packets", got.len());
    let ssrcs: HashSet<u32> = got.iter().map(|got| got.ssrc).collect();
    assert_eq!(ssrcs.len(), 1, "the slot keeps its SSRC");
    let seqs: HashSet<u64> = got.iter().map(|got| got.seq).collect();
    assert_eq!(seqs.len(), got.len(), "a number came twice");
    let mut ordered = got.to_vec();
    ordered.sort_by_key(|got| got.seq);
    for pair in ordered.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        assert_eq!(b.seq, a.seq + 1, "a number is missing");
        let step = b.timestamp.wrapping_sub(a.timestamp);
        assert!(step < 1 << 31, "time went back from {a:?} to {b:?}");
        if let (Some(a), Some(b)) = (a.picture, b.picture) {
            assert!((b.wrapping_sub(a) & 0x7fff) <= 1, "picture {a:#x} then {b:#x}");
        }
        let switched = (a.from, a.layer) != (b.from, b.layer);
        assert!(!switched || b.key, "a switch without a keyframe: {a:?} then {b:?}");
    }
}

#[test]
fn whoever_is_at_rest_is_seldom_woken_and_hears_at_once_when_somebody_speaks() {
    let mut world = World::with(1, 2, 1);
    world.run(Duration::from_secs(5));
    let before = world.shards[0].counters().timers;
    world.run(Duration::from_secs(10));
    let woken = world.shards[0].counters().timers - before;
    assert!(woken <= 2 * 10 * 3 / 2, "two peers were woken {woken} times in ten seconds");
    assert!(world.clients.iter().all(|client| client.connected));
    let began = world.now;
    world.client(1).speaks = Some(-20);
    world.until("the first word is heard", |world| world.heard_since(2, began).contains(&1));
    assert!(world.now - began < Duration::from_millis(100));
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 180)]);
    world.until("a picture after the rest", |world| world.video(2, 0).len() > 20);
    assert_continuous(&world.video(2, 0));
}

#[test]
fn what_somebody_forges_from_a_peers_address_changes_nothing() {
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 180)]);
    world.until("a picture", |world| world.video(2, 0).len() > 20);
    let before = world.counters();
    let rtp: Vec<u8> = [&[0x90, 96, 0, 1][..], &[7; 60]].concat();
    let forged: [Vec<u8>; 6] = [
        rtp,
        // RTCP: a BYE.
        [&[0x81, 203, 0, 1][..], &[7; 4], &[9; 20]].concat(),
        // DTLS in clear: alerts (close_notify, fatal), and a record that ends too early.
        vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0],
        vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 10, 0, 2, 2, 40],
        vec![22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 3, 1, 0],
        // STUN: a request of nobody, without integrity.
        [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[5; 12]].concat(),
    ];
    for _ in 0..200 {
        for number in 1..=2 {
            let outbox = forged.iter().map(|bytes| (world::address(0), bytes.clone()));
            let outbox: Vec<_> = outbox.collect();
            world.client(number).outbox.extend(outbox);
        }
        world.turn();
    }
    let after = world.counters();
    assert_eq!(after.checks_unread - before.checks_unread, 400, "the STUN is counted");
    assert_eq!(after.handshakes_unread - before.handshakes_unread, 1_200, "the DTLS is counted");
    assert_eq!(after.packets_unread - before.packets_unread, 400, "the RTP is counted");
    assert_eq!(after.reports_unread - before.reports_unread, 400, "the RTCP is counted");
    let (began, before) = (world.now, world.video(2, 0).len());
    world.run(Duration::from_secs(15));
    assert!(world.clients.iter().all(|client| client.connected));
    let later = world.video(2, 0);
    assert!(later.len() > before + 100, "{} packets since {began:?}", later.len() - before);
    assert_continuous(&later);
}

#[test]
fn who_is_not_admitted_neither_receives_nor_is_received() {
    let mut world = World::with(1, 2, 1);
    world.connect(3, 2);
    world.publish(3);
    world.until("the third is connected", |world| world.clients[2].connected);
    for number in 1..=3 {
        world.client(number).speaks = Some(-20);
        world.client(number).shows = vec![0];
    }
    world.watch(1, &[(0, 3, 180)]);
    world.watch(2, &[(0, 1, 180)]);
    world.watch(3, &[(0, 1, 180), (1, 2, 180)]);
    world.until("the admitted see each other", |world| world.video(2, 0).len() > 20);
    world.run(MOMENT);
    assert!(world.clients[2].got.is_empty(), "a packet without admission");
    assert!(world.video(1, 0).is_empty(), "a packet of someone not admitted");
    assert!(!world.heard_since(1, world.now - MOMENT).contains(&3));

    world.admit(3);
    world.until("the third sees and is seen", |world| {
        world.video(3, 0).len() > 20 && world.video(1, 0).len() > 20
    });
}

#[test]
fn revoking_permission_stops_packets_at_once() {
    let mut world = World::with(1, 2, 1);
    world.client(1).speaks = Some(-20);
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 180)]);
    world.until("packets flow", |world| world.video(2, 0).len() > 20);
    world.permit(2, Permissions::NONE);
    world.run(Duration::from_millis(100));
    world.client(2).got.clear();
    world.run(MOMENT);
    assert!(world.clients[1].got.is_empty(), "packets after removal");
}

#[test]
fn a_removed_sender_is_no_longer_forwarded() {
    let mut world = World::with(2, 2, 1);
    world.client(1).speaks = Some(-20);
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 180)]);
    world.until("packets flow", |world| world.video(2, 0).len() > 20);
    world.permit(1, Permissions::NONE);
    world.run(Duration::from_millis(100));
    world.client(2).got.clear();
    world.run(MOMENT);
    assert!(world.clients[1].got.is_empty(), "packets of a removed sender");
}

#[test]
fn who_is_removed_gets_nothing_of_what_came_just_before() {
    let mut world = World::with(1, 3, 1);
    world.client(1).shows = vec![0];
    for number in [2, 3] {
        world.watch(number, &[(0, 1, 180)]);
    }
    world.until("both see", |world| (2..=3).all(|number| world.video(number, 0).len() > 20));
    for removed in [2, 1] {
        world.run(Duration::from_millis(100));
        // A frame comes in, and before the turn's end its sender or a receiver is removed.
        world.hold = true;
        world.run(Duration::from_millis(40));
        let counts = |world: &World| [2, 3].map(|number| world.video(number, 0).len());
        let before = counts(&world);
        world.hold = false;
        world.permit(removed, Permissions::NONE);
        world.run(Duration::from_millis(10));
        let after = counts(&world);
        assert_eq!(after[0], before[0], "the receiver was removed");
        assert_eq!(after[1] > before[1], removed == 2, "{before:?}, then {after:?}");
    }
}

#[test]
fn switching_between_people_and_layers_is_one_continuous_stream() {
    let mut world = World::with(1, 3, 1);
    for number in 1..=2 {
        world.client(number).shows = vec![0, 1, 2];
    }
    for (who, height) in [(1, 180), (2, 180), (2, 360), (1, 720), (2, 720), (1, 180)] {
        let before = world.video(3, 0).len();
        let layer = [180, 360, 720].iter().position(|h| *h == height).unwrap() as u8;
        world.watch(3, &[(0, who, height)]);
        world.until(&format!("person {who} at {height} lines"), |world| {
            let shown = world.video(3, 0);
            let new = shown[before..].iter().filter(|g| (g.from, g.layer) == (who as u8, layer));
            new.count() > 10
        });
    }
    assert_continuous(&world.video(3, 0));
}

#[test]
fn what_comes_together_leaves_receiver_by_receiver() {
    let mut world = World::with(1, 5, 2);
    for publisher in [1, 2] {
        world.client(publisher).shows = vec![0];
        world.client(publisher).speaks = Some(-20);
    }
    for number in 3..=5 {
        world.watch(number, &[(0, 1, 180), (1, 2, 180)]);
    }
    world.until("all see both", |world| {
        (3..=5).all(|n| world.video(n, 0).len() > 20 && world.video(n, 1).len() > 20)
    });
    world.run(Duration::from_secs(3)); // until receivers have reported, packets name their line
    world.batches.clear();
    world.run(Duration::from_secs(2));
    let whole = world.batches.iter().filter(|batch| batch.len() >= 12).count();
    assert!(whole > 30, "{whole} batches of two frames for three receivers");
    for batch in &world.batches {
        let receivers: HashSet<_> = batch.iter().map(|(to, _)| to).collect();
        let turns = batch.chunk_by(|a, b| a.0 == b.0).count();
        assert_eq!(turns, receivers.len(), "somebody's datagrams lie apart: {batch:?}");
    }
    let pictures = |batch: &Vec<(_, usize)>| batch.iter().filter(|(_, len)| *len > 150).count();
    let video = world.batches.iter().filter(|batch| pictures(batch) > 0);
    let sizes: HashSet<usize> =
        video.flatten().map(|(_, len)| *len).filter(|len| *len > 150).collect();
    assert_eq!(sizes.len(), 1, "a frame's packets leave in one size: {sizes:?}");
    for number in 3..=5 {
        for slot in [0, 1] {
            let got = world.video(number, slot);
            assert_continuous(&got);
            let cut = |got: &Got| got.len == packet_len(0, true) || got.len == packet_len(0, false);
            assert!(got.iter().all(cut), "a packet arrived changed");
            let shorter = got.iter().filter(|got| got.len == packet_len(0, true)).count();
            assert!(shorter.abs_diff(got.len() / 2) <= 1);
        }
    }
}

#[test]
fn what_was_lost_is_repaired_soon() {
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 180)]);
    world.until("a picture", |world| world.video(2, 0).len() > 60);
    for _ in 0..20 {
        world.lose = true;
        world.run(Duration::from_millis(40));
        world.lose = false;
        world.run(Duration::from_millis(36)); // a frame shows the gap
        world.client(1).shows.clear();
        world.run(Duration::from_millis(200));
        world.client(1).shows.push(0);
    }
    world.run(MOMENT);
    let got = world.video(2, 0);
    assert_continuous(&got);
    let (mut newest, mut gap_seen, mut slowest) = (0, world.now, Duration::ZERO);
    let mut repaired = 0;
    for packet in &got {
        if packet.seq < newest {
            repaired += 1;
            slowest = slowest.max(packet.at - gap_seen);
        } else if packet.seq > newest + 1 {
            gap_seen = packet.at;
        }
        newest = newest.max(packet.seq);
    }
    assert!(repaired >= 20, "{repaired} packets were repaired");
    // A receiver asks every 33 ms; what is left is the server's.
    assert!(slowest < Duration::from_millis(45), "a repair took {slowest:?}");
}

#[test]
fn a_busy_servers_slow_probes_make_no_picture_smaller() {
    for turns_each in [10, 25, 40].map(Duration::from_millis) {
        let mut world = World::with(1, 2, 1);
        world.client(1).shows = vec![0, 1, 2];
        world.turns_each = turns_each;
        world.watch(2, &[(0, 1, 720)]);
        let largest = |world: &World| world.video(2, 0).iter().any(|got| got.layer == 2);
        world.until("the largest layer", largest);
        let before = world.video(2, 0).len();
        world.run(Duration::from_secs(12));
        let got = world.video(2, 0).split_off(before);
        let smaller = got.iter().filter(|got| got.layer < 2).count();
        assert!(got.len() > 600 && smaller == 0, "{turns_each:?}: {smaller} of {}", got.len());
        assert_eq!(world.counters().frames_dropped, 0, "{turns_each:?}");
    }
}

/// The second has watched the first, layers of 110, 250 and 400 kbps, over such a line for 5 s.
fn on_a_thin_line(kbps: u64) -> World {
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0, 1, 2];
    world.limit(2, kbps * 1_000);
    world.watch(2, &[(0, 1, 720)]);
    world.run(Duration::from_secs(5));
    world
}

#[test]
fn a_thin_line_gets_what_fits_and_more_once_it_is_wide() {
    for kbps in [200, 250, 300, 400, 500, 700, 1_000, 1_200, 2_000] {
        let mut world = on_a_thin_line(kbps);
        let settled = world.now;
        world.run(Duration::from_secs(15));
        let got = world.video(2, 0);
        let settled: Vec<&Got> = got.iter().filter(|got| got.at >= settled).collect();
        let late = settled.iter().filter_map(|got| Some(got.at - got.sent?)).max();
        assert!(settled.len() > 15 * 55, "{kbps} kbps: {} packets in 15 s", settled.len());
        assert!(late < Some(Duration::from_millis(150)), "{kbps} kbps: {late:?} on the way");

        world.limit(2, 50_000_000);
        let wide = world.now;
        let largest =
            |world: &World| world.video(2, 0).iter().any(|got| got.layer == 2 && got.at >= wide);
        world.until("the largest layer", largest);
        let grown = world.now - wide;
        assert!(grown < Duration::from_secs(10), "{kbps} kbps: the picture grew after {grown:?}");
    }
}

/// Nothing is known of a line while its user only listens.
#[test]
fn a_camera_after_a_while_of_listening_finds_what_its_line_carries() {
    let thin = [195, 200, 205, 210, 220, 240, 300, 500].map(|kbps| (kbps, 0));
    for (kbps, layer) in thin.into_iter().chain([(1_000, 1), (2_000, 2)]) {
        let mut world = World::with(1, 2, 1);
        world.client(1).speaks = Some(-20);
        world.client(1).shows = vec![0, 1, 2];
        world.limit(2, kbps * 1_000);
        world.run(Duration::from_secs(30));
        assert!(world.video(2, 0).is_empty());
        let begun = world.now;
        world.watch(2, &[(0, 1, 720)]);
        world.until("a picture", |world| !world.video(2, 0).is_empty());
        let took = world.now - begun;
        assert!(took < Duration::from_millis(500), "{kbps} kbps: the first picture after {took:?}");
        world.run(Duration::from_secs(5));
        let settled = world.now;
        world.run(Duration::from_secs(15));
        let got: Vec<Got> = world.video(2, 0);
        let got: Vec<&Got> = got.iter().filter(|got| got.at >= settled).collect();
        let mut late: Vec<_> = got.iter().filter_map(|got| Some(got.at - got.sent?)).collect();
        late.sort();
        assert!(got.len() > 15 * 55, "{kbps} kbps: {} packets in 15 s", got.len());
        // What the first probes left waiting has drained; a later probe may hold up a frame or two.
        let (usual, last) = (late[late.len() / 2], late[late.len() - 1]);
        assert!(usual < Duration::from_millis(60), "{kbps} kbps: {usual:?} on the way");
        assert!(last < Duration::from_millis(150), "{kbps} kbps: {last:?} on the way");
        let shown = got.last().map(|got| got.layer);
        assert!(shown >= Some(layer), "{kbps} kbps: layer {shown:?}");
    }
}

#[test]
fn nine_cameras_are_soon_large_where_the_line_is_wide() {
    let mut world = World::with(1, 10, 9);
    (1..=9).for_each(|number| world.client(number).shows = vec![0, 1, 2]);
    world.limit(10, 20_000_000);
    let begun = world.now;
    let wishes: Vec<_> = (0..9).map(|slot| (slot, slot as u32 + 1, 720)).collect();
    world.watch(10, &wishes);
    let large = |world: &World, slot| world.video(10, slot).iter().any(|got| got.layer == 2);
    world.until("all are large", |world| (0..9).all(|slot| large(world, slot)));
    let took = world.now - begun;
    assert!(took < Duration::from_secs(3), "after {took:?}");
}

/// Nine cameras of 116 and 260 kbps on the wire; some of them fit large.
#[test]
fn many_cameras_on_a_full_line_are_seldom_late() {
    for kbps in [1_600, 2_400] {
        let mut world = World::with(1, 10, 9);
        (1..=9).for_each(|number| world.client(number).shows = vec![0, 1]);
        world.limit(10, kbps * 1_000);
        let wishes: Vec<_> = (0..9).map(|slot| (slot, slot as u32 + 1, 360)).collect();
        world.watch(10, &wishes);
        world.run(Duration::from_secs(10));
        let settled = world.now;
        world.run(Duration::from_secs(30));
        let shown = (0..9).map(|slot| world.video(10, slot));
        let shown = shown.map(|got| got.into_iter().filter(|got| got.at >= settled).collect());
        let shown: Vec<Vec<Got>> = shown.collect();
        let changes = shown.iter().flat_map(|got| got.windows(2));
        let changes = changes.filter(|pair| pair[0].layer != pair[1].layer).count();
        let all = shown.iter().flatten();
        let mut late: Vec<_> = all.filter_map(|got| Some(got.at - got.sent?)).collect();
        late.sort();
        let usual = late[late.len() / 2];
        assert!(late.len() > 9 * 30 * 55, "{kbps} kbps: {} packets in 30 s", late.len());
        assert!(usual < Duration::from_millis(60), "{kbps} kbps: {usual:?} on the way");
        assert!(changes <= 30, "{kbps} kbps: {changes} changes in 30 s");
        let dropped = world.counters().frames_dropped;
        assert!(dropped < 80, "{kbps} kbps: {dropped} frames dropped");
    }
}

#[test]
fn a_line_that_is_nearly_full_does_not_make_the_picture_swing() {
    for (kbps, layer) in [(300, 0), (500, 1), (600, 1), (900, 1), (1_050, 2)] {
        let mut world = on_a_thin_line(kbps);
        let settled = world.now;
        world.run(Duration::from_secs(60));
        let got = world.video(2, 0);
        let layers = got.iter().filter(|got| got.at >= settled).map(|got| got.layer);
        let layers: Vec<u8> = layers.collect();
        let switches = layers.windows(2).filter(|pair| pair[0] != pair[1]).count();
        assert!(layers.len() > 60 * 55, "{kbps} kbps: {} packets in a minute", layers.len());
        assert!(switches <= 2, "{kbps} kbps: {switches} switches in a minute");
        let usual = layers.iter().filter(|shown| **shown == layer).count();
        assert!(usual * 10 > layers.len() * 9, "{kbps} kbps: {usual} of {}", layers.len());
    }
}

#[test]
fn only_the_loudest_three_others_are_heard() {
    let mut world = World::with(1, 6, 1);
    for (number, level) in [(1, -20), (2, -22), (3, -24), (4, -26), (5, -80), (6, -90)] {
        world.client(number).speaks = Some(level);
    }
    world.run(Duration::from_millis(1_500));
    let since = world.now;
    world.run(MOMENT);
    assert_eq!(world.heard_since(6, since), [1, 2, 3], "a listener");
    assert_eq!(world.heard_since(1, since), [2, 3, 4], "the loudest hears no echo of itself");
    for client in &world.clients {
        for mid in &client.audio {
            let got = client.on(*mid);
            let seqs: HashSet<u64> = got.iter().map(|got| got.seq).collect();
            assert_eq!(seqs.len(), got.len(), "a number came twice");
        }
    }
}

#[test]
fn keyframes_are_asked_once_for_many_receivers() {
    let mut world = World::with(1, 6, 1);
    world.client(1).shows = vec![0];
    for number in 2..=6 {
        world.watch(number, &[(0, 1, 180)]);
    }
    world.until("all five see it", |world| (2..=6).all(|n| world.video(n, 0).len() > 10));
    world.run(MOMENT);
    let asked = &world.clients[0].asked;
    for pair in asked.windows(2) {
        let apart = pair[1].1.duration_since(pair[0].1);
        assert!(apart > Duration::from_millis(200), "asked again after {apart:?}");
    }
    assert!(!asked.is_empty() && asked.len() <= 6, "{} requests", asked.len());
}

#[test]
fn a_member_without_keys_causes_no_keyframes() {
    let mut world = World::with(1, 1, 1);
    world.connect(2, 1);
    world.permit(2, Permissions::ALL);
    world.client(1).shows = vec![0];
    world.until("connected", |world| world.clients[1].connected);
    world.watch(2, &[(0, 1, 180)]);
    world.run(MOMENT);
    assert!(world.clients[0].asked.is_empty());
    world.keys_ready(2);
    world.until("the picture is there", |world| world.video(2, 0).len() > 10);
}

#[test]
fn more_slots_by_another_offer_leave_the_old_ones_undisturbed() {
    let mut world = World::with(1, 3, 1);
    world.client(1).shows = vec![0];
    world.client(2).shows = vec![0];
    world.watch(3, &[(0, 1, 180)]);
    world.until("the first is seen", |world| world.video(3, 0).len() > 20);
    world.grow(3, 3, Duration::from_millis(40));
    world.watch(3, &[(0, 1, 180), (3, 2, 180)]);
    world.until("the second is seen in a new slot", |world| world.video(3, 3).len() > 20);
    let before = world.video(3, 0).len();
    world.until("the first is still seen", |world| world.video(3, 0).len() > before + 20);
    assert_continuous(&world.video(3, 0));
    assert_continuous(&world.video(3, 3));
}

#[test]
fn a_room_spans_shards() {
    let mut world = World::with(2, 4, 2);
    for number in 1..=4 {
        world.client(number).speaks = Some(-20 - number as i8);
        world.client(number).shows = vec![0, 1];
    }
    for number in 1..=4u32 {
        let next = number % 4 + 1;
        world.watch(number, &[(0, next, 360), (1, next % 4 + 1, 180)]);
    }
    world.until("everyone sees both", |world| {
        (1..=4).all(|n| world.video(n, 0).len() > 40 && world.video(n, 1).len() > 40)
    });
    let since = world.now;
    world.run(MOMENT);
    assert!(world.counters().packets_crossed > 0, "nothing crossed");
    for number in 1..=4 {
        assert_eq!(world.heard_since(number, since).len(), 3, "voices {number} hears");
        assert_continuous(&world.video(number, 0));
        assert_continuous(&world.video(number, 1));
    }
}

/// What the first publisher was last told to send.
fn wanted_of_first(world: &World) -> Option<Vec<Layer>> {
    world.seen.iter().rev().find_map(|event| match event {
        Event::LayersWanted { peer, layers, .. } if *peer == id(1) => Some(layers.clone()),
        _ => None,
    })
}

#[test]
fn the_publisher_is_told_which_layers_are_watched() {
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0, 1, 2];
    world.watch(2, &[(0, 1, 360)]);
    let both = Some(vec![Layer::Q, Layer::H]);
    world.until("h, and q beside it", |world| wanted_of_first(world) == both);
    world.watch(2, &[]);
    world.until("nothing", |world| wanted_of_first(world) == Some(vec![]));
}

#[test]
fn whoever_cannot_send_the_largest_layer_is_seen_in_the_next() {
    // As Chromium with a camera of 360 lines: asked for the largest and the smallest, it sends the smallest.
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 720)]);
    let all = Some(vec![Layer::Q, Layer::H, Layer::F]);
    world.until("the one below is asked for, too", |world| wanted_of_first(world) == all);
    world.client(1).shows.push(1);
    world.until("it is seen", |world| world.video(2, 0).iter().any(|got| got.layer == 1));
    world.run(Duration::from_secs(5));
    assert_eq!(wanted_of_first(&world), all, "for as long as the largest does not come");
    world.client(1).shows.push(2);
    let largest = |world: &World| world.video(2, 0).iter().any(|got| got.layer == 2);
    world.until("the largest comes", largest);
    let two = Some(vec![Layer::Q, Layer::F]);
    world.until("and then the one between is not sent", |world| wanted_of_first(world) == two);
    assert_continuous(&world.video(2, 0));
}

#[test]
fn a_publisher_that_makes_a_new_offer_is_told_what_is_watched_meanwhile() {
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0, 1, 2];
    world.run(MOMENT);
    assert_eq!(wanted_of_first(&world), Some(vec![]));
    world.grow_while(1, 2, |world| {
        world.watch(2, &[(0, 1, 180)]);
        assert_eq!(wanted_of_first(world), Some(vec![Layer::Q]));
    });
    world.until("the picture is there", |world| world.video(2, 0).len() > 10);
}

#[test]
fn rights_given_while_a_publisher_makes_a_new_offer_hold() {
    let mut world = World::with(1, 2, 1);
    world.client(1).shows = vec![0];
    world.permit(1, Permissions { send: Kinds::NONE, ..Permissions::ALL });
    world.watch(2, &[(0, 1, 180)]);
    world.grow_while(1, 2, |world| world.permit(1, Permissions::ALL));
    world.until("the picture is there", |world| world.video(2, 0).len() > 10);
}

#[test]
fn a_screens_sound_is_heard_by_whoever_asks_beside_all_three_voices() {
    for shards in [1, 2] {
        let mut world = World::with(shards, 5, 1);
        for number in 1..=4 {
            world.client(number).speaks = Some(-40);
        }
        (1..=3).for_each(|number| world.share_sound(number));
        world.listen(2, Some(1));
        world.run(Duration::from_millis(1_500));
        let since = world.now;
        world.run(MOMENT);
        let (heard, elsewhere) = world.sound_since(2, since);
        assert!(heard > 20 && elsewhere == 0, "{heard} and {elsewhere} packets");
        assert_eq!(world.heard_since(2, since), [1, 3, 4], "voices, whatever a screen plays");
        assert_eq!(world.sound_since(3, since), (0, 0), "who did not ask hears none");

        world.listen(2, Some(3));
        world.run(MOMENT);
        assert!(world.sound_since(2, since).0 > heard, "another screen's sound in the same line");
        world.listen(2, None);
        world.run(Duration::from_millis(100));
        let since = world.now;
        world.run(MOMENT);
        assert_eq!(world.sound_since(2, since), (0, 0));
    }
}

#[test]
fn nobody_hears_the_sound_of_a_screen_of_someone_not_permitted_or_their_own() {
    let mut world = World::with(1, 2, 1);
    (1..=2).for_each(|number| world.share_sound(number));
    world.listen(1, Some(1));
    world.listen(2, Some(1));
    world.run(MOMENT);
    let since = world.now;
    world.run(MOMENT);
    assert_eq!(world.sound_since(1, since), (0, 0), "one's own");
    assert!(world.sound_since(2, since).0 > 10);
    world.permit(1, Permissions { send: Kinds::ALL.without(Kind::ScreenAudio), receive: true });
    world.run(Duration::from_millis(100));
    let since = world.now;
    world.run(MOMENT);
    assert_eq!(world.sound_since(2, since), (0, 0), "forbidden");
}

/// The first speaks to the others, who watch its camera, which is dark, or nothing. How often all reported in 3 s, and what is
/// counted since they came (printed for `scripts/bench-footprint.sh`, which simulates a cache around it).
fn a_voice_to_sixty(watching: bool) -> (usize, String) {
    let mut world = World::with(1, 60, 3);
    if watching {
        (2..=60).for_each(|number| world.watch(number, &[(0, 1, 180)]));
    }
    world.client(1).speaks = Some(-20);
    world.run(MOMENT);
    let before = world.reports;
    world.run(Duration::from_secs(3));
    let counters = world.counters();
    assert!(counters.packets_in > 150);
    assert!(counters.packets_out > 59 * (counters.packets_in - 5), "{counters:?}");
    assert!((2..=60).all(|number| world.heard_since(number, world.now - MOMENT) == [1]));
    let counted = format!("packets: {}, reports: {}", counters.packets_out, world.reports);
    (world.reports - before, counted)
}

#[test]
fn a_voice_reaches_sixty_and_all_report_it() {
    let (reports, counted) = a_voice_to_sixty(true);
    println!("{counted}");
    assert!(reports > 59 * 3 * 15, "{reports} reports");
}

#[test]
fn who_speaks_is_told_what_has_come_with_each_third_packet() {
    let mut world = World::with(1, 2, 1);
    world.client(1).speaks = Some(-20);
    world.run(MOMENT);
    let since = world.now;
    world.run(Duration::from_secs(3));
    let told = world.told_since(1, since);
    // Receiver reports come with it.
    assert!((48..=56).contains(&told.len()), "{} in 3 s", told.len());
    let longest = told.windows(2).map(|pair| pair[1] - pair[0]).max();
    assert!(longest <= Some(Duration::from_millis(65)), "{longest:?}");
}

#[test]
fn who_falls_silent_is_told_soon_what_came_last() {
    let mut late = 0;
    for packets in 0..6 {
        let mut world = World::with(1, 2, 1);
        world.client(1).speaks = Some(-20);
        world.run(MOMENT + packets * Duration::from_millis(21));
        world.client(1).speaks = None;
        let silent = world.now;
        world.run(Duration::from_millis(100));
        let told = world.told_since(1, silent - Duration::from_millis(21));
        assert!(!told.is_empty(), "after {packets} packets");
        late += usize::from(told.iter().any(|at| *at > silent + Duration::from_millis(2)));
    }
    assert!(late >= 3, "{late} of 6 were told by the timer");
}

#[test]
fn who_watches_nothing_is_asked_for_no_reports() {
    let (reports, counted) = a_voice_to_sixty(false);
    println!("{counted}");
    // Receiver reports, which come each second or less often, and the speaker's own.
    assert!(reports < 60 * 3 * 3, "{reports} reports");
}

/// Counted for `scripts/bench-footprint.sh`.
#[test]
fn eight_see_and_hear_one_another() {
    let mut world = World::with(1, 8, 7);
    for number in 1..=8 {
        let others: Vec<_> = (1..=8).filter(|other| *other != number).collect();
        let wishes: Vec<_> =
            others.iter().enumerate().map(|(slot, other)| (slot, *other, 360)).collect();
        world.watch(number, &wishes);
        world.client(number).speaks = Some(-20 - number as i8);
        world.client(number).shows = vec![1];
    }
    world.run(MOMENT);
    let (before, since) = (world.counters(), world.now);
    world.run(Duration::from_secs(3));
    let after = world.counters();
    let (came, left) =
        (after.packets_in - before.packets_in, after.packets_out - before.packets_out);
    println!(
        "packets: {}, received: {}, reports: {}",
        after.packets_out, after.packets_in, world.reports
    );
    assert!((2_500..2_700).contains(&came), "{came}");
    assert!(left > 7 * 8 * 2 * 88 + 8 * 3 * 145, "{left} of {came}");
    for number in 1..=8 {
        assert_eq!(world.heard_since(number, since).len(), 3, "voices that {number} hears");
        let seen = (0..7).filter(|slot| {
            world.video(number, *slot).iter().filter(|got| got.at >= since).count() > 170
        });
        assert_eq!(seen.count(), 7, "pictures that {number} sees");
    }
}

#[test]
fn streams_that_nobody_hears_are_told_when_they_change() {
    let mut world = World::with(1, 7, 1);
    for number in 1..=6 {
        world.client(number).speaks = Some(if number < 5 { -20 } else { -80 });
    }
    world.run(MOMENT);
    let mut both = vec![world.client(5).ssrc_of_mic(), world.client(6).ssrc_of_mic()];
    both.sort_unstable();
    assert_eq!(world.unheard.last(), Some(&both));
    let told = world.unheard.len();
    world.run(MOMENT);
    assert_eq!(world.unheard.len(), told, "nothing has changed");
    world.client(6).speaks = Some(-5);
    world.run(MOMENT);
    let (fifth, sixth) = (world.client(5).ssrc_of_mic(), world.client(6).ssrc_of_mic());
    let unheard = world.unheard.last().unwrap();
    assert!(unheard.len() == 2 && unheard.contains(&fifth) && !unheard.contains(&sixth));
    (1..=7).for_each(|number| world.client(number).speaks = None);
    world.run(Duration::from_secs(3));
    assert_eq!(world.unheard.last(), Some(&Vec::new()), "who sends nothing");
}

/// What client 3 got of these two since then.
fn got_of(world: &mut World, who: [u8; 2], since: std::time::Instant) -> [usize; 2] {
    let got = &world.client(3).got;
    who.map(|who| got.iter().filter(|got| got.from == who && got.at >= since).count())
}

#[test]
fn who_floods_is_heard_and_seen_only_within_its_allowance() {
    let mut world = World::with(1, 3, 2);
    world.watch(3, &[(0, 1, 180)]);
    (1..=2).for_each(|number| world.client(number).speaks = Some(-20));
    world.run(MOMENT);
    let (before, since) = (world.counters(), world.now);
    world.client(1).repeats = 40;
    world.run(Duration::from_secs(1));
    for _ in 0..20 {
        world.publish(1); // begins its sources anew, and no new allowance with them
        world.run(Duration::from_millis(100));
    }
    let [flood, voice] = got_of(&mut world, [1, 2], since);
    assert!((700..=800).contains(&flood), "{flood} of 6,000 in 3 s");
    assert!((149..=151).contains(&voice), "{voice} of 150: what others send is their own");
    let after = world.counters();
    let excess = after.packets_excess - before.packets_excess;
    assert!(excess.abs_diff(6_000 - flood as u64) <= 80, "{excess} counted");

    world.client(1).repeats = 1;
    world.run(Duration::from_secs(2));
    let (since, before) = (world.now, world.counters());
    world.run(Duration::from_secs(2));
    assert_eq!(got_of(&mut world, [1, 2], since), [100, 100], "and again when it has stopped");
    assert_eq!(world.counters().packets_excess, before.packets_excess);

    world.client(1).speaks = None;
    (world.client(1).shows, world.client(1).repeats) = (vec![0], 100);
    let (before, since) = (world.counters(), world.now);
    world.run(Duration::from_secs(3));
    let [seen, voice] = got_of(&mut world, [1, 2], since);
    assert!((3_000..=4_000).contains(&seen), "{seen} of 18,000 in 3 s");
    assert!((149..=151).contains(&voice), "{voice} of 150");
    let excess = world.counters().packets_excess - before.packets_excess;
    assert!((13_000..15_000).contains(&excess), "{excess} counted");
}

/// A phone that is held upright sends its picture lying, and says so, where that is agreed on. It is not forwarded.
#[test]
fn pictures_are_turned_before_they_are_sent() {
    let now = std::time::Instant::now();
    let (_, offer) = client::Client::new(now, 1, 1);
    let config = Str0mConfig::new().unwrap();
    let mut transport = Str0mTransport::new(now, &config, &[world::address(0)]).unwrap();
    let answer = transport.accept_offer(now, &offer).unwrap();
    assert!(offer.contains("video-orientation"));
    assert!(!answer.contains("video-orientation"));
    for extension in ["transport-wide-cc", "ssrc-audio-level", "sdes:mid", "sdes:rtp-stream-id"] {
        assert!(answer.contains(extension), "{extension}");
    }
}

#[test]
fn reports_about_many_lines_leave_together() {
    let mut world = World::with(1, 4, 3);
    for number in 1..=4 {
        world.client(number).shows = vec![0];
        let others: Vec<u32> = (1..=4).filter(|other| *other != number).collect();
        let wishes = others.iter().enumerate().map(|(slot, other)| (slot, *other, 180));
        world.watch(number, &wishes.collect::<Vec<_>>());
        // Each begins at a moment of its own.
        world.run(Duration::from_millis(170));
    }
    world.run(Duration::from_secs(10));
    let before = world.counters().timers;
    world.run(Duration::from_secs(10));
    let woken = world.counters().timers - before;
    assert!(woken <= 4 * 10 * 3 / 2, "four peers were woken {woken} times in ten seconds");
}
