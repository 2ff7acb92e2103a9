//! From where a peer is heard. A check (RFC 8445) that is the peer's by its password may still be a copy that somebody else
//! sends, who only heard it, or carry a sender's address that is not its sender's.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Remembered at once. A browser has one for each of its networks and relays.
const MOST: usize = 8;

/// New ones at once, and how long until one more may come: the ICE agent keeps each it has ever heard of, and looks through
/// all of them for each check.
const BURST: u32 = 32;
const EACH: Duration = Duration::from_secs(30);

#[derive(Default)]
pub(super) struct Addresses {
    known: Vec<SocketAddr>,
    /// When [`BURST`] new ones may come again (GCRA, ITU-T I.371).
    full_at: Option<Instant>,
}

impl Addresses {
    pub fn known(&self) -> &[SocketAddr] {
        &self.known
    }

    /// Whether one more new one may come.
    pub fn allows(&mut self, now: Instant) -> bool {
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + EACH;
        let allowed = full_at <= now + EACH * BURST;
        if allowed {
            self.full_at = Some(full_at);
        }
        allowed
    }

    /// Adds one that is not known, and returns the one that is forgotten for it: the oldest, but not the one `in_use`.
    pub fn add(&mut self, address: SocketAddr, in_use: Option<SocketAddr>) -> Option<SocketAddr> {
        self.known.push(address);
        if self.known.len() <= MOST {
            return None;
        }
        let at = self.known.iter().position(|known| Some(*known) != in_use)?;
        Some(self.known.remove(at))
    }

    pub fn forget(&mut self, address: SocketAddr) {
        self.known.retain(|known| *known != address);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u16) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, 1], number))
    }

    #[test]
    fn the_one_in_use_is_never_forgotten() {
        let mut addresses = Addresses::default();
        let forgotten: Vec<_> =
            (1..=20).filter_map(|n| addresses.add(address(n), Some(address(1)))).collect();
        assert_eq!(forgotten, (2..=13).map(address).collect::<Vec<_>>());
        assert!(addresses.known().contains(&address(1)) && addresses.known().len() == MOST);
    }

    #[test]
    fn new_ones_come_as_a_burst_and_then_two_a_minute() {
        let (mut addresses, start) = (Addresses::default(), Instant::now());
        let at_once = (0..1_000).filter(|_| addresses.allows(start)).count();
        let later = (1..=600).filter(|s| addresses.allows(start + Duration::from_secs(*s))).count();
        assert_eq!((at_once, later), (32, 20));
    }
}
