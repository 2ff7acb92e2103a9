//! What those who run the server have fixed: honest devices keep to it, and the server holds those to
//! it that do not.

mod world;

use base::Rights;
use client::shell::{Ask, Command, Notice, Rule};
use client::view::{PasscodeState, Phase};
use wire::{ErrorCode, Policy, ServerMessage};
use world::World;

fn policy(pin: &[&str], forbid: &[&str]) -> Policy {
    let texts = |list: &[&str]| list.iter().map(|text| text.to_string()).collect();
    Policy { pin: texts(pin), forbid: texts(forbid), reason: "House rules of the clinic".into() }
}

fn set(world: &mut World, rule: Rule, on: bool) {
    world.command(0, Command::SetRule { rule, on });
    world.run(1_000);
}

/// Nobody's program learns what is fixed, as if all had been changed to ignore it.
fn ignorant(policy: Policy) -> World {
    let mut world = World::with_policy(policy);
    world.trick = Some(Box::new(|_, message| match message {
        ServerMessage::Challenge { version, nonce, key, .. } => {
            vec![ServerMessage::Challenge { version, nonce, key, policy: None }]
        }
        _ => vec![message],
    }));
    world.cut(0);
    world.mend(0);
    world.run(2_000);
    world
}

fn enter(world: &mut World) -> usize {
    world.join(0, "Dr. Host");
    world.run(1_000);
    let guest = world.guest(2);
    world.join(guest, "Ana");
    world.run(1_000);
    world.admit_all();
    world.run(2_000);
    guest
}

fn refused(world: &World, who: usize) -> bool {
    let against =
        |m: &ServerMessage| matches!(m, ServerMessage::Error { code: ErrorCode::AgainstPolicy });
    world.people[who].received.iter().any(against)
}

#[test]
fn a_new_meeting_begins_with_every_switch_as_it_is_fixed() {
    let pins = ["join-muted=on", "chat=off", "share=on", "waiting-room=on", "consulting=on"];
    let mut world = World::with_policy(policy(&pins, &[]));
    let guest = enter(&mut world);
    let rules = world.people[0].view.rules;
    assert!(rules.join_muted && rules.share && rules.consulting && !rules.chat);
    assert_eq!(world.people[guest].view.phase, Phase::InMeeting);
    assert!(world.people[guest].notices.contains(&Notice::JoinMuted));
    let shown = &world.people[guest].view.policy;
    assert_eq!(shown.pinned, ["waiting-room", "consulting", "join-muted", "share", "chat"]);
    assert_eq!(shown.reason, "House rules of the clinic");
}

#[test]
fn the_host_cannot_turn_what_is_fixed_and_everything_else_goes_on() {
    let mut world = World::with_policy(policy(&["share=off", "waiting-room=on"], &[]));
    let guest = enter(&mut world);
    set(&mut world, Rule::Share, true);
    world.command(0, Command::SetWaitingRoom { on: false, cap: 50 });
    world.run(1_000);
    let device = world.device(guest);
    world.command(0, Command::Allow { device, rule: Rule::Share, on: true });
    world.run(1_000);
    assert!(!world.people[0].view.rules.share && world.people[0].view.rules.auto_admit.is_none());
    assert!(!world.people[guest].view.may.share && !refused(&world, 0));
    set(&mut world, Rule::Chat, false);
    assert!(!world.people[guest].view.may.chat);
}

#[test]
fn a_host_whose_program_ignores_it_gives_nobody_what_is_fixed_otherwise() {
    let mut world = ignorant(policy(&["share=off"], &[]));
    let guest = enter(&mut world);
    assert_eq!(world.people[guest].view.phase, Phase::InMeeting);
    set(&mut world, Rule::Share, true);
    assert!(refused(&world, 0));
    let device = world.device(guest);
    world.people[0].received.clear();
    world.command(0, Command::Allow { device, rule: Rule::Share, on: true });
    world.run(1_000);
    assert!(refused(&world, 0));
    assert_eq!(world.permit(guest), Some(Rights::ALL.without(Rights::SCREEN)));
    assert_eq!(world.permit(0), Some(Rights::ALL), "a pin does not bind the host");
}

#[test]
fn a_host_whose_program_ignores_it_lets_nobody_in_under_other_rules() {
    let mut world = ignorant(policy(&["join-muted=on"], &[]));
    let guest = enter(&mut world);
    assert!(refused(&world, 0));
    assert_ne!(world.people[guest].view.phase, Phase::InMeeting);
    assert_eq!(world.permit(guest), None);
}

#[test]
fn what_is_forbidden_is_passed_on_for_nobody() {
    for mut world in [
        World::with_policy(policy(&[], &["screen-share", "chat"])),
        ignorant(policy(&["chat=off", "several-presenters=off"], &["screen-share"])),
    ] {
        world.join(0, "Dr. Host");
        world.run(1_000);
        assert!(!world.permit(0).unwrap().contains(Rights::SCREEN));
    }
    let mut world = World::with_policy(policy(&[], &["screen-share", "chat"]));
    let guest = enter(&mut world);
    let view = &world.people[0].view;
    assert!(!view.may.share && !view.may.chat && view.policy.forbidden.len() == 2);
    assert!(!world.permit(guest).unwrap().contains(Rights::SCREEN));
    world.command(0, Command::Chat { text: "psst".into() });
    world.run(500);
    assert!(world.people[guest].view.chat.is_empty());
}

#[test]
fn a_room_that_is_there_already_is_brought_to_what_a_restarted_server_has_fixed() {
    let mut world = World::pair();
    set(&mut world, Rule::Share, true);
    assert!(world.people[1].view.may.share);
    world.policy = policy(&["share=off", "join-muted=on"], &[]);
    world.kill_server();
    world.start_server();
    world.run(8_000);
    assert!(!world.people[1].view.may.share && world.people[0].view.rules.join_muted);
    assert_eq!(world.permit(1), Some(Rights::ALL.without(Rights::SCREEN)));
}

#[test]
fn whoever_is_there_when_an_operator_fixes_the_audience_stays_on_stage() {
    let mut world = World::pair();
    world.policy = policy(&["viewers=on"], &[]);
    world.kill_server();
    world.start_server();
    world.run(8_000);
    assert!(world.people[0].view.rules.viewers);
    assert!(world.people[1].view.may.unmute && world.people[1].view.may.video);
    let late = world.guest(7);
    world.join(late, "Late");
    world.run(1_000);
    world.admit_all();
    world.run(1_000);
    assert_eq!(world.people[late].view.phase, client::view::Phase::InMeeting);
    assert!(!world.people[late].view.may.unmute);
}

#[test]
fn without_passcodes_the_host_has_none_and_a_guest_is_told_so() {
    let mut world = World::with_policy(policy(&[], &["passcode"]));
    world.join(0, "Dr. Host");
    world.run(1_000);
    world.command(0, Command::SetPasscode { on: true });
    assert_eq!(world.people[0].view.passcode_shown, "");
    let stranger = world.open_tab([8; 32], None, None);
    world.run(1_000);
    assert_eq!(world.people[stranger].view.passcode.state, PasscodeState::Closed);
    let mut world = World::with_policy(policy(&["passcode=on"], &[]));
    world.join(0, "Dr. Host");
    world.command(0, Command::SetPasscode { on: false });
    world.run(1_000);
    assert_ne!(world.people[0].view.passcode_shown, "");
}

#[test]
fn the_server_takes_no_passcode_where_they_are_forbidden() {
    let mut world = ignorant(policy(&[], &["passcode"]));
    world.join(0, "Dr. Host");
    world.run(1_000);
    let passcode = world.people[0].view.passcode_shown.clone();
    let stranger = world.open_tab([8; 32], None, None);
    world.run(1_000);
    world.command(stranger, Command::Passcode { text: passcode });
    world.run(1_000);
    assert!(refused(&world, stranger));
    assert!(world.people[stranger].view.passcode.needed);
}

#[test]
fn personal_links_are_made_or_taken_nowhere_where_they_are_forbidden() {
    let invite = Command::Invite { label: "Ben".into(), cohost: false };
    let mut world = World::with_policy(policy(&[], &["personal-invitations"]));
    enter(&mut world);
    world.command(0, invite.clone());
    world.run(500);
    assert!(world.people[0].view.invitations.is_empty() && !refused(&world, 0));
    let mut world = ignorant(policy(&[], &["personal-invitations"]));
    enter(&mut world);
    world.command(0, invite);
    world.run(500);
    assert!(refused(&world, 0));
}

#[test]
fn nobody_is_asked_for_what_is_closed_to_everyone() {
    let mut world = World::with_policy(policy(&["unmute=off"], &[]));
    let guest = enter(&mut world);
    let device = Some(world.device(guest));
    world.command(0, Command::Ask { device: device.clone(), ask: Ask::Unmute });
    world.run(500);
    assert!(!world.people[guest].notices.contains(&Notice::AskedToUnmute));
    world.command(0, Command::Ask { device, ask: Ask::StartVideo });
    world.run(500);
    assert!(world.people[guest].notices.contains(&Notice::AskedToStartVideo));
}
