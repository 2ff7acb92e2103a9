//! Someone removed keeps every key it was ever given, and opens nothing of what comes after.
//!
//! In virtual time: messages take none, so what is measured is when members change keys. What a
//! commit costs to compute is measured by `cargo bench -p incamera-e2ee --bench mls`.

mod world;

use base::Secret;
use client::shell::{Command, FrameCommand};
use client::view::Phase;
use e2ee::frames::{Kind, Lease, Opener, Sealer};
use world::World;

/// After the click nothing may be readable for longer.
const DEADLINE_MS: u64 = 1_500;
const STEP_MS: u64 = 50;
/// Whoever is to be removed.
const REMOVED: usize = 1;

/// What a frame worker does with the commands of its core.
#[derive(Default)]
struct Worker {
    sealer: Sealer,
    done: usize,
}

impl Worker {
    fn catch_up(&mut self, commands: &[FrameCommand]) {
        for command in &commands[self.done..] {
            match command {
                FrameCommand::AddEpoch { epoch, base_key } => {
                    self.sealer.add_epoch(*epoch, key(base_key));
                }
                FrameCommand::DropEpochs { through } => self.sealer.drop_epochs(*through),
                FrameCommand::SendWith { epoch, leaf } => {
                    self.sealer.send_with(*epoch, *leaf).expect("the epoch is known");
                }
                FrameCommand::Lease { kind: wire::Kind::Mic, epoch, start, count } => {
                    let (epoch, start, count) = (*epoch, *start, *count);
                    let lease = Lease { kind: Kind::Mic, epoch, start, count };
                    self.sealer.add_lease(lease).expect("a fresh lease");
                }
                FrameCommand::StopSending => self.sealer.stop(),
                FrameCommand::Clear => self.sealer.clear(),
                _ => {}
            }
        }
        self.done = commands.len();
    }

    fn speak(&mut self, commands: &[FrameCommand]) -> Option<Vec<u8>> {
        self.catch_up(commands);
        self.sealer.seal(Kind::Mic, b"said in confidence").ok()
    }
}

fn key(bytes: &wire::Bytes) -> Secret<16> {
    Secret::new(bytes.0.as_slice().try_into().expect("16 bytes"))
}

/// Opens with every key that was ever handed to this device, one by one, heeding no order to forget.
fn opens(keys: &[FrameCommand], frame: &[u8]) -> bool {
    keys.iter().any(|command| match command {
        FrameCommand::AddEpoch { epoch, base_key } => {
            let mut opener = Opener::new();
            opener.add_epoch(*epoch, key(base_key));
            opener.open(Kind::Mic, frame).is_ok()
        }
        _ => false,
    })
}

/// A room of `size`, everyone in it.
fn room(size: usize) -> World {
    let mut world = World::new();
    world.join(0, "Dr. Host");
    for number in 1..size {
        let guest = world.guest(number as u8 + 1);
        world.join(guest, &format!("Guest {number}"));
    }
    world.run(1_000);
    world.admit_all();
    world.run(20_000);
    assert!(world.people.iter().all(|person| person.view.phase == Phase::InMeeting));
    world
}

#[expect(clippy::print_stdout, reason = "the figures are of interest, too")]
fn is_locked_out(size: usize) {
    let mut world = room(size);
    let mut workers: Vec<_> = (0..size).map(|_| Worker::default()).collect();
    let mut speak = |world: &World, who: usize| workers[who].speak(&world.people[who].frames);

    let before = speak(&world, 0).expect("the host speaks");
    assert!(opens(&world.people[REMOVED].frames, &before), "a member hears the host");

    let device = world.device(REMOVED);
    let clicked = std::time::Instant::now();
    world.command(0, Command::Remove { device });
    let computed = clicked.elapsed();
    let (mut last_opened, mut after) = (0, 0);
    while after < DEADLINE_MS + 500 {
        world.run(STEP_MS);
        after += STEP_MS;
        for who in (0..size).filter(|who| *who != REMOVED) {
            let Some(frame) = speak(&world, who) else { continue };
            if opens(&world.people[REMOVED].frames, &frame) {
                last_opened = after;
            }
        }
    }
    println!(
        "{size} members: nothing opens later than {last_opened} ms after the click; \
         all devices together computed for {computed:.1?}"
    );
    assert!(last_opened < DEADLINE_MS, "opened {last_opened} ms after the click");
    // The others go on.
    for who in (2..size).take(5) {
        let frame = speak(&world, who).expect("members speak");
        assert!(opens(&world.people[0].frames, &frame), "the host hears guest {who}");
    }
}

#[test]
fn someone_removed_opens_nothing_sent_later_among_two() {
    is_locked_out(2);
}

#[test]
fn someone_removed_opens_nothing_sent_later_among_25() {
    is_locked_out(25);
}

#[test]
fn someone_removed_opens_nothing_sent_later_among_250() {
    is_locked_out(250);
}
