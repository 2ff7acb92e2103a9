//! Personal invitations: a link for one person, which the host can tell from every other and revoke.

use crate::desk::Knocker;
use crate::participant::Participant;
use crate::saved::{option, read_option, text};
use crate::view::Invitation;
use base::codec::{DecodeError, Reader, Writer};
use base::{DeviceKey, Secret, random};
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

    /// Whether this device is another than the one that came by it.
    fn is_new_to(&self, device: &DeviceKey) -> bool {
        self.device.is_some_and(|known| known != *device)
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
    pub(crate) fn revoke(&mut self, invitation: &[u8]) {
        let Some(at) = self.desk.as_ref().and_then(|desk| desk.personal_at(invitation)) else {
            return;
        };
        if let Some(host) = &mut self.saved.host {
            host.personal.remove(at);
        }
        self.links_revoked();
    }

    /// Some link is gone from what is saved: it opens nothing any more.
    pub(crate) fn links_revoked(&mut self) {
        self.save();
        self.lay_out_invitations();
        let Some(desk) = &mut self.desk else { return };
        for knock in desk.take_uninvited() {
            self.turn_away(knock, LobbyReason::Invalid);
        }
    }

    /// Whom the host had in mind.
    pub(crate) fn introduce(&self, knock: &VerifiedKnock) -> Introduction {
        let invited = self.personal(knock.invitation());
        invited.map_or_else(Introduction::default, |personal| Introduction {
            invited_as: Some(personal.label.clone()),
            new_device: personal.is_new_to(&knock.device()),
        })
    }

    /// A personal link belongs to the device that was let in by it last.
    pub(crate) fn note_arrivals(&mut self) {
        let Some((room, desk)) = self.room.as_ref().zip(self.desk.as_ref()) else { return };
        let arrived = room.arrived().filter_map(|knocker: &Knocker| {
            let invitation = knocker.verified.invitation();
            Some((desk.personal_at(&invitation.0)?, knocker.device()))
        });
        let arrived: Vec<_> = arrived.collect();
        let Some(host) = &mut self.saved.host else { return };
        for (at, device) in arrived {
            host.personal[at].device = Some(device);
            self.unsaved = true;
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

    fn personal(&self, invitation: InvitationId) -> Option<&Personal> {
        let at = self.desk.as_ref()?.personal_at(&invitation.0)?;
        self.saved.host.as_ref()?.personal.get(at)
    }
}
