//! Roles that HK gives and takes back while a session runs.

use crate::Meeting;
use crate::connections::Peer;
use crate::limits;
use crate::output::{Media, Refusal};
use crate::records;
use crate::verified::Verified;
use base::statement::Certificate;
use base::{DeviceKey, Now, Rights};

impl Meeting {
    /// Certificates of other devices count by HK's signature, whichever member hands them in; of two
    /// for one device, the newer. If one is not genuine, none counts.
    pub(crate) fn certify(
        &mut self,
        now: Now,
        peer: Peer,
        certificates: Vec<Verified<Certificate>>,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        let group = self.session_of(peer)?.group;
        if certificates.len() > limits::CERTIFY {
            return Err(Refusal::TooMany);
        }
        let claims = certificates.iter().map(|certificate| certificate.statement());
        let serial = |c: &Certificate| self.certificates.serial(c.device, c.group);
        let is_new = |c: &Certificate| serial(c).is_none_or(|known| known < c.serial);
        let fresh: Vec<_> = claims.zip(&certificates).filter(|(claim, _)| is_new(claim)).collect();
        let genuine = fresh.iter().all(|(claim, certificate)| {
            let about = self.about(claim.device, now);
            claim.group == group && self.certificates.accepts(certificate, about)
        });
        if !genuine {
            return Err(Refusal::NotAuthentic);
        }
        for (_, certificate) in fresh {
            self.certificates.keep(certificate.clone(), &mut self.out);
        }
        let before = self.rights_of_all();
        self.adopt_roles(now);
        self.permit_changed(&before);
        Ok(())
    }

    /// Members are what HK made them for this group, whatever they were let in as. Whoever is no
    /// delegate any more stands behind no doorbell.
    pub(crate) fn adopt_roles(&mut self, now: Now) {
        let Some(session) = &mut self.session else { return };
        for (device, role) in self.certificates.roles(session.group) {
            let Some(member) = session.assign(device, role) else { continue };
            self.out.put(records::member(member));
        }
        for owner in self.lobby.owners() {
            if !self.is_active_delegate(owner, now) {
                self.lobby.unhang(owner);
            }
        }
    }

    fn rights_of_all(&self) -> Vec<(DeviceKey, Rights)> {
        let Some(session) = &self.session else { return Vec::new() };
        session.actives().map(|member| (member.device, session.rights_of(member))).collect()
    }

    fn permit_changed(&mut self, before: &[(DeviceKey, Rights)]) {
        let after = self.rights_of_all();
        for (device, rights) in after.into_iter().filter(|now| !before.contains(now)) {
            if let Some(Peer { connection, participant, .. }) = self.connections.peer_of(device) {
                self.out.media(Media::Permit { connection, participant, rights });
                self.announce(device);
            }
        }
    }
}
