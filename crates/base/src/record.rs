//! What a core asks a store to keep. A store sees named bytes and knows no rule; the core that
//! wrote a record is the only reader of its value.

use crate::ids::{MeetingId, MeetingKey};
use crate::time::UnixMillis;

/// Names one record of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// What the record is: chosen by the writing core, never reused for another meaning.
    pub kind: u8,
    /// Which of its kind.
    pub number: u64,
}

/// One kept record.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    pub key: RecordKey,
    pub value: Vec<u8>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Record({}/{}, {} bytes)", self.key.kind, self.key.number, self.value.len())
    }
}

/// One change to what is kept of a meeting. A batch of them happens whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Keeps a record, in the place of an earlier one of the same name.
    Put(Record),
    /// Drops a record, if there is one.
    Delete(RecordKey),
    /// Drops every record of a kind.
    DeleteKind(u8),
    /// The meeting was in use at this moment; meetings long unused expire.
    Used(UnixMillis),
    /// The meeting has ended: the signed [`End`](crate::statement::End) that says so.
    Ended(Vec<u8>),
    /// Drops the meeting and all its records.
    Forget,
}

/// Everything kept of one meeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    pub meeting: MeetingId,
    pub key: MeetingKey,
    pub used: UnixMillis,
    pub ended: Option<Vec<u8>>,
    /// In ascending order of their keys.
    pub records: Vec<Record>,
}
