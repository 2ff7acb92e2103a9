/// Which counters of one key have been opened: all above the newest are fresh, those more than
/// [`Window::SPAN`] below it are taken for seen.
#[derive(Default)]
pub(super) struct Window {
    /// One more than the highest counter seen.
    next: u64,
    /// Bit `counter % SPAN` for the `SPAN` counters below `next`.
    seen: [u64; Self::SPAN as usize / 64],
}

impl Window {
    /// Smaller drops more of what a network reorders; larger costs an eighth of a byte each per
    /// sender.
    pub(super) const SPAN: u64 = 1024;

    pub(super) fn is_fresh(&self, counter: u64) -> bool {
        counter >= self.next || (self.next - counter <= Self::SPAN && !self.bit(counter))
    }

    /// Marks `counter` as seen; whether it was fresh.
    pub(super) fn insert(&mut self, counter: u64) -> bool {
        let fresh = self.is_fresh(counter);
        if fresh {
            self.advance_to(counter);
            self.seen[slot(counter)] |= mask(counter);
        }
        fresh
    }

    fn advance_to(&mut self, counter: u64) {
        if counter < self.next {
            return;
        }
        if counter - self.next >= Self::SPAN {
            self.seen = Default::default();
        } else {
            (self.next..=counter).for_each(|passed| self.seen[slot(passed)] &= !mask(passed));
        }
        self.next = counter.saturating_add(1);
    }

    fn bit(&self, counter: u64) -> bool {
        self.seen[slot(counter)] & mask(counter) != 0
    }
}

fn slot(counter: u64) -> usize {
    (counter % Window::SPAN / 64) as usize
}

fn mask(counter: u64) -> u64 {
    1 << (counter % 64)
}
