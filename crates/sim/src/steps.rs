//! One thing that someone does, rightful or not, and the choice of the next one.

use crate::cast::{CertificateFacts, LeaveFacts, SwapFacts, TicketFacts, Who};
use crate::random::Random;
use crate::world::World;
use base::{AutoAdmit, GroupId, Party, Rights, Role, RoomRules, UnixMillis};
use std::time::Duration;

/// Who does it, and what. Whoever is not connected is heard by nobody.
#[derive(Clone, Debug)]
pub struct Step {
    pub who: Who,
    pub kind: StepKind,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    Connect {
        certificate: Option<CertificateFacts>,
    },
    Disconnect,
    Open {
        group: GroupId,
        certificate: CertificateFacts,
        replace: Option<GroupId>,
    },
    Bell {
        certified: bool,
    },
    Ring,
    Knock,
    Cancel,
    Decline,
    /// Says something to the newest knock.
    Tell {
        size: usize,
    },
    Passcode {
        size: usize,
    },
    PasscodeReply {
        to: Who,
    },
    /// Hands in what HK signed.
    Certify(Vec<CertificateFacts>),
    Commit(TicketFacts),
    Void {
        signer: Who,
        epoch: u64,
        commit: Vec<u8>,
    },
    Message {
        epoch: u64,
        chat: bool,
    },
    CatchUp {
        epoch: u64,
    },
    Swap(SwapFacts),
    Leave(Option<LeaveFacts>),
    Publish,
    End {
        signer: Who,
    },
    /// The server is killed and started on what it had stored.
    Restart,
}

/// Chooses the next step: mostly what honest people do, often spoilt in one way.
pub fn choose(world: &World, random: &mut Random) -> Step {
    let everyone: Vec<Who> = world.cast.everyone().collect();
    let connected: Vec<Who> = world.model.connected.iter().copied().collect();
    let away: Vec<Who> = everyone.iter().copied().filter(|w| !connected.contains(w)).collect();
    let roll = random.below(1000);
    if roll < 2 {
        return Step { who: 0, kind: StepKind::Restart };
    }
    let Some(who) = random.pick(&connected).filter(|_| away.is_empty() || roll >= 120) else {
        let who = random.pick(&away).unwrap_or_default();
        return Step { who, kind: connect(world, random, who) };
    };
    Step { who, kind: deed(world, random, who) }
}

fn deed(world: &World, random: &mut Random, who: Who) -> StepKind {
    let member = world.model.is_active(who);
    match random.below(100) {
        0..6 => StepKind::Disconnect,
        6..9 => connect(world, random, who),
        9..17 => open(world, random, who),
        17..22 => StepKind::Bell { certified: random.chance(90) },
        22..24 if random.chance(3) => StepKind::End { signer: spoilt_signer(world, random, who) },
        22..40 if !member => random
            .pick(&[true, false])
            .map_or(StepKind::Ring, |knock| if knock { StepKind::Knock } else { StepKind::Ring }),
        22..25 => StepKind::Cancel,
        25..26 if random.chance(50) => StepKind::Tell { size: 64 },
        25..26 => StepKind::Decline,
        26..27 => StepKind::Passcode { size: 48 },
        27..28 => StepKind::PasscodeReply {
            to: random.pick(&world.cast.everyone().collect::<Vec<_>>()).unwrap_or(who),
        },
        28..30 => certify(world, random),
        30..60 => StepKind::Commit(ticket(world, random, who)),
        60..66 => void(world, random, who),
        66..78 => StepKind::Message { epoch: near(world, random), chat: random.chance(50) },
        78..81 => StepKind::CatchUp { epoch: near(world, random) },
        81..90 => StepKind::Swap(swap(world, random, who)),
        90..94 => StepKind::Leave(random.chance(85).then(|| leave(world, random, who))),
        _ => StepKind::Publish,
    }
}

fn connect(world: &World, random: &mut Random, who: Who) -> StepKind {
    let group = world.group_or(GroupId([0; 16]));
    let certificate = (who < 3 && random.chance(90) || random.chance(10))
        .then(|| certificate(world, random, who, group));
    StepKind::Connect { certificate }
}

/// Devices 0 and 1 are the host's, 2 is a co-host's or a recorder; HK signs for nobody else.
fn certificate(world: &World, random: &mut Random, who: Who, group: GroupId) -> CertificateFacts {
    let second = if random.chance(20) { Role::Recorder } else { Role::Cohost };
    let role = if who == 2 { second } else { Role::Host };
    let lives = Duration::from_secs(60 + random.below(3600) as u64);
    let mut facts = CertificateFacts {
        by_hk: who < 3,
        this_meeting: true,
        device: who,
        group,
        role,
        serial: world.serial(),
        expiry: world.now.wall + lives,
    };
    if random.chance(15) {
        match random.below(5) {
            0 => facts.by_hk = false,
            1 => facts.this_meeting = false,
            2 => facts.device = random.below(3),
            3 => facts.expiry = UnixMillis(world.now.wall.0 - random.below(2) as u64),
            _ => facts.serial = 0,
        }
        // What HK did sign for another device may be presented by anyone.
        facts.by_hk &= facts.device < 3;
        facts.role = if facts.device == 2 { second } else { facts.role };
    }
    facts
}

/// Roles given to one or two devices in the course of a meeting, and taken back.
fn certify(world: &World, random: &mut Random) -> StepKind {
    let group = world.group_or(GroupId([0; 16]));
    let all = (0..1 + random.below(2)).map(|n| {
        let device = random.below(4);
        let mut facts = certificate(world, random, device, group);
        facts.device = device;
        facts.serial += n as u64;
        // HK takes back what it gave; it makes nobody host in passing.
        let roles = [Role::Participant, Role::Cohost, Role::Recorder];
        if device >= 2 {
            facts.role = random.pick(&roles).unwrap_or(Role::Participant);
        }
        facts
    });
    StepKind::Certify(all.collect())
}

fn open(world: &World, random: &mut Random, who: Who) -> StepKind {
    let group = GroupId(random.bytes());
    let named = if random.chance(90) { group } else { world.group_or(group) };
    let certificate = certificate(world, random, who, named);
    let current = world.model.group.as_ref().map(|group| group.id);
    let replace = if random.chance(70) { current } else { random.chance(50).then_some(group) };
    StepKind::Open { group, certificate, replace }
}

fn ticket(world: &World, random: &mut Random, who: Who) -> TicketFacts {
    let mut facts = honest_ticket(world, random, who);
    if random.chance(35) {
        spoil(world, random, &mut facts);
    }
    facts
}

fn honest_ticket(world: &World, random: &mut Random, who: Who) -> TicketFacts {
    let mut facts = TicketFacts {
        signer: who,
        committer: who,
        group: world.group_or(GroupId([0; 16])),
        epoch: 0,
        commit: random.bytes::<24>().to_vec(),
        hash_matches: true,
        added: Vec::new(),
        removed: Vec::new(),
        swapped: Vec::new(),
        left: Vec::new(),
        rules: None,
        welcome: false,
    };
    let Some(group) = &world.model.group else { return facts };
    facts.epoch = group.epoch;
    facts.swapped = world.waiting_swaps().into_iter().filter(|swap| swap.device != who).collect();
    facts.left = world.waiting_leaves();
    if world.model.is_delegate(who, world.now.wall) {
        choose_changes(world, random, &mut facts);
    }
    facts.welcome = !facts.added.is_empty() || !facts.swapped.is_empty();
    facts
}

fn choose_changes(world: &World, random: &mut Random, facts: &mut TicketFacts) {
    let Some(group) = &world.model.group else { return };
    let (inside, outside): (Vec<Who>, Vec<Who>) =
        world.cast.everyone().partition(|who| group.members.contains_key(who));
    let roles = [Role::Participant, Role::Participant, Role::Viewer, Role::Cohost];
    if random.chance(50) && group.rules.admits() {
        let role = random.pick(&roles).unwrap_or(Role::Participant);
        facts.added.extend(random.pick(&outside).map(|who| (who, role)));
    }
    if random.chance(25) {
        let taken = |who: &Who| facts.swapped.iter().any(|s| s.device == *who);
        let removed =
            random.pick(&inside).filter(|who| !taken(who) && !group.leaving.contains_key(who));
        facts.removed.extend(removed);
    }
    if random.chance(if group.rules.admits() { 10 } else { 40 }) {
        facts.rules = Some(rules(world, random));
    }
}

fn spoil(world: &World, random: &mut Random, facts: &mut TicketFacts) {
    let anyone = |random: &mut Random| random.below(world.cast.everyone().len());
    let way = random.below(14);
    match way {
        0 => facts.signer = anyone(random),
        1 => facts.committer = anyone(random),
        2 => facts.group = GroupId(random.bytes()),
        3 => facts.epoch = facts.epoch.wrapping_add(random.below(3) as u64).wrapping_sub(1),
        4 => facts.hash_matches = false,
        5 => facts.added.push((anyone(random), Role::Participant)),
        6 => facts.added.push((anyone(random), Role::Host)),
        7 => facts.removed.push(anyone(random)),
        8 => facts.removed.extend(facts.added.first().map(|(who, _)| *who)),
        9 => {}
        10 => facts.rules = Some(rules(world, random)),
        11 => {
            let device = anyone(random);
            let mut swap = swap(world, random, device);
            swap.signer = if random.chance(50) { device } else { facts.signer };
            facts.swapped.push(swap);
        }
        12 => facts.swapped.extend(world.replayed_swap(random)),
        _ => {
            let device = anyone(random);
            facts.left.push(leave(world, random, device));
        }
    }
    // One fault at a time, so that no rule hides behind another.
    let enters = !facts.added.is_empty() || !facts.swapped.is_empty();
    facts.welcome = enters != (way == 9);
}

/// Mostly open rooms, with rights of their own for some.
fn rules(world: &World, random: &mut Random) -> RoomRules {
    let rights = |random: &mut Random| Rights::from_bits(random.below(32) as u8);
    let mut rules = RoomRules {
        participants: rights(random).unwrap_or_default(),
        locked: random.chance(20),
        frozen: random.chance(10),
        viewers: random.chance(15),
        consulting: random.chance(40).then(|| Party([random.below(2) as u8; 8])),
        auto_admit: random.chance(20).then(|| AutoAdmit {
            until: UnixMillis(1),
            cap: 5,
            shared_links: random.chance(50),
        }),
        ..RoomRules::default()
    };
    for who in world.cast.everyone().filter(|_| random.chance(30)).collect::<Vec<_>>() {
        rules.except(world.cast.device(who), rights(random).ok());
    }
    rules
}

fn void(world: &World, random: &mut Random, who: Who) -> StepKind {
    let group = world.model.group.as_ref();
    let latest = group.and_then(|group| group.before.as_ref());
    let commit = latest.filter(|_| random.chance(85)).map_or(vec![1], |(commit, _)| commit.clone());
    let epoch = group.map_or(0, |group| group.epoch).saturating_sub(1);
    StepKind::Void { signer: spoilt_signer(world, random, who), epoch, commit }
}

fn swap(world: &World, random: &mut Random, who: Who) -> SwapFacts {
    SwapFacts {
        signer: spoilt_signer(world, random, who),
        device: who,
        group: world.group_or(GroupId([0; 16])),
        epoch: near(world, random),
        key_package: random.bytes(),
    }
}

fn leave(world: &World, random: &mut Random, who: Who) -> LeaveFacts {
    LeaveFacts {
        signer: spoilt_signer(world, random, who),
        device: who,
        group: world.group_or(GroupId([0; 16])),
        epoch: near(world, random),
    }
}

fn spoilt_signer(world: &World, random: &mut Random, who: Who) -> Who {
    if random.chance(90) { who } else { random.below(world.cast.everyone().len()) }
}

/// The current epoch, or one next to it.
fn near(world: &World, random: &mut Random) -> u64 {
    let epoch = world.model.group.as_ref().map_or(0, |group| group.epoch);
    if random.chance(70) { epoch } else { (epoch + random.below(5) as u64).saturating_sub(3) }
}
