//! How often a passcode was guessed at.

use base::DeviceKey;

/// Failures of one guest's device, and a guest's own patience with what answers it.
pub const GUEST_TRIES: usize = 3;
/// Failures of a whole meeting: at it, the passcode is closed. Higher lets more people mistype;
/// each gives a guesser one more of 2^39 tries.
pub const MEETING_TRIES: usize = 10;

/// The devices whose exchange did not end well, once for each. An exchange counts from the moment
/// it is answered until the guest has proven the passcode, so that breaking one off hides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failures(Vec<DeviceKey>);

impl Failures {
    /// Reads what [`Self::devices`] gave; what is beyond the bound does not matter any more.
    pub fn new(mut devices: Vec<DeviceKey>) -> Self {
        devices.truncate(MEETING_TRIES);
        Failures(devices)
    }

    /// To be saved.
    pub fn devices(&self) -> &[DeviceKey] {
        &self.0
    }

    /// Whether nobody may try any more.
    pub fn is_closed(&self) -> bool {
        self.0.len() >= MEETING_TRIES
    }

    /// Counts a try of `device`; false if it has none left. To be durable before the answer.
    pub fn count(&mut self, device: DeviceKey) -> bool {
        let own = self.0.iter().filter(|failed| **failed == device).count();
        let allowed = !self.is_closed() && own < GUEST_TRIES;
        if allowed {
            self.0.push(device);
        }
        allowed
    }

    /// The last try of `device` was the right passcode.
    pub fn forgive(&mut self, device: &DeviceKey) {
        if let Some(at) = self.0.iter().rposition(|failed| failed == device) {
            self.0.remove(at);
        }
    }
}
