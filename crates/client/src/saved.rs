//! What a device keeps of one meeting between page loads: never MLS state, never a frame key.
//!
//! The encoding starts with a version byte; a state that cannot be read counts as absent.

use crate::delegation::Delegation;
use crate::invitations::Personal;
use crate::names::Names;
use crate::passcode::{HostPasscode, Learned};
use base::codec::{DecodeError, Reader, Writer};
use base::{DeviceKey, GroupId, RoomRules, Secret, UnixMillis};

const VERSION: u8 = 4;
/// Before co-hosts, and a guest's count of wrong passcodes; still read.
const VERSION_3: u8 = 3;
/// Before rules that outlast a session, personal invitations and acquaintances; still read.
const VERSION_2: u8 = 2;
/// Before passcodes and blocked devices; still read.
const VERSION_1: u8 = 1;
/// Devices blocked; at the bound the oldest may knock again.
const MAX_BLOCKED: usize = 256;
/// A title after sanitising is at most 120 characters of at most 4 bytes; names are shorter.
const MAX_TEXT: usize = 512;
const MAX_LINKS: usize = 256;
const MAX_CERTIFICATE: usize = 512;
/// The mark lists member and removed keys.
const MAX_MARK: usize = 256 * 1024;

/// Saved state of one meeting.
#[derive(Clone, Default)]
pub(crate) struct Saved {
    /// The name this person last used here.
    pub name: String,
    /// Joined and not left: after a reload the device goes back in by itself.
    pub inside: bool,
    pub title: String,
    pub host_name: String,
    /// The group PSK `P_v`.
    pub psk: Option<Secret<32>>,
    /// The high-water mark of the current session, in `e2ee`'s encoding.
    pub mark: Option<Vec<u8>>,
    /// Verified names in the current session.
    pub names: Names,
    pub host: Option<HostState>,
    /// The link that a passcode gave.
    pub learned: Option<Learned>,
    /// Who was met in this meeting before, and under which name last: beyond
    /// [`MAX_NAMES`](crate::names::MAX_NAMES) whoever was not met for longest is a stranger again.
    pub acquaintances: Names,
    /// Another PSK that may be in force: the next one while its commit is under way, the former one
    /// after a rotation.
    pub other_psk: Option<Secret<32>>,
    /// What a co-host was given of the host's desk.
    pub delegation: Option<Delegation>,
    /// The meeting itself, from a host that is about to hand it over. It counts once the group says so.
    pub offered: Option<HostState>,
    /// Passcodes that this device has tried here in vain, and until when that counts.
    pub wrong_passcodes: (u8, UnixMillis),
}

/// What makes a device the host's.
#[derive(Clone)]
pub(crate) struct HostState {
    /// Seed of the meeting key HK.
    pub key: Secret<32>,
    /// Secrets of the links handed out; the first is the one shown.
    pub links: Vec<Secret<32>>,
    /// Seals the meeting card.
    pub card_key: Secret<32>,
    /// Serial of the newest certificate.
    pub serial: u64,
    /// The session opened, or to be opened next, and this device's certificate for it.
    pub group: GroupId,
    pub certificate: Vec<u8>,
    /// Whether `group` has been opened.
    pub opened: bool,
    /// Members of a session that could not be continued: let in again without asking.
    pub remembered: Names,
    /// Devices that are never let in, in any session.
    pub blocked: Vec<DeviceKey>,
    /// `None` only in a state from before passcodes.
    pub passcode: Option<HostPasscode>,
    /// The rules that the next session begins with.
    pub rules: RoomRules,
    pub personal: Vec<Personal>,
    /// A link was revoked whose holders know the group PSK: it is to be replaced.
    pub rotate: bool,
}

impl Saved {
    /// Whoever was in this session counts as met in the next.
    pub fn end_session(&mut self, own: &DeviceKey) {
        for (device, name) in self.names.take() {
            if device != *own {
                self.acquaintances.set(device, name);
            }
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let w = Writer::new()
            .u8(VERSION)
            .bytes(self.name.as_bytes())
            .u8(self.inside as u8)
            .bytes(self.title.as_bytes())
            .bytes(self.host_name.as_bytes());
        let w = option(w, self.psk.as_ref(), |w, psk| w.fixed(psk.expose()));
        let w = option(w, self.mark.as_ref(), |w, mark| w.bytes(mark));
        let w = option(self.names.encode(w), self.host.as_ref(), |w, host| host.encode(w));
        let w = self.acquaintances.encode(Learned::encode(self.learned.as_ref(), w));
        let w = option(w, self.other_psk.as_ref(), |w, psk| w.fixed(psk.expose()));
        let w = option(w, self.delegation.as_ref(), |w, delegation| delegation.encode(w));
        let w = option(w, self.offered.as_ref(), |w, host| host.encode(w));
        w.u8(self.wrong_passcodes.0).u64(self.wrong_passcodes.1.0).finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let version = r.u8()?;
        if !(VERSION_1..=VERSION).contains(&version) {
            return Err(DecodeError::OutOfRange);
        }
        let saved = Saved {
            name: text(&mut r)?,
            inside: r.u8()? == 1,
            title: text(&mut r)?,
            host_name: text(&mut r)?,
            psk: read_option(&mut r, |r| Ok(Secret::new(r.fixed()?)))?,
            mark: read_option(&mut r, |r| Ok(r.bytes(MAX_MARK)?.to_vec()))?,
            names: Names::decode(&mut r)?,
            host: read_option(&mut r, |r| HostState::decode(r, version))?,
            learned: if version >= VERSION_2 { Learned::decode(&mut r)? } else { None },
            acquaintances: match version {
                VERSION_3.. => Names::decode(&mut r)?,
                _ => Names::default(),
            },
            other_psk: match version {
                VERSION_3.. => read_option(&mut r, |r| Ok(Secret::new(r.fixed()?)))?,
                _ => None,
            },
            delegation: match version {
                VERSION => read_option(&mut r, Delegation::decode)?,
                _ => None,
            },
            offered: match version {
                VERSION => read_option(&mut r, |r| HostState::decode(r, version))?,
                _ => None,
            },
            wrong_passcodes: match version {
                VERSION => (r.u8()?, UnixMillis(r.u64()?)),
                _ => Default::default(),
            },
        };
        r.finish()?;
        Ok(saved)
    }
}

impl HostState {
    pub fn encode(&self, w: Writer) -> Writer {
        let w = w
            .fixed(self.key.expose())
            .list(&self.links, |w, link| w.fixed(link.expose()))
            .fixed(self.card_key.expose())
            .u64(self.serial)
            .fixed(&self.group.0)
            .bytes(&self.certificate)
            .u8(self.opened as u8);
        let w = self.remembered.encode(w).list(&self.blocked, |w, device| w.fixed(&device.0));
        let w = option(w, self.passcode.as_ref(), |w, passcode| passcode.encode(w));
        let w = self.rules.encode(w).list(&self.personal, |w, personal| personal.encode(w));
        w.u8(self.rotate.into())
    }

    pub fn block(&mut self, device: DeviceKey) {
        self.blocked.retain(|blocked| *blocked != device);
        if self.blocked.len() == MAX_BLOCKED {
            self.blocked.remove(0);
        }
        self.blocked.push(device);
    }

    /// As it is written today.
    pub fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let host = HostState::decode(&mut r, VERSION)?;
        r.finish()?;
        Ok(host)
    }

    fn decode(r: &mut Reader<'_>, version: u8) -> Result<Self, DecodeError> {
        Ok(HostState {
            key: Secret::new(r.fixed()?),
            links: r.list(MAX_LINKS, |r| Ok(Secret::new(r.fixed()?)))?,
            card_key: Secret::new(r.fixed()?),
            serial: r.u64()?,
            group: GroupId(r.fixed()?),
            certificate: r.bytes(MAX_CERTIFICATE)?.to_vec(),
            opened: r.u8()? == 1,
            remembered: Names::decode(r)?,
            blocked: match version {
                VERSION_1 => Vec::new(),
                _ => r.list(MAX_BLOCKED, |r| Ok(DeviceKey(r.fixed()?)))?,
            },
            passcode: match version {
                VERSION_1 => None,
                _ => read_option(r, HostPasscode::decode)?,
            },
            rules: if version >= VERSION_3 { RoomRules::decode(r)? } else { RoomRules::default() },
            personal: match version {
                VERSION_3.. => r.list(MAX_LINKS, Personal::decode)?,
                _ => Vec::new(),
            },
            rotate: version >= VERSION_3 && r.u8()? == 1,
        })
    }
}

pub(crate) fn text(r: &mut Reader<'_>) -> Result<String, DecodeError> {
    let bytes = r.bytes(MAX_TEXT)?.to_vec();
    String::from_utf8(bytes).map_err(|_| DecodeError::OutOfRange)
}

pub(crate) fn option<T>(
    w: Writer,
    value: Option<&T>,
    each: impl FnOnce(Writer, &T) -> Writer,
) -> Writer {
    match value {
        Some(value) => each(w.u8(1), value),
        None => w.u8(0),
    }
}

pub(crate) fn read_option<T>(
    r: &mut Reader<'_>,
    each: impl FnOnce(&mut Reader<'_>) -> Result<T, DecodeError>,
) -> Result<Option<T>, DecodeError> {
    match r.u8()? {
        0 => Ok(None),
        1 => each(r).map(Some),
        _ => Err(DecodeError::OutOfRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delegation::Entrusted;
    use e2ee::doorbell::SharedBell;
    use proptest::prelude::*;

    fn full() -> Saved {
        let mut names = Names::default();
        names.set(DeviceKey([4; 32]), "Ana".into());
        let mut met = Names::default();
        met.set(DeviceKey([13; 32]), "Ben".into());
        Saved {
            name: "Host".into(),
            inside: true,
            title: "Tuesday".into(),
            host_name: "Host".into(),
            psk: Some(Secret::new([1; 32])),
            mark: Some(vec![1, 2, 3]),
            names: names.clone(),
            host: Some(HostState {
                key: Secret::new([2; 32]),
                links: vec![Secret::new([3; 32])],
                card_key: Secret::new([7; 32]),
                serial: 4,
                group: GroupId([5; 16]),
                certificate: vec![6; 150],
                opened: true,
                remembered: names,
                blocked: vec![DeviceKey([8; 32])],
                passcode: Some(HostPasscode::new(&mut |out: &mut [u8]| out.fill(8))),
                rules: RoomRules { join_muted: true, ..RoomRules::default() },
                personal: vec![Personal {
                    secret: Secret::new([11; 32]),
                    label: "Ana, Tuesdays".into(),
                    device: Some(DeviceKey([4; 32])),
                    cohost: false,
                }],
                rotate: true,
            }),
            learned: Some(Learned {
                secret: Secret::new([9; 32]),
                fingerprint: base::ids::Fingerprint([10; 16]),
            }),
            acquaintances: met,
            other_psk: Some(Secret::new([12; 32])),
            delegation: Some(Delegation {
                group: GroupId([5; 16]),
                bell: bell(),
                links: vec![Secret::new([3; 32])],
                personal: vec![Entrusted {
                    secret: Secret::new([11; 32]),
                    device: Some(DeviceKey([4; 32])),
                }],
            }),
            offered: None,
            wrong_passcodes: (2, UnixMillis(7)),
        }
    }

    fn bell() -> SharedBell {
        let bytes = Writer::new().fixed(&[14; 32]).bytes(&[15; 200]).finish();
        SharedBell::decode(&mut Reader::new(&bytes)).unwrap()
    }

    #[test]
    fn reads_back() {
        let mut state = full();
        state.offered = state.host.clone();
        let bytes = state.encode();
        let read = Saved::decode(&bytes).unwrap();
        assert_eq!(read.encode(), bytes);
        assert_eq!(read.wrong_passcodes, (2, UnixMillis(7)));
        assert_eq!(read.names.get(&DeviceKey([4; 32])), Some("Ana"));
        assert_eq!(read.acquaintances.get(&DeviceKey([13; 32])), Some("Ben"));
        assert!(read.host.unwrap().opened);
    }

    /// What version 3 adds to a host: default rules, no personal invitation, no rotation due.
    const HOST_3: usize = 6 + 4 + 1;
    /// And to everyone: no acquaintance, no other PSK.
    const ALL_3: usize = 4 + 1;
    /// What version 4 adds to everyone: nothing entrusted, nothing offered, no wrong passcode.
    const ALL_4: usize = 1 + 1 + 9;

    fn without_what_is_new(mut state: Saved) -> Saved {
        if let Some(host) = &mut state.host {
            host.rules = RoomRules::default();
            host.personal.clear();
            host.rotate = false;
        }
        state.acquaintances = Names::default();
        state.other_psk = None;
        without_delegation(state)
    }

    fn without_delegation(mut state: Saved) -> Saved {
        state.delegation = None;
        state.wrong_passcodes = Default::default();
        state
    }

    /// `state` as an earlier version wrote it: what came after is cut out of it.
    fn written_by(version: u8, state: &Saved) -> Vec<u8> {
        let mut bytes = state.encode();
        bytes[0] = version;
        let learned = Learned::encode(state.learned.as_ref(), Writer::new()).finish().len();
        let end = bytes.len() - ALL_4 - ALL_3;
        bytes.truncate(end);
        bytes.drain(end - learned - HOST_3..end - learned);
        bytes
    }

    #[test]
    fn a_state_from_before_cohosts_is_read() {
        let old = without_delegation(full());
        let mut bytes = old.encode();
        bytes[0] = VERSION_3;
        bytes.truncate(bytes.len() - ALL_4);
        let read = Saved::decode(&bytes).unwrap();
        assert_eq!(read.encode(), old.encode());
        assert!(read.other_psk.is_some());
    }

    #[test]
    fn a_state_from_before_personal_invitations_is_read() {
        let old = without_what_is_new(full());
        let bytes = written_by(VERSION_2, &old);
        assert_eq!(bytes.len() + HOST_3 + ALL_3 + ALL_4, old.encode().len());
        let read = Saved::decode(&bytes).unwrap();
        assert_eq!(read.encode(), old.encode());
        assert!(read.learned.is_some());
    }

    #[test]
    fn a_state_from_before_passcodes_is_read() {
        let mut old = without_what_is_new(full());
        old.learned = None;
        if let Some(host) = &mut old.host {
            host.passcode = None;
            host.blocked.clear();
        }
        let mut bytes = written_by(VERSION_1, &old);
        // What version 2 says about blocked devices (a count of none) and passcodes (nothing, twice).
        bytes.truncate(bytes.len() - 6);
        let read = Saved::decode(&bytes).unwrap();
        assert_eq!(read.encode(), old.encode());
        assert!(read.host.unwrap().passcode.is_none());
    }

    #[test]
    fn another_version_counts_as_absent() {
        let mut bytes = full().encode();
        bytes[0] = 99;
        assert!(Saved::decode(&bytes).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Saved::decode(&bytes);
        }
    }
}
