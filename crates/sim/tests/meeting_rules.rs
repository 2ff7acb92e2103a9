//! The rules of delivery, each by the attempt that breaks it.

use base::record::Write;
use base::{GroupId, Role, RoomRules};
use meeting::{Channel, Limits, LobbyReason, Refusal, Removal, ToClient};
use sim::{CertificateFacts, LeaveFacts, Step, StepKind, SwapFacts, TicketFacts, World};
use std::time::Duration;

const HOST: usize = 0;
const COHOST: usize = 2;
const ANA: usize = 3;
const BEN: usize = 4;
const MALLORY: usize = 7;
const GROUP: GroupId = GroupId([2; 16]);

#[test]
fn a_guest_that_adds_someone_is_refused() {
    let mut world = meeting_of(&[ANA]);
    let added = vec![(MALLORY, Role::Participant)];
    let ticket = TicketFacts { added, welcome: true, ..ticket(&world, ANA) };
    assert_refused(&mut world, ANA, ticket);
}

#[test]
fn a_cohost_that_grants_its_own_role_is_refused() {
    let mut world = meeting_of(&[COHOST]);
    let cohost = certificate(&world, COHOST, Role::Cohost);
    connect(&mut world, COHOST, Some(cohost));
    let added = vec![(MALLORY, Role::Cohost)];
    let ticket = TicketFacts { added, welcome: true, ..ticket(&world, COHOST) };
    assert_refused(&mut world, COHOST, ticket);
}

#[test]
fn a_cohost_that_removes_the_host_is_refused() {
    let mut world = meeting_of(&[COHOST]);
    let cohost = certificate(&world, COHOST, Role::Cohost);
    connect(&mut world, COHOST, Some(cohost));
    let ticket = TicketFacts { removed: vec![HOST], ..ticket(&world, COHOST) };
    assert_refused(&mut world, COHOST, ticket);
}

#[test]
fn an_add_to_a_locked_group_is_refused() {
    let mut world = meeting_of(&[]);
    for (locked, frozen) in [(true, false), (false, true)] {
        let rules = Some(RoomRules { locked, frozen, ..RoomRules::default() });
        let lock = TicketFacts { rules, ..ticket(&world, HOST) };
        commit(&mut world, HOST, lock);
        let added = vec![(ANA, Role::Participant)];
        let add = TicketFacts { added, welcome: true, ..ticket(&world, HOST) };
        assert_refused(&mut world, HOST, add);
    }
}

#[test]
fn a_ticket_about_another_commit_is_refused() {
    let mut world = meeting_of(&[]);
    let ticket = TicketFacts { hash_matches: false, ..ticket(&world, HOST) };
    assert_refused(&mut world, HOST, ticket);
}

#[test]
fn the_second_commit_of_an_epoch_is_a_conflict() {
    let mut world = meeting_of(&[ANA]);
    let (first, second) = (ticket(&world, HOST), ticket(&world, ANA));
    commit(&mut world, HOST, first);
    commit(&mut world, ANA, second);
    assert_eq!(told(&world, ANA), [ToClient::Conflict { group: GROUP, epoch: 1 }]);
    assert_eq!(world.meeting.group(), Some((GROUP, 2)));
}

#[test]
fn a_swap_is_asked_of_one_member_after_the_other() {
    let mut world = meeting_of(&[ANA, BEN]);
    let swap = swap(&world, BEN);
    world.perform(&Step { who: BEN, kind: StepKind::Swap(swap) });
    assert!(matches!(told(&world, HOST)[..], [ToClient::SwapRequested { .. }]));
    assert_eq!(told(&world, ANA), []);
    world.take_sent();
    world.wait(Duration::from_millis(1001));
    assert_eq!(told(&world, HOST), []);
    assert!(matches!(told(&world, ANA)[..], [ToClient::SwapRequested { .. }]));
}

#[test]
fn a_replayed_swap_puts_nobody_out() {
    let mut world = meeting_of(&[ANA, BEN]);
    let asked = swap(&world, BEN);
    world.perform(&Step { who: BEN, kind: StepKind::Swap(asked.clone()) });
    let swapped = vec![asked.clone()];
    let served = TicketFacts { swapped, welcome: true, ..ticket(&world, ANA) };
    commit(&mut world, ANA, served);
    assert!(told(&world, BEN).iter().any(|m| matches!(m, ToClient::Welcome { epoch: 3, .. })));
    let again = TicketFacts { swapped: vec![asked], welcome: true, ..ticket(&world, ANA) };
    commit(&mut world, ANA, again);
    assert_eq!(world.meeting.group(), Some((GROUP, 3)));
}

#[test]
fn someone_who_left_hears_nothing_more_and_any_member_commits_it() {
    let mut world = meeting_of(&[ANA, BEN]);
    let leave = LeaveFacts { signer: BEN, device: BEN, group: GROUP, epoch: 2 };
    world.perform(&Step { who: BEN, kind: StepKind::Leave(Some(leave.clone())) });
    assert_eq!(told(&world, BEN), [ToClient::OutOfGroup { why: Removal::Left }]);
    world.perform(&Step { who: ANA, kind: StepKind::Message { epoch: 2, chat: false } });
    assert_eq!(told(&world, BEN), []);
    let gone = TicketFacts { left: vec![leave], ..ticket(&world, ANA) };
    commit(&mut world, ANA, gone);
    assert_eq!(world.meeting.roster().count(), 2);
}

fn say(world: &mut World, who: usize, epoch: u64, chat: bool) {
    world.perform(&Step { who, kind: StepKind::Message { epoch, chat } });
}

fn heard(world: &World, who: usize) -> Vec<u64> {
    let epochs = told(world, who).into_iter().filter_map(|message| match message {
        ToClient::GroupMessage { epoch, .. } => Some(epoch),
        _ => None,
    });
    epochs.collect()
}

#[test]
fn what_a_member_says_comes_back_to_it_unless_nobody_reads_it_any_more() {
    let mut world = meeting_of(&[ANA]);
    for _ in 0..2 {
        let path = ticket(&world, HOST);
        commit(&mut world, HOST, path);
    }
    for chat in [true, false] {
        say(&mut world, ANA, 1, chat);
        assert_eq!((heard(&world, ANA), heard(&world, HOST)), (vec![1], vec![1]));
    }
    let path = ticket(&world, HOST);
    commit(&mut world, HOST, path);
    say(&mut world, ANA, 1, true);
    assert_eq!((told(&world, ANA), told(&world, HOST)), (vec![], vec![]));
    say(&mut world, ANA, 2, true);
    assert_eq!((heard(&world, ANA), heard(&world, HOST)), (vec![2], vec![2]));
}

#[test]
fn chat_that_a_broken_connection_missed_comes_among_the_commits_and_to_nobody_who_came_later() {
    let mut world = meeting_of(&[ANA]);
    world.perform(&Step { who: ANA, kind: StepKind::Disconnect });
    say(&mut world, HOST, 1, true);
    say(&mut world, HOST, 1, false);
    let path = ticket(&world, HOST);
    commit(&mut world, HOST, path);
    say(&mut world, HOST, 1, true);
    say(&mut world, HOST, 2, true);
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 1 } });
    assert!(matches!(
        told(&world, ANA)[..],
        [
            ToClient::GroupMessage { epoch: 1, channel: Channel::Chat, .. },
            ToClient::Committed { epoch: 1, .. },
            ToClient::GroupMessage { epoch: 1, .. },
            ToClient::GroupMessage { epoch: 2, .. },
        ]
    ));
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 2 } });
    assert_eq!(heard(&world, ANA), [1, 2], "what was said since");
    let ben = TicketFacts {
        added: vec![(BEN, Role::Participant)],
        welcome: true,
        ..ticket(&world, HOST)
    };
    connect(&mut world, BEN, None);
    commit(&mut world, HOST, ben);
    say(&mut world, HOST, 2, true);
    say(&mut world, HOST, 3, true);
    world.perform(&Step { who: BEN, kind: StepKind::CatchUp { epoch: 2 } });
    assert_eq!(heard(&world, BEN), [3]);
}

#[test]
fn chat_is_kept_up_to_a_bound_and_what_a_void_made_unreadable_is_not() {
    let mut world = meeting_of(&[ANA]);
    for _ in 0..300 {
        world.wait(Duration::from_millis(100));
        say(&mut world, HOST, 1, true);
    }
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 1 } });
    assert_eq!(heard(&world, ANA).len(), 256);
    let bad = ticket(&world, HOST);
    commit(&mut world, HOST, bad.clone());
    say(&mut world, HOST, 1, true);
    say(&mut world, HOST, 2, true);
    let void = StepKind::Void { signer: HOST, epoch: bad.epoch, commit: bad.commit };
    world.perform(&Step { who: HOST, kind: void });
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 1 } });
    assert_eq!(heard(&world, ANA), [1; 255]);
}

#[test]
fn a_void_restores_whom_the_commit_removed() {
    let mut world = meeting_of(&[ANA]);
    let bad = TicketFacts { removed: vec![ANA], ..ticket(&world, HOST) };
    commit(&mut world, HOST, bad.clone());
    assert_eq!(told(&world, ANA), [ToClient::OutOfGroup { why: Removal::Removed }]);
    let void = StepKind::Void { signer: HOST, epoch: bad.epoch, commit: bad.commit };
    world.perform(&Step { who: HOST, kind: void.clone() });
    assert!(matches!(told(&world, ANA)[0], ToClient::Voided { .. }));
    assert_eq!(world.meeting.group(), Some((GROUP, 1)));
    world.perform(&Step { who: HOST, kind: void });
    assert_eq!(told(&world, HOST), [ToClient::Error(Refusal::NotAllowed)]);
}

#[test]
fn a_host_cannot_replace_a_session_whose_members_are_there() {
    let mut world = meeting_of(&[ANA]);
    assert_eq!(replace(&mut world), Some(ToClient::Error(Refusal::NotAllowed)));
    world.perform(&Step { who: ANA, kind: StepKind::Disconnect });
    let opened = ToClient::SessionOpened { group: GroupId([3; 16]) };
    assert_eq!(replace(&mut world), Some(opened));
    connect(&mut world, ANA, None);
    let out = ToClient::OutOfGroup { why: Removal::SessionReplaced };
    assert!(told(&world, ANA).contains(&out));
}

#[test]
fn a_host_whose_swap_nobody_answers_may_replace_the_session() {
    let mut world = meeting_of(&[ANA]);
    let lost = swap(&world, HOST);
    world.perform(&Step { who: HOST, kind: StepKind::Swap(lost) });
    world.wait(Duration::from_millis(9_900));
    assert_eq!(replace(&mut world), Some(ToClient::Error(Refusal::NotAllowed)));
    world.wait(Duration::from_millis(200));
    assert_eq!(replace(&mut world), Some(ToClient::SessionOpened { group: GroupId([3; 16]) }));
    assert!(told(&world, ANA).contains(&ToClient::OutOfGroup { why: Removal::SessionReplaced }));
}

#[test]
fn a_welcome_that_missed_its_device_waits_for_it_a_minute() {
    for (pause, arrives) in [(30, true), (61, false)] {
        let mut world = meeting_of(&[]);
        let added = vec![(ANA, Role::Participant)];
        let add = TicketFacts { added, welcome: true, ..ticket(&world, HOST) };
        commit(&mut world, HOST, add);
        world.wait(Duration::from_secs(pause));
        world.restart();
        connect(&mut world, ANA, None);
        let welcomed = told(&world, ANA).iter().any(|m| matches!(m, ToClient::Welcome { .. }));
        assert_eq!(welcomed, arrives, "after {pause} s");
    }
}

#[test]
fn after_a_restart_members_catch_up_in_the_same_group() {
    let mut world = meeting_of(&[ANA]);
    let path = ticket(&world, HOST);
    commit(&mut world, HOST, path.clone());
    world.restart();
    connect(&mut world, ANA, None);
    assert_eq!(world.meeting.group(), Some((GROUP, 2)));
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 1 } });
    assert!(matches!(&told(&world, ANA)[..],
        [ToClient::Committed { epoch: 1, commit, .. }] if commit[..] == path.commit));
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 7 } });
    assert_eq!(told(&world, ANA), [ToClient::TooOld { group: GROUP, epoch: 2 }]);
}

#[test]
fn more_than_256_commits_behind_is_too_old() {
    let mut world = meeting_of(&[ANA]);
    for _ in 0..260 {
        world.wait(Duration::from_millis(100));
        let path = ticket(&world, HOST);
        commit(&mut world, HOST, path);
    }
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 4 } });
    assert_eq!(told(&world, ANA), [ToClient::TooOld { group: GROUP, epoch: 261 }]);
    world.perform(&Step { who: ANA, kind: StepKind::CatchUp { epoch: 5 } });
    assert_eq!(told(&world, ANA).len(), 256);
}

#[test]
fn knocks_in_a_row_are_slowed_down_and_only_one_waits() {
    let mut world = meeting_of(&[]);
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, MALLORY, None);
    let (mut waiting, mut slowed) = (0_i32, 0);
    for _ in 0..200 {
        for kind in [StepKind::Ring, StepKind::Knock] {
            world.perform(&Step { who: MALLORY, kind });
            waiting += told(&world, HOST).iter().map(change_of_waiting).sum::<i32>();
            let slow = ToClient::Error(Refusal::TooFast);
            slowed += told(&world, MALLORY).contains(&slow) as u32;
        }
    }
    assert_eq!(waiting, 1);
    assert!(slowed > 390);
}

#[test]
fn a_knock_without_a_nonce_is_stale() {
    let mut world = meeting_of(&[]);
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::Knock });
    assert_eq!(told(&world, ANA), [ToClient::Refused { reason: LobbyReason::Stale }]);
    assert_eq!(told(&world, HOST), []);
}

#[test]
fn a_guest_that_rang_too_early_gets_its_doorbell_when_there_is_one() {
    let mut world = meeting_of(&[]);
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::Ring });
    assert!(matches!(told(&world, ANA)[..], [ToClient::Doorbell { doorbell: None, .. }]));
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    assert!(matches!(told(&world, ANA)[..], [ToClient::Doorbell { doorbell: Some(_), .. }]));
}

#[test]
fn a_passcodes_steps_reach_the_host_and_each_is_answered_once() {
    let mut world = meeting_of(&[BEN]);
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, ANA, None);
    let reply = Step { who: HOST, kind: StepKind::PasscodeReply { to: ANA } };
    world.perform(&reply);
    assert_eq!(told(&world, ANA), [], "nobody asked");
    world.perform(&Step { who: ANA, kind: StepKind::Passcode { size: 48 } });
    assert!(matches!(told(&world, HOST)[..], [ToClient::PasscodeTried { .. }]));
    assert_eq!((told(&world, ANA), told(&world, BEN)), (vec![], vec![]));
    world.perform(&reply);
    assert!(matches!(told(&world, ANA)[..], [ToClient::PasscodeReplied { .. }]));
    world.perform(&reply);
    assert_eq!(told(&world, ANA), [], "it was answered");
}

#[test]
fn only_the_host_answers_for_the_passcode_and_only_guests_try_it() {
    let mut world = meeting_of(&[BEN]);
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::Passcode { size: 48 } });
    let refused = [ToClient::Error(Refusal::NotAllowed)];
    for who in [BEN, ANA] {
        world.perform(&Step { who, kind: StepKind::PasscodeReply { to: ANA } });
        assert_eq!(told(&world, who), refused);
    }
    world.perform(&Step { who: BEN, kind: StepKind::Passcode { size: 48 } });
    assert_eq!(told(&world, BEN), refused);
}

#[test]
fn a_passcode_without_a_host_to_check_it_is_stale() {
    let mut world = meeting_of(&[COHOST]);
    let cohost = certificate(&world, COHOST, Role::Cohost);
    connect(&mut world, COHOST, Some(cohost));
    world.perform(&Step { who: COHOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::Passcode { size: 48 } });
    assert_eq!(told(&world, ANA), [ToClient::Refused { reason: LobbyReason::Stale }]);
    assert_eq!(told(&world, COHOST), []);
}

#[test]
fn passcodes_in_a_row_are_slowed_down_and_large_ones_refused() {
    let mut world = meeting_of(&[]);
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, MALLORY, None);
    world.perform(&Step { who: MALLORY, kind: StepKind::Passcode { size: 513 } });
    assert_eq!(told(&world, MALLORY), [ToClient::Error(Refusal::TooMany)]);
    let mut passed = 0;
    for _ in 0..200 {
        world.perform(&Step { who: MALLORY, kind: StepKind::Passcode { size: 512 } });
        passed += told(&world, HOST).len();
    }
    assert!((5..10).contains(&passed), "{passed}");
}

#[test]
fn a_crowd_that_tries_the_passcode_does_not_keep_the_host_busy() {
    let mut world = meeting_of(&[]);
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    let (mut passed, mut slowed) = (0, 0);
    for _ in 0..30 {
        for who in [ANA, BEN, MALLORY] {
            connect(&mut world, who, None);
            world.perform(&Step { who, kind: StepKind::Passcode { size: 48 } });
            passed += told(&world, HOST).len();
            slowed += told(&world, who).contains(&ToClient::Error(Refusal::TooFast)) as usize;
        }
    }
    assert_eq!((passed, slowed > 0), (90 - slowed, true));
}

#[test]
fn words_reach_whoever_knocked_at_the_speakers_own_bell() {
    let mut world = meeting_of(&[BEN, COHOST]);
    let cohost = certificate(&world, COHOST, Role::Cohost);
    connect(&mut world, COHOST, Some(cohost));
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::Ring });
    world.perform(&Step { who: ANA, kind: StepKind::Knock });
    for who in [HOST, ANA, BEN, COHOST] {
        told(&world, who);
    }
    let tell = StepKind::Tell { size: 4096 };
    world.perform(&Step { who: HOST, kind: tell.clone() });
    assert!(matches!(told(&world, ANA)[..], [ToClient::Told { .. }]));
    world.perform(&Step { who: COHOST, kind: tell.clone() });
    assert_eq!(told(&world, ANA), [], "the knock is not at the co-host's bell");
    for who in [BEN, ANA] {
        world.perform(&Step { who, kind: tell.clone() });
        assert_eq!(told(&world, who), [ToClient::Error(Refusal::NotAllowed)]);
    }
    world.perform(&Step { who: HOST, kind: StepKind::Tell { size: 4097 } });
    assert_eq!(told(&world, HOST), [ToClient::Error(Refusal::TooMany)]);
    world.perform(&Step { who: ANA, kind: StepKind::Cancel });
    told(&world, ANA);
    world.perform(&Step { who: HOST, kind: tell });
    assert_eq!(told(&world, ANA), [], "the knock is gone");
}

#[test]
fn words_to_those_who_wait_are_slowed_down() {
    let mut world = meeting_of(&[]);
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
    connect(&mut world, ANA, None);
    world.perform(&Step { who: ANA, kind: StepKind::Ring });
    world.perform(&Step { who: ANA, kind: StepKind::Knock });
    let mut slowed = 0;
    for _ in 0..600 {
        world.perform(&Step { who: HOST, kind: StepKind::Tell { size: 64 } });
        slowed += told(&world, HOST).contains(&ToClient::Error(Refusal::TooFast)) as usize;
    }
    assert!((50..=100).contains(&slowed), "{slowed}");
}

#[test]
fn an_unused_meeting_is_forgotten() {
    let mut world = World::new(0, Limits { idle: Duration::from_secs(3600), ..Limits::default() });
    world.now = world.now.plus(Duration::from_secs(3600));
    world.meeting.handle(world.now, meeting::Input::Tick);
    let forgotten = meeting::Output::Persist(vec![Write::Forget]);
    assert_eq!(world.meeting.poll_output(), Some(forgotten));
    assert!(world.meeting.is_over());
}

/// A session of the host and these members, in the epoch of their number.
fn meeting_of(members: &[usize]) -> World {
    let mut world = World::new(0, Limits::default());
    connect(&mut world, HOST, None);
    let certificate = certificate(&world, HOST, Role::Host);
    let open = StepKind::Open { group: GROUP, certificate, replace: None };
    world.perform(&Step { who: HOST, kind: open });
    for who in members {
        connect(&mut world, *who, None);
        let added = vec![(*who, Role::Participant)];
        let add = TicketFacts { added, welcome: true, ..ticket(&world, HOST) };
        commit(&mut world, HOST, add);
    }
    world
}

fn connect(world: &mut World, who: usize, certificate: Option<CertificateFacts>) {
    world.perform(&Step { who, kind: StepKind::Connect { certificate } });
}

fn commit(world: &mut World, who: usize, facts: TicketFacts) {
    world.perform(&Step { who, kind: StepKind::Commit(facts) });
}

fn replace(world: &mut World) -> Option<ToClient> {
    let group = GroupId([3; 16]);
    let certificate = CertificateFacts { group, ..certificate(world, HOST, Role::Host) };
    let kind = StepKind::Open { group, certificate, replace: Some(GROUP) };
    world.perform(&Step { who: HOST, kind });
    told(world, HOST).into_iter().next()
}

fn assert_refused(world: &mut World, who: usize, facts: TicketFacts) {
    let before = world.meeting.group();
    commit(world, who, facts);
    assert_eq!(told(world, who), [ToClient::Error(Refusal::NotAllowed)]);
    assert_eq!(world.meeting.group(), before);
}

fn certificate(world: &World, device: usize, role: Role) -> CertificateFacts {
    CertificateFacts {
        by_hk: true,
        this_meeting: true,
        device,
        group: GROUP,
        role,
        serial: 1,
        expiry: world.now.wall + Duration::from_secs(86_400),
    }
}

/// A path update for the current epoch.
fn ticket(world: &World, who: usize) -> TicketFacts {
    let (group, epoch) = world.meeting.group().expect("a session is open");
    TicketFacts {
        signer: who,
        committer: who,
        group,
        epoch,
        commit: vec![who as u8, epoch as u8, (epoch >> 8) as u8],
        hash_matches: true,
        added: Vec::new(),
        removed: Vec::new(),
        swapped: Vec::new(),
        left: Vec::new(),
        rules: None,
        welcome: false,
    }
}

fn swap(world: &World, who: usize) -> SwapFacts {
    let (group, epoch) = world.meeting.group().expect("a session is open");
    SwapFacts { signer: who, device: who, group, epoch, key_package: [who as u8; 32] }
}

fn change_of_waiting(message: &ToClient) -> i32 {
    match message {
        ToClient::Knocked { .. } => 1,
        ToClient::KnockGone { .. } => -1,
        _ => 0,
    }
}

fn told(world: &World, who: usize) -> Vec<ToClient> {
    let to_who = world.sent.iter().filter(|(to, _)| *to == who);
    to_who.map(|(_, message)| message.clone()).collect()
}
