//! What happened, so that a model in which nothing can happen does not pass.

use super::group::Epoch;

#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub admitted: usize,
    pub couples: usize,
    pub turns: usize,
    pub returns: usize,
    pub went: usize,
    pub held: usize,
    pub races_lost: usize,
    pub refused: usize,
    pub abandoned: usize,
    pub crashes: usize,
    pub forgotten: usize,
    pub open_days: usize,
}

impl Seen {
    pub fn note(&mut self, before: &Epoch, after: &Epoch) {
        let (was, is): (Vec<_>, Vec<_>) = (before.guests().collect(), after.guests().collect());
        let new = is.iter().filter(|who| !was.contains(who)).count();
        self.admitted += new;
        self.went += was.iter().filter(|who| !is.contains(who)).count();
        self.couples += usize::from(is.len() == 2 && after.parties().len() == 1);
        let named = |epoch: &Epoch| epoch.policy.rules.consulting;
        self.turns += usize::from(new > 0 && named(before) != named(after));
        self.returns += after.swapped;
        self.open_days += usize::from(named(before).is_some() && named(after).is_none());
    }

    pub fn and(self, other: Seen) -> Seen {
        Seen {
            admitted: self.admitted + other.admitted,
            couples: self.couples + other.couples,
            turns: self.turns + other.turns,
            returns: self.returns + other.returns,
            went: self.went + other.went,
            held: self.held + other.held,
            races_lost: self.races_lost + other.races_lost,
            refused: self.refused + other.refused,
            abandoned: self.abandoned + other.abandoned,
            crashes: self.crashes + other.crashes,
            forgotten: self.forgotten + other.forgotten,
            open_days: self.open_days + other.open_days,
        }
    }

    pub fn assert_everything_happened(&self, steps: usize) {
        let often =
            |n: usize, one_in: usize| assert!(n * one_in > steps, "{n} of {steps}: {self:?}");
        often(self.admitted, 200);
        often(self.turns, 300);
        often(self.went, 200);
        often(self.held, 100);
        often(self.races_lost, 200);
        often(self.refused, 300);
        often(self.crashes, 200);
        often(self.couples, 1_500);
        often(self.returns, 1_500);
        often(self.forgotten, 500);
        often(self.open_days, 10_000);
    }
}
