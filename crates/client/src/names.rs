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
pub(crate) struct Names {
    /// Whoever was set last stands last.
    known: Vec<(DeviceKey, String)>,
    /// Of each of `known`, side by side: everyone present is looked for at each change of what is
    /// shown, and the names themselves lie all over memory.
    tags: Vec<Tag>,
}

/// What most entries differ in; who chose theirs to be the same only takes longer to tell apart.
#[derive(Clone, Copy)]
struct Tag {
    device: u32,
    name: u32,
}

impl Tag {
    fn of(device: &DeviceKey, name: &str) -> Self {
        let [a, b, c, d, ..] = device.0;
        Tag { device: u32::from_be_bytes([a, b, c, d]), name: folded(name) }
    }
}

/// FNV-1a of a name, the same in capitals.
fn folded(name: &str) -> u32 {
    let bytes = name.bytes().map(|byte| u32::from(byte.to_ascii_lowercase()));
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ byte).wrapping_mul(0x0100_0193))
}

impl Names {
    fn place(&self, device: &DeviceKey) -> Option<usize> {
        let tag = Tag::of(device, "").device;
        let is_it = |at: &usize| self.tags[*at].device == tag && self.known[*at].0 == *device;
        (0..self.known.len()).rev().find(is_it)
    }

    pub fn get(&self, device: &DeviceKey) -> Option<&str> {
        self.place(device).map(|at| self.known[at].1.as_str())
    }

    pub fn set(&mut self, device: DeviceKey, name: String) {
        self.remove(&device);
        if self.known.len() == MAX_NAMES {
            self.forget(0);
        }
        self.tags.push(Tag::of(&device, &name));
        self.known.push((device, name));
    }

    pub fn remove(&mut self, device: &DeviceKey) {
        if let Some(at) = self.place(device) {
            self.forget(at);
        }
    }

    fn forget(&mut self, at: usize) {
        self.known.remove(at);
        self.tags.remove(at);
    }

    pub fn take(&mut self) -> Vec<(DeviceKey, String)> {
        std::mem::take(self).known
    }

    pub fn iter(&self) -> impl Iterator<Item = &(DeviceKey, String)> {
        self.known.iter()
    }

    /// What these names say of a device that goes by `name`; nothing of one whose name is unknown.
    pub fn met(&self, device: &DeviceKey, name: &str) -> Met {
        match self.get(device) {
            _ if name.is_empty() => Met::Never,
            Some(before) if before.eq_ignore_ascii_case(name) => Met::SameDevice,
            Some(before) => Met::SameDeviceAs(before.to_owned()),
            None if self.knows(name) => Met::NewDevice,
            None => Met::Never,
        }
    }

    fn knows(&self, name: &str) -> bool {
        let tag = folded(name);
        let mut all = self.tags.iter().zip(&self.known);
        all.any(|(other, (_, known))| other.name == tag && known.eq_ignore_ascii_case(name))
    }

    pub fn encode(&self, w: Writer) -> Writer {
        w.list(&self.known, |w, (device, name)| w.fixed(&device.0).bytes(name.as_bytes()))
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let known = r.list(MAX_NAMES, |r| Ok((DeviceKey(r.fixed()?), text(r)?)))?;
        let tags = known.iter().map(|(device, name)| Tag::of(device, name)).collect();
        Ok(Names { known, tags })
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
