//! Handing over: another device becomes the host's. It is given everything that makes one, says that it
//! has kept it, and only then a commit makes it the host; the former one is a co-host from then on.

use crate::delegation::{Handed, Heir};
use crate::names::Names;
use crate::participant::Participant;
use crate::saved::HostState;
use base::statement::{Certificate, Unverified};
use base::{DeviceKey, Now, Role};
use std::time::Duration;

/// How long the heir may take to become a co-host, and to keep what it is given.
const WISH_LASTS: Duration = Duration::from_secs(30);

impl Participant {
    /// **Hand over host to NAME**. A participant becomes a co-host first.
    pub(crate) fn hand_over(&mut self, now: Now, device: &[u8]) {
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        let Some(room) = self.room.as_ref().filter(|_| self.saved.host.is_some()) else { return };
        if device == self.device.key() || room.session.role_of(&device).is_none() {
            return;
        }
        self.staff.heir = Some(Heir { device, offered: None, until: now.mono + WISH_LASTS });
        self.intend_role(device, Role::Cohost);
        self.run_commits(now);
        self.offer_meeting(now);
    }

    /// As soon as the heir has named a key to seal it to.
    pub(crate) fn offer_meeting(&mut self, now: Now) {
        self.staff.heir.take_if(|heir| heir.until <= now.mono);
        let Some(device) = self.staff.heir.as_ref().map(|heir| heir.device) else { return };
        let Some(host) = self.saved.host.clone().filter(|_| self.staff.knows(&device)) else {
            return;
        };
        let host = HostState { remembered: Names::default(), ..host };
        let offered = self.seal_to(device, &Handed::Meeting(Box::new(host)));
        if let Some(heir) = &mut self.staff.heir {
            heir.offered = offered;
        }
    }

    /// The heir has made it durable: from the next commit on it is the host.
    pub(crate) fn desk_kept(&mut self, now: Now, device: DeviceKey, digest: [u8; 32]) {
        let kept = |heir: &mut Heir| heir.device == device && heir.offered == Some(digest);
        if self.staff.heir.take_if(kept).is_none() {
            return;
        }
        if let Some(room) = self.room.as_mut().filter(|_| self.saved.host.is_some()) {
            room.intend_role(device, Role::Host);
            room.intend_role(self.device.key(), Role::Cohost);
        }
        self.run_commits(now);
    }

    /// Whoever the group says is the host holds the meeting, and nobody else does. True if this device
    /// has just given it away.
    pub(crate) fn follow_host(&mut self, now: Now) -> bool {
        let Some(room) = &self.room else { return false };
        match (room.session.own_role() == Role::Host, self.saved.host.is_some()) {
            (false, true) => {
                self.saved.delegation = self.entrusted();
                self.saved.host = None;
                self.staff = Default::default();
                self.save();
                true
            }
            (true, false) => {
                self.become_host(now);
                false
            }
            (false, false) => {
                let group = room.session.group_id();
                self.saved.offered.take_if(|offered| offered.group != group);
                false
            }
            (true, true) => false,
        }
    }

    fn become_host(&mut self, now: Now) {
        let (Some(mut host), Some(room)) = (self.saved.offered.take(), &self.room) else { return };
        let policy = room.session.policy();
        let read = |bytes: &[u8]| {
            Unverified::<Certificate>::read(bytes).ok().map(|read| read.claim().clone())
        };
        let own = self.device.key();
        for bytes in &policy.certificates {
            let Some(certificate) = read(bytes) else { continue };
            host.serial = host.serial.max(certificate.serial);
            if certificate.device == own {
                host.certificate.clone_from(bytes);
            }
        }
        (host.group, host.opened) = (room.session.group_id(), true);
        self.saved.host = Some(host);
        self.saved.host_name.clone_from(&self.saved.name);
        self.saved.delegation = None;
        self.saved.names.set(own, self.saved.name.clone());
        self.staff = Default::default();
        self.save();
        self.keep_rules();
        self.furnish_desk(now);
    }
}
