//! What sealing and opening a frame costs, by size: `cargo bench -p incamera-e2ee --bench frames`.

#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use base::Secret;
use e2ee::frames::{Kind, Lease, Opener, Sealer};
use std::hint::black_box;
use std::time::{Duration, Instant};

const SIZES: [usize; 4] = [100, 1_200, 10_000, 50_000];
/// Frames per round; the median round of [`ROUNDS`] counts.
const FRAMES: u32 = 200;
const ROUNDS: usize = 21;

fn main() {
    println!("native, µs per frame (median of {ROUNDS} rounds of {FRAMES})");
    println!("{:>8} {:>10} {:>10}", "bytes", "seal", "open");
    for size in SIZES {
        let (mut seals, mut opens) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let (sealed, took) = seal_round(size);
            seals.push(took);
            opens.push(open_round(&sealed));
        }
        println!("{size:>8} {:>10.2} {:>10.2}", median(seals), median(opens));
    }
}

fn seal_round(size: usize) -> (Vec<Vec<u8>>, Duration) {
    let mut sealer = Sealer::new();
    sealer.add_epoch(1, Secret::new([1; 16]));
    sealer.send_with(1, 3).expect("a known epoch and a small leaf");
    let lease = Lease { kind: Kind::Camera, epoch: 1, start: 0, count: FRAMES.into() };
    sealer.add_lease(lease).expect("the first lease");
    let frame = vec![0; size];
    let start = Instant::now();
    let sealed = (0..FRAMES)
        .map(|_| sealer.seal(Kind::Camera, black_box(&frame)).expect("a leased counter"));
    let sealed = sealed.collect();
    (sealed, start.elapsed())
}

fn open_round(sealed: &[Vec<u8>]) -> Duration {
    let mut opener = Opener::new();
    opener.add_epoch(1, Secret::new([1; 16]));
    let start = Instant::now();
    for frame in sealed {
        black_box(opener.open(Kind::Camera, black_box(frame)).expect("a genuine frame"));
    }
    start.elapsed()
}

fn median(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort();
    rounds[rounds.len() / 2].as_secs_f64() * 1e6 / f64::from(FRAMES)
}
