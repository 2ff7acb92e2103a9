//! A published packet, parsed once, shared by everyone it is forwarded to.

use crate::vp8::Vp8;
use crate::{Layer, SourceId};
use std::sync::Arc;
use std::time::Instant;

/// One RTP packet of a source. Cheap to clone: the payload is shared.
#[derive(Clone, Debug)]
pub struct MediaPacket {
    pub source: SourceId,
    pub layer: Layer,
    /// The publisher's SSRC: another one means another numbering, never continued.
    pub stream: u32,
    /// Extended sequence number.
    pub seq: u64,
    pub timestamp: u32,
    pub marker: bool,
    /// RTP payload, opaque but for the VP8 descriptor.
    pub payload: Arc<[u8]>,
    /// Bytes of RTP padding (RFC 3550 §5.1) that it is sent with, where they make it as long as the next packet of its frame.
    pub padding: u8,
    pub arrived: Instant,
    /// Parsed descriptor; `None` for audio.
    pub vp8: Option<Vp8>,
    pub level: Option<AudioLevel>,
}

/// RFC 6464: how loud, as the publisher says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// 0 (loudest) to -127 dBov.
    pub dbov: i8,
    pub voice: Option<bool>,
}

impl MediaPacket {
    /// Bytes behind the RTP header when it is forwarded.
    pub fn sent_len(&self) -> usize {
        self.payload.len() + usize::from(self.padding)
    }

    /// Whether decoding can begin here: always for audio.
    pub fn starts_decodable(&self) -> bool {
        self.vp8.is_none_or(|vp8| vp8.starts_keyframe)
    }

    /// Whether a frame begins here: always for audio.
    pub fn starts_frame(&self) -> bool {
        self.vp8.is_none_or(|vp8| vp8.starts_frame)
    }
}
