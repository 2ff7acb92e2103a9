//! Membership: what this device means to change in the group, and the commits that do it.
//!
//! An intent is held by device key and applied again after every lost race until the group shows
//! it done; leaf numbers are reused, keys are not.

use crate::desk::Knocker;
use crate::keys::Keys;
use crate::names::Names;
use crate::pace::Pace;
use crate::participant::Participant;
use crate::people::On;
use crate::rules::Edit;
use base::{DeviceKey, GroupId, Millis, Now, OperatorPolicy, Party, Role, RoomRules, Secret};
use e2ee::liveness::{Beater, Liveness};
use e2ee::session::{
    Admission, Change, MAX_CHANGES, Merged, Outgoing, Session, VerifiedLeave, VerifiedSwap, Voided,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use wire::{Channel, ClientMessage, GroupState, LobbyReason, Welcome};

/// How long the server's answer to a commit or catch-up may take before asking again.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pause after the server found this device too fast.
const HOLD: Duration = Duration::from_secs(1);
/// What waits for a commit, each of its kind. Of admissions as many as a server lets wait; more are turned
/// away as busy.
const MAX_INTENTS: usize = 512;
/// Roles, or changes of the list of the removed, in one commit.
const MAX_BATCH: usize = 24;
/// Removals, and returns, in one commit.
const MAX_REMOVALS: usize = 12;
const MAX_RETURNS: usize = 6;
pub(crate) struct Room {
    pub session: Session,
    pub keys: Keys,
    pub liveness: Liveness,
    pub beater: Option<Beater>,
    pub entered: Millis,
    /// When a delegate was last heard.
    pub last_beat: Millis,
    /// Sending has been allowed once: from then on a pause is a pause, not an entrance.
    pub confirmed: bool,
    /// Messages of epochs this device has yet to reach.
    pub early: VecDeque<(Channel, Vec<u8>)>,
    /// Told to everyone again when someone new may not know it.
    pub tell_on_at: Option<Millis>,
    /// What the frame worker was last told: see [`crate::shell::FrameCommand::Rights`].
    pub told_rights: Option<(u8, Vec<(u32, u8)>)>,
    /// Of those this device has let in.
    pub parties: BTreeMap<DeviceKey, Party>,
    /// What those who run the server have fixed.
    pub policy: OperatorPolicy,
    /// Of the host's side, those whose connection is gone by the server's word.
    pub away: BTreeSet<DeviceKey>,
    /// When this device last looked who at the door was left standing by the others.
    pub looked: Millis,
    /// The rules are to be compared with it: it is new, or they are. A refusal is not repeated.
    pub comply: bool,
    intents: Intents,
    pace: Pace,
    /// The server asked for patience: no commit before this.
    hold_until: Millis,
    in_flight: Option<Millis>,
    /// So many of the intended edits are in the commit under way.
    edits_in_flight: usize,
    catching_up: Option<CatchUp>,
}

#[derive(Default)]
struct Intents {
    admit: Vec<Knocker>,
    remove: BTreeSet<DeviceKey>,
    swap: Vec<VerifiedSwap>,
    leave: Vec<VerifiedLeave>,
    edits: Vec<Edit>,
    /// Whom HK is to make what.
    roles: Vec<(DeviceKey, Role)>,
    block: BTreeSet<DeviceKey>,
    unblock: BTreeSet<DeviceKey>,
    /// Unblocked as soon as they are removed.
    see_out: BTreeSet<DeviceKey>,
    refresh: bool,
    /// Another group PSK.
    rotate: bool,
}

struct CatchUp {
    /// The server's epoch, if it has said.
    target: Option<u64>,
    ask_again: Millis,
}

impl Room {
    pub fn next_due(&self, online: bool) -> Option<Millis> {
        let talk = self.next_talk().filter(|_| online);
        [talk, self.keys.next_due()].into_iter().flatten().min()
    }

    /// When this device next has something to say to the server.
    fn next_talk(&self) -> Option<Millis> {
        if let Some(catching_up) = &self.catching_up {
            return Some(catching_up.ask_again);
        }
        let waiting = self.in_flight.map(|since| since + PATIENCE);
        let crowd = self.crowd_due().filter(|_| self.may_commit());
        let crowd = crowd.map(|at| at.max(self.hold_until));
        let held = (self.hold_until > Millis(0)).then_some(self.hold_until);
        let held =
            held.filter(|_| self.may_commit() && (self.intents.urgent() || self.must_comply()));
        let beat = self.beater.as_ref().map(Beater::next_due);
        let all = [waiting, crowd, held, beat, self.tell_on_at];
        all.into_iter().flatten().min()
    }

    pub fn handle_offline(&mut self) {
        self.in_flight = None;
        self.catching_up = Some(CatchUp { target: None, ask_again: Millis(u64::MAX) });
    }

    /// Whether the group is known to be as the server has it.
    pub fn is_current(&self) -> bool {
        self.catching_up.is_none()
    }

    pub fn is_delegate(&self) -> bool {
        self.session.own_role().is_delegate()
    }

    pub fn is_shut_out(&self, device: &DeviceKey) -> bool {
        self.session.policy().removed.contains(device) || self.intents.remove.contains(device)
    }

    /// Whether this device does what one of the host's side must do: the first of them that is here does.
    pub fn leads(&self) -> bool {
        let own = self.session.own_device();
        let delegates = self.session.members().filter(|member| member.role.is_delegate());
        let mut here = delegates.filter(|d| d.device == own || !self.away.contains(&d.device));
        here.next().is_some_and(|first| first.device == own)
    }

    pub fn intend_role(&mut self, device: DeviceKey, role: Role) {
        if self.intents.roles.len() < MAX_BATCH {
            self.intents.roles.retain(|(known, _)| *known != device);
            self.intents.roles.push((device, role));
        }
    }

    pub fn intend_edit(&mut self, edit: Edit) {
        if self.intents.edits.len() < MAX_INTENTS {
            self.intents.edits.push(edit);
        }
    }

    pub fn intend_block(&mut self, device: DeviceKey) {
        self.intents.unblock.remove(&device);
        if self.intents.block.len() < MAX_INTENTS {
            self.intents.block.insert(device);
        }
    }

    pub fn intend_unblock(&mut self, device: DeviceKey) {
        self.intents.block.remove(&device);
        if self.intents.unblock.len() < MAX_INTENTS {
            self.intents.unblock.insert(device);
        }
    }

    pub fn intend_unblock_after_removal(&mut self, device: DeviceKey) {
        if self.intents.see_out.len() < MAX_INTENTS {
            self.intents.see_out.insert(device);
        }
    }

    /// Gives a knocker back for whom there is no place.
    pub fn intend_admission(&mut self, knocker: Knocker) -> Result<(), Box<Knocker>> {
        self.intents.admit.retain(|other| other.device() != knocker.device());
        if self.intents.admit.len() == MAX_INTENTS {
            return Err(Box::new(knocker));
        }
        self.intents.admit.push(knocker);
        Ok(())
    }

    pub fn intend_rotation(&mut self) {
        self.intents.rotate = true;
    }

    /// Those whose keys are out of date, taken out of what is intended.
    pub fn take_entering(&mut self) -> Vec<Knocker> {
        std::mem::take(&mut self.intents.admit)
    }

    /// The knock is gone: nobody is there to be let in.
    pub fn forget_knock(&mut self, knock: u64) {
        if self.in_flight.is_none() {
            self.intents.admit.retain(|knocker| knocker.knock != knock);
        }
    }

    /// The rules as they are, with what is intended for them.
    pub fn rules_to_come(&self) -> RoomRules {
        let wanted = self.wanted_rules(&self.intents.edits, |_| On::default());
        wanted.unwrap_or_else(|| self.session.rules().clone())
    }

    /// Of those on their way in, the ones whose keys are in the group by now.
    pub fn arrived(&self) -> impl Iterator<Item = &Knocker> {
        let here = |knocker: &&Knocker| self.session.role_of(&knocker.device()).is_some();
        self.intents.admit.iter().filter(here)
    }

    pub fn entering_now(&self) -> impl Iterator<Item = &Knocker> {
        self.intents.admit.iter()
    }

    /// Members, and those on their way in.
    pub fn members_to_come(&self) -> usize {
        self.session.member_count() + self.intents.admit.len()
    }

    pub fn is_removing(&self) -> bool {
        !self.intents.remove.is_empty()
    }

    /// The party that is on its way in.
    pub fn entering(&self) -> Option<Party> {
        self.intents.admit.iter().find(|knocker| !knocker.of_host).map(|knocker| knocker.party)
    }

    /// Takes those out of what is intended whose turn is not now, or who would come to a closed room.
    pub fn take_held_back(&mut self) -> Vec<Knocker> {
        if self.in_flight.is_some() || self.intents.admit.is_empty() {
            return Vec::new();
        }
        let rules = self.rules_to_come();
        let opens = rules.admits() || self.locks_after_them(&rules);
        let (turn, first) = (self.turn(&rules), self.entering());
        let admit = std::mem::take(&mut self.intents.admit);
        let in_turn = |k: &Knocker| k.of_host || opens && turn.admits(k.party, first);
        let (now, later) = admit.into_iter().partition(in_turn);
        self.intents.admit = now;
        later
    }

    /// Whoever was let in before the room is locked comes in before it is. Stopping everything does not wait.
    fn locks_after_them(&self, rules: &RoomRules) -> bool {
        let coming = self.intents.admit.iter().any(|knocker| !knocker.of_host);
        coming && self.session.rules().admits() && rules.locked && !rules.frozen
    }

    /// Names of those a commit has just added at this device's wish; done intents are dropped.
    pub fn settle(&mut self, merged: &Merged) -> Names {
        let mut names = Names::default();
        for knocker in &self.intents.admit {
            if self.session.role_of(&knocker.device()).is_some() {
                names.set(knocker.device(), knocker.name.clone());
                if !knocker.of_host {
                    self.parties.insert(knocker.device(), knocker.party);
                }
            }
        }
        let session = &self.session;
        let here = |device: &DeviceKey| session.role_of(device).is_some();
        let back = |device: &DeviceKey| merged.swapped.iter().any(|moved| moved.device == *device);
        self.intents.admit.retain(|knocker| !here(&knocker.device()));
        self.parties.retain(|device, _| here(device));
        let seen_out = |device: &DeviceKey| !here(device) && self.intents.see_out.contains(device);
        let removed = session.policy().removed.iter().copied().filter(seen_out);
        self.intents.unblock.extend(removed);
        self.intents.see_out.retain(here);
        self.intents.remove.retain(here);
        self.intents.leave.retain(|leave| here(&leave.device()));
        self.intents.swap.retain(|swap| here(&swap.device()) && !back(&swap.device()));
        let banned = |device: &DeviceKey| session.policy().removed.contains(device);
        self.intents.block.retain(|device| !banned(device) && !here(device));
        self.intents.unblock.retain(banned);
        let certified = |d: &DeviceKey| session.role_of(d).filter(|_| here(d));
        self.intents.roles.retain(|(device, role)| certified(device).is_some_and(|r| r != *role));
        if merged.own {
            self.intents.edits.drain(..self.edits_in_flight.min(self.intents.edits.len()));
        }
        self.intents.rotate &= merged.psk.is_none();
        self.edits_in_flight = 0;
        self.in_flight = None;
        self.comply = true;
        names
    }

    /// From when on those who come or go are worth a commit.
    fn crowd_due(&self) -> Option<Millis> {
        let admit = (!self.intents.admit.is_empty()).then_some(self.pace.admit());
        let leave = (!self.intents.leave.is_empty()).then_some(self.pace.leave());
        [admit, leave].into_iter().flatten().min()
    }

    fn may_commit(&self) -> bool {
        self.in_flight.is_none() && self.is_current()
    }

    /// The next commit's changes, if one is due.
    fn due_change(&mut self, now: Now, on: impl Fn(&DeviceKey) -> On) -> Option<Change> {
        let intents = &self.intents;
        let crowd = self.crowd_due().is_some_and(|at| now.mono >= at);
        let held = now.mono < self.hold_until;
        let due = intents.urgent() || crowd || self.must_comply();
        if held || !self.may_commit() || !due {
            return None;
        }
        if intents.rotate && intents.remove.is_empty() {
            self.edits_in_flight = 0;
            return Some(Change { rotate: true, ..Change::default() });
        }
        let wanted = self.wanted_rules(&intents.edits, on);
        let waits = wanted.as_ref().is_some_and(|wanted| self.locks_after_them(wanted));
        let mut rules = wanted.filter(|_| !waits);
        let open = self.session.rules().admits() && rules.as_ref().is_none_or(RoomRules::admits);
        let turn = self.turn(rules.as_ref().unwrap_or(self.session.rules()));
        if let Some(party) = turn.names(self.entering()) {
            let rules = rules.get_or_insert_with(|| self.session.rules().clone());
            rules.consulting = Some(party);
        }
        self.edits_in_flight = if waits { 0 } else { intents.edits.len() };
        self.comply = false;
        let intents = &self.intents;
        let shares = intents.shares();
        let admit = intents.admit.iter().filter(|knocker| open || knocker.of_host);
        Some(Change {
            rules,
            block: intents.block.iter().take(MAX_BATCH).copied().collect(),
            unblock: intents.unblock.iter().take(MAX_BATCH).copied().collect(),
            admit: admit.take(shares.admit).map(admission).collect(),
            remove: intents.remove.iter().take(MAX_REMOVALS).copied().collect(),
            swap: intents.swap.iter().take(MAX_RETURNS).cloned().collect(),
            leave: intents.leave.iter().take(shares.leave).cloned().collect(),
            refresh: intents.refresh,
            ..Change::default()
        })
    }

    /// The group refuses what was intended: holding on to it would only repeat the refusal. What others asked for goes
    /// first, then those who come, who are returned, and only then everything else.
    fn abandon(&mut self) -> Vec<Knocker> {
        self.session.handle_conflict();
        self.in_flight = None;
        if !self.intents.swap.is_empty() || !self.intents.leave.is_empty() {
            self.intents.swap.clear();
            self.intents.leave.clear();
            return Vec::new();
        }
        if self.intents.admit.is_empty() {
            self.intents = Intents::default();
        }
        std::mem::take(&mut self.intents.admit)
    }

    /// A commit may have been dropped for coming too fast: it is made again in a while.
    pub fn hold(&mut self, now: Now) {
        if self.in_flight.take().is_some() {
            self.session.handle_conflict();
            self.hold_until = now.mono + HOLD;
        }
    }
}

/// How many go into one commit.
struct Shares {
    admit: usize,
    leave: usize,
}

impl Intents {
    /// What removals and returns leave is for those who come and go, half for each where both are many.
    fn shares(&self) -> Shares {
        let taken = self.remove.len().min(MAX_REMOVALS) + 2 * self.swap.len().min(MAX_RETURNS);
        let left = MAX_CHANGES - taken;
        let leave = self.leave.len().min((left / 2).max(left.saturating_sub(self.admit.len())));
        Shares { admit: left - leave, leave }
    }

    /// What does not wait for more of its kind.
    fn urgent(&self) -> bool {
        let bans = !self.block.is_empty() || !self.unblock.is_empty();
        let other = self.refresh || self.rotate || !self.roles.is_empty();
        bans || other || !self.swap.is_empty() || !self.edits.is_empty() || !self.remove.is_empty()
    }
}

fn admission(knocker: &Knocker) -> Admission {
    Admission { key_package: knocker.verified.key_package().clone(), role: Role::Participant }
}

impl Participant {
    /// Takes this device's place in a group it has created or joined.
    pub(crate) fn enter_room(&mut self, now: Now, session: Session) {
        let Ok(base_key) = session.base_key() else {
            return self.fail(crate::view::Problem::Internal);
        };
        let delegate = session.own_role().is_delegate();
        let keys = Keys::enter(session.epoch(), session.own_leaf(), base_key, &mut self.out);
        let liveness = Liveness::new(
            delegate,
            session.epoch(),
            session.authenticator(),
            session.member_count(),
            now,
        );
        self.room = Some(Room {
            session,
            keys,
            liveness,
            beater: delegate.then(|| Beater::new(now)),
            entered: now.mono,
            last_beat: now.mono,
            confirmed: false,
            early: VecDeque::new(),
            tell_on_at: Some(now.mono),
            told_rights: None,
            parties: BTreeMap::new(),
            policy: self.policy.fixed,
            away: BTreeSet::new(),
            looked: now.mono,
            comply: true,
            intents: Intents::default(),
            pace: Pace::default(),
            hold_until: now.mono,
            in_flight: None,
            edits_in_flight: 0,
            catching_up: None,
        });
        self.saved.inside = true;
        self.problem = None;
        self.phase = crate::view::Phase::Entering;
        self.note_group();
        self.connect_media();
        self.staff = Default::default();
        self.follow_host(now);
        self.note_presence();
        if self.is_host() {
            self.saved.names.set(self.device.key(), self.saved.name.clone());
            self.take_up_rotation();
        }
        match delegate {
            true => self.furnish_desk(now),
            false => self.lay_down(),
        }
        if !self.is_host() {
            self.ask_for_desk(now);
        }
        self.tell_frame_rights();
        self.enter_quietly();
        self.update_sending(now);
    }

    /// A link was revoked, and this device lost its state before the PSK was replaced.
    fn take_up_rotation(&mut self) {
        let due = self.saved.host.as_ref().is_some_and(|host| host.rotate);
        if let Some(room) = self.room.as_mut().filter(|_| due) {
            room.intend_rotation();
        }
    }

    /// Records the group as it is, durably.
    pub(crate) fn note_group(&mut self) {
        let Some(room) = &self.room else { return };
        let epoch = room.session.epoch();
        self.saved.mark = Some(room.session.mark().encode());
        self.people.handle_roster(room.session.members().map(|member| member.device));
        self.save();
        self.send(ClientMessage::KeysReady { epoch });
    }

    pub(crate) fn tick_room(&mut self, now: Now) {
        self.run_commits(now);
        self.tick_catch_up(now);
        self.tick_messages(now);
        if let Some(room) = &mut self.room {
            room.keys.tick(now, &mut self.out);
            room.intents.refresh |= room.keys.wants_refresh();
        }
        self.update_sending(now);
    }

    pub(crate) fn run_commits(&mut self, now: Now) {
        if !self.connection.online() {
            return;
        }
        // Before the commit that ends this epoch: members take it for this one's only while they are in it,
        // and newcomers wait for it.
        self.beat(now);
        self.wait_again();
        let Some(room) = &mut self.room else { return };
        let people = &self.people;
        let Some(mut change) = room.due_change(now, |device| people.on(device)) else { return };
        if !change.rotate {
            let roles = room.intents.roles.clone();
            change.certify = self.certify(now, &roles);
        }
        let Some(room) = &mut self.room else { return };
        match room.session.commit(&self.device, change) {
            Ok(outgoing) => {
                room.in_flight = Some(now.mono);
                room.pace.note_commit(now.mono);
                room.intents.refresh = false;
                self.send_commit(outgoing);
            }
            Err(_) => self.abandon(),
        }
    }

    /// The mark is durable before the commit leaves: a crash in between must not forget a removal.
    fn send_commit(&mut self, outgoing: Outgoing) {
        self.saved.mark = Some(outgoing.mark.encode());
        if let Some(psk) = &outgoing.psk {
            self.saved.other_psk = Some(Secret::new(*psk.expose()));
        }
        self.save();
        let welcome = outgoing.welcome.map(|message| Welcome { message: message.into() });
        let (commit, ticket) = (outgoing.commit.into(), outgoing.ticket.into());
        self.send(ClientMessage::Commit { commit, ticket, welcome });
    }

    pub(crate) fn remove(&mut self, device: &[u8]) {
        let Some(room) = &mut self.room else { return };
        let Ok(device) = <[u8; 32]>::try_from(device).map(DeviceKey) else { return };
        let other = device != room.session.own_device();
        if room.is_delegate() && other && room.session.role_of(&device).is_some() {
            room.intents.remove.insert(device);
        }
    }

    pub(crate) fn swap_requested(&mut self, _now: Now, swap: &[u8], key_package: &[u8]) {
        let Some(room) = &mut self.room else { return };
        if let Ok(swap) = room.session.verify_swap(swap, key_package) {
            room.intents.swap.retain(|known| known.device() != swap.device());
            room.intents.swap.push(swap);
        }
    }

    pub(crate) fn leave_requested(&mut self, _now: Now, leave: &[u8]) {
        let Some(room) = &mut self.room else { return };
        if let Ok(leave) = room.session.verify_leave(leave) {
            room.intents.leave.retain(|known| known.device() != leave.device());
            room.intents.leave.push(leave);
        }
    }

    pub(crate) fn committed(&mut self, now: Now, group: GroupId, epoch: u64, commit: &[u8]) {
        let Some(room) = self.room.as_mut().filter(|r| r.session.group_id() == group) else {
            return;
        };
        match epoch.cmp(&room.session.epoch()) {
            std::cmp::Ordering::Less => {}
            std::cmp::Ordering::Greater => self.catch_up(now, Some(epoch + 1)),
            std::cmp::Ordering::Equal => match room.session.handle_committed(commit) {
                Ok(merged) => self.merged(now, merged),
                Err(_) => self.refuse_commit(commit),
            },
        }
    }

    /// A delegate withdraws what honest members refuse; the others wait for that.
    fn refuse_commit(&mut self, commit: &[u8]) {
        let Some(room) = &mut self.room else { return };
        if let Some(void) = room.session.void(&self.device, commit) {
            room.in_flight = None;
            self.send(ClientMessage::Void { void: void.into() });
        }
    }

    pub(crate) fn conflict(&mut self, now: Now, group: GroupId, epoch: u64) {
        let Some(room) = self.room.as_mut().filter(|r| r.session.group_id() == group) else {
            return;
        };
        if epoch < room.session.epoch() || room.in_flight.is_none() {
            return;
        }
        room.session.handle_conflict();
        room.in_flight = None;
        // The winner usually comes by itself right behind; asking costs little.
        self.catch_up(now, Some(epoch + 1));
    }

    pub(crate) fn voided(&mut self, _now: Now, void: &[u8]) {
        let Some(room) = &mut self.room else { return };
        match room.session.handle_voided(void) {
            Ok(Voided::Resumed) => room.in_flight = None,
            Ok(Voided::Rejoin { epoch }) => self.rejoin(epoch),
            Err(_) => {}
        }
    }

    /// This device had followed a commit that was withdrawn: its state is gone for good.
    fn rejoin(&mut self, epoch: u64) {
        let Some(room) = &self.room else { return };
        let mut mark = room.session.mark();
        mark.epoch = epoch;
        self.saved.mark = Some(mark.encode());
        self.save();
        self.ask_for_place(GroupState { group: mark.group, epoch, others_present: true });
    }

    /// Asks for a place in the epoch that the server is at: members refuse a wish of long ago.
    pub(crate) fn too_old(&mut self, group: GroupId, epoch: u64) {
        let room = self.room.as_ref().filter(|room| room.session.group_id() == group);
        if room.is_some_and(|room| room.session.epoch() < epoch) {
            self.ask_for_place(GroupState { group, epoch, others_present: true });
        }
    }

    /// The server refused a request of ours; if it was a commit, it will refuse it again.
    pub(crate) fn not_allowed(&mut self, _now: Now) {
        if self.room.as_ref().is_some_and(|room| room.in_flight.is_some()) {
            self.abandon();
        }
    }

    /// Whoever was to be let in knocks again by itself, and hears how things stand.
    fn abandon(&mut self) {
        let knockers = self.room.as_mut().map(Room::abandon);
        for knocker in knockers.into_iter().flatten() {
            self.turn_away(knocker.knock, LobbyReason::Stale);
        }
    }

    /// Asks for the commits since this device's epoch.
    pub(crate) fn catch_up(&mut self, now: Now, target: Option<u64>) {
        let Some(room) = &mut self.room else { return };
        let (group, epoch) = (room.session.group_id(), room.session.epoch());
        if target.is_some_and(|target| target <= epoch) {
            return self.caught_up();
        }
        let target = target.max(room.catching_up.as_ref().and_then(|c| c.target));
        room.catching_up = Some(CatchUp { target, ask_again: now.mono + PATIENCE });
        self.send(ClientMessage::CatchUp { group, epoch });
    }

    /// After a break: asks for the chat as well, which may have gone on in this device's epoch.
    pub(crate) fn hear_missed(&mut self, now: Now, target: u64) {
        let Some(room) = &mut self.room else { return };
        let (group, epoch) = (room.session.group_id(), room.session.epoch());
        room.catching_up = Some(CatchUp { target: Some(target), ask_again: now.mono + PATIENCE });
        self.send(ClientMessage::CatchUp { group, epoch });
        self.check_caught_up();
    }

    fn tick_catch_up(&mut self, now: Now) {
        if !self.connection.online() {
            return;
        }
        let Some(room) = &mut self.room else { return };
        let asked = room.catching_up.as_ref().map(|c| (c.ask_again, c.target));
        if let Some((_, target)) = asked.filter(|(at, _)| now.mono >= *at) {
            return self.catch_up(now, target);
        }
        if room.in_flight.is_some_and(|since| now.mono >= since + PATIENCE) {
            room.in_flight = Some(now.mono);
            let (group, epoch) = (room.session.group_id(), room.session.epoch());
            self.send(ClientMessage::CatchUp { group, epoch });
        }
    }

    /// After each merge: is everything there that the server spoke of?
    pub(crate) fn check_caught_up(&mut self) {
        let Some(room) = &mut self.room else { return };
        let epoch = room.session.epoch();
        let target = room.catching_up.as_ref().and_then(|c| c.target);
        if target.is_some_and(|target| target <= epoch) {
            self.caught_up();
        }
    }

    /// A commit of ours that is not among those accepted never arrived.
    fn caught_up(&mut self) {
        let Some(room) = &mut self.room else { return };
        if room.catching_up.take().is_some() && room.in_flight.is_none() {
            room.session.handle_conflict();
        }
    }
}
