//! Media frames under RFC 9605 (SFrame), suite `AES_128_GCM_SHA256_128`.
//!
//! A sealed frame is `clear ‖ SFrame header ‖ ciphertext ‖ tag`. The clear bytes are what a
//! forwarding server needs of VP8 (10 of a keyframe, 1 of another frame, none of audio); they are
//! authenticated together with their number as the SFrame metadata.
//!
//! The key ID is laid out as RFC 9605 §5.2 has it for MLS, with E = 6 and S = 12:
//! `KID = context << 18 | leaf << 6 | epoch mod 64`. The context is fixed per [`Kind`], so a server
//! that passes a screen off as a camera is noticed.
//!
//! Calling rule: give both sides every epoch ([`Opener::add_epoch`], [`Sealer::add_epoch`]), the
//! sealer also what to send with and leases of counters. One (epoch, kind) has one counter, and
//! whoever hands out leases must never hand out a counter twice: a repeated counter under one key
//! reveals the AES-GCM authentication key.

mod error;
mod header;
mod key;
mod kid;
mod opener;
mod replay;
mod sealer;

pub use error::{LeaseError, OpenError, SealError};
pub use header::{Header, MalformedHeader};
pub use key::{SenderKey, TAG};
pub use kid::{KeyId, Kind};
pub use opener::{Located, MAX_LEAVES, Opened, Opener, SendingRights};
pub use sealer::{Envelope, Lease, Sealer};

#[cfg(test)]
mod tests;

/// Counters stay below this, so that a header is at most 7 bytes and a frame grows by at most 23.
/// At three simulcast layers of 30 frames a second one epoch lasts 51 hours; the core refreshes
/// the group well before.
pub const COUNTERS_PER_EPOCH: u64 = 1 << 24;

/// How many bytes of `frame` stay clear: VP8's uncompressed data chunk (RFC 6386 §9.1) is 10 bytes
/// in a keyframe; of other frames the forwarding server needs the first byte only.
pub fn clear_len(kind: Kind, frame: &[u8]) -> usize {
    match frame.first() {
        Some(first) if kind.is_video() => {
            if first & 1 == 0 {
                10
            } else {
                1
            }
        }
        _ => 0,
    }
}

/// RFC 9605 §4.4.3: the header, then the metadata; ours is the clear bytes' number and themselves.
fn authenticated(header: &[u8], clear: &[u8]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(header.len() + 1 + clear.len());
    aad.extend_from_slice(header);
    aad.push(clear.len() as u8);
    aad.extend_from_slice(clear);
    aad
}
