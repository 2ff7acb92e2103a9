//! The guest's side: someone who has the meeting's address and no link.
//!
//! Until the passcode's exchange has shown whose key the meeting's is, the key the server shows
//! counts for nothing.

use crate::greeting::Ready;
use crate::participant::Participant;
use crate::passcode::Learned;
use crate::view::{PasscodeEntry, PasscodeState, Phase, Problem};
use base::policy::Feature;
use base::{MeetingKey, Millis, Now};
use e2ee::passcode::{
    Asking, Awaiting, Exchange, FromHost, GUEST_TRIES, Grant, Passcode, Visit, Wrong,
};
use std::time::Duration;
use wire::ClientMessage;

/// How long the host's device may take over one answer. It computes for milliseconds; the rest is
/// two networks.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause before the passcode is offered again to a host that is just arriving.
const AGAIN: Duration = Duration::from_secs(2);

/// How long tries in vain count, on this device and across its reloads: each is one guess for whoever
/// plays the host.
const TRIES_COUNT: Duration = Duration::from_secs(3600);

/// How far a guest has come. The tries are kept in what is saved.
#[derive(Default)]
pub(crate) struct Entry {
    /// The meeting key the server shows.
    pub shown: Option<MeetingKey>,
    /// Where this device stands on this connection, to be taken up once the link is known.
    pub held: Option<Ready>,
    /// Typed, and waiting for the host to come.
    typed: Option<Passcode>,
    step: Step,
    /// When to offer it again, or to give up waiting.
    due: Option<Millis>,
    wrong: bool,
    closed: bool,
}

#[derive(Default)]
enum Step {
    #[default]
    Idle,
    Asking(Asking),
    Awaiting(Awaiting),
}

impl Step {
    fn exchange(&self) -> Option<Exchange> {
        match self {
            Step::Idle => None,
            Step::Asking(asking) => Some(asking.exchange()),
            Step::Awaiting(awaiting) => Some(awaiting.exchange()),
        }
    }
}

impl Entry {
    pub fn next_due(&self) -> Option<Millis> {
        self.due
    }

    /// A broken exchange is not taken up: the person offers the passcode again.
    pub fn handle_offline(&mut self) {
        self.held = None;
        self.due = None;
        if self.step.exchange().is_some() {
            self.step = Step::Idle;
            self.typed = None;
        }
    }

    fn state(&self, tries: usize) -> PasscodeState {
        let tries_left = GUEST_TRIES.saturating_sub(tries);
        let checking = self.typed.is_some() || self.step.exchange().is_some();
        match () {
            () if checking => PasscodeState::Checking,
            () if self.closed || tries_left == 0 => PasscodeState::Closed,
            () if self.wrong => PasscodeState::Wrong { tries_left: tries_left as u32 },
            () => PasscodeState::None,
        }
    }

    fn handle_wrong(&mut self) {
        self.step = Step::Idle;
        self.due = None;
        self.wrong = true;
    }
}

impl Participant {
    /// Whether this device knows nothing of the meeting but its address.
    pub(crate) fn needs_passcode(&self) -> bool {
        self.link.is_none() && !self.is_host()
    }

    pub(crate) fn passcode_view(&self) -> PasscodeEntry {
        let needed = self.needs_passcode() && matches!(self.phase, Phase::Opening | Phase::Lobby);
        let state = match needed {
            true if self.policy.forbids(Feature::Passcode) => PasscodeState::Closed,
            true => self.entry.state(self.saved.wrong_passcodes.0.into()),
            false => PasscodeState::None,
        };
        PasscodeEntry { needed, state }
    }

    /// The person typed a passcode.
    pub(crate) fn enter_passcode(&mut self, now: Now, text: &str) {
        let (tries, until) = self.saved.wrong_passcodes;
        if until <= now.wall {
            self.saved.wrong_passcodes = Default::default();
        }
        let stopped = usize::from(tries) >= GUEST_TRIES && until > now.wall;
        let busy = self.entry.step.exchange().is_some() || stopped;
        if !self.passcode_view().needed || busy {
            return;
        }
        self.entry.closed = false;
        self.entry.typed = Passcode::parse(text).ok();
        self.entry.wrong = self.entry.typed.is_none();
        self.offer_passcode(now);
    }

    /// Connected, and nothing more to be done before the passcode was proven.
    pub(crate) fn hold_at_entry(&mut self, now: Now) {
        self.show_lobby();
        self.offer_passcode(now);
    }

    /// Begins the exchange, if there is something to offer and someone to offer it to.
    pub(crate) fn offer_passcode(&mut self, now: Now) {
        let entry = &mut self.entry;
        if !self.connection.online() || !self.host_present || entry.step.exchange().is_some() {
            return;
        }
        let Some(passcode) = entry.typed.take() else { return };
        let visit = Visit { meeting: self.meeting, guest: self.device.key() };
        let (asking, start) = Asking::start(&passcode, visit, &mut *self.entropy);
        // Kept until the host has answered, which it may not be there to do.
        entry.typed = Some(passcode);
        entry.step = Step::Asking(asking);
        entry.due = Some(now.mono + PATIENCE);
        self.send(ClientMessage::Passcode { message: start.into() });
    }

    /// The host is not behind its doorbell at this moment.
    pub(crate) fn passcode_unheard(&mut self, now: Now) {
        if matches!(self.entry.step, Step::Asking(_)) {
            self.entry.step = Step::Idle;
            self.entry.due = Some(now.mono + AGAIN);
        }
    }

    pub(crate) fn tick_entry(&mut self, now: Now) {
        if self.entry.due.take_if(|due| now.mono >= *due).is_none() {
            return;
        }
        if self.entry.step.exchange().is_some() {
            self.entry.step = Step::Idle;
            self.entry.typed = None;
        }
        self.offer_passcode(now);
    }

    /// The host's answer, as the server passes it on.
    pub(crate) fn passcode_replied(&mut self, now: Now, message: &[u8]) {
        let Ok((exchange, message)) = FromHost::decode(message) else { return };
        if !self.needs_passcode() || self.entry.step.exchange() != Some(exchange) {
            return;
        }
        self.entry.typed = None;
        match (std::mem::take(&mut self.entry.step), message) {
            (Step::Asking(asking), FromHost::Answer { point, fresh }) => {
                self.prove_passcode(now, asking.finish(point, fresh))
            }
            (Step::Awaiting(awaiting), FromHost::Grant { tag, sealed }) => {
                match awaiting.open(&tag, &sealed) {
                    Ok(grant) => self.learn_grant(now, grant),
                    Err(Wrong) => self.entry.handle_wrong(),
                }
            }
            (_, FromHost::Closed) => {
                self.entry.handle_wrong();
                self.entry.closed = true;
            }
            _ => self.entry.handle_wrong(),
        }
    }

    fn prove_passcode(&mut self, now: Now, finished: Result<(Awaiting, Vec<u8>), Wrong>) {
        let Ok((awaiting, confirm)) = finished else { return self.entry.handle_wrong() };
        // It counts from when this device shows its own proof, and durably.
        let (tries, _) = self.saved.wrong_passcodes;
        self.saved.wrong_passcodes = (tries.saturating_add(1), now.wall + TRIES_COUNT);
        self.save();
        self.entry.step = Step::Awaiting(awaiting);
        self.entry.due = Some(now.mono + PATIENCE);
        self.send(ClientMessage::Passcode { message: confirm.into() });
    }

    /// Whoever knows the passcode says what the meeting's key is; the server must have shown it.
    fn learn_grant(&mut self, now: Now, grant: Grant) {
        if self.entry.shown != Some(grant.key) {
            return self.fail(Problem::WrongHostKey);
        }
        let learned = Learned { secret: grant.link, fingerprint: grant.key.fingerprint() };
        self.hk = Some(grant.key);
        self.saved.wrong_passcodes = Default::default();
        self.take_up(learned);
        self.save();
        let Entry { shown, held, .. } = self.entry;
        self.entry = Entry { shown, held, ..Entry::default() };
        if let Some(ready) = held {
            self.ready(now, Ready { host_present: self.host_present, ..ready });
        }
    }

    /// From here on this device is as good as one that came by a link.
    pub(crate) fn take_up(&mut self, learned: Learned) {
        self.promised = Some(learned.fingerprint);
        self.link = Some(learned.link(self.meeting).keys());
        self.saved.learned = Some(learned);
    }

    /// The link that the passcode gave is no good any more: there is another passcode. True if
    /// this device came by a passcode.
    pub(crate) fn give_up_learned(&mut self) -> bool {
        let by_passcode = !self.by_fragment && self.saved.learned.is_some();
        if by_passcode {
            self.saved.learned = None;
            self.link = None;
            self.saved.inside = false;
            self.unsaved = true;
            self.phase = Phase::Lobby;
        }
        by_passcode
    }
}
