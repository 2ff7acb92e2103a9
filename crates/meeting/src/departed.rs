use crate::limits;
use crate::outbox::Outbox;
use crate::output::Removal;
use crate::records;
use base::DeviceKey;
use std::collections::BTreeMap;

/// Devices that were put out of the group while they were away, to be told once when they come.
#[derive(Default)]
pub(crate) struct Departed(BTreeMap<DeviceKey, Removal>);

impl Departed {
    pub fn note(&mut self, device: DeviceKey, why: Removal, out: &mut Outbox) {
        if self.0.len() < limits::DEPARTED {
            self.0.insert(device, why);
            out.put(records::departed(device, why));
        }
    }

    /// Forgets the note, and says what it was.
    pub fn take(&mut self, device: DeviceKey, out: &mut Outbox) -> Option<Removal> {
        let why = self.0.remove(&device)?;
        out.delete(records::DEPARTED, records::departed_number(device));
        Some(why)
    }

    /// Puts back a note from the store.
    pub fn restore(&mut self, device: DeviceKey, why: Removal) {
        self.0.insert(device, why);
    }
}
