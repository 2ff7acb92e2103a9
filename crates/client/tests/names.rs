//! Who is who: what each device can tell from its own earlier visits.

mod world;

use client::shell::Command;
use client::view::{Met, Phase};
use world::World;

/// What `who` is told of the person who goes by `name`.
fn met(world: &World, who: usize, name: &str) -> Met {
    let mut people = world.people[who].view.people.iter();
    people.find(|person| person.name == name).expect("is here").met.clone()
}

/// What the host is told of somebody at the door.
fn met_at_the_door(world: &World, name: &str) -> Met {
    let mut waiting = world.people[0].view.waiting.iter();
    waiting.find(|waiting| waiting.name == name).expect("waits").met.clone()
}

/// Host, Ana and Ben, who have never met.
fn three() -> World {
    let mut world = World::pair();
    world.enter(3, "Ben");
    world
}

fn leave(world: &mut World, who: usize) {
    world.command(who, Command::Leave);
    world.run(2_000);
}

/// Joins again, on the same device.
fn rejoin(world: &mut World, who: usize, name: &str) {
    world.join(who, name);
    world.run(500);
    world.admit_all();
    world.run(1_000);
    assert_eq!(world.people[who].view.phase, Phase::InMeeting);
}

/// Everyone leaves, and the host opens the meeting another day.
fn another_day(world: &mut World) {
    for who in (0..world.people.len()).rev() {
        leave(world, who);
    }
    world.run(24 * 3_600_000);
    world.join(0, "Dr. Host");
    world.run(1_000);
}

#[test]
fn at_a_first_meeting_nothing_is_said() {
    let mut world = three();
    for who in 0..3 {
        for name in ["Dr. Host", "Ana", "Ben"] {
            assert_eq!(met(&world, who, name), Met::Never);
        }
    }
    world.reload(1);
    world.run(3_000);
    assert_eq!(met(&world, 1, "Ben"), Met::Never, "a reload is no second meeting");
}

#[test]
fn whoever_comes_again_on_the_same_device_is_told_so_by_everyone() {
    let mut world = three();
    another_day(&mut world);
    world.join(1, "Ana");
    world.run(500);
    assert_eq!(met_at_the_door(&world, "Ana"), Met::SameDevice, "before the click");
    world.admit_all();
    world.run(1_000);
    rejoin(&mut world, 2, "Ben");
    for (who, others) in [(0, ["Ana", "Ben"]), (1, ["Dr. Host", "Ben"]), (2, ["Dr. Host", "Ana"])] {
        others.iter().for_each(|name| assert_eq!(met(&world, who, name), Met::SameDevice));
    }
}

#[test]
fn leaving_and_coming_back_the_same_day_counts_too() {
    let mut world = three();
    leave(&mut world, 1);
    rejoin(&mut world, 1, "Ana");
    for who in [0, 2] {
        assert_eq!(met(&world, who, "Ana"), Met::SameDevice);
    }
    assert_eq!(met(&world, 1, "Dr. Host"), Met::SameDevice);
    assert_eq!(met(&world, 0, "Ben"), Met::Never, "who never left was never met before");
}

#[test]
fn a_name_that_comes_with_another_key_is_a_new_device_for_whoever_knew_it() {
    let mut world = three();
    another_day(&mut world);
    rejoin(&mut world, 2, "Ben");
    let impostor = world.guest(4);
    world.join(impostor, "ANA");
    world.run(500);
    assert_eq!(met_at_the_door(&world, "ANA"), Met::NewDevice, "before the click");
    world.admit_all();
    world.run(1_000);
    for who in [0, 2] {
        assert_eq!(met(&world, who, "ANA"), Met::NewDevice);
    }
    let stranger = world.enter(5, "Cleo");
    assert_eq!(met(&world, stranger, "ANA"), Met::Never, "who knew nobody is told nothing");
    rejoin(&mut world, 1, "Ana");
    assert_eq!(met(&world, 0, "Ana"), Met::SameDevice, "the one it knew stays known");
}

#[test]
fn a_known_device_under_somebody_elses_name_is_not_passed_for_them() {
    let mut world = three();
    another_day(&mut world);
    rejoin(&mut world, 2, "Ana");
    assert_eq!(met(&world, 0, "Ana"), Met::SameDeviceAs("Ben".into()));
    world.command(2, Command::Rename { device: world.device(2), name: "Ben".into() });
    world.run(500);
    assert_eq!(met(&world, 0, "Ben"), Met::SameDevice);
}

#[test]
fn a_new_name_inside_is_looked_up_as_well() {
    let mut world = three();
    leave(&mut world, 1);
    world.command(2, Command::Rename { device: world.device(2), name: "Ana".into() });
    world.run(500);
    assert_eq!(met(&world, 0, "Ana"), Met::NewDevice);
}

#[test]
fn when_the_meeting_ends_for_good_its_people_are_forgotten() {
    let mut world = three();
    another_day(&mut world);
    rejoin(&mut world, 1, "Ana");
    world.command(0, Command::EndForEveryone);
    world.run(1_000);
    assert!(world.people[0].saved.is_none() && world.people[1].saved.is_none());
}
