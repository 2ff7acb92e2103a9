use crate::limits;
use crate::outbox::Outbox;
use crate::records;
use crate::verified::Verified;
use base::statement::Certificate;
use base::{DeviceKey, GroupId, MeetingId, MeetingKey, Role, UnixMillis};
use std::collections::BTreeMap;

/// The newest certificate of each device for each group: where all rights come from.
#[derive(Default)]
pub(crate) struct Certificates(BTreeMap<(DeviceKey, GroupId), Verified<Certificate>>);

/// What a certificate must be about to count.
#[derive(Clone, Copy)]
pub(crate) struct About {
    pub meeting: MeetingId,
    pub key: MeetingKey,
    pub device: DeviceKey,
    pub now: UnixMillis,
}

impl Certificates {
    /// Whether `certificate` holds for the device that presents it, and is the newest known.
    pub fn accepts(&self, certificate: &Verified<Certificate>, about: About) -> bool {
        let claim = certificate.statement();
        let known = self.0.get(&(claim.device, claim.group));
        certificate.signer() == about.key.as_bytes()
            && claim.meeting == about.meeting
            && claim.device == about.device
            && claim.expiry > about.now
            && known.is_none_or(|known| known.statement().serial <= claim.serial)
    }

    /// Remembers a certificate that [`Self::accepts`] accepted.
    pub fn keep(&mut self, certificate: Verified<Certificate>, out: &mut Outbox) {
        let name = name(certificate.statement());
        if self.0.get(&name).is_some_and(|known| known.bytes() == certificate.bytes()) {
            return;
        }
        out.put(records::certificate(&certificate));
        self.0.insert(name, certificate);
        self.make_room(out);
    }

    /// Puts back a certificate from the store.
    pub fn restore(&mut self, certificate: Verified<Certificate>) {
        self.0.insert(name(certificate.statement()), certificate);
    }

    /// The role HK gave this device in this group.
    pub fn role(&self, device: DeviceKey, group: GroupId, now: UnixMillis) -> Option<Role> {
        let certificate = self.0.get(&(device, group))?.statement();
        (certificate.expiry > now).then_some(certificate.role)
    }

    /// Whether HK made this device a host or delegate of this group.
    pub fn is_delegate(&self, device: DeviceKey, group: GroupId, now: UnixMillis) -> bool {
        self.role(device, group, now).is_some_and(Role::is_delegate)
    }

    /// Whether this is the device that HK made host last, in whichever of the meeting's groups.
    pub fn is_host(&self, device: DeviceKey, now: UnixMillis) -> bool {
        let hosts = self.0.values().map(Verified::statement).filter(|c| c.role == Role::Host);
        let newest = hosts.max_by_key(|certificate| certificate.serial);
        newest.is_some_and(|newest| newest.device == device && newest.expiry > now)
    }

    /// Of the newest certificate of this device for this group.
    pub fn serial(&self, device: DeviceKey, group: GroupId) -> Option<u64> {
        self.0.get(&(device, group)).map(|certificate| certificate.statement().serial)
    }

    /// What HK made of devices in this group.
    pub fn roles(&self, group: GroupId) -> impl Iterator<Item = (DeviceKey, Role)> {
        let certificates = self.0.values().map(Verified::statement);
        certificates.filter(move |c| c.group == group).map(|c| (c.device, c.role))
    }

    /// The devices that HK made host or delegate of this group.
    pub fn delegates(
        &self,
        group: GroupId,
        now: UnixMillis,
    ) -> impl Iterator<Item = (DeviceKey, Role)> {
        let certificates = self.0.values().map(Verified::statement);
        certificates
            .filter(move |c| c.group == group && c.expiry > now && c.role.is_delegate())
            .map(|c| (c.device, c.role))
    }

    fn make_room(&mut self, out: &mut Outbox) {
        if self.0.len() <= limits::CERTIFICATES {
            return;
        }
        let oldest = self.0.values().map(Verified::statement).min_by_key(|c| c.serial).cloned();
        if let Some(oldest) = oldest {
            self.0.remove(&name(&oldest));
            out.delete(records::CERTIFICATE, records::certificate_number(&oldest));
        }
    }
}

fn name(certificate: &Certificate) -> (DeviceKey, GroupId) {
    (certificate.device, certificate.group)
}
