//! What commits cost in groups of 10 to 1,000: `cargo bench -p incamera-e2ee --bench mls`.
//!
//! "make" is the committer's work with its own policy check, "follow" each other member's, "join"
//! a newcomer's; the tree is freshly filled, which is the worst case for a removal.

#![allow(clippy::print_stdout)] // A table is what a benchmark is for.

use base::statement::{Certificate, Role};
use base::{GroupId, MeetingId, Now, Secret, UnixMillis};
use e2ee::session::{Admission, Change, CreateGroup, Expect, MAX_CHANGES, Outgoing, Session};
use e2ee::{Device, GroupPsk, HostKey, PendingJoin, VerifiedKeyPackage};
use std::time::{Duration, Instant};

const MEETING: MeetingId = MeetingId([1; 16]);
const GROUP: GroupId = GroupId([2; 16]);

fn main() {
    println!("| members | change | make ms | follow ms | join ms | commit B | welcome B |");
    println!("|--------:|--------|--------:|----------:|--------:|---------:|----------:|");
    for members in [10, 100, 250, 1000] {
        Room::with(members).measure(members);
    }
}

/// The host, one member that follows, and as many more leaves as wanted, whose devices idle.
struct Room {
    host: (Device, Session),
    member: (Device, Session),
    next: u32,
}

impl Room {
    fn with(members: usize) -> Self {
        let mut host = host();
        let member = device(1);
        let pending = PendingJoin::new(&member).expect("a KeyPackage");
        let out = commit(&mut host, admit(std::slice::from_ref(&pending)));
        let session = join(&member, pending, &out);
        let mut room = Room { host, member: (member, session), next: 2 };
        while room.host.1.member_count() < members {
            let missing = members - room.host.1.member_count();
            room.grow(missing.min(MAX_CHANGES));
        }
        room
    }

    fn newcomers(&mut self, count: usize) -> Vec<(Device, PendingJoin)> {
        let numbers = self.next..self.next + count as u32;
        self.next = numbers.end;
        let pending = |device: &Device| PendingJoin::new(device).expect("a KeyPackage");
        numbers.map(device).map(|device| (pending(&device), device)).map(|(p, d)| (d, p)).collect()
    }

    fn grow(&mut self, count: usize) {
        let pending: Vec<_> = self.newcomers(count).into_iter().map(|(_, p)| p).collect();
        let out = commit(&mut self.host, admit(&pending));
        self.member.1.handle_committed(&out.commit).expect("the member follows");
    }

    fn measure(&mut self, members: usize) {
        for count in [1, 20] {
            let mut newcomers = self.newcomers(count);
            let (device, last) = newcomers.pop().expect("at least one");
            let mut change = admit(&newcomers.into_iter().map(|(_, p)| p).collect::<Vec<_>>());
            change.admit.extend(admit(std::slice::from_ref(&last)).admit);
            let (make, out) = time(|| commit(&mut self.host, change));
            let (follow, _) = time(|| self.member.1.handle_committed(&out.commit).is_ok());
            let (joining, _) = time(|| join(&device, last, &out));
            row(members, &format!("add {count}"), [make, follow, joining], &out);
        }
        let gone = self.host.1.members().last().expect("members").device;
        let change = Change { remove: vec![gone], ..Change::default() };
        let (make, out) = time(|| commit(&mut self.host, change));
        let (follow, _) = time(|| self.member.1.handle_committed(&out.commit).is_ok());
        row(members, "remove 1", [make, follow, Duration::ZERO], &out);
    }
}

fn row(members: usize, change: &str, times: [Duration; 3], out: &Outgoing) {
    let [make, follow, join] = times.map(|time| time.as_secs_f64() * 1e3);
    let welcome = out.welcome.as_ref().map_or(0, Vec::len);
    println!(
        "| {members} | {change} | {make:.1} | {follow:.1} | {join:.1} | {} | {welcome} |",
        out.commit.len()
    );
}

fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let result = work();
    (start.elapsed(), result)
}

fn device(number: u32) -> Device {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&number.to_be_bytes());
    Device::from_seed(Secret::new(seed))
}

fn psk() -> GroupPsk {
    GroupPsk::new(Secret::new([7; 32]))
}

fn hk() -> HostKey {
    HostKey::from_seed(Secret::new([200; 32]))
}

fn host() -> (Device, Session) {
    let device = device(0);
    let certificate = hk().certify(&Certificate {
        meeting: MEETING,
        group: GROUP,
        device: device.key(),
        role: Role::Host,
        serial: 1,
        expiry: UnixMillis(1),
    });
    let (meeting, group, hk, psk) = (MEETING, GROUP, hk().public(), psk());
    let new = CreateGroup { meeting, group, hk, certificate, psk };
    let session = Session::create(&device, new).expect("a session");
    (device, session)
}

fn admit(pending: &[PendingJoin]) -> Change {
    let admission = |pending: &PendingJoin| Admission {
        key_package: VerifiedKeyPackage::read(pending.key_package()).expect("our own KeyPackage"),
        role: Role::Participant,
    };
    Change { admit: pending.iter().map(admission).collect(), ..Change::default() }
}

fn commit((device, session): &mut (Device, Session), change: Change) -> Outgoing {
    let out = session.commit(device, change).expect("a commit");
    session.handle_committed(&out.commit).expect("the own commit merges");
    out
}

fn join(device: &Device, pending: PendingJoin, out: &Outgoing) -> Session {
    let (psk, hk, now) = (psk(), hk().public(), Now::default());
    let expect = Expect { meeting: MEETING, hk, psk: &psk, mark: None, now };
    let welcome = out.welcome.as_ref().expect("an admission has a Welcome");
    Session::join(device, pending, welcome, expect).expect("the newcomer joins")
}
