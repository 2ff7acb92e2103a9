//! The one HPKE suite (RFC 9180 §7), for MLS and for the doorbell: DHKEM(X25519, HKDF-SHA256),
//! HKDF-SHA256, AES-128-GCM.

use base::Entropy;
use hpke::rand_core::{CryptoRng, RngCore};

pub(crate) type Kem = hpke::kem::X25519HkdfSha256;
pub(crate) type Kdf = hpke::kdf::HkdfSha256;
pub(crate) type Aead = hpke::aead::AesGcm128;

pub(crate) type PublicKey = <Kem as hpke::Kem>::PublicKey;
pub(crate) type PrivateKey = <Kem as hpke::Kem>::PrivateKey;
pub(crate) type EncappedKey = <Kem as hpke::Kem>::EncappedKey;

/// The randomness of an encapsulation, drawn from the entropy that the caller hands in.
pub(crate) struct Draws<'a>(pub &'a mut dyn Entropy);

impl CryptoRng for Draws<'_> {}

impl RngCore for Draws<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(base::random(self.0))
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(base::random(self.0))
    }

    fn fill_bytes(&mut self, out: &mut [u8]) {
        self.0.fill(out);
    }
}
