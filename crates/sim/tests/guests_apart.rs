//! What one guest in the waiting room is told is the same whether or not another waits, knocks,
//! goes, or tries what it may not.

use base::Role;
use meeting::{Limits, ToClient};
use sim::{CertificateFacts, Random, Step, StepKind, SwapFacts, World};
use std::time::Duration;

const HOST: usize = 0;
const ANA: usize = 3;
const BEN: usize = 4;

#[test]
fn a_waiting_guest_cannot_tell_that_another_waits() {
    let mut told = 0;
    for seed in 0..60 {
        let (alone, beside) = (told_to_ana(seed, false), told_to_ana(seed, true));
        assert_eq!(alone, beside, "seed {seed}");
        told += alone.len();
    }
    assert!(told > 1500, "Ana is told something: {told} messages");
}

fn told_to_ana(seed: u64, ben_is_there: bool) -> Vec<ToClient> {
    let mut random = Random::new(seed);
    let mut world = World::new(seed, Limits::default());
    let mut told = Vec::new();
    open(&mut world);
    for _ in 0..120 {
        let wait = Duration::from_millis(random.below(2500) as u64);
        let step = choose(&world, &mut random);
        world.wait(wait);
        told.extend(world.take_sent().into_iter().filter(|(who, _)| *who == ANA));
        if step.who != BEN || ben_is_there {
            world.perform(&step);
            told.extend(world.take_sent().into_iter().filter(|(who, _)| *who == ANA));
        }
    }
    told.into_iter().map(|(_, message)| masked(message)).collect()
}

fn open(world: &mut World) {
    let group = base::GroupId([2; 16]);
    let certificate = host_certificate(world, group);
    let connect = StepKind::Connect { certificate: None };
    world.perform(&Step { who: HOST, kind: connect });
    let kind = StepKind::Open { group, certificate, replace: None };
    world.perform(&Step { who: HOST, kind });
    world.perform(&Step { who: HOST, kind: StepKind::Bell { certified: true } });
}

fn host_certificate(world: &World, group: base::GroupId) -> CertificateFacts {
    CertificateFacts {
        by_hk: true,
        this_meeting: true,
        device: HOST,
        group,
        role: Role::Host,
        serial: 1,
        expiry: world.now.wall + Duration::from_secs(86_400),
    }
}

fn choose(world: &World, random: &mut Random) -> Step {
    let who = [HOST, ANA, ANA, BEN, BEN, BEN][random.below(6)];
    let kind = match (who, random.below(10)) {
        (HOST, 0) => StepKind::Disconnect,
        (HOST, 1) => {
            StepKind::Connect { certificate: Some(host_certificate(world, base::GroupId([2; 16]))) }
        }
        // More nonces than two guests can use up: only at that bound do guests share anything.
        (HOST, _) => StepKind::Bell { certified: true },
        (_, 0) => StepKind::Disconnect,
        (_, 1 | 2) => StepKind::Connect { certificate: None },
        (_, 3 | 4) => StepKind::Ring,
        (_, 5 | 6) => StepKind::Knock,
        (_, 7) => StepKind::Cancel,
        (_, 8) => StepKind::Message { epoch: 0, chat: false },
        _ => StepKind::Swap(forged_swap(world, who)),
    };
    Step { who, kind }
}

fn forged_swap(world: &World, who: usize) -> SwapFacts {
    let group = world.group_or(base::GroupId([2; 16]));
    SwapFacts { signer: who, device: who, group, epoch: 0, key_package: [1; 32] }
}

/// Nonces are random and differ from run to run.
fn masked(message: ToClient) -> ToClient {
    match message {
        ToClient::Doorbell { doorbell, nonce, wrap, card } => {
            ToClient::Doorbell { doorbell, nonce: nonce.map(|_| base::Nonce([0; 16])), wrap, card }
        }
        other => other,
    }
}
