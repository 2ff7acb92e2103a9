//! Selective forwarding of encrypted media: slots, layers, loudest speakers, RTP rewriting.
//!
//! Sans-IO: packets and the time come in, packets and notices go out. Payloads are opaque; only
//! header fields are read and changed.

mod allowance;
pub mod audio;
pub mod egress;
pub mod keyframes;
pub mod layers;
pub mod packet;
mod padding;
pub mod rewrite;
pub mod shard;
pub mod slot;
pub mod stun;
pub mod transport;
mod types;
pub mod vp8;

pub use egress::{Departure, Egress};
pub use packet::{AudioLevel, MediaPacket};
pub use shard::{Command, Counters, Cross, Event, MOST_UNHEARD, Output, Shard};
pub use transport::OfferError;
pub use types::*;
