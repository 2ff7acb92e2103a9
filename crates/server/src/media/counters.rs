//! Counters since start. Each is written by one thread and read by any.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Default)]
        pub(super) struct Counters { $(pub(super) $name: AtomicU64,)* }

        /// A reading of the counters, for `/metrics`.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Metrics { $($(#[$doc])* pub $name: u64,)* }

        impl Counters {
            pub(super) fn read(&self) -> Metrics {
                Metrics { $($name: self.$name.load(Ordering::Relaxed),)* }
            }
        }

        impl Metrics {
            /// Names and values, in a stable order.
            pub fn list(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name),)*]
            }
        }
    };
}

counters! {
    /// Connections accepted.
    connections,
    /// Datagrams received.
    datagrams_in,
    /// Of these, those that no thread was woken for: receivers' transport feedback, and sound that nobody is to hear.
    unhurried_in,
    /// Datagrams sent.
    datagrams_out,
    /// Datagrams from nobody we know.
    unknown_datagrams,
    /// Datagrams the socket would not take.
    send_dropped,
    /// STUN requests that name a connection, or come from its address, and are not its peer's.
    checks_unread,
    /// Valid STUN requests from an address that is another peer's, or one too many of its own.
    addresses_refused,
    /// DTLS, or nothing known, from the address of a peer that is connected: forged, repeated, or its goodbye.
    handshakes_unread,
    /// RTP of a peer's address that was malformed, forged or repeated.
    packets_unread,
    /// RTCP of a peer's address that was forged or repeated.
    reports_unread,
    /// RTP packets received and permitted.
    packets_in,
    /// RTP packets written to receivers.
    packets_out,
    /// RTP packets received from a peer that may not send them.
    packets_refused,
    /// RTP packets dropped because one source sent more than any browser does.
    packets_excess,
    /// Packets that crossed to another shard.
    packets_crossed,
    /// Packets dropped because another shard's queue was full.
    cross_dropped,
    /// Frames dropped because a receiver's queue was older than its bound.
    frames_dropped,
    /// Late packets dropped so that no sequence number is sealed twice.
    late_dropped,
    /// Keyframes asked of publishers.
    keyframe_requests,
    /// Connections refused because they offered no AEAD profile.
    profile_refused,
    /// Events dropped because the signalling side was behind.
    events_dropped,
    /// Nanoseconds the shard threads spent working (not waiting).
    busy_nanos,
}

pub(super) fn add(counter: &AtomicU64, by: u64) {
    if by > 0 {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}
