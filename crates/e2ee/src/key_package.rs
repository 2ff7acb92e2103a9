//! KeyPackages: making one to join with, and checking those of others.

use crate::identity::{Device, credential_of};
use crate::provider::{OneSuite, Provider, SUITE, capabilities};
use base::DeviceKey;
use openmls::key_packages::{KeyPackage, KeyPackageIn, Lifetime};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{LeafNode, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, ProtocolVersion};
use openmls_traits::OpenMlsProvider;
use openmls_traits::crypto::OpenMlsCrypto;

/// The largest KeyPackage read, in bytes; ours have about 300.
pub const MAX_KEY_PACKAGE: usize = 4096;

/// A KeyPackage that is refused; the fault of the device that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyPackageError {
    #[error("the KeyPackage cannot be read")]
    Malformed,
    #[error("the KeyPackage does not verify or is for another suite")]
    Invalid,
    #[error("the KeyPackage's credential is not that of its key")]
    ForeignCredential,
    #[error("our own cryptography failed to make a KeyPackage")]
    Internal,
}

/// A KeyPackage whose signature, suite, lifetime and credential were checked.
#[derive(Clone)]
pub struct VerifiedKeyPackage {
    inner: KeyPackage,
    device: DeviceKey,
    reference: [u8; 32],
}

impl VerifiedKeyPackage {
    /// Reads and checks an MLSMessage (RFC 9420 §6) that holds a KeyPackage.
    pub fn read(bytes: &[u8]) -> Result<Self, KeyPackageError> {
        let key_package = parse(bytes)?
            .validate(&OneSuite, ProtocolVersion::Mls10)
            .map_err(|_| KeyPackageError::Invalid)?;
        if key_package.ciphersuite() != SUITE {
            return Err(KeyPackageError::Invalid);
        }
        let device =
            leaf_device(key_package.leaf_node()).ok_or(KeyPackageError::ForeignCredential)?;
        let reference = reference(&OneSuite, &key_package)?;
        Ok(VerifiedKeyPackage { inner: key_package, device, reference })
    }

    /// The device that made and signed it.
    pub fn device(&self) -> DeviceKey {
        self.device
    }

    /// Its KeyPackageRef (RFC 9420 §5.2).
    pub fn reference(&self) -> [u8; 32] {
        self.reference
    }

    pub(crate) fn inner(&self) -> &KeyPackage {
        &self.inner
    }
}

impl std::fmt::Debug for VerifiedKeyPackage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("VerifiedKeyPackage").field(&self.device).finish()
    }
}

fn parse(bytes: &[u8]) -> Result<KeyPackageIn, KeyPackageError> {
    if bytes.len() > MAX_KEY_PACKAGE {
        return Err(KeyPackageError::Malformed);
    }
    let message =
        MlsMessageIn::tls_deserialize_exact(bytes).map_err(|_| KeyPackageError::Malformed)?;
    match message.extract() {
        MlsMessageBodyIn::KeyPackage(key_package) => Ok(key_package),
        _ => Err(KeyPackageError::Malformed),
    }
}

/// The device a leaf belongs to, if its credential is the one of its key and it carries nothing
/// else.
pub(crate) fn leaf_device(leaf: &LeafNode) -> Option<DeviceKey> {
    let device = DeviceKey(leaf.signature_key().as_slice().try_into().ok()?);
    let plain = leaf.extensions().iter().next().is_none();
    let own = leaf.credential().serialized_content() == credential_of(&device);
    (plain && own).then_some(device)
}

pub(crate) fn reference(
    crypto: &impl OpenMlsCrypto,
    key_package: &KeyPackage,
) -> Result<[u8; 32], KeyPackageError> {
    let reference = key_package.hash_ref(crypto).map_err(|_| KeyPackageError::Internal)?;
    reference.as_slice().try_into().map_err(|_| KeyPackageError::Invalid)
}

/// A KeyPackage of this device with the private keys to open its Welcome. Good for one join: its
/// keys live in memory only.
pub struct PendingJoin {
    provider: Provider,
    key_package: Vec<u8>,
    reference: [u8; 32],
    device: DeviceKey,
}

impl PendingJoin {
    /// Makes a fresh KeyPackage.
    pub fn new(device: &Device) -> Result<Self, KeyPackageError> {
        let provider = Provider::default();
        let key_package = KeyPackage::builder()
            .leaf_node_capabilities(capabilities())
            .key_package_lifetime(tolerant_lifetime())
            .build(SUITE, &provider, device, device.credential())
            .map_err(|_| KeyPackageError::Internal)?
            .into_key_package();
        let reference = reference(provider.crypto(), &key_package)?;
        let key_package = MlsMessageOut::from(key_package)
            .tls_serialize_detached()
            .map_err(|_| KeyPackageError::Internal)?;
        Ok(PendingJoin { provider, key_package, reference, device: device.key() })
    }

    /// The KeyPackage as an MLSMessage, to be handed out.
    pub fn key_package(&self) -> &[u8] {
        &self.key_package
    }

    /// Its KeyPackageRef (RFC 9420 §5.2), which knocks and swaps sign.
    pub fn key_package_ref(&self) -> [u8; 32] {
        self.reference
    }

    pub(crate) fn device(&self) -> DeviceKey {
        self.device
    }

    pub(crate) fn into_provider(self) -> Provider {
        self.provider
    }
}

/// Valid at any time. Members check a KeyPackage when it is committed, each by its own clock: with
/// a window, one slow clock drops out of the group. Freshness comes from the knock's nonce and the
/// swap's epoch.
fn tolerant_lifetime() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}
