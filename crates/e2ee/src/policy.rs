//! The policy: a GroupContext extension every member holds and every commit is judged by.

use crate::provider::SUITE;
use base::codec::{DecodeError, Reader, Writer};
use base::hash::sha256;
use base::statement::{Certificate, Role, StatementError, Unverified};
use base::{DeviceKey, GroupId, MeetingId, MeetingKey, RoomRules, UnixMillis};
use std::collections::BTreeSet;

/// Certified devices in one meeting; the host refuses to certify more.
pub const MAX_CERTIFICATES: usize = 32;
/// Removed devices remembered; beyond it the oldest is forgotten and would need a knock and a
/// click like anyone else.
pub const MAX_REMOVED: usize = 256;
/// A signed certificate has 153 bytes.
const MAX_CERTIFICATE: usize = 256;

/// What the group has agreed on. Changed only by a commit that passes [`crate::rules`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Grows by one with every change.
    pub version: u64,
    pub meeting: MeetingId,
    pub group: GroupId,
    pub hk: MeetingKey,
    /// The MLS cipher suite's number.
    pub suite: u16,
    /// The id of the group PSK that every Add must use.
    pub psk: [u8; 16],
    /// Who may do what.
    pub rules: RoomRules,
    /// Signed [`Certificate`]s: the host's and its delegates'.
    pub certificates: Vec<Vec<u8>>,
    /// Devices that were removed, oldest first; they are never added again.
    pub removed: Vec<DeviceKey>,
}

impl Policy {
    /// The first policy of a group, with the host's certificate.
    pub fn new(
        meeting: MeetingId,
        group: GroupId,
        hk: MeetingKey,
        psk: [u8; 16],
        host: Vec<u8>,
    ) -> Self {
        Policy {
            version: 1,
            meeting,
            group,
            hk,
            suite: SUITE as u16,
            psk,
            rules: RoomRules::default(),
            certificates: vec![host],
            removed: Vec::new(),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let w = Writer::new()
            .u64(self.version)
            .fixed(&self.meeting.0)
            .fixed(&self.group.0)
            .fixed(&self.hk.0)
            .u32(self.suite.into())
            .fixed(&self.psk);
        self.rules
            .encode(w)
            .list(&self.certificates, |w, certificate| w.bytes(certificate))
            .list(&self.removed, |w, device| w.fixed(&device.0))
            .finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let policy = Policy {
            version: r.u64()?,
            meeting: MeetingId(r.fixed()?),
            group: GroupId(r.fixed()?),
            hk: MeetingKey(r.fixed()?),
            suite: r.u32()?.try_into().map_err(|_| DecodeError::OutOfRange)?,
            psk: r.fixed()?,
            rules: RoomRules::decode(&mut r)?,
            certificates: r.list(MAX_CERTIFICATES, |r| Ok(r.bytes(MAX_CERTIFICATE)?.to_vec()))?,
            removed: r.list(MAX_REMOVED, |r| Ok(DeviceKey(r.fixed()?)))?,
        };
        r.finish()?;
        Ok(policy)
    }

    /// SHA-256 of the encoding.
    pub fn digest(&self) -> [u8; 32] {
        sha256(&[&self.encode()])
    }

    /// The certificate that gives `device` its role here: the newest one HK signed for this meeting
    /// and group.
    ///
    /// Expiry is not looked at: all members must judge a commit alike, and their clocks differ.
    /// Joiners and the server check it.
    pub fn certificate_of(&self, device: &DeviceKey) -> Option<Certificate> {
        self.certificates
            .iter()
            .filter_map(|bytes| self.read_certificate(bytes, Some(device)).ok())
            .max_by_key(|certificate| certificate.serial)
    }

    /// The certified role of `device`; `None` for everyone who is not host or delegate.
    pub fn role_of(&self, device: &DeviceKey) -> Option<Role> {
        self.certificate_of(device).map(|certificate| certificate.role)
    }

    /// All certified devices and their roles.
    pub(crate) fn roles(&self) -> impl Iterator<Item = (DeviceKey, Role)> + '_ {
        self.certificates
            .iter()
            .filter_map(|bytes| self.read_certificate(bytes, None).ok())
            .map(|certificate| (certificate.device, certificate.role))
    }

    /// The device certified as host.
    pub fn host(&self) -> Option<DeviceKey> {
        let hosts = self.certificates.iter().filter_map(|c| self.read_certificate(c, None).ok());
        hosts.filter(|c| c.role == Role::Host).max_by_key(|c| c.serial).map(|c| c.device)
    }

    /// Every certificate is of this meeting and group under HK, no device has two, and there is
    /// exactly one host.
    pub(crate) fn certificates_are_sound(&self) -> bool {
        let read: Result<Vec<_>, _> =
            self.certificates.iter().map(|c| self.read_certificate(c, None)).collect();
        let Ok(read) = read else { return false };
        let mut devices = BTreeSet::new();
        read.iter().all(|c| devices.insert(c.device))
            && read.iter().filter(|c| c.role == Role::Host).count() == 1
    }

    /// Reads a certificate, checking its signature only if it could be the wanted one.
    fn read_certificate(
        &self,
        bytes: &[u8],
        wanted: Option<&DeviceKey>,
    ) -> Result<Certificate, StatementError> {
        let unverified = Unverified::<Certificate>::read(bytes)?;
        if wanted.is_some_and(|device| *device != unverified.claim().device) {
            return Err(StatementError::WrongSubject);
        }
        let certificate = unverified.verify_for(&self.hk, &self.meeting, UnixMillis(0))?;
        let here = certificate.group == self.group;
        if here { Ok(certificate) } else { Err(StatementError::WrongSubject) }
    }

    /// `removed` after these devices were removed as well.
    pub(crate) fn removed_with(&self, more: &[DeviceKey]) -> Vec<DeviceKey> {
        let mut all = self.removed.clone();
        all.extend(more.iter().filter(|device| !self.removed.contains(device)));
        let surplus = all.len().saturating_sub(MAX_REMOVED);
        all.drain(..surplus);
        all
    }
}
