//! One group, several devices, and a server played by the test.

mod delivery;
mod joining;
mod life;
mod must_fail;
mod rotation;

use super::*;
use crate::content::Content;
use crate::identity::{GroupPsk, HostKey};
use crate::key_package::{PendingJoin, VerifiedKeyPackage};
use base::statement::Certificate;
use base::{MeetingId, Now, UnixMillis};
use std::sync::LazyLock;

pub(super) const MEETING: MeetingId = MeetingId([1; 16]);
pub(super) const GROUP: GroupId = GroupId([2; 16]);
pub(super) const EXPIRY: UnixMillis = UnixMillis(1_000_000_000);

/// A device and its session.
pub(super) struct Peer {
    pub device: Device,
    pub session: Session,
}

pub(super) fn device(seed: u8) -> Device {
    Device::from_seed(Secret::new([seed; 32]))
}

pub(super) fn key(seed: u8) -> DeviceKey {
    device(seed).key()
}

pub(super) fn hk() -> HostKey {
    HostKey::from_seed(Secret::new([200; 32]))
}

pub(super) fn psk() -> GroupPsk {
    GroupPsk::new(Secret::new([7; 32]))
}

pub(super) fn certificate(by: &HostKey, device: DeviceKey, role: Role) -> Vec<u8> {
    let (meeting, group, expiry) = (MEETING, GROUP, EXPIRY);
    by.certify(&Certificate { meeting, group, device, role, serial: 1, expiry })
}

pub(super) fn new_group(device: &Device) -> CreateGroup {
    CreateGroup {
        meeting: MEETING,
        group: GROUP,
        hk: hk().public(),
        certificate: certificate(&hk(), device.key(), Role::Host),
        psk: psk(),
        banned: Vec::new(),
    }
}

pub(super) fn locked(locked: bool) -> RoomRules {
    RoomRules { locked, ..RoomRules::default() }
}

/// The host, alone.
pub(super) fn host() -> Peer {
    let device = device(0);
    let session = Session::create(&device, new_group(&device)).unwrap();
    Peer { device, session }
}

pub(super) fn admission(pending: &PendingJoin, role: Role) -> Admission {
    Admission { key_package: VerifiedKeyPackage::read(pending.key_package()).unwrap(), role }
}

pub(super) fn admit(pending: &PendingJoin) -> Change {
    Change { admit: vec![admission(pending, Role::Participant)], ..Change::default() }
}

pub(super) fn remove(device: DeviceKey) -> Change {
    Change { remove: vec![device], ..Change::default() }
}

pub(super) fn refresh() -> Change {
    Change { refresh: true, ..Change::default() }
}

pub(super) fn expect(mark: Option<&Mark>) -> Expect<'_> {
    static PSK: LazyLock<[GroupPsk; 1]> = LazyLock::new(|| [psk()]);
    let psks = PSK.as_slice();
    Expect { meeting: MEETING, hk: hk().public(), psks, mark, now: Now::default() }
}

impl Peer {
    pub fn commit(&mut self, change: Change) -> Outgoing {
        self.session.commit(&self.device, change).unwrap()
    }

    pub fn follow(&mut self, commit: &[u8]) -> Merged {
        self.session.handle_committed(commit).unwrap()
    }

    pub fn refuse(&mut self, commit: &[u8]) -> Refusal {
        self.session.handle_committed(commit).unwrap_err()
    }

    pub fn say(&mut self, text: &str) -> Vec<u8> {
        self.session.seal(&self.device, &chat(text)).unwrap()
    }

    pub fn hear(&mut self, message: &[u8]) -> Result<Opened, OpenError> {
        self.session.open(message)
    }

    /// Joins by a Welcome the usual way.
    pub fn join(seed: u8, pending: PendingJoin, welcome: &[u8]) -> Self {
        let device = device(seed);
        let session = Session::join(&device, pending, welcome, expect(None)).unwrap();
        Peer { device, session }
    }
}

pub(super) fn chat(text: &str) -> Content {
    Content::Chat { text: base::Pii::new(text.to_owned()) }
}

/// The server accepts a commit: everybody, its sender included, follows it.
pub(super) fn deliver(peers: &mut [Peer], commit: &[u8]) {
    for peer in peers.iter_mut() {
        peer.follow(commit);
    }
    assert_same_epoch(peers);
}

pub(super) fn assert_same_epoch(peers: &[Peer]) {
    let (first, rest) = peers.split_first().unwrap();
    for peer in rest {
        assert_eq!(peer.session.epoch(), first.session.epoch());
        assert_eq!(peer.session.authenticator(), first.session.authenticator());
        assert!(peer.session.base_key().unwrap() == first.session.base_key().unwrap());
        assert_eq!(peer.session.policy(), first.session.policy());
        assert!(peer.session.members().eq(first.session.members()));
    }
}

/// The host (seed 0) and `guests` more, seeds from 1, admitted in one batch.
pub(super) fn room(guests: u8) -> Vec<Peer> {
    let mut peers = vec![host()];
    let joining: Vec<_> =
        (1..=guests).map(|seed| (seed, PendingJoin::new(&device(seed)).unwrap())).collect();
    let admit = joining.iter().map(|(_, p)| admission(p, Role::Participant)).collect();
    let out = peers[0].commit(Change { admit, ..Change::default() });
    peers[0].follow(&out.commit);
    let welcome = out.welcome.unwrap();
    peers.extend(joining.into_iter().map(|(seed, p)| Peer::join(seed, p, &welcome)));
    assert_same_epoch(&peers);
    peers
}

/// A room in which the device with seed 1 is a co-host.
pub(super) fn room_with_cohost(guests: u8) -> Vec<Peer> {
    let mut peers = room(guests);
    let certify = vec![certificate(&hk(), key(1), Role::Cohost)];
    let out = peers[0].commit(Change { certify, ..Change::default() });
    deliver(&mut peers, &out.commit);
    peers
}
