//! Ways in: personal invitations.

mod world;

use client::shell::Command;
use client::view::{Invitation, Phase, Problem, Waiting};
use wire::{ClientMessage, ServerMessage};
use world::World;

/// A host alone in its meeting.
fn opened() -> World {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    world.run(100);
    world
}

fn invite(world: &mut World, label: &str) -> Invitation {
    world.command(0, Command::Invite { label: label.into(), cohost: false });
    world.run(100);
    world.people[0].view.invitations.last().expect("made").clone()
}

/// Someone on a device of its own who was sent this link and asks to join.
fn knock_by(world: &mut World, path: &str, seed: u8, name: &str) -> usize {
    let (_, fragment) = path.split_once('#').expect("a link");
    let guest = world.open_tab([seed; 32], Some(fragment.into()), None);
    world.join(guest, name);
    world.run(500);
    guest
}

fn phase(world: &World, who: usize) -> Phase {
    world.people[who].view.phase
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
fn a_personal_link_tells_the_host_whom_it_was_made_for() {
    let mut world = opened();
    let ana = invite(&mut world, "Ana K., Tuesdays");
    assert!(!ana.device_known && ana.path.starts_with("/m/"));
    let guest = knock_by(&mut world, &ana.path, 2, "ana");
    let waits = waiting(&world, "ana");
    assert_eq!(waits.invited_as.as_deref(), Some("Ana K., Tuesdays"));
    assert!(!waits.new_device);
    admit(&mut world, "ana");
    assert_eq!(phase(&world, guest), Phase::InMeeting);
    assert!(world.people[0].view.invitations[0].device_known);
    assert!(world.people[guest].view.invitations.is_empty(), "only the host sees them");
    let ben = world.guest(3);
    world.join(ben, "Ben");
    world.run(500);
    assert_eq!(waiting(&world, "Ben").invited_as, None);
}

#[test]
fn another_device_is_marked_as_new_until_it_is_admitted() {
    let mut world = opened();
    let ana = invite(&mut world, "Ana");
    let phone = knock_by(&mut world, &ana.path, 2, "Ana");
    admit(&mut world, "Ana");
    world.command(phone, Command::Leave);
    world.run(2_000);
    let laptop = knock_by(&mut world, &ana.path, 3, "Ana's laptop");
    assert!(waiting(&world, "Ana's laptop").new_device);
    admit(&mut world, "Ana's laptop");
    assert_eq!(phase(&world, laptop), Phase::InMeeting);
    world.command(laptop, Command::Leave);
    world.run(2_000);
    world.join(laptop, "Ana's laptop");
    world.run(500);
    assert!(!waiting(&world, "Ana's laptop").new_device, "the link is this device's");
    world.join(phone, "Ana");
    world.run(500);
    assert!(waiting(&world, "Ana").new_device);
}

#[test]
fn the_host_remembers_devices_and_labels_across_a_reload() {
    let mut world = opened();
    let ana = invite(&mut world, "Ana");
    knock_by(&mut world, &ana.path, 2, "Ana");
    admit(&mut world, "Ana");
    world.reload(0);
    world.run(15_000);
    assert_eq!(world.people[0].view.invitations.len(), 1);
    assert!(world.people[0].view.invitations[0].device_known);
    assert_eq!(world.people[0].view.invitations[0].path, ana.path);
    knock_by(&mut world, &ana.path, 3, "Somebody");
    let waits = waiting(&world, "Somebody");
    assert!(waits.new_device && waits.invited_as.as_deref() == Some("Ana"));
}

#[test]
fn a_revoked_link_dies_and_all_others_live() {
    let mut world = opened();
    let (ana, ben) = (invite(&mut world, "Ana"), invite(&mut world, "Ben"));
    let inside = knock_by(&mut world, &ana.path, 2, "Ana");
    admit(&mut world, "Ana");
    let outside = knock_by(&mut world, &ana.path, 3, "Ana's friend");
    let early = world.open_tab([4; 32], ana.path.split_once('#').map(|(_, f)| f.into()), None);
    world.command(0, Command::Revoke { invitation: ana.id });
    world.run(1_000);
    assert_eq!(world.people[outside].view.problem, Some(Problem::BadLink));
    assert!(world.people[0].view.waiting.is_empty());
    world.join(early, "Another friend");
    world.run(1_000);
    assert_eq!(world.people[early].view.problem, Some(Problem::BadLink));
    let late = knock_by(&mut world, &ana.path, 5, "A late friend");
    assert_eq!(world.people[late].view.problem, Some(Problem::BadLink));
    assert_eq!(phase(&world, inside), Phase::InMeeting, "revoking removes nobody");
    let bens = knock_by(&mut world, &ben.path, 6, "Ben");
    assert_eq!(waiting(&world, "Ben").invited_as.as_deref(), Some("Ben"));
    admit(&mut world, "Ben");
    let cleo = world.enter(7, "Cleo");
    for who in [inside, bens, cleo] {
        assert_eq!(world.names(who), ["Ana", "Ben", "Cleo", "Dr. Host"]);
    }
}

#[test]
fn at_most_256_personal_links_are_made_and_the_server_takes_them_all() {
    let mut world = opened();
    for n in 0..257 {
        world.command(0, Command::Invite { label: format!("Guest {n}"), cohost: false });
        world.run(100);
    }
    assert_eq!(world.people[0].view.invitations.len(), 256);
    let last = world.people[0].view.invitations[255].clone();
    knock_by(&mut world, &last.path, 2, "Ana");
    assert_eq!(waiting(&world, "Ana").invited_as.as_deref(), Some("Guest 255"));
    // The shared link and the passcode's fit beside them.
    let ben = world.enter(3, "Ben");
    assert_eq!(phase(&world, ben), Phase::InMeeting);
}

#[test]
fn a_label_of_nothing_visible_makes_no_link() {
    let mut world = opened();
    world.command(0, Command::Invite { label: "  ".into(), cohost: false });
    world.run(100);
    assert!(world.people[0].view.invitations.is_empty());
}

/// Keeps the server's `committed` from the host while `hold` is true; what was kept.
type Held = std::rc::Rc<std::cell::RefCell<(bool, Vec<ServerMessage>)>>;

fn hold_commits_from_host(world: &mut World) -> Held {
    let held = Held::default();
    let kept = held.clone();
    held.borrow_mut().0 = true;
    world.trick = Some(Box::new(move |to, message| {
        let mut kept = kept.borrow_mut();
        if to == 0 && kept.0 && matches!(message, ServerMessage::Committed { .. }) {
            kept.1.push(message);
            return Vec::new();
        }
        vec![message]
    }));
    held
}

fn release(world: &mut World, held: &Held) {
    held.borrow_mut().0 = false;
    let kept = std::mem::take(&mut held.borrow_mut().1);
    kept.into_iter().for_each(|message| world.slip(0, message));
}

fn commits_by_host(world: &World) -> usize {
    let commit = |m: &&ClientMessage| matches!(m, ClientMessage::Commit { .. });
    world.people[0].sent.iter().filter(commit).count()
}

#[test]
fn after_a_revocation_others_enter_and_return_as_before() {
    let mut world = World::pair();
    let (cleo, gone) = (invite(&mut world, "Cleo"), invite(&mut world, "Nobody"));
    let before = commits_by_host(&world);
    world.command(0, Command::Revoke { invitation: gone.id });
    world.run(1_000);
    assert_eq!(commits_by_host(&world), before + 1, "the PSK is replaced at once");
    let cleos = knock_by(&mut world, &cleo.path, 4, "Cleo");
    admit(&mut world, "Cleo");
    let ben = world.enter(5, "Ben");
    world.reload(1);
    world.run(3_000);
    world.reload(0);
    world.run(3_000);
    for who in [0, 1, cleos, ben] {
        assert_eq!(phase(&world, who), Phase::InMeeting, "{who}");
        assert_eq!(world.names(who), ["Ana", "Ben", "Cleo", "Dr. Host"]);
    }
}

#[test]
fn a_changed_link_is_dead_and_whoever_waits_by_another_waits_on() {
    let mut world = World::pair();
    let cleo = invite(&mut world, "Cleo");
    let cleos = knock_by(&mut world, &cleo.path, 4, "Cleo");
    let old = world.guest(5);
    world.join(old, "By the old link");
    world.run(500);
    let before = world.people[0].view.invite_path.clone();
    world.command(0, Command::ChangeLink);
    world.run(1_000);
    let after = world.people[0].view.invite_path.clone();
    assert!(before != after);
    assert_eq!(world.people[old].view.problem, Some(Problem::BadLink));
    assert_eq!(phase(&world, cleos), Phase::Waiting);
    admit(&mut world, "Cleo");
    assert_eq!(phase(&world, cleos), Phase::InMeeting);
    let late = knock_by(&mut world, &before, 6, "Late");
    assert_eq!(world.people[late].view.problem, Some(Problem::BadLink));
    let ben = knock_by(&mut world, &after, 7, "Ben");
    admit(&mut world, "Ben");
    assert_eq!(world.names(ben), ["Ana", "Ben", "Cleo", "Dr. Host"]);
}

#[test]
fn whom_the_host_let_in_during_a_rotation_gets_in_without_another_click() {
    let mut world = World::pair();
    let (cleo, gone) = (invite(&mut world, "Cleo"), invite(&mut world, "Nobody"));
    let cleos = knock_by(&mut world, &cleo.path, 4, "Cleo");
    let held = hold_commits_from_host(&mut world);
    world.command(0, Command::Revoke { invitation: gone.id });
    world.admit_all();
    assert_eq!(phase(&world, cleos), Phase::Waiting);
    release(&mut world, &held);
    world.run(2_000);
    assert_eq!(phase(&world, cleos), Phase::InMeeting);
}

#[test]
fn a_welcome_under_a_newer_psk_makes_the_guest_ring_again_by_itself() {
    let mut world = World::pair();
    let gone = invite(&mut world, "Nobody");
    let cleo = world.guest(4);
    world.run(500);
    let wrap = |m: &ServerMessage| match m {
        ServerMessage::Doorbell { wrap, .. } => wrap.clone(),
        _ => None,
    };
    let old = world.people[cleo].received.iter().find_map(wrap).expect("rang on opening the page");
    world.command(0, Command::Revoke { invitation: gone.id });
    world.run(1_000);
    world.trick = Some(Box::new(move |to, message| match message {
        ServerMessage::Doorbell { doorbell, nonce, card, wrap: Some(_) } if to == cleo => {
            let wrap = Some(old.clone());
            vec![ServerMessage::Doorbell { doorbell, nonce, card, wrap }]
        }
        other => vec![other],
    }));
    world.reload(cleo);
    world.join(cleo, "Cleo");
    world.run(500);
    world.trick = None;
    admit(&mut world, "Cleo");
    assert_eq!(phase(&world, cleo), Phase::Waiting, "neither in nor alarmed");
    world.run(2_000);
    admit(&mut world, "Cleo");
    assert_eq!(phase(&world, cleo), Phase::InMeeting);
    assert_eq!(world.names(0), ["Ana", "Cleo", "Dr. Host"]);
}

#[test]
fn a_member_that_missed_the_rotation_and_lost_its_state_knocks_by_its_link() {
    let mut world = World::pair();
    let cleo = invite(&mut world, "Cleo");
    let cleos = knock_by(&mut world, &cleo.path, 4, "Cleo");
    admit(&mut world, "Cleo");
    for who in [1, cleos] {
        world.cut(who);
    }
    world.command(0, Command::ChangeLink);
    world.run(1_000);
    for who in [1, cleos] {
        world.people[who].network = true;
        world.reload(who);
    }
    world.run(5_000);
    assert_eq!(world.people[1].view.problem, Some(Problem::BadLink), "Ana's link is no more");
    assert_eq!(phase(&world, cleos), Phase::Waiting);
    assert!(!waiting(&world, "Cleo").new_device);
    admit(&mut world, "Cleo");
    assert_eq!(phase(&world, cleos), Phase::InMeeting);
    assert_eq!(world.names(cleos), ["Cleo", "Dr. Host"]);
}

#[test]
fn a_member_that_was_only_away_during_the_rotation_catches_up() {
    let mut world = World::pair();
    world.cut(1);
    world.command(0, Command::ChangeLink);
    world.run(1_000);
    world.mend(1);
    world.run(3_000);
    assert_eq!(phase(&world, 1), Phase::InMeeting);
    world.reload(1);
    world.run(3_000);
    assert_eq!(phase(&world, 1), Phase::InMeeting, "it has saved the new PSK");
}

#[test]
fn a_host_that_crashes_before_it_hears_of_its_rotation_returns() {
    let mut world = World::pair();
    let gone = invite(&mut world, "Nobody");
    let held = hold_commits_from_host(&mut world);
    world.command(0, Command::Revoke { invitation: gone.id });
    assert_eq!(held.borrow().1.len(), 1);
    held.borrow_mut().0 = false;
    world.reload(0);
    world.run(3_000);
    assert_eq!(phase(&world, 0), Phase::InMeeting);
    let ben = world.enter(5, "Ben");
    assert_eq!(world.names(ben), ["Ana", "Ben", "Dr. Host"]);
}

#[test]
fn a_revocation_while_offline_holds_in_the_next_session() {
    let mut world = World::pair();
    let (cleo, gone) = (invite(&mut world, "Cleo"), invite(&mut world, "Nobody"));
    world.cut(0);
    world.command(0, Command::Revoke { invitation: gone.id });
    world.reload(1);
    world.people[0].network = true;
    world.reload(0);
    world.run(20_000);
    assert_eq!(phase(&world, 1), Phase::InMeeting, "readmitted");
    let late = knock_by(&mut world, &gone.path, 4, "Nobody");
    assert_eq!(world.people[late].view.problem, Some(Problem::BadLink));
    let cleos = knock_by(&mut world, &cleo.path, 5, "Cleo");
    admit(&mut world, "Cleo");
    assert_eq!(world.names(cleos), ["Ana", "Cleo", "Dr. Host"]);
}
