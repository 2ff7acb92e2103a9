//! Commits in groups of 10 to 1,000, timed by whichever clock the host has.
//!
//! "make" is the committer's work with its own policy check, "follow" each other member's, "join"
//! a newcomer's; the tree is freshly filled, which is the worst case for a removal.

use base::statement::{Certificate, Role};
use base::{GroupId, MeetingId, Now, Secret, UnixMillis};
use e2ee::session::{Admission, Change, CreateGroup, Expect, MAX_CHANGES, Outgoing, Session};
use e2ee::{Device, GroupPsk, HostKey, PendingJoin, VerifiedKeyPackage};

const MEETING: MeetingId = MeetingId([1; 16]);
const GROUP: GroupId = GroupId([2; 16]);

/// A Markdown table; `clock` counts milliseconds, `print` takes a line at a time.
pub fn measure(clock: fn() -> f64, mut print: impl FnMut(&str)) {
    print("| members | change | make ms | follow ms | join ms | commit B | welcome B |");
    print("|--------:|--------|--------:|----------:|--------:|---------:|----------:|");
    for members in [10, 100, 250, 1000] {
        Room::with(members).measure(members, clock, &mut print);
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

    fn measure(&mut self, members: usize, clock: fn() -> f64, print: &mut impl FnMut(&str)) {
        for count in [1, 20] {
            let mut newcomers = self.newcomers(count);
            let (device, last) = newcomers.pop().expect("at least one");
            let mut change = admit(&newcomers.into_iter().map(|(_, p)| p).collect::<Vec<_>>());
            change.admit.extend(admit(std::slice::from_ref(&last)).admit);
            let (make, out) = time(clock, || commit(&mut self.host, change));
            let (follow, _) = time(clock, || self.member.1.handle_committed(&out.commit).is_ok());
            let (joining, _) = time(clock, || join(&device, last, &out));
            print(&row(members, &format!("add {count}"), [make, follow, joining], &out));
        }
        let gone = self.host.1.members().last().expect("members").device;
        let change = Change { remove: vec![gone], ..Change::default() };
        let (make, out) = time(clock, || commit(&mut self.host, change));
        let (follow, _) = time(clock, || self.member.1.handle_committed(&out.commit).is_ok());
        print(&row(members, "remove 1", [make, follow, 0.0], &out));
    }
}

fn row(members: usize, change: &str, times: [f64; 3], out: &Outgoing) -> String {
    let [make, follow, join] = times;
    let (commit, welcome) = (out.commit.len(), out.welcome.as_ref().map_or(0, Vec::len));
    format!("| {members} | {change} | {make:.1} | {follow:.1} | {join:.1} | {commit} | {welcome} |")
}

fn time<T>(clock: fn() -> f64, work: impl FnOnce() -> T) -> (f64, T) {
    let start = clock();
    let result = work();
    (clock() - start, result)
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
    let new = CreateGroup { meeting, group, hk, certificate, psk, banned: Vec::new() };
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
    let expect = Expect { meeting: MEETING, hk, psks: &[psk], mark: None, now };
    let welcome = out.welcome.as_ref().expect("an admission has a Welcome");
    Session::join(device, pending, welcome, expect).expect("the newcomer joins")
}
