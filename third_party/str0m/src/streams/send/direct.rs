//! Sealing one packet past the queue. Not part of str0m as published.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{RtpWrite, StreamTx};
use crate::direct_path::touch;
use crate::format::PayloadParams;
use crate::packet::Vp8Patch;
use crate::rtp_::{
    Extension, ExtensionMap, ExtensionValues, Frequency, Pt, SeqNo, SrtpContext, Ssrc,
};
use crate::streams::rtx_cache::CachedPacket;
use crate::util::InstantExt;

/// Bytes sent are counted together for so long: the ratio of repair is one of a second.
const COUNTED_TOGETHER: Duration = Duration::from_millis(100);

/// Fixed part, the extensions' own header, and all of ours at their longest (a mid has up to 16 bytes), in whole words.
const MAX_HEAD: usize = 12 + 4 + 4 + 3 + 2 + 17 + 2;

/// A packet to be forwarded: borrowed, as many receivers get the same.
#[derive(Clone, Copy, Debug)]
pub struct DirectPacket<'a> {
    /// Payload type, declared in the stream's media.
    pub pt: Pt,
    /// Extended sequence number.
    pub seq_no: SeqNo,
    /// RTP timestamp.
    pub time: u32,
    /// When that was.
    pub wallclock: Instant,
    /// The end of a frame, or the beginning of a talkspurt.
    pub marker: bool,
    /// Sound: its level in dBov and whether it is a voice (RFC 6464).
    pub level: Option<(i8, bool)>,
    /// Whether it counts for transport feedback, pacing and estimation.
    pub numbered: bool,
    /// Whether it is kept for repair.
    pub nackable: bool,
    /// Without the RTP header.
    pub payload: &'a Arc<[u8]>,
    /// Bytes of padding to be sent behind it (RFC 3550 §5.1).
    pub padding: u8,
    /// Replaces bytes of the payload's VP8 descriptor.
    pub vp8_patch: Option<Vp8Patch>,
}

impl DirectPacket<'_> {
    /// Appends the payload as it is sent: patched and padded.
    fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.payload);
        if let Some(patch) = self.vp8_patch {
            patch.apply(&mut out[start..]);
        }
        pad(out, self.padding);
    }

    /// The same for the queue.
    pub(crate) fn to_write(self) -> RtpWrite {
        let ext_vals = ExtensionValues {
            audio_level: self.level.map(|(dbov, _)| dbov),
            voice_activity: self.level.map(|(_, voice)| voice),
            ..ExtensionValues::default()
        };
        let write =
            RtpWrite::new(self.pt, self.seq_no, self.time, self.wallclock, self.payload.clone())
                .marker(self.marker)
                .nackable(self.nackable)
                .ext_vals(ext_vals);
        match self.vp8_patch {
            Some(patch) => write.vp8_patch(patch),
            None => write,
        }
    }
}

/// Negotiated ids of the extensions that the direct path writes; 0 for none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct DirectIds {
    send_time: u8,
    pub transport: u8,
    level: u8,
    mid: u8,
}

impl DirectIds {
    /// `None` when an id needs the two-byte form (RFC 8285 §4.3).
    pub fn of(exts: &ExtensionMap) -> Option<DirectIds> {
        let id = |extension| exts.id_of(extension).unwrap_or(0);
        let ids = DirectIds {
            send_time: id(Extension::AbsoluteSendTime),
            transport: id(Extension::TransportSequenceNumber),
            level: id(Extension::AudioLevel),
            mid: id(Extension::RtpMid),
        };
        let all = [ids.send_time, ids.transport, ids.level, ids.mid];
        all.iter().all(|id| *id <= 14).then_some(ids)
    }
}

/// Repairable bytes sent since then.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Uncounted {
    pub bytes: u64,
    since: Option<Instant>,
    until: Option<Instant>,
}

/// What a payload type stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct DirectCodec {
    pt: Pt,
    clock_rate: Frequency,
    repairable: bool,
}

/// Where a packet goes.
pub(crate) struct DirectWay<'a> {
    pub ids: DirectIds,
    pub params: &'a [PayloadParams],
    pub srtp: &'a mut SrtpContext,
    pub out: &'a mut Vec<u8>,
}

impl StreamTx {
    /// Whether a packet written next would be the next to be sent, and this stream was set up by
    /// a first timeout.
    pub(crate) fn may_send_directly(&self) -> bool {
        let empty = self.send_queue.is_empty() && self.resends.is_empty() && self.padding == 0;
        empty && self.kind.is_some() && !self.ssrc.is_probe() && self.midrid.rid().is_none()
    }

    /// See [`crate::Rtc::preload`].
    #[inline]
    pub(crate) fn preload(&self) {
        touch(&self.ssrc);
        touch(&self.last_sent_seq_no);
        touch(&self.last_used);
        touch(&self.uncounted.bytes);
        touch(&self.send_queue.is_empty());
        touch(&self.stats.packets);
        self.rtx_cache.preload();
    }

    /// Seals a packet: what `write_rtp` and `poll_packet` do together for a regular packet of an empty
    /// queue. `transport` is its number for transport feedback. False for a payload type we do not have.
    pub(crate) fn send_directly(
        &mut self,
        now: Instant,
        packet: &DirectPacket<'_>,
        transport: Option<u16>,
        way: &mut DirectWay<'_>,
    ) -> bool {
        let Some(codec) = self.direct_codec(packet.pt, way.params) else {
            warn!("Media is missing PT ({}) used in RTP packet", packet.pt);
            return false;
        };
        self.rtp_and_wallclock = Some((packet.time, packet.wallclock));
        self.count(now, packet);

        let mut head = Head::new(self.ssrc, packet);
        if way.ids.send_time != 0 {
            head.extension(way.ids.send_time, &send_time(now)[1..]);
        }
        if let Some(number) = transport {
            head.extension(way.ids.transport, &number.to_be_bytes());
        }
        if let Some((dbov, voice)) = packet.level.filter(|_| way.ids.level != 0) {
            let voice = if voice { 0x80 } else { 0 };
            head.extension(way.ids.level, &[voice | (dbov.unsigned_abs() & 0x7f)]);
        }
        if !self.remote_acked_ssrc && way.ids.mid != 0 {
            head.extension(way.ids.mid, self.midrid.mid().as_bytes());
        }
        let head = head.finish();

        let len = packet.payload.len() + usize::from(packet.padding);
        let write = |out: &mut Vec<u8>| packet.write(out);
        way.srtp.protect_rtp_parts(head, len, write, self.ssrc, *packet.seq_no, way.out);

        self.last_sent_seq_no = packet.seq_no;
        self.last_used = now;
        if packet.nackable && codec.repairable {
            let cached = CachedPacket {
                pt: packet.pt,
                time: packet.time,
                marker: packet.marker,
                payload: packet.payload.clone(),
                vp8_patch: packet.vp8_patch,
                rest: None,
            };
            self.rtx_cache.cache(packet.seq_no, cached, now);
        }
        true
    }

    fn direct_codec(&mut self, pt: Pt, params: &[PayloadParams]) -> Option<DirectCodec> {
        if let Some(codec) = self.direct_codec.filter(|codec| codec.pt == pt) {
            return Some(codec);
        }
        let param = params.iter().find(|param| param.pt() == pt)?;
        let clock_rate = param.spec().rtp_clock_rate();
        let codec = DirectCodec { pt, clock_rate, repairable: param.resend().is_some() };
        self.clock_rate = Some(codec.clock_rate);
        if codec.repairable {
            self.pt_for_padding = Some(pt);
        }
        self.direct_codec = Some(codec);
        Some(codec)
    }

    fn count(&mut self, now: Instant, packet: &DirectPacket<'_>) {
        let len = packet.payload.len();
        self.stats.update_packet_counts(len as u64, false);
        if !packet.nackable {
            return; // of what is never repaired there is no ratio
        }
        if self.uncounted.until.is_none_or(|until| now > until) {
            let since = self.uncounted.since.unwrap_or(now);
            if let Some(history) = &mut self.stats.bytes_transmitted {
                history.push(since, self.uncounted.bytes);
                // Purges the history, which nothing else does on this path.
                self.rtx_ratio_downsampled(now);
            }
            let until = Some(now + COUNTED_TOGETHER);
            self.uncounted = Uncounted { bytes: 0, since: Some(now), until };
        }
        self.uncounted.bytes += len as u64;
    }
}

/// Padding's last byte says how much it is (RFC 3550 §5.1).
fn pad(payload: &mut Vec<u8>, padding: u8) {
    if padding > 0 {
        payload.resize(payload.len() + usize::from(padding) - 1, 0);
        payload.push(padding);
    }
}

/// `abs-send-time`: seconds as 6.18 fixed point in the lower three bytes.
fn send_time(now: Instant) -> [u8; 4] {
    let time = now.to_unix_duration();
    let seconds = (time.as_secs() & 63) << 18;
    let fraction = (u64::from(time.subsec_nanos()) << 18) / 1_000_000_000;
    ((seconds | fraction) as u32).to_be_bytes()
}

/// An RTP header under construction (RFC 3550 §5.1, one-byte extensions of RFC 8285 §4.2).
struct Head {
    bytes: [u8; MAX_HEAD],
    len: usize,
}

impl Head {
    fn new(ssrc: Ssrc, packet: &DirectPacket<'_>) -> Head {
        let mut bytes = [0; MAX_HEAD];
        bytes[0] = 0x90; // version 2, with extensions
        if packet.padding > 0 {
            bytes[0] |= 0x20;
        }
        bytes[1] = (*packet.pt & 0x7f) | (u8::from(packet.marker) << 7);
        bytes[2..4].copy_from_slice(&(*packet.seq_no as u16).to_be_bytes());
        bytes[4..8].copy_from_slice(&packet.time.to_be_bytes());
        bytes[8..12].copy_from_slice(&ssrc.to_be_bytes());
        bytes[12..14].copy_from_slice(&[0xbe, 0xde]);
        Head { bytes, len: 16 }
    }

    /// Appends 1 to 16 bytes.
    fn extension(&mut self, id: u8, value: &[u8]) {
        let end = self.len + 1 + value.len();
        self.bytes[self.len] = (id << 4) | (value.len() as u8 - 1);
        self.bytes[self.len + 1..end].copy_from_slice(value);
        self.len = end;
    }

    fn finish(&mut self) -> &[u8] {
        let len = self.len.next_multiple_of(4);
        self.bytes[14..16].copy_from_slice(&((len as u16 - 16) / 4).to_be_bytes());
        &self.bytes[..len]
    }
}
