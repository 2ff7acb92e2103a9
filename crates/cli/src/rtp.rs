//! RTP payloads: VP8 (RFC 7741) cut into packets and put together again, and the reordering that
//! comes before it. Payload bytes are opaque here: they are sealed before and opened after.

mod assemble;
mod reorder;
mod vp8;

pub use assemble::{Assembled, FrameAssembler};
pub use reorder::{Released, Reorder};
pub use vp8::{Descriptor, Numbering, packetise};

#[cfg(test)]
mod tests;
