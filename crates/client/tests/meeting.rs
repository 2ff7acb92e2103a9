//! A meeting as its people live it, with an honest server.

mod world;

use client::shell::{Command, FrameCommand, FrameEvent, Input, MediaCommand, MediaEvent};
use client::view::{Connection, Met, Phase, Problem, Safety};
use wire::{ClientMessage, Kind, LobbyReason, Published, ServerMessage};
use world::World;

fn sends(world: &World, who: usize) -> bool {
    let changes = world.people[who].frames.iter().rev();
    let mut last = changes.filter_map(|command| match command {
        FrameCommand::SendWith { .. } => Some(true),
        FrameCommand::StopSending | FrameCommand::Clear => Some(false),
        _ => None,
    });
    last.next().unwrap_or(false)
}

fn keys(world: &World, who: usize) -> Vec<Vec<u8>> {
    let added = world.people[who].frames.iter().filter_map(|command| match command {
        FrameCommand::AddEpoch { base_key, .. } => Some(base_key.0.clone()),
        _ => None,
    });
    added.collect()
}

fn told_about_the_group(world: &World, who: usize) -> bool {
    world.people[who].received.iter().any(|message| {
        matches!(
            message,
            ServerMessage::GroupMessage { .. }
                | ServerMessage::Committed { .. }
                | ServerMessage::Members { .. }
                | ServerMessage::Welcome { .. }
        )
    })
}

fn in_meeting(world: &World, who: usize) {
    let view = &world.people[who].view;
    assert_eq!((view.phase, view.problem), (Phase::InMeeting, None), "person {who}");
    assert_eq!((view.connection, view.safety), (Connection::Online, Safety::Private), "{who}");
    assert!(sends(world, who), "person {who} sends");
}

#[test]
fn a_guest_knocks_is_admitted_chats_and_leaves() {
    let mut world = World::new();
    assert_eq!(world.people[0].view.phase, Phase::Lobby);
    world.join(0, "Dr. Host");
    assert_eq!(world.people[0].view.phase, Phase::InMeeting);

    let guest = world.guest(2);
    let view = &world.people[guest].view;
    assert_eq!((view.phase, view.title.as_str()), (Phase::Lobby, "Tuesday"));
    assert_eq!(view.host_name, "Dr. Host");
    assert!(view.host_present && view.invite_path.is_empty() && !view.host);

    world.join(guest, "Ana");
    assert_eq!(world.people[guest].view.phase, Phase::Waiting);
    assert!(!told_about_the_group(&world, guest));
    let waiting = &world.people[0].view.waiting;
    assert_eq!(waiting.len(), 1);
    assert_eq!((waiting[0].name.as_str(), &waiting[0].met), ("Ana", &Met::Never));

    let knock = waiting[0].knock;
    world.command(0, Command::Admit { knock });
    world.run(1_000);
    in_meeting(&world, 0);
    in_meeting(&world, guest);
    assert_eq!(world.names(0), ["Ana", "Dr. Host"]);
    assert_eq!(world.names(guest), ["Ana", "Dr. Host"]);
    assert!(world.people[0].view.waiting.is_empty());
    assert_eq!(world.people[0].view.code, world.people[guest].view.code);
    assert_eq!(keys(&world, 0).last(), keys(&world, guest).last());

    world.command(guest, Command::Chat { text: "Good morning".into() });
    world.run(100);
    let line = &world.people[0].view.chat[0];
    assert_eq!((line.name.as_str(), line.text.as_str()), ("Ana", "Good morning"));
    assert_eq!(world.people[guest].view.chat[0].text, "Good morning");

    world.command(guest, Command::Leave);
    world.run(2_000);
    assert_eq!(world.people[guest].view.phase, Phase::Left);
    assert!(matches!(world.people[guest].frames.last(), Some(FrameCommand::Clear)));
    assert!(matches!(world.people[guest].media.last(), Some(MediaCommand::Close)));
    assert_eq!(world.names(0), ["Dr. Host"]);
}

#[test]
fn whoever_left_may_knock_again() {
    let mut world = World::pair();
    world.command(1, Command::Leave);
    world.run(1_000);
    world.join(1, "Ana");
    world.run(3_000);
    assert_eq!(world.people[0].view.waiting.len(), 1);
    world.admit_all();
    world.run(1_000);
    in_meeting(&world, 1);
}

#[test]
fn three_people_see_each_other_by_name() {
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    for who in [0, 1, third] {
        in_meeting(&world, who);
        assert_eq!(world.names(who), ["Ana", "Ben", "Dr. Host"]);
    }
    assert_eq!(keys(&world, 1).last(), keys(&world, third).last());
}

#[test]
fn two_who_wait_learn_nothing_of_each_other() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let (ana, ben) = (world.guest(2), world.guest(3));
    let before = world.people[ana].received.len();
    world.join(ana, "Ana");
    let alone = world.people[ana].received.len() - before;
    world.join(ben, "Ben");
    world.run(20_000);
    // The door's own answer to its own knock, and answers to pings.
    assert_eq!(alone, 1);
    let said = &world.people[ana].received[before + alone..];
    assert!(said.iter().all(|m| matches!(m, ServerMessage::Pong { .. })), "{said:?}");
    assert_eq!(world.people[0].view.waiting.len(), 2);
    assert!(!told_about_the_group(&world, ana) && !told_about_the_group(&world, ben));
}

#[test]
fn admissions_at_once_share_a_commit() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let guests: Vec<_> = (2..8).map(|seed| world.guest(seed)).collect();
    for guest in &guests {
        world.join(*guest, "Ana");
    }
    world.admit_all();
    world.run(2_000);
    guests.iter().for_each(|guest| in_meeting(&world, *guest));
    let commit = |m: &&ClientMessage| matches!(m, ClientMessage::Commit { .. });
    assert_eq!(world.people[0].sent.iter().filter(commit).count(), 1);
}

#[test]
fn a_declined_guest_gets_nothing_and_may_ask_again() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let guest = world.guest(2);
    world.join(guest, "Ana");
    let knock = world.people[0].view.waiting[0].knock;
    world.command(0, Command::Decline { knock });
    world.run(1_000);
    let view = &world.people[guest].view;
    assert_eq!((view.phase, view.problem), (Phase::Refused, Some(Problem::Declined)));
    assert!(world.people[0].view.waiting.is_empty() && !told_about_the_group(&world, guest));
    world.join(guest, "Ana");
    world.run(1_000);
    assert_eq!(world.people[0].view.waiting.len(), 1);
}

#[test]
fn a_removed_guest_is_locked_out_at_once_and_for_good() {
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    let device = world.device(1);
    world.people[1].received.clear();
    world.command(0, Command::Remove { device });
    world.run(100);
    assert_eq!(world.people[1].view.phase, Phase::Removed);
    assert!(!sends(&world, 1));
    let after = |w: &World| w.people[third].frames.clone();
    assert!(after(&world).iter().any(|c| matches!(c, FrameCommand::DropLeaf { .. })));
    in_meeting(&world, third);
    world.run(20_000);
    assert!(
        !world.people[1].received.iter().any(|m| matches!(m, ServerMessage::GroupMessage { .. }))
    );
    assert_eq!(world.names(third), ["Ben", "Dr. Host"]);
    assert_ne!(keys(&world, 1).last(), keys(&world, third).last());

    world.join(1, "Ana");
    world.run(2_000);
    assert_eq!(world.people[1].view.problem, Some(Problem::Declined));
    assert!(world.people[0].view.waiting.is_empty());
}

#[test]
fn the_host_ends_the_meeting_for_everyone() {
    let mut world = World::pair();
    world.command(0, Command::EndForEveryone);
    world.run(1_000);
    for who in [0, 1] {
        assert_eq!(world.people[who].view.phase, Phase::Ended);
        assert!(!sends(&world, who) && world.people[who].saved.is_none());
    }
    let late = world.guest(9);
    assert_eq!(world.people[late].view.phase, Phase::Ended);
}

#[test]
fn a_guest_who_reloads_is_back_without_knocking() {
    let mut world = World::pair();
    world.reload(1);
    world.run(2_000);
    in_meeting(&world, 1);
    assert_eq!(world.names(1), ["Ana", "Dr. Host"]);
    assert!(world.people[0].view.waiting.is_empty());
    in_meeting(&world, 0);
}

#[test]
fn a_host_who_reloads_is_back_and_still_the_host() {
    let mut world = World::pair();
    let waiting = world.guest(3);
    world.join(waiting, "Ben");
    world.reload(0);
    world.run(4_000);
    in_meeting(&world, 0);
    in_meeting(&world, 1);
    assert_eq!(world.names(0), ["Ana", "Dr. Host"]);
    assert_eq!(world.people[0].view.waiting.len(), 1, "who waited is seen again");
    world.admit_all();
    world.run(1_000);
    in_meeting(&world, waiting);
}

#[test]
fn a_host_alone_who_reloads_opens_again() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    world.reload(0);
    world.run(1_000);
    assert_eq!(world.people[0].view.phase, Phase::InMeeting);
    let guest = world.enter(2, "Ana");
    in_meeting(&world, guest);
}

#[test]
fn when_nobody_has_state_the_host_readmits_whom_it_remembers() {
    let mut world = World::pair();
    world.kill_server();
    world.reload(0);
    world.reload(1);
    world.start_server();
    world.run(20_000);
    in_meeting(&world, 0);
    in_meeting(&world, 1);
    assert_eq!(world.names(0), ["Ana", "Dr. Host"]);
}

#[test]
fn a_server_restart_touches_nothing_but_the_sockets() {
    let mut world = World::pair();
    let code = world.people[0].view.code.clone();
    world.kill_server();
    assert_eq!(world.people[1].view.connection, Connection::Returning);
    world.run(5_000);
    world.people.iter_mut().for_each(|person| person.media.clear());
    world.start_server();
    world.run(3_000);
    in_meeting(&world, 0);
    in_meeting(&world, 1);
    assert_eq!(world.people[1].view.code, code, "the group went on");
    for who in [0, 1] {
        assert!(matches!(world.people[who].media[..], [MediaCommand::Connect]));
    }
    world.command(1, Command::Chat { text: "still here".into() });
    world.run(100);
    assert_eq!(world.people[0].view.chat.last().unwrap().text, "still here");
}

#[test]
fn thirty_seconds_without_network_pause_and_resume_by_themselves() {
    let mut world = World::pair();
    world.cut(1);
    world.run(30_000);
    assert_eq!(world.people[1].view.connection, Connection::Returning);
    assert!(!sends(&world, 1), "nobody confirms the group");
    let ana = world.device(1);
    let seen = world.people[0].view.people.iter().find(|person| person.device == ana).unwrap();
    assert!(!seen.connected && seen.name == "Ana");
    let third = world.enter(3, "Ben");
    world.mend(1);
    world.run(3_000);
    in_meeting(&world, 1);
    assert_eq!(world.names(1), ["Ana", "Ben", "Dr. Host"]);
    in_meeting(&world, third);
}

#[test]
fn the_hosts_thirty_seconds_without_network_raise_no_false_alarm() {
    for offset in [0, 7_000, 16_000, 29_000] {
        let mut world = World::pair();
        world.run(offset);
        world.cut(0);
        world.run(30_000);
        world.mend(0);
        world.run(3_000);
        in_meeting(&world, 0);
        in_meeting(&world, 1);
        for _ in 0..20 {
            world.run(5_000);
            in_meeting(&world, 1);
        }
    }
}

#[test]
fn a_hosts_reload_raises_no_false_alarm() {
    for offset in [0, 14_000, 29_000, 30_500] {
        let mut world = World::pair();
        world.run(offset);
        world.reload(0);
        world.run(3_000);
        for _ in 0..20 {
            in_meeting(&world, 0);
            in_meeting(&world, 1);
            world.run(5_000);
        }
    }
}

#[test]
fn an_hour_of_meeting_stays_private_and_quiet() {
    let mut world = World::pair();
    let third = world.enter(3, "Ben");
    let views = world.people[third].views;
    for _ in 0..60 {
        world.run(60_000);
        [0, 1, third].into_iter().for_each(|who| in_meeting(&world, who));
    }
    assert!(world.people[third].views - views < 5, "views only when something changed");
}

#[test]
fn a_chat_line_written_offline_arrives_later() {
    let mut world = World::pair();
    world.cut(1);
    world.command(1, Command::Chat { text: "hello?".into() });
    world.run(2_000);
    world.mend(1);
    world.run(5_000);
    assert_eq!(world.people[0].view.chat[0].text, "hello?");
}

#[test]
fn a_second_tab_takes_over_and_the_first_says_so() {
    let mut world = World::pair();
    let (seed, saved) = (world.people[1].seed, world.people[1].saved.clone());
    let fragment = world.people[1].fragment.clone();
    let second = world.open_tab(seed, fragment, saved);
    world.run(3_000);
    let first = &world.people[1].view;
    assert_eq!((first.phase, first.problem), (Phase::Failed, Some(Problem::OtherTab)));
    assert!(!sends(&world, 1));
    in_meeting(&world, second);
}

#[test]
fn a_knock_before_the_host_is_there_is_heard_when_it_comes() {
    let mut world = World::new();
    let guest = world.guest(2);
    world.join(guest, "Ana");
    assert_eq!(world.people[guest].view.phase, Phase::Waiting);
    world.run(5_000);
    world.join(0, "Dr. Host");
    world.run(1_000);
    assert_eq!(world.people[0].view.waiting.len(), 1);
    world.admit_all();
    world.run(1_000);
    in_meeting(&world, guest);
}

#[test]
fn removed_while_away_is_told_on_return() {
    let mut world = World::pair();
    world.cut(1);
    let device = world.device(1);
    world.command(0, Command::Remove { device });
    world.run(1_000);
    world.mend(1);
    world.reload(1);
    world.run(3_000);
    assert_eq!(world.people[1].view.phase, Phase::Removed);
    assert!(world.people[0].view.waiting.is_empty());
}

#[test]
fn links_that_do_not_fit_are_told_apart() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let fragment = world.created.fragment.clone();
    let parts: Vec<&str> = fragment.split('.').collect();
    let other_secret = format!("1.{}.{}", "A".repeat(43), parts[2]);
    let other_key = format!("1.{}.{}", parts[1], "A".repeat(22));
    let cases = [
        (Some("1.broken".to_string()), Phase::Failed, Problem::BadLink),
        (Some(format!("9.{}.{}", parts[1], parts[2])), Phase::Failed, Problem::Version),
        (Some(other_key), Phase::Failed, Problem::WrongHostKey),
        (Some(other_secret), Phase::Refused, Problem::BadLink),
    ];
    for (n, (fragment, phase, problem)) in cases.into_iter().enumerate() {
        let guest = world.open_tab([20 + n as u8; 32], fragment, None);
        world.run(500);
        let view = &world.people[guest].view;
        assert_eq!((view.phase, view.problem), (phase, Some(problem)));
    }
    assert!(world.people[0].view.waiting.is_empty());
}

#[test]
fn two_hundred_bad_knocks_do_not_disturb_the_host() {
    let mut world = World::pair();
    let views = world.people[0].views;
    for knock in 0..200 {
        let device = base::DeviceKey([knock as u8; 32]);
        let sealed = vec![knock as u8; 900].into();
        world.slip(0, ServerMessage::Knocked { knock: 1_000 + knock, device, sealed });
    }
    world.settle();
    assert_eq!(world.people[0].views, views, "nothing to be seen");
    let declined = |m: &&ClientMessage| matches!(m, ClientMessage::Decline { reason, .. } if *reason != LobbyReason::Declined);
    assert_eq!(world.people[0].sent.iter().filter(declined).count(), 200);
    in_meeting(&world, 0);
}

#[test]
fn names_are_made_fit_to_show() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let names = ["x".repeat(10_000), "\u{202E}Ana\u{2066}".into(), "<b>Ben</b>".into()];
    for (n, name) in names.iter().enumerate() {
        let guest = world.guest(30 + n as u8);
        world.join(guest, name);
    }
    let shown: Vec<_> = world.people[0].view.waiting.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(shown, ["x".repeat(60).as_str(), "Ana", "<b>Ben</b>"]);
    let nameless = world.guest(40);
    world.join(nameless, "\u{202E} \u{200B}");
    assert_eq!(world.people[nameless].view.phase, Phase::Lobby);
}

#[test]
fn microphone_and_camera_are_told_inside_the_group() {
    let mut world = World::pair();
    let source = |kind, mid: &str| Published { mid: mid.into(), kind, active: true };
    let sources = vec![source(Kind::Mic, "0"), source(Kind::Camera, "1")];
    world.input(1, Input::Media(MediaEvent::Publish { sources }));
    world.run(100);
    let ana = |w: &World, me: usize| {
        w.people[me].view.people.iter().find(|p| p.name == "Ana").cloned().unwrap()
    };
    assert!(ana(&world, 0).mic_on && ana(&world, 0).camera_on);
    world.command(1, Command::SetMuted { kind: Kind::Mic, muted: true });
    world.run(100);
    assert!(!ana(&world, 0).mic_on && ana(&world, 0).camera_on && !ana(&world, 1).mic_on);
    let third = world.enter(3, "Ben");
    assert!(ana(&world, third).camera_on, "newcomers are told");
}

#[test]
fn a_shared_screen_is_told_inside_the_group_and_ends_with_its_line() {
    let mut world = World::pair();
    let rule = client::shell::Rule::Share;
    world.command(0, Command::SetRule { rule, on: true });
    world.run(1_000);
    let shares = |w: &World, me: usize| {
        w.people[me].view.people.iter().any(|p| p.name == "Ana" && p.screen_on)
    };
    let screen = Published { mid: "7".into(), kind: Kind::Screen, active: true };
    world.input(1, Input::Media(MediaEvent::Publish { sources: vec![screen] }));
    world.run(100);
    assert!(shares(&world, 0) && shares(&world, 1));
    let third = world.enter(3, "Ben");
    assert!(shares(&world, third), "newcomers are told");
    world.input(1, Input::Media(MediaEvent::Publish { sources: vec![] }));
    world.run(100);
    assert!(!shares(&world, 0) && !shares(&world, third));
}

#[test]
fn the_code_stands_still_while_it_is_read_aloud() {
    let mut world = World::pair();
    world.command(0, Command::ShowCode { open: true });
    let frozen = world.people[0].view.code.clone();
    world.enter(3, "Ben");
    assert_eq!(world.people[0].view.code, frozen);
    world.command(0, Command::ShowCode { open: false });
    assert_ne!(world.people[0].view.code, frozen);
}

#[test]
fn a_frame_worker_that_restarts_never_repeats_a_counter() {
    let mut world = World::pair();
    world.input(1, Input::Frames(FrameEvent::NeedLease { kind: Kind::Camera }));
    world.input(1, Input::Frames(FrameEvent::Restarted));
    let mut leases: Vec<_> = world.people[1]
        .frames
        .iter()
        .filter_map(|command| match command {
            FrameCommand::Lease { kind, epoch, start, count } => {
                Some((*kind, *epoch, *start, start + count))
            }
            _ => None,
        })
        .collect();
    leases.sort_unstable();
    for pair in leases.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        assert!((a.0, a.1) != (b.0, b.1) || a.3 <= b.2, "{a:?} and {b:?} overlap");
    }
    assert!(leases.len() >= 4);
}

#[test]
fn saves_come_before_what_relies_on_them() {
    // A host that removes someone and crashes before the answer must not let it back in.
    let mut world = World::pair();
    let device = world.device(1);
    let trick_device = device.clone();
    world.trick = Some(Box::new(move |to, message| match (to, &message) {
        (0, ServerMessage::Committed { .. }) => vec![],
        _ => vec![message],
    }));
    world.command(0, Command::Remove { device });
    world.trick = None;
    world.reload(0);
    world.run(15_000);
    assert_eq!(world.people[0].view.phase, Phase::InMeeting);
    assert!(world.people[0].view.people.iter().all(|person| person.device != trick_device));
}

#[test]
fn a_second_answer_from_the_same_doorbell_makes_no_second_knock() {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    let guest = world.guest(2);
    world.join(guest, "Ana");
    let answers = world.people[guest].received.iter().rev();
    let mut doorbells = answers.filter(|m| matches!(m, ServerMessage::Doorbell { .. }));
    let Some(ServerMessage::Doorbell { doorbell, wrap, card, .. }) = doorbells.next().cloned()
    else {
        panic!("the guest rang and was answered");
    };
    let nonce = Some(wire::Bytes(vec![9; 16]));
    world.slip(guest, ServerMessage::Doorbell { doorbell, nonce, wrap, card });
    world.settle();
    let sent = world.people[guest].sent.iter();
    assert_eq!(sent.filter(|m| matches!(m, ClientMessage::Knock { .. })).count(), 1);
    world.admit_all();
    world.run(1_000);
    in_meeting(&world, guest);
}
