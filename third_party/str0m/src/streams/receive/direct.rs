//! Taking in one packet past the general path. Not part of str0m as published.

use std::sync::Arc;
use std::time::Instant;

use super::StreamRx;
use crate::rtp_::{
    Extension, ExtensionMap, Frequency, MediaTime, Pt, RtpHeader, SeqNo, Ssrc, extend_u16,
    extend_u32,
};
use crate::streams::RtpPacket;

/// What a forwarder needs of a packet that came.
#[derive(Debug)]
pub struct ReceivedRtp {
    /// Of the stream; for a repaired packet, of what it repairs.
    pub ssrc: Ssrc,
    /// Extended sequence number.
    pub seq_no: SeqNo,
    /// RTP timestamp.
    pub time: u32,
    /// The end of a frame, or the beginning of a talkspurt.
    pub marker: bool,
    /// Sound: its level in dBov and whether it is a voice (RFC 6464).
    pub level: Option<(i8, Option<bool>)>,
    /// Without header and padding.
    pub payload: Arc<[u8]>,
}

impl From<RtpPacket> for ReceivedRtp {
    fn from(packet: RtpPacket) -> ReceivedRtp {
        let extensions = &packet.header.ext_vals;
        let level = extensions.audio_level;
        ReceivedRtp {
            ssrc: packet.header.ssrc,
            seq_no: packet.seq_no,
            time: packet.header.timestamp,
            marker: packet.header.marker,
            level: level.map(|level| (level, extensions.voice_activity)),
            payload: packet.payload,
        }
    }
}

/// The header of a packet with nothing unusual in it (RFC 3550 §5.1, one-byte extensions of RFC 8285 §4.2).
#[derive(Debug)]
pub(crate) struct PlainHead {
    pub ssrc: Ssrc,
    pub time: u32,
    pub marker: bool,
    pub level: Option<(i8, Option<bool>)>,
    /// Number for transport feedback.
    pub transport: Option<u16>,
    /// In bytes.
    pub len: usize,
    pt: Pt,
    seq: u16,
}

impl PlainHead {
    /// `None` for what the general path is to read: padding, contributing sources, other extensions, and what is malformed.
    pub fn parse(message: &[u8], exts: &ExtensionMap) -> Option<PlainHead> {
        let (fixed, rest) = message.split_first_chunk::<12>()?;
        let [first, second, seq @ .., t0, t1, t2, t3, s0, s1, s2, s3] = *fixed;
        let mut head = PlainHead {
            ssrc: u32::from_be_bytes([s0, s1, s2, s3]).into(),
            time: u32::from_be_bytes([t0, t1, t2, t3]),
            marker: second & 0x80 != 0,
            level: None,
            transport: None,
            len: 12,
            pt: (second & 0x7f).into(),
            seq: u16::from_be_bytes(seq),
        };
        if first == 0x80 {
            return Some(head); // version 2, and nothing else
        }
        let (profile, rest) = rest.split_first_chunk::<4>()?;
        if first != 0x90 || profile[..2] != [0xbe, 0xde] {
            return None;
        }
        let len = 4 * usize::from(u16::from_be_bytes([profile[2], profile[3]]));
        head.extensions(rest.get(..len)?, exts)?;
        head.len += 4 + len;
        Some(head)
    }

    /// Whether the general path reads the same. Asserted in debug builds, for each packet.
    pub fn is_as_parsed(&self, message: &[u8], exts: &ExtensionMap) -> bool {
        RtpHeader::parse(message, exts).is_some_and(|general| {
            let values = &general.ext_vals;
            let level = values.audio_level.map(|level| (level, values.voice_activity));
            let fixed = (general.ssrc, general.timestamp, general.marker);
            let numbers = (general.payload_type, general.sequence_number);
            fixed == (self.ssrc, self.time, self.marker)
                && numbers == (self.pt, self.seq)
                && (level, values.transport_cc) == (self.level, self.transport)
                && (general.header_len, general.has_padding) == (self.len, false)
        })
    }

    fn extensions(&mut self, mut bytes: &[u8], exts: &ExtensionMap) -> Option<()> {
        while let Some((first, rest)) = bytes.split_first() {
            if *first == 0 {
                bytes = rest;
                continue;
            }
            let (id, len) = (first >> 4, usize::from(first & 0x0f) + 1);
            if id == 0 || id == 15 {
                return None;
            }
            let (value, rest) = rest.split_at_checked(len)?;
            match (exts.lookup(id), value) {
                (Some(Extension::TransportSequenceNumber), [high, low, ..]) => {
                    self.transport = Some(u16::from_be_bytes([*high, *low]));
                }
                (Some(Extension::AudioLevel), [level, ..]) => {
                    self.level = Some((-((level & 0x7f) as i8), Some(level & 0x80 != 0)));
                }
                _ => {}
            }
            bytes = rest;
        }
        Some(())
    }
}

impl StreamRx {
    /// The extended number and clock rate of a packet like the one before it. `None` if the general path is to look at it:
    /// the first, one after a pause, one of another payload type.
    pub(crate) fn goes_on(&self, head: &PlainHead) -> Option<(SeqNo, Frequency)> {
        let (pt, clock_rate) = self.last_clock_rate?;
        let last = self.register.as_ref()?.max_seq();
        let goes_on = pt == head.pt
            && !self.paused
            && self.reset_roc.is_none()
            && self.ssrc == head.ssrc
            && !head.ssrc.is_probe()
            && self.rtx != Some(head.ssrc);
        let seq_no = extend_u16(last.map(|last| *last), head.seq);
        goes_on.then(|| (seq_no.into(), clock_rate))
    }

    /// Books an authentic packet. False if it came before.
    pub(crate) fn book_directly(
        &mut self,
        now: Instant,
        head: &PlainHead,
        seq_no: SeqNo,
        clock_rate: Frequency,
        size: usize,
    ) -> bool {
        self.last_used = now;
        self.check_paused_at = Some(now + self.pause_threshold);
        self.stats.bytes += size as u64;
        self.stats.packets += 1;
        let time = extend_u32(self.last_time.map(|time| time.numer()), head.time);
        self.last_time = Some(MediaTime::new(time, clock_rate));
        let register = self.register.as_mut();
        register.is_some_and(|register| {
            register.update(seq_no, now, head.time, clock_rate.get())
        })
    }
}
