//! Links: a personal one is for one person, whom the host can tell from every other, and is revoked
//! alone. Whatever is revoked, the group PSK that its holders know is replaced.

use crate::desk::{Desk, EXPECTED_FOR, Knocker};
use crate::participant::Participant;
use crate::saved::{option, read_option, text};
use crate::view::Invitation;
use base::codec::{DecodeError, Reader, Writer};
use base::policy::Feature;
use base::{DeviceKey, Now, Role, Secret, random};
use e2ee::GroupPsk;
use e2ee::content::Content;
use e2ee::doorbell::VerifiedKnock;
use e2ee::link::{InvitationId, Link};
use e2ee::name::sanitise_name;
use wire::LobbyReason;

/// Personal invitations of a meeting; at the bound no further one is made, and the page says so.
pub const MAX_PERSONAL: usize = 256;

/// A link that the host made for somebody.
#[derive(Clone)]
pub(crate) struct Personal {
    pub secret: Secret<32>,
    /// Whom it is for, in the host's words; nobody else learns it.
    pub label: String,
    /// The device that came by it; another one counts as new.
    pub device: Option<DeviceKey>,
    /// Whoever comes by it is of the host's side.
    pub cohost: bool,
}

impl Personal {
    pub fn encode(&self, w: Writer) -> Writer {
        let w = w.fixed(self.secret.expose()).bytes(self.label.as_bytes());
        option(w, self.device.as_ref(), |w, device| w.fixed(&device.0)).u8(self.cohost.into())
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Personal {
            secret: Secret::new(r.fixed()?),
            label: text(r)?,
            device: read_option(r, |r| r.fixed().map(DeviceKey))?,
            cohost: r.u8()? == 1,
        })
    }
}

/// What a host is told about a knock besides its name.
#[derive(Default)]
pub(crate) struct Introduction {
    pub invited_as: Option<String>,
    pub new_device: bool,
}

impl Participant {
    /// **Create link**: for one person, in the host's words.
    pub(crate) fn invite(&mut self, label: &str, cohost: bool) {
        if self.policy.forbids(Feature::PersonalInvitations) {
            return;
        }
        let Some(host) = self.saved.host.as_mut().filter(|h| h.personal.len() < MAX_PERSONAL)
        else {
            return;
        };
        let Some(label) = sanitise_name(label) else { return };
        let secret = Secret::new(random(&mut *self.entropy));
        host.personal.push(Personal { secret, label, device: None, cohost });
        self.save();
        self.lay_out_invitations();
    }

    /// **Revoke**: whoever waits by this link is turned away; who is in stays in, and every other
    /// link goes on.
    pub(crate) fn revoke(&mut self, now: Now, invitation: &[u8]) {
        let Some(at) = self.desk.as_ref().and_then(|desk| desk.personal_at(invitation)) else {
            return;
        };
        if let Some(host) = &mut self.saved.host {
            host.personal.remove(at);
        }
        self.links_revoked(now);
    }

    /// **Change invite link**: the old one opens nothing any more.
    pub(crate) fn change_link(&mut self, now: Now) {
        let secret = Secret::new(random(&mut *self.entropy));
        let Some(host) = &mut self.saved.host else { return };
        host.links = vec![secret];
        self.links_revoked(now);
    }

    /// Some link is gone from what is saved: it opens nothing any more.
    pub(crate) fn links_revoked(&mut self, now: Now) {
        if let Some(host) = &mut self.saved.host {
            host.rotate = true;
        }
        self.save();
        self.lay_out_invitations();
        let uninvited = self.desk.as_mut().map(Desk::take_uninvited).unwrap_or_default();
        uninvited.into_iter().for_each(|knock| self.turn_away(knock, LobbyReason::Invalid));
        if let Some(room) = &mut self.room {
            room.intend_rotation();
        }
        self.run_commits(now);
    }

    /// The group has another PSK: the former one stays at hand in case the commit is withdrawn.
    pub(crate) fn keep_psk(&mut self, psk: &GroupPsk) {
        self.saved.other_psk = self.saved.psk.replace(Secret::new(*psk.expose()));
        if let Some(host) = &mut self.saved.host {
            host.rotate = false;
        }
    }

    /// The PSKs that may be in force.
    pub(crate) fn psks(&self) -> Vec<GroupPsk> {
        let known = [&self.saved.psk, &self.saved.other_psk];
        known.into_iter().flatten().cloned().map(GroupPsk::new).collect()
    }

    /// Of those, the one that the group uses comes first.
    pub(crate) fn note_psk_in_force(&mut self, id: [u8; 16]) {
        let other = self.saved.other_psk.clone().map(GroupPsk::new);
        if other.is_some_and(|other| other.id() == id) {
            std::mem::swap(&mut self.saved.psk, &mut self.saved.other_psk);
        }
    }

    /// Whoever waits was given the former PSK with its bell: it is asked to ring again, and does so by
    /// itself. Whom the host has already let in is let in as soon as it has.
    pub(crate) fn renew_desk(&mut self, now: Now) {
        let (Some(desk), Some(room)) = (&mut self.desk, &mut self.room) else { return };
        let waiting = std::mem::take(&mut desk.waiting);
        let (answering, mut expected) =
            (std::mem::take(&mut desk.answering), std::mem::take(&mut desk.expected));
        let entering = room.take_entering();
        let until = now.mono + EXPECTED_FOR;
        expected.retain(|expected| expected.until > now.mono);
        expected.extend(entering.iter().map(|knocker| knocker.expected(until)));
        self.furnish_desk(now);
        if let Some(desk) = &mut self.desk {
            (desk.answering, desk.expected) = (answering, expected);
        }
        let knocks = waiting.iter().chain(&entering).map(|knocker| knocker.knock);
        knocks.for_each(|knock| self.turn_away(knock, LobbyReason::Stale));
    }

    /// Whom the host had in mind.
    pub(crate) fn introduce(&self, knock: &VerifiedKnock) -> Introduction {
        let device = self.rightful_device(knock.invitation()).flatten();
        Introduction {
            invited_as: self.personal(knock.invitation()).map(|personal| personal.label.clone()),
            new_device: device.is_some_and(|device| device != knock.device()),
        }
    }

    /// A personal link belongs to the device that was let in by it last.
    pub(crate) fn note_arrivals(&mut self) {
        let Some((room, desk)) = self.room.as_ref().zip(self.desk.as_ref()) else { return };
        let arrived = room.arrived().filter_map(|knocker: &Knocker| {
            let invitation = knocker.verified.invitation();
            Some((desk.personal_at(&invitation.0)?, knocker.device()))
        });
        let arrived: Vec<_> = arrived.collect();
        let several = room.session.members().filter(|m| m.role.is_delegate()).count() > 1;
        for (at, device) in arrived {
            self.note_arrival(at, device);
            self.make_cohost_of(at, device);
            let invitation = self.desk.as_ref().and_then(|desk| desk.personal.get(at));
            if let Some(InvitationId(invitation)) = invitation.copied().filter(|_| several) {
                self.say(Content::Came { invitation, device });
            }
        }
    }

    /// Whom this device has let in by a co-host's invitation. A co-host's word alone makes nobody one.
    fn make_cohost_of(&mut self, at: usize, device: DeviceKey) {
        let invited = self.saved.host.as_ref().and_then(|host| host.personal.get(at));
        if invited.is_some_and(|personal| personal.cohost) {
            self.intend_role(device, Role::Cohost);
        }
    }

    /// Another device of the host's side has let someone in.
    pub(crate) fn came(&mut self, invitation: [u8; 8], device: DeviceKey) {
        let at = self.desk.as_ref().and_then(|desk| desk.personal_at(&invitation));
        at.into_iter().for_each(|at| self.note_arrival(at, device));
    }

    fn note_arrival(&mut self, at: usize, device: DeviceKey) {
        let entrusted = self.saved.delegation.as_mut().and_then(|d| d.personal.get_mut(at));
        match (self.saved.host.as_mut().and_then(|host| host.personal.get_mut(at)), entrusted) {
            (Some(personal), _) => personal.device = Some(device),
            (None, Some(entrusted)) => entrusted.device = Some(device),
            (None, None) => return,
        }
        self.unsaved = true;
    }

    /// For a personal invitation: the device that came by it, if one has.
    pub(crate) fn rightful_device(&self, invitation: InvitationId) -> Option<Option<DeviceKey>> {
        let at = self.desk.as_ref()?.personal_at(&invitation.0)?;
        match (&self.saved.host, &self.saved.delegation) {
            (Some(host), _) => host.personal.get(at).map(|personal| personal.device),
            (None, Some(d)) => d.personal.get(at).map(|personal| personal.device),
            (None, None) => None,
        }
    }

    pub(crate) fn invitations_view(&self) -> Vec<Invitation> {
        let (Some(host), Some(desk)) = (&self.saved.host, &self.desk) else { return Vec::new() };
        let Some(fingerprint) = self.promised else { return Vec::new() };
        let personal = desk.personal.iter().zip(&host.personal).map(|(id, personal)| {
            let secret = personal.secret.clone();
            Invitation {
                id: id.0.to_vec().into(),
                label: personal.label.clone(),
                path: Link { meeting: self.meeting, secret, fingerprint }.path(),
                device_known: personal.device.is_some(),
                cohost: personal.cohost,
            }
        });
        personal.collect()
    }

    pub(crate) fn personal(&self, invitation: InvitationId) -> Option<&Personal> {
        let at = self.desk.as_ref()?.personal_at(&invitation.0)?;
        self.saved.host.as_ref()?.personal.get(at)
    }
}
