//! The one place where time is read.

use base::{Millis, Now, UnixMillis};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Both clocks; the monotonic one starts with the process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    pub fn start() -> Self {
        Clock { start: Instant::now() }
    }

    pub fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: self.mono(), wall: UnixMillis(wall.as_millis() as u64) }
    }

    pub fn mono(&self) -> Millis {
        Millis(self.start.elapsed().as_millis() as u64)
    }

    /// The moment `at` on the runtime's timer.
    pub fn instant(&self, at: Millis) -> tokio::time::Instant {
        (self.start + std::time::Duration::from_millis(at.0)).into()
    }
}
