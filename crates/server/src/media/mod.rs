//! The UDP side of the server: one thread and one UDP port per shard, and a control thread on
//! which offers are parsed. Nothing here runs on tokio; commands come in and events go out
//! through bounded queues.

mod config;
mod control;
mod counters;
mod handle;
mod port;
mod worker;

#[cfg(test)]
mod tests;

pub use config::{MediaConfig, own_addresses};
pub use counters::Metrics;
pub use handle::{Busy, Media, MediaEvent, MediaEvents, MediaHandle};
pub use sfu::{
    Kind, Kinds, Layer, LineId, OfferError, PeerId, Permissions, Published, RoomId, SlotSource,
    SlotWish, SourceId,
};
