//! The same participants with a server that misbehaves: each case is refused or put into words,
//! and never shows a wrong name.

mod world;

use client::shell::{Command, FrameCommand, FrameEvent, Input};
use client::view::{Phase, Problem, Safety};
use std::cell::RefCell;
use std::rc::Rc;
use wire::{Bytes, ClientMessage, Kind, LobbyReason, ServerMessage, SlotSource};
use world::World;

type Kept = Rc<RefCell<Vec<ServerMessage>>>;

fn sends(world: &World, who: usize) -> bool {
    let changes = world.people[who].frames.iter().rev();
    let mut last = changes.filter_map(|command| match command {
        FrameCommand::SendWith { .. } => Some(true),
        FrameCommand::StopSending | FrameCommand::Clear => Some(false),
        _ => None,
    });
    last.next().unwrap_or(false)
}

fn safety(world: &World, who: usize) -> Safety {
    world.people[who].view.safety
}

fn waiting(world: &World) -> Vec<&str> {
    world.people[0].view.waiting.iter().map(|w| w.name.as_str()).collect()
}

fn declined(world: &World) -> Vec<LobbyReason> {
    let sent = world.people[0].sent.iter();
    sent.filter_map(|m| match m {
        ClientMessage::Decline { reason, .. } => Some(*reason),
        _ => None,
    })
    .collect()
}

/// Two guests about to knock, whose knocks the server keeps for itself.
fn two_kept_knocks() -> (World, Vec<ServerMessage>) {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let kept = Kept::default();
    let keeping = kept.clone();
    world.trick = Some(Box::new(move |_, message| match message {
        ServerMessage::Knocked { .. } => {
            keeping.borrow_mut().push(message);
            vec![]
        }
        _ => vec![message],
    }));
    for (seed, name) in [(2, "Ana"), (3, "Ben")] {
        let guest = world.guest(seed);
        world.join(guest, name);
    }
    world.trick = None;
    let kept = kept.take();
    assert_eq!(kept.len(), 2);
    (world, kept)
}

fn parts(message: &ServerMessage) -> (u64, base::DeviceKey, Bytes) {
    let ServerMessage::Knocked { knock, device, sealed } = message else { panic!("a knock") };
    (*knock, *device, sealed.clone())
}

#[test]
fn knocks_swapped_between_two_people_are_not_shown() {
    let (mut world, kept) = two_kept_knocks();
    let (ana, ben) = (parts(&kept[0]), parts(&kept[1]));
    world.slip(0, ServerMessage::Knocked { knock: ana.0, device: ana.1, sealed: ben.2 });
    world.slip(0, ServerMessage::Knocked { knock: ben.0, device: ben.1, sealed: ana.2 });
    world.settle();
    assert!(waiting(&world).is_empty());
    assert_eq!(declined(&world), [LobbyReason::Invalid, LobbyReason::Invalid]);
}

#[test]
fn a_name_patched_into_another_knock_is_not_shown() {
    let (mut world, kept) = two_kept_knocks();
    let (ana, ben) = (parts(&kept[0]), parts(&kept[1]));
    let half = ana.2.0.len() / 2;
    let mixed = [&ana.2.0[..half], &ben.2.0[half..]].concat().into();
    world.slip(0, ServerMessage::Knocked { knock: ana.0, device: ana.1, sealed: mixed });
    world.settle();
    assert!(waiting(&world).is_empty());
}

#[test]
fn a_replayed_knock_is_not_shown_twice() {
    let (mut world, kept) = two_kept_knocks();
    let (knock, device, sealed) = parts(&kept[0]);
    world.slip(0, kept[0].clone());
    world.settle();
    assert_eq!(waiting(&world), ["Ana"]);
    world.command(0, Command::Decline { knock });
    world.slip(0, ServerMessage::Knocked { knock: 99, device, sealed });
    world.settle();
    assert!(waiting(&world).is_empty());
    assert_eq!(declined(&world), [LobbyReason::Declined, LobbyReason::Stale]);
}

#[test]
fn a_server_with_another_key_is_told_nothing() {
    let mut world = World::new();
    world.trick = Some(Box::new(|_, message| match message {
        ServerMessage::Challenge { version, nonce, .. } => {
            let key = base::MeetingKey([9; 32]);
            vec![ServerMessage::Challenge { version, nonce, key, policy: None }]
        }
        _ => vec![message],
    }));
    let guest = world.guest(2);
    assert_eq!(world.people[guest].view.problem, Some(Problem::WrongHostKey));
    assert!(world.people[guest].sent.is_empty());
}

#[test]
fn another_version_is_told_to_reload() {
    let mut world = World::new();
    world.trick = Some(Box::new(|_, message| match message {
        ServerMessage::Challenge { nonce, key, .. } => {
            vec![ServerMessage::Challenge { version: 99, nonce, key, policy: None }]
        }
        _ => vec![message],
    }));
    let guest = world.guest(2);
    assert_eq!(world.people[guest].view.problem, Some(Problem::Version));
}

#[test]
fn a_doorbell_the_host_did_not_sign_is_not_knocked_at() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    world.trick = Some(Box::new(|_, message| match message {
        ServerMessage::Doorbell { doorbell: Some(mut bell), nonce, wrap, card } => {
            bell.0[70] ^= 1;
            vec![ServerMessage::Doorbell { doorbell: Some(bell), nonce, wrap, card }]
        }
        _ => vec![message],
    }));
    let guest = world.guest(2);
    world.join(guest, "Ana");
    world.run(2_000);
    let knocked = |m: &ClientMessage| matches!(m, ClientMessage::Knock { .. });
    assert!(!world.people[guest].sent.iter().any(knocked));
    assert_eq!(world.people[guest].view.phase, Phase::Waiting);
}

#[test]
fn forged_welcomes_are_refused_and_said() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let guest = world.guest(2);
    world.trick = Some(Box::new(|_, message| match message {
        ServerMessage::Welcome { group, epoch, mut message } => {
            let at = message.0.len() / 2;
            message.0[at] ^= 1;
            vec![ServerMessage::Welcome { group, epoch, message }]
        }
        _ => vec![message],
    }));
    world.join(guest, "Ana");
    let group = base::GroupId([1; 16]);
    for _ in 0..3 {
        world.run(5_000);
        world.slip(guest, ServerMessage::Welcome { group, epoch: 1, message: vec![1; 99].into() });
        world.settle();
    }
    assert!(!sends(&world, guest) && world.people[guest].view.people.is_empty());
    let view = &world.people[guest].view;
    assert!(view.phase == Phase::Waiting || view.problem == Some(Problem::StaleGroup));
}

#[test]
fn a_forged_commit_changes_nothing() {
    let mut world = World::pair();
    let (code, names) = (world.people[1].view.code.clone(), world.names(1).len());
    let group = group_of(&world, 1);
    for epoch in [0, 1, 2] {
        let commit = vec![7; 400].into();
        let ticket = vec![7; 200].into();
        world.slip(1, ServerMessage::Committed { group, epoch, commit, ticket });
    }
    world.run(10_000);
    assert_eq!((&world.people[1].view.code, world.names(1).len()), (&code, names));
    assert_eq!(safety(&world, 1), Safety::Private);
    let third = world.enter(3, "Ben");
    assert_eq!(world.names(third), ["Ana", "Ben", "Dr. Host"]);
    assert_eq!(world.names(1), ["Ana", "Ben", "Dr. Host"]);
}

fn group_of(world: &World, who: usize) -> base::GroupId {
    let said = world.people[who].received.iter().rev();
    let mut groups = said.filter_map(|message| match message {
        ServerMessage::Welcome { group, .. } => Some(*group),
        _ => None,
    });
    groups.next().expect("a Welcome was received")
}

#[test]
fn a_member_the_server_invents_is_not_shown() {
    let mut world = World::pair();
    let member = wire::Member {
        participant: 4242,
        device: base::DeviceKey([9; 32]),
        connected: true,
        mic: true,
        camera: true,
        screen: false,
    };
    world.slip(1, ServerMessage::MemberChanged { member });
    world.slip(1, ServerMessage::Members { members: vec![member] });
    world.settle();
    assert_eq!(world.names(1), ["Ana", "Dr. Host"]);
    assert!(world.people[1].view.people.iter().all(|p| p.device.0 != [9; 32]));
}

#[test]
fn a_relabelled_slot_keeps_the_name_of_its_key() {
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    let (host, ben) = (world.device(0), world.device(third));
    let number = |w: &World, device: &Bytes| {
        let people = &w.people[1].view.people;
        people.iter().find(|p| p.device == *device).and_then(|p| p.participant).unwrap()
    };
    let (host_number, ben_number) = (number(&world, &host), number(&world, &ben));
    let slot = |participant| ServerMessage::Slots {
        slots: vec![SlotSource {
            mid: "3".into(),
            participant: Some(participant),
            kind: Kind::Camera,
        }],
    };
    world.slip(1, slot(host_number));
    world.settle();
    assert_eq!(world.people[1].view.slots[0].device, None, "nothing is shown before it verifies");
    let verified = FrameEvent::SlotVerified { mid: "3".into(), epoch: 2, leaf: 0 };
    world.input(1, Input::Frames(verified));
    assert_eq!(world.people[1].view.slots[0].device, Some(host.clone()));
    world.slip(1, slot(ben_number));
    world.settle();
    let relabelled = &world.people[1].view.slots[0];
    assert_eq!((relabelled.claimed, &relabelled.device), (Some(ben_number), &Some(host)));
    world.input(1, Input::Frames(FrameEvent::SlotUnverified { mid: "3".into() }));
    let slot = &world.people[1].view.slots[0];
    assert!(slot.unverified && slot.device.is_none());
}

#[test]
fn a_withheld_removal_is_noticed_and_sending_stops() {
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    world.run(10_000);
    // Ana never hears that Ben was removed; nor anything of the time after.
    world.trick = Some(Box::new(|to, message| match message {
        ServerMessage::Committed { .. } if to == 1 => vec![],
        _ => vec![message],
    }));
    let device = world.device(third);
    world.command(0, Command::Remove { device });
    world.run(20_000);
    assert_eq!(safety(&world, 1), Safety::Unconfirmed, "in words after 15 s");
    world.run(15_000);
    assert_eq!(safety(&world, 1), Safety::Paused);
    assert!(!sends(&world, 1));
    assert_eq!(safety(&world, 0), Safety::Private);
}

#[test]
fn replayed_heartbeats_do_not_cover_a_withheld_removal() {
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    let kept = Kept::default();
    let keeping = kept.clone();
    world.trick = Some(Box::new(move |to, message| {
        if let (1, ServerMessage::GroupMessage { .. }) = (to, &message) {
            keeping.borrow_mut().push(message.clone());
        }
        vec![message]
    }));
    world.run(30_000);
    assert!(kept.borrow().len() > 3);
    world.trick = Some(Box::new(|to, message| match message {
        ServerMessage::Committed { .. } if to == 1 => vec![],
        _ => vec![message],
    }));
    let device = world.device(third);
    world.command(0, Command::Remove { device });
    for message in kept.take() {
        world.slip(1, message);
        world.run(5_000);
    }
    assert_eq!(safety(&world, 1), Safety::Paused);
    assert!(!sends(&world, 1));
}

#[test]
fn dropped_heartbeats_pause_sending_and_the_next_resumes_it() {
    let mut world = World::pair();
    world.trick = Some(Box::new(|to, message| match message {
        ServerMessage::GroupMessage { .. } if to == 1 => vec![],
        _ => vec![message],
    }));
    world.run(16_000);
    assert_eq!(safety(&world, 1), Safety::Unconfirmed);
    assert!(sends(&world, 1));
    world.run(20_000);
    assert_eq!(safety(&world, 1), Safety::Paused);
    assert!(!sends(&world, 1));
    world.trick = None;
    // First the server's holding back is put into words, until a fresh echo clears it.
    world.run(45_000);
    assert_eq!(safety(&world, 1), Safety::Private);
    assert!(sends(&world, 1));
}

#[test]
fn delayed_heartbeats_are_put_into_words() {
    let mut world = World::pair();
    world.run(40_000);
    let held = Kept::default();
    let holding = held.clone();
    world.trick = Some(Box::new(move |to, message| match message {
        ServerMessage::GroupMessage { .. } if to == 1 => {
            holding.borrow_mut().push(message);
            vec![]
        }
        _ => vec![message],
    }));
    let mut worst = Safety::Private;
    for _ in 0..12 {
        let late = held.take();
        world.run(10_000);
        late.into_iter().for_each(|message| world.slip(1, message));
        world.settle();
        if safety(&world, 1) == Safety::Interference {
            worst = Safety::Interference;
        }
    }
    assert_eq!(worst, Safety::Interference);
}

#[test]
fn no_media_flows_before_a_heartbeat_confirms_the_group() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let guest = world.guest(2);
    world.trick = Some(Box::new(|to, message| match message {
        ServerMessage::GroupMessage { .. } if to == 1 => vec![],
        _ => vec![message],
    }));
    world.join(guest, "Ana");
    world.admit_all();
    world.run(20_000);
    assert_eq!(world.people[guest].view.phase, Phase::Entering);
    let sealed =
        |c: &FrameCommand| matches!(c, FrameCommand::SendWith { .. } | FrameCommand::Lease { .. });
    assert!(!world.people[guest].frames.iter().any(sealed));
}

#[test]
fn two_histories_are_noticed() {
    // The server takes the group back to an earlier state and lets the host go on from there,
    // while Ana is kept in the other history.
    let mut world = World::pair();
    let past = world.backup();
    let third = world.enter(3, "Ben");
    assert_eq!(world.names(1).len(), 3);
    world.cut(1);
    world.cut(third);
    world.restore_backup(past);
    world.run(1_000);
    world.mend(1);
    world.run(40_000);
    assert!(!sends(&world, 1));
    let view = &world.people[1].view;
    assert!(view.problem == Some(Problem::StaleGroup) || view.safety != Safety::Private);
}

#[test]
fn an_old_group_served_after_a_reload_is_refused() {
    let mut world = World::pair();
    let third = world.enter(3, "Mallory");
    let past = world.backup();
    let device = world.device(third);
    world.command(0, Command::Remove { device });
    world.run(2_000);
    world.restore_backup(past);
    world.reload(1);
    world.run(3_000);
    let view = &world.people[1].view;
    assert_eq!((view.phase, view.problem), (Phase::Failed, Some(Problem::StaleGroup)));
    assert!(!sends(&world, 1));
    world.reload(0);
    world.run(3_000);
    assert_eq!(world.people[0].view.problem, Some(Problem::StaleGroup));
}

#[test]
fn a_guests_word_on_names_and_beats_does_not_count() {
    // Covered where it is decided: only delegates' Roster and Heartbeat are heard. Here: a guest
    // that is alone with another guest hears no host, however much the other talks.
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    world.cut(0);
    for _ in 0..9 {
        world.command(third, Command::Chat { text: "I am the host".into() });
        world.run(5_000);
    }
    assert_eq!(safety(&world, 1), Safety::Paused);
    assert_eq!(world.people[1].view.chat.last().unwrap().name, "Ben");
}

#[test]
fn an_end_not_signed_by_the_host_is_ignored() {
    let mut world = World::pair();
    let signer = base::statement::Signer::from_seed(&base::Secret::new([8; 32]));
    let end = signer.sign(&base::statement::End {
        meeting: world.created.meeting,
        device: base::DeviceKey(signer.public()),
        at: world.now.wall,
    });
    world.slip(1, ServerMessage::Ended { end: end.into() });
    world.slip(1, ServerMessage::Ended { end: vec![1, 2, 3].into() });
    world.settle();
    assert_eq!(world.people[1].view.phase, Phase::InMeeting);
}

#[test]
fn noise_from_the_server_never_panics() {
    let mut world = World::pair();
    for text in ["", "{}", "[]", "{\"type\":\"welcome\"}", "\u{0}"] {
        world.input(1, Input::SocketMessage { text: text.into() });
    }
    let device = base::DeviceKey([1; 32]);
    let group = group_of(&world, 1);
    let junk = || Bytes(vec![3; 64]);
    let messages = vec![
        ServerMessage::Voided { void: junk() },
        ServerMessage::SwapRequested { swap: junk(), key_package: junk() },
        ServerMessage::LeaveRequested { leave: junk() },
        ServerMessage::GroupMessage {
            group,
            epoch: 1,
            channel: wire::Channel::Group,
            message: junk(),
        },
        ServerMessage::Conflict { group, epoch: 1 },
        ServerMessage::Knocked { knock: 1, device, sealed: junk() },
        ServerMessage::SessionOpened { group },
        ServerMessage::KnockGone { knock: 5 },
        ServerMessage::MemberGone { participant: 5 },
    ];
    for who in [0, 1] {
        messages.iter().for_each(|message| world.slip(who, message.clone()));
        world.settle();
        assert_eq!(world.people[who].view.phase, Phase::InMeeting);
    }
}
