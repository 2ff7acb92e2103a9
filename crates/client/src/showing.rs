//! When what others do is shown: what a person at this device does is shown at once.

use base::Millis;
use std::time::Duration;

/// Among this many people every change is shown at once.
const FEW: usize = 16;
/// Among more, what others do is shown at most this often for each of them: a crowd that comes in
/// at once would otherwise be drawn anew at every word of each. Longer shows a crowd later.
const EACH: Duration = Duration::from_micros(500);
/// What changes more often than this for long is shown so often, lest one member that waves without
/// end keeps every page busy.
const APART: Duration = Duration::from_millis(125);
/// So many changes are shown at once before that: more than an entrance makes.
const BURST: u32 = 30;

#[derive(Default)]
pub(crate) struct Showing {
    /// Something may have changed since, and is shown then.
    due: Option<Millis>,
    last: Millis,
    /// When as much would have been shown at the lasting pace.
    paced: Millis,
}

impl Showing {
    pub fn next_due(&self) -> Option<Millis> {
        self.due
    }

    /// Whether a change may be shown now; if not, it is due later.
    pub fn may(&mut self, now: Millis, people: usize) -> bool {
        let crowd = if people > FEW { EACH * people as u32 } else { Duration::ZERO };
        let ahead = self.paced.since(now).saturating_sub(APART * BURST);
        let due = (self.last + crowd).max(now + ahead);
        self.due = Some(due).filter(|due| now < *due);
        self.due.is_none()
    }

    /// Everything was looked at, and shown if it had changed.
    pub fn handle_shown(&mut self, now: Millis, changed: bool) {
        self.due = None;
        if changed {
            self.last = now;
            // What a person at this device does is shown however often.
            self.paced = (self.paced.max(now) + APART).min(now + APART * (BURST + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often a change each `every` milliseconds is shown in each of six seconds.
    fn shown(people: usize, every: u64) -> Vec<u32> {
        let mut showing = Showing::default();
        let second = |from: u64| {
            let moments = (from..from + 1_000).step_by(every as usize).map(Millis);
            let shown = moments.filter(|now| {
                let may = showing.may(*now, people);
                assert_eq!(showing.next_due().is_some(), !may);
                may.then(|| showing.handle_shown(*now, true)).is_some()
            });
            shown.count() as u32
        };
        (1..=6).map(|n| n * 1_000).map(second).collect()
    }

    #[test]
    fn what_few_do_is_shown_at_once_and_what_never_ends_a_few_times_a_second() {
        assert_eq!(shown(3, 130), [8; 6]);
        let flood = shown(3, 10);
        assert!((BURST..BURST + 10).contains(&flood[0]), "{flood:?}");
        assert!(flood[1..].iter().all(|count| *count <= 9), "{flood:?}");
    }

    #[test]
    fn after_many_changes_of_ones_own_the_next_by_others_is_shown_soon() {
        let mut showing = Showing::default();
        (0..500).for_each(|_| showing.handle_shown(Millis(1_000), true));
        assert!(!showing.may(Millis(1_000), 3));
        assert_eq!(showing.next_due(), Some(Millis(1_125)));
        assert!(showing.may(Millis(1_125), 3));
    }

    #[test]
    fn a_crowd_is_shown_less_often_the_larger_it_is() {
        assert!(shown(250, 10).iter().all(|count| *count <= 9));
    }
}
