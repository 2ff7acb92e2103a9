//! Whoever hears a line can send a peer's valid checks again from elsewhere, and a member can send its own from an address
//! that is another's. Neither may take anything from anybody.

use super::world::World;
use super::{assert_continuous, id};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Two in a room; the first speaks and shows, the second hears and sees it.
fn call() -> World {
    let mut world = World::with(1, 2, 1);
    world.client(1).speaks = Some(-20);
    world.client(1).shows = vec![0];
    world.watch(2, &[(0, 1, 180)]);
    world.until("a picture", |world| world.video(2, 0).len() > 20);
    world
}

fn elsewhere(number: u32) -> SocketAddr {
    let [_, a, b, c] = number.to_be_bytes();
    SocketAddr::from(([10, 100 + a, b, c], 6_000))
}

/// The longest time between two of its packets that a client received since a moment, whichever they are.
fn longest_gap(world: &World, number: u32, since: Instant) -> Duration {
    let client = world.clients.iter().find(|client| client.number == number).unwrap();
    let came = client.got.iter().map(|got| got.at).filter(|at| *at >= since);
    let moments: Vec<Instant> = [since].into_iter().chain(came).chain([world.now]).collect();
    moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
}

#[test]
fn checks_repeated_from_elsewhere_neither_end_nor_divert_a_call() {
    let mut world = call();
    let began = world.now;
    for number in 0..1_000 {
        world.run(Duration::from_millis(10));
        for victim in [1, 2] {
            let (to, check) = world.last_check(victim);
            world.arrive(elsewhere(number), to, &check);
        }
    }
    assert!(world.counters().addresses_refused > 1_900, "{:?}", world.counters());
    let gap = longest_gap(&world, 2, began);
    assert!(gap <= Duration::from_millis(40), "nothing came for {gap:?}");
    assert_continuous(&world.video(2, 0));
}

#[test]
fn a_members_checks_from_anothers_address_take_nothing_from_it() {
    let mut world = call();
    world.connect(3, 0);
    world.admit(3);
    world.until("the third is connected", |world| world.clients[2].connected);
    let (began, victim) = (world.now, world.client(1).address);
    for _ in 0..1_000 {
        world.run(Duration::from_millis(10));
        let (to, check) = world.last_check(3);
        world.arrive(victim, to, &check);
    }
    assert_eq!(world.counters().addresses_refused, 1_000);
    let gap = longest_gap(&world, 2, began);
    assert!(gap <= Duration::from_millis(40), "nothing came for {gap:?}");
    assert!(world.clients.iter().all(|client| client.connected));
}

#[test]
fn an_address_is_free_again_when_its_peer_has_left() {
    let mut world = call();
    world.connect(3, 0);
    world.until("the third is connected", |world| world.clients[2].connected);
    let ((to, check), left) = (world.last_check(3), world.client(2).address);
    world.arrive(left, to, &check);
    assert_eq!(world.counters().addresses_refused, 1);
    world.command(0, sfu::Command::Remove { peer: id(2) });
    world.arrive(left, to, &check);
    assert_eq!(world.counters().addresses_refused, 1);
}

#[test]
fn whoever_goes_on_from_another_address_is_heard_from_there() {
    let mut world = call();
    let (to, check) = world.last_check(1);
    for number in 0..20 {
        world.client(1).address = elsewhere(number);
        world.arrive(elsewhere(number), to, &check);
        let began = world.now;
        world.run(Duration::from_millis(500));
        let gap = longest_gap(&world, 2, began);
        assert!(gap <= Duration::from_millis(60), "after move {number} nothing came for {gap:?}");
    }
}

/// What was overheard of client 1's sound and pictures, as of other streams of the same lines.
fn renamed(world: &mut World) -> Vec<(SocketAddr, SocketAddr, Vec<u8>)> {
    let from = world.client(1).address;
    let heard = std::mem::take(&mut world.overheard).into_iter();
    let media = heard.filter(|(sender, _, bytes)| {
        *sender == from && bytes[0] & 0xc0 == 0x80 && !sfu::transport::is_rtcp(bytes)
    });
    let rename = |(from, to, mut bytes): (SocketAddr, SocketAddr, Vec<u8>)| {
        bytes[8] ^= 0x55;
        (from, to, bytes)
    };
    media.map(rename).collect()
}

#[test]
fn forged_streams_do_not_take_a_lines_place() {
    let mut world = call();
    // The first packets of a stream name their line; once that was reported, the others do not.
    let forged = renamed(&mut world);
    assert!(forged.len() > 20, "only {} packets", forged.len());
    world.run(Duration::from_secs(5));
    let (began, before) = (world.now, world.counters().packets_unread);
    for (from, to, bytes) in &forged {
        world.arrive(*from, *to, bytes);
        world.run(Duration::from_millis(10));
    }
    world.run(Duration::from_secs(2));
    assert_eq!(world.counters().packets_unread - before, forged.len() as u64);
    let gap = longest_gap(&world, 2, began);
    assert!(gap <= Duration::from_millis(40), "nothing came for {gap:?}");
    assert_continuous(&world.video(2, 0));
}

#[test]
fn who_changes_streams_without_end_is_not_kept_all_of_them() {
    let mut world = call();
    let read = |world: &World| world.counters().packets_in;
    // What browsers do once or twice works many times, and then no more.
    for (changes, heard) in [(0..100, true), (100..1_000, false)] {
        for number in changes {
            world.client(1).change_ssrc_of_mic(1_000_000 + number);
            world.run(Duration::from_millis(40));
        }
        world.client(1).shows.clear();
        world.run(Duration::from_millis(100));
        let before = read(&world);
        world.run(Duration::from_secs(1));
        assert_eq!(read(&world) - before > 40, heard, "{:?}", world.counters());
        world.client(1).shows = vec![0];
    }
    assert!(world.counters().packets_unread > 1_000, "{:?}", world.counters());
    let began = world.now;
    world.run(Duration::from_secs(2));
    let gap = longest_gap(&world, 2, began);
    assert!(gap <= Duration::from_millis(40), "the picture did not come for {gap:?}");
}

#[test]
fn reports_that_come_again_are_not_read() {
    let mut world = call();
    world.overheard.clear();
    world.run(Duration::from_secs(2));
    let heard = std::mem::take(&mut world.overheard);
    let reports: Vec<_> =
        heard.into_iter().filter(|(.., bytes)| sfu::transport::is_rtcp(bytes)).collect();
    assert!(reports.len() > 20, "only {} reports", reports.len());
    let before = world.counters().reports_unread;
    for (from, to, bytes) in &reports {
        world.arrive(*from, *to, bytes);
    }
    assert_eq!(world.counters().reports_unread - before, reports.len() as u64);
    world.run(Duration::from_secs(2));
    assert_eq!(world.counters().reports_unread - before, reports.len() as u64);
    assert_continuous(&world.video(2, 0));
}
