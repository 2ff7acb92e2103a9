//! The host's side of the door: the doorbell, the invitations, who waits, who is let in. A co-host's
//! desk has the same bell as the host's, and sees the same people wait.
//!
//! A knock is verified before a person learns of it; one that fails is answered without a sound.

use crate::consulting::party_of;
use crate::create::new_session;
use crate::participant::Participant;
use crate::rules::Edit;
use crate::view::Phase;
use base::policy::Feature;
use base::{DeviceKey, GroupId, Millis, Now, Party, Pii, Secret, random};
use e2ee::card::{Card, CardKey};
use e2ee::doorbell::{Bell, HostDoorbell, KnockError, VerifiedKnock};
use e2ee::link::{InvitationId, Link, LinkKeys};
use e2ee::passcode::Answering;
use e2ee::session::{CreateGroup, Session};
use e2ee::{GroupPsk, HostKey};
use std::time::Duration;
use wire::{ClientMessage, Invitation, LobbyReason};

/// Nonces handed to the server at once; the most one message may carry.
const NONCES: usize = 64;
/// A new bell is hung long before the old one expires.
const BELL_LIFE: Duration = Duration::from_secs(24 * 3600);
/// Knocks shown at once, as many as a server lets wait; further ones are told to come back.
const MAX_WAITING: usize = 512;
/// How long someone let in by the host, whose keys became out of date, has to ring again.
pub(crate) const EXPECTED_FOR: Duration = Duration::from_secs(60);
/// How long members of a lost session are let back in without asking.
const REMEMBER_FOR: Duration = Duration::from_secs(600);

pub(crate) struct Desk {
    pub bell: HostDoorbell,
    links: Vec<LinkKeys>,
    /// Those of them that were made for one person, in the order in which they are saved.
    pub personal: Vec<InvitationId>,
    renew_at: Millis,
    pub waiting: Vec<Knocker>,
    /// Let in by the host, and asked to ring once more: as many at most as intents are held.
    pub expected: Vec<Expected>,
    /// Guests that began to prove the passcode. As many at most as tries are counted.
    pub answering: Vec<(DeviceKey, Answering)>,
}

/// Someone who is let in at the next knock by this link.
pub(crate) struct Expected {
    device: DeviceKey,
    invitation: InvitationId,
    pub until: Millis,
}

/// Someone whose knock verified.
pub(crate) struct Knocker {
    pub knock: u64,
    pub verified: VerifiedKnock,
    /// As it gave it, until the host chooses another.
    pub name: String,
    /// Whom it belongs with where one party is let in at a time.
    pub party: Party,
    /// HK has certified it as of the host's side: it comes back, and belongs to no party.
    pub of_host: bool,
    pub since: Millis,
}

impl Knocker {
    pub fn device(&self) -> DeviceKey {
        self.verified.device()
    }

    pub fn expected(&self, until: Millis) -> Expected {
        Expected { device: self.device(), invitation: self.verified.invitation(), until }
    }
}

impl Desk {
    pub fn next_due(&self) -> Option<Millis> {
        Some(self.renew_at)
    }

    /// Knocks are gone with the connection; waiting guests knock again at the next bell.
    pub fn handle_offline(&mut self) {
        self.waiting.clear();
        self.answering.clear();
    }

    pub fn forget(&mut self, device: &DeviceKey) {
        self.waiting.retain(|knocker| knocker.verified.device() != *device);
    }

    /// Whether the host has let this one in already; true once.
    fn take_expected(&mut self, now: Now, knocker: &Knocker) -> bool {
        self.expected.retain(|expected| expected.until > now.mono);
        let before = self.expected.len();
        let Expected { device, invitation, .. } = knocker.expected(now.mono);
        self.expected.retain(|e| e.device != device || e.invitation != invitation);
        self.expected.len() < before
    }

    /// Where a personal invitation stands among those saved.
    pub fn personal_at(&self, invitation: &[u8]) -> Option<usize> {
        self.personal.iter().position(|personal| personal.0 == invitation)
    }

    /// Knocks by links that are no more, taken off the list.
    pub fn take_uninvited(&mut self) -> Vec<u64> {
        let invited = |knocker: &Knocker| {
            self.links.iter().any(|link| link.invitation() == knocker.verified.invitation())
        };
        let (kept, gone): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.waiting).into_iter().partition(invited);
        self.waiting = kept;
        gone.into_iter().map(|knocker| knocker.knock).collect()
    }
}

impl Participant {
    /// Opens a session in which this device is alone; `previous` is given up.
    pub(crate) fn open_session(&mut self, now: Now, previous: Option<GroupId>) {
        let device = self.device.key();
        let Some(host) = &mut self.saved.host else { return };
        if host.opened {
            new_session(host, &self.meeting, device, now, &mut *self.entropy);
        }
        if self.saved.names.iter().next().is_some() {
            host.remembered = self.saved.names.clone();
        }
        let message = ClientMessage::OpenSession {
            group: host.group,
            certificate: host.certificate.clone().into(),
            replace: previous,
        };
        self.saved.end_session(&device);
        self.phase = Phase::Entering;
        self.save();
        self.send(message);
    }

    pub(crate) fn session_opened(&mut self, now: Now, group: GroupId) {
        self.begin_with_fresh_psk();
        let Some(session) = self.create_group(group) else { return };
        if let Some(host) = &mut self.saved.host {
            host.opened = true;
        }
        self.returning = None;
        self.lobby = Default::default();
        let rules = self.saved.host.as_ref().map(|host| Box::new(host.rules.clone()));
        self.enter_room(now, session);
        let Some((room, rules)) = self.room.as_mut().zip(rules) else { return };
        if *rules != *room.session.rules() {
            room.intend_edit(Edit::Restore(rules));
        }
    }

    /// A rotation that did not come about in the last session.
    fn begin_with_fresh_psk(&mut self) {
        if let Some(host) = self.saved.host.as_mut().filter(|host| host.rotate) {
            host.rotate = false;
            self.saved.psk = Some(Secret::new(random(&mut *self.entropy)));
        }
    }

    fn create_group(&self, group: GroupId) -> Option<Session> {
        let host = self.saved.host.as_ref().filter(|host| host.group == group && !host.opened)?;
        let new = CreateGroup {
            meeting: self.meeting,
            group,
            hk: self.hk?,
            certificate: host.certificate.clone(),
            psk: GroupPsk::new(self.saved.psk.clone()?),
            banned: host.blocked.clone(),
        };
        Session::create(&self.device, new).ok()
    }

    /// Hangs the bell, the host's a fresh one, and lays out the invitations, on every connection anew.
    /// A co-host without its part of the desk asks for it.
    pub(crate) fn furnish_desk(&mut self, now: Now) {
        let Some(bell) = self.bell(now) else {
            self.desk = None;
            return self.ask_for_desk(now);
        };
        let renew_at = now.mono + bell.expiry().since(now.wall) / 2;
        let (links, personal, waiting, expected, answering) = Default::default();
        self.desk = Some(Desk { bell, links, personal, renew_at, waiting, expected, answering });
        self.lay_out_invitations();
        self.send_nonces();
    }

    fn bell(&mut self, now: Now) -> Option<HostDoorbell> {
        let room = self.room.as_ref().filter(|room| room.is_delegate())?;
        let (meeting, group) = (self.meeting, room.session.group_id());
        let Some(host) = &self.saved.host else {
            let entrusted = self.saved.delegation.as_ref()?.bell.clone();
            return HostDoorbell::take_over(entrusted, &self.hk?, (meeting, group), now.wall).ok();
        };
        let key = HostKey::from_seed(host.key.clone());
        let (device, expiry) = (self.device.key(), now.wall + BELL_LIFE);
        let bell = Bell { meeting, group, device, expiry };
        Some(HostDoorbell::new(bell, &key, &mut *self.entropy))
    }

    /// Takes the links to the desk. The host tells the server what each of them opens, what is not named
    /// being revoked, and its co-hosts which there are.
    pub(crate) fn lay_out_invitations(&mut self) {
        let Some((shared, personal)) = self.link_secrets() else { return };
        let Some(desk) = &mut self.desk else { return };
        let Some(fingerprint) = self.promised else { return };
        let link = |secret| Link { meeting: self.meeting, secret, fingerprint }.keys();
        desk.links = shared.into_iter().map(link).collect();
        let personal: Vec<_> = personal.into_iter().map(link).collect();
        desk.personal = personal.iter().map(LinkKeys::invitation).collect();
        desk.links.extend(personal);
        self.send_invitations();
        self.hand_to_all();
    }

    /// Of the links for everyone, and of those for one person each.
    fn link_secrets(&self) -> Option<(Vec<Secret<32>>, Vec<Secret<32>>)> {
        let Some(host) = &self.saved.host else {
            let entrusted = self.saved.delegation.as_ref()?;
            let personal = entrusted.personal.iter().map(|personal| personal.secret.clone());
            return Some((entrusted.links.clone(), personal.collect()));
        };
        let by_passcode = host.passcode.iter().filter(|passcode| self.policy.passcode(passcode.on));
        let by_passcode = by_passcode.map(|passcode| passcode.link.clone());
        let allowed = !self.policy.forbids(Feature::PersonalInvitations);
        let personal = host.personal.iter().filter(|_| allowed);
        let personal = personal.map(|personal| personal.secret.clone());
        Some((host.links.iter().cloned().chain(by_passcode).collect(), personal.collect()))
    }

    fn send_invitations(&mut self) {
        let (Some(host), Some(desk)) = (&self.saved.host, &self.desk) else { return };
        let Some(psk) = self.saved.psk.clone().map(GroupPsk::new) else { return };
        let card_key = CardKey::new(host.card_key.clone());
        let card = Card {
            title: Pii::new(self.saved.title.clone()),
            host_name: Pii::new(self.saved.host_name.clone()),
        };
        let invitations = desk.links.iter().map(|link| {
            let wrap = link.wrap_psk(&psk, &card_key, &mut *self.entropy);
            let card = card.seal(&card_key, &self.meeting, &mut *self.entropy);
            Invitation {
                id: link.invitation().0.to_vec().into(),
                wrap: wrap.into(),
                card: card.into(),
            }
        });
        let invitations = invitations.collect();
        self.send(ClientMessage::Invitations { invitations });
    }

    pub(crate) fn send_nonces(&mut self) {
        let Some(desk) = &mut self.desk else { return };
        let nonces = desk.bell.issue_nonces(NONCES, &mut *self.entropy);
        let nonces = nonces.into_iter().map(|nonce| nonce.0.to_vec().into()).collect();
        let doorbell = desk.bell.statement().to_vec().into();
        self.send(ClientMessage::Doorbell { doorbell, nonces });
    }

    pub(crate) fn tick_desk(&mut self, now: Now) {
        let Some(desk) = &mut self.desk else { return };
        if now.mono < desk.renew_at && !desk.bell.is_worn() {
            return;
        }
        if self.saved.host.is_some() {
            return self.renew_desk(now);
        }
        // Until the host has hung another, this one is as good as ever.
        desk.renew_at = now.mono + BELL_LIFE;
        self.ask_for_desk(now);
    }

    pub(crate) fn knocked(&mut self, now: Now, knock: u64, device: DeviceKey, sealed: &[u8]) {
        let Some(desk) = &mut self.desk else { return };
        match desk.bell.open(&device, sealed, &desk.links, now.wall) {
            Ok(verified) => self.receive(now, knock, verified),
            Err(KnockError::Invalid) => self.turn_away(knock, LobbyReason::Invalid),
            Err(KnockError::Stale) => self.turn_away(knock, LobbyReason::Stale),
        }
    }

    fn receive(&mut self, now: Now, knock: u64, verified: VerifiedKnock) {
        let device = verified.device();
        let (Some(desk), Some(room)) = (&mut self.desk, &self.room) else { return };
        desk.forget(&device);
        if room.is_shut_out(&device) {
            return self.turn_away(knock, LobbyReason::Declined);
        }
        // Its seat is being freed: a moment later the same device can be let in.
        if room.session.role_of(&device).is_some() {
            return self.turn_away(knock, LobbyReason::Stale);
        }
        if desk.waiting.len() == MAX_WAITING {
            return self.turn_away(knock, LobbyReason::Busy);
        }
        let party = party_of(&verified, desk.personal.contains(&verified.invitation()));
        let name = verified.name().expose().clone();
        let of_host = room.session.policy().role_of(&device).is_some_and(base::Role::is_delegate);
        let knocker = Knocker { knock, verified, name, party, of_host, since: now.mono };
        let expected = self.desk.as_mut().is_some_and(|desk| desk.take_expected(now, &knocker));
        let expected = expected && !self.must_wait(&knocker);
        if expected || self.is_remembered(now, &knocker) || self.opens_to(now, &knocker) {
            return self.let_in(now, knocker);
        }
        if let Some(desk) = &mut self.desk {
            desk.waiting.push(knocker);
        }
    }

    /// Whether this device was in the session this one replaced, under this very name; in
    /// consulting mode, also whether no other party has had its turn since.
    fn is_remembered(&self, now: Now, knocker: &Knocker) -> bool {
        let (Some(host), Some(room)) = (&self.saved.host, &self.room) else { return false };
        let name = host.remembered.get(&knocker.device());
        let turn = room.rules_to_come().consulting.is_none_or(|party| party == knocker.party);
        let recent = now.mono.since(room.entered) < REMEMBER_FOR;
        recent && turn && name == Some(knocker.verified.name().expose().as_str())
    }

    pub(crate) fn turn_away(&mut self, knock: u64, reason: LobbyReason) {
        self.send(ClientMessage::Decline { knock, reason });
    }

    pub(crate) fn knock_gone(&mut self, knock: u64) {
        if let Some(desk) = &mut self.desk {
            desk.waiting.retain(|knocker| knocker.knock != knock);
        }
        if let Some(room) = &mut self.room {
            room.forget_knock(knock);
        }
    }

    pub(crate) fn admit(&mut self, now: Now, knock: u64) {
        let Some(desk) = &self.desk else { return };
        let Some(at) = desk.waiting.iter().position(|knocker| knocker.knock == knock) else {
            return;
        };
        if self.must_wait(&desk.waiting[at]) {
            return;
        }
        let knocker = self.desk.as_mut().map(|desk| desk.waiting.remove(at));
        knocker.into_iter().for_each(|knocker| self.let_in(now, knocker));
    }

    /// Those that are let in together share a commit.
    pub(crate) fn admit_all(&mut self, now: Now) {
        let Some(desk) = &mut self.desk else { return };
        for knocker in std::mem::take(&mut desk.waiting) {
            match (self.must_wait(&knocker), &mut self.desk) {
                (true, Some(desk)) => desk.waiting.push(knocker),
                _ => self.intend_admission(knocker),
            }
        }
        self.run_commits(now);
    }

    pub(crate) fn let_in(&mut self, now: Now, knocker: Knocker) {
        self.intend_admission(knocker);
        self.run_commits(now);
    }

    fn intend_admission(&mut self, knocker: Knocker) {
        let Some(room) = &mut self.room else { return };
        if let Err(knocker) = room.intend_admission(knocker) {
            self.turn_away(knocker.knock, LobbyReason::Busy);
        }
    }

    pub(crate) fn decline(&mut self, knock: u64) {
        let Some(desk) = &mut self.desk else { return };
        let before = desk.waiting.len();
        desk.waiting.retain(|knocker| knocker.knock != knock);
        if desk.waiting.len() < before {
            self.turn_away(knock, LobbyReason::Declined);
        }
    }
}
