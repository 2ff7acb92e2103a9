//! The room's rules: what the host's side sets holds for the page, for the server and for every
//! member, each by itself.

mod world;

use base::Rights;
use client::shell::{Ask, Command, FrameCommand, Notice, Rule};
use client::view::{Phase, Problem};
use wire::{Channel, ClientMessage, ErrorCode, ServerMessage};
use world::World;
use world::slow::Slow;

const MIC: u8 = 0b0001;
const CAMERA: u8 = 0b0010;
const SCREEN: u8 = 0b1100;

/// What this person's frame worker lets through, of others in general and of single leaves.
fn lets_through(world: &World, who: usize) -> (u8, Vec<(u32, u8)>) {
    let mut told = world.people[who].frames.iter().rev().filter_map(|command| match command {
        FrameCommand::Rights { others, leaves } => Some((*others, leaves.clone())),
        _ => None,
    });
    told.next().expect("rights are told on entering")
}

fn set(world: &mut World, rule: Rule, on: bool) {
    world.command(0, Command::SetRule { rule, on });
    world.run(1_000);
}

/// Host, Ana and Ben.
fn three() -> World {
    let mut world = World::pair();
    world.enter(3, "Ben");
    world
}

fn chat(world: &World, who: usize) -> Vec<&str> {
    world.people[who].view.chat.iter().map(|line| line.text.as_str()).collect()
}

/// Ana's program has not heard of the rules: the server keeps the host's commits from it.
fn keep_ana_in_the_dark(world: &mut World) {
    world.trick = Some(Box::new(|to, message| match message {
        ServerMessage::Committed { .. } if to == 1 => vec![],
        other => vec![other],
    }));
}

/// What Ana has sealed last.
fn last_said(world: &World) -> (base::GroupId, u64, wire::Bytes) {
    let mut said = world.people[1].sent.iter().rev().filter_map(|message| match message {
        ClientMessage::GroupMessage { group, epoch, channel: Channel::Chat, message } => {
            Some((*group, *epoch, message.clone()))
        }
        _ => None,
    });
    said.next().expect("she has written something")
}

#[test]
fn by_default_only_the_host_shares() {
    let world = three();
    assert!(world.people[0].view.may.share && world.people[0].view.may.control);
    for guest in [1, 2] {
        let may = world.people[guest].view.may;
        assert!(may.unmute && may.video && may.chat && may.rename && !may.share && !may.control);
        assert_eq!(world.permit(guest), Some(Rights::ALL.without(Rights::SCREEN)));
        let (others, leaves) = lets_through(&world, guest);
        assert_eq!((others, leaves.as_slice()), (MIC | CAMERA, &[(0, MIC | CAMERA | SCREEN)][..]));
    }
    assert_eq!(world.permit(0), Some(Rights::ALL));
}

#[test]
fn one_person_may_be_allowed_what_the_others_may_not() {
    let mut world = three();
    let device = world.device(1);
    world.command(0, Command::Allow { device: device.clone(), rule: Rule::Share, on: true });
    world.run(1_000);
    assert!(world.people[1].view.may.share && !world.people[2].view.may.share);
    assert_eq!(world.permit(1), Some(Rights::ALL));
    assert!(lets_through(&world, 2).1.contains(&(1, MIC | CAMERA | SCREEN)));
    world.command(0, Command::Allow { device, rule: Rule::Share, on: false });
    world.run(1_000);
    assert!(!world.people[1].view.may.share);
    assert_eq!(lets_through(&world, 2).1, [(0, MIC | CAMERA | SCREEN)]);
}

#[test]
fn a_guest_cannot_set_rules_with_its_own_program() {
    let mut world = three();
    world.command(1, Command::SetRule { rule: Rule::Share, on: true });
    world.command(1, Command::Ask { device: None, ask: Ask::Mute });
    world.command(1, Command::Rename { device: world.device(2), name: "Fool".into() });
    world.run(2_000);
    assert!(!world.people[1].view.may.share && !world.people[0].view.rules.share);
    assert!(world.people[2].notices.is_empty());
    assert_eq!(world.names(0), ["Ana", "Ben", "Dr. Host"]);
}

#[test]
fn with_the_chat_off_a_changed_program_is_stopped_by_the_server_alone() {
    let mut world = three();
    keep_ana_in_the_dark(&mut world);
    set(&mut world, Rule::Chat, false);
    assert!(world.people[1].view.may.chat, "she does not know");
    world.people[1].received.clear();
    for other in [0, 2] {
        world.people[other].received.clear();
    }
    world.command(1, Command::Chat { text: "psst".into() });
    world.run(1_000);
    let refused =
        |m: &ServerMessage| matches!(m, ServerMessage::Error { code: ErrorCode::NotAllowed });
    assert!(world.people[1].received.iter().any(refused));
    let (_, _, said) = last_said(&world);
    let reached = |m: &ServerMessage| matches!(m, ServerMessage::GroupMessage { message, .. } if *message == said);
    assert!(![0, 2].iter().any(|who| world.people[*who].received.iter().any(reached)));
}

#[test]
fn with_the_chat_off_a_changed_program_and_the_server_together_are_stopped_by_the_members() {
    let mut world = three();
    keep_ana_in_the_dark(&mut world);
    set(&mut world, Rule::Chat, false);
    world.command(1, Command::Chat { text: "psst".into() });
    world.run(100);
    let (group, epoch, message) = last_said(&world);
    for channel in [Channel::Chat, Channel::Group] {
        let message = message.clone();
        world.slip(2, ServerMessage::GroupMessage { group, epoch, channel, message });
    }
    world.run(1_000);
    assert_eq!(chat(&world, 2), [""; 0]);
    // The very same words count once the host allows them.
    world.trick = None;
    let mut world = three();
    world.command(1, Command::Chat { text: "hello".into() });
    world.run(1_000);
    assert_eq!(chat(&world, 2), ["hello"]);
}

#[test]
fn chat_declared_as_something_else_is_refused_by_the_members() {
    let mut world = three();
    set(&mut world, Rule::Chat, false);
    set(&mut world, Rule::Chat, true);
    world.people[1].network = true;
    world.trick = Some(Box::new(|to, message| match message {
        ServerMessage::GroupMessage { channel: Channel::Chat, group, epoch, message }
            if to == 2 =>
        {
            vec![ServerMessage::GroupMessage { channel: Channel::Group, group, epoch, message }]
        }
        other => vec![other],
    }));
    world.command(1, Command::Chat { text: "psst".into() });
    world.run(1_000);
    assert_eq!(chat(&world, 2), [""; 0]);
    assert_eq!(chat(&world, 0), ["psst"]);
}

#[test]
fn closing_the_microphones_leaves_those_who_speak_and_silences_the_others() {
    let mut world = three();
    world.command(1, Command::SetMuted { kind: wire::Kind::Mic, muted: false });
    world.run(1_000);
    set(&mut world, Rule::Unmute, false);
    assert!(world.people[1].view.may.unmute, "she was speaking");
    assert!(!world.people[2].view.may.unmute);
    assert!(!world.permit(2).unwrap().contains(Rights::MIC));
    let (others, leaves) = lets_through(&world, 0);
    assert_eq!(others, CAMERA);
    assert!(leaves.contains(&(1, MIC | CAMERA)));
    // Once she has muted herself she needs the host's word like everyone else.
    world.command(1, Command::SetMuted { kind: wire::Kind::Mic, muted: true });
    world.run(1_000);
    assert!(!world.people[1].view.may.unmute);
    assert!(!world.permit(1).unwrap().contains(Rights::MIC));
}

#[test]
fn asking_someone_to_unmute_allows_it_and_muting_takes_it_back() {
    let mut world = three();
    set(&mut world, Rule::Unmute, false);
    let device = world.device(2);
    world.command(0, Command::Ask { device: Some(device.clone()), ask: Ask::Unmute });
    world.run(1_000);
    assert_eq!(world.people[2].notices, [Notice::AskedToUnmute]);
    assert!(world.people[2].view.may.unmute && !world.people[1].view.may.unmute);
    assert!(
        !world.people[2].view.people.iter().any(|p| p.me && p.mic_on),
        "nobody is unmuted by another"
    );
    world.command(0, Command::Ask { device: Some(device), ask: Ask::Mute });
    world.run(1_000);
    assert_eq!(world.people[2].notices.last(), Some(&Notice::Mute));
    assert!(!world.people[2].view.may.unmute);
}

#[test]
fn muting_all_asks_everyone_but_the_host() {
    let mut world = three();
    world.command(0, Command::Ask { device: None, ask: Ask::Mute });
    world.run(1_000);
    assert!(world.people[0].notices.is_empty());
    for guest in [1, 2] {
        assert_eq!(world.people[guest].notices, [Notice::Mute]);
        assert!(world.people[guest].view.may.unmute, "they may unmute themselves again");
    }
}

#[test]
fn stop_everything_freezes_media_chat_and_admission_and_resumes() {
    let mut world = three();
    set(&mut world, Rule::Freeze, true);
    for guest in [1, 2] {
        let may = world.people[guest].view.may;
        assert!(!may.unmute && !may.video && !may.share && !may.chat && !may.rename);
        assert_eq!(world.permit(guest), Some(Rights::NONE));
        assert_eq!(lets_through(&world, guest), (0, vec![(0, MIC | CAMERA | SCREEN)]));
    }
    let late = world.guest(4);
    world.join(late, "Late");
    world.run(1_000);
    assert_eq!(world.people[late].view.problem, Some(Problem::Locked));
    set(&mut world, Rule::Freeze, false);
    assert!(world.people[1].view.may.unmute && world.people[1].view.may.chat);
    world.join(late, "Late");
    world.run(1_000);
    world.admit_all();
    world.run(1_000);
    assert_eq!(world.people[late].view.phase, Phase::InMeeting);
    assert!(!world.people[late].view.may.share, "newcomers learn the rules with the keys");
}

#[test]
fn a_locked_meeting_lets_nobody_knock() {
    let mut world = three();
    set(&mut world, Rule::Lock, true);
    let late = world.guest(4);
    world.join(late, "Late");
    world.run(1_000);
    assert_eq!(world.people[late].view.problem, Some(Problem::Locked));
}

/// Three have knocked, and the host lets in one after another: the second and third while the first is on its way.
fn three_on_the_way_in() -> (World, Slow) {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    for seed in 2..5 {
        let guest = world.guest(seed);
        world.join(guest, &format!("Guest {seed}"));
        world.run(200);
    }
    let slow = Slow::down(&mut world);
    let waiting: Vec<_> = world.people[0].view.waiting.iter().map(|one| one.knock).collect();
    assert_eq!(waiting.len(), 3);
    waiting.into_iter().for_each(|knock| world.command(0, Command::Admit { knock }));
    (world, slow)
}

fn let_time_pass(world: &mut World, slow: &Slow) {
    (0..6).for_each(|_| slow.burst(world));
}

#[test]
fn a_lock_comes_after_those_who_were_let_in_before_it() {
    let (mut world, slow) = three_on_the_way_in();
    world.command(0, Command::SetRule { rule: Rule::Lock, on: true });
    let_time_pass(&mut world, &slow);
    assert!(world.people[0].view.rules.locked);
    let inside = |person: &&world::Person| person.view.phase == Phase::InMeeting;
    assert_eq!(world.people.iter().filter(inside).count(), 4);
}

#[test]
fn stop_everything_waits_for_nobody_on_the_way_in() {
    let (mut world, slow) = three_on_the_way_in();
    world.command(0, Command::SetRule { rule: Rule::Freeze, on: true });
    let_time_pass(&mut world, &slow);
    assert!(world.people[0].view.rules.frozen);
    assert_eq!(world.people[0].view.people.len(), 2, "whose commit was under way is in");
    assert_eq!(world.people[0].view.waiting.len(), 2, "the others wait as before");
    assert!(world.people[0].view.waiting.iter().all(|one| one.held));
    set(&mut world, Rule::Freeze, false);
    let_time_pass(&mut world, &slow);
    world.admit_all();
    let_time_pass(&mut world, &slow);
    assert_eq!(world.people[0].view.people.len(), 4);
}

#[test]
fn nobody_is_let_in_from_the_waiting_room_of_a_locked_meeting() {
    let mut world = World::pair();
    let late = world.guest(4);
    world.join(late, "Late");
    world.run(1_000);
    set(&mut world, Rule::Lock, true);
    let knock = world.people[0].view.waiting[0].knock;
    world.command(0, Command::Admit { knock });
    world.admit_all();
    world.run(1_000);
    assert_eq!(world.people[late].view.phase, Phase::Waiting);
    assert!(world.people[0].view.waiting[0].held);
    // Unlocked and let in at once: the one after the other.
    world.command_first(0, Command::Admit { knock });
    world.command_first(0, Command::SetRule { rule: Rule::Lock, on: false });
    world.run(1_000);
    assert_eq!(world.people[late].view.phase, Phase::InMeeting);
    assert!(!world.people[0].view.rules.locked);
}

#[test]
fn a_blocked_device_never_gets_in_until_the_host_allows_it_again() {
    let mut world = World::pair();
    let rude = world.guest(4);
    world.join(rude, "Rude");
    world.run(1_000);
    let knock = world.people[0].view.waiting[0].knock;
    world.command(0, Command::Block { knock });
    world.run(1_000);
    assert_eq!(world.people[rude].view.problem, Some(Problem::Declined));
    for _ in 0..2 {
        world.join(rude, "Rude again");
        world.run(1_000);
        assert!(world.people[0].view.waiting.is_empty(), "the host is not even asked");
    }
    // A new session of the same host knows it, too.
    world.reload(0);
    world.run(15_000);
    world.join(rude, "Rude");
    world.run(2_000);
    assert!(world.people[0].view.waiting.is_empty());
    let banned = world.people[0].view.banned.clone();
    assert_eq!(banned.len(), 1);
    world.command(0, Command::Unblock { device: banned[0].device.clone() });
    world.run(1_000);
    world.join(rude, "Polite");
    world.run(2_000);
    assert_eq!(world.people[0].view.waiting.len(), 1);
}

#[test]
fn a_removed_device_comes_back_only_when_the_host_allows_it() {
    let mut world = three();
    let device = world.device(1);
    world.command(0, Command::Remove { device: device.clone() });
    world.run(2_000);
    assert_eq!(world.people[0].view.banned[0].name, "Ana");
    world.command(0, Command::Unblock { device });
    world.run(1_000);
    world.join(1, "Ana");
    world.run(2_000);
    world.admit_all();
    world.run(1_000);
    assert_eq!(world.people[1].view.phase, Phase::InMeeting);
}

#[test]
fn names_change_by_the_host_and_by_oneself_where_allowed() {
    let mut world = three();
    world.command(0, Command::Rename { device: world.device(1), name: "Anna K.".into() });
    world.run(1_000);
    for who in 0..3 {
        assert_eq!(world.names(who), ["Anna K.", "Ben", "Dr. Host"], "{who}");
    }
    assert_eq!(world.people[1].view.my_name, "Anna K.");
    world.command(2, Command::Rename { device: world.device(2), name: "Benno".into() });
    world.run(1_000);
    assert_eq!(world.names(0), ["Anna K.", "Benno", "Dr. Host"]);
    set(&mut world, Rule::Rename, false);
    world.command(2, Command::Rename { device: world.device(2), name: "Dr. Host".into() });
    world.run(1_000);
    assert_eq!(world.names(0), ["Anna K.", "Benno", "Dr. Host"]);
}

#[test]
fn whoever_enters_a_quiet_room_is_told_to_be_quiet() {
    let mut world = World::pair();
    set(&mut world, Rule::JoinMuted, true);
    set(&mut world, Rule::JoinCameraOff, true);
    let late = world.enter(4, "Late");
    assert_eq!(world.people[late].notices, [Notice::JoinMuted, Notice::JoinCameraOff]);
    assert!(world.people[1].notices.is_empty(), "those inside are left alone");
}

#[test]
fn from_the_eleventh_person_on_whoever_enters_is_muted() {
    let mut world = World::pair();
    let guests: Vec<_> = (3..12).map(|seed| world.enter(seed, &format!("Guest {seed}"))).collect();
    let (eleventh, earlier) = guests.split_last().expect("nine came after Ana");
    assert!(earlier.iter().all(|guest| world.people[*guest].notices.is_empty()));
    assert_eq!(world.people[*eleventh].notices, [Notice::JoinMuted]);
}
