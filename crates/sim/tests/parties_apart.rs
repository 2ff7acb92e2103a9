//! Consulting mode as a model: host and co-host let parties in, see them out, crash and come back,
//! while the server delays, loses, or forks. Whose turn it is decides the same code as on their
//! devices ([`client::Turn`]), whether a commit is merged the same check as on every member's
//! ([`e2ee::rules::check`]). Two parties are never in the group at once, and no epoch of one follows
//! an epoch of another.
//!
//! A million steps; `INCAMERA_STEPS=n` makes n.

mod parties;

use parties::{Practice, Seen};
use sim::Random;

/// Steps before a practice is closed and another opens.
const DAY: usize = 2_000;

#[test]
fn two_parties_never_meet() {
    let steps = std::env::var("INCAMERA_STEPS").map_or(1_000_000, |n| n.parse().expect("a number"));
    let days = usize::div_ceil(steps, DAY);
    let halves = [0, 1].map(|half| {
        std::thread::spawn(move || {
            let days = (0..days).filter(|day| day % 2 == half);
            days.fold(Seen::default(), |seen, day| seen.and(live_a_day(day as u64)))
        })
    });
    let [one, other] = halves.map(|half| half.join().expect("two parties met; its seed is above"));
    let seen = one.and(other);
    println!("{steps} steps: {seen:?}");
    seen.assert_everything_happened(steps);
}

/// The seed of what is found is printed with it.
fn live_a_day(seed: u64) -> Seen {
    let mut random = Random::new(seed);
    let mut practice = Practice::open(seed % 3 == 2);
    for step in 0..DAY {
        practice.step(&mut random);
        if let Some(harm) = practice.harm() {
            panic!("seed {seed}, step {step}: {harm}");
        }
    }
    practice.seen
}
