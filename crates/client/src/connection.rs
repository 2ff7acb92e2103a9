//! The signalling socket: opening, the greeting, staying alive, coming back.

use base::{Entropy, Millis, random};
use std::time::Duration;

/// How often a quiet connection is probed. Longer: a dead network is noticed later.
const PING_EVERY: Duration = Duration::from_secs(5);
/// Silence after which the connection counts as lost. Shorter: slow networks reconnect needlessly.
const SILENCE: Duration = Duration::from_secs(11);
/// How long opening and greeting may take before another attempt: long enough for a slow network.
/// A shell that knows earlier says that the socket closed.
const OPENING: Duration = Duration::from_secs(6);
/// An attempt younger than this is not begun again when the network changes.
const YOUNG: Duration = Duration::from_millis(300);
/// First and longest pause between attempts. The longest bounds how late everyone is back after
/// a server restart or a lost network; shorter costs the restarting server more attempts.
const FIRST_PAUSE: u64 = 200;
const LONGEST_PAUSE: u64 = 1_000;
/// A server at its limits is left alone for longer.
const BUSY_PAUSE: u64 = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No socket; the next attempt is due then.
    Waiting {
        until: Millis,
    },
    /// A socket is being opened, or greeted.
    Opening {
        since: Millis,
    },
    Online {
        heard: Millis,
        pinged: Millis,
    },
    /// No socket, and none wanted.
    Stopped,
}

/// What the owner must do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    Connect,
    Ping(u64),
    /// The connection is dead though the socket has not said so: treat it as closed.
    Lost,
}

pub(crate) struct Connection {
    state: State,
    attempts: u32,
    pings: u64,
    /// The server asked for patience.
    busy: bool,
}

impl Connection {
    pub fn new(now: Millis) -> Self {
        let state = State::Waiting { until: now };
        Connection { state, attempts: 0, pings: 0, busy: false }
    }

    pub fn online(&self) -> bool {
        matches!(self.state, State::Online { .. })
    }

    pub fn stopped(&self) -> bool {
        self.state == State::Stopped
    }

    pub fn next_due(&self) -> Option<Millis> {
        match self.state {
            State::Waiting { until } => Some(until),
            State::Opening { since } => Some(since + OPENING),
            State::Online { heard, pinged } => Some((pinged + PING_EVERY).min(heard + SILENCE)),
            State::Stopped => None,
        }
    }

    pub fn handle_message(&mut self, now: Millis) {
        if let State::Online { heard, .. } = &mut self.state {
            *heard = now;
        }
    }

    /// The server accepted the greeting.
    pub fn handle_ready(&mut self, now: Millis) {
        self.attempts = 0;
        self.busy = false;
        self.state = State::Online { heard: now, pinged: now };
    }

    /// The server is at a limit: the next attempt waits longer.
    pub fn handle_busy(&mut self) {
        self.busy = true;
    }

    pub fn handle_closed(&mut self, now: Millis, entropy: &mut dyn Entropy) {
        if !self.stopped() {
            let pause = self.pause(entropy);
            self.attempts = self.attempts.saturating_add(1);
            self.state = State::Waiting { until: now + pause };
        }
    }

    pub fn stop(&mut self) {
        self.state = State::Stopped;
    }

    /// Wants a connection again after [`Self::stop`].
    pub fn restart(&mut self, now: Millis) {
        if self.stopped() {
            *self = Connection::new(now);
        }
    }

    pub fn poll(&mut self, now: Millis) -> Due {
        match self.state {
            State::Waiting { until } if now >= until => self.connect(now),
            State::Opening { since } if now >= since + OPENING => self.connect(now),
            State::Online { heard, .. } if now >= heard + SILENCE => Due::Lost,
            State::Online { heard, pinged } if now >= pinged + PING_EVERY => {
                self.pings += 1;
                self.state = State::Online { heard, pinged: now };
                Due::Ping(self.pings)
            }
            _ => Due::Nothing,
        }
    }

    /// The device has another network, or one again: whatever waits for it is tried at once.
    pub fn handle_network(&mut self, now: Millis) {
        let due = match self.state {
            State::Waiting { .. } => !self.busy,
            State::Opening { since } => now >= since + YOUNG,
            State::Online { .. } | State::Stopped => false,
        };
        if due {
            self.state = State::Waiting { until: now };
        }
    }

    fn connect(&mut self, now: Millis) -> Due {
        self.state = State::Opening { since: now };
        Due::Connect
    }

    /// Exponential with jitter in its upper half, so that a whole meeting does not return at once.
    fn pause(&self, entropy: &mut dyn Entropy) -> Duration {
        let ceiling = if self.busy {
            BUSY_PAUSE
        } else {
            (FIRST_PAUSE << self.attempts.min(8)).min(LONGEST_PAUSE)
        };
        let jitter = u64::from_be_bytes(random(entropy)) % (ceiling / 2);
        Duration::from_millis(ceiling / 2 + jitter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zeros(out: &mut [u8]) {
        out.fill(0);
    }

    #[test]
    fn connects_at_once_and_again_with_growing_bounded_pauses() {
        let mut connection = Connection::new(Millis(0));
        assert_eq!(connection.poll(Millis(0)), Due::Connect);
        let mut now = Millis(0);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            connection.handle_closed(now, &mut zeros);
            let due = connection.next_due().unwrap();
            pauses.push(due.since(now).as_millis() as u64);
            assert_eq!(connection.poll(due - Duration::from_millis(1)), Due::Nothing);
            assert_eq!(connection.poll(due), Due::Connect);
            now = due;
        }
        assert_eq!(pauses, [100, 200, 400, 500, 500, 500, 500, 500]);
    }

    #[test]
    fn a_silent_connection_is_probed_and_then_given_up() {
        let mut connection = Connection::new(Millis(0));
        connection.poll(Millis(0));
        connection.handle_ready(Millis(0));
        assert_eq!(connection.poll(Millis(5_000)), Due::Ping(1));
        connection.handle_message(Millis(5_100));
        assert_eq!(connection.poll(Millis(10_000)), Due::Ping(2));
        assert_eq!(connection.poll(Millis(16_100)), Due::Lost);
    }

    #[test]
    fn an_attempt_that_hangs_is_begun_again() {
        let mut connection = Connection::new(Millis(0));
        connection.poll(Millis(0));
        assert_eq!(connection.poll(Millis(5_999)), Due::Nothing);
        assert_eq!(connection.poll(Millis(6_000)), Due::Connect);
    }

    #[test]
    fn a_network_that_comes_back_is_used_at_once() {
        let mut connection = Connection::new(Millis(0));
        connection.poll(Millis(0));
        connection.handle_network(Millis(100));
        assert_eq!(connection.poll(Millis(100)), Due::Nothing, "an attempt has just begun");
        connection.handle_network(Millis(2_000));
        assert_eq!(connection.poll(Millis(2_000)), Due::Connect);
        connection.handle_closed(Millis(2_100), &mut zeros);
        connection.handle_network(Millis(2_101));
        assert_eq!(connection.poll(Millis(2_101)), Due::Connect);
        connection.handle_busy();
        connection.handle_closed(Millis(2_200), &mut zeros);
        connection.handle_network(Millis(2_300));
        assert_eq!(connection.poll(Millis(2_300)), Due::Nothing, "the server asked for patience");
    }

    #[test]
    fn a_stopped_connection_stays_stopped() {
        let mut connection = Connection::new(Millis(0));
        connection.stop();
        connection.handle_closed(Millis(5), &mut zeros);
        assert_eq!(connection.next_due(), None);
        assert_eq!(connection.poll(Millis(99_000)), Due::Nothing);
    }
}
