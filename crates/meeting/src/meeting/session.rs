//! Sessions opening, being replaced and closing; members returning and leaving; the end.

use crate::Meeting;
use crate::connections::Peer;
use crate::input::Publishing;
use crate::limits;
use crate::meeting::Phase;
use crate::output::{Refusal, Removal, ToClient, Warning};
use crate::records;
use crate::session::{Member, Session};
use crate::verified::Verified;
use base::record::Write;
use base::statement::{Certificate, End, Leave, Swap};
use base::{DeviceKey, GroupId, Now, Rights, Role};

impl Meeting {
    pub(crate) fn open_session(
        &mut self,
        now: Now,
        peer: Peer,
        group: GroupId,
        certificate: Verified<Certificate>,
        replace: Option<GroupId>,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        let claim = certificate.statement();
        let is_host = claim.role == Role::Host && claim.group == group;
        if !is_host || !self.certificates.accepts(&certificate, self.about(peer.device, now)) {
            return Err(Refusal::NotAuthentic);
        }
        if !self.may_open(now, peer, group, replace) {
            return Err(Refusal::NotAllowed);
        }
        self.certificates.keep(certificate, &mut self.out);
        self.touch(now);
        self.replace_session(peer, group);
        Ok(())
    }

    pub(crate) fn swap(
        &mut self,
        now: Now,
        peer: Peer,
        swap: Verified<Swap>,
        key_package: Vec<u8>,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        if key_package.len() > limits::KEY_PACKAGE {
            return Err(Refusal::TooMany);
        }
        let session = self.session_of(peer)?;
        let Swap { group, device, epoch, .. } = *swap.statement();
        if group != session.group || device != peer.device || epoch > session.epoch {
            return Err(Refusal::NotAllowed);
        }
        session.requests.swap(now.mono, swap, key_package.into());
        Ok(())
    }

    pub(crate) fn leave(
        &mut self,
        peer: Peer,
        leave: Option<Verified<Leave>>,
    ) -> Result<(), Refusal> {
        let Ok(session) = self.session_of(peer) else { return self.cancel_knock(peer) };
        let leave = leave.ok_or(Refusal::NotAllowed)?;
        let Leave { group, device, epoch } = *leave.statement();
        if group != session.group || device != peer.device || epoch > session.epoch {
            return Err(Refusal::NotAllowed);
        }
        if let Some(member) = session.leave(device, leave.bytes().clone()) {
            let record = records::member(member);
            self.out.put(record);
        }
        self.lobby.unhang(device);
        self.revoke(peer);
        self.out.send(peer.connection, ToClient::OutOfGroup { why: Removal::Left });
        let gone = ToClient::MemberGone { participant: peer.participant };
        self.out.send_all(self.members_but(device), gone);
        self.close_if_deserted();
        Ok(())
    }

    pub(crate) fn publish(
        &mut self,
        now: Now,
        peer: Peer,
        publishing: Publishing,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        let session = self.session_of(peer)?;
        let rights = session.active(peer.device).map(|member| session.rights_of(member));
        if publishing.within(rights.unwrap_or(Rights::NONE)) != publishing {
            // A right may have ended a moment ago; what it forbids is not passed on.
            self.out.warn(Warning::NotAllowed);
        }
        let connection = self.connections.get_mut(peer.connection);
        if let Some(connection) = connection.filter(|c| c.publishing != publishing) {
            connection.publishing = publishing;
            self.announce(peer.device);
        }
        Ok(())
    }

    pub(crate) fn end(&mut self, now: Now, peer: Peer, end: Verified<End>) -> Result<(), Refusal> {
        let End { meeting, device, .. } = *end.statement();
        let is_host = self.certificates.is_host(peer.device, now.wall);
        if meeting != self.id || device != peer.device || !is_host {
            return Err(Refusal::NotAllowed);
        }
        self.finish(end);
        Ok(())
    }

    /// Asks one member after the other to commit waiting swaps and leaves; drops old Welcomes.
    pub(crate) fn settle_session(&mut self, now: Now) {
        let Some(session) = &mut self.session else { return };
        session.history.expire(now.wall, &mut self.out);
        if session.requests.next().is_none_or(|next| next > now.mono) {
            return;
        }
        let helpers = self.helpers(now);
        let Some(session) = &mut self.session else { return };
        for (device, message) in session.requests.due(now.mono, &helpers) {
            if let Some(connection) = self.connections.of(device) {
                self.out.send(connection, message);
            }
        }
    }

    /// Connected members that may hold the group's state: delegates first, then in the order of
    /// their numbers.
    pub(crate) fn helpers(&self, now: Now) -> Vec<DeviceKey> {
        let Some(session) = &self.session else { return Vec::new() };
        let able = |member: &&Member| {
            self.connections.of(member.device).is_some()
                && !session.requests.awaits_swap(member.device)
        };
        let mut helpers: Vec<&Member> = session.actives().filter(able).collect();
        helpers.sort_by_key(|member| {
            let delegate = self.certificates.is_delegate(member.device, session.group, now.wall);
            (!delegate, member.participant)
        });
        helpers.into_iter().map(|member| member.device).collect()
    }

    /// Whether this host may open `group`. A session in being is replaced only if the host names
    /// it, so that it knows of it, and if no member could take it back in: none that may hold the
    /// group's state is connected, or nobody left in it could add, or its swap or its knock stays
    /// unanswered.
    /// Whoever is in the replaced session is told so: a room is never split unseen.
    fn may_open(&self, now: Now, peer: Peer, group: GroupId, replace: Option<GroupId>) -> bool {
        let Some(session) = &self.session else { return true };
        let delegate_left = session
            .actives()
            .any(|member| self.certificates.is_delegate(member.device, session.group, now.wall));
        let alone = self.helpers(now).iter().all(|helper| *helper == peer.device);
        let outside = session.active(peer.device).is_none();
        let age = self.connections.age(peer.connection, now.mono);
        let unanswered = session.requests.swap_unanswered(peer.device, now.mono)
            || outside && age >= limits::REPLACE_AFTER;
        group != session.group
            && replace == Some(session.group)
            && (alone || !delegate_left || unanswered)
    }

    fn replace_session(&mut self, host: Peer, group: GroupId) {
        // Its knock, if it was waiting, concerns nobody of the session that ends.
        self.lobby.remove_visitor(host.connection);
        self.close_session(host.device);
        let session = Session::open(group, host.device, host.participant, self.limits.policy);
        self.out.put(records::session(&session));
        session.roster().for_each(|member| self.out.put(records::member(member)));
        self.out.put(records::participant(host.participant, host.device));
        self.session = Some(session);
        self.out.send(host.connection, ToClient::SessionOpened { group });
        self.admit(host);
    }

    /// Puts everyone out of the current session; `successor` goes on to the next one.
    fn close_session(&mut self, successor: DeviceKey) {
        let Some(session) = self.session.take() else { return };
        for kind in records::OF_SESSION {
            self.out.write(Write::DeleteKind(kind));
        }
        for member in session.actives() {
            self.put_out_of_session(member, successor);
        }
        self.clear_lobby();
    }

    fn put_out_of_session(&mut self, member: &Member, successor: DeviceKey) {
        let why = Removal::SessionReplaced;
        let peer = self.connections.peer_of(member.device);
        if let Some(peer) = peer {
            self.revoke(peer);
        }
        match peer {
            _ if member.device == successor => {}
            Some(peer) => self.out.send(peer.connection, ToClient::OutOfGroup { why }),
            None => self.departed.note(member.device, why, &mut self.out),
        }
    }

    /// A session that everyone left is over.
    pub(crate) fn close_if_deserted(&mut self) {
        let deserted = self.session.as_ref().is_some_and(|s| s.actives().next().is_none());
        if !deserted {
            return;
        }
        self.session = None;
        for kind in records::OF_SESSION {
            self.out.write(Write::DeleteKind(kind));
        }
        self.clear_lobby();
    }

    fn finish(&mut self, end: Verified<End>) {
        for kind in records::OF_SESSION.into_iter().chain(records::OF_MEETING) {
            self.out.write(Write::DeleteKind(kind));
        }
        self.out.write(Write::Ended(end.bytes().to_vec()));
        let peers: Vec<Peer> = self.connections.peers().collect();
        let permitted = peers.iter().filter(|peer| self.is_active(peer.device));
        permitted.copied().collect::<Vec<_>>().into_iter().for_each(|peer| self.revoke(peer));
        let end = end.bytes().clone();
        let everyone = self.everyone();
        self.out.send_all(everyone.clone(), ToClient::Ended { end: end.clone() });
        everyone.into_iter().for_each(|connection| self.out.close(connection));
        self.phase = Phase::Ended { end };
        self.connections.clear();
        self.session = None;
    }
}
