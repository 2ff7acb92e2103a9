use base::Millis;
use std::time::Duration;

/// How often a connection may do something: `burst` at once, then one every `every`.
#[derive(Clone, Copy)]
pub(crate) struct Rate {
    pub every: Duration,
    pub burst: u32,
}

/// One connection's use of a [`Rate`] (the generic cell rate algorithm, ITU-T I.371).
#[derive(Clone, Copy, Default)]
pub(crate) struct Pace {
    /// When the connection would be back at rest.
    rest: Millis,
}

impl Pace {
    /// Uses one turn, if there is one.
    pub fn take(&mut self, now: Millis, rate: Rate) -> bool {
        let rest = self.rest.max(now);
        let allowed = rest.since(now) <= rate.every * (rate.burst - 1);
        if allowed {
            self.rest = rest + rate.every;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_allowed_then_one_per_interval() {
        let rate = Rate { every: Duration::from_secs(2), burst: 3 };
        let mut pace = Pace::default();
        let at = |pace: &mut Pace, ms| pace.take(Millis(ms), rate);
        assert!((0..3).all(|_| at(&mut pace, 1000)));
        assert!(!at(&mut pace, 1000));
        assert!(!at(&mut pace, 2999));
        assert!(at(&mut pace, 3000));
        assert!(!at(&mut pace, 3000));
    }
}
