//! The signalling shell: one task per WebSocket. It checks signatures and turns wire messages into
//! typed requests; whether a request is allowed is the meeting's to say.

mod outbox;
mod reply;
mod request;
mod socket;

pub(crate) use outbox::Outbox;
pub(crate) use reply::{layers_wanted, slots, speakers, to_wire};
pub(crate) use request::MediaRequest;
pub(crate) use socket::{refuse, upgrade};
