use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use crate::io::DATAGRAM_MAX_PACKET_SIZE;
use crate::packet::Vp8Patch;
use crate::rtp_::{MediaTime, Pt, RtpHeader, SeqNo, Ssrc};

use super::RtpPacket;
use super::rtx_cache_buf::EvictingBuffer;

const RTX_CACHE_SIZE_QUANTIZER: usize = 25;
const RTX_CACHE_QUANTIZE_SLOTS: usize = DATAGRAM_MAX_PACKET_SIZE / RTX_CACHE_SIZE_QUANTIZER;

/// Looking for what is too old touches the oldest packet; a cache that is full does so by itself.
const EVICTED_TOGETHER: u64 = 16;

/// What is kept of a sent packet. Hundreds are kept for each receiver, and each is written while many others are:
/// a whole [`RtpPacket`] has 400 bytes.
#[derive(Debug)]
pub(crate) struct CachedPacket {
    pub pt: Pt,
    pub time: u32,
    pub marker: bool,
    pub payload: Arc<[u8]>,
    pub vp8_patch: Option<Vp8Patch>,
    /// The packet itself, where there is more to it.
    pub rest: Option<Box<RtpPacket>>,
}

#[derive(Debug)]
pub(crate) struct RtxCache {
    // Data, new additions here probably need to be cleared in [`clear`].
    packet_by_seq_no: EvictingBuffer<CachedPacket>,

    /// The packet last asked for.
    asked_for: Option<Box<RtpPacket>>,

    // Technically we want [Option<SeqNo>; X] to indicate the absence of
    // a SeqNo. However We can half the storage space by using the sentinel
    // values SeqNo::MAX to indicate None
    seq_no_by_quantized_size: [SeqNo; RTX_CACHE_QUANTIZE_SLOTS],
}

impl RtxCache {
    pub fn new(max_packet_count: usize, max_packet_age: Duration) -> Self {
        Self {
            packet_by_seq_no: EvictingBuffer::new(10, max_packet_age, max_packet_count),
            asked_for: None,
            seq_no_by_quantized_size: [SeqNo::MAX; RTX_CACHE_QUANTIZE_SLOTS],
        }
    }

    pub fn cache_sent_packet(&mut self, packet: RtpPacket, now: Instant) {
        assert!(packet.nackable);
        let cached = CachedPacket {
            pt: packet.header.payload_type,
            time: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload.clone(),
            vp8_patch: packet.vp8_patch,
            rest: Some(Box::new(packet)),
        };
        let seq_no = cached.rest.as_ref().map_or(SeqNo::MAX, |packet| packet.seq_no);
        self.cache(seq_no, cached, now);
    }

    pub fn cache(&mut self, seq_no: SeqNo, packet: CachedPacket, now: Instant) {
        let quantized_size = packet.payload.len() / RTX_CACHE_SIZE_QUANTIZER;
        self.packet_by_seq_no.push(*seq_no, now, packet);
        if let Some(newest) = self.seq_no_by_quantized_size.get_mut(quantized_size) {
            *newest = seq_no;
        }
        if (*seq_no).is_multiple_of(EVICTED_TOGETHER) {
            self.remove_old_packets(now);
        }
    }

    /// Reads where the next packet will be kept.
    #[inline]
    pub fn preload(&self) {
        self.packet_by_seq_no.preload();
    }

    pub fn last_cached_seq_no(&self) -> Option<SeqNo> {
        Some(self.packet_by_seq_no.last_position()?.into())
    }

    pub fn payload_len(&self, seq_no: SeqNo) -> Option<usize> {
        let packet = self.packet_by_seq_no.get(*seq_no)?;
        Some(packet.payload.len())
    }

    /// `ssrc` is the one it was sent with.
    pub fn get_cached_packet_by_seq_no(
        &mut self,
        seq_no: SeqNo,
        ssrc: Ssrc,
    ) -> Option<&mut RtpPacket> {
        let cached = self.packet_by_seq_no.get_mut(*seq_no)?;
        if cached.rest.is_some() {
            return cached.rest.as_deref_mut();
        }
        let mut packet = self.asked_for.take().unwrap_or_else(|| Box::new(RtpPacket::blank()));
        packet.seq_no = seq_no;
        packet.time = MediaTime::from_secs(cached.time as u64);
        packet.header = RtpHeader {
            sequence_number: *seq_no as u16,
            marker: cached.marker,
            payload_type: cached.pt,
            timestamp: cached.time,
            ssrc,
            ..Default::default()
        };
        packet.payload = cached.payload.clone();
        packet.vp8_patch = cached.vp8_patch;
        packet.nackable = true;
        Some(self.asked_for.insert(packet))
    }

    pub fn get_cached_packet_smaller_than(
        &mut self,
        max_size: usize,
        ssrc: Ssrc,
    ) -> Option<&mut RtpPacket> {
        let quantized_size = max_size / RTX_CACHE_SIZE_QUANTIZER;

        let seq_no = self.seq_no_by_quantized_size[..quantized_size]
            .iter()
            .rev()
            .filter(|seq_no| !seq_no.is_max())
            .find(|seq_no| self.packet_by_seq_no.contains(***seq_no))?;

        self.get_cached_packet_by_seq_no(*seq_no, ssrc)
    }

    fn remove_old_packets(&mut self, now: Instant) {
        self.packet_by_seq_no.maybe_evict(now);
    }

    pub(crate) fn last_packet(&self) -> Option<&[u8]> {
        let packet = self.packet_by_seq_no.last()?;
        Some(packet.payload.as_ref())
    }

    pub(crate) fn clear(&mut self) {
        self.packet_by_seq_no.clear();
        self.asked_for = None;
        self.seq_no_by_quantized_size = [SeqNo::MAX; RTX_CACHE_QUANTIZE_SLOTS];
    }
}

#[cfg(test)]
mod test {
    use crate::rtp_::MediaTime;
    use crate::rtp_::RtpHeader;

    use super::*;

    fn after(now: Instant, millis: u64) -> Instant {
        now + Duration::from_millis(millis)
    }

    fn packet(now: Instant, seq_no: u64, millis: u64) -> RtpPacket {
        RtpPacket {
            header: RtpHeader::default(),
            seq_no: seq_no.into(),
            time: MediaTime::from_90khz(0),
            payload: millis.to_be_bytes().into(),
            vp8_patch: None,
            timestamp: after(now, millis),
            last_sender_info: None,
            nackable: true,
        }
    }

    #[test]
    fn rtx_cache_0_sized() {
        let now = Instant::now();
        let mut rtx_cache = RtxCache::new(0, Duration::from_secs(3));
        rtx_cache.cache_sent_packet(packet(now, 1, 10), after(now, 10));
        assert_eq!(
            Some(&mut packet(now, 1, 10)),
            rtx_cache.get_cached_packet_by_seq_no(1.into(), 0.into())
        );
        assert_eq!(
            Some(&mut packet(now, 1, 10)),
            rtx_cache.get_cached_packet_smaller_than(1000, 0.into())
        );
    }

    #[test]
    fn rtx_cache_0_duration() {
        let now = Instant::now();
        let mut rtx_cache = RtxCache::new(10, Duration::from_secs(0));
        rtx_cache.cache_sent_packet(packet(now, 1, 10), after(now, 10));
        assert_eq!(None, rtx_cache.get_cached_packet_by_seq_no(1.into(), 0.into()));
        assert_eq!(None, rtx_cache.get_cached_packet_smaller_than(1000, 0.into()));
    }

    #[test]
    fn rtx_cache_1_sized() {
        let now = Instant::now();
        let mut rtx_cache = RtxCache::new(1, Duration::from_secs(3));
        rtx_cache.cache_sent_packet(packet(now, 1, 10), after(now, 10));
        assert_eq!(
            Some(&mut packet(now, 1, 10)),
            rtx_cache.get_cached_packet_by_seq_no(1.into(), 0.into())
        );
        assert_eq!(
            Some(&mut packet(now, 1, 10)),
            rtx_cache.get_cached_packet_smaller_than(1000, 0.into())
        );
        assert_eq!(
            Some(&mut packet(now, 1, 10)),
            rtx_cache.get_cached_packet_smaller_than(25, 0.into())
        );
        assert_eq!(None, rtx_cache.get_cached_packet_smaller_than(24, 0.into()));
        rtx_cache.cache_sent_packet(packet(now, 2, 20), after(now, 20));
        assert_eq!(
            Some(&mut packet(now, 2, 20)),
            rtx_cache.get_cached_packet_by_seq_no(2.into(), 0.into())
        );
    }

    #[test]
    fn rtx_cache_100_sized_backwards() {
        let now = Instant::now();
        let mut rtx_cache = RtxCache::new(100, Duration::from_secs(3));

        for i in 1..=200 {
            let seq_no = 201 - i;
            let pkt = packet(now, seq_no, (201 - i) * 10);
            let now = after(now, i * 10);
            rtx_cache.cache_sent_packet(pkt, now);
        }

        assert_eq!(
            Some(&mut packet(now, 200, 2000)),
            rtx_cache.get_cached_packet_by_seq_no(200.into(), 0.into())
        );
        assert_eq!(None, rtx_cache.get_cached_packet_by_seq_no(100.into(), 0.into()));
        assert_eq!(None, rtx_cache.get_cached_packet_by_seq_no(101.into(), 0.into()));
    }

    #[test]
    fn rtx_cache_eviction() {
        let now = Instant::now();
        // Cache can take all entries
        let mut rtx_cache = RtxCache::new(400, Duration::from_secs(1));
        for i in 1..=200 {
            let seq_no = i;
            let pkt = packet(now, seq_no, i * 10);
            let now = after(now, i * 10);
            rtx_cache.cache_sent_packet(pkt, now);
        }

        assert_eq!(None, rtx_cache.get_cached_packet_by_seq_no(99.into(), 0.into()));

        assert_eq!(
            Some(&mut packet(now, 100, 1000)),
            rtx_cache.get_cached_packet_by_seq_no(100.into(), 0.into())
        );
        assert_eq!(
            Some(&mut packet(now, 200, 2000)),
            rtx_cache.get_cached_packet_by_seq_no(200.into(), 0.into())
        );
    }
}
