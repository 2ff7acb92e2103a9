//! Going: by one's own wish, by the host's, or with everyone.

use crate::participant::Participant;
use crate::shell::Output;
use crate::view::{Phase, Problem};
use base::Now;
use base::statement::{End, Unverified};
use wire::{ClientMessage, Removal};

impl Participant {
    pub(crate) fn leave(&mut self) {
        let leave = self.room.as_ref().map(|room| room.session.leave(&self.device));
        let gone = matches!(self.phase, Phase::Failed | Phase::Ended | Phase::Removed);
        if gone {
            return;
        }
        self.saved.inside = false;
        self.save();
        self.send(ClientMessage::Leave { leave: leave.map(Into::into) });
        self.stop(Phase::Left, None);
    }

    /// The server's word, or the group's own.
    pub(crate) fn out_of_group(&mut self, _now: Now, why: Removal) {
        if self.room.is_none() && self.returning.is_none() {
            return self.was_put_out(why);
        }
        if why == Removal::SessionReplaced {
            let inside = self.saved.inside;
            self.returning = None;
            self.drop_room();
            if self.is_host() {
                return self.fail(Problem::OtherTab);
            }
            return self.enter_lobby(inside);
        }
        self.saved.inside = false;
        self.save();
        let phase = if why == Removal::Removed { Phase::Removed } else { Phase::Left };
        self.stop(phase, None);
    }

    /// Told on arrival what happened while this device was away; it stands at the door already.
    fn was_put_out(&mut self, why: Removal) {
        if why == Removal::Removed && self.saved.inside {
            self.saved.inside = false;
            self.save();
            self.stop(Phase::Removed, None);
        }
    }

    pub(crate) fn end_for_everyone(&mut self, now: Now) {
        if !self.is_host() {
            return;
        }
        let end = self.device.signer().sign(&End {
            meeting: self.meeting,
            device: self.device.key(),
            at: now.wall,
        });
        self.send(ClientMessage::EndMeeting { end: end.into() });
    }

    /// Inside, only the host's signature ends the meeting; outside, the server's refusal does too.
    pub(crate) fn ended(&mut self, end: &[u8]) {
        let Some(end) = self.verify_end(end) else { return };
        let by_host = |room: &crate::room::Room| {
            room.session.policy().role_of(&end.device) == Some(base::Role::Host)
        };
        if self.room.as_ref().is_none_or(by_host) {
            self.saved = Default::default();
            self.out.push(Output::Forget);
            self.stop(Phase::Ended, None);
        }
    }

    fn verify_end(&self, bytes: &[u8]) -> Option<End> {
        let unverified = Unverified::<End>::read(bytes).ok()?;
        let device = unverified.claim().device;
        let end = unverified.verify(&device.0).ok()?;
        (end.meeting == self.meeting).then_some(end)
    }
}
