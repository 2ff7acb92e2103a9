//! An audience: whoever comes in watches, raises a hand, and is brought on stage and off again.

mod world;

use base::Rights;
use client::shell::{Ask, Command, FrameCommand, Notice, Rule};
use client::view::{Person, PersonRole};
use world::World;

const HOST: usize = 0;
const ANA: usize = 1;
const BEN: usize = 2;
const CLEO: usize = 3;

/// Ana came before newcomers only watch; Ben and Cleo watch.
fn audience() -> World {
    let mut world = World::pair();
    world.command(HOST, Command::SetRule { rule: Rule::Viewers, on: true });
    world.run(1_000);
    world.enter(3, "Ben");
    world.enter(4, "Cleo");
    world.run(1_000);
    world
}

fn person<'a>(world: &'a World, of: usize, name: &str) -> &'a Person {
    world.people[of].view.people.iter().find(|person| person.name == name).expect("is here")
}

/// Which kinds of Ben's frames Ana's frame worker lets through.
fn lets_through(world: &World) -> u8 {
    let told = world.people[ANA].frames.iter().rev().find_map(|command| match command {
        FrameCommand::Rights { others, leaves } => Some((*others, leaves.clone())),
        _ => None,
    });
    let (others, leaves) = told.expect("rights are told on entering");
    leaves.iter().find(|(leaf, _)| *leaf == 2).map_or(others, |(_, kinds)| *kinds)
}

#[test]
fn whoever_comes_after_only_watches_and_whoever_was_there_does_not() {
    let world = audience();
    assert!(world.people[HOST].view.rules.viewers);
    assert_eq!(person(&world, HOST, "Ana").role, PersonRole::Participant);
    assert_eq!(person(&world, ANA, "Ben").role, PersonRole::Viewer);
    assert_eq!(world.people[BEN].view.may, client::view::May::default());
    assert_eq!(world.permit(BEN), Some(Rights::NONE));
    assert_eq!(lets_through(&world), 0);
    assert_ne!(world.permit(ANA), Some(Rights::NONE));
}

#[test]
fn a_viewer_is_brought_on_stage_and_off_by_the_host_alone() {
    let mut world = audience();
    let ben = world.device(BEN);
    for guest in [ANA, BEN] {
        world.command(guest, Command::SetStage { device: ben.clone(), on: true });
    }
    world.run(1_000);
    assert_eq!(world.permit(BEN), Some(Rights::NONE));
    world.command(HOST, Command::SetStage { device: ben.clone(), on: true });
    world.run(1_000);
    assert_eq!(world.permit(BEN), Some(Rights::ALL.without(Rights::SCREEN)));
    assert_eq!(lets_through(&world), 0b11);
    assert!(world.people[BEN].view.may.unmute && !world.people[BEN].view.may.share);
    assert_eq!(world.permit(CLEO), Some(Rights::NONE));
    // A single right is given and taken beside that.
    world.command(HOST, Command::Allow { device: ben.clone(), rule: Rule::Share, on: true });
    world.command(HOST, Command::SetRule { rule: Rule::Video, on: false });
    world.run(1_000);
    assert_eq!(world.permit(BEN), Some(Rights::ALL.without(Rights::CAMERA)));
    world.command(HOST, Command::SetStage { device: ben, on: false });
    world.run(1_000);
    assert_eq!(world.permit(BEN), Some(Rights::NONE));
    assert_eq!(lets_through(&world), 0);
    assert_eq!(person(&world, CLEO, "Ben").role, PersonRole::Viewer);
    // Afterwards everyone takes part again.
    world.command(HOST, Command::SetRule { rule: Rule::Viewers, on: false });
    world.run(1_000);
    assert_eq!(world.permit(CLEO), world.permit(ANA));
    assert_eq!(person(&world, BEN, "Ben").role, PersonRole::Participant);
}

#[test]
fn those_who_are_gone_do_not_take_up_the_stage() {
    let mut world = audience();
    for n in 0..base::rules::MAX_EXCEPTIONS as u32 {
        let mut device = vec![0; 32];
        device[..4].copy_from_slice(&n.to_be_bytes());
        let rule = Rule::Share;
        world.command(HOST, Command::Allow { device: device.into(), rule, on: true });
        world.run(20);
    }
    world.command(HOST, Command::SetStage { device: world.device(BEN), on: true });
    world.run(1_000);
    assert_eq!(world.permit(BEN), Some(Rights::ALL.without(Rights::SCREEN)));
    assert_ne!(world.permit(ANA), Some(Rights::NONE), "who is here stays on stage");
}

#[test]
fn without_an_audience_there_is_no_stage() {
    let mut world = World::pair();
    let before = world.permit(ANA);
    world.command(HOST, Command::SetStage { device: world.device(ANA), on: true });
    world.run(1_000);
    assert_eq!(world.permit(ANA), before);
    assert!(world.people[HOST].view.rules.chat);
}

#[test]
fn hands_stand_in_the_order_in_which_they_were_raised() {
    let mut world = audience();
    for who in [CLEO, BEN, ANA] {
        world.command(who, Command::RaiseHand { on: true });
        world.run(200);
    }
    let hands = |world: &World, of| ["Ana", "Ben", "Cleo"].map(|name| person(world, of, name).hand);
    assert_eq!(hands(&world, HOST), [Some(2), Some(1), Some(0)]);
    assert_eq!(hands(&world, BEN), [Some(2), Some(1), Some(0)], "his own among them");
    world.command(CLEO, Command::RaiseHand { on: false });
    world.run(200);
    assert_eq!(hands(&world, HOST), [Some(1), Some(0), None]);
    world.command(HOST, Command::Ask { device: Some(world.device(BEN)), ask: Ask::LowerHand });
    world.run(200);
    assert_eq!(hands(&world, ANA), [Some(0), None, None]);
    assert!(world.people[BEN].notices.contains(&Notice::HandLowered));
    world.command(HOST, Command::Ask { device: None, ask: Ask::LowerHand });
    world.run(200);
    assert_eq!(hands(&world, BEN), [None; 3]);
}

#[test]
fn a_raised_hand_is_shown_to_whoever_comes_later() {
    let mut world = audience();
    world.command(CLEO, Command::RaiseHand { on: true });
    world.enter(5, "Dora");
    world.run(1_000);
    assert_eq!(person(&world, 4, "Cleo").hand, Some(0));
}

#[test]
fn a_viewer_that_comes_back_is_a_viewer() {
    let mut world = audience();
    world.reload(BEN);
    world.run(5_000);
    assert_eq!(person(&world, HOST, "Ben").role, PersonRole::Viewer);
    assert_eq!(world.permit(BEN), Some(Rights::NONE));
}
