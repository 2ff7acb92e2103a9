use base::{Millis, Now, UnixMillis};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Both clocks; the monotonic one counts from the start of the program.
#[derive(Clone, Copy, Debug)]
pub struct Clock(Instant);

impl Clock {
    /// Starts at zero.
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    pub fn started(&self) -> Instant {
        self.0
    }

    /// The start, in milliseconds of Unix time.
    pub fn began(&self) -> u64 {
        let Now { mono, wall } = self.now();
        wall.0.saturating_sub(mono.0)
    }

    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now {
            mono: Millis(self.0.elapsed().as_millis() as u64),
            wall: UnixMillis(wall.as_millis() as u64),
        }
    }

    /// The moment of a monotonic millisecond, at its end, so that the core finds it reached.
    pub fn at(&self, mono: u64) -> Instant {
        self.0 + Duration::from_millis(mono)
    }

    /// Milliseconds from the start to `at`.
    pub fn millis(&self, at: Instant) -> u64 {
        at.saturating_duration_since(self.0).as_millis() as u64
    }
}
