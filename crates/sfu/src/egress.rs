//! Datagrams on their way out, sealed one behind the other into one buffer: nothing is allocated
//! or copied for a forwarded packet.

use std::net::SocketAddr;
use std::ops::Range;

/// Beyond, the shell sends before more is handled: a batch of packets times a large room would
/// not fit.
const FULL: usize = 1 << 20;

/// Sealed datagrams in the order in which they were written.
#[derive(Debug, Default)]
pub struct Egress {
    bytes: Vec<u8>,
    departures: Vec<Departure>,
}

/// Where one datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Departure {
    /// One of our candidates: the source address, if the machine has it.
    pub from: SocketAddr,
    pub to: SocketAddr,
    start: usize,
    end: usize,
}

impl Departure {
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Where it lies in [`Egress::all`].
    pub fn place(&self) -> Range<usize> {
        self.start..self.end
    }
}

impl Egress {
    /// Whether it is time to send.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= FULL
    }

    pub fn departures(&self) -> &[Departure] {
        &self.departures
    }

    pub fn bytes(&self, departure: &Departure) -> &[u8] {
        self.bytes.get(departure.start..departure.end).unwrap_or_default()
    }

    /// All datagrams, one behind the other.
    pub fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets what was sent; the room is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.departures.clear();
    }

    /// One datagram that is ready.
    pub fn push(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        let sealing = self.begin();
        self.buffer().extend_from_slice(bytes);
        self.end(sealing, Some((&from, &to)));
    }

    /// Begins a datagram, which is appended to [`Self::buffer`] and goes with [`Self::end`].
    pub(crate) fn begin(&mut self) -> Sealing {
        Sealing { start: self.bytes.len() }
    }

    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Sends what was appended, if anything was, from where to where `path` says; without one it is forgotten. The addresses
    /// are taken from where they lie: handed through as values, each copy waited for all that was written before it.
    pub(crate) fn end(&mut self, sealing: Sealing, path: Option<(&SocketAddr, &SocketAddr)>) {
        let (start, end) = (sealing.start, self.bytes.len());
        match path {
            Some((from, to)) if end > start => {
                self.departures.push(Departure { from: *from, to: *to, start, end });
            }
            _ => self.bytes.truncate(start),
        }
    }
}

/// A datagram that is being sealed.
#[must_use]
pub(crate) struct Sealing {
    start: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn what_was_not_sealed_leaves_nothing_behind() {
        let mut egress = Egress::default();
        egress.push(address(1), address(2), b"first");
        let sealing = egress.begin();
        egress.buffer().extend_from_slice(b"half");
        egress.end(sealing, None);
        egress.push(address(1), address(3), b"second");
        let sent: Vec<&[u8]> = egress.departures().iter().map(|d| egress.bytes(d)).collect();
        assert_eq!(sent, [&b"first"[..], b"second"]);
    }

    #[test]
    fn it_is_full_at_its_bound_and_empty_after_sending() {
        let mut egress = Egress::default();
        while !egress.is_full() {
            egress.push(address(1), address(2), &[0; 1_200]);
        }
        assert!(egress.departures().len() <= FULL / 1_200 + 1);
        egress.clear();
        assert!(!egress.is_full() && egress.departures().is_empty());
    }
}
