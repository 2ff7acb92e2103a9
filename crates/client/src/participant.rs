//! The participant: its state, and where each input goes. The rules live in the modules beside
//! this one, each an `impl Participant` about one concern.

use crate::chat::Chat;
use crate::connection::{Connection, Due};
use crate::delegation::Staff;
use crate::desk::Desk;
use crate::lobby::Lobby;
use crate::media::Media;
use crate::names::Names;
use crate::outbox::Outbox;
use crate::outgoing::Outgoing;
use crate::passcode::Entry;
use crate::people::People;
use crate::policy::Policy;
use crate::returning::Returning;
use crate::room::Room;
use crate::saved::Saved;
use crate::shell::{Command, Input, Output};
use crate::showing::Showing;
use crate::view::{Phase, Problem, Safety, View};
use base::ids::Fingerprint;
use base::{Entropy, GroupId, MeetingId, MeetingKey, Millis, Nonce, Now, Secret};
use e2ee::link::{Link, LinkError, LinkKeys};
use e2ee::{Device, HostKey};
use std::time::Duration;
use wire::{ClientMessage, ServerMessage};

/// What is due and still not done waits for something else; looking again this soon costs little.
const OVERDUE: Duration = Duration::from_millis(50);

/// Who takes part, and in what.
pub struct Config {
    /// Scheme, host and port of the server, as in the page's address: `https://meet.example.org`.
    pub origin: String,
    /// The meeting's id as it stands in the address.
    pub meeting: String,
    /// The address's fragment without `#`.
    pub fragment: Option<String>,
    /// Seed of this device's long-lived key.
    pub device_seed: Secret<32>,
    /// The bytes of the last [`Output::Save`] for this meeting on this device.
    pub saved: Option<Vec<u8>>,
}

/// One participant of one meeting.
pub struct Participant {
    pub(crate) origin: String,
    pub(crate) meeting: MeetingId,
    pub(crate) device: Device,
    pub(crate) link: Option<LinkKeys>,
    /// What the link promises about the meeting key.
    pub(crate) promised: Option<Fingerprint>,
    /// The meeting key once it kept that promise.
    pub(crate) hk: Option<MeetingKey>,
    pub(crate) saved: Saved,
    pub(crate) phase: Phase,
    pub(crate) problem: Option<Problem>,
    pub(crate) connection: Connection,
    /// The server's number for this device, on this connection.
    pub(crate) number: Option<u32>,
    pub(crate) host_present: bool,
    pub(crate) policy: Policy,
    pub(crate) lobby: Lobby,
    /// What a guest without a link does first.
    pub(crate) entry: Entry,
    /// The address had its secret part.
    pub(crate) by_fragment: bool,
    pub(crate) desk: Option<Desk>,
    pub(crate) staff: Staff,
    /// The session the server has and this device is not in.
    pub(crate) previous_session: Option<GroupId>,
    pub(crate) room: Option<Room>,
    pub(crate) safety: Safety,
    /// When the group's silence next changes what is shown.
    pub(crate) quiet_until: Option<Millis>,
    pub(crate) returning: Option<Returning>,
    pub(crate) people: People,
    pub(crate) media: Media,
    pub(crate) chat: Chat,
    pub(crate) outgoing: Outgoing,
    /// Of those who are gone, so that the host's side knows whom it keeps out.
    pub(crate) former_names: Names,
    /// The code on show while its dialog is open.
    pub(crate) frozen_code: Option<String>,
    pub(crate) out: Outbox,
    pub(crate) entropy: Box<dyn Entropy + Send>,
    /// State to be saved before this call's remaining outputs.
    pub(crate) unsaved: bool,
    shown: View,
    showing: Showing,
    wake: Option<Millis>,
}

impl Participant {
    /// Starts at once: the first outputs ask for a connection, or show why there is none.
    pub fn new(config: Config, now: Now, entropy: Box<dyn Entropy + Send>) -> Self {
        let saved = config.saved.and_then(|bytes| Saved::decode(&bytes).ok()).unwrap_or_default();
        let meeting = MeetingId::from_text(config.meeting.trim());
        let mut participant = Participant {
            origin: config.origin,
            meeting: meeting.unwrap_or(MeetingId([0; 16])),
            device: Device::from_seed(config.device_seed),
            link: None,
            promised: None,
            hk: None,
            saved,
            phase: Phase::Opening,
            problem: None,
            connection: Connection::new(now.mono),
            number: None,
            host_present: false,
            policy: Policy::default(),
            lobby: Lobby::default(),
            entry: Entry::default(),
            by_fragment: false,
            desk: None,
            staff: Staff::default(),
            previous_session: None,
            room: None,
            safety: Safety::None,
            quiet_until: None,
            returning: None,
            people: People::default(),
            media: Media::default(),
            chat: Chat::default(),
            outgoing: Outgoing::default(),
            former_names: Names::default(),
            frozen_code: None,
            out: Outbox::default(),
            entropy,
            unsaved: false,
            shown: View::default(),
            showing: Showing::default(),
            wake: None,
        };
        let fragment = config.fragment.unwrap_or_default();
        if let Err(problem) = participant.learn_link(meeting.is_ok(), &fragment) {
            participant.fail(problem);
        }
        participant.ensure_passcode();
        participant.tick(now);
        participant.finish(now, true);
        participant
    }

    /// Tells the participant what happened.
    pub fn handle(&mut self, now: Now, input: Input) {
        let by_others = matches!(input, Input::SocketMessage { .. } | Input::Tick);
        match input {
            Input::SocketOpened => {}
            Input::Tick => self.wake = None,
            Input::NetworkChanged => self.connection.handle_network(now.mono),
            Input::SocketClosed => self.socket_closed(now),
            Input::SocketMessage { text } => self.socket_message(now, &text),
            Input::Command(command) => self.command(now, command),
            Input::Media(event) => self.media_event(event),
            Input::Frames(event) => self.frame_event(event),
        }
        self.tick(now);
        self.finish(now, !by_others);
    }

    /// The next thing to carry out, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop()
    }

    /// The devices of the group and their leaves, as of its current epoch.
    pub fn leaves(&self) -> Vec<(base::DeviceKey, u32)> {
        let members = self.room.iter().flat_map(|room| room.session.members());
        members.map(|member| (member.device, member.leaf)).collect()
    }

    /// A host's device knows its own meeting; everybody else needs the link, or is asked for the
    /// passcode.
    fn learn_link(&mut self, id_is_valid: bool, fragment: &str) -> Result<(), Problem> {
        if !id_is_valid {
            return Err(Problem::NoSuchMeeting);
        }
        if let Some(link) = self.host_link() {
            self.promised = Some(link.fingerprint);
            self.link = Some(link.keys());
            return Ok(());
        }
        let link = match Link::parse(&self.meeting.to_text(), fragment) {
            Err(LinkError::NoSecret) => {
                self.saved.learned.clone().into_iter().for_each(|learned| self.take_up(learned));
                return Ok(());
            }
            link => link.map_err(problem_of_link)?,
        };
        self.by_fragment = true;
        self.promised = Some(link.fingerprint);
        self.link = Some(link.keys());
        Ok(())
    }

    /// The link a host shows.
    pub(crate) fn host_link(&self) -> Option<Link> {
        let host = self.saved.host.as_ref()?;
        let fingerprint = HostKey::from_seed(host.key.clone()).public().fingerprint();
        let secret = host.links.first()?.clone();
        Some(Link { meeting: self.meeting, secret, fingerprint })
    }

    /// The link that the host's side hands out.
    pub(crate) fn shown_link(&self) -> Option<Link> {
        let entrusted = || {
            let secret = self.saved.delegation.as_ref()?.links.first()?.clone();
            Some(Link { meeting: self.meeting, secret, fingerprint: self.promised? })
        };
        self.host_link().or_else(entrusted)
    }

    pub(crate) fn is_host(&self) -> bool {
        self.saved.host.is_some()
    }

    fn command(&mut self, now: Now, command: Command) {
        match command {
            Command::Join { name } => self.join(now, &name),
            Command::CancelJoin => self.cancel_join(),
            Command::Passcode { text } => self.enter_passcode(now, &text),
            Command::NewPasscode => self.new_passcode(now),
            Command::ReopenPasscode => self.reopen_passcode(),
            Command::SetPasscode { on } => self.set_passcode(now, on),
            Command::Admit { knock } => self.admit(now, knock),
            Command::AdmitAll => self.admit_all(now),
            Command::Decline { knock } => self.decline(knock),
            Command::Remove { device } => self.remove(&device.0),
            Command::Leave => self.leave(),
            Command::EndForEveryone => self.end_for_everyone(now),
            Command::SetMuted { kind, muted } => self.set_muted(kind, muted),
            Command::ShowCode { open } => self.show_code(open),
            Command::Chat { text } => self.send_chat(now, &text),
            Command::RaiseHand { on } => self.raise_hand(on),
            other => self.control(now, other),
        }
    }

    /// What the host's side does.
    fn control(&mut self, now: Now, command: Command) {
        match command {
            Command::SetRule { rule, on } => self.set_rule(now, rule, on),
            Command::Allow { device, rule, on } => self.allow(now, &device.0, rule, on),
            Command::SetCohost { device, on } => self.set_cohost(now, &device.0, on),
            Command::HandOver { device } => self.hand_over(now, &device.0),
            Command::SetStage { device, on } => self.set_stage(now, &device.0, on),
            Command::Ask { device, ask } => {
                self.ask(now, device.as_ref().map(|device| device.0.as_slice()), ask)
            }
            Command::Rename { device, name } => self.rename(&device.0, &name),
            Command::Block { knock } => self.block(now, knock),
            Command::Unblock { device } => self.unblock(now, &device.0),
            Command::SeeOut { device } => self.see_out(now, &device.0),
            Command::Invite { label, cohost } => self.invite(&label, cohost),
            Command::Revoke { invitation } => self.revoke(now, &invitation.0),
            Command::SetWaitingRoom { on, cap } => self.set_waiting_room(now, on, cap),
            Command::Tell { text } => self.tell_waiting(&text),
            Command::RenameWaiting { knock, name } => self.rename_waiting(knock, &name),
            Command::ChangeLink => self.change_link(now),
            _ => {}
        }
    }

    fn socket_message(&mut self, now: Now, text: &str) {
        if self.connection.stopped() {
            return;
        }
        self.connection.handle_message(now.mono);
        // A message this version does not know is no reason to part: it may be a newer server's.
        if let Ok(message) = ServerMessage::read(text) {
            self.server_message(now, message);
        }
    }

    fn server_message(&mut self, now: Now, message: ServerMessage) {
        use ServerMessage as M;
        match message {
            M::Challenge { version, nonce, key, policy } => {
                self.learn_policy(policy.as_ref());
                self.challenged(version, nonce, key)
            }
            M::Ready { participant, standing, group, host_present } => self
                .ready(now, crate::greeting::Ready { participant, standing, group, host_present }),
            M::HostPresence { present } => {
                self.host_present = present;
                self.offer_passcode(now);
            }
            M::Doorbell { doorbell, nonce, wrap, card } => {
                let answer = crate::lobby::Answer { doorbell, nonce, wrap, card };
                self.doorbell_answered(now, answer)
            }
            M::KnockDelivered => self.knock_delivered(),
            M::DoorbellWanted => self.send_nonces(),
            M::Refused { reason } => self.refused(now, reason),
            M::Knocked { knock, device, sealed } => self.knocked(now, knock, device, &sealed.0),
            M::KnockGone { knock } => self.knock_gone(knock),
            M::Told { sealed } => self.told(&sealed.0),
            M::PasscodeTried { device, message } => self.passcode_tried(device, &message.0),
            M::PasscodeReplied { message } => self.passcode_replied(now, &message.0),
            M::SessionOpened { group } => self.session_opened(now, group),
            M::Welcome { group, epoch, message } => self.welcomed(now, group, epoch, &message.0),
            M::Committed { group, epoch, commit, .. } => {
                self.committed(now, group, epoch, &commit.0)
            }
            M::Conflict { group, epoch } => self.conflict(now, group, epoch),
            M::Voided { void } => self.voided(now, &void.0),
            M::TooOld { group, epoch } => self.too_old(group, epoch),
            M::GroupMessage { group, channel, message, .. } => {
                self.group_message(now, group, channel, &message.0)
            }
            M::SwapRequested { swap, key_package } => {
                self.swap_requested(now, &swap.0, &key_package.0)
            }
            M::LeaveRequested { leave } => self.leave_requested(now, &leave.0),
            M::OutOfGroup { why } => self.out_of_group(now, why),
            M::Ended { end } => self.ended(&end.0),
            M::Members { members } => {
                self.people.handle_members(members);
                self.note_presence();
            }
            M::MemberChanged { member } => {
                self.people.handle_member(member);
                self.note_presence();
            }
            M::MemberGone { participant } => self.people.handle_gone(participant),
            M::Answer { sdp } => self.media_answered(sdp),
            M::Slots { slots } => self.media.handle_slots(slots),
            M::Speakers { participants } => self.media.handle_speakers(participants),
            M::LayersWanted { mid, rids } => self.layers_wanted(mid, rids),
            M::Pong { .. } => {}
            M::Error { code } => self.server_error(now, code),
        }
    }

    /// Whom of the host's side the server has lost.
    pub(crate) fn note_presence(&mut self) {
        let Some(room) = &mut self.room else { return };
        let delegates = room.session.members().filter(|member| member.role.is_delegate());
        room.away = self.people.away(delegates.map(|member| member.device));
    }

    pub(crate) fn send(&mut self, message: ClientMessage) {
        if self.connection.online() {
            self.out.send(&message);
        }
    }

    /// Makes the saved state durable before anything that is pushed after this.
    pub(crate) fn save(&mut self) {
        self.unsaved = false;
        self.out.save(self.saved.encode());
    }

    /// Cannot go on.
    pub(crate) fn fail(&mut self, problem: Problem) {
        self.stop(Phase::Failed, Some(problem));
    }

    pub(crate) fn fresh_nonce(&mut self) -> Nonce {
        Nonce(base::random(&mut *self.entropy))
    }

    fn tick(&mut self, now: Now) {
        match self.connection.poll(now.mono) {
            Due::Nothing => {}
            Due::Connect => self.connect(),
            Due::Ping(id) => self.send(ClientMessage::Ping { id }),
            Due::Lost => self.socket_closed(now),
        }
        self.tick_lobby(now);
        self.tick_entry(now);
        self.tick_returning(now);
        self.tick_desk(now);
        self.tick_door(now);
        self.tick_staff(now);
        self.tick_room(now);
    }

    /// One save, one view and one alarm at the end of each call, and only if they say anything new.
    fn finish(&mut self, now: Now, at_once: bool) {
        if self.unsaved {
            self.save();
        }
        let waiting = self.desk.as_ref().map_or(0, |desk| desk.waiting.len());
        let people = self.people.order().len() + waiting;
        let other = self.phase != self.shown.phase;
        if at_once || other || self.showing.may(now.mono, people) {
            self.show(now);
        }
        let overdue = now.mono + OVERDUE;
        let wake = self.next_due().map(|due| if due <= now.mono { overdue } else { due });
        if wake != self.wake {
            self.wake = wake;
            if let Some(wake) = wake {
                self.out.push(Output::WakeAt { mono: wake.0 });
            }
        }
    }

    fn show(&mut self, now: Now) {
        let view = self.view();
        let changed = view != self.shown;
        self.showing.handle_shown(now.mono, changed);
        if changed {
            self.shown = view.clone();
            self.out.push(Output::View { view: Box::new(view) });
        }
    }

    fn next_due(&self) -> Option<Millis> {
        let due = [
            self.showing.next_due(),
            self.connection.next_due(),
            self.lobby.next_due(),
            self.entry.next_due(),
            self.returning.as_ref().map(Returning::next_due),
            self.desk.as_ref().and_then(Desk::next_due),
            self.door_due(),
            self.staff.next_due().filter(|_| self.connection.online()),
            self.room.as_ref().and_then(|room| room.next_due(self.connection.online())),
            self.room.as_ref().and(self.quiet_until),
            self.outgoing.next_due().filter(|_| self.may_speak()),
        ];
        due.into_iter().flatten().min()
    }
}

fn problem_of_link(error: LinkError) -> Problem {
    match error {
        LinkError::NoMeeting => Problem::NoSuchMeeting,
        LinkError::OtherVersion => Problem::Version,
        LinkError::NoSecret | LinkError::Damaged => Problem::BadLink,
    }
}
