//! Bytes from the server into a live session.

use crate::content::Content;
use crate::identity::{Device, GroupPsk, HostKey};
use crate::key_package::{PendingJoin, VerifiedKeyPackage};
use crate::session::{Admission, Change, CreateGroup, Expect, Session};
use base::statement::{Certificate, Role};
use base::{GroupId, MeetingId, Now, Secret, UnixMillis};

const MEETING: MeetingId = MeetingId([1; 16]);
const GROUP: GroupId = GroupId([2; 16]);

/// A host, one guest inside, and one that knocks.
struct Room {
    host: Device,
    guest: Device,
    host_session: Session,
    guest_session: Session,
}

/// The first byte picks where the bytes go: raw into the session, or as patches into a real
/// message. A patched message is refused, and the group goes on.
pub fn session(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else { return };
    let mut room = Room::new();
    match choice % 5 {
        0 => room.raw(rest),
        1 => room.patched_commit(rest),
        2 => room.patched_message(rest),
        3 => room.patched_welcome(rest),
        _ => room.statements(rest),
    }
    room.goes_on();
}

impl Room {
    fn new() -> Self {
        let (host, guest) = (device(0), device(1));
        let mut host_session = host_session(&host);
        let pending = PendingJoin::new(&guest).expect("the fixture makes a KeyPackage");
        let out = host_session.commit(&host, admit(&pending)).expect("the fixture commits");
        host_session.handle_committed(&out.commit).expect("the fixture merges");
        let welcome = out.welcome.expect("an admission has a Welcome");
        let guest_session = join(&guest, pending, &welcome).expect("the fixture joins");
        Room { host, guest, host_session, guest_session }
    }

    fn raw(&mut self, bytes: &[u8]) {
        assert!(self.guest_session.handle_committed(bytes).is_err());
        assert!(self.guest_session.open(bytes).is_err());
        assert!(self.guest_session.handle_voided(bytes).is_err());
        let pending = PendingJoin::new(&device(2)).expect("the fixture makes a KeyPackage");
        assert!(join(&device(2), pending, bytes).is_none());
    }

    fn patched_commit(&mut self, patches: &[u8]) {
        let refresh = Change { refresh: true, ..Change::default() };
        let out = self.host_session.commit(&self.host, refresh).expect("the fixture commits");
        if let Some(bent) = patch(&out.commit, patches) {
            assert!(self.guest_session.handle_committed(&bent).is_err());
        }
        self.host_session.handle_conflict();
    }

    fn patched_message(&mut self, patches: &[u8]) {
        let message = self.host_session.seal(&self.host, &Content::Nonce([1; 16]));
        if let Some(bent) = patch(&message.expect("the fixture seals"), patches) {
            assert!(self.guest_session.open(&bent).is_err());
        }
    }

    fn patched_welcome(&mut self, patches: &[u8]) {
        let pending = PendingJoin::new(&device(2)).expect("the fixture makes a KeyPackage");
        let out = self.host_session.commit(&self.host, admit(&pending)).expect("it commits");
        if let Some(bent) = patch(&out.welcome.expect("an admission has a Welcome"), patches) {
            assert!(join(&device(2), pending, &bent).is_none());
        }
        self.host_session.handle_conflict();
    }

    fn statements(&mut self, bytes: &[u8]) {
        assert!(self.host_session.verify_leave(bytes).is_err());
        let pending = PendingJoin::new(&self.guest).expect("the fixture makes a KeyPackage");
        assert!(self.host_session.verify_swap(bytes, pending.key_package()).is_err());
        let swap = pending.swap(&self.guest, GROUP, self.host_session.epoch());
        assert!(self.host_session.verify_swap(&swap, bytes).is_err());
    }

    /// Refusing something harms nothing.
    fn goes_on(&mut self) {
        let refresh = Change { refresh: true, ..Change::default() };
        let out = self.host_session.commit(&self.host, refresh).expect("the host still commits");
        for session in [&mut self.host_session, &mut self.guest_session] {
            session.handle_committed(&out.commit).expect("everyone still follows");
        }
        assert_eq!(self.host_session.authenticator(), self.guest_session.authenticator());
        let message = self.guest_session.seal(&self.guest, &Content::Nonce([2; 16]));
        assert!(self.host_session.open(&message.expect("the guest still speaks")).is_ok());
    }
}

fn device(seed: u8) -> Device {
    Device::from_seed(Secret::new([seed; 32]))
}

fn psk() -> GroupPsk {
    GroupPsk::new(Secret::new([7; 32]))
}

fn hk() -> HostKey {
    HostKey::from_seed(Secret::new([200; 32]))
}

fn host_session(host: &Device) -> Session {
    let certificate = Certificate {
        meeting: MEETING,
        group: GROUP,
        device: host.key(),
        role: Role::Host,
        serial: 1,
        expiry: UnixMillis(1),
    };
    let certificate = hk().certify(&certificate);
    let (meeting, group, hk, psk) = (MEETING, GROUP, hk().public(), psk());
    Session::create(host, CreateGroup { meeting, group, hk, certificate, psk, banned: Vec::new() })
        .expect("the fixture opens a session")
}

fn admit(pending: &PendingJoin) -> Change {
    let key_package = VerifiedKeyPackage::read(pending.key_package()).expect("it is our own");
    let admit = vec![Admission { key_package, role: Role::Participant }];
    Change { admit, ..Change::default() }
}

fn join(device: &Device, pending: PendingJoin, welcome: &[u8]) -> Option<Session> {
    let (psk, hk, now) = (psk(), hk().public(), Now::default());
    let expect = Expect { meeting: MEETING, hk, psks: &[psk], mark: None, now };
    Session::join(device, pending, welcome, expect).ok()
}

/// `bytes` changed in up to four places (three bytes a patch: position, then what to XOR);
/// `None` if that changes nothing.
fn patch(bytes: &[u8], patches: &[u8]) -> Option<Vec<u8>> {
    let mut bent = bytes.to_vec();
    for patch in patches.chunks_exact(3).take(4) {
        let at = usize::from(u16::from_be_bytes([patch[0], patch[1]])) % bent.len();
        bent[at] ^= patch[2];
    }
    (bent != bytes).then_some(bent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bytes_from_the_server_change_a_session(
            data in proptest::collection::vec(any::<u8>(), 1..64)
        ) {
            session(&data);
        }
    }
}
