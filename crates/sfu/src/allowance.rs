//! How much one source may send: several times what browsers do. More comes from a changed program, and everyone who
//! listens would have to take it in.

use crate::Kind;
use std::time::{Duration, Instant};

/// May come at once, after a pause: what waited while the network stood still.
const BURST: Duration = Duration::from_secs(1);

/// 200 packets of sound a second, browsers send 50, or 100 of 10 ms. A large packet counts as several: 100 kB/s, of
/// which the best Opus takes 64.
const EACH_SOUND: Duration = Duration::from_millis(5);
const SOUND_BYTES: usize = 512;

/// 1,000 packets of picture a second, in all layers: some 10 Mbps. Pages send up to 350.
const EACH_PICTURE: Duration = Duration::from_millis(1);

/// A token bucket as the moment at which it is full again (GCRA, ITU-T I.371).
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Allowance {
    full_at: Option<Instant>,
}

impl Allowance {
    /// Whether a packet with this much payload, in bytes, may pass.
    pub fn take(&mut self, now: Instant, kind: Kind, size: usize) -> bool {
        let cost = match kind.is_audio() {
            true => EACH_SOUND * (1 + size / SOUND_BYTES) as u32,
            false => EACH_PICTURE,
        };
        let full_at = self.full_at.map_or(now, |at| at.max(now)) + cost;
        let pass = full_at <= now + BURST;
        if pass {
            self.full_at = Some(full_at);
        }
        pass
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these packets pass in `seconds`, sent evenly.
    fn passed(kind: Kind, size: usize, per_second: u32, seconds: u32) -> usize {
        let (start, mut allowance) = (Instant::now(), Allowance::default());
        let each = Duration::from_secs(1) / per_second;
        let sent = (0..per_second * seconds).map(|number| start + each * number);
        sent.filter(|at| allowance.take(*at, kind, size)).count()
    }

    #[test]
    fn what_browsers_send_passes_whole() {
        assert_eq!(passed(Kind::Mic, 160, 100, 60), 6_000);
        assert_eq!(passed(Kind::ScreenAudio, 1_275, 50, 60), 3_000);
        assert_eq!(passed(Kind::Camera, 1_150, 350, 60), 21_000);
    }

    #[test]
    fn a_flood_passes_as_one_burst_and_then_at_the_rate() {
        let about =
            |count: usize, expected: usize| assert!(count.abs_diff(expected) <= 3, "{count}");
        about(passed(Kind::Mic, 60, 2_000, 10), 200 + 10 * 200);
        about(passed(Kind::Mic, 1_060, 2_000, 10), (200 + 10 * 200) / 3);
        about(passed(Kind::Camera, 1_150, 20_000, 10), 1_000 + 10 * 1_000);
    }

    #[test]
    fn a_pause_gives_one_burst_and_no_more() {
        let (mut now, mut allowance) = (Instant::now(), Allowance::default());
        for _ in 0..3 {
            let passed = (0..1_000).filter(|_| allowance.take(now, Kind::Mic, 100)).count();
            assert_eq!(passed, 200);
            now += Duration::from_secs(3_600);
        }
    }
}
