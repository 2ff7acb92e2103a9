//! Connections coming and going.

use crate::Meeting;
use crate::connections::Peer;
use crate::input::{ConnectionId, Publishing};
use crate::meeting::Phase;
use crate::output::{GroupState, Media, MemberState, Refusal, Standing, ToClient, Warning};
use crate::session::{Member, Session};
use crate::verified::Verified;
use base::hash::sha256;
use base::statement::Certificate;
use base::{DeviceKey, Now, ParticipantId, Rights};

impl Meeting {
    pub(crate) fn handle_connected(
        &mut self,
        now: Now,
        connection: ConnectionId,
        device: DeviceKey,
        certificate: Option<Verified<Certificate>>,
    ) {
        if self.is_over() {
            return self.turn_away(connection);
        }
        self.supersede(device);
        let accepted = certificate.map(|certificate| self.present(now, device, certificate));
        self.adopt_roles(now);
        if self.standing(device, now) == Standing::Outside && self.is_crowded() {
            return self.shut_out(connection, Refusal::TooMany);
        }
        let peer = Peer { connection, device, participant: self.number_for(device) };
        self.connections.insert(peer, now.mono);
        if accepted == Some(false) {
            self.refuse(peer, Refusal::NotAuthentic);
        }
        self.greet(now, peer);
    }

    pub(crate) fn handle_disconnected(&mut self, now: Now, connection: ConnectionId) {
        let Some(peer) = self.connections.peer(connection) else { return };
        if self.is_active(peer.device) {
            self.touch(now);
        }
        self.let_go(peer);
        self.announce(peer.device);
    }

    /// Everyone connected.
    pub(crate) fn everyone(&self) -> Vec<ConnectionId> {
        self.connections.peers().map(|peer| peer.connection).collect()
    }

    /// Everyone connected who is in the group, except `device`.
    pub(crate) fn members_but(&self, device: DeviceKey) -> Vec<ConnectionId> {
        let actives = self.session.iter().flat_map(Session::actives);
        let others = actives.filter(|member| member.device != device);
        others.filter_map(|member| self.connections.of(member.device)).collect()
    }

    /// Tells the other members how this one is.
    pub(crate) fn announce(&mut self, device: DeviceKey) {
        let Some(member) = self.session.as_ref().and_then(|s| s.active(device)) else { return };
        let member = self.state_of(member);
        self.out.send_all(self.members_but(device), ToClient::MemberChanged { member });
    }

    /// Lets a connected member take part: the permit, and everyone who is there.
    pub(crate) fn admit(&mut self, peer: Peer) {
        let Peer { connection, participant, device } = peer;
        let member =
            self.session.as_ref().and_then(|session| session.member(device).zip(Some(session)));
        let Some((member, session)) = member else { return };
        let rights = session.rights_of(member);
        self.out.media(Media::Permit { connection, participant, rights });
        self.send_members(connection);
    }

    pub(crate) fn revoke(&mut self, peer: Peer) {
        let Peer { connection, participant, .. } = peer;
        self.out.media(Media::Revoke { connection, participant });
    }

    pub(crate) fn send_members(&mut self, connection: ConnectionId) {
        let actives = self.session.iter().flat_map(Session::actives);
        let members = actives.map(|member| self.state_of(member)).collect();
        self.out.send(connection, ToClient::Members { members });
    }

    /// Tells everyone outside when the host's side comes or goes.
    pub(crate) fn settle_presence(&mut self, now: Now) {
        let present = self.delegate_connected(now);
        if present == self.host_present {
            return;
        }
        self.host_present = present;
        let outside = self.connections.peers().filter(|peer| !self.is_active(peer.device));
        let outside = outside.map(|peer| peer.connection).collect();
        self.out.send_all(outside, ToClient::HostPresence { present });
    }

    /// The number a device has in this meeting, or would have. It follows from the device's key
    /// and not from who came before, so that it tells nobody who else is there.
    pub(crate) fn number_for(&self, device: DeviceKey) -> ParticipantId {
        if let Some(known) = self.session.as_ref().and_then(|s| s.number_of(device)) {
            return known;
        }
        if let Some(peer) = self.connections.peer_of(device) {
            return peer.participant;
        }
        let [a, b, c, d, ..] = sha256(&[b"incamera/v1/participant", &self.id.0, &device.0]);
        let mut number = ParticipantId(u32::from_be_bytes([a, b, c, d]).max(1));
        while self.is_numbered(number) {
            number = ParticipantId(number.0.wrapping_add(1).max(1));
        }
        number
    }

    fn is_numbered(&self, number: ParticipantId) -> bool {
        self.session.as_ref().is_some_and(|s| s.holder_of(number).is_some())
            || self.connections.peers().any(|peer| peer.participant == number)
    }

    fn turn_away(&mut self, connection: ConnectionId) {
        let message = match &self.phase {
            Phase::Ended { end } => ToClient::Ended { end: end.clone() },
            Phase::Open | Phase::Forgotten => ToClient::Error(Refusal::NoSuchMeeting),
        };
        self.out.send(connection, message);
        self.out.close(connection);
    }

    fn shut_out(&mut self, connection: ConnectionId, refusal: Refusal) {
        self.out.send(connection, ToClient::Error(refusal));
        self.out.close(connection);
        self.out.warn(Warning::TooMany);
    }

    /// A device's newest connection is the one that counts.
    fn supersede(&mut self, device: DeviceKey) {
        let Some(old) = self.connections.peer_of(device) else { return };
        self.let_go(old);
        self.out.send(old.connection, ToClient::Error(Refusal::Superseded));
        self.out.close(old.connection);
    }

    /// Drops everything that lives only as long as the connection.
    fn let_go(&mut self, peer: Peer) {
        self.drop_visitor(peer.connection);
        self.lobby.unhang(peer.device);
        if self.is_active(peer.device) {
            self.revoke(peer);
        }
        self.connections.remove(peer.connection);
        if let Some(session) = &mut self.session {
            session.requests.drop_swap_of(peer.device);
            // A meeting without connections holds nothing that a restart would lose.
            if self.connections.len() == 0 {
                session.requests.begin_anew();
            }
        }
    }

    fn present(&mut self, now: Now, device: DeviceKey, certificate: Verified<Certificate>) -> bool {
        let accepted = self.certificates.accepts(&certificate, self.about(device, now));
        if accepted {
            self.certificates.keep(certificate, &mut self.out);
        }
        accepted
    }

    fn is_crowded(&self) -> bool {
        let outside = self.connections.peers().filter(|peer| !self.is_active(peer.device));
        outside.count() >= self.limits.outside
    }

    fn standing(&self, device: DeviceKey, now: Now) -> Standing {
        let delegate = |s: &Session| self.certificates.is_delegate(device, s.group, now.wall);
        if self.is_active(device) {
            Standing::Member
        } else if self.certificates.is_host(device, now.wall)
            || self.session.as_ref().is_some_and(delegate)
        {
            Standing::Certified
        } else {
            Standing::Outside
        }
    }

    fn greet(&mut self, now: Now, peer: Peer) {
        let standing = self.standing(peer.device, now);
        self.out.send(peer.connection, self.ready(now, peer, standing));
        if standing != Standing::Outside {
            self.touch(now);
        }
        match self.session.as_ref().and_then(|s| s.active(peer.device)).cloned() {
            Some(member) => self.greet_member(now, peer, member),
            None => self.greet_departed(peer),
        }
    }

    fn ready(&self, now: Now, peer: Peer, standing: Standing) -> ToClient {
        let group = self.session.as_ref().map(|session| GroupState {
            group: session.group,
            epoch: session.epoch,
            others_present: self.helpers(now).iter().any(|helper| *helper != peer.device),
        });
        ToClient::Ready {
            participant: peer.participant,
            standing,
            group: group.filter(|_| standing != Standing::Outside),
            host_present: self.delegate_connected(now),
        }
    }

    fn greet_member(&mut self, now: Now, peer: Peer, member: Member) {
        self.admit(peer);
        self.announce(peer.device);
        self.resend_welcome(peer, member.entered);
        if self.is_active_delegate(peer.device, now) {
            self.out.send(peer.connection, ToClient::DoorbellWanted);
        }
        if let Some(session) = &mut self.session {
            session.requests.helper_came(now.mono);
        }
    }

    fn greet_departed(&mut self, peer: Peer) {
        if let Some(why) = self.departed.take(peer.device, &mut self.out) {
            self.out.send(peer.connection, ToClient::OutOfGroup { why });
        }
    }

    fn resend_welcome(&mut self, peer: Peer, entered: u64) {
        let Some(session) = &self.session else { return };
        let Some(message) = session.history.welcome_to(entered).cloned() else { return };
        let welcome = ToClient::Welcome { group: session.group, epoch: entered, message };
        self.out.send(peer.connection, welcome);
    }

    fn delegate_connected(&self, now: Now) -> bool {
        let Some(session) = &self.session else { return false };
        self.certificates.delegates(session.group, now.wall).any(|(device, _)| {
            session.active(device).is_some() && self.connections.of(device).is_some()
        })
    }

    fn publishing(&self, member: &Member) -> Publishing {
        let rights = self.session.as_ref().map(|session| session.rights_of(member));
        self.connections.publishing(member.device).within(rights.unwrap_or(Rights::NONE))
    }

    fn state_of(&self, member: &Member) -> MemberState {
        MemberState {
            participant: member.participant,
            device: member.device,
            connected: self.connections.of(member.device).is_some(),
            publishing: self.publishing(member),
        }
    }
}
