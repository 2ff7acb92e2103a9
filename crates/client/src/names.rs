//! Devices by the names they went by, and what this device can tell from that.

use crate::saved::text;
use crate::view::Met;
use base::DeviceKey;
use base::codec::{DecodeError, Reader, Writer};

/// People remembered by name; the oldest are forgotten first. Each takes up to 280 bytes of what is
/// saved at every commit; fewer would make strangers of a large class from one week to the next.
pub(crate) const MAX_NAMES: usize = 1_024;

/// Devices and their verified names.
#[derive(Clone, Default)]
pub(crate) struct Names(Vec<(DeviceKey, String)>);

impl Names {
    /// Asked for everyone at each change of what is shown: whoever is here was set last, and the first byte
    /// tells most keys apart.
    pub fn get(&self, device: &DeviceKey) -> Option<&str> {
        let is_it = |known: &DeviceKey| known.0[0] == device.0[0] && known == device;
        self.0.iter().rev().find(|(known, _)| is_it(known)).map(|(_, name)| name.as_str())
    }

    pub fn set(&mut self, device: DeviceKey, name: String) {
        self.remove(&device);
        if self.0.len() == MAX_NAMES {
            self.0.remove(0);
        }
        self.0.push((device, name));
    }

    pub fn remove(&mut self, device: &DeviceKey) {
        self.0.retain(|(known, _)| known != device);
    }

    pub fn take(&mut self) -> Vec<(DeviceKey, String)> {
        std::mem::take(&mut self.0)
    }

    pub fn iter(&self) -> impl Iterator<Item = &(DeviceKey, String)> {
        self.0.iter()
    }

    /// What these names say of a device that goes by `name`; nothing of one whose name is unknown.
    pub fn met(&self, device: &DeviceKey, name: &str) -> Met {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        match self.get(device) {
            _ if name.is_empty() => Met::Never,
            Some(before) if same(before) => Met::SameDevice,
            Some(before) => Met::SameDeviceAs(before.to_owned()),
            None if self.0.iter().any(|(_, other)| same(other)) => Met::NewDevice,
            None => Met::Never,
        }
    }

    pub fn encode(&self, w: Writer) -> Writer {
        w.list(&self.0, |w, (device, name)| w.fixed(&device.0).bytes(name.as_bytes()))
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.list(MAX_NAMES, |r| Ok((DeviceKey(r.fixed()?), text(r)?))).map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_bounded() {
        let mut names = Names::default();
        for n in 0..MAX_NAMES as u32 + 1 {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&n.to_be_bytes());
            names.set(DeviceKey(key), "x".into());
        }
        assert_eq!(names.iter().count(), MAX_NAMES);
        assert_eq!(names.get(&DeviceKey([0; 32])), None);
    }

    fn device(n: u8) -> DeviceKey {
        DeviceKey([n; 32])
    }

    #[test]
    fn a_device_is_known_by_its_key_and_a_name_without_its_key_is_a_new_device() {
        let mut before = Names::default();
        before.set(device(1), "Maria K.".into());
        before.set(device(2), "Ben".into());
        assert_eq!(before.met(&device(1), "maria k."), Met::SameDevice);
        assert_eq!(before.met(&device(2), "Maria K."), Met::SameDeviceAs("Ben".into()));
        assert_eq!(before.met(&device(3), "Maria K."), Met::NewDevice);
        assert_eq!(before.met(&device(3), "Cleo"), Met::Never);
        assert_eq!(before.met(&device(1), ""), Met::Never, "whose name nobody has told yet");
    }

    proptest! {
        /// Whatever was met in whatever order: only a key that was met reads as the same device, and
        /// only a name that was met under other keys as a new one.
        #[test]
        fn nobody_passes_for_somebody_met(
            met in proptest::collection::vec((0u8..6, 0usize..4), 0..30),
            (who, by) in (0u8..8, 0usize..4),
        ) {
            const NAMES: [&str; 4] = ["Ana", "Ben", "Cleo", "Dr. M"];
            let mut before = Names::default();
            met.iter().for_each(|(key, name)| before.set(device(*key), NAMES[*name].into()));
            let last = met.iter().rev().find(|(key, _)| *key == who).map(|(_, name)| NAMES[*name]);
            let elsewhere = before.iter().any(|(key, name)| *key != device(who) && name == NAMES[by]);
            let expected = match last {
                Some(name) if name == NAMES[by] => Met::SameDevice,
                Some(name) => Met::SameDeviceAs(name.into()),
                None if elsewhere => Met::NewDevice,
                None => Met::Never,
            };
            prop_assert_eq!(before.met(&device(who), NAMES[by]), expected);
        }
    }
}
