//! Time as the cores see it: handed in with every call, never read.

use std::ops::{Add, Sub};
use std::time::Duration;

/// Milliseconds on a monotonic clock whose zero is the shell's business.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

/// Milliseconds since 1970-01-01T00:00:00Z. May jump; only for expiries and display.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixMillis(pub u64);

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// For intervals and deadlines.
    pub mono: Millis,
    /// For expiries that cross devices.
    pub wall: UnixMillis,
}

impl Now {
    /// The moment `by` later on both clocks.
    pub fn plus(self, by: Duration) -> Now {
        Now { mono: self.mono + by, wall: self.wall + by }
    }
}

impl Millis {
    /// Time passed since `earlier`, zero if that lies in the future.
    pub fn since(self, earlier: Millis) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl UnixMillis {
    /// Time passed since `earlier`, zero if that lies in the future.
    pub fn since(self, earlier: UnixMillis) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl Add<Duration> for Millis {
    type Output = Millis;
    fn add(self, by: Duration) -> Millis {
        Millis(self.0.saturating_add(by.as_millis() as u64))
    }
}

impl Sub<Duration> for Millis {
    type Output = Millis;
    fn sub(self, by: Duration) -> Millis {
        Millis(self.0.saturating_sub(by.as_millis() as u64))
    }
}

impl Add<Duration> for UnixMillis {
    type Output = UnixMillis;
    fn add(self, by: Duration) -> UnixMillis {
        UnixMillis(self.0.saturating_add(by.as_millis() as u64))
    }
}
