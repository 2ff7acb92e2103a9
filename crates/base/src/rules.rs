//! The house rules: who may do what in a room. One value that the host's side sets, that every
//! member holds in the group's policy, and that the server learns from tickets; both judge by
//! [`RoomRules::rights_of`], so that neither a page nor one of the two alone decides.

use crate::DeviceKey;
use crate::UnixMillis;
use crate::codec::{DecodeError, Reader, Writer};
use crate::statement::Role;

/// Devices with rights of their own; a commit that would name more is refused.
pub const MAX_EXCEPTIONS: usize = 256;

/// A set of things that a person may do.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Rights(u8);

impl Rights {
    pub const NONE: Rights = Rights(0);
    /// Be heard.
    pub const MIC: Rights = Rights(1);
    /// Be seen.
    pub const CAMERA: Rights = Rights(2);
    /// Share a screen, with its sound.
    pub const SCREEN: Rights = Rights(4);
    /// Write to everyone.
    pub const CHAT: Rights = Rights(8);
    /// Choose another name for oneself.
    pub const RENAME: Rights = Rights(16);
    pub const ALL: Rights = Rights(31);

    pub fn contains(self, other: Rights) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn with(self, other: Rights) -> Rights {
        Rights(self.0 | other.0)
    }

    pub fn without(self, other: Rights) -> Rights {
        Rights(self.0 & !other.0)
    }

    /// `other` in or out.
    pub fn set(self, other: Rights, on: bool) -> Rights {
        if on { self.with(other) } else { self.without(other) }
    }

    pub fn bits(self) -> u8 {
        self.0
    }

    pub fn from_bits(bits: u8) -> Result<Rights, DecodeError> {
        if bits & !Rights::ALL.0 == 0 { Ok(Rights(bits)) } else { Err(DecodeError::OutOfRange) }
    }
}

impl std::fmt::Debug for Rights {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rights({:05b})", self.0)
    }
}

/// Whoever belongs together where one party is let in at a time: those of one personal invitation,
/// or a single device that came by a link for everyone. A digest that names nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Party(pub [u8; 8]);

impl std::fmt::Debug for Party {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Party")
    }
}

/// The waiting room is off: devices of the host's side let in whoever knocks, without a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AutoAdmit {
    /// By the clock of the device that lets in; from then on people wait again.
    pub until: UnixMillis,
    /// So many members at most; the next one waits.
    pub cap: u16,
    /// Also those who come by a link that everyone has. Any removal ends this.
    pub shared_links: bool,
}

/// What holds in a room until the host's side changes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomRules {
    /// What participants may do.
    pub participants: Rights,
    /// Devices that may do more or less than that, in ascending order, each once.
    pub exceptions: Vec<(DeviceKey, Rights)>,
    /// Nobody may be added.
    pub locked: bool,
    /// *Stop everything*: nobody but the host's side sends anything, and nobody may be added.
    pub frozen: bool,
    /// Whoever enters is muted, or has the camera off, until they themselves change it.
    pub join_muted: bool,
    pub join_camera_off: bool,
    /// More than one person may present at a time.
    pub several_presenters: bool,
    /// An audience: whoever is no exception sees and hears, and no more. Those on stage are
    /// exceptions.
    pub viewers: bool,
    /// *Consulting mode*: nobody but this party, and the host's side, is in the room.
    pub consulting: Option<Party>,
    /// `None` while the waiting room is on.
    pub auto_admit: Option<AutoAdmit>,
}

impl Default for RoomRules {
    /// Careful: only the host's side shares.
    fn default() -> Self {
        RoomRules {
            participants: Rights::ALL.without(Rights::SCREEN),
            exceptions: Vec::new(),
            locked: false,
            frozen: false,
            join_muted: false,
            join_camera_off: false,
            several_presenters: false,
            viewers: false,
            consulting: None,
            auto_admit: None,
        }
    }
}

impl RoomRules {
    /// What a member may do. The host's side may do everything; viewers see and hear.
    pub fn rights_of(&self, role: Role, device: &DeviceKey) -> Rights {
        match role {
            role if role.is_delegate() => Rights::ALL,
            _ if self.frozen => Rights::NONE,
            Role::Viewer => self.exception(device).unwrap_or(Rights::NONE),
            _ => self.exception(device).unwrap_or(self.usual()),
        }
    }

    /// What a participant may do that is no exception.
    pub fn usual(&self) -> Rights {
        if self.frozen || self.viewers { Rights::NONE } else { self.participants }
    }

    /// Whether someone may be let in.
    pub fn admits(&self) -> bool {
        !self.locked && !self.frozen
    }

    /// Whether a room where these rules hold may come to have `after`. While `occupied`, that is while
    /// anyone is a member who is not of the host's side, the party of consulting mode stays: two
    /// parties never meet.
    pub fn may_become(&self, after: &RoomRules, occupied: bool) -> bool {
        match (self.consulting, after.consulting) {
            (Some(before), Some(after)) => before == after || !occupied,
            _ => true,
        }
    }

    /// Whoever has been removed may still know a link that everyone has: it opens no door by itself
    /// any more.
    pub fn after_removal(mut self) -> RoomRules {
        if let Some(auto) = &mut self.auto_admit {
            auto.shared_links = false;
        }
        self
    }

    /// Gives a device rights of its own, or lets it follow the others again. At the bound nothing
    /// changes.
    pub fn except(&mut self, device: DeviceKey, rights: Option<Rights>) {
        let place = self.exceptions.binary_search_by_key(&device, |(known, _)| *known);
        match (place, rights) {
            (Ok(at), Some(rights)) => self.exceptions[at].1 = rights,
            (Ok(at), None) => drop(self.exceptions.remove(at)),
            (Err(at), Some(rights)) if self.exceptions.len() < MAX_EXCEPTIONS => {
                self.exceptions.insert(at, (device, rights));
            }
            (Err(_), _) => {}
        }
    }

    /// The rights of its own that a device has.
    pub fn exception(&self, device: &DeviceKey) -> Option<Rights> {
        let place = self.exceptions.binary_search_by_key(device, |(known, _)| *known);
        place.ok().map(|at| self.exceptions[at].1)
    }

    /// Appends the encoding: two bytes, 33 for each exception after their count, then the party and
    /// the terms of letting in by itself, where the flags say so.
    pub fn encode(&self, w: Writer) -> Writer {
        let flags = [
            self.locked,
            self.frozen,
            self.join_muted,
            self.join_camera_off,
            self.several_presenters,
            self.consulting.is_some(),
            self.auto_admit.is_some(),
            self.viewers,
        ];
        let flags = flags.iter().rev().fold(0, |byte, flag| byte << 1 | u8::from(*flag));
        let w = w
            .u8(flags)
            .u8(self.participants.bits())
            .list(&self.exceptions, |w, (device, rights)| w.fixed(&device.0).u8(rights.bits()));
        let w = self.consulting.iter().fold(w, |w, party| w.fixed(&party.0));
        self.auto_admit.iter().fold(w, |w, auto| {
            w.u64(auto.until.0).u32(auto.cap.into()).u8(auto.shared_links.into())
        })
    }

    /// Reads what [`Self::encode`] wrote; one value has one encoding.
    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let flags = r.u8()?;
        let flag = |bit: u8| flags & 1 << bit != 0;
        let rules = RoomRules {
            participants: Rights::from_bits(r.u8()?)?,
            exceptions: r.list(MAX_EXCEPTIONS, |r| {
                Ok((DeviceKey(r.fixed()?), Rights::from_bits(r.u8()?)?))
            })?,
            locked: flag(0),
            frozen: flag(1),
            join_muted: flag(2),
            join_camera_off: flag(3),
            several_presenters: flag(4),
            consulting: flag(5).then(|| r.fixed().map(Party)).transpose()?,
            auto_admit: flag(6).then(|| auto_admit(r)).transpose()?,
            viewers: flag(7),
        };
        let ascending = rules.exceptions.is_sorted_by(|(a, _), (b, _)| a < b);
        if ascending { Ok(rules) } else { Err(DecodeError::OutOfRange) }
    }
}

fn auto_admit(r: &mut Reader<'_>) -> Result<AutoAdmit, DecodeError> {
    let until = UnixMillis(r.u64()?);
    let cap = r.u32()?.try_into().map_err(|_| DecodeError::OutOfRange)?;
    match r.u8()? {
        shared @ 0..=1 => Ok(AutoAdmit { until, cap, shared_links: shared == 1 }),
        _ => Err(DecodeError::OutOfRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEVICE: DeviceKey = DeviceKey([7; 32]);

    fn read(bytes: &[u8]) -> Result<RoomRules, DecodeError> {
        let mut reader = Reader::new(bytes);
        let rules = RoomRules::decode(&mut reader)?;
        reader.finish()?;
        Ok(rules)
    }

    #[test]
    fn by_default_only_the_host_side_shares() {
        let rules = RoomRules::default();
        assert_eq!(rules.rights_of(Role::Host, &DEVICE), Rights::ALL);
        assert_eq!(rules.rights_of(Role::Cohost, &DEVICE), Rights::ALL);
        assert!(!rules.rights_of(Role::Participant, &DEVICE).contains(Rights::SCREEN));
        assert!(rules.rights_of(Role::Participant, &DEVICE).contains(Rights::MIC));
        assert_eq!(rules.rights_of(Role::Viewer, &DEVICE), Rights::NONE);
    }

    #[test]
    fn an_exception_counts_for_its_device_until_everything_stops() {
        let mut rules = RoomRules::default();
        rules.except(DEVICE, Some(Rights::SCREEN));
        assert_eq!(rules.rights_of(Role::Participant, &DEVICE), Rights::SCREEN);
        assert_eq!(rules.rights_of(Role::Viewer, &DEVICE), Rights::SCREEN);
        assert_eq!(rules.rights_of(Role::Viewer, &DeviceKey([8; 32])), Rights::NONE);
        rules.frozen = true;
        assert_eq!(rules.rights_of(Role::Participant, &DEVICE), Rights::NONE);
        assert!(!rules.admits());
        assert_eq!(rules.rights_of(Role::Host, &DEVICE), Rights::ALL);
        rules.except(DEVICE, None);
        assert!(rules.exceptions.is_empty());
    }

    #[test]
    fn of_an_audience_only_those_on_stage_may_do_anything() {
        let mut rules = RoomRules { viewers: true, ..RoomRules::default() };
        rules.except(DEVICE, Some(Rights::MIC));
        assert_eq!(rules.rights_of(Role::Participant, &DeviceKey([8; 32])), Rights::NONE);
        assert_eq!(rules.rights_of(Role::Participant, &DEVICE), Rights::MIC);
        assert_eq!(rules.rights_of(Role::Cohost, &DeviceKey([9; 32])), Rights::ALL);
    }

    #[test]
    fn the_party_changes_only_in_an_empty_room() {
        let with = |party: Option<u8>| RoomRules {
            consulting: party.map(|n| Party([n; 8])),
            ..RoomRules::default()
        };
        assert!(!with(Some(1)).may_become(&with(Some(2)), true));
        assert!(with(Some(1)).may_become(&with(Some(2)), false));
        assert!(with(Some(1)).may_become(&with(Some(1)), true));
        assert!(with(None).may_become(&with(Some(1)), true), "those who are here are the party");
        assert!(with(Some(1)).may_become(&with(None), true), "the host ends the mode");
    }

    proptest! {
        #[test]
        fn rules_read_back(
            bits in 0u8..32,
            flags: [bool; 6],
            party: Option<[u8; 8]>,
            auto: Option<(u64, u16, bool)>,
            devices in proptest::collection::vec((any::<u8>(), 0u8..32), 0..20),
        ) {
            let [locked, frozen, join_muted, join_camera_off, several_presenters, viewers] = flags;
            let participants = Rights(bits);
            let auto_admit = auto.map(|(until, cap, shared_links)| {
                AutoAdmit { until: UnixMillis(until), cap, shared_links }
            });
            let mut rules = RoomRules {
                participants, exceptions: vec![], locked, frozen, join_muted, join_camera_off,
                several_presenters, viewers, consulting: party.map(Party), auto_admit,
            };
            for (device, rights) in devices {
                rules.except(DeviceKey([device; 32]), Some(Rights(rights)));
            }
            prop_assert_eq!(read(&rules.encode(Writer::new()).finish()), Ok(rules));
        }

        #[test]
        fn whatever_reads_is_the_one_encoding(
            bytes in proptest::collection::vec(any::<u8>(), 0..80),
        ) {
            if let Ok(rules) = read(&bytes) {
                prop_assert_eq!(rules.encode(Writer::new()).finish(), bytes);
            }
        }
    }
}
