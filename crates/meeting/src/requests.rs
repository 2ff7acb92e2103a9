use crate::limits;
use crate::output::{Blob, ToClient};
use crate::verified::Verified;
use base::statement::Swap;
use base::{DeviceKey, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// Swaps and leaves that wait for a member to commit them. One per member at most.
#[derive(Default)]
pub(crate) struct Requests(BTreeMap<DeviceKey, Pending>);

struct Pending {
    wish: Wish,
    since: Millis,
    /// Members asked in this round.
    asked: BTreeSet<DeviceKey>,
    next: Millis,
}

enum Wish {
    Swap { swap: Verified<Swap>, key_package: Blob },
    Leave { leave: Blob },
}

impl Requests {
    /// A returning device asks for its place; its earlier swap is dropped.
    pub fn swap(&mut self, now: Millis, swap: Verified<Swap>, key_package: Blob) {
        let device = swap.statement().device;
        self.0.insert(device, Pending::new(Wish::Swap { swap, key_package }, now));
    }

    /// A device leaves.
    pub fn leave(&mut self, device: DeviceKey, leave: Blob) {
        self.0.insert(device, Pending::new(Wish::Leave { leave }, Millis(0)));
    }

    pub fn drop_of(&mut self, device: DeviceKey) {
        self.0.remove(&device);
    }

    /// Drops a swap whose device is gone: its KeyPackage went with it.
    pub fn drop_swap_of(&mut self, device: DeviceKey) {
        if self.awaits_swap(device) {
            self.drop_of(device);
        }
    }

    /// Whether this device said that it lost the group's state.
    pub fn awaits_swap(&self, device: DeviceKey) -> bool {
        self.0.get(&device).is_some_and(|pending| matches!(pending.wish, Wish::Swap { .. }))
    }

    /// Whether this very swap is waiting. A replayed one is not: it would put a device out.
    pub fn waits(&self, swap: &Verified<Swap>) -> bool {
        match self.0.get(&swap.statement().device).map(|pending| &pending.wish) {
            Some(Wish::Swap { swap: waiting, .. }) => waiting.bytes() == swap.bytes(),
            _ => false,
        }
    }

    /// Whether this device's swap has been waiting for so long that nobody seems able to help.
    pub fn swap_unanswered(&self, device: DeviceKey, now: Millis) -> bool {
        let pending = self.0.get(&device);
        self.awaits_swap(device)
            && pending.is_some_and(|p| now.since(p.since) >= limits::REPLACE_AFTER)
    }

    pub fn next(&self) -> Option<Millis> {
        self.0.values().map(|pending| pending.next).min()
    }

    /// A member that may be able to help has come: whoever found nobody tries again.
    pub fn helper_came(&mut self, now: Millis) {
        for pending in self.0.values_mut().filter(|pending| pending.asked.is_empty()) {
            pending.next = now;
        }
    }

    /// Nobody is left to help: whoever comes is asked from the beginning.
    pub fn begin_anew(&mut self) {
        for pending in self.0.values_mut() {
            pending.asked.clear();
            pending.next = Millis(0);
        }
    }

    /// Whom to ask what. `helpers` are the connected members that may hold the group's state, in
    /// the order in which they are asked.
    pub fn due(&mut self, now: Millis, helpers: &[DeviceKey]) -> Vec<(DeviceKey, ToClient)> {
        let due = self.0.iter_mut().filter(|(_, pending)| pending.next <= now);
        due.filter_map(|(device, pending)| pending.ask(*device, now, helpers)).collect()
    }
}

impl Pending {
    fn new(wish: Wish, since: Millis) -> Self {
        Pending { wish, since, asked: BTreeSet::new(), next: Millis(0) }
    }

    fn ask(
        &mut self,
        subject: DeviceKey,
        now: Millis,
        helpers: &[DeviceKey],
    ) -> Option<(DeviceKey, ToClient)> {
        let mut others = helpers.iter().filter(|helper| **helper != subject);
        let Some(helper) = others.find(|helper| !self.asked.contains(helper)) else {
            self.asked.clear();
            self.next = now + limits::RELAY_PAUSE;
            return None;
        };
        self.asked.insert(*helper);
        self.next = now + limits::RELAY_EVERY;
        Some((*helper, self.wish.message()))
    }
}

impl Wish {
    fn message(&self) -> ToClient {
        match self {
            Wish::Swap { swap, key_package } => ToClient::SwapRequested {
                swap: swap.bytes().clone(),
                key_package: key_package.clone(),
            },
            Wish::Leave { leave } => ToClient::LeaveRequested { leave: leave.clone() },
        }
    }
}
