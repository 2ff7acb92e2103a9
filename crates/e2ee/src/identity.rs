//! Who signs what: the device's key, the meeting key, and the group's shared secret.

use crate::provider::SIGNATURE_SCHEME;
use base::hash::sha256;
use base::statement::{Certificate, Doorbell, Signer};
use base::{DeviceKey, MeetingKey, Secret};
use ed25519_dalek::{Signer as _, SigningKey};
use openmls::credentials::{BasicCredential, CredentialWithKey};
use openmls_traits::signatures::{Signer as MlsSigner, SignerError};
use openmls_traits::types::SignatureScheme;

/// A device's long-lived Ed25519 key. It signs MLS content (each under its RFC 9420 label) and
/// statements (each under its purpose), which no signature can be mistaken for.
pub struct Device {
    seed: Secret<32>,
    key: SigningKey,
    signer: Signer,
}

impl Device {
    /// The device whose RFC 8032 private key is `seed`.
    pub fn from_seed(seed: Secret<32>) -> Self {
        let key = SigningKey::from_bytes(seed.expose());
        let signer = Signer::from_seed(&seed);
        Device { seed, key, signer }
    }

    /// What the device is known by.
    pub fn key(&self) -> DeviceKey {
        DeviceKey(self.key.verifying_key().to_bytes())
    }

    /// Signs statements.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The private key, for the device's own encrypted store only.
    pub fn seed(&self) -> &Secret<32> {
        &self.seed
    }

    pub(crate) fn credential(&self) -> CredentialWithKey {
        let credential = BasicCredential::new(credential_of(&self.key()).to_vec()).into();
        CredentialWithKey { credential, signature_key: self.key().0.to_vec().into() }
    }
}

impl MlsSigner for Device {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.key.sign(payload).to_bytes().to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SIGNATURE_SCHEME
    }
}

/// The MLS credential of a device: a hash of its key, so that a KeyPackage names nobody.
pub(crate) fn credential_of(device: &DeviceKey) -> [u8; 32] {
    sha256(&[b"incamera/v1/credential", &device.0])
}

/// The meeting key `HK`: it certifies devices and doorbells, and is never a leaf key.
pub struct HostKey {
    seed: Secret<32>,
    signer: Signer,
}

impl HostKey {
    /// The meeting key whose RFC 8032 private key is `seed`.
    pub fn from_seed(seed: Secret<32>) -> Self {
        let signer = Signer::from_seed(&seed);
        HostKey { seed, signer }
    }

    /// What links and the policy name.
    pub fn public(&self) -> MeetingKey {
        MeetingKey(self.signer.public())
    }

    /// Gives a device a role in a group.
    pub fn certify(&self, certificate: &Certificate) -> Vec<u8> {
        self.signer.sign(certificate)
    }

    /// Vouches for the key that guests seal their knocks to.
    pub fn sign_doorbell(&self, doorbell: &Doorbell) -> Vec<u8> {
        self.signer.sign(doorbell)
    }

    /// The private key, for the host's own encrypted store only.
    pub fn seed(&self) -> &Secret<32> {
        &self.seed
    }
}

/// `P_v`: the secret mixed into every commit that adds someone, and known only to those who were
/// given a link and to members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPsk(Secret<32>);

impl GroupPsk {
    /// Takes 32 random bytes.
    pub fn new(secret: Secret<32>) -> Self {
        GroupPsk(secret)
    }

    /// The bytes, for wrapping under a link's key.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The MLS external PSK id: a hash, so that a wrong secret shows before it is used.
    pub fn id(&self) -> [u8; 16] {
        let digest = sha256(&[b"incamera/v1/psk-id", self.0.expose()]);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        id
    }
}
