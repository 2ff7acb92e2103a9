//! Chat lines arrive once, whatever happens on the way, or their writer is told.

mod world;

use client::shell::{Ask, Command, Notice, Rule};
use client::view::{Delivery, Phase};
use wire::{Channel, ServerMessage};
use world::World;

const HOST: usize = 0;
const ANA: usize = 1;

fn write(world: &mut World, who: usize, text: &str) {
    world.command(who, Command::Chat { text: text.into() });
}

fn lines(world: &World, who: usize) -> Vec<&str> {
    world.people[who].view.chat.iter().map(|line| line.text.as_str()).collect()
}

fn delivery(world: &World, who: usize) -> Vec<Delivery> {
    world.people[who].view.chat.iter().map(|line| line.delivery).collect()
}

/// So many epochs go by.
fn pass_epochs(world: &mut World, epochs: usize) {
    for turn in 0..epochs {
        let on = turn % 2 == 0;
        world.command(HOST, Command::SetRule { rule: Rule::JoinMuted, on });
        world.run(200);
    }
}

#[test]
fn a_line_of_a_page_that_is_far_behind_arrives_once() {
    for behind in [1, 2, 3, 6] {
        let mut world = World::pair();
        world.people[ANA].asleep = true;
        pass_epochs(&mut world, behind);
        world.command_first(ANA, Command::Chat { text: "hello".into() });
        world.people[ANA].asleep = false;
        world.run(10_000);
        assert_eq!(lines(&world, HOST), ["hello"], "{behind} epochs behind");
        assert_eq!(delivery(&world, ANA), [Delivery::Delivered]);
    }
}

#[test]
fn a_line_that_went_into_a_dead_connection_arrives_once() {
    for epochs in [0, 4] {
        let mut world = World::pair();
        world.break_off(ANA);
        write(&mut world, ANA, "lost");
        assert_eq!(delivery(&world, ANA), [Delivery::Waiting]);
        pass_epochs(&mut world, epochs);
        assert_eq!(lines(&world, HOST), [""; 0]);
        world.run(15_000);
        assert_eq!(lines(&world, HOST), ["lost"], "{epochs} epochs on");
        assert_eq!(delivery(&world, ANA), [Delivery::Delivered]);
    }
}

#[test]
fn a_line_whose_return_was_lost_with_the_connection_arrives_once() {
    for epochs in [0, 1, 6] {
        let mut world = World::pair();
        let ben = world.enter(3, "Ben");
        world.trick = Some(Box::new(|to, message| match message {
            ServerMessage::GroupMessage { .. } if to == ANA => vec![],
            message => vec![message],
        }));
        write(&mut world, ANA, "once");
        world.cut(ANA);
        world.trick = None;
        pass_epochs(&mut world, epochs);
        world.mend(ANA);
        world.run(15_000);
        for who in [HOST, ben] {
            assert_eq!(lines(&world, who), ["once"], "{epochs} epochs on");
        }
        assert_eq!(delivery(&world, ANA), [Delivery::Delivered]);
    }
}

#[test]
fn what_was_written_while_the_network_was_away_is_read_on_return() {
    let mut world = World::pair();
    world.cut(ANA);
    write(&mut world, HOST, "one");
    pass_epochs(&mut world, 4);
    for number in 0..40 {
        write(&mut world, HOST, &format!("more {number}"));
        world.run(100);
    }
    world.mend(ANA);
    world.run(5_000);
    assert_eq!(lines(&world, ANA), lines(&world, HOST));
    assert_eq!(lines(&world, ANA).len(), 41);
}

#[test]
fn lines_that_overtake_one_another_are_all_read() {
    let mut world = World::pair();
    let (held, hold) = std::sync::mpsc::channel();
    world.trick = Some(Box::new(move |to, message| match message {
        ServerMessage::GroupMessage { channel: Channel::Chat, .. } if to == ANA => {
            held.send(message).expect("the test listens");
            vec![]
        }
        message => vec![message],
    }));
    for number in 0..60 {
        write(&mut world, HOST, &format!("line {number}"));
    }
    let mut late: Vec<_> = hold.try_iter().collect();
    late.reverse();
    late.into_iter().for_each(|message| world.slip(ANA, message));
    world.run(1_000);
    assert_eq!(lines(&world, ANA).len(), 60);
}

#[test]
fn more_lines_at_once_than_the_server_takes_all_arrive() {
    let mut world = World::pair();
    for number in 0..170 {
        write(&mut world, ANA, &format!("line {number}"));
    }
    assert!(delivery(&world, ANA).contains(&Delivery::Waiting));
    world.run(20_000);
    assert_eq!(lines(&world, HOST).len(), 170);
    assert!(delivery(&world, ANA).iter().all(|d| *d == Delivery::Delivered));
}

#[test]
fn what_is_written_to_one_patient_does_not_reach_the_next() {
    let mut world = World::pair();
    world.run(1_000);
    let device = world.device(ANA);
    world.command(HOST, Command::SetCohost { device, on: true });
    world.run(1_000);
    world.command(HOST, Command::SetRule { rule: Rule::Consulting, on: true });
    world.run(1_000);
    let patient = world.enter(3, "Ben");
    world.break_off(HOST);
    write(&mut world, HOST, "for Ben alone");
    world.command(patient, Command::Leave);
    world.run(2_000);
    let next = world.guest(4);
    world.join(next, "Cleo");
    world.run(1_000);
    let knock = world.people[ANA].view.waiting[0].knock;
    world.command(ANA, Command::Admit { knock });
    world.run(20_000);
    assert_eq!(world.people[next].view.phase, Phase::InMeeting);
    assert_eq!(world.names(HOST), ["Ana", "Cleo", "Dr. Host"]);
    assert_eq!(lines(&world, next), [""; 0]);
    assert_eq!(delivery(&world, HOST), [Delivery::Failed]);
}

#[test]
fn a_line_nobody_can_be_sent_any_more_is_marked() {
    let mut world = World::pair();
    world.break_off(ANA);
    write(&mut world, ANA, "hello?");
    let device = world.device(ANA);
    world.command(HOST, Command::Remove { device });
    world.run(20_000);
    assert_eq!(world.people[ANA].view.phase, Phase::Removed);
    assert_eq!(delivery(&world, ANA), [Delivery::Failed]);
    assert_eq!(lines(&world, HOST), [""; 0]);
}

#[test]
fn whoever_missed_more_commits_than_are_kept_comes_back_and_its_line_with_it() {
    let mut world = World::pair();
    world.cut(ANA);
    write(&mut world, ANA, "still with you");
    pass_epochs(&mut world, 300);
    world.mend(ANA);
    world.run(10_000);
    assert_eq!(world.people[ANA].view.phase, Phase::InMeeting);
    assert_eq!(lines(&world, HOST), ["still with you"]);
}

#[test]
fn an_ask_of_a_host_that_is_far_behind_is_heard() {
    let mut world = World::pair();
    let ben = world.enter(3, "Ben");
    let device = world.device(ANA);
    world.command(HOST, Command::SetCohost { device, on: true });
    world.run(1_000);
    world.people[ANA].asleep = true;
    pass_epochs(&mut world, 4);
    world.command_first(ANA, Command::Ask { device: None, ask: Ask::Mute });
    world.people[ANA].asleep = false;
    world.run(1_000);
    assert_eq!(world.people[ben].notices, [Notice::Mute]);
}

#[test]
fn what_is_said_again_late_does_not_undo_what_was_said_since() {
    for things in 1..12 {
        let mut world = World::pair();
        world.people[ANA].asleep = true;
        pass_epochs(&mut world, 3);
        world.people[ANA].asleep = false;
        // Sealed too early for anyone to read, then once more an epoch or two later.
        world.command_first(ANA, Command::RaiseHand { on: true });
        world.step(ANA, things);
        world.command_first(ANA, Command::RaiseHand { on: false });
        world.run(10_000);
        let people = &world.people[HOST].view.people;
        assert!(people.iter().all(|person| person.hand.is_none()), "after {things}");
    }
}
