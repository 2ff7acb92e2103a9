//! What follows from a merged commit, and whether this device may send.

use crate::keys::Advance;
use crate::participant::Participant;
use crate::people::On;
use crate::view::{Phase, Problem, Safety};
use base::{Now, random};
use e2ee::liveness::{Beater, Status};
use e2ee::session::Merged;
use std::time::Duration;
use wire::Removal;

/// Among this many people everyone greets newcomers at once.
const FEW: u64 = 8;
/// Among more, each waits for a time of its own, up to this long for each of the others and never
/// longer than the most: a crowd that is let in would otherwise be greeted by everyone at every
/// commit. Longer shows newcomers later who has a camera on.
const GREET_SHARE: u64 = 8;
const GREET_MOST: u64 = 2_000;

impl Participant {
    pub(crate) fn merged(&mut self, now: Now, merged: Merged) {
        if merged.self_removed {
            let own = self.device.key();
            let removed = merged.removed.iter().any(|gone| gone.device == own);
            let why = if removed { Removal::Removed } else { Removal::Left };
            return self.out_of_group(now, why);
        }
        self.forget_gone(&merged);
        if self.advance_keys(now, &merged).is_none() {
            return self.fail(Problem::Internal);
        }
        self.tell_frame_rights();
        self.learn_names(&merged);
        if merged.policy_changed {
            self.keep_rules();
        }
        merged.psk.iter().for_each(|psk| self.keep_psk(psk));
        self.note_group();
        self.note_presence();
        self.follow_roles(now, &merged);
        if merged.psk.is_some() {
            self.renew_desk(now);
        }
        self.welcome_newcomers(now, &merged);
        self.check_caught_up();
        self.hear_early(now);
        self.open_door(now);
    }

    fn forget_gone(&mut self, merged: &Merged) {
        for gone in merged.removed.iter().chain(&merged.left) {
            self.media.forget(&gone.device);
            if let Some(name) = self.saved.names.get(&gone.device).map(str::to_owned) {
                self.saved.acquaintances.set(gone.device, name.clone());
                self.former_names.set(gone.device, name);
            }
            self.saved.names.remove(&gone.device);
        }
    }

    fn advance_keys(&mut self, now: Now, merged: &Merged) -> Option<()> {
        let room = self.room.as_mut()?;
        let session = &room.session;
        let base_key = session.base_key().ok()?;
        let (authenticator, members) = (session.authenticator(), session.member_count());
        let delegate = session.own_role().is_delegate();
        room.liveness.set_delegate(delegate);
        room.liveness.handle_epoch(merged.epoch, authenticator, members, now);
        if delegate {
            room.beater.get_or_insert_with(|| Beater::new(now)).handle_epoch(now);
        } else {
            room.beater = None;
        }
        let delegate = |device| session.role_of(&device).is_some_and(|role| role.is_delegate());
        if merged.swapped.iter().any(|moved| delegate(moved.device)) {
            // It came back without what we had asked it to echo.
            room.liveness.handle_reconnected(now);
        }
        let dead: Vec<u32> = merged.dead_leaves().collect();
        let urgent = merged.is_urgent();
        let advance = Advance { epoch: merged.epoch, base_key, urgent, dead: &dead };
        room.keys.advance(now, advance, &mut self.out);
        Some(())
    }

    fn learn_names(&mut self, merged: &Merged) {
        self.note_arrivals();
        let Some(room) = &mut self.room else { return };
        for (device, name) in room.settle(merged).iter() {
            self.saved.names.set(*device, name.clone());
            if let Some(desk) = &mut self.desk {
                desk.forget(device);
            }
        }
    }

    /// A delegate tells them everyone's name; everyone tells them what is on.
    fn welcome_newcomers(&mut self, now: Now, merged: &Merged) {
        if merged.added.is_empty() && merged.swapped.is_empty() {
            return;
        }
        if self.speaks_for_the_host(merged) {
            self.tell_names();
        }
        // Newcomers take for off what they are not told.
        if self.media.on != On::default() {
            self.greet_in_turn(now);
        }
    }

    fn greet_in_turn(&mut self, now: Now) {
        let Some(room) = &mut self.room else { return };
        let others = room.session.member_count() as u64;
        let most = (others.saturating_sub(FEW) * GREET_SHARE).min(GREET_MOST);
        let turn = match most {
            0 => 0,
            most => u64::from_be_bytes(random(&mut *self.entropy)) % most,
        };
        room.tell_on_at.get_or_insert(now.mono + Duration::from_millis(turn));
    }

    /// The committing delegate, or else the one that leads, tells names.
    fn speaks_for_the_host(&self, merged: &Merged) -> bool {
        let Some(room) = &self.room else { return false };
        if merged.own {
            return room.is_delegate();
        }
        let told = room.session.role_of(&merged.committer).is_some_and(|r| r.is_delegate());
        !told && room.leads()
    }

    /// Media flows only while the host's side confirms the group.
    pub(crate) fn update_sending(&mut self, now: Now) {
        let Some(room) = &mut self.room else { return };
        let status = room.liveness.status(now);
        room.keys.allow(now, status.may_send(), &mut self.out);
        room.confirmed |= status.may_send();
        self.safety = safety_of(status, room.confirmed);
        self.quiet_until = room.liveness.next_deadline(now);
        if room.confirmed && self.phase == Phase::Entering {
            self.phase = Phase::InMeeting;
        }
    }
}

fn safety_of(status: Status, confirmed: bool) -> Safety {
    match status {
        Status::Confirmed => Safety::Private,
        // For a moment after each change the next sign of life is under way.
        Status::Unconfirmed { may_send: true } => Safety::Private,
        Status::Unconfirmed { may_send: false } if !confirmed => Safety::None,
        Status::Silent => Safety::Unconfirmed,
        Status::Unconfirmed { .. } | Status::Paused => Safety::Paused,
        Status::Interference(_) => Safety::Interference,
    }
}
