//! The statements of the protocol.

use super::{Role, Statement, StatementError, Unverified};
use crate::RoomRules;
use crate::codec::{DecodeError, Reader, Writer};
use crate::ids::{DeviceKey, GroupId, MeetingId, MeetingKey, Nonce};
use crate::time::UnixMillis;

/// The most keys one commit may add, remove or swap; also the most proposals in a commit.
pub const MAX_CHANGES: usize = 64;

/// An origin such as `https://meet.example.org` is at most this long.
const MAX_ORIGIN: usize = 300;

/// HK says: this device has this role in this group. Signed by HK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub meeting: MeetingId,
    pub group: GroupId,
    pub device: DeviceKey,
    pub role: Role,
    /// Grows with every certificate of this meeting, so that the newest for a device is known.
    pub serial: u64,
    pub expiry: UnixMillis,
}

impl Statement for Certificate {
    const PURPOSE: &'static str = "certificate";
    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.meeting.0)
            .fixed(&self.group.0)
            .fixed(&self.device.0)
            .u8(self.role as u8)
            .u64(self.serial)
            .u64(self.expiry.0)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Certificate {
            meeting: MeetingId(r.fixed()?),
            group: GroupId(r.fixed()?),
            device: DeviceKey(r.fixed()?),
            role: Role::from_byte(r.u8()?)?,
            serial: r.u64()?,
            expiry: UnixMillis(r.u64()?),
        })
    }
}

impl Unverified<Certificate> {
    /// Checks the signature under `hk`, the expiry and the meeting.
    pub fn verify_for(
        self,
        hk: &MeetingKey,
        meeting: &MeetingId,
        now: UnixMillis,
    ) -> Result<Certificate, StatementError> {
        let certificate = self.verify(&hk.0)?;
        if certificate.meeting != *meeting {
            return Err(StatementError::WrongSubject);
        }
        if certificate.expiry <= now {
            return Err(StatementError::Expired);
        }
        Ok(certificate)
    }
}

/// A device proves to a server that it holds its key. Fresh values of both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Scheme, host and port the device believes it speaks to; stops relaying to another server.
    pub origin: String,
    pub meeting: MeetingId,
    pub device: DeviceKey,
    pub server_nonce: Nonce,
    pub client_nonce: Nonce,
}

impl Statement for Hello {
    const PURPOSE: &'static str = "hello";
    fn encode(&self, w: Writer) -> Writer {
        w.bytes(self.origin.as_bytes())
            .fixed(&self.meeting.0)
            .fixed(&self.device.0)
            .fixed(&self.server_nonce.0)
            .fixed(&self.client_nonce.0)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let origin =
            std::str::from_utf8(r.bytes(MAX_ORIGIN)?).map_err(|_| DecodeError::OutOfRange)?;
        Ok(Hello {
            origin: origin.to_owned(),
            meeting: MeetingId(r.fixed()?),
            device: DeviceKey(r.fixed()?),
            server_nonce: Nonce(r.fixed()?),
            client_nonce: Nonce(r.fixed()?),
        })
    }
}

/// The HPKE key that guests seal their knocks to. Signed by HK.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doorbell {
    pub meeting: MeetingId,
    pub group: GroupId,
    /// The device behind the bell: the host's or a delegate's.
    pub device: DeviceKey,
    /// X25519 public key (RFC 9180 KEM 0x0020).
    pub hpke: [u8; 32],
    pub expiry: UnixMillis,
}

impl Statement for Doorbell {
    const PURPOSE: &'static str = "doorbell";
    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.meeting.0)
            .fixed(&self.group.0)
            .fixed(&self.device.0)
            .fixed(&self.hpke)
            .u64(self.expiry.0)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Doorbell {
            meeting: MeetingId(r.fixed()?),
            group: GroupId(r.fixed()?),
            device: DeviceKey(r.fixed()?),
            hpke: r.fixed()?,
            expiry: UnixMillis(r.u64()?),
        })
    }
}

/// A key that a commit adds, with the role it is admitted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    pub device: DeviceKey,
    pub role: Role,
}

/// What an opaque commit does, for the server: whom it may forward to from now on. Signed by the
/// committer's device key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub group: GroupId,
    /// The epoch the commit applies to; it creates the next.
    pub epoch: u64,
    pub committer: DeviceKey,
    /// SHA-256 of the commit's bytes.
    pub commit: [u8; 32],
    pub added: Vec<Added>,
    pub removed: Vec<DeviceKey>,
    /// Returning devices, each as the bytes of its own signed [`Swap`].
    pub swapped: Vec<Vec<u8>>,
    /// Devices leaving by their own wish, each as the bytes of its own signed [`Leave`].
    pub left: Vec<Vec<u8>>,
    /// The room's new rules, if the commit changes them.
    pub rules: Option<RoomRules>,
}

/// A signed [`Swap`] or [`Leave`] is never longer.
const MAX_NESTED: usize = 256;

impl Statement for Ticket {
    const PURPOSE: &'static str = "ticket";
    fn encode(&self, w: Writer) -> Writer {
        let w = w
            .fixed(&self.group.0)
            .u64(self.epoch)
            .fixed(&self.committer.0)
            .fixed(&self.commit)
            .list(&self.added, |w, added| w.fixed(&added.device.0).u8(added.role as u8))
            .list(&self.removed, |w, device| w.fixed(&device.0))
            .list(&self.swapped, |w, swap| w.bytes(swap))
            .list(&self.left, |w, leave| w.bytes(leave));
        match &self.rules {
            Some(rules) => rules.encode(w.u8(1)),
            None => w.u8(0),
        }
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Ticket {
            group: GroupId(r.fixed()?),
            epoch: r.u64()?,
            committer: DeviceKey(r.fixed()?),
            commit: r.fixed()?,
            added: r.list(MAX_CHANGES, |r| {
                Ok(Added { device: DeviceKey(r.fixed()?), role: Role::from_byte(r.u8()?)? })
            })?,
            removed: r.list(MAX_CHANGES, |r| Ok(DeviceKey(r.fixed()?)))?,
            swapped: r.list(MAX_CHANGES, |r| Ok(r.bytes(MAX_NESTED)?.to_vec()))?,
            left: r.list(MAX_CHANGES, |r| Ok(r.bytes(MAX_NESTED)?.to_vec()))?,
            rules: flag(r)?.then(|| RoomRules::decode(r)).transpose()?,
        })
    }
}

/// A returning device asks for its place back. Signed by that device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    pub group: GroupId,
    pub device: DeviceKey,
    /// The KeyPackageRef (RFC 9420 §5.2) of its fresh KeyPackage.
    pub key_package: [u8; 32],
    /// The newest epoch it has heard of; members refuse one far from theirs.
    pub epoch: u64,
}

impl Statement for Swap {
    const PURPOSE: &'static str = "swap";
    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.group.0).fixed(&self.device.0).fixed(&self.key_package).u64(self.epoch)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Swap {
            group: GroupId(r.fixed()?),
            device: DeviceKey(r.fixed()?),
            key_package: r.fixed()?,
            epoch: r.u64()?,
        })
    }
}

/// A device leaves by its own wish, so any member may commit its removal. Signed by that device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leave {
    pub group: GroupId,
    pub device: DeviceKey,
    pub epoch: u64,
}

impl Statement for Leave {
    const PURPOSE: &'static str = "leave";
    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.group.0).fixed(&self.device.0).u64(self.epoch)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Leave { group: GroupId(r.fixed()?), device: DeviceKey(r.fixed()?), epoch: r.u64()? })
    }
}

/// A delegate withdraws an accepted commit that honest members refuse, so that nobody can block
/// an epoch. Signed by the delegate's device key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    pub group: GroupId,
    /// The epoch the withdrawn commit applied to.
    pub epoch: u64,
    pub commit: [u8; 32],
    pub device: DeviceKey,
}

impl Statement for Void {
    const PURPOSE: &'static str = "void";
    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.group.0).u64(self.epoch).fixed(&self.commit).fixed(&self.device.0)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Void {
            group: GroupId(r.fixed()?),
            epoch: r.u64()?,
            commit: r.fixed()?,
            device: DeviceKey(r.fixed()?),
        })
    }
}

/// The host ends the meeting for everyone and for good. Signed by the host's device key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub meeting: MeetingId,
    pub device: DeviceKey,
    pub at: UnixMillis,
}

impl Statement for End {
    const PURPOSE: &'static str = "end";
    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.meeting.0).fixed(&self.device.0).u64(self.at.0)
    }
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(End {
            meeting: MeetingId(r.fixed()?),
            device: DeviceKey(r.fixed()?),
            at: UnixMillis(r.u64()?),
        })
    }
}

fn flag(r: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::OutOfRange),
    }
}
