//! The high-water mark: what a device remembers of a group across a reload, without any key, so
//! that a server cannot lead it back into a past in which a removed device was still a member.

use base::codec::{DecodeError, Reader, Writer};
use base::{DeviceKey, GroupId};

/// The largest group.
pub const MAX_MEMBERS: usize = 4096;
/// As many as the policy remembers, and those whose removal is under way.
const MAX_REMOVED: usize = 1024;

/// A group or epoch that a device refuses because it has been further already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the server offers an older epoch or another group than this device has seen")]
pub struct StaleGroup;

/// Saved before a commit leaves the device, and after each merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub group: GroupId,
    /// The highest epoch this device was in.
    pub epoch: u64,
    /// Members at that epoch.
    pub members: Vec<DeviceKey>,
    /// Devices removed from the group, or whose removal this device has set out to commit.
    pub removed: Vec<DeviceKey>,
    /// Failed passcode attempts; the caller's to count.
    pub failures: u32,
}

impl Mark {
    /// Whether the server's claim about the group, `epoch` being the current one, can be true.
    pub fn check(&self, group: &GroupId, epoch: u64) -> Result<(), StaleGroup> {
        if self.group == *group && epoch >= self.epoch { Ok(()) } else { Err(StaleGroup) }
    }

    pub fn encode(&self) -> Vec<u8> {
        Writer::new()
            .fixed(&self.group.0)
            .u64(self.epoch)
            .list(&self.members, |w, device| w.fixed(&device.0))
            .list(&self.removed, |w, device| w.fixed(&device.0))
            .u32(self.failures)
            .finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let mark = Mark {
            group: GroupId(r.fixed()?),
            epoch: r.u64()?,
            members: r.list(MAX_MEMBERS, |r| Ok(DeviceKey(r.fixed()?)))?,
            removed: r.list(MAX_REMOVED, |r| Ok(DeviceKey(r.fixed()?)))?,
            failures: r.u32()?,
        };
        r.finish()?;
        Ok(mark)
    }
}
