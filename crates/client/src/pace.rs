//! When the next commit may be made that lets people in, or takes out those who have left.

use base::Millis;
use std::time::Duration;

/// Admissions within this time of a commit go together into the next. Longer lets people in
/// later, shorter makes a commit for each.
const WINDOW: Duration = Duration::from_millis(150);

/// The same, and for those who leave, while commits keep coming. Each of them is work for every member and begins an epoch, and frames
/// are sent under a new epoch at the latest when the one after it begins: shorter leaves members on slow
/// devices behind, who then hear nothing.
const BUSY_WINDOW: Duration = Duration::from_millis(400);

/// As many commits within this time keep coming.
const MANY: usize = 4;
const WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// The last commits of this device, the latest last.
    made: [Option<Millis>; MANY],
    /// When the next may let somebody in, and when it may take somebody out who has left.
    admit: Millis,
    leave: Millis,
}

impl Pace {
    pub fn note_commit(&mut self, now: Millis) {
        let busy = self.made[0].is_some_and(|at| now < at + WITHIN);
        self.made.rotate_left(1);
        self.made[MANY - 1] = Some(now);
        (self.admit, self.leave) = match busy {
            true => (now + BUSY_WINDOW, now + BUSY_WINDOW),
            // Whoever left may be at the door again at once, and is not let in before.
            false => (now + WINDOW, now),
        };
    }

    pub fn admit(&self) -> Millis {
        self.admit
    }

    pub fn leave(&self) -> Millis {
        self.leave
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When commits are made if there is always something to commit, milliseconds.
    fn made(count: usize) -> Vec<u64> {
        let mut pace = Pace::default();
        let times = std::iter::repeat_with(|| {
            let now = pace.admit();
            pace.note_commit(now);
            now.0
        });
        times.take(count).collect()
    }

    #[test]
    fn a_few_follow_each_other_closely_and_many_do_not() {
        assert_eq!(made(8), [0, 150, 300, 450, 600, 1_000, 1_400, 1_800]);
    }

    #[test]
    fn who_comes_after_a_quiet_while_does_not_wait() {
        let mut pace = Pace::default();
        for at in 0..20 {
            pace.note_commit(Millis(400 * at));
        }
        assert_eq!((pace.admit(), pace.leave()), (Millis(8_000), Millis(8_000)));
        pace.note_commit(Millis(20_000));
        assert_eq!((pace.admit(), pace.leave()), (Millis(20_150), Millis(20_000)));
    }
}
