use crate::input::ConnectionId;
use crate::output::{Media, Output, ToClient, Warning};
use base::record::{Record, RecordKey, Write};
use std::collections::VecDeque;

/// Collects what one input leads to. Writes come first, as one batch, so that nobody is told of
/// anything that a crash could undo.
#[derive(Default)]
pub(crate) struct Outbox {
    ready: VecDeque<Output>,
    writes: Vec<Write>,
    effects: Vec<Output>,
}

impl Outbox {
    pub fn pop(&mut self) -> Option<Output> {
        self.ready.pop_front()
    }

    /// Ends an input.
    pub fn seal(&mut self) {
        if !self.writes.is_empty() {
            self.ready.push_back(Output::Persist(std::mem::take(&mut self.writes)));
        }
        self.ready.extend(self.effects.drain(..));
    }

    pub fn write(&mut self, write: Write) {
        self.writes.push(write);
    }

    pub fn put(&mut self, record: Record) {
        self.write(Write::Put(record));
    }

    pub fn delete(&mut self, kind: u8, number: u64) {
        self.write(Write::Delete(RecordKey { kind, number }));
    }

    pub fn send(&mut self, to: ConnectionId, message: ToClient) {
        self.send_all(vec![to], message);
    }

    pub fn send_all(&mut self, to: Vec<ConnectionId>, message: ToClient) {
        if !to.is_empty() {
            self.effects.push(Output::Send { to, message });
        }
    }

    pub fn media(&mut self, media: Media) {
        self.effects.push(Output::Media(media));
    }

    pub fn close(&mut self, connection: ConnectionId) {
        self.effects.push(Output::Close { connection });
    }

    pub fn warn(&mut self, warning: Warning) {
        self.effects.push(Output::Warn(warning));
    }
}
