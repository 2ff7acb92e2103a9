use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::rtp_::Bitrate;

/// Time window for averaging estimate changes.
const ESTIMATE_WINDOW: Duration = Duration::from_secs(3);

type TimeBitrate = (Instant, Bitrate);

const TOLERANCE: f64 = 0.05;

/// An estimate above so many times the average, or below such a part of it, begins a window of its own: what a probe
/// found, or a line that collapsed, is not averaged away. The swings of a line that is full are smaller.
const JUMP_UP: f64 = 1.35;
const JUMP_DOWN: f64 = 0.5;

/// Estimates kept at most, the latest: each report may bring one, and reports come as fast as a peer likes.
const MOST_ESTIMATES: usize = 128;

/// Smooths BWE estimates by averaging over a time window.
pub struct EstimateSmoother {
    estimates: VecDeque<TimeBitrate>,
    maybe_emit: bool,
    emitted: Option<Bitrate>,
}

impl EstimateSmoother {
    pub fn new() -> Self {
        Self {
            estimates: VecDeque::new(),
            maybe_emit: false,
            emitted: None,
        }
    }

    /// Record a new estimate and update the smoothed average.
    pub fn record(&mut self, now: Instant, estimate: Bitrate) {
        // Did value change from previous?
        let do_update = self.estimates.back().map(|b| b.1) != Some(estimate);

        if do_update {
            if self.is_jump(estimate) {
                self.estimates.clear();
            } else if self.estimates.len() == MOST_ESTIMATES {
                self.estimates.pop_front();
            }
            self.maybe_emit = true;
            self.estimates.push_back((now, estimate));
        }

        // Remove entries older than the window.
        while let Some((time, _)) = self.estimates.front() {
            if now.duration_since(*time) > ESTIMATE_WINDOW {
                // Keep last entry
                if self.estimates.len() == 1 {
                    break;
                }

                self.maybe_emit = true;
                self.estimates.pop_front();
            } else {
                break;
            }
        }
    }

    /// Whether an estimate is so far from the average that it is news and no swing.
    fn is_jump(&self, estimate: Bitrate) -> bool {
        let Some(average) = self.average() else {
            return false;
        };
        estimate > average * JUMP_UP || estimate < average * JUMP_DOWN
    }

    fn average(&self) -> Option<Bitrate> {
        let total: f64 = self.estimates.iter().map(|b| b.1.as_f64()).sum();
        let count = self.estimates.len();
        (count > 0).then(|| (total / count as f64).into())
    }

    /// Poll for an estimate to emit. Returns Some only when there's a new value to emit.
    pub fn poll(&mut self) -> Option<Bitrate> {
        let rate = self.news()?;
        self.maybe_emit = false;
        self.emitted = Some(rate);
        Some(rate)
    }

    /// Whether [`Self::poll`] would return something.
    pub fn has_news(&mut self) -> bool {
        self.news().is_some()
    }

    fn news(&mut self) -> Option<Bitrate> {
        if !self.maybe_emit {
            return None;
        }

        let rate = self.average()?;

        // This forces emitting if we have the first ever value, or a last
        // where the rest of the window is gone (estimates stop coming).
        let force = self.estimates.len() == 1 && self.emitted != Some(rate);

        // Emit if we deviate enough from previously emitted.
        let deviate = if let Some(emitted) = self.emitted {
            !in_tolerance(emitted, rate)
        } else {
            true
        };

        // Are we not to emit?
        if !force && !deviate {
            self.maybe_emit = false;
            return None;
        }

        Some(rate)
    }
}

fn in_tolerance(b1: Bitrate, b2: Bitrate) -> bool {
    let min = b1 * (1.0 - TOLERANCE);
    let max = b1 * (1.0 + TOLERANCE);
    b2 > min && b2 < max
}
