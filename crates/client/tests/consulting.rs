//! Consulting mode: one party at a time, whatever the order in which people come, go and return.

mod world;

use client::shell::{Command, Rule};
use client::view::{Phase, Waiting};
use world::World;

/// A host in consulting mode, alone.
fn practice() -> World {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    world.run(100);
    world.command(0, Command::SetRule { rule: Rule::Consulting, on: true });
    world.run(1_000);
    assert!(world.people[0].view.rules.consulting);
    world
}

fn knock(world: &mut World, seed: u8, name: &str) -> usize {
    let guest = world.guest(seed);
    world.join(guest, name);
    world.run(500);
    guest
}

fn waiting<'a>(world: &'a World, name: &str) -> &'a Waiting {
    let mut waiting = world.people[0].view.waiting.iter();
    waiting.find(|waiting| waiting.name == name).expect("waits")
}

fn admit(world: &mut World, name: &str) {
    let knock = waiting(world, name).knock;
    world.command(0, Command::Admit { knock });
    world.run(1_000);
}

#[test]
fn the_next_one_is_let_in_only_after_the_first_is_gone() {
    let mut world = practice();
    let (ana, ben) = (knock(&mut world, 2, "Ana"), knock(&mut world, 3, "Ben"));
    assert!(!waiting(&world, "Ana").held && !waiting(&world, "Ben").held);
    admit(&mut world, "Ana");
    assert_eq!(world.people[ana].view.phase, Phase::InMeeting);
    assert!(waiting(&world, "Ben").held);
    admit(&mut world, "Ben");
    assert_eq!(world.people[ben].view.phase, Phase::Waiting, "the page is not what holds him");
    world.command(0, Command::AdmitAll);
    world.run(1_000);
    assert_eq!(world.people[ben].view.phase, Phase::Waiting);
    world.command(ana, Command::Leave);
    world.run(1_500);
    assert!(!waiting(&world, "Ben").held);
    admit(&mut world, "Ben");
    assert_eq!(world.people[ben].view.phase, Phase::InMeeting);
    assert_eq!(world.names(ben), ["Ben", "Dr. Host"]);
}

#[test]
fn admit_all_lets_in_one_party() {
    let mut world = practice();
    let guests = [(2, "Ana"), (3, "Ben"), (4, "Cleo")].map(|(seed, n)| knock(&mut world, seed, n));
    world.command(0, Command::AdmitAll);
    world.run(1_000);
    let inside = guests.iter().filter(|g| world.people[**g].view.phase == Phase::InMeeting);
    assert_eq!(inside.count(), 1);
    assert_eq!(world.people[0].view.waiting.len(), 2);
}

#[test]
fn a_returner_waits_again_if_another_party_got_in() {
    let mut world = practice();
    let ana = knock(&mut world, 2, "Ana");
    admit(&mut world, "Ana");
    world.cut(ana);
    let ben = knock(&mut world, 3, "Ben");
    assert!(waiting(&world, "Ben").held, "she still has keys");
    let device = world.device(ana);
    world.command(0, Command::SeeOut { device });
    world.run(2_000);
    admit(&mut world, "Ben");
    assert_eq!(world.people[ben].view.phase, Phase::InMeeting);
    world.mend(ana);
    world.run(5_000);
    assert_ne!(world.people[ana].view.phase, Phase::InMeeting);
    world.join(ana, "Ana");
    world.run(1_000);
    assert!(waiting(&world, "Ana").held, "seen out, not kept out");
    world.command(ben, Command::Leave);
    world.run(1_500);
    admit(&mut world, "Ana");
    assert_eq!(world.names(ana), ["Ana", "Dr. Host"]);
}

#[test]
fn a_short_loss_of_the_network_costs_nobody_the_turn() {
    let mut world = practice();
    let ana = knock(&mut world, 2, "Ana");
    admit(&mut world, "Ana");
    knock(&mut world, 3, "Ben");
    world.reload(ana);
    world.run(3_000);
    assert_eq!(world.people[ana].view.phase, Phase::InMeeting);
    assert!(waiting(&world, "Ben").held);
}

#[test]
fn whoever_is_there_when_the_mode_begins_is_the_party() {
    let mut world = World::pair();
    world.enter(3, "Ben");
    world.command(0, Command::SetRule { rule: Rule::Consulting, on: true });
    world.run(1_000);
    let cleo = knock(&mut world, 4, "Cleo");
    assert!(waiting(&world, "Cleo").held);
    for guest in [1, 2] {
        world.command(guest, Command::Leave);
        world.run(1_500);
    }
    admit(&mut world, "Cleo");
    assert_eq!(world.people[cleo].view.phase, Phase::InMeeting);
}

#[test]
fn the_mode_and_the_turn_outlast_the_hosts_session() {
    let mut world = practice();
    let ana = knock(&mut world, 2, "Ana");
    admit(&mut world, "Ana");
    // Nobody has the group's state any more: the host opens another session.
    world.reload(ana);
    world.reload(0);
    world.run(20_000);
    assert!(world.people[0].view.rules.consulting);
    assert_eq!(world.people[ana].view.phase, Phase::InMeeting, "still her turn");
    let ben = knock(&mut world, 3, "Ben");
    assert!(waiting(&world, "Ben").held);
    world.command(0, Command::SetRule { rule: Rule::Consulting, on: false });
    world.run(1_000);
    admit(&mut world, "Ben");
    assert_eq!(world.people[ben].view.phase, Phase::InMeeting, "the host ended the mode");
}

#[test]
fn a_removed_device_is_kept_out_of_the_next_session_too() {
    let mut world = practice();
    let ana = knock(&mut world, 2, "Ana");
    admit(&mut world, "Ana");
    let device = world.device(ana);
    world.command(0, Command::Remove { device });
    world.run(2_000);
    world.command(0, Command::Leave);
    world.run(500);
    world.join(0, "Dr. Host");
    world.run(1_000);
    world.join(ana, "Ana");
    world.run(2_000);
    assert!(world.people[0].view.waiting.is_empty());
    assert_eq!(world.people[0].view.banned.len(), 1);
}

/// A walk through three patients' afternoon with real sessions: whatever the order, none is shown another.
#[test]
fn whatever_happens_no_patient_is_shown_another() {
    let mut seen = 0;
    for seed in 1..=6 {
        seen += walk(seed);
    }
    assert!(seen > 20, "patients are let in: {seen}");
}

/// How often somebody was seen in the meeting.
fn walk(seed: u64) -> usize {
    let mut world = practice();
    let patients =
        [(2, "Ana"), (3, "Ben"), (4, "Cleo")].map(|(seed, n)| (knock(&mut world, seed, n), n));
    let (mut state, mut seen) = (seed, 0);
    for step in 0..60 {
        let patient = patients[next(&mut state, 3)];
        disturb(&mut world, patient, next(&mut state, 10));
        world.run([50, 300, 1_200][next(&mut state, 3)]);
        for (who, name) in patients {
            let view = &world.people[who].view;
            let others = view.people.iter().map(|person| person.name.as_str());
            let known = |other: &str| other == name || other == "Dr. Host";
            assert!(
                others.clone().all(known),
                "seed {seed}, step {step}: {name} sees {:?}",
                world.names(who)
            );
            seen += usize::from(view.phase == Phase::InMeeting && others.count() == 2);
        }
    }
    seen
}

fn disturb(world: &mut World, (who, name): (usize, &str), how: usize) {
    let device = world.device(who);
    match how {
        0 | 1 => world.command(0, Command::AdmitAll),
        2 => world.command(0, Command::SeeOut { device }),
        3 => world.command(who, Command::Leave),
        4 => world.reload(who),
        5 => world.cut(who),
        6 => world.mend(who),
        7 => world.reload(0),
        _ => world.join(who, name),
    }
}

fn next(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
    (*state >> 33) as usize % below
}
