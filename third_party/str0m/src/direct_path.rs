//! A way past the queue, for callers that forward many packets.
//!
//! Not part of str0m as published. [`Rtc::poll_output`] visits every line and stream for every
//! packet, and the pacer lets one packet through per timeout; with thirty lines that costs more
//! than sealing and sending. Here a packet that may leave at once does: it is numbered, sealed,
//! cached for repair and registered with transport feedback and bandwidth estimation by the same
//! code, but nothing else is visited.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::rtp_::Ssrc;
use crate::streams::{DirectPacket, ReceivedRtp};
use crate::{Rtc, RtcState};

/// What was in an RTP datagram.
#[derive(Debug)]
pub enum DirectReceived {
    /// A packet.
    Packet(ReceivedRtp),
    /// Authentic, but without a payload: a probe, or a repair of nothing.
    Padding,
    /// Malformed, forged or repeated.
    Unread,
}

impl Rtc {
    /// Sends one packet of a declared stream: appends the sealed datagram to `out`; it goes along [`Rtc::path`].
    ///
    /// False when the packet could not leave at once (no keys yet, pacing, packets queued
    /// before it, a probe under way). It is then queued as by `StreamTx::write_rtp`, and the caller
    /// must go on with [`Rtc::handle_input`] and [`Rtc::poll_output`]. A sent packet needs no poll.
    ///
    /// `hint` says where the stream was found last, and is corrected; 0 to begin with.
    pub fn send_rtp(
        &mut self,
        now: Instant,
        ssrc: Ssrc,
        hint: &mut usize,
        packet: &DirectPacket<'_>,
        out: &mut Vec<u8>,
    ) -> bool {
        let now = self.advance(now);
        let reachable = self.path().is_some();
        let before = out.len();
        let sent = self.session.send_now(now, ssrc, hint, packet, reachable, out);
        if sent {
            self.peer_bytes_tx += (out.len() - before) as u64;
        } else {
            drop(self.readiness.wake());
        }
        sent
    }

    /// Reads what [`Rtc::send_rtp`] is about to need, of a stream last found at `hint`.
    ///
    /// With many receivers each is out of the processor's cache when its turn comes, and most of what sending costs is waiting for one line of it
    /// after the other. Asked for together before, those of several receivers come at the same time.
    #[inline]
    pub fn preload(&self, hint: usize) {
        touch(&self.last_now);
        self.session.preload(hint);
    }

    /// From where to where datagrams go, once that is known.
    #[inline]
    pub fn path(&self) -> Option<(&SocketAddr, &SocketAddr)> {
        let open = self.state == RtcState::Alive && !self.need_init_time;
        let send = self.send_addr.as_ref().filter(|_| open)?;
        Some((&send.source, &send.destination))
    }

    /// Takes in one RTP datagram and returns what is in it.
    ///
    /// A report about it may become due before the timeout last polled, see [`Rtc::receipt_at`]. Nothing needs to be
    /// polled before.
    pub fn receive_rtp(&mut self, now: Instant, datagram: &[u8]) -> DirectReceived {
        if self.state == RtcState::Closed {
            return DirectReceived::Unread;
        }
        let now = self.advance(now);
        self.peer_bytes_rx += datagram.len() as u64;
        if let Some(received) = self.session.receive_now(now, datagram) {
            return received; // no event, and no timer but those of `receipt_at`
        }
        let mut wake = self.readiness.wake();
        self.session.handle_rtp_receive(now, datagram, &mut wake);
        drop(wake);
        self.session.take_received()
    }

    /// Takes in one RTCP datagram; `None` if it is not authentic. True when something follows from it at once: then the caller must go on with
    /// [`Rtc::handle_input`] (a timeout) and [`Rtc::poll_output`]. Otherwise the timeout last polled stands: most reports only update the
    /// estimate, and looking at every line for each of them costs more than they do.
    pub fn receive_rtcp(&mut self, now: Instant, datagram: &[u8]) -> Option<bool> {
        if self.state == RtcState::Closed {
            return None;
        }
        let now = self.advance(now);
        self.peer_bytes_rx += datagram.len() as u64;
        let mut wake = self.readiness.wake();
        let authentic = self.session.handle_rtcp_receive(now, datagram, &mut wake);
        drop(wake);
        authentic.then(|| self.session.take_rtcp_news(now))
    }

    /// To be called after [`Rtc::receive_rtp`]: if transport feedback is due, appends the sealed datagram to `out`; it goes along
    /// [`Rtc::path`]. From the first call on, polled timeouts are no longer about feedback: [`Rtc::receipt_at`] is.
    pub fn send_receipt(&mut self, now: Instant, out: &mut Vec<u8>) -> bool {
        let now = self.advance(now);
        if self.path().is_none() {
            return false;
        }
        let before = out.len();
        let sent = self.session.write_receipt(now, out);
        self.peer_bytes_tx += (out.len() - before) as u64;
        sent
    }

    /// When a report about received packets is due, feedback or a request for missing ones: by then the caller must call
    /// [`Rtc::handle_input`] with a timeout.
    pub fn receipt_at(&self) -> Option<Instant> {
        self.session.receipt_at()
    }

    /// How long the oldest queued packet of a stream has been waiting, as last sampled.
    pub fn queue_age(&mut self, ssrc: Ssrc, now: Instant) -> Duration {
        let stream = self.session.streams.stream_tx(&ssrc);
        let oldest = stream.and_then(|s| s.queue_info().and_then(|info| info.first_unsent()));
        oldest.map_or(Duration::ZERO, |at| now.saturating_duration_since(at))
    }

    fn advance(&mut self, now: Instant) -> Instant {
        if !self.need_init_time {
            self.last_now = self.last_now.max(now);
        }
        now.max(self.last_now)
    }
}

/// Loads a field and does nothing with it.
#[inline]
pub(crate) fn touch<T: Copy>(field: &T) {
    std::hint::black_box(*field);
}
