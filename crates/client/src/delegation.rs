//! Co-hosts: the host's device entrusts another one with its doorbell and the links' secrets, sealed to
//! a key that this device has made for it and named inside the group. Roles are certificates that HK
//! signs; a co-host signs none.

use crate::participant::Participant;
use crate::saved::{HostState, option, read_option};
use base::codec::{DecodeError, Reader, Writer};
use base::hash::sha256;
use base::statement::Certificate;
use base::{DeviceKey, GroupId, Millis, Now, Role, Secret};
use e2ee::content::{Content, MAX_DESK};
use e2ee::doorbell::SharedBell;
use e2ee::handover::{self, HandoverKey, Receiver};
use e2ee::session::Merged;
use e2ee::{HostKey, policy::MAX_CERTIFICATES};
use std::time::Duration;
use wire::ClientMessage;

/// How long a certificate of another device is valid. It is of one session's group.
const CERTIFICATE_LIFE: Duration = Duration::from_secs(7 * 24 * 3600);
/// A co-host that was given nothing asks again after this long.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// The host answers at most once in this time, so that no co-host keeps it sealing; whoever was not
/// answered asks again.
const ANSWER_EVERY: Duration = Duration::from_millis(200);
/// Links entrusted; the server takes no more.
const MAX_LINKS: usize = 260;
/// Messages that what is handed over may take: 192 KiB, above what 256 invitations and rules for as many
/// people come to.
const MAX_PARTS: usize = 4;

/// What a co-host keeps of the host's desk.
#[derive(Clone)]
pub(crate) struct Delegation {
    pub group: GroupId,
    pub bell: SharedBell,
    /// For everyone; the first is the one shown.
    pub links: Vec<Secret<32>>,
    pub personal: Vec<Entrusted>,
}

/// A personal invitation without its label, which only the host knows.
#[derive(Clone)]
pub(crate) struct Entrusted {
    pub secret: Secret<32>,
    /// The device that came by it.
    pub device: Option<DeviceKey>,
}

impl Delegation {
    pub fn encode(&self, w: Writer) -> Writer {
        self.bell
            .encode(w.fixed(&self.group.0))
            .list(&self.links, |w, link| w.fixed(link.expose()))
            .list(&self.personal, |w, personal| {
                let w = w.fixed(personal.secret.expose());
                option(w, personal.device.as_ref(), |w, device| w.fixed(&device.0))
            })
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Delegation {
            group: GroupId(r.fixed()?),
            bell: SharedBell::decode(r)?,
            links: r.list(MAX_LINKS, |r| Ok(Secret::new(r.fixed()?)))?,
            personal: r.list(MAX_LINKS, |r| {
                let secret = Secret::new(r.fixed()?);
                Ok(Entrusted { secret, device: read_option(r, |r| r.fixed().map(DeviceKey))? })
            })?,
        })
    }
}

/// What one device hands another.
pub(crate) enum Handed {
    Delegation(Delegation),
    /// The meeting itself.
    Meeting(Box<HostState>),
}

impl Handed {
    fn encode(&self) -> Vec<u8> {
        match self {
            Handed::Delegation(delegation) => delegation.encode(Writer::new().u8(0)),
            Handed::Meeting(host) => host.encode(Writer::new().u8(1)),
        }
        .finish()
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (kind, rest) = bytes.split_first().ok_or(DecodeError::Truncated)?;
        match kind {
            0 => {
                let mut r = Reader::new(rest);
                let delegation = Delegation::decode(&mut r)?;
                r.finish()?;
                Ok(Handed::Delegation(delegation))
            }
            1 => HostState::read(rest).map(|host| Handed::Meeting(Box::new(host))),
            _ => Err(DecodeError::OutOfRange),
        }
    }
}

/// Between the host and its co-hosts, as long as the page is open.
#[derive(Default)]
pub(crate) struct Staff {
    /// The host's: the keys that co-hosts have named.
    keys: Vec<(DeviceKey, [u8; 32])>,
    /// Not before this does the host answer another.
    answer_from: Millis,
    /// A co-host's own.
    own: Option<HandoverKey>,
    /// What has come so far of what it is being handed, and in how many parts.
    parts: (usize, Vec<u8>),
    /// To whom the host is handing over the meeting.
    pub heir: Option<Heir>,
    /// When a co-host asks for what it was not given.
    ask_at: Option<Millis>,
    /// The certificates that the server was handed on this connection.
    handed_in: Vec<Vec<u8>>,
}

/// Someone who is about to be the host.
pub(crate) struct Heir {
    pub device: DeviceKey,
    /// SHA-256 of what was sealed for it.
    pub offered: Option<[u8; 32]>,
    /// The wish is forgotten then: nobody becomes host long after the button was pressed.
    pub until: Millis,
}

impl Staff {
    pub fn knows(&self, device: &DeviceKey) -> bool {
        self.key_of(device).is_some()
    }

    fn key_of(&self, device: &DeviceKey) -> Option<[u8; 32]> {
        self.keys.iter().find(|(known, _)| known == device).map(|(_, key)| *key)
    }

    /// Everything sealed, once its last part has come.
    fn take_part(&mut self, part: usize, parts: usize, sealed: &[u8]) -> Option<Vec<u8>> {
        if part == 0 {
            self.parts = (0, Vec::new());
        }
        let (came, all) = &mut self.parts;
        if part != *came || part >= parts || parts > MAX_PARTS {
            return None;
        }
        *came += 1;
        all.extend_from_slice(sealed);
        (*came == parts).then(|| std::mem::take(all))
    }

    pub fn next_due(&self) -> Option<Millis> {
        self.ask_at
    }

    pub fn handle_offline(&mut self) {
        self.handed_in.clear();
    }
}

impl Participant {
    /// **Make co-host NAME**, and taken back.
    pub(crate) fn set_cohost(&mut self, now: Now, device: &[u8], on: bool) {
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        let role = if on { Role::Cohost } else { Role::Participant };
        self.intend_role(device, role);
        self.run_commits(now);
    }

    pub(crate) fn intend_role(&mut self, device: DeviceKey, role: Role) {
        let Some(room) = self.room.as_mut().filter(|_| self.saved.host.is_some()) else { return };
        let (here, own) = (room.session.role_of(&device), room.session.own_device());
        let certified = room.session.policy().certificates.len();
        let fits = role < Role::Cohost || certified < MAX_CERTIFICATES;
        if here.is_some_and(|here| here != role) && device != own && fits {
            room.intend_role(device, role);
        }
    }

    /// Signed by HK for the group at hand, each with a serial of its own.
    pub(crate) fn certify(&mut self, now: Now, roles: &[(DeviceKey, Role)]) -> Vec<Vec<u8>> {
        let (Some(host), Some(room)) = (&mut self.saved.host, &self.room) else {
            return Vec::new();
        };
        let key = HostKey::from_seed(host.key.clone());
        let certificates = roles.iter().map(|(device, role)| {
            host.serial += 1;
            key.certify(&Certificate {
                meeting: self.meeting,
                group: room.session.group_id(),
                device: *device,
                role: *role,
                serial: host.serial,
                expiry: now.wall + CERTIFICATE_LIFE,
            })
        });
        certificates.collect()
    }

    /// The server learns roles from HK's signatures; it sees nothing of the policy.
    pub(crate) fn hand_in_certificates(&mut self) {
        let Some(room) = self.room.as_ref().filter(|_| self.connection.online()) else { return };
        let certificates = &room.session.policy().certificates;
        if self.saved.host.is_none() || *certificates == self.staff.handed_in {
            return;
        }
        self.staff.handed_in.clone_from(certificates);
        let certificates = certificates.iter().cloned().map(Into::into).collect();
        self.send(ClientMessage::Certify { certificates });
    }

    /// What a merged commit means for who stands behind the doorbell.
    pub(crate) fn follow_roles(&mut self, now: Now, merged: &Merged) {
        let host_is_another = self.follow_host(now);
        let Some(room) = &self.room else { return };
        let delegate =
            |device: &DeviceKey| room.session.role_of(device).is_some_and(Role::is_delegate);
        let host = room.session.policy().host();
        let back = merged.swapped.iter().map(|moved| moved.device);
        let came = merged.added.iter().map(|member| member.device);
        let host_is_new = back.chain(came).any(|device| Some(device) == host);
        if self.saved.host.is_some() {
            let before = self.staff.keys.len();
            self.staff.keys.retain(|(device, _)| delegate(device));
            if self.staff.keys.len() < before {
                // Whoever is no co-host any more has the old bell.
                self.renew_desk(now);
            }
        } else if !room.is_delegate() {
            self.lay_down();
        } else if self.staff.own.is_none() || host_is_new || host_is_another {
            self.ask_for_desk(now);
        }
    }

    /// This device is no co-host any more, or of another group.
    pub(crate) fn lay_down(&mut self) {
        self.desk = None;
        self.staff.own = None;
        self.staff.ask_at = None;
        self.unsaved |= self.saved.delegation.take().is_some();
    }

    /// A co-host names the key that it wants its part of the desk sealed to.
    pub(crate) fn ask_for_desk(&mut self, now: Now) {
        let delegate = self.room.as_ref().is_some_and(|room| room.is_delegate());
        if !delegate || self.saved.host.is_some() {
            return;
        }
        let own = self.staff.own.get_or_insert_with(|| HandoverKey::new(&mut *self.entropy));
        let key = own.public();
        self.staff.ask_at = Some(now.mono + ASK_AGAIN);
        self.say(Content::DeskWanted { key });
    }

    pub(crate) fn tick_staff(&mut self, now: Now) {
        self.hand_in_certificates();
        if self.staff.ask_at.is_some_and(|at| now.mono >= at) {
            self.ask_for_desk(now);
        }
    }

    /// The host hands a co-host its part.
    pub(crate) fn desk_wanted(&mut self, now: Now, device: DeviceKey, key: [u8; 32]) {
        let in_time = now.mono >= self.staff.answer_from;
        if in_time && self.saved.host.is_some() && self.desk.is_some() {
            self.staff.answer_from = now.mono + ANSWER_EVERY;
            self.staff.keys.retain(|(known, _)| *known != device);
            self.staff.keys.push((device, key));
            self.hand(device);
            self.offer_meeting(now);
        }
    }

    /// Whatever a co-host was given is out of date.
    pub(crate) fn hand_to_all(&mut self) {
        let devices: Vec<_> = self.staff.keys.iter().map(|(device, _)| *device).collect();
        devices.into_iter().for_each(|device| self.hand(device));
    }

    fn hand(&mut self, device: DeviceKey) {
        if let Some(delegation) = self.entrusted() {
            self.seal_to(device, &Handed::Delegation(delegation));
        }
    }

    /// SHA-256 of what was sealed.
    pub(crate) fn seal_to(&mut self, device: DeviceKey, handed: &Handed) -> Option<[u8; 32]> {
        let group = self.room.as_ref()?.session.group_id();
        let key = self.staff.key_of(&device)?;
        let sealed = handover::seal(&key, Receiver { group, device }, &handed.encode())?;
        let parts = sealed.chunks(MAX_DESK).map(<[u8]>::to_vec).enumerate();
        let count = parts.len() as u8;
        for (part, sealed) in parts {
            self.say(Content::Desk { device, part: part as u8, parts: count, sealed });
        }
        Some(sha256(&[&sealed]))
    }

    /// What a co-host needs of this host's desk.
    pub(crate) fn entrusted(&self) -> Option<Delegation> {
        let (host, desk, room) =
            (self.saved.host.as_ref()?, self.desk.as_ref()?, self.room.as_ref()?);
        let by_passcode = host.passcode.iter().filter(|passcode| self.policy.passcode(passcode.on));
        let by_passcode = by_passcode.map(|passcode| passcode.link.clone());
        let personal = host.personal.iter().take(desk.personal.len());
        let personal = personal
            .map(|personal| Entrusted { secret: personal.secret.clone(), device: personal.device });
        Some(Delegation {
            group: room.session.group_id(),
            bell: desk.bell.share().clone(),
            links: host.links.iter().cloned().chain(by_passcode).collect(),
            personal: personal.collect(),
        })
    }

    /// From the host, to this device.
    pub(crate) fn desk_handed(&mut self, now: Now, (part, parts): (u8, u8), sealed: &[u8]) {
        let Some(sealed) = self.staff.take_part(part.into(), parts.into(), sealed) else { return };
        let (Some(room), Some(own)) = (&self.room, &self.staff.own) else { return };
        let (group, device) = (room.session.group_id(), self.device.key());
        let opened = own.open(Receiver { group, device }, &sealed);
        match opened.and_then(|text| Handed::decode(&text).ok()) {
            Some(Handed::Delegation(delegation)) => self.take_up_delegation(now, delegation),
            Some(Handed::Meeting(host)) => {
                self.saved.offered = Some(*host);
                self.save();
                self.say(Content::DeskKept(sha256(&[&sealed])));
            }
            None => {}
        }
    }

    fn take_up_delegation(&mut self, now: Now, delegation: Delegation) {
        let same_bell =
            self.desk.as_ref().is_some_and(|desk| desk.bell.share() == &delegation.bell);
        self.staff.ask_at = None;
        self.saved.delegation = Some(delegation);
        self.unsaved = true;
        match same_bell {
            // Whom the links no longer let in, the host turns away.
            true => self.lay_out_invitations(),
            false => self.furnish_desk(now),
        }
    }
}
