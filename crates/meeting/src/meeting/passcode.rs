//! Passing on what a guest and the host's device say to each other about the passcode. The server
//! reads none of it.

use crate::Meeting;
use crate::connections::Peer;
use crate::limits;
use crate::output::{LobbyReason, Refusal, ToClient};
use base::policy::Feature;
use base::{DeviceKey, Now, Role};

impl Meeting {
    /// A step of a guest's: to the host's device, or `Stale` if that is not there to answer.
    pub(crate) fn passcode(
        &mut self,
        now: Now,
        peer: Peer,
        message: Vec<u8>,
    ) -> Result<(), Refusal> {
        self.require_outside(peer)?;
        self.pace(now, peer, |paces| &mut paces.passcode, limits::PASSCODE_STEPS)?;
        require_size(&message)?;
        if self.limits.policy.forbids(Feature::Passcode) {
            return Err(Refusal::AgainstPolicy);
        }
        let host = self.host_at_bell(now).and_then(|host| self.connections.of(host));
        if !self.lobby.passcode.take(now.mono, limits::PASSCODE_CROWD) {
            return Err(Refusal::TooFast);
        }
        let Some(host) = host else {
            let reason = LobbyReason::Stale;
            self.out.send(peer.connection, ToClient::Refused { reason });
            return Ok(());
        };
        if let Some(connection) = self.connections.get_mut(peer.connection) {
            connection.awaits_passcode = true;
        }
        let message = message.into();
        self.out.send(host, ToClient::PasscodeTried { device: peer.device, message });
        Ok(())
    }

    /// The host's answer to a guest's newest step. A guest that is gone, or was answered, gets
    /// nothing.
    pub(crate) fn passcode_reply(
        &mut self,
        now: Now,
        peer: Peer,
        device: DeviceKey,
        message: Vec<u8>,
    ) -> Result<(), Refusal> {
        self.require_delegate(peer, now)?;
        require_size(&message)?;
        if self.host_at_bell(now) != Some(peer.device) {
            return Err(Refusal::NotAllowed);
        }
        let Some(guest) = self.connections.of(device).filter(|_| !self.is_active(device)) else {
            return Ok(());
        };
        let awaited = self.connections.get_mut(guest).map(|c| &mut c.awaits_passcode);
        if awaited.is_some_and(std::mem::take) {
            self.out.send(guest, ToClient::PasscodeReplied { message: message.into() });
        }
        Ok(())
    }

    /// The host's device, if it is connected behind its doorbell. A delegate knows no passcode.
    fn host_at_bell(&self, now: Now) -> Option<DeviceKey> {
        let group = self.session.as_ref()?.group;
        let owner = *self.bell_owners(now).first()?;
        let mut delegates = self.certificates.delegates(group, now.wall);
        delegates.any(|known| known == (owner, Role::Host)).then_some(owner)
    }
}

fn require_size(message: &[u8]) -> Result<(), Refusal> {
    if message.len() > limits::PASSCODE { Err(Refusal::TooMany) } else { Ok(()) }
}
