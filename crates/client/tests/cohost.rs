//! Co-hosts: made, taken back, left alone with the meeting, and handed the whole of it.

mod world;

use client::shell::{Command, Rule};
use client::view::{PersonRole, Phase};
use wire::ClientMessage;
use world::World;

const HOST: usize = 0;
const ANA: usize = 1;

/// Host and Ana inside, both confirmed.
fn pair() -> World {
    let mut world = World::pair();
    world.run(1_000);
    world
}

fn device(world: &World, who: usize) -> wire::Bytes {
    world.people[who].view.my_device.clone()
}

fn set_cohost(world: &mut World, who: usize, on: bool) {
    let device = device(world, who);
    world.command(HOST, Command::SetCohost { device, on });
    world.run(1_000);
}

fn role(world: &World, seen_by: usize, who: usize) -> PersonRole {
    let device = device(world, who);
    let people = &world.people[seen_by].view.people;
    people.iter().find(|person| person.device == device).expect("everyone is seen").role
}

fn waiting(world: &World, seen_by: usize) -> Vec<String> {
    world.people[seen_by].view.waiting.iter().map(|waiting| waiting.name.clone()).collect()
}

fn knock(world: &mut World, seed: u8, name: &str) -> usize {
    let who = world.guest(seed);
    world.join(who, name);
    world.run(1_000);
    who
}

fn admit(world: &mut World, by: usize) {
    let knock = world.people[by].view.waiting[0].knock;
    world.command(by, Command::Admit { knock });
    world.run(2_000);
}

fn is_in(world: &World, who: usize) -> bool {
    world.people[who].view.phase == Phase::InMeeting
}

fn with_cohost() -> World {
    let mut world = pair();
    set_cohost(&mut world, ANA, true);
    world
}

#[test]
fn a_cohost_is_one_for_everyone_and_sees_the_same_people_wait() {
    let mut world = pair();
    let early = knock(&mut world, 3, "Ben");
    assert_eq!(waiting(&world, ANA), [""; 0]);
    set_cohost(&mut world, ANA, true);
    for seen_by in [HOST, ANA] {
        assert_eq!(role(&world, seen_by, ANA), PersonRole::Cohost);
        assert_eq!(waiting(&world, seen_by), ["Ben"]);
    }
    assert!(world.people[ANA].view.may.control);
    assert!(!world.people[ANA].view.host);
    assert_eq!(world.people[ANA].view.invite_path, world.people[HOST].view.invite_path);
    let late = knock(&mut world, 4, "Cleo");
    assert_eq!(waiting(&world, ANA), ["Ben", "Cleo"]);
    admit(&mut world, ANA);
    assert!(is_in(&world, early) && !is_in(&world, late));
    for seen_by in [HOST, ANA] {
        assert_eq!(waiting(&world, seen_by), ["Cleo"]);
    }
    assert_eq!(role(&world, early, ANA), PersonRole::Cohost, "a newcomer knows");
}

#[test]
fn both_admitting_the_same_one_does_no_harm() {
    let mut world = with_cohost();
    let ben = knock(&mut world, 3, "Ben");
    let knock = world.people[HOST].view.waiting[0].knock;
    world.people[ANA]
        .core
        .handle(world.now, client::shell::Input::Command(Command::Admit { knock }));
    world.command(HOST, Command::Admit { knock });
    world.run(3_000);
    assert!(is_in(&world, ben) && is_in(&world, HOST) && is_in(&world, ANA));
    assert_eq!(world.people[ben].view.people.len(), 3);
}

#[test]
fn a_cohost_sets_rules_and_removes_but_neither_certifies_nor_revokes() {
    let mut world = with_cohost();
    let ben = knock(&mut world, 3, "Ben");
    admit(&mut world, HOST);
    world.command(ANA, Command::SetRule { rule: Rule::Chat, on: false });
    world.run(1_000);
    assert!(!world.people[ben].view.rules.chat);
    let ana_before = world.people[ANA].sent.len();
    let devices = [HOST, ben].map(|who| device(&world, who));
    for device in devices {
        world.command(ANA, Command::SetCohost { device: device.clone(), on: true });
        world.command(ANA, Command::HandOver { device });
    }
    world.command(ANA, Command::ChangeLink);
    world.command(ANA, Command::NewPasscode);
    world.run(1_000);
    let sent = &world.people[ANA].sent[ana_before..];
    let harmless = |m: &ClientMessage| {
        matches!(m, ClientMessage::GroupMessage { .. } | ClientMessage::Ping { .. })
    };
    assert!(sent.iter().all(harmless), "{sent:?}");
    let ben_device = device(&world, ben);
    world.command(ANA, Command::Remove { device: ben_device });
    world.run(1_000);
    assert_eq!(world.people[ben].view.phase, Phase::Removed);
    let host_device = device(&world, HOST);
    world.command(ANA, Command::Remove { device: host_device });
    world.run(1_000);
    assert!(is_in(&world, HOST), "nobody removes the host");
}

#[test]
fn what_is_taken_back_is_gone_for_members_and_the_server() {
    let mut world = with_cohost();
    let ben = knock(&mut world, 3, "Ben");
    assert_eq!(waiting(&world, ANA), ["Ben"]);
    set_cohost(&mut world, ANA, false);
    assert_eq!(role(&world, HOST, ANA), PersonRole::Participant);
    assert!(!world.people[ANA].view.may.control);
    assert_eq!(waiting(&world, ANA), [""; 0]);
    assert_eq!(world.people[ANA].view.invite_path, "");
    // Ben rang again by himself, at a bell that Ana does not have.
    assert_eq!(waiting(&world, HOST), ["Ben"]);
    world.reload(ANA);
    world.run(3_000);
    assert!(is_in(&world, ANA) && !world.people[ANA].view.may.control);
    admit(&mut world, HOST);
    assert!(is_in(&world, ben));
    assert_eq!(role(&world, ben, ANA), PersonRole::Participant);
}

#[test]
fn while_the_host_is_away_the_cohost_keeps_the_door_and_the_host_returns_as_host() {
    let mut world = with_cohost();
    let ben = knock(&mut world, 3, "Ben");
    world.cut(HOST);
    world.run(2_000);
    assert_eq!(waiting(&world, ANA), ["Ben"], "who waits goes on waiting");
    admit(&mut world, ANA);
    assert!(is_in(&world, ben));
    let cleo = knock(&mut world, 4, "Cleo");
    assert!(world.people[cleo].view.host_knows);
    world.run(40_000);
    assert_eq!(world.people[ben].view.safety, client::view::Safety::Private, "media flows on");
    admit(&mut world, ANA);
    assert!(is_in(&world, cleo));
    world.mend(HOST);
    world.run(3_000);
    assert_eq!(role(&world, cleo, HOST), PersonRole::Host);
    assert!(is_in(&world, HOST));
    let dan = knock(&mut world, 5, "Dan");
    assert_eq!(
        (waiting(&world, HOST), waiting(&world, ANA)),
        (vec!["Dan".into()], vec!["Dan".into()])
    );
    admit(&mut world, HOST);
    assert!(is_in(&world, dan));
}

#[test]
fn a_cohost_that_reloads_while_the_host_is_away_still_keeps_the_door() {
    let mut world = with_cohost();
    let ben = knock(&mut world, 3, "Ben");
    admit(&mut world, HOST);
    world.cut(HOST);
    world.reload(ANA);
    world.run(5_000);
    assert!(is_in(&world, ANA) && world.people[ANA].view.may.control);
    let cleo = knock(&mut world, 4, "Cleo");
    admit(&mut world, ANA);
    assert!(is_in(&world, cleo) && is_in(&world, ben));
}

#[test]
fn a_host_that_reloads_hangs_a_new_bell_and_the_cohost_gets_it() {
    let mut world = with_cohost();
    world.reload(HOST);
    world.run(3_000);
    assert!(is_in(&world, HOST));
    let ben = knock(&mut world, 3, "Ben");
    assert_eq!((waiting(&world, HOST).len(), waiting(&world, ANA).len()), (1, 1));
    admit(&mut world, ANA);
    assert!(is_in(&world, ben));
}

#[test]
fn a_host_that_left_comes_back_without_waiting_even_to_a_locked_meeting() {
    let mut world = with_cohost();
    world.command(HOST, Command::Leave);
    world.run(1_000);
    world.command(ANA, Command::SetRule { rule: Rule::Lock, on: true });
    world.run(1_000);
    assert_eq!(world.people[ANA].view.people.len(), 1);
    let ana_group = world.meeting_group();
    world.reload(HOST);
    world.join(HOST, "Dr. Host");
    world.run(3_000);
    assert!(is_in(&world, HOST), "{:?}", world.people[HOST].view.problem);
    assert_eq!(world.meeting_group(), ana_group, "the same session");
    assert_eq!(role(&world, ANA, HOST), PersonRole::Host);
    assert_eq!(waiting(&world, ANA), [""; 0]);
}

#[test]
fn a_host_that_nobody_hears_opens_another_session() {
    let mut world = with_cohost();
    world.command(HOST, Command::Leave);
    world.run(1_000);
    let before = world.meeting_group();
    // Ana's page is there and does nothing any more.
    world.people[ANA].asleep = true;
    world.reload(HOST);
    world.join(HOST, "Dr. Host");
    world.run(30_000);
    assert_ne!(world.meeting_group(), before);
    assert!(world.people[HOST].view.people.len() == 1);
}

#[test]
fn consulting_holds_no_cohost_back_and_a_cohost_keeps_to_the_turn() {
    let mut world = with_cohost();
    world.command(HOST, Command::SetRule { rule: Rule::Consulting, on: true });
    world.run(1_000);
    let ben = knock(&mut world, 3, "Ben");
    admit(&mut world, ANA);
    assert!(is_in(&world, ben));
    let cleo = knock(&mut world, 4, "Cleo");
    for seen_by in [HOST, ANA] {
        assert!(world.people[seen_by].view.waiting[0].held);
        let knock = world.people[seen_by].view.waiting[0].knock;
        world.command(seen_by, Command::Admit { knock });
    }
    world.run(2_000);
    assert!(!is_in(&world, cleo));
    // The host itself leaves and comes back beside the party that is in.
    world.command(HOST, Command::Leave);
    world.run(1_000);
    world.reload(HOST);
    world.join(HOST, "Dr. Host");
    world.run(3_000);
    assert!(is_in(&world, HOST) && is_in(&world, ben) && !is_in(&world, cleo));
}

#[test]
fn with_the_waiting_room_off_one_device_lets_people_in_and_the_other_when_it_does_not() {
    let mut world = with_cohost();
    world.command(HOST, Command::SetWaitingRoom { on: false, cap: 50 });
    world.run(1_000);
    let ben = knock(&mut world, 3, "Ben");
    assert!(is_in(&world, ben));
    let commits = |world: &World, who: usize| {
        let sent = world.people[who].sent.iter();
        sent.filter(|message| matches!(message, ClientMessage::Commit { .. })).count()
    };
    assert_eq!(commits(&world, ANA), 0, "the commits do not race");
    world.people[HOST].asleep = true;
    let cleo = knock(&mut world, 4, "Cleo");
    world.run(3_000);
    assert!(is_in(&world, cleo));
}

#[test]
fn handed_over_the_other_holds_everything_and_the_former_host_is_a_cohost() {
    let mut world = pair();
    let passcode = world.people[HOST].view.passcode_shown.clone();
    world.command(HOST, Command::Invite { label: "Dan, Fridays".into(), cohost: false });
    let invitation = world.people[HOST].view.invitations[0].path.clone();
    let heir = device(&world, ANA);
    world.command(HOST, Command::HandOver { device: heir });
    world.run(3_000);
    for seen_by in [HOST, ANA] {
        assert_eq!(role(&world, seen_by, ANA), PersonRole::Host);
        assert_eq!(role(&world, seen_by, HOST), PersonRole::Cohost);
    }
    let (former, new) = (&world.people[HOST].view, &world.people[ANA].view);
    assert!(new.host && !former.host && former.may.control);
    assert_eq!(
        (new.passcode_shown.as_str(), former.passcode_shown.as_str()),
        (passcode.as_str(), "")
    );
    assert_eq!(new.invitations[0].path, invitation);
    assert_eq!(new.invite_path, former.invite_path);
    assert!(former.invitations.is_empty());
    // Both see who waits; the new host makes another co-host; the old one cannot.
    let ben = knock(&mut world, 3, "Ben");
    assert_eq!(waiting(&world, HOST), ["Ben"]);
    admit(&mut world, ANA);
    let ben_device = device(&world, ben);
    world.command(ANA, Command::SetCohost { device: ben_device, on: true });
    world.run(1_000);
    assert_eq!(role(&world, HOST, ben), PersonRole::Cohost);
    // The former host does not end it any more, the new one does.
    world.command(HOST, Command::EndForEveryone);
    world.run(1_000);
    assert!(is_in(&world, ben));
    world.command(ANA, Command::EndForEveryone);
    world.run(1_000);
    assert!(world.people.iter().all(|person| person.view.phase == Phase::Ended));
}

#[test]
fn after_a_handover_both_come_back_as_what_they_are() {
    let mut world = pair();
    let heir = device(&world, ANA);
    world.command(HOST, Command::HandOver { device: heir });
    world.run(3_000);
    world.reload(HOST);
    world.reload(ANA);
    world.run(15_000);
    assert!(world.people[ANA].view.host && !world.people[HOST].view.host);
    // Nobody kept the group's state: the new host opened the next session, the former knocks.
    assert!(is_in(&world, ANA));
    let waiting = waiting(&world, ANA);
    assert!(waiting == ["Dr. Host"] || is_in(&world, HOST), "{waiting:?}");
}

#[test]
fn a_meeting_that_was_offered_and_not_handed_over_stays_where_it_is() {
    let mut world = with_cohost();
    // The host's commit never gets through.
    world.trick = Some(Box::new(|to, message| match message {
        wire::ServerMessage::GroupMessage { .. } if to == HOST => Vec::new(),
        other => vec![other],
    }));
    let heir = device(&world, ANA);
    world.command(HOST, Command::HandOver { device: heir });
    world.run(31_000);
    assert!(world.people[HOST].view.host && !world.people[ANA].view.host);
    world.trick = None;
    world.reload(ANA);
    world.run(5_000);
    assert!(!world.people[ANA].view.host);
    assert_eq!(role(&world, HOST, ANA), PersonRole::Cohost);
}

#[test]
fn whoever_comes_by_a_cohosts_invitation_is_one() {
    let mut world = World::pair();
    world.command(HOST, Command::Invite { label: "My phone".into(), cohost: true });
    let path = world.people[HOST].view.invitations[0].path.clone();
    let fragment = path.split_once('#').expect("a link has a secret").1.to_owned();
    let phone = world.open_tab([9; 32], Some(fragment), None);
    world.join(phone, "Dr. Host's phone");
    world.run(1_000);
    admit(&mut world, HOST);
    assert_eq!(role(&world, HOST, phone), PersonRole::Cohost);
    assert!(world.people[phone].view.may.control);
}

#[test]
fn whom_a_cohost_lets_in_by_such_an_invitation_the_host_makes_one_or_not() {
    let mut world = with_cohost();
    world.command(HOST, Command::Invite { label: "Colleague".into(), cohost: true });
    world.run(1_000);
    let path = world.people[HOST].view.invitations[0].path.clone();
    let fragment = path.split_once('#').expect("a link has a secret").1.to_owned();
    let colleague = world.open_tab([9; 32], Some(fragment), None);
    world.join(colleague, "Dan");
    world.run(1_000);
    assert_eq!(world.people[ANA].view.waiting[0].invited_as, None, "labels are the host's");
    admit(&mut world, ANA);
    assert_eq!(role(&world, HOST, colleague), PersonRole::Participant);
    assert!(world.people[HOST].view.invitations[0].device_known, "the host learns who came by it");
}
