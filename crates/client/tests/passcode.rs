//! Guests that have the meeting's address and no link, and what guesses, servers and other guests
//! make of that.
#![allow(clippy::unwrap_used)] // A panic in a test is its report, in its helpers too.

mod world;

use base::MeetingKey;
use client::shell::{Command, Input, Output};
use client::view::{PasscodeState, Phase, Problem};
use e2ee::passcode::{Answering, Asking, Exchange, FromGuest, FromHost, Grant, Passcode, Visit};
use std::cell::RefCell;
use std::rc::Rc;
use wire::{ClientMessage, ServerMessage};
use world::World;

const WRONG: &str = "2222-2222";

type Kept = Rc<RefCell<Vec<ServerMessage>>>;

/// A meeting whose host is in.
fn open() -> World {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    world
}

/// A tab with the bare address.
fn stranger(world: &mut World, seed: u8) -> usize {
    world.open_tab([seed; 32], None, None)
}

fn shown(world: &World) -> String {
    world.people[0].view.passcode_shown.clone()
}

fn enter(world: &mut World, who: usize, text: &str) -> PasscodeState {
    world.command(who, Command::Passcode { text: text.into() });
    state(world, who)
}

fn state(world: &World, who: usize) -> PasscodeState {
    world.people[who].view.passcode.state
}

fn is_in(world: &World, who: usize) -> bool {
    world.people[who].view.phase == Phase::InMeeting
}

/// Whether this tab may go on to ask to be let in.
fn knows_the_link(world: &World, who: usize) -> bool {
    let view = &world.people[who].view;
    view.phase == Phase::Lobby && !view.passcode.needed && view.title == "Tuesday"
}

fn steps(world: &World, who: usize) -> usize {
    let sent = world.people[who].sent.iter();
    sent.filter(|message| matches!(message, ClientMessage::Passcode { .. })).count()
}

/// The server keeps what `is_kept` says instead of passing it on.
fn keep(world: &mut World, is_kept: fn(&ServerMessage) -> bool) -> Kept {
    let kept = Kept::default();
    let keeping = kept.clone();
    world.trick = Some(Box::new(move |_, message| {
        if is_kept(&message) {
            keeping.borrow_mut().push(message);
            return vec![];
        }
        vec![message]
    }));
    kept
}

fn tried(message: &ServerMessage) -> bool {
    matches!(message, ServerMessage::PasscodeTried { .. })
}

fn replied(message: &ServerMessage) -> bool {
    matches!(message, ServerMessage::PasscodeReplied { .. })
}

fn step(message: &ServerMessage) -> (base::DeviceKey, Exchange, FromGuest) {
    let ServerMessage::PasscodeTried { device, message } = message else { panic!("a step") };
    let (exchange, message) = FromGuest::decode(&message.0).expect("a guest's message");
    (*device, exchange, message)
}

fn slip_reply(world: &mut World, who: usize, message: Vec<u8>) {
    world.slip(who, ServerMessage::PasscodeReplied { message: message.into() });
    world.settle();
}

#[test]
fn the_address_and_the_passcode_lead_into_the_meeting() {
    let mut world = open();
    let passcode = shown(&world);
    assert_eq!(passcode.len(), 9);
    let guest = stranger(&mut world, 2);
    let view = &world.people[guest].view;
    assert_eq!((view.phase, view.passcode.needed), (Phase::Lobby, true));
    assert_eq!((view.title.as_str(), view.passcode_shown.as_str()), ("", ""));
    world.join(guest, "Ana");
    assert_eq!(world.people[guest].view.phase, Phase::Lobby, "nobody knocks without a link");

    enter(&mut world, guest, &passcode.to_lowercase().replace('-', " "));
    assert!(knows_the_link(&world, guest));
    world.join(guest, "Ana");
    assert_eq!(world.people[0].view.waiting[0].name, "Ana");
    world.admit_all();
    world.run(1_000);
    assert!(is_in(&world, guest));
    assert_eq!(world.names(0), ["Ana", "Dr. Host"]);
}

#[test]
fn the_right_passcode_leaves_no_failure_behind() {
    let mut world = open();
    let passcode = shown(&world);
    for seed in 2..30 {
        world.run(200);
        let guest = stranger(&mut world, seed);
        enter(&mut world, guest, &passcode);
        assert!(knows_the_link(&world, guest), "{seed}");
    }
    assert!(!world.people[0].view.passcode_closed);
}

#[test]
fn after_a_reload_the_passcode_is_not_asked_for_again() {
    let mut world = open();
    let guest = stranger(&mut world, 2);
    let passcode = shown(&world);
    enter(&mut world, guest, &passcode);
    world.reload(guest);
    assert!(knows_the_link(&world, guest));
    world.join(guest, "Ana");
    world.admit_all();
    world.run(1_000);
    world.reload(guest);
    world.run(5_000);
    assert!(is_in(&world, guest));
}

#[test]
fn a_passcode_typed_before_the_host_comes_is_checked_when_it_does() {
    let mut world = World::new();
    let passcode = shown(&world);
    let guest = stranger(&mut world, 2);
    assert_eq!(enter(&mut world, guest, &passcode), PasscodeState::Checking);
    world.run(60_000);
    assert_eq!(state(&world, guest), PasscodeState::Checking);
    world.join(0, "Dr. Host");
    world.run(3_000);
    assert!(knows_the_link(&world, guest));
}

#[test]
fn what_is_no_passcode_costs_no_try() {
    let mut world = open();
    let guest = stranger(&mut world, 2);
    for text in ["", "ABC", "O0O0-1L1L"] {
        let wrong = PasscodeState::Wrong { tries_left: 3 };
        assert_eq!(enter(&mut world, guest, text), wrong);
    }
    assert_eq!(steps(&world, guest), 0);
}

#[test]
fn wrong_ones_are_counted_down_and_the_right_one_still_opens() {
    let mut world = open();
    let guest = stranger(&mut world, 2);
    assert_eq!(enter(&mut world, guest, WRONG), PasscodeState::Wrong { tries_left: 2 });
    assert_eq!(enter(&mut world, guest, WRONG), PasscodeState::Wrong { tries_left: 1 });
    let passcode = shown(&world);
    enter(&mut world, guest, &passcode);
    assert!(knows_the_link(&world, guest));
}

#[test]
fn after_three_wrong_ones_the_guest_stops_and_the_host_does_not_answer_it() {
    let mut world = open();
    let guest = stranger(&mut world, 2);
    for _ in 0..3 {
        enter(&mut world, guest, WRONG);
    }
    assert_eq!(state(&world, guest), PasscodeState::Closed);
    let passcode = shown(&world);
    assert_eq!(enter(&mut world, guest, &passcode), PasscodeState::Closed);
    assert_eq!(steps(&world, guest), 6);
    // A page loaded again has not forgotten, and whoever plays the host gets no fourth guess.
    world.reload(guest);
    assert_eq!(state(&world, guest), PasscodeState::Closed);
    assert_eq!(enter(&mut world, guest, &passcode), PasscodeState::Closed);
    assert_eq!(steps(&world, guest), 6);
    // An hour later the guest may try; the host has not forgotten either.
    world.run(3_600_000);
    assert_eq!(enter(&mut world, guest, &passcode), PasscodeState::Closed);
    assert!(steps(&world, guest) > 6);
    let other = stranger(&mut world, 3);
    enter(&mut world, other, &passcode);
    assert!(knows_the_link(&world, other), "others may");
}

#[test]
fn ten_wrong_ones_close_it_for_everyone_until_the_host_reopens_it() {
    let mut world = open();
    let passcode = shown(&world);
    for seed in 2..12 {
        assert!(!world.people[0].view.passcode_closed);
        let guest = stranger(&mut world, seed);
        enter(&mut world, guest, WRONG);
    }
    assert!(world.people[0].view.passcode_closed);
    let late = stranger(&mut world, 20);
    assert_eq!(enter(&mut world, late, &passcode), PasscodeState::Closed);

    world.reload(0);
    world.run(15_000);
    assert!(is_in(&world, 0));
    assert!(world.people[0].view.passcode_closed, "a reload forgives nothing");
    assert_eq!(shown(&world), passcode);
    let late = stranger(&mut world, 21);
    assert_eq!(enter(&mut world, late, &passcode), PasscodeState::Closed);

    world.command(0, Command::ReopenPasscode);
    assert!(!world.people[0].view.passcode_closed);
    enter(&mut world, late, &passcode);
    assert!(knows_the_link(&world, late));
}

#[test]
fn breaking_off_before_the_proof_does_not_avoid_being_counted() {
    let mut world = open();
    keep(&mut world, replied);
    for seed in 2..12 {
        let guest = stranger(&mut world, seed);
        let passcode = shown(&world);
        enter(&mut world, guest, &passcode);
        world.cut(guest);
    }
    assert!(world.people[0].view.passcode_closed);
    world.reload(0);
    assert!(world.people[0].view.passcode_closed);
}

#[test]
fn a_try_is_saved_before_it_is_answered() {
    let mut world = open();
    let code = Passcode::parse(WRONG).unwrap();
    let visit = Visit { meeting: world.created.meeting, guest: base::DeviceKey([5; 32]) };
    let (_, start) = Asking::start(&code, visit, &mut |out: &mut [u8]| out.fill(3));
    let tried = ServerMessage::PasscodeTried { device: visit.guest, message: start.into() };
    let core = &mut world.people[0].core;
    core.handle(world.now, Input::SocketMessage { text: tried.to_text() });
    let first: Vec<_> = std::iter::from_fn(|| core.poll_output()).take(2).collect();
    assert!(matches!(&first[..], [Output::Save { .. }, Output::Send { .. }]));
}

#[test]
fn an_answer_that_never_comes_is_not_waited_for() {
    let mut world = open();
    keep(&mut world, replied);
    let guest = stranger(&mut world, 2);
    let passcode = shown(&world);
    assert_eq!(enter(&mut world, guest, &passcode), PasscodeState::Checking);
    world.run(11_000);
    assert_eq!(state(&world, guest), PasscodeState::None);
    world.trick = None;
    enter(&mut world, guest, &passcode);
    assert!(knows_the_link(&world, guest));
}

#[test]
fn another_passcode_revokes_what_the_old_one_gave() {
    let mut world = open();
    let (guest, old) = (stranger(&mut world, 2), shown(&world));
    enter(&mut world, guest, &old);
    world.command(0, Command::NewPasscode);
    assert_ne!(shown(&world), old);
    world.reload(guest);
    world.run(1_000);
    assert!(world.people[guest].view.passcode.needed, "it has to know the new one");
    assert_eq!(enter(&mut world, guest, &old), PasscodeState::Wrong { tries_left: 2 });
    let new = shown(&world);
    enter(&mut world, guest, &new);
    world.run(100);
    assert!(knows_the_link(&world, guest));
    let by_link = world.guest(3);
    world.join(by_link, "Ben");
    assert_eq!(world.people[0].view.waiting.len(), 1, "the link the host shows stays");
}

#[test]
fn a_new_passcode_in_the_middle_of_an_exchange_gives_the_old_one_nothing() {
    let mut world = open();
    let kept = keep(&mut world, replied);
    let guest = stranger(&mut world, 2);
    let old = shown(&world);
    enter(&mut world, guest, &old);
    world.command(0, Command::NewPasscode);
    world.trick = None;
    let answer = kept.borrow()[0].clone();
    world.slip(guest, answer);
    world.settle();
    assert_eq!(state(&world, guest), PasscodeState::Wrong { tries_left: 2 });
}

#[test]
fn while_it_is_off_nobody_gets_in_by_it() {
    let mut world = open();
    let passcode = shown(&world);
    world.command(0, Command::SetPasscode { on: false });
    assert_eq!(shown(&world), "");
    let guest = stranger(&mut world, 2);
    assert_eq!(enter(&mut world, guest, &passcode), PasscodeState::Closed);
    world.command(0, Command::SetPasscode { on: true });
    assert_eq!(shown(&world), passcode);
    enter(&mut world, guest, &passcode);
    assert!(knows_the_link(&world, guest));
}

#[test]
fn who_waits_goes_on_waiting_when_the_passcode_changes() {
    let mut world = open();
    let guest = world.guest(2);
    world.join(guest, "Ana");
    world.command(0, Command::NewPasscode);
    world.run(500);
    world.admit_all();
    world.run(1_000);
    assert!(is_in(&world, guest));
}

#[test]
fn a_host_from_before_passcodes_gets_one() {
    let world = World::new();
    let mut saved = world.created.saved.clone();
    // Version 2 added the blocked devices, the passcode's block and the learned link, which is empty;
    // version 3 rules, personal invitations, whether a rotation is due, acquaintances and another PSK;
    // version 4 what a co-host is given, a meeting that is handed over, and tries in vain.
    let (version_2, version_3) = (4 + (1 + 8 + 32 + 1 + 4) + 1, 6 + 4 + 1 + 4 + 1);
    let version_4 = 1 + 1 + 9;
    saved.truncate(saved.len() - version_2 - version_3 - version_4);
    saved[0] = 1;
    let mut world = World::new();
    world.people[0].saved = Some(saved);
    world.reload(0);
    assert!(world.people[0].view.host);
    let passcode = shown(&world);
    assert!(Passcode::parse(&passcode).is_ok());
    world.reload(0);
    assert_eq!(shown(&world), passcode, "it was kept");
}

#[test]
fn recorded_messages_open_nothing() {
    let mut world = open();
    let guest = stranger(&mut world, 2);
    let passcode = shown(&world);
    enter(&mut world, guest, &passcode);
    let host = world.people[0].received.iter();
    let to_host: Vec<_> = host.filter(|message| tried(message)).cloned().collect();
    let guests = world.people[guest].received.iter();
    let to_guest: Vec<_> = guests.filter(|message| replied(message)).cloned().collect();
    assert_eq!((to_host.len(), to_guest.len()), (2, 2));

    let mallory = stranger(&mut world, 3);
    let before = world.people[0].sent.len();
    for message in &to_host {
        world.slip(0, message.clone());
    }
    world.settle();
    let replies = world.people[0].sent[before..].iter().filter_map(|message| match message {
        ClientMessage::PasscodeReply { message, .. } => FromHost::decode(&message.0).ok(),
        _ => None,
    });
    let replies: Vec<_> = replies.map(|(_, reply)| reply).collect();
    assert!(matches!(replies[..], [FromHost::Answer { .. }, FromHost::Wrong]));

    let kept = keep(&mut world, tried);
    enter(&mut world, mallory, &passcode);
    assert_eq!(kept.borrow().len(), 1);
    for message in to_guest {
        world.slip(mallory, message);
    }
    world.settle();
    assert_eq!(state(&world, mallory), PasscodeState::Checking, "of another exchange: not heard");
}

#[test]
fn messages_swapped_between_two_guests_let_neither_in() {
    let mut world = open();
    let kept = keep(&mut world, tried);
    let (ana, ben) = (stranger(&mut world, 2), stranger(&mut world, 3));
    let passcode = shown(&world);
    enter(&mut world, ana, &passcode);
    enter(&mut world, ben, &passcode);
    let starts: Vec<_> = kept.borrow().iter().map(step).collect();
    let (devices, wanted) = ([starts[1].0, starts[0].0], [ana, ben]);
    for (at, (_, exchange, start)) in starts.iter().enumerate() {
        let message = start.encode(*exchange).into();
        world.slip(0, ServerMessage::PasscodeTried { device: devices[at], message });
        world.settle();
        let Some(ClientMessage::PasscodeReply { message, .. }) = world.people[0].sent.last() else {
            panic!("the host answers")
        };
        let message = message.0.clone();
        slip_reply(&mut world, wanted[at], message);
    }
    // Both have sent their proof; it does not fit what the host was told.
    let proofs: Vec<_> = kept.borrow()[2..].iter().map(step).collect();
    for (at, (_, exchange, proof)) in proofs.iter().enumerate() {
        let message = proof.encode(*exchange).into();
        world.slip(0, ServerMessage::PasscodeTried { device: devices[at], message });
        world.settle();
        let Some(ClientMessage::PasscodeReply { message, .. }) = world.people[0].sent.last() else {
            panic!("the host answers")
        };
        assert!(matches!(FromHost::decode(&message.0), Ok((_, FromHost::Wrong))));
    }
}

/// The server answers `start` with `guess`; what the guest then proves, if it does.
fn play_host(world: &mut World, kept: &Kept, guest: usize, guess: &str) -> Answering {
    let started = kept.borrow().last().map(step);
    let Some((device, exchange, FromGuest::Start { point })) = started else { panic!("a start") };
    let visit = Visit { meeting: world.created.meeting, guest: device };
    let guess = Passcode::parse(guess).expect("a passcode");
    let fill = &mut |out: &mut [u8]| out.fill(3);
    let (answering, answer) =
        Answering::answer(&guess, visit, exchange, point, fill).expect("an answer");
    slip_reply(world, guest, answer);
    answering
}

#[test]
fn a_server_that_plays_the_host_has_three_guesses() {
    let mut world = open();
    let kept = keep(&mut world, tried);
    let guest = stranger(&mut world, 2);
    let passcode = shown(&world);
    for tries_left in [2, 1, 0] {
        enter(&mut world, guest, &passcode);
        let answering = play_host(&mut world, &kept, guest, WRONG);
        let (_, exchange, FromGuest::Confirm { tag }) = step(kept.borrow().last().unwrap()) else {
            panic!("a proof")
        };
        let grant = Grant { key: MeetingKey([9; 32]), link: base::Secret::new([9; 32]) };
        assert!(answering.confirm(&tag, &grant, &mut |out: &mut [u8]| out.fill(4)).is_err());
        let forged = FromHost::Grant { tag: [1; 64], sealed: vec![2; 92] }.encode(exchange);
        slip_reply(&mut world, guest, forged);
        let expected = match tries_left {
            0 => PasscodeState::Closed,
            _ => PasscodeState::Wrong { tries_left },
        };
        assert_eq!(state(&world, guest), expected);
    }
    enter(&mut world, guest, &passcode);
    assert_eq!(steps(&world, guest), 6, "it says no more");
    assert!(world.people[guest].view.passcode.needed);
}

#[test]
fn a_server_that_says_nothing_after_the_proof_has_used_a_try() {
    let mut world = open();
    let kept = keep(&mut world, tried);
    let guest = stranger(&mut world, 2);
    let passcode = shown(&world);
    for _ in 0..3 {
        enter(&mut world, guest, &passcode);
        play_host(&mut world, &kept, guest, WRONG);
        world.run(11_000);
    }
    assert_eq!(state(&world, guest), PasscodeState::Closed);
}

#[test]
fn a_key_that_is_not_the_hosts_is_found_out() {
    let mut world = open();
    world.trick = Some(Box::new(|_, message| match message {
        ServerMessage::Challenge { version, nonce, .. } => {
            let key = MeetingKey([9; 32]);
            vec![ServerMessage::Challenge { version, nonce, key, policy: None }]
        }
        _ => vec![message],
    }));
    let guest = stranger(&mut world, 2);
    let passcode = shown(&world);
    enter(&mut world, guest, &passcode);
    let view = &world.people[guest].view;
    assert_eq!((view.phase, view.problem), (Phase::Failed, Some(Problem::WrongHostKey)));
    assert!(!view.passcode.needed);
}

#[test]
fn before_the_proof_the_server_can_make_a_guest_do_nothing_else() {
    let mut world = open();
    let kept = keep(&mut world, |message| matches!(message, ServerMessage::Doorbell { .. }));
    let by_link = world.guest(3);
    let bell = kept.borrow()[0].clone();
    world.trick = None;
    let guest = stranger(&mut world, 2);
    let sent = world.people[guest].sent.len();
    world.slip(guest, bell);
    world.slip(guest, ServerMessage::KnockDelivered);
    for reason in [wire::LobbyReason::Declined, wire::LobbyReason::Invalid] {
        world.slip(guest, ServerMessage::Refused { reason });
    }
    world.settle();
    assert!(world.people[guest].view.passcode.needed);
    assert_eq!(world.people[guest].view.phase, Phase::Lobby);
    assert_eq!(world.people[guest].sent.len(), sent);
    assert_eq!(world.people[by_link].view.phase, Phase::Lobby);
}

/// The server's whole view of a passcode's way into the meeting: the steps have fixed lengths, and
/// neither the passcode nor anything it opens stands in any message, plain or in base64url.
#[test]
fn nothing_the_server_sees_contains_the_passcode_or_what_it_opens() {
    let mut world = open();
    let passcode = shown(&world);
    let guest = stranger(&mut world, 2);
    enter(&mut world, guest, WRONG);
    enter(&mut world, guest, &passcode);
    world.join(guest, "Ana");
    world.admit_all();
    world.run(1_000);
    assert!(is_in(&world, guest));
    let sent = || world.people.iter().flat_map(|person| &person.sent);
    let lengths: Vec<_> = sent()
        .filter_map(|message| match message {
            ClientMessage::Passcode { message } => Some(message.0.len()),
            ClientMessage::PasscodeReply { message, .. } => Some(message.0.len()),
            _ => None,
        })
        .collect();
    // Host: answer, wrong, answer, grant. Guest: start and proof, twice.
    assert_eq!(lengths, [65, 17, 65, 177, 49, 81, 49, 81]);
    let everything: String = sent().map(ClientMessage::to_text).collect();
    let plain = passcode.replace('-', "");
    assert!(!everything.contains(&passcode) && !everything.contains(&plain));
}
