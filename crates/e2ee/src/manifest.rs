//! The manifest: a custom proposal that says, inside the encrypted commit, on whose word its Adds
//! and Removes happen.
//!
//! A leave is carried as the leaver's signed statement, so that no proposal ever has to be stored
//! and every proposal of a commit is inline.

use base::DeviceKey;
use base::codec::{DecodeError, Reader, Writer};
use base::statement::{MAX_CHANGES, Role};

/// A signed `Swap` or `Leave` is never longer, in bytes.
const MAX_STATEMENT: usize = 256;

/// A device that the committer lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmissionEntry {
    /// The KeyPackageRef (RFC 9420 §5.2) of the matching Add.
    pub key_package: [u8; 32],
    pub device: DeviceKey,
    pub role: Role,
}

/// Every Add and every Remove not ordered by a delegate is accounted for here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub admissions: Vec<AdmissionEntry>,
    /// Signed [`base::statement::Swap`]s.
    pub swaps: Vec<Vec<u8>>,
    /// Signed [`base::statement::Leave`]s.
    pub leaves: Vec<Vec<u8>>,
}

impl Manifest {
    pub fn is_empty(&self) -> bool {
        self.admissions.is_empty() && self.swaps.is_empty() && self.leaves.is_empty()
    }

    pub fn encode(&self) -> Vec<u8> {
        Writer::new()
            .list(&self.admissions, |w, a| {
                w.fixed(&a.key_package).fixed(&a.device.0).u8(a.role as u8)
            })
            .list(&self.swaps, |w, swap| w.bytes(swap))
            .list(&self.leaves, |w, leave| w.bytes(leave))
            .finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut r = Reader::new(bytes);
        let manifest = Manifest {
            admissions: r.list(MAX_CHANGES, admission)?,
            swaps: r.list(MAX_CHANGES, |r| Ok(r.bytes(MAX_STATEMENT)?.to_vec()))?,
            leaves: r.list(MAX_CHANGES, |r| Ok(r.bytes(MAX_STATEMENT)?.to_vec()))?,
        };
        r.finish()?;
        Ok(manifest)
    }
}

fn admission(r: &mut Reader<'_>) -> Result<AdmissionEntry, DecodeError> {
    Ok(AdmissionEntry {
        key_package: r.fixed()?,
        device: DeviceKey(r.fixed()?),
        role: Role::from_byte(r.u8()?)?,
    })
}
