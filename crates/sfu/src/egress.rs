//! Datagrams on their way out, sealed one behind the other into one buffer: nothing is allocated
//! or copied for a forwarded packet.

use std::net::SocketAddr;

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
    /// The same for all datagrams of one peer: what may be joined into one send.
    pub group: u32,
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

    /// Forgets what was sent; the room is kept.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.departures.clear();
    }

    /// One datagram that is ready.
    pub fn push(&mut self, group: usize, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.write(group, |out| {
            out.extend_from_slice(bytes);
            Some((from, to))
        });
    }

    /// One datagram that `seal` appends to the buffer, if it says from where to where it goes.
    /// False when it does not.
    pub(crate) fn write(
        &mut self,
        group: usize,
        seal: impl FnOnce(&mut Vec<u8>) -> Option<(SocketAddr, SocketAddr)>,
    ) -> bool {
        let start = self.bytes.len();
        let Some((from, to)) = seal(&mut self.bytes) else {
            self.bytes.truncate(start);
            return false;
        };
        let end = self.bytes.len();
        if end == start {
            return true; // it was dropped: nothing to send, and nothing waits
        }
        self.departures.push(Departure { from, to, group: group as u32, start, end });
        true
    }
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
        egress.push(1, address(1), address(2), b"first");
        let sealed = egress.write(2, |out| {
            out.extend_from_slice(b"half");
            None
        });
        egress.push(3, address(1), address(3), b"second");
        assert!(!sealed);
        let sent: Vec<&[u8]> = egress.departures().iter().map(|d| egress.bytes(d)).collect();
        assert_eq!(sent, [&b"first"[..], b"second"]);
    }

    #[test]
    fn it_is_full_at_its_bound_and_empty_after_sending() {
        let mut egress = Egress::default();
        while !egress.is_full() {
            egress.push(1, address(1), address(2), &[0; 1_200]);
        }
        assert!(egress.departures().len() <= FULL / 1_200 + 1);
        egress.clear();
        assert!(!egress.is_full() && egress.departures().is_empty());
    }
}
