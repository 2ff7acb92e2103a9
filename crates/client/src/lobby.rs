//! The guest's side of the door: ringing, the meeting card, knocking, being let in or not.

use crate::participant::Participant;
use crate::view::{Phase, Problem};
use base::hash::sha256;
use base::{Millis, Nonce, Now, Secret};
use e2ee::PendingJoin;
use e2ee::card::Card;
use e2ee::doorbell::{KnockParams, TellKey, VerifiedDoorbell, knock};
use e2ee::name::sanitise_name;
use std::time::Duration;
use wire::{Bytes, ClientMessage, LobbyReason};

/// Pauses before ringing again after a stale knock: the first, four times longer each time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Welcomes that do not verify before the guest is told that something is wrong.
pub(crate) const MAX_BAD_WELCOMES: u32 = 3;
/// How long a host knocks before it concludes that nobody in the session hears it. The server lets it
/// open another one a second earlier.
const HOST_PATIENCE: Duration = Duration::from_secs(11);

/// A guest's knocking.
#[derive(Default)]
pub(crate) struct Lobby {
    /// The person asked to join.
    wanting: bool,
    /// The newest unused doorbell and nonce.
    bell: Option<(VerifiedDoorbell, Nonce)>,
    /// SHA-256 of the newest doorbell's statement.
    newest: [u8; 32],
    /// The doorbell a knock already lies at. A second knock there would put the first one's keys
    /// out of use while its Welcome may be on the way.
    knocked_at: Option<[u8; 32]>,
    /// Keys of the knock that lies at the host's.
    pub pending: Option<PendingJoin>,
    ring_at: Option<Millis>,
    /// The host comes back to a session that a co-host keeps: it knocks, and from then on opens another.
    pub host_until: Option<Millis>,
    /// The knock lies at the host's.
    delivered: bool,
    stale: u32,
    pub bad_welcomes: u32,
    /// Hears what the host says to the knock that lies there.
    pub ear: Option<TellKey>,
    /// What it has said.
    pub told: Vec<String>,
}

/// The server's answer to `ring`, unchecked.
pub(crate) struct Answer {
    pub doorbell: Option<Bytes>,
    pub nonce: Option<Bytes>,
    pub wrap: Option<Bytes>,
    pub card: Option<Bytes>,
}

impl Lobby {
    pub fn next_due(&self) -> Option<Millis> {
        [self.ring_at, self.host_until].into_iter().flatten().min()
    }

    /// The server forgets a knock with its connection.
    pub fn handle_offline(&mut self) {
        self.bell = None;
        self.knocked_at = None;
        self.ring_at = None;
        self.delivered = false;
        self.stale = 0;
    }

    /// The knock that was let in came to nothing.
    pub fn knock_again(&mut self) {
        self.wanting = true;
        self.bell = None;
        self.knocked_at = None;
        self.delivered = false;
    }

    fn pause(&mut self) -> Duration {
        let pause = (FIRST_PAUSE * (1 << (2 * self.stale.min(5)))).min(LONGEST_PAUSE);
        self.stale += 1;
        pause
    }
}

impl Participant {
    /// **Start meeting** or **Ask to join**.
    pub(crate) fn join(&mut self, now: Now, name: &str) {
        let ready = matches!(
            self.phase,
            Phase::Opening | Phase::Lobby | Phase::Left | Phase::Refused | Phase::Removed
        ) && !self.needs_passcode();
        let Some(name) = sanitise_name(name).filter(|_| ready) else { return };
        self.saved.name = name;
        self.problem = None;
        self.unsaved = true;
        if self.is_host() {
            self.saved.host_name = self.saved.name.clone();
            self.saved.inside = true;
            self.phase = Phase::Entering;
            if self.connection.online() && self.cohost_is_inside() {
                return self.knock_as_host(now);
            }
        } else {
            self.lobby.wanting = true;
            self.phase = Phase::Waiting;
        }
        if !self.connection.online() {
            return self.connection.restart(now.mono);
        }
        if self.is_host() {
            let previous = self.previous_session;
            self.open_session(now, previous);
        } else if self.lobby.bell.is_some() {
            self.knock();
        } else {
            self.ring();
        }
    }

    /// A session goes on without its host.
    pub(crate) fn cohost_is_inside(&self) -> bool {
        self.previous_session.is_some() && self.host_present
    }

    /// Whoever keeps the session lets the host's device in without asking.
    pub(crate) fn knock_as_host(&mut self, now: Now) {
        self.lobby.wanting = true;
        self.lobby.host_until.get_or_insert(now.mono + HOST_PATIENCE);
        self.phase = Phase::Entering;
        self.ring();
    }

    /// Whether this device gets in by knocking.
    fn knocks(&self) -> bool {
        !self.is_host() || self.lobby.host_until.is_some()
    }

    pub(crate) fn cancel_join(&mut self) {
        if self.phase == Phase::Waiting {
            self.send(ClientMessage::CancelKnock);
            self.lobby = Lobby::default();
            self.saved.inside = false;
            self.unsaved = true;
            self.phase = Phase::Lobby;
            self.ring();
        }
    }

    /// Outside, connected: back to the door. `knocking` when this device was inside before.
    pub(crate) fn enter_lobby(&mut self, knocking: bool) {
        self.lobby.wanting |= knocking;
        if self.lobby.wanting {
            self.phase = Phase::Waiting;
        } else {
            self.show_lobby();
        }
        self.ring();
    }

    fn ring(&mut self) {
        self.lobby.ring_at = None;
        if let Some(link) = &self.link {
            let invitation = link.invitation().0.to_vec().into();
            self.send(ClientMessage::Ring { invitation });
        }
    }

    pub(crate) fn tick_lobby(&mut self, now: Now) {
        if self.lobby.ring_at.is_some_and(|due| now.mono >= due) {
            self.ring();
        }
        if self.lobby.host_until.is_some_and(|due| now.mono >= due) {
            self.lobby.host_until = Some(now.mono + HOST_PATIENCE);
            let previous = self.previous_session;
            self.open_session(now, previous);
        }
    }

    pub(crate) fn doorbell_answered(&mut self, now: Now, answer: Answer) {
        if !self.knocks() || self.room.is_some() || self.needs_passcode() {
            return;
        }
        if let (Some(wrap), Some(card)) = (&answer.wrap, &answer.card) {
            if self.read_blobs(&wrap.0, &card.0).is_none() {
                return self.refuse(Problem::BadLink);
            }
        } else if answer.doorbell.is_some() {
            return self.link_revoked();
        }
        self.host_present = answer.doorbell.is_some();
        if let Some(bell) = &answer.doorbell {
            self.lobby.newest = sha256(&[&bell.0]);
        }
        self.lobby.bell = answer.doorbell.zip(answer.nonce).and_then(|(bell, nonce)| {
            let hk = self.hk.as_ref()?;
            let bell = VerifiedDoorbell::read(&bell.0, hk, &self.meeting, now.wall).ok()?;
            Some((bell, Nonce(nonce.0.try_into().ok()?)))
        });
        let waits_there = self.lobby.knocked_at == Some(self.lobby.newest);
        if self.lobby.wanting && self.lobby.bell.is_some() && !waits_there {
            self.knock();
        }
    }

    /// The host no longer has this link. Whoever was given it for a passcode may know the new one.
    fn link_revoked(&mut self) {
        if self.give_up_learned() {
            self.lobby = Lobby::default();
        } else {
            self.refuse(Problem::BadLink);
        }
    }

    /// What the link opens: the group PSK, the meeting's title and its host's name.
    fn read_blobs(&mut self, wrap: &[u8], card: &[u8]) -> Option<()> {
        let (psk, card_key) = self.link.as_ref()?.unwrap_psk(wrap).ok()?;
        let card = Card::open(&card_key, &self.meeting, card).ok()?;
        self.saved.psk = Some(Secret::new(*psk.expose()));
        if self.is_host() {
            return Some(());
        }
        self.saved.title = card.title.into_inner();
        self.saved.host_name = card.host_name.into_inner();
        Some(())
    }

    fn knock(&mut self) {
        let Ok(pending) = PendingJoin::new(&self.device) else { return };
        let (Some(link), Some((doorbell, nonce))) = (&self.link, self.lobby.bell.take()) else {
            return;
        };
        let params = KnockParams {
            link,
            doorbell: &doorbell,
            nonce,
            device: &self.device,
            name: &self.saved.name,
            key_package: pending.key_package(),
            role: base::Role::Participant,
        };
        let Ok((sealed, ear)) = knock(params, &mut *self.entropy) else {
            return self.refuse(Problem::BadLink);
        };
        self.lobby.pending = Some(pending);
        self.lobby.ear = Some(ear);
        self.lobby.knocked_at = Some(self.lobby.newest);
        self.lobby.delivered = false;
        self.send(ClientMessage::Knock { sealed: sealed.into() });
    }

    pub(crate) fn refused(&mut self, now: Now, reason: LobbyReason) {
        if self.room.is_some() || !self.knocks() {
            return;
        }
        if self.needs_passcode() {
            return self.passcode_unheard(now);
        }
        match reason {
            LobbyReason::Stale => self.ring_later(now),
            LobbyReason::Declined => self.refuse(Problem::Declined),
            LobbyReason::Locked => self.refuse(Problem::Locked),
            LobbyReason::Full => self.refuse(Problem::Full),
            LobbyReason::Invalid => self.refuse(Problem::BadLink),
            LobbyReason::Busy => self.refuse(Problem::Busy),
        }
    }

    pub(crate) fn knock_delivered(&mut self) {
        self.lobby.delivered = true;
    }

    /// Whether the host's device is there and knows of this one.
    pub(crate) fn host_knows(&self) -> bool {
        self.phase == Phase::Waiting && self.host_present && self.lobby.delivered
    }

    /// The server dropped a message; if it was a ring or a knock, it is made again.
    pub(crate) fn hurried(&mut self, now: Now) {
        if self.lobby.wanting && !self.lobby.delivered {
            self.ring_later(now);
        }
        if let Some(room) = &mut self.room {
            room.hold(now);
        }
    }

    /// The knock came to nothing through nobody's wish: try again by itself.
    pub(crate) fn ring_later(&mut self, now: Now) {
        self.lobby.pending = None;
        self.lobby.knocked_at = None;
        if self.lobby.wanting {
            let pause = self.lobby.pause();
            self.lobby.ring_at = Some(now.mono + pause);
        }
    }

    /// Not let in; the person may ask again.
    fn refuse(&mut self, problem: Problem) {
        self.lobby = Lobby::default();
        if self.saved.inside {
            self.saved.inside = false;
            self.unsaved = true;
        }
        self.phase = Phase::Refused;
        self.problem = Some(problem);
    }
}
