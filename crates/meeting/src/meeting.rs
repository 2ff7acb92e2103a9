mod delivery;
mod lobby;
mod passcode;
mod presence;
mod restore;
mod roles;
mod session;

pub use restore::CorruptRecord;

use crate::certificates::{About, Certificates};
use crate::connections::{Connections, Peer};
use crate::departed::Departed;
use crate::input::{Input, Request};
use crate::limits::{self, Limits};
use crate::lobby::Lobby;
use crate::meeting::delivery::Said;
use crate::outbox::Outbox;
use crate::output::{Blob, Output, Refusal, ToClient, Warning};
use crate::pace::Rate;
use crate::session::Session;
use crate::verified::Verified;
use base::record::Write;
use base::statement::{Certificate, StatementError};
use base::{DeviceKey, GroupId, MeetingId, MeetingKey, Millis, Now, Role, UnixMillis};

/// One meeting. See the [crate] for the rule of use.
pub struct Meeting {
    pub(crate) id: MeetingId,
    pub(crate) key: MeetingKey,
    pub(crate) limits: Limits,
    pub(crate) phase: Phase,
    /// When it was last used, as far as written down.
    pub(crate) used: UnixMillis,
    pub(crate) certificates: Certificates,
    pub(crate) connections: Connections,
    pub(crate) lobby: Lobby,
    pub(crate) session: Option<Session>,
    pub(crate) departed: Departed,
    pub(crate) out: Outbox,
    /// What everyone outside was last told.
    pub(crate) host_present: bool,
    clock: Now,
}

pub(crate) enum Phase {
    Open,
    Ended { end: Blob },
    Forgotten,
}

/// When [`Input::Tick`] is due next, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timeout {
    pub at: Millis,
    pub timer: Timer,
}

/// What a timeout is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// When the next member is asked to commit a swap or a leave.
    Relay,
    /// When a kept Welcome is dropped.
    Welcome,
    /// When the meeting has been unused for so long that it is forgotten.
    Idle,
}

/// Checks that whoever creates a meeting holds its key: a host certificate for their device. The
/// fault of an error is the creator's.
pub fn check_creation(
    id: MeetingId,
    key: MeetingKey,
    certificate: &[u8],
    now: UnixMillis,
) -> Result<(), StatementError> {
    let certificate = Verified::<Certificate>::by_meeting_key(certificate, &key)?;
    let Certificate { meeting, role, expiry, .. } = *certificate.statement();
    if meeting != id || role != Role::Host {
        return Err(StatementError::WrongSubject);
    }
    if expiry > now { Ok(()) } else { Err(StatementError::Expired) }
}

impl Meeting {
    /// A meeting that was just created, and is kept by the store already.
    pub fn new(id: MeetingId, key: MeetingKey, created: UnixMillis, limits: Limits) -> Self {
        Meeting {
            id,
            key,
            limits,
            phase: Phase::Open,
            used: created,
            certificates: Certificates::default(),
            connections: Connections::default(),
            lobby: Lobby::default(),
            session: None,
            departed: Departed::default(),
            out: Outbox::default(),
            host_present: false,
            clock: Now::default(),
        }
    }

    pub fn id(&self) -> MeetingId {
        self.id
    }

    pub fn key(&self) -> MeetingKey {
        self.key
    }

    /// Whether it has ended or expired: every further input is refused.
    pub fn is_over(&self) -> bool {
        !matches!(self.phase, Phase::Open)
    }

    /// Connections this meeting knows; with none, it can be unloaded and restored later.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The session's group and epoch.
    pub fn group(&self) -> Option<(GroupId, u64)> {
        self.session.as_ref().map(|session| (session.group, session.epoch))
    }

    /// The devices in the group, also those about to leave, and their roles.
    pub fn roster(&self) -> impl Iterator<Item = (DeviceKey, Role)> {
        let members = self.session.iter().flat_map(Session::roster);
        members.map(|member| (member.device, member.role))
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.clock = now;
        match input {
            Input::Connected { connection, device, certificate } => {
                self.handle_connected(now, connection, device.key(), certificate);
            }
            Input::Disconnected { connection } => self.handle_disconnected(now, connection),
            Input::Request { connection, request } => match self.connections.peer(connection) {
                Some(peer) => self.handle_request(now, peer, request),
                None => self.out.warn(Warning::UnknownConnection),
            },
            Input::Tick => self.handle_tick(now),
        }
        self.settle(now);
        self.out.seal();
    }

    /// The next thing to carry out.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop()
    }

    /// When to hand in [`Input::Tick`], if nothing else happens.
    pub fn poll_timeout(&self) -> Option<Timeout> {
        if self.is_over() {
            return None;
        }
        let idle =
            Some(Timeout { at: self.mono(self.used + self.limits.idle), timer: Timer::Idle });
        [self.relay_timeout(), self.welcome_timeout(), idle].into_iter().flatten().min()
    }

    fn relay_timeout(&self) -> Option<Timeout> {
        let at = self.session.as_ref()?.requests.next()?;
        (self.connections() > 0).then_some(Timeout { at, timer: Timer::Relay })
    }

    fn welcome_timeout(&self) -> Option<Timeout> {
        let until = self.session.as_ref()?.history.next_expiry()?;
        Some(Timeout { at: self.mono(until), timer: Timer::Welcome })
    }

    /// When the wall clock will show `wall`, if nobody moves it.
    fn mono(&self, wall: UnixMillis) -> Millis {
        self.clock.mono + wall.since(self.clock.wall)
    }

    fn handle_request(&mut self, now: Now, peer: Peer, request: Request) {
        if let Err(refusal) = self.request(now, peer, request) {
            self.refuse(peer, refusal);
        }
    }

    fn request(&mut self, now: Now, peer: Peer, request: Request) -> Result<(), Refusal> {
        match request {
            Request::Ring { invitation } => self.ring(now, peer, invitation),
            Request::Knock { sealed } => self.knock(now, peer, sealed),
            Request::CancelKnock => self.cancel_knock(peer),
            Request::Passcode { message } => self.passcode(now, peer, message),
            Request::PasscodeReply { device, message } => {
                self.passcode_reply(now, peer, device, message)
            }
            Request::OpenSession { group, certificate, replace } => {
                self.open_session(now, peer, group, certificate, replace)
            }
            Request::Certify { certificates } => self.certify(now, peer, certificates),
            Request::Doorbell { doorbell, nonces } => self.hang_bell(now, peer, doorbell, nonces),
            Request::Invitations { invitations } => self.invite(now, peer, invitations),
            Request::Decline { knock, reason } => self.decline(now, peer, knock, reason),
            Request::Tell { knock, sealed } => self.tell(now, peer, knock, sealed),
            Request::End { end } => self.end(now, peer, end),
            Request::Commit { commit, ticket, welcome } => {
                self.commit(now, peer, commit, ticket, welcome)
            }
            Request::Void { void } => self.void(now, peer, void),
            Request::GroupMessage { group, epoch, channel, message } => {
                let message = Said { group, epoch, channel, message };
                self.group_message(now, peer, message)
            }
            Request::CatchUp { group, epoch } => self.catch_up(now, peer, group, epoch),
            Request::Swap { swap, key_package } => self.swap(now, peer, swap, key_package),
            Request::Leave { leave } => self.leave(peer, leave),
            Request::Publish { publishing } => self.publish(now, peer, publishing),
        }
    }

    fn handle_tick(&mut self, now: Now) {
        let unused = self.used + self.limits.idle <= now.wall;
        if self.is_over() || !unused {
            return;
        }
        let in_use = self.connections.peers().any(|peer| self.is_active(peer.device));
        if in_use { self.touch(now) } else { self.forget() }
    }

    fn forget(&mut self) {
        self.out.write(Write::Forget);
        self.phase = Phase::Forgotten;
        let everyone = self.everyone();
        self.out.send_all(everyone.clone(), ToClient::Error(Refusal::NoSuchMeeting));
        everyone.into_iter().for_each(|connection| self.out.close(connection));
        self.connections.clear();
        self.session = None;
    }

    /// Brings about what follows from the new state, whichever input led to it.
    fn settle(&mut self, now: Now) {
        if self.is_over() {
            return;
        }
        self.settle_presence(now);
        self.settle_lobby(now);
        self.settle_session(now);
    }

    /// Writes down that the meeting is in use.
    pub(crate) fn touch(&mut self, now: Now) {
        if now.wall.since(self.used) >= limits::USED_EVERY {
            self.used = now.wall;
            self.out.write(Write::Used(now.wall));
        }
    }

    pub(crate) fn refuse(&mut self, peer: Peer, refusal: Refusal) {
        self.out.send(peer.connection, ToClient::Error(refusal));
        self.out.warn(match refusal {
            Refusal::TooFast => Warning::TooFast,
            Refusal::TooMany => Warning::TooMany,
            Refusal::NotAuthentic => Warning::BadCertificate,
            _ => Warning::NotAllowed,
        });
    }

    pub(crate) fn about(&self, device: DeviceKey, now: Now) -> About {
        About { meeting: self.id, key: self.key, device, now: now.wall }
    }

    /// Refuses a peer that asks for this too often.
    pub(crate) fn pace(
        &mut self,
        now: Now,
        peer: Peer,
        pace: impl Fn(&mut crate::connections::Paces) -> &mut crate::pace::Pace,
        rate: Rate,
    ) -> Result<(), Refusal> {
        let connection = self.connections.get_mut(peer.connection).ok_or(Refusal::NotAllowed)?;
        let in_time = pace(&mut connection.paces).take(now.mono, rate);
        if in_time { Ok(()) } else { Err(Refusal::TooFast) }
    }

    /// Whether this device is in the group and does not want to leave it.
    pub(crate) fn is_active(&self, device: DeviceKey) -> bool {
        self.session.as_ref().is_some_and(|session| session.active(device).is_some())
    }

    /// Whether this device is in the group, and HK made it host or delegate of it.
    pub(crate) fn is_active_delegate(&self, device: DeviceKey, now: Now) -> bool {
        let certified = |session: &Session| {
            session.active(device).is_some()
                && self.certificates.is_delegate(device, session.group, now.wall)
        };
        self.session.as_ref().is_some_and(certified)
    }

    pub(crate) fn require_host(&self, peer: Peer, now: Now) -> Result<(), Refusal> {
        let active = self.session.as_ref().filter(|session| session.active(peer.device).is_some());
        let role = |s: &Session| self.certificates.role(peer.device, s.group, now.wall);
        match active.and_then(role) {
            Some(Role::Host) => Ok(()),
            _ => Err(Refusal::NotAllowed),
        }
    }

    pub(crate) fn require_delegate(&self, peer: Peer, now: Now) -> Result<(), Refusal> {
        if self.is_active_delegate(peer.device, now) { Ok(()) } else { Err(Refusal::NotAllowed) }
    }

    /// The session, for a peer that is an active member of it.
    pub(crate) fn session_of(&mut self, peer: Peer) -> Result<&mut Session, Refusal> {
        let session = self.session.as_mut().filter(|s| s.active(peer.device).is_some());
        session.ok_or(Refusal::NotAllowed)
    }
}
