//! Swaps and leaves of other devices, checked before we commit them.

use super::Session;
use crate::identity::Device;
use crate::key_package::{PendingJoin, VerifiedKeyPackage};
use crate::rules::MAX_STATEMENT_AGE;
use base::statement::{Leave, StatementError, Swap, Unverified};
use base::{DeviceKey, GroupId};

/// A member's signed wish to return on a fresh leaf, fit to be committed in this epoch.
#[derive(Clone, Debug)]
pub struct VerifiedSwap {
    pub(super) bytes: Vec<u8>,
    pub(super) key_package: VerifiedKeyPackage,
}

impl VerifiedSwap {
    pub fn device(&self) -> DeviceKey {
        self.key_package.device()
    }
}

/// A member's signed wish to leave, fit to be committed in this epoch.
#[derive(Clone, Debug)]
pub struct VerifiedLeave {
    pub(super) bytes: Vec<u8>,
    device: DeviceKey,
}

impl VerifiedLeave {
    pub fn device(&self) -> DeviceKey {
        self.device
    }
}

impl PendingJoin {
    /// The signed [`Swap`] by which this device asks for its place in `group` back; `epoch` is the
    /// newest one it has heard of.
    pub fn swap(&self, device: &Device, group: GroupId, epoch: u64) -> Vec<u8> {
        let key_package = self.key_package_ref();
        device.signer().sign(&Swap { group, device: device.key(), key_package, epoch })
    }
}

impl Session {
    /// Checks another device's swap and its KeyPackage.
    pub fn verify_swap(
        &self,
        swap: &[u8],
        key_package: &[u8],
    ) -> Result<VerifiedSwap, StatementError> {
        let unverified = Unverified::<Swap>::read(swap)?;
        let signer = unverified.claim().device;
        let claim = unverified.verify(&signer.0)?;
        self.check_subject(claim.group, &claim.device, claim.epoch)?;
        let key_package =
            VerifiedKeyPackage::read(key_package).map_err(|_| StatementError::WrongSubject)?;
        let named = (key_package.device(), key_package.reference());
        if named != (claim.device, claim.key_package) {
            return Err(StatementError::WrongSubject);
        }
        Ok(VerifiedSwap { bytes: swap.to_vec(), key_package })
    }

    /// Checks another device's wish to leave.
    pub fn verify_leave(&self, leave: &[u8]) -> Result<VerifiedLeave, StatementError> {
        let unverified = Unverified::<Leave>::read(leave)?;
        let signer = unverified.claim().device;
        let claim = unverified.verify(&signer.0)?;
        self.check_subject(claim.group, &claim.device, claim.epoch)?;
        Ok(VerifiedLeave { bytes: leave.to_vec(), device: claim.device })
    }

    fn check_subject(
        &self,
        group: GroupId,
        device: &DeviceKey,
        epoch: u64,
    ) -> Result<(), StatementError> {
        let member = self.roster.leaf_of(device).is_some() && *device != self.device;
        if group != self.group_id() || !member {
            return Err(StatementError::WrongSubject);
        }
        let recent = epoch <= self.epoch() && self.epoch() - epoch <= MAX_STATEMENT_AGE;
        if recent { Ok(()) } else { Err(StatementError::Expired) }
    }
}
