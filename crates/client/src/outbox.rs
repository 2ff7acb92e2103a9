//! Effects waiting for the shell, in the order in which they must be carried out.

use crate::shell::{FrameCommand, MediaCommand, Notice, Output};
use std::collections::VecDeque;
use wire::ClientMessage;

/// Holds what one `handle` call produced. Its length is bounded by that call's work: the shell
/// drains it before calling again.
#[derive(Default)]
pub(crate) struct Outbox(VecDeque<Output>);

impl Outbox {
    pub fn pop(&mut self) -> Option<Output> {
        self.0.pop_front()
    }

    pub fn push(&mut self, output: Output) {
        self.0.push_back(output);
    }

    pub fn send(&mut self, message: &ClientMessage) {
        self.push(Output::Send { text: message.to_text() });
    }

    pub fn media(&mut self, command: MediaCommand) {
        self.push(Output::Media(command));
    }

    pub fn frames(&mut self, command: FrameCommand) {
        self.push(Output::Frames(command));
    }

    pub fn notice(&mut self, notice: Notice) {
        self.push(Output::Notice { notice });
    }

    pub fn save(&mut self, state: Vec<u8>) {
        self.push(Output::Save { state: state.into() });
    }
}
