//! Commits, their withdrawal, catching up, and group messages.

use crate::Meeting;
use crate::commit::{Change, Proposed, Rejected};
use crate::connections::Peer;
use crate::history::KeptChat;
use crate::input::{Channel, ConnectionId};
use crate::limits;
use crate::output::{Blob, Media, Refusal, Removal, ToClient, Warning};
use crate::records;
use crate::session::{Entry, KeptWelcome, Member, Session, Undo};
use crate::verified::{Verified, VerifiedTicket};
use base::hash::sha256;
use base::statement::Void;
use base::{DeviceKey, GroupId, Now, Rights, RoomRules};

impl Meeting {
    pub(crate) fn commit(
        &mut self,
        now: Now,
        peer: Peer,
        commit: Vec<u8>,
        ticket: Box<VerifiedTicket>,
        welcome: Option<Vec<u8>>,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        if commit.len() > limits::COMMIT
            || welcome.as_ref().is_some_and(|w| w.len() > limits::WELCOME)
        {
            return Err(Refusal::TooMany);
        }
        if ticket.ticket().committer != peer.device {
            return Err(Refusal::NotAllowed);
        }
        match self.judge(now, peer, &commit, &ticket, welcome.is_some()) {
            Ok(change) => self.accept(now, peer, change, Delivered::new(commit, &ticket, welcome)),
            Err(Rejected::Lost) => self.lose(peer, ticket.ticket().epoch),
            Err(Rejected::Refused(refusal)) => return Err(refusal),
        }
        Ok(())
    }

    pub(crate) fn void(
        &mut self,
        now: Now,
        peer: Peer,
        void: Verified<Void>,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.control, limits::CONTROL)?;
        self.require_delegate(peer, now)?;
        let Void { group, epoch, commit, device } = *void.statement();
        let session = self.session_of(peer)?;
        let latest = session.history.latest();
        let is_latest = latest.is_some_and(|l| l.epoch == epoch && sha256(&[&l.commit]) == commit);
        if device != peer.device || group != session.group || !is_latest {
            return Err(Refusal::NotAllowed);
        }
        let witnesses = self.members_but(device);
        let session = self.session.as_mut().ok_or(Refusal::NotAllowed)?;
        let added = session.undo.iter().flat_map(|undo| undo.added.clone());
        let added = added.filter(|added| session.active(*added).is_some()).collect();
        let before = session.rules.clone();
        let undo = session.take_back().ok_or(Refusal::NotAllowed)?;
        session.history.take_back(&mut self.out);
        self.adopt_roles(now);
        self.write_undone(&undo);
        let entering: Vec<_> = undo.removed.iter().map(|member| member.device).collect();
        self.permit_again(&before, &entering);
        let restored = undo.removed.into_iter().filter(|member| member.leaving.is_none());
        let undone = Undone { added, restored: restored.collect() };
        self.tell_undone(peer, witnesses, undone, void.bytes().clone());
        self.close_if_deserted();
        Ok(())
    }

    pub(crate) fn catch_up(
        &mut self,
        now: Now,
        peer: Peer,
        group: GroupId,
        epoch: u64,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.catch_up, limits::CATCH_UP)?;
        let session = self.session_of(peer)?;
        if group != session.group {
            return Err(Refusal::NotAllowed);
        }
        let entered = session.active(peer.device).map_or(u64::MAX, |member| member.entered);
        let chat = |at| {
            let readable = session.history.chat_at(at).filter(move |kept| kept.epoch >= entered);
            readable.map(|kept| said_again(group, kept))
        };
        let messages: Vec<ToClient> = match session.history.since(epoch) {
            _ if epoch == session.epoch => chat(epoch).collect(),
            Some(entries) if epoch < session.epoch => {
                let each = entries.flat_map(|e| chat(e.epoch).chain([committed(group, e)]));
                each.chain(chat(session.epoch)).collect()
            }
            _ => vec![ToClient::TooOld { group, epoch: session.epoch }],
        };
        messages.into_iter().for_each(|message| self.out.send(peer.connection, message));
        Ok(())
    }

    /// Passes on what a member says to all who can read it, and to the member itself, which knows by
    /// that that it was taken. What nobody reads any more is dropped: as what a member is sent comes in
    /// order, it notices that it did not come back before its readers were gone, and says it again.
    pub(crate) fn group_message(
        &mut self,
        now: Now,
        peer: Peer,
        Said { group, epoch, channel, message }: Said,
    ) -> Result<(), Refusal> {
        self.pace(now, peer, |paces| &mut paces.messages, limits::MESSAGES)?;
        if message.len() > limits::GROUP_MESSAGE {
            return Err(Refusal::TooMany);
        }
        let session = self.session_of(peer)?;
        let readable = epoch <= session.epoch && epoch + limits::PAST_EPOCHS >= session.epoch;
        let member = session.active(peer.device);
        let may_chat = member.is_some_and(|m| session.rights_of(m).contains(Rights::CHAT));
        if group != session.group || channel == Channel::Chat && !may_chat {
            return Err(Refusal::NotAllowed);
        }
        if !readable {
            self.out.warn(Warning::Late);
            return Ok(());
        }
        let message: Blob = message.into();
        let at = session.epoch;
        if let (Channel::Chat, Some(session)) = (channel, &mut self.session) {
            session.history.keep_chat(KeptChat { at, epoch, message: message.clone() });
        }
        let to = self.readers(epoch);
        self.out.send_all(to, ToClient::GroupMessage { group, epoch, channel, message });
        Ok(())
    }

    fn judge(
        &mut self,
        now: Now,
        peer: Peer,
        commit: &[u8],
        ticket: &VerifiedTicket,
        has_welcome: bool,
    ) -> Result<Change, Rejected> {
        let room = self.limits.members;
        let group = self.session_of(peer).map_err(Rejected::Refused)?.group;
        let certified = self.certificates.role(peer.device, group, now.wall);
        let host_side = self.certificates.delegates(group, now.wall).map(|(device, _)| device);
        let host_side = &host_side.collect();
        let session = self.session_of(peer).map_err(Rejected::Refused)?;
        Proposed { commit, ticket, has_welcome, certified, room, host_side }.judge(session)
    }

    fn lose(&mut self, peer: Peer, epoch: u64) {
        let Some(session) = &self.session else { return };
        self.out.send(peer.connection, ToClient::Conflict { group: session.group, epoch });
        self.out.warn(Warning::Conflict);
    }

    fn accept(&mut self, now: Now, peer: Peer, change: Change, delivered: Delivered) {
        self.touch(now);
        self.number_added(&change);
        let Some(session) = &mut self.session else { return };
        let removed = change.removed.iter().copied();
        let removed: Vec<_> = removed.filter(|device| session.active(*device).is_some()).collect();
        let entry = delivered.entry(session.epoch);
        let announcement = committed(session.group, &entry);
        let before = session.rules.clone();
        session.apply(&change);
        session.history.push(entry, &mut self.out);
        if let Some(message) = &delivered.welcome {
            let until = now.wall + limits::WELCOME_KEPT;
            let kept = KeptWelcome { epoch: session.epoch, until, message: message.clone() };
            session.history.keep(kept, &mut self.out);
        }
        self.adopt_roles(now);
        self.write_change(&change);
        self.put_out(&removed);
        let entering: Vec<_> = change.added.iter().map(|added| added.device).collect();
        self.permit_again(&before, &entering);
        self.out.send_all(self.readers_but_entered(), announcement);
        self.tell_gone(&removed);
        self.let_in(peer, &change, delivered.welcome);
    }

    /// After the rules have changed: permits for those who may do more or less than before.
    /// `entering` get theirs when they are let in.
    fn permit_again(&mut self, before: &RoomRules, entering: &[DeviceKey]) {
        let Some(session) = self.session.as_ref().filter(|s| s.rules != *before) else { return };
        let changed = session.actives().filter(|m| !entering.contains(&m.device)).filter_map(|m| {
            let rights = session.rights_of(m);
            let same = session.rights_under(before, m) == rights;
            self.connections.peer_of(m.device).filter(|_| !same).map(|peer| (peer, rights))
        });
        for (peer, rights) in changed.collect::<Vec<_>>() {
            let Peer { connection, participant, device } = peer;
            self.out.media(Media::Permit { connection, participant, rights });
            self.announce(device);
        }
    }

    /// Numbers the devices that a commit adds, before it is carried out.
    fn number_added(&mut self, change: &Change) {
        for added in &change.added {
            let number = self.number_for(added.device);
            let Some(session) = &mut self.session else { return };
            session.number(number, added.device);
            self.out.put(records::participant(number, added.device));
        }
    }

    fn write_change(&mut self, change: &Change) {
        let Some(session) = &self.session else { return };
        self.out.put(records::session(session));
        self.out.put(records::undo(session.undo.as_ref().unwrap_or(&Undo::default())));
        let entered = change.added.iter().map(|added| &added.device).chain(&change.swapped);
        for member in entered.filter_map(|device| session.member(*device)) {
            self.out.put(records::member(member));
        }
        for number in change.gone().filter_map(|device| session.number_of(*device)) {
            self.out.delete(records::MEMBER, number.0.into());
        }
        for added in &change.added {
            self.departed.take(added.device, &mut self.out);
        }
    }

    /// Ends forwarding to the removed before anything else is said.
    fn put_out(&mut self, removed: &[DeviceKey]) {
        let why = Removal::Removed;
        for device in removed {
            self.lobby.unhang(*device);
            match self.connections.peer_of(*device) {
                Some(peer) => {
                    self.revoke(peer);
                    self.out.send(peer.connection, ToClient::OutOfGroup { why });
                }
                None => self.departed.note(*device, why, &mut self.out),
            }
        }
    }

    fn tell_gone(&mut self, removed: &[DeviceKey]) {
        for device in removed {
            let participant = self.number_for(*device);
            let to = self.readers_but_entered();
            self.out.send_all(to, ToClient::MemberGone { participant });
        }
    }

    fn let_in(&mut self, committer: Peer, change: &Change, welcome: Option<Blob>) {
        let Some(message) = welcome else { return };
        let Some(session) = &self.session else { return };
        let welcome = ToClient::Welcome { group: session.group, epoch: session.epoch, message };
        let entered: Vec<DeviceKey> = change.added.iter().map(|a| a.device).collect();
        let connected = |device: &DeviceKey| self.connections.of(*device);
        let to = entered.iter().chain(&change.swapped).filter_map(connected).collect();
        self.out.send_all(to, welcome);
        for added in &change.added {
            if let Some(peer) = self.connections.peer_of(added.device) {
                self.visitor_entered(peer.connection, committer.device);
                self.admit(peer);
            }
            self.announce(added.device);
        }
        for device in &change.swapped {
            if let Some(connection) = self.connections.of(*device) {
                self.send_members(connection);
            }
        }
    }

    fn write_undone(&mut self, undo: &Undo) {
        let Some(session) = &self.session else { return };
        self.out.put(records::session(session));
        self.out.delete(records::UNDO, 0);
        for number in undo.added.iter().filter_map(|device| session.number_of(*device)) {
            self.out.delete(records::MEMBER, number.0.into());
        }
        let swapped = undo.swapped.iter().map(|(device, _)| device);
        let restored = undo.removed.iter().map(|member| &member.device).chain(swapped);
        for member in restored.filter_map(|device| session.member(*device)) {
            self.out.put(records::member(member));
        }
    }

    fn tell_undone(
        &mut self,
        voider: Peer,
        witnesses: Vec<ConnectionId>,
        Undone { added, restored }: Undone,
        void: Blob,
    ) {
        for device in &added {
            self.lobby.unhang(*device);
            if let Some(peer) = self.connections.peer_of(*device) {
                self.revoke(peer);
            }
        }
        let back = restored.iter().filter_map(|member| self.connections.of(member.device));
        let to = [voider.connection].into_iter().chain(witnesses).chain(back).collect();
        self.out.send_all(to, ToClient::Voided { void });
        added.iter().for_each(|device| self.tell_unadded(*device));
        restored.iter().for_each(|member| self.tell_restored(voider, member));
    }

    fn tell_unadded(&mut self, device: DeviceKey) {
        let why = Removal::Removed;
        match self.connections.of(device) {
            Some(connection) => self.out.send(connection, ToClient::OutOfGroup { why }),
            None => self.departed.note(device, why, &mut self.out),
        }
        let participant = self.number_for(device);
        self.out.send_all(self.members_but(device), ToClient::MemberGone { participant });
    }

    fn tell_restored(&mut self, voider: Peer, member: &Member) {
        self.departed.take(member.device, &mut self.out);
        if let Some(peer) = self.connections.peer_of(member.device) {
            self.visitor_entered(peer.connection, voider.device);
            self.admit(peer);
        }
        self.announce(member.device);
    }

    /// Connected members that hold the keys of `epoch`.
    fn readers(&self, epoch: u64) -> Vec<ConnectionId> {
        let actives = self.session.iter().flat_map(Session::actives);
        let readers = actives.filter(|member| member.entered <= epoch);
        readers.filter_map(|member| self.connections.of(member.device)).collect()
    }

    /// Connected members that were in the group before the latest commit, and still are.
    fn readers_but_entered(&self) -> Vec<ConnectionId> {
        let Some(session) = &self.session else { return Vec::new() };
        let earlier = session.actives().filter(|member| member.entered < session.epoch);
        earlier.filter_map(|member| self.connections.of(member.device)).collect()
    }
}

/// A group message as it was sent.
pub(crate) struct Said {
    pub group: GroupId,
    pub epoch: u64,
    pub channel: Channel,
    pub message: Vec<u8>,
}

/// Whom a void concerns. Who was leaving already knows that it is out.
struct Undone {
    added: Vec<DeviceKey>,
    restored: Vec<Member>,
}

/// What came with a commit.
struct Delivered {
    commit: Blob,
    ticket: Blob,
    welcome: Option<Blob>,
}

impl Delivered {
    fn new(commit: Vec<u8>, ticket: &VerifiedTicket, welcome: Option<Vec<u8>>) -> Self {
        let welcome = welcome.map(Blob::from);
        Delivered { commit: commit.into(), ticket: ticket.bytes().clone(), welcome }
    }

    fn entry(&self, epoch: u64) -> Entry {
        Entry { epoch, commit: self.commit.clone(), ticket: self.ticket.clone() }
    }
}

impl Change {
    fn gone(&self) -> impl Iterator<Item = &DeviceKey> {
        self.removed.iter().chain(&self.left)
    }
}

fn committed(group: GroupId, entry: &Entry) -> ToClient {
    let Entry { epoch, commit, ticket } = entry;
    ToClient::Committed { group, epoch: *epoch, commit: commit.clone(), ticket: ticket.clone() }
}

fn said_again(group: GroupId, kept: &KeptChat) -> ToClient {
    let KeptChat { epoch, message, .. } = kept;
    let (epoch, message) = (*epoch, message.clone());
    ToClient::GroupMessage { group, epoch, channel: Channel::Chat, message }
}
