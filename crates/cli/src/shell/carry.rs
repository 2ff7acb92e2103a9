//! Carrying out what the core asks for.

use super::{Admit, Shell, ShellError};
use crate::net::Signalling;
use crate::report::Chat;
use client::shell::{Command, Input, Notice, Output};
use client::view::{PasscodeState, Phase, View};
use std::time::{Duration, Instant};

/// How long the lobby may take to show a host before the guest asks all the same.
const PATIENCE: Duration = Duration::from_secs(1);

impl Shell {
    /// Carries out everything that is asked for, until nothing is left.
    pub(super) fn settle(&mut self) {
        while self.failed.is_none() {
            let busy = self.carry_out_core() | self.carry_out_peer() | self.carry_out_receiver();
            if !busy {
                return;
            }
        }
    }

    /// Carries out the core's outputs, in order.
    pub(super) fn carry_out_core(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.core.poll_output() {
            busy = true;
            self.carry_out(output);
        }
        busy
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect { path } => {
                self.signalling = Some(Signalling::open(self.dialer.clone(), path));
            }
            Output::Disconnect => self.disconnect(),
            Output::Send { text } => {
                if let Some(signalling) = &mut self.signalling {
                    signalling.send(text);
                }
            }
            Output::Save { state } => {
                let saved = self.keep.save(&self.part.meeting, state.0);
                self.note(saved.map_err(ShellError::from));
            }
            Output::Forget => {
                let forgotten = self.keep.forget(&self.part.meeting);
                self.note(forgotten.map_err(ShellError::from));
            }
            Output::WakeAt { mono } => self.wake = Some(self.clock.at(mono)),
            Output::View { view } => self.show(*view),
            Output::Notice { notice } => self.heed(notice),
            Output::Media(command) => self.carry_out_media(command),
            Output::Frames(command) => self.carry_out_frames(command),
        }
    }

    /// What the host's side asks for. Nobody is here to be asked to speak.
    fn heed(&mut self, notice: Notice) {
        let kind = match notice {
            Notice::JoinMuted if self.part.unmutes => return,
            Notice::Mute | Notice::JoinMuted => wire::Kind::Mic,
            Notice::StopVideo | Notice::JoinCameraOff => wire::Kind::Camera,
            Notice::StopSharing | Notice::HandLowered => return,
            Notice::AskedToUnmute | Notice::AskedToStartVideo => return,
        };
        if !self.part.ignore_rules && self.silenced.insert(kind) {
            self.tell(Input::Command(Command::SetMuted { kind, muted: true }));
        }
    }

    /// Messages already queued are still sent.
    fn disconnect(&mut self) {
        if let Some(signalling) = self.signalling.take() {
            self.closing.spawn(signalling.finish());
            // Only those still at it stay in the set.
            while self.closing.try_join_next().is_some() {}
        }
    }

    /// The first failure ends the participant.
    pub(super) fn note(&mut self, result: Result<(), ShellError>) {
        if let Err(error) = result {
            self.failed.get_or_insert(error);
        }
    }

    /// The headless participant's whole user interface.
    fn show(&mut self, view: View) {
        let before = self.view.phase;
        self.view = view;
        if self.view.phase != before {
            self.handle_phase();
        }
        self.enter_passcode();
        self.ask_to_join();
        self.admit();
        self.read_chat();
        self.report.code = self.view.code.clone().or(self.report.code.take());
        self.update_layout();
    }

    fn handle_phase(&mut self) {
        let now = Instant::now();
        let since_start = Some(self.clock.millis(now));
        match self.view.phase {
            Phase::Lobby => {
                self.in_lobby.get_or_insert(now);
                self.report.lobby_ms = self.report.lobby_ms.or(since_start);
            }
            Phase::Entering => self.note_admitted(now),
            Phase::InMeeting => {
                self.note_admitted(now);
                if self.joined.is_none() {
                    self.joined = Some(now);
                    self.report.joined_ms = since_start;
                    self.seat.progress.count_joined();
                    self.greet();
                }
            }
            _ => {}
        }
    }

    /// Offers the passcode once; a program does not guess.
    fn enter_passcode(&mut self) {
        let entry = self.view.passcode;
        if self.view.phase != Phase::Lobby || !entry.needed {
            return;
        }
        match (entry.state, self.part.passcode.clone()) {
            (PasscodeState::Wrong { .. }, _) => self.note(Err(ShellError::WrongPasscode)),
            (PasscodeState::Closed, _) => self.note(Err(ShellError::PasscodeClosed)),
            (PasscodeState::Checking, _) => {}
            (PasscodeState::None, None) => self.note(Err(ShellError::NoPasscode)),
            (PasscodeState::None, Some(text)) => {
                if !std::mem::replace(&mut self.passcode_given, true) {
                    self.tell(Input::Command(Command::Passcode { text }));
                }
            }
        }
    }

    /// Asks as a person does: once it is shown whose meeting this is, or nobody seems to be there.
    pub(super) fn ask_to_join(&mut self) {
        if self.view.phase != Phase::Lobby || self.view.passcode.needed || self.asked_to_join {
            return;
        }
        let known = self.view.host || !self.view.host_name.is_empty();
        if known || self.asks_at().is_some_and(|at| at <= Instant::now()) {
            self.asked_to_join = true;
            let name = self.part.name.clone();
            self.report.knocked_ms = Some(self.clock.millis(Instant::now()));
            self.tell(Input::Command(Command::Join { name }));
        }
    }

    /// When to ask to join an empty house.
    pub(super) fn asks_at(&self) -> Option<Instant> {
        let asks = !self.asked_to_join && !self.view.passcode.needed;
        self.in_lobby.filter(|_| asks).map(|at| at + PATIENCE)
    }

    fn note_admitted(&mut self, now: Instant) {
        if self.admitted.is_none() {
            self.admitted = Some(now);
            self.report.admitted_ms = Some(self.clock.millis(now));
        }
    }

    fn greet(&mut self) {
        if let Some(text) = self.part.say.take() {
            self.tell(Input::Command(Command::Chat { text }));
        }
    }

    fn admit(&mut self) {
        match self.part.admit {
            Admit::Nobody => {}
            Admit::Each => self.admit_each(),
            Admit::Together(count) => {
                if self.view.waiting.len() >= count {
                    self.part.admit = Admit::Each;
                    self.seat.progress.note_admission(self.clock.millis(Instant::now()));
                    self.tell(Input::Command(Command::AdmitAll));
                }
            }
        }
    }

    fn admit_each(&mut self) {
        let waiting: Vec<u64> = self.view.waiting.iter().map(|waiting| waiting.knock).collect();
        self.let_in.retain(|knock| waiting.contains(knock));
        for knock in waiting {
            if self.let_in.insert(knock) {
                self.tell(Input::Command(Command::Admit { knock }));
            }
        }
    }

    fn read_chat(&mut self) {
        let line = |line: &client::view::ChatLine| Chat {
            name: line.name.clone(),
            text: line.text.clone(),
        };
        self.report.chat = self.view.chat.iter().map(line).collect();
    }
}
