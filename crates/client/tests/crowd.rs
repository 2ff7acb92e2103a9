//! Many people at the door at once, and in the room.

mod world;

use client::shell::Command;
use client::view::Phase;
use wire::{ClientMessage, Kind};
use world::World;
use world::slow::Slow;

const CROWD: u8 = 60;

/// A host, and a crowd that knocks, 10 ms apart.
fn crowd() -> World {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    for seed in 2..CROWD + 2 {
        let guest = world.guest(seed);
        world.join(guest, &format!("Guest {seed}"));
        world.run(10);
    }
    world
}

fn said(world: &World, who: usize, what: impl Fn(&ClientMessage) -> bool) -> usize {
    world.people[who].sent.iter().filter(|message| what(message)).count()
}

#[test]
fn a_crowd_is_let_in_by_as_few_commits_as_hold_it() {
    let mut world = crowd();
    world.admit_all();
    world.run(5_000);
    for person in &world.people {
        assert_eq!(person.view.phase, Phase::InMeeting);
        assert_eq!(person.view.people.len(), usize::from(CROWD) + 1);
    }
    // 61 go into one.
    assert_eq!(commits(&world), 1);
}

#[test]
fn a_crowd_that_goes_is_gone_by_as_few_commits_as_hold_it() {
    let mut world = crowd();
    world.admit_all();
    world.run(5_000);
    let before = commits(&world);
    for who in 1..world.people.len() {
        world.command(who, Command::Leave);
        world.run(10);
    }
    world.run(5_000);
    assert_eq!(world.people[0].view.people.len(), 1);
    // The first few go at once, and the rest together.
    let made = commits(&world) - before;
    assert!(made <= 8, "{made} commits for {CROWD} who went within {CROWD}0 ms");
}

fn commits(world: &World) -> usize {
    said(world, 0, |message| matches!(message, ClientMessage::Commit { .. }))
}

#[test]
fn a_crowd_is_shown_a_few_times_a_second_and_in_the_end_completely() {
    let mut world = crowd();
    assert!(world.people[0].views < 50, "{} views of {CROWD} knocks", world.people[0].views);
    world.run(200);
    assert_eq!(world.people[0].view.waiting.len(), usize::from(CROWD));
    // What the person at this device does itself is shown at once.
    let views = world.people[0].views;
    let knock = world.people[0].view.waiting[0].knock;
    world.command(0, Command::Decline { knock });
    assert_eq!(world.people[0].views, views + 1);
    assert_eq!(world.people[0].view.waiting.len(), usize::from(CROWD) - 1);
}

#[test]
fn newcomers_to_a_crowd_are_greeted_by_those_with_something_on_and_once() {
    let mut world = crowd();
    world.admit_all();
    world.run(5_000);
    let talker = 1;
    world.command(talker, Command::SetMuted { kind: Kind::Camera, muted: false });
    world.run(5_000);
    let messages =
        |world: &World, who| said(world, who, |m| matches!(m, ClientMessage::GroupMessage { .. }));
    let before: Vec<_> = (0..world.people.len()).map(|who| messages(&world, who)).collect();
    let late = world.enter(200, "Late");
    world.run(2_000);
    let greeted = |who: &usize| messages(&world, *who) > before[*who];
    assert_eq!((1..before.len()).filter(greeted).collect::<Vec<_>>(), [talker]);
    let shown = world.people[late].view.people.iter().filter(|person| person.camera_on);
    assert_eq!(shown.count(), 1);
}

#[test]
fn a_member_that_waves_without_end_does_not_keep_every_page_busy() {
    let mut world = World::pair();
    world.run(5_000);
    let views = world.people[0].views;
    for turn in 0..300 {
        world.command(1, Command::RaiseHand { on: turn % 2 == 0 });
        world.run(33);
    }
    let shown = world.people[0].views - views;
    assert!((30..=30 + 9 * 10).contains(&shown), "{shown} views of 300 turns in 10 s");
    world.command(1, Command::RaiseHand { on: true });
    world.run(200);
    assert!(world.people[0].view.people.iter().any(|person| person.hand.is_some()));
}

#[test]
fn who_is_let_in_is_in_while_others_keep_coming_to_a_slow_host() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    world.command(0, Command::SetWaitingRoom { on: false, cap: 1_000 });
    let slow = Slow::down(&mut world);
    for seed in 2..14 {
        let guest = world.guest(seed);
        world.join(guest, &format!("Guest {seed}"));
        slow.burst(&mut world);
    }
    let inside = world.people.iter().filter(|person| person.view.phase == Phase::InMeeting);
    assert!(inside.count() >= 9, "of those who came a second and a half ago nobody still waits");
}

#[test]
fn several_hundred_at_once_are_all_let_in() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let slow = Slow::down(&mut world);
    const HUNDREDS: usize = 500;
    for number in 0..HUNDREDS {
        let mut seed = [7; 32];
        seed[..8].copy_from_slice(&number.to_be_bytes());
        let fragment = world.created.fragment.clone();
        let guest = world.open_tab(seed, Some(fragment), None);
        world.join(guest, &format!("Guest {number}"));
        world.run(20);
        if number % 25 == 24 {
            slow.burst(&mut world);
        }
    }
    slow.burst(&mut world);
    assert_eq!(world.people[0].view.waiting.len(), HUNDREDS);
    // What each of them does inside is not looked at.
    world.people[1..].iter_mut().for_each(|person| person.asleep = true);
    world.admit_all();
    (0..20).for_each(|_| slow.burst(&mut world));
    assert_eq!(world.people[0].view.people.len(), HUNDREDS + 1);
}
