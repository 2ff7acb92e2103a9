//! Connecting, the greeting, and what follows from where this device stands.

use crate::participant::Participant;
use crate::returning::Returning;
use crate::shell::{MediaCommand, Output};
use crate::view::{Phase, Problem};
use base::statement::Hello;
use base::{MeetingKey, Nonce, Now};
use wire::{ClientMessage, ErrorCode, GroupState, Standing};

/// The server accepted the hello.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    pub participant: u32,
    pub standing: Standing,
    pub group: Option<GroupState>,
    pub host_present: bool,
}

impl Participant {
    pub(crate) fn connect(&mut self) {
        let path = format!("/api/v1/meetings/{}/ws", self.meeting.to_text());
        self.out.push(Output::Connect { path });
    }

    pub(crate) fn socket_closed(&mut self, now: Now) {
        self.connection.handle_closed(now.mono, &mut *self.entropy);
        self.number = None;
        self.lobby.handle_offline();
        self.entry.handle_offline();
        self.media.handle_offline();
        self.people.handle_offline();
        self.outgoing.handle_offline();
        if let Some(desk) = &mut self.desk {
            desk.handle_offline();
        }
        self.staff.handle_offline();
        if let Some(room) = &mut self.room {
            room.handle_offline();
        }
    }

    pub(crate) fn challenged(&mut self, version: u32, nonce: Nonce, key: MeetingKey) {
        if version != wire::VERSION {
            return self.fail(Problem::Version);
        }
        if self.promised.is_some_and(|promised| promised != key.fingerprint()) {
            return self.fail(Problem::WrongHostKey);
        }
        self.entry.shown = Some(key);
        // Without a promise, only the passcode's exchange can say whose key this is.
        self.hk = self.promised.and(Some(key));
        let hello = Hello {
            origin: self.origin.clone(),
            meeting: self.meeting,
            device: self.device.key(),
            server_nonce: nonce,
            client_nonce: self.fresh_nonce(),
        };
        let hello = self.device.signer().sign(&hello).into();
        let certificate = self.saved.host.as_ref().map(|host| host.certificate.clone().into());
        self.out.send(&ClientMessage::Hello { version: wire::VERSION, hello, certificate });
    }

    pub(crate) fn ready(&mut self, now: Now, ready: Ready) {
        if self.hk.is_none() && !self.needs_passcode() {
            return;
        }
        self.connection.handle_ready(now.mono);
        self.number = Some(ready.participant);
        self.host_present = ready.host_present;
        self.entry.held = Some(ready);
        if self.needs_passcode() {
            return self.hold_at_entry(now);
        }
        match ready.standing {
            Standing::Member => self.ready_as_member(now, ready.group),
            Standing::Outside | Standing::Certified => self.ready_outside(now, ready.group),
        }
    }

    fn ready_as_member(&mut self, now: Now, group: Option<GroupState>) {
        let Some(state) = group else { return self.fail(Problem::Internal) };
        if !self.saved.inside && self.lobby.pending.is_some() {
            // Let in while the connection was gone: the server repeats the Welcome.
            return;
        }
        if !self.saved.inside || self.saved.psk.is_none() {
            return self.give_up_seat(now, state);
        }
        let here = self.room.as_ref().map(|room| (room.session.group_id(), room.session.epoch()));
        match here {
            Some((group, epoch)) if group == state.group && epoch <= state.epoch => {
                self.resume(now, state)
            }
            _ => self.come_back(now, state),
        }
    }

    /// The group is still in memory: only the commits made meanwhile are missing.
    fn resume(&mut self, now: Now, state: GroupState) {
        if let Some(room) = &mut self.room {
            room.liveness.handle_reconnected(now);
        }
        self.hear_missed(now, state.epoch);
        self.connect_media();
        if self.room.as_ref().is_some_and(|room| room.is_delegate()) {
            self.furnish_desk(now);
            self.ask_for_desk(now);
        }
    }

    /// No group in memory: ask for this device's place, unless the server shows a past.
    fn come_back(&mut self, now: Now, state: GroupState) {
        if !self.is_past_our_mark(&state) {
            return self.fail(Problem::StaleGroup);
        }
        if self.is_host() && !state.others_present {
            self.drop_room();
            return self.open_session(now, Some(state.group));
        }
        self.ask_for_place(state);
    }

    /// From here on this device has no group until a Welcome brings it back.
    pub(crate) fn ask_for_place(&mut self, state: GroupState) {
        let mut outgoing = std::mem::take(&mut self.outgoing);
        outgoing.handle_returning();
        self.drop_room();
        self.outgoing = outgoing;
        self.phase = Phase::Entering;
        self.returning = Some(Returning::new(state));
    }

    fn is_past_our_mark(&self, state: &GroupState) -> bool {
        self.mark().is_some_and(|mark| mark.check(&state.group, state.epoch).is_ok())
    }

    /// The server still keeps a seat for this device that its person has left, or whose secret is
    /// gone: free it.
    pub(crate) fn give_up_seat(&mut self, now: Now, state: GroupState) {
        let leave = self.device.signer().sign(&base::statement::Leave {
            group: state.group,
            device: self.device.key(),
            epoch: state.epoch,
        });
        self.send(ClientMessage::Leave { leave: Some(leave.into()) });
        self.ready_outside(now, Some(state));
    }

    fn ready_outside(&mut self, now: Now, group: Option<GroupState>) {
        self.drop_room();
        match (self.is_host(), self.saved.inside) {
            (true, true) => {
                self.previous_session = group.map(|state| state.group);
                match self.cohost_is_inside() {
                    true => self.knock_as_host(now),
                    false => self.open_session(now, self.previous_session),
                }
            }
            (true, false) => {
                self.previous_session = group.map(|state| state.group);
                self.show_lobby();
            }
            (false, inside) => self.enter_lobby(inside),
        }
    }

    pub(crate) fn show_lobby(&mut self) {
        if matches!(self.phase, Phase::Opening | Phase::Entering | Phase::InMeeting) {
            self.phase = Phase::Lobby;
        }
    }

    pub(crate) fn server_error(&mut self, now: Now, code: ErrorCode) {
        match code {
            ErrorCode::WrongVersion => self.fail(Problem::Version),
            ErrorCode::NoSuchMeeting => self.fail(Problem::NoSuchMeeting),
            ErrorCode::Ended => self.stop(Phase::Ended, None),
            ErrorCode::Superseded => self.fail(Problem::OtherTab),
            ErrorCode::TooMany => self.connection.handle_busy(),
            ErrorCode::NotAllowed | ErrorCode::AgainstPolicy | ErrorCode::NotAuthentic => {
                self.not_allowed(now)
            }
            ErrorCode::BadOffer => self.reconnect_media(),
            ErrorCode::TooFast => self.hurried(now),
            ErrorCode::Draining | ErrorCode::Internal | ErrorCode::Malformed => {}
        }
    }

    /// Nothing further happens by itself.
    pub(crate) fn stop(&mut self, phase: Phase, problem: Option<Problem>) {
        self.drop_room();
        self.returning = None;
        self.lobby = Default::default();
        self.phase = phase;
        self.problem = problem;
        self.connection.stop();
        self.out.push(Output::Disconnect);
    }

    /// Leaves nothing of a group behind.
    pub(crate) fn drop_room(&mut self) {
        self.desk = None;
        self.frozen_code = None;
        self.give_up_all();
        self.people.clear();
        if self.room.take().is_some() {
            self.out.frames(crate::shell::FrameCommand::Clear);
        }
        if self.media.close() {
            self.out.media(MediaCommand::Close);
        }
    }
}
