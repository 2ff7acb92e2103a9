//! Ringing, knocking, declining.

use crate::Meeting;
use crate::connections::Peer;
use crate::input::{ConnectionId, Invitation, InvitationId, KnockId};
use crate::limits;
use crate::lobby::{BellKey, Knock, Sealed};
use crate::output::{LobbyReason, Refusal, ToClient};
use crate::records;
use crate::verified::Verified;
use base::policy::Feature;
use base::record::Write;
use base::statement::Doorbell;
use base::{DeviceKey, Nonce, Now, Role};
use std::collections::BTreeSet;

impl Meeting {
    pub(crate) fn ring(
        &mut self,
        now: Now,
        peer: Peer,
        invitation: InvitationId,
    ) -> Result<(), Refusal> {
        self.require_outside(peer)?;
        self.pace(now, peer, |paces| &mut paces.lobby, limits::LOBBY)?;
        self.lobby.ring(peer.connection, invitation);
        match self.lobby.ready_bell(&self.bell_owners(now), now.wall) {
            Some(owner) => self.hand_out(peer.connection, owner),
            None => self.send_doorbell(peer.connection, None),
        }
        Ok(())
    }

    pub(crate) fn knock(&mut self, now: Now, peer: Peer, sealed: Vec<u8>) -> Result<(), Refusal> {
        self.require_outside(peer)?;
        self.pace(now, peer, |paces| &mut paces.lobby, limits::LOBBY)?;
        if sealed.len() > limits::KNOCK {
            return Err(Refusal::TooMany);
        }
        match self.place_for_knock(now, peer) {
            Ok(bell) => self.deliver_knock(now, peer, bell, sealed),
            Err(reason) => self.out.send(peer.connection, ToClient::Refused { reason }),
        }
        Ok(())
    }

    pub(crate) fn cancel_knock(&mut self, peer: Peer) -> Result<(), Refusal> {
        self.drop_visitor(peer.connection);
        Ok(())
    }

    pub(crate) fn hang_bell(
        &mut self,
        now: Now,
        peer: Peer,
        doorbell: Verified<Doorbell>,
        nonces: Vec<Nonce>,
    ) -> Result<(), Refusal> {
        self.require_delegate(peer, now)?;
        if nonces.len() > limits::NONCES_SENT {
            return Err(Refusal::TooMany);
        }
        self.check_bell(now, &doorbell)?;
        if self.lobby.hang(peer.device, doorbell, nonces) {
            self.deliver_again(peer);
        }
        Ok(())
    }

    pub(crate) fn invite(
        &mut self,
        now: Now,
        peer: Peer,
        invitations: Vec<Invitation>,
    ) -> Result<(), Refusal> {
        self.require_host(peer, now)?;
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        let fits = |i: &Invitation| i.wrap.len().max(i.card.len()) <= limits::INVITATION_BLOB;
        let ids: BTreeSet<_> = invitations.iter().map(|i| i.id).collect();
        if invitations.len() > limits::INVITATIONS
            || ids.len() < invitations.len()
            || !invitations.iter().all(fits)
        {
            return Err(Refusal::TooMany);
        }
        let personal = invitations.len() > limits::SHARED_INVITATIONS;
        if personal && self.limits.policy.forbids(Feature::PersonalInvitations) {
            return Err(Refusal::AgainstPolicy);
        }
        self.out.write(Write::DeleteKind(records::INVITATION));
        for (index, invitation) in invitations.iter().enumerate() {
            self.out.put(records::invitation(index, invitation));
        }
        self.lobby.invite(invitations);
        Ok(())
    }

    pub(crate) fn decline(
        &mut self,
        now: Now,
        peer: Peer,
        knock: KnockId,
        reason: LobbyReason,
    ) -> Result<(), Refusal> {
        self.require_delegate(peer, now)?;
        if let Some(knock) = self.lobby.remove_knock(knock) {
            self.out.send(knock.visitor, ToClient::Refused { reason });
            self.knock_gone(&knock, Some(peer.device));
        }
        Ok(())
    }

    /// Words for whoever knocked at the bell that this peer stands behind. A knock that is gone, or was at
    /// another, is told nothing.
    pub(crate) fn tell(
        &mut self,
        now: Now,
        peer: Peer,
        knock: KnockId,
        sealed: Vec<u8>,
    ) -> Result<(), Refusal> {
        self.require_delegate(peer, now)?;
        self.pace(now, peer, |paces| &mut paces.tell, limits::TELLS)?;
        if sealed.len() > limits::TELL {
            return Err(Refusal::TooMany);
        }
        let bell = self.lobby.bell_of(peer.device);
        let knock = self.lobby.knock_of(knock).filter(|knock| Some(knock.bell) == bell);
        if let Some(visitor) = knock.map(|knock| knock.visitor) {
            self.out.send(visitor, ToClient::Told { sealed: sealed.into() });
        }
        Ok(())
    }

    /// Forgets a visitor that left or cancelled.
    pub(crate) fn drop_visitor(&mut self, visitor: ConnectionId) {
        if let Some(knock) = self.lobby.remove_visitor(visitor) {
            self.knock_gone(&knock, None);
        }
    }

    /// Forgets a visitor that was let in by `committer`.
    pub(crate) fn visitor_entered(&mut self, visitor: ConnectionId, committer: DeviceKey) {
        if let Some(knock) = self.lobby.remove_visitor(visitor) {
            self.knock_gone(&knock, Some(committer));
        }
    }

    /// A session's doorbells and knocks go with it; visitors ring again.
    pub(crate) fn clear_lobby(&mut self) {
        self.lobby.unhang_all();
        self.refuse_stale(|_| true);
    }

    /// Hands doorbells to whoever waits for one, and sends those away whose knock nobody can
    /// open while another could.
    pub(crate) fn settle_lobby(&mut self, now: Now) {
        let owners = self.bell_owners(now);
        for visitor in self.lobby.unanswered() {
            let Some(owner) = self.lobby.ready_bell(&owners, now.wall) else { break };
            self.hand_out(visitor, owner);
        }
        if self.lobby.ready_bell(&owners, now.wall).is_some() {
            let kept = owners.iter().filter_map(|owner| self.lobby.bell_of(*owner));
            let kept: BTreeSet<_> = kept.collect();
            self.refuse_stale(|knock| !kept.contains(&knock.bell));
        }
    }

    pub(crate) fn require_outside(&self, peer: Peer) -> Result<(), Refusal> {
        if self.is_active(peer.device) { Err(Refusal::NotAllowed) } else { Ok(()) }
    }

    /// Who can open knocks: connected delegates with a doorbell, the host's device first.
    pub(crate) fn bell_owners(&self, now: Now) -> Vec<DeviceKey> {
        let Some(session) = &self.session else { return Vec::new() };
        let delegates = self.certificates.delegates(session.group, now.wall);
        let mut owners: Vec<(bool, DeviceKey)> = delegates
            .filter(|(device, _)| session.active(*device).is_some())
            .filter(|(device, _)| self.lobby.has_bell(*device))
            .map(|(device, role)| (role != Role::Host, device))
            .collect();
        owners.sort();
        owners.into_iter().map(|(_, device)| device).collect()
    }

    fn hand_out(&mut self, visitor: ConnectionId, owner: DeviceKey) {
        let Some(handed) = self.lobby.hand_out(visitor, owner) else { return };
        if handed.low
            && let Some(connection) = self.connections.of(owner)
        {
            self.out.send(connection, ToClient::DoorbellWanted);
        }
        self.send_doorbell(visitor, Some((handed.doorbell, handed.nonce)));
    }

    fn send_doorbell(
        &mut self,
        visitor: ConnectionId,
        handed: Option<(crate::output::Blob, Nonce)>,
    ) {
        let (doorbell, nonce) = handed.unzip();
        let (wrap, card) =
            self.lobby.sealed_for(visitor).map(|Sealed { wrap, card }| (wrap, card)).unzip();
        self.out.send(visitor, ToClient::Doorbell { doorbell, nonce, wrap, card });
    }

    /// The doorbell that a knock is for, if there is a place for it in the waiting room.
    fn place_for_knock(&mut self, now: Now, peer: Peer) -> Result<BellKey, LobbyReason> {
        let bell = self.lobby.take_bell(peer.connection).ok_or(LobbyReason::Stale)?;
        let session = self.session.as_ref().ok_or(LobbyReason::Stale)?;
        let of_host = self.certificates.is_delegate(peer.device, session.group, now.wall);
        if !session.rules.admits() && !of_host {
            return Err(LobbyReason::Locked);
        }
        if !session.has_room_for(1, self.limits.members) {
            return Err(LobbyReason::Full);
        }
        if let Some(earlier) = self.lobby.remove_knock_of(peer.connection) {
            self.knock_gone(&earlier, None);
        }
        if self.lobby.waiting() >= self.limits.waiting {
            return Err(LobbyReason::Busy);
        }
        Ok(bell)
    }

    fn deliver_knock(&mut self, now: Now, peer: Peer, bell: BellKey, sealed: Vec<u8>) {
        let Peer { connection, device, .. } = peer;
        let knock = self.lobby.knock(now.wall, connection, device, bell, sealed.into());
        let knocked = knocked(knock);
        self.out.send_all(self.behind(bell, None), knocked);
        self.out.send(connection, ToClient::KnockDelivered);
    }

    /// The owner of a doorbell is back: it may still be able to open what waits for it, and
    /// declines as stale what it cannot.
    fn deliver_again(&mut self, owner: Peer) {
        let bell = self.lobby.bell_of(owner.device);
        let waiting = self.lobby.knocks().filter(|knock| Some(knock.bell) == bell);
        let knocks: Vec<_> = waiting.map(knocked).collect();
        knocks.into_iter().for_each(|knocked| self.out.send(owner.connection, knocked));
    }

    /// Connected delegates behind this doorbell, but for one who knows already.
    fn behind(&self, bell: BellKey, knows: Option<DeviceKey>) -> Vec<ConnectionId> {
        let owners = self.lobby.owners_of(bell).filter(|owner| Some(*owner) != knows);
        let active = owners.filter(|owner| self.is_active(*owner));
        active.filter_map(|owner| self.connections.of(owner)).collect()
    }

    /// The host's device may have handed its doorbell on: whose name stands in it does not matter.
    fn check_bell(&self, now: Now, bell: &Verified<Doorbell>) -> Result<(), Refusal> {
        let Doorbell { meeting, group, expiry, .. } = *bell.statement();
        let in_this_group = self.session.as_ref().is_some_and(|s| s.group == group);
        let about_this = meeting == self.id && in_this_group;
        let authentic = *bell.signer() == self.key.0 && about_this && expiry > now.wall;
        if authentic { Ok(()) } else { Err(Refusal::NotAuthentic) }
    }

    /// Tells the devices behind the doorbell that a knock is gone, but for one who knows.
    fn knock_gone(&mut self, knock: &Knock, knows: Option<DeviceKey>) {
        let gone = ToClient::KnockGone { knock: knock.id };
        self.out.send_all(self.behind(knock.bell, knows), gone);
    }

    fn refuse_stale(&mut self, is_stale: impl Fn(&Knock) -> bool) {
        let stale = self.lobby.knocks().filter(|knock| is_stale(knock));
        for id in stale.map(|knock| knock.id).collect::<Vec<_>>() {
            if let Some(knock) = self.lobby.remove_knock(id) {
                let reason = LobbyReason::Stale;
                self.out.send(knock.visitor, ToClient::Refused { reason });
            }
        }
    }
}

fn knocked(knock: &Knock) -> ToClient {
    ToClient::Knocked { knock: knock.id, device: knock.device, sealed: knock.sealed.clone() }
}
