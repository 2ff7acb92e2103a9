use super::client::Got;
use super::stage::{Stage, id};
use crate::media::*;
use std::collections::HashSet;
use std::time::{Duration, Instant};

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
fn who_is_not_admitted_neither_receives_nor_is_received() {
    let mut stage = Stage::with(1, 2, 1);
    stage.connect(3, 2);
    stage.publish(3);
    stage.until("the third is connected", |stage| stage.clients[2].connected);
    for number in 1..=3 {
        stage.client(number).speaks = Some(-20);
        stage.client(number).shows = vec![0];
    }
    stage.watch(1, &[(0, 3, 180)]);
    stage.watch(2, &[(0, 1, 180)]);
    stage.watch(3, &[(0, 1, 180), (1, 2, 180)]);
    stage.until("the admitted see each other", |stage| stage.video(2, 0).len() > 20);
    stage.run(MOMENT);
    assert!(stage.clients[2].got.is_empty(), "a packet without admission");
    assert!(stage.video(1, 0).is_empty(), "a packet of someone not admitted");
    assert!(!stage.heard_since(1, Instant::now() - MOMENT).contains(&3));

    stage.admit(3);
    stage.until("the third sees and is seen", |stage| {
        stage.video(3, 0).len() > 20 && stage.video(1, 0).len() > 20
    });
}

#[test]
fn revoking_permission_stops_packets_at_once() {
    let mut stage = Stage::with(1, 2, 1);
    stage.client(1).speaks = Some(-20);
    stage.client(1).shows = vec![0];
    stage.watch(2, &[(0, 1, 180)]);
    stage.until("packets flow", |stage| stage.video(2, 0).len() > 20);
    stage.media.permit(id(2), Permissions::NONE);
    stage.run(Duration::from_millis(100));
    stage.client(2).got.clear();
    stage.run(MOMENT);
    assert!(stage.clients[1].got.is_empty(), "packets after removal");
}

#[test]
fn a_removed_sender_is_no_longer_forwarded() {
    let mut stage = Stage::with(2, 2, 1);
    stage.client(1).speaks = Some(-20);
    stage.client(1).shows = vec![0];
    stage.watch(2, &[(0, 1, 180)]);
    stage.until("packets flow", |stage| stage.video(2, 0).len() > 20);
    stage.media.permit(id(1), Permissions::NONE);
    stage.run(Duration::from_millis(100));
    stage.client(2).got.clear();
    stage.run(MOMENT);
    assert!(stage.clients[1].got.is_empty(), "packets of a removed sender");
}

#[test]
fn switching_between_people_and_layers_is_one_continuous_stream() {
    let mut stage = Stage::with(1, 3, 1);
    for number in 1..=2 {
        stage.client(number).shows = vec![0, 1, 2];
    }
    for (who, height) in [(1, 180), (2, 180), (2, 360), (1, 720), (2, 720), (1, 180)] {
        let before = stage.video(3, 0).len();
        let layer = [180, 360, 720].iter().position(|h| *h == height).unwrap() as u8;
        stage.watch(3, &[(0, who, height)]);
        stage.until(&format!("person {who} at {height} lines"), |stage| {
            let shown = stage.video(3, 0);
            let new = shown[before..].iter().filter(|g| (g.from, g.layer) == (who as u8, layer));
            new.count() > 10
        });
    }
    assert_continuous(&stage.video(3, 0));
}

#[test]
fn who_is_not_heard_wakes_no_thread_until_it_is_loud() {
    let mut stage = Stage::with(1, 6, 1);
    for number in 1..=6 {
        stage.client(number).speaks = Some(if number < 5 { -20 } else { -80 });
    }
    stage.run(3 * MOMENT);
    let unhurried = |stage: &mut Stage| {
        let before = stage.media.metrics();
        stage.run(Duration::from_secs(2));
        let after = stage.media.metrics();
        let came = after.packets_in - before.packets_in;
        (after.unhurried_in - before.unhurried_in) as f64 / came as f64
    };
    let share = unhurried(&mut stage);
    assert!((0.3..0.4).contains(&share), "{share} instead of two of six");
    stage.client(6).speaks = Some(-5);
    let since = Instant::now();
    stage.until("the sixth is heard", |stage| stage.heard_since(1, since).contains(&6));
    assert!(since.elapsed() < Duration::from_secs(2), "after {:?}", since.elapsed());
    for number in 1..=5 {
        stage.client(number).speaks = None;
    }
    stage.run(2 * MOMENT);
    let share = unhurried(&mut stage);
    assert!(share < 0.05, "{share} of somebody who is heard");
}

#[test]
fn only_the_loudest_three_others_are_heard() {
    let mut stage = Stage::with(1, 6, 1);
    for (number, level) in [(1, -10), (2, -25), (3, -40), (4, -55), (5, -80), (6, -90)] {
        stage.client(number).speaks = Some(level);
    }
    let settled = (0..20).any(|_| {
        let since = Instant::now();
        stage.run(MOMENT);
        let heard = [6, 5, 4, 3, 2, 1].map(|listener| stage.heard_since(listener, since));
        heard[..3].iter().all(|heard| *heard == [1, 2, 3])
            && heard[3..] == [vec![1, 2, 4], vec![1, 3, 4], vec![2, 3, 4]]
    });
    assert!(settled, "everyone hears the loudest three of the others");
    for client in &stage.clients {
        for mid in &client.audio {
            let got = client.on(*mid);
            let seqs: HashSet<u64> = got.iter().map(|got| got.seq).collect();
            assert_eq!(seqs.len(), got.len(), "a number came twice");
        }
    }
}

#[test]
fn keyframes_are_asked_once_for_many_receivers() {
    let mut stage = Stage::with(1, 6, 1);
    stage.client(1).shows = vec![0];
    for number in 2..=6 {
        stage.watch(number, &[(0, 1, 180)]);
    }
    stage.until("all five see it", |stage| (2..=6).all(|n| stage.video(n, 0).len() > 10));
    stage.run(MOMENT);
    let asked = &stage.clients[0].asked;
    for pair in asked.windows(2) {
        let apart = pair[1].1.duration_since(pair[0].1);
        assert!(apart > Duration::from_millis(200), "asked again after {apart:?}");
    }
    assert!(!asked.is_empty() && asked.len() <= 6, "{} requests", asked.len());
}

#[test]
fn a_member_without_keys_causes_no_keyframes() {
    let mut stage = Stage::with(1, 1, 1);
    stage.connect(2, 1);
    stage.media.permit(id(2), Permissions::ALL);
    stage.client(1).shows = vec![0];
    stage.until("connected", |stage| stage.clients[1].connected);
    stage.watch(2, &[(0, 1, 180)]);
    stage.run(MOMENT);
    assert!(stage.clients[0].asked.is_empty());
    stage.media.keys_ready(id(2)).unwrap();
    stage.until("the picture is there", |stage| stage.video(2, 0).len() > 10);
}

#[test]
fn more_slots_by_another_offer_leave_the_old_ones_undisturbed() {
    let mut stage = Stage::with(1, 3, 1);
    stage.client(1).shows = vec![0];
    stage.client(2).shows = vec![0];
    stage.watch(3, &[(0, 1, 180)]);
    stage.until("the first is seen", |stage| stage.video(3, 0).len() > 20);
    let offer = stage.client(3).grow(3);
    stage.negotiate(3, offer, false);
    stage.watch(3, &[(0, 1, 180), (3, 2, 180)]);
    stage.until("the second is seen in a new slot", |stage| stage.video(3, 3).len() > 20);
    let before = stage.video(3, 0).len();
    stage.until("the first is still seen", |stage| stage.video(3, 0).len() > before + 20);
    assert_continuous(&stage.video(3, 0));
    assert_continuous(&stage.video(3, 3));
}

#[test]
fn a_room_spans_shards() {
    let mut stage = Stage::with(2, 4, 2);
    for number in 1..=4 {
        stage.client(number).speaks = Some(-20 - number as i8);
        stage.client(number).shows = vec![0, 1];
    }
    for number in 1..=4u32 {
        let next = number % 4 + 1;
        stage.watch(number, &[(0, next, 360), (1, next % 4 + 1, 180)]);
    }
    stage.until("everyone sees both", |stage| {
        (1..=4).all(|n| stage.video(n, 0).len() > 40 && stage.video(n, 1).len() > 40)
    });
    let since = Instant::now();
    stage.run(MOMENT);
    assert!(stage.media.metrics().packets_crossed > 0, "nothing crossed");
    for number in 1..=4 {
        assert_eq!(stage.heard_since(number, since).len(), 3, "voices {number} hears");
        assert_continuous(&stage.video(number, 0));
        assert_continuous(&stage.video(number, 1));
    }
}

#[test]
fn the_publisher_is_told_which_layers_are_watched() {
    let mut stage = Stage::with(1, 2, 1);
    stage.client(1).shows = vec![0, 1, 2];
    let last = |stage: &Stage| {
        stage.seen.iter().rev().find_map(|event| match event {
            MediaEvent::LayersWanted { peer, layers, .. } if *peer == id(1) => Some(layers.clone()),
            _ => None,
        })
    };
    stage.watch(2, &[(0, 1, 360)]);
    stage.until("h, and q beside it", |stage| last(stage) == Some(vec![Layer::Q, Layer::H]));
    stage.watch(2, &[]);
    stage.until("nothing", |stage| last(stage) == Some(vec![]));
}

#[test]
fn an_offer_of_another_shape_is_refused_in_words() {
    let mut stage = Stage::new(1);
    stage.media.offer(id(1), "v=0\r\nm=application 9 x y\r\n".to_owned(), true).unwrap();
    stage.until("a refusal", |stage| {
        stage.seen.iter().any(|event| {
            matches!(event, MediaEvent::OfferRefused { error: OfferError::NotMedia(0), .. })
        })
    });
}

#[test]
fn a_re_offer_without_a_connection_is_refused() {
    let mut stage = Stage::new(1);
    stage.media.offer(id(1), "v=0\r\n".to_owned(), false).unwrap();
    stage.until("a refusal", |stage| {
        stage.seen.iter().any(|event| {
            matches!(event, MediaEvent::OfferRefused { error: OfferError::NoConnection, .. })
        })
    });
}
