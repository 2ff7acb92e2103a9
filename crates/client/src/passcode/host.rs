//! The host's side: answering whoever tries the passcode, and counting.
//!
//! A try is counted durably before it is answered: neither breaking off nor the host's reload
//! makes it undone. Only the right passcode does.

use crate::participant::Participant;
use crate::passcode::HostPasscode;
use base::{DeviceKey, Now};
use e2ee::HostKey;
use e2ee::passcode::{Answering, Exchange, Failures, FromGuest, FromHost, Grant, Visit};
use wire::ClientMessage;

impl Participant {
    /// A guest's step, as the server passes it on.
    pub(crate) fn passcode_tried(&mut self, device: DeviceKey, message: &[u8]) {
        let Ok((exchange, message)) = FromGuest::decode(message) else { return };
        let reply = match message {
            FromGuest::Start { point } => self.answer_passcode(device, exchange, point),
            FromGuest::Confirm { tag } => self.confirm_passcode(device, exchange, &tag),
        };
        if let Some(reply) = reply {
            self.send(ClientMessage::PasscodeReply { device, message: reply.into() });
        }
    }

    /// Another passcode; the old one, and the link it gave, are of no use any more.
    pub(crate) fn new_passcode(&mut self, now: Now) {
        let fresh = HostPasscode::new(&mut *self.entropy);
        self.change_passcode(|passcode| *passcode = fresh);
        self.links_revoked(now);
    }

    /// The same passcode may be tried again.
    pub(crate) fn reopen_passcode(&mut self) {
        self.change_passcode(|passcode| passcode.failures = Failures::default());
        self.save();
    }

    /// While it is off, nobody gets in by the passcode, nor by the link it gave.
    pub(crate) fn set_passcode(&mut self, now: Now, on: bool) {
        if self.policy.passcode(on) != on {
            return;
        }
        self.change_passcode(|passcode| passcode.on = on);
        if !on {
            return self.links_revoked(now);
        }
        self.save();
        self.lay_out_invitations();
    }

    /// Hosts of meetings that are older than passcodes get one.
    pub(crate) fn ensure_passcode(&mut self) {
        if let Some(host) = self.saved.host.as_mut().filter(|host| host.passcode.is_none()) {
            host.passcode = Some(HostPasscode::new(&mut *self.entropy));
            self.unsaved = true;
        }
    }

    pub(crate) fn host_passcode(&self) -> Option<&HostPasscode> {
        self.saved.host.as_ref()?.passcode.as_ref()
    }

    /// What the host shows; empty while it is off.
    pub(crate) fn passcode_shown(&self) -> String {
        let shown = self.host_passcode().filter(|passcode| self.policy.passcode(passcode.on));
        shown.map(|passcode| passcode.code.grouped()).unwrap_or_default()
    }

    pub(crate) fn passcode_closed(&self) -> bool {
        self.host_passcode().is_some_and(|passcode| passcode.failures.is_closed())
    }

    fn change_passcode(&mut self, change: impl FnOnce(&mut HostPasscode)) {
        let host = self.saved.host.as_mut();
        let Some(passcode) = host.and_then(|host| host.passcode.as_mut()) else { return };
        change(passcode);
        if let Some(desk) = &mut self.desk {
            desk.answering.clear();
        }
    }

    fn answer_passcode(
        &mut self,
        device: DeviceKey,
        exchange: Exchange,
        point: [u8; 32],
    ) -> Option<Vec<u8>> {
        let desk = self.desk.as_mut()?;
        let passcode = self.saved.host.as_mut()?.passcode.as_mut()?;
        desk.answering.retain(|(guest, _)| *guest != device);
        if !self.policy.passcode(passcode.on) || !passcode.failures.count(device) {
            return Some(FromHost::Closed.encode(exchange));
        }
        let visit = Visit { meeting: self.meeting, guest: device };
        let answer = Answering::answer(&passcode.code, visit, exchange, point, &mut *self.entropy);
        let reply = match answer {
            Ok((answering, reply)) => {
                desk.answering.push((device, answering));
                reply
            }
            Err(_) => FromHost::Wrong.encode(exchange),
        };
        self.save();
        Some(reply)
    }

    fn confirm_passcode(
        &mut self,
        device: DeviceKey,
        exchange: Exchange,
        tag: &[u8; 64],
    ) -> Option<Vec<u8>> {
        let desk = self.desk.as_mut()?;
        let host = self.saved.host.as_mut()?;
        let passcode = host.passcode.as_mut()?;
        let asked = |(guest, answering): &(DeviceKey, Answering)| {
            *guest == device && answering.exchange() == exchange
        };
        let wrong = FromHost::Wrong.encode(exchange);
        let Some(at) = desk.answering.iter().position(asked) else { return Some(wrong) };
        let (_, answering) = desk.answering.remove(at);
        let key = HostKey::from_seed(host.key.clone()).public();
        let grant = Grant { key, link: passcode.link.clone() };
        let Ok(reply) = answering.confirm(tag, &grant, &mut *self.entropy) else {
            return Some(wrong);
        };
        passcode.failures.forgive(&device);
        self.unsaved = true;
        Some(reply)
    }
}
