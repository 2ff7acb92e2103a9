use crate::rtp::Numbering;
use std::time::Instant;
use str0m::media::{Pt, Rid};
use str0m::rtp::RtpWrite;

/// The running numbers of one sent stream, each from its own random start.
pub struct Outgoing {
    rid: Option<Rid>,
    seq: u64,
    time_offset: u32,
    numbers: Numbering,
}

impl Outgoing {
    /// `seed` is random. The first sequence number stays below 2^15, so that the receiver's
    /// rollover counter begins at zero (RFC 3711 §3.3.1).
    pub fn new(rid: Option<Rid>, seed: u32) -> Self {
        let mixed = seed.wrapping_mul(0x9e37_79b9);
        Outgoing {
            rid,
            seq: u64::from(mixed >> 17),
            time_offset: mixed,
            numbers: Numbering { picture: (mixed >> 3) as u16 & 0x7fff, tl0: mixed as u8 },
        }
    }

    pub fn rid(&self) -> Option<Rid> {
        self.rid
    }

    /// The picture numbers of the next frame.
    pub fn next_numbers(&mut self) -> Numbering {
        self.numbers = self.numbers.next();
        self.numbers
    }

    /// The next packet; a sequence number is used once.
    pub fn next(&mut self, pt: Pt, now: Instant, time: u32, payload: Vec<u8>) -> RtpWrite {
        self.seq += 1;
        RtpWrite::new(pt, self.seq.into(), time.wrapping_add(self.time_offset), now, payload)
    }
}
