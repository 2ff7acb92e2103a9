//! Ways in: personal invitations.

mod world;

use client::shell::Command;
use client::view::{Invitation, Phase, Problem, Waiting};
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
