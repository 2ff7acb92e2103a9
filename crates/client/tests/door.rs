//! The waiting room: turned off, and what the host says to whoever waits in it.

mod world;

use client::shell::{Command, Rule};
use client::view::{Phase, Waiting};
use wire::{ClientMessage, ServerMessage};
use world::World;

const HOUR: u64 = 3_600_000;

fn waiting_room(world: &mut World, on: bool, cap: u16) {
    world.command(0, Command::SetWaitingRoom { on, cap });
    world.run(500);
}

/// A host and Ana, the waiting room off for at most `cap`.
fn open_house(cap: u16) -> World {
    let mut world = World::pair();
    waiting_room(&mut world, false, cap);
    world
}

fn invite(world: &mut World, label: &str) -> String {
    world.command(0, Command::Invite { label: label.into(), cohost: false });
    world.run(100);
    let path = world.people[0].view.invitations.last().expect("made").path.clone();
    path.split_once('#').expect("a link").1.to_owned()
}

fn knock_by(world: &mut World, fragment: &str, seed: u8, name: &str) -> usize {
    let guest = world.open_tab([seed; 32], Some(fragment.to_owned()), None);
    world.join(guest, name);
    world.run(1_000);
    guest
}

fn knock(world: &mut World, seed: u8, name: &str) -> usize {
    let fragment = world.created.fragment.clone();
    knock_by(world, &fragment, seed, name)
}

fn phase(world: &World, who: usize) -> Phase {
    world.people[who].view.phase
}

fn waiting<'a>(world: &'a World, name: &str) -> &'a Waiting {
    let mut waiting = world.people[0].view.waiting.iter();
    waiting.find(|waiting| waiting.name == name).expect("waits")
}

#[test]
fn with_the_waiting_room_off_each_sort_of_link_lets_in_by_itself() {
    let mut world = World::pair();
    let link = invite(&mut world, "Ben");
    let early = knock(&mut world, 9, "Early");
    assert_eq!(phase(&world, early), Phase::Waiting);
    waiting_room(&mut world, false, 100);
    assert_eq!(phase(&world, early), Phase::InMeeting, "who waited waits no longer");
    let ben = knock_by(&mut world, &link, 3, "Ben");
    let cleo = knock(&mut world, 4, "Cleo");
    let passcode = world.people[0].view.passcode_shown.clone();
    let dora = world.open_tab([5; 32], None, None);
    world.command(dora, Command::Passcode { text: passcode });
    world.run(500);
    world.join(dora, "Dora");
    world.run(1_000);
    for who in [ben, cleo, dora] {
        assert_eq!(phase(&world, who), Phase::InMeeting, "{who}");
    }
    waiting_room(&mut world, true, 100);
    let late = knock(&mut world, 6, "Late");
    assert_eq!(phase(&world, late), Phase::Waiting);
}

#[test]
fn a_second_device_by_a_personal_link_waits() {
    let mut world = open_house(100);
    let link = invite(&mut world, "Ben");
    let phone = knock_by(&mut world, &link, 3, "Ben");
    assert_eq!(phase(&world, phone), Phase::InMeeting);
    let laptop = knock_by(&mut world, &link, 4, "Ben's laptop");
    assert_eq!(phase(&world, laptop), Phase::Waiting);
    assert!(waiting(&world, "Ben's laptop").new_device);
    world.command(phone, Command::Leave);
    world.run(2_000);
    world.join(phone, "Ben");
    world.run(1_000);
    assert_eq!(phase(&world, phone), Phase::InMeeting, "the remembered one needs no click");
}

#[test]
fn of_two_devices_that_come_first_together_one_waits() {
    let mut world = open_house(100);
    let link = invite(&mut world, "Ben");
    let tabs = [3, 4].map(|seed| world.open_tab([seed; 32], Some(link.clone()), None));
    world.run(500);
    for tab in tabs {
        world.join(tab, "Ben");
    }
    world.run(2_000);
    let inside = tabs.iter().filter(|tab| phase(&world, **tab) == Phase::InMeeting).count();
    assert_eq!(inside, 1);
}

#[test]
fn never_above_the_cap_and_a_place_that_becomes_free_is_taken() {
    let mut world = open_house(3);
    let ben = knock(&mut world, 3, "Ben");
    let cleo = knock(&mut world, 4, "Cleo");
    assert_eq!((phase(&world, ben), phase(&world, cleo)), (Phase::InMeeting, Phase::Waiting));
    world.command(ben, Command::Leave);
    world.run(2_000);
    assert_eq!(phase(&world, cleo), Phase::InMeeting);
}

#[test]
fn after_eight_hours_people_wait_again() {
    let mut world = open_house(100);
    world.run(8 * HOUR - 60_000);
    let ben = knock(&mut world, 3, "Ben");
    assert_eq!(phase(&world, ben), Phase::InMeeting);
    world.run(60_000);
    let cleo = knock(&mut world, 4, "Cleo");
    assert_eq!(phase(&world, cleo), Phase::Waiting);
    assert_eq!(world.people[1].view.rules.auto_admit, None, "and everyone sees that it is over");
}

#[test]
fn a_removal_makes_those_with_the_shared_link_wait_again() {
    let mut world = open_house(100);
    let link = invite(&mut world, "Ben");
    let device = world.device(1);
    world.command(0, Command::Remove { device });
    world.run(2_000);
    assert!(!world.people[0].view.rules.auto_admit.expect("still off").shared_links);
    let cleo = knock(&mut world, 4, "Cleo");
    assert_eq!(phase(&world, cleo), Phase::Waiting);
    let ben = knock_by(&mut world, &link, 3, "Ben");
    assert_eq!(phase(&world, ben), Phase::InMeeting, "a personal link is one's own");
    waiting_room(&mut world, false, 100);
    assert_eq!(phase(&world, cleo), Phase::InMeeting, "the host opened it again");
    world.join(1, "Ana");
    world.run(1_000);
    assert_ne!(phase(&world, 1), Phase::InMeeting, "whoever was removed stays out");
}

#[test]
fn neither_blocked_nor_locked_nor_consulting_lets_anyone_in_by_itself() {
    let mut world = World::pair();
    let rude = knock(&mut world, 3, "Rude");
    let knock_id = waiting(&world, "Rude").knock;
    world.command(0, Command::Block { knock: knock_id });
    world.run(500);
    waiting_room(&mut world, false, 100);
    world.join(rude, "Rude");
    world.run(1_000);
    assert_eq!(phase(&world, rude), Phase::Refused);
    world.command(0, Command::SetRule { rule: Rule::Consulting, on: true });
    world.run(500);
    let cleo = knock(&mut world, 4, "Cleo");
    assert_eq!(phase(&world, cleo), Phase::Waiting);
    world.command(0, Command::SetRule { rule: Rule::Consulting, on: false });
    world.run(1_000);
    assert_eq!(phase(&world, cleo), Phase::InMeeting);
    world.command(0, Command::SetRule { rule: Rule::Freeze, on: true });
    world.run(500);
    let dora = knock(&mut world, 5, "Dora");
    assert_eq!(phase(&world, dora), Phase::Refused);
}

#[test]
fn what_the_host_says_is_heard_by_those_who_wait_and_by_nobody_else() {
    let mut world = World::pair();
    let (ben, cleo) = (knock(&mut world, 3, "Ben"), knock(&mut world, 4, "Cleo"));
    assert!(world.people[ben].view.host_knows);
    world.command(0, Command::Tell { text: "Five more minutes, please.".into() });
    world.run(500);
    for who in [ben, cleo] {
        assert_eq!(world.people[who].view.told, ["Five more minutes, please."]);
    }
    let told = |m: &&ServerMessage| matches!(m, ServerMessage::Told { .. });
    for who in [0, 1] {
        assert_eq!(world.people[who].received.iter().filter(told).count(), 0);
    }
    let sealed: Vec<_> = [ben, cleo]
        .map(|who| world.people[who].received.iter().find(told).expect("told").clone())
        .into();
    assert_ne!(sealed[0], sealed[1], "each under its own key");
    // Later knocks have not heard it, and those inside hear nothing.
    world.admit_all();
    world.run(1_000);
    let dora = knock(&mut world, 5, "Dora");
    assert!(world.people[dora].view.told.is_empty());
}

#[test]
fn a_forged_repeated_or_redirected_word_is_not_heard() {
    let mut world = World::pair();
    let (ben, cleo) = (knock(&mut world, 3, "Ben"), knock(&mut world, 4, "Cleo"));
    world.command(0, Command::Tell { text: "Hello Ben and Cleo".into() });
    world.run(500);
    let told = |m: &&ServerMessage| matches!(m, ServerMessage::Told { .. });
    let to_ben = world.people[ben].received.iter().find(told).expect("told").clone();
    world.slip(ben, to_ben.clone());
    world.slip(cleo, to_ben);
    world.slip(ben, ServerMessage::Told { sealed: vec![7; 300].into() });
    world.run(500);
    for who in [ben, cleo] {
        assert_eq!(world.people[who].view.told, ["Hello Ben and Cleo"]);
    }
}

#[test]
fn of_what_was_said_the_last_twenty_are_kept() {
    let mut world = World::pair();
    let ben = knock(&mut world, 3, "Ben");
    for n in 0..25 {
        world.command(0, Command::Tell { text: format!("{n}") });
        world.run(100);
    }
    let told = &world.people[ben].view.told;
    assert_eq!((told.len(), told[0].as_str(), told[19].as_str()), (20, "5", "24"));
}

#[test]
fn a_guest_cannot_speak_to_those_who_wait() {
    let mut world = World::pair();
    let ben = knock(&mut world, 3, "Ben");
    let knock = waiting(&world, "Ben").knock;
    world.upload(1, ClientMessage::Tell { knock, sealed: vec![1; 100].into() });
    world.run(500);
    let told = |m: &ServerMessage| matches!(m, ServerMessage::Told { .. });
    assert!(!world.people[ben].received.iter().any(told), "the server passes nothing on");
}

#[test]
fn a_name_given_before_admission_is_the_one_everybody_sees() {
    let mut world = World::pair();
    let ben = knock(&mut world, 3, "xX_ben_Xx");
    let knock = waiting(&world, "xX_ben_Xx").knock;
    world.command(0, Command::RenameWaiting { knock, name: "Ben Okafor".into() });
    world.run(100);
    assert_eq!(world.people[ben].view.my_name, "xX_ben_Xx", "outside nothing is told");
    assert_eq!(waiting(&world, "Ben Okafor").knock, knock);
    world.admit_all();
    world.run(1_000);
    for who in [0, 1, ben] {
        assert_eq!(world.names(who), ["Ana", "Ben Okafor", "Dr. Host"], "{who}");
    }
    assert_eq!(world.people[ben].view.my_name, "Ben Okafor");
}

#[test]
fn whoever_waits_is_told_whether_the_host_knows() {
    let mut world = World::pair();
    let ben = knock(&mut world, 3, "Ben");
    assert!(world.people[ben].view.host_knows);
    world.cut(0);
    world.run(500);
    assert!(!world.people[ben].view.host_knows, "the host is away");
    world.mend(0);
    world.run(3_000);
    assert!(world.people[ben].view.host_knows);
    world.admit_all();
    world.run(1_000);
    assert!(!world.people[ben].view.host_knows, "inside there is nothing to wait for");
}
