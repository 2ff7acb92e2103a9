//! Who may enter, who is in, and what is passed on: one [`Meeting`] per meeting, without sockets,
//! clocks, storage or cryptography beyond the checking of signed statements.
//!
//! **The one rule of use:** after every [`Meeting::handle`], call [`Meeting::poll_output`] until it
//! returns `None`, carrying out each output before the next; then arrange for
//! [`Input::Tick`] at [`Meeting::poll_timeout`].

mod certificates;
mod commit;
mod connections;
mod departed;
mod history;
mod input;
mod limits;
mod lobby;
mod meeting;
mod outbox;
mod output;
mod pace;
mod records;
mod requests;
mod session;
mod verified;

pub use input::{
    Channel, ConnectionId, Input, Invitation, InvitationId, KnockId, Publishing, Request,
};
pub use limits::Limits;
pub use meeting::{CorruptRecord, Meeting, Timeout, Timer, check_creation};
pub use output::{
    Blob, GroupState, LobbyReason, Media, MemberState, Output, Refusal, Removal, Standing,
    ToClient, Warning,
};
pub use verified::{
    ByDevice, ByMeetingKey, HelloExpectation, ProvenDevice, Verified, VerifiedTicket,
};
