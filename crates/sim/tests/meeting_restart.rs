//! A server that is killed at any moment and started again on its store behaves, to everyone who
//! reconnects, as one whose clients all lost their connection.

use meeting::Limits;
use sim::{Random, Step, StepKind, World};

const RUNS: u64 = 40;

#[test]
fn a_restart_at_any_moment_changes_nothing_anyone_can_see() {
    for seed in 0..RUNS {
        let at = Random::new(seed).below(150);
        let (mut steady, mut killed) = (after(seed, at), after(seed, at));
        for who in steady.model.connected.clone() {
            steady.perform(&Step { who, kind: StepKind::Disconnect });
        }
        killed.restart();
        for step in 0..150 {
            let taken = steady.step();
            killed.step();
            assert_eq!(steady.sent, killed.sent, "seed {seed}, {at}+{step}: {taken:?}");
        }
        assert_eq!(steady.saved.records, killed.saved.records, "seed {seed}");
    }
}

fn after(seed: u64, steps: usize) -> World {
    let mut world = World::new(seed, Limits { members: 6, ..Limits::default() });
    (0..steps).for_each(|_| drop(world.step()));
    world
}
