//! Signalling messages: JSON over a WebSocket, one message a frame. `docs/protocol.md` is the prose.
//!
//! Everything here is unchecked input or plain output: signed statements, MLS messages and sealed
//! texts are opaque [`Bytes`]. The shells turn messages into typed inputs for the cores.

mod bytes;
mod flat;
mod http;
mod messages;

pub use bytes::Bytes;
pub use http::{CreateMeeting, MAX_REPORT, MeetingInfo, MeetingState, ReportCategory, WriteReport};
pub use messages::{
    Channel, ClientMessage, ErrorCode, GroupState, Invitation, Kind, LobbyReason, Member, Policy,
    Published, Removal, ServerMessage, SlotSource, SlotWish, Standing, Welcome,
};

/// The version of the signalling protocol. A server that speaks another one says so in `challenge`.
pub const VERSION: u32 = 3;

/// The largest message a client may send, in bytes: a commit with a Welcome into a
/// thousand-member group fits.
pub const MAX_CLIENT_MESSAGE: usize = 1024 * 1024;

/// The largest message a server sends, in bytes: a Welcome into a thousand-member group fits.
pub const MAX_SERVER_MESSAGE: usize = 2 * 1024 * 1024;

/// A message that cannot be read; the sender's fault.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the message has {0} bytes, more than is allowed")]
    TooLarge(usize),
    #[error("the message is not valid: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl ClientMessage {
    /// Reads one WebSocket text frame.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        read(text, MAX_CLIENT_MESSAGE)
    }

    /// The text frame to send.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("signalling messages have only string keys")
    }
}

impl ServerMessage {
    /// Reads one WebSocket text frame.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        read(text, MAX_SERVER_MESSAGE)
    }

    /// The text frame to send.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("signalling messages have only string keys")
    }
}

fn read<'a, T: serde::Deserialize<'a>>(text: &'a str, max: usize) -> Result<T, ReadError> {
    if text.len() > max {
        return Err(ReadError::TooLarge(text.len()));
    }
    Ok(serde_json::from_str(text)?)
}

#[cfg(test)]
mod tests;
