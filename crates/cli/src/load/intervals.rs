use std::time::Duration;

/// How often sound is sent.
const PACKET: Duration = Duration::from_millis(20);

/// Longer gaps count as this long, except for the longest.
const MOST_MS: usize = 2_000;

/// How late packets of sound came after the one before: inter-arrival less 20 ms, in steps of a
/// millisecond.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intervals {
    /// By milliseconds; as long as the largest seen.
    counts: Vec<u64>,
    longest: Duration,
}

impl Intervals {
    pub fn count(&mut self, interval: Duration) {
        let gap = interval.saturating_sub(PACKET);
        self.longest = self.longest.max(gap);
        let at = (gap.as_millis() as usize).min(MOST_MS);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
    }

    pub fn add(&mut self, other: &Intervals) {
        self.longest = self.longest.max(other.longest);
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    pub fn longest(&self) -> Duration {
        self.longest
    }

    /// The gap in milliseconds that so many of a thousand did not exceed.
    pub fn permille(&self, permille: u64) -> u64 {
        let rank = (self.total() * permille).div_ceil(1000).max(1);
        let mut below = 0;
        let reached = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        reached.unwrap_or(0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_are_what_exceeds_twenty_milliseconds() {
        let mut intervals = Intervals::default();
        (0..98).for_each(|_| intervals.count(Duration::from_millis(15)));
        let mut others = Intervals::default();
        others.count(Duration::from_millis(25));
        others.count(Duration::from_millis(5_020));
        intervals.add(&others);
        assert_eq!(intervals.total(), 100);
        assert_eq!([500, 980, 990, 1000].map(|p| intervals.permille(p)), [0, 0, 5, 2_000]);
        assert_eq!(intervals.longest(), Duration::from_secs(5));
    }

    #[test]
    fn nothing_heard_is_no_gap() {
        assert_eq!(Intervals::default().permille(950), 0);
    }
}
