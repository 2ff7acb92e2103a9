use super::KeyId;
use aes_gcm::aead::AeadInPlace;
use aes_gcm::{Aes128Gcm, KeyInit};
use base::Secret;
use hkdf::Hkdf;
use sha2::Sha256;

/// Bytes of the authentication tag.
pub const TAG: usize = 16;

/// The cipher suite `AES_128_GCM_SHA256_128` (RFC 9605 §8.1).
const SUITE: u16 = 0x0004;

/// What one sender seals one kind of media with during one epoch (RFC 9605 §4.4.2).
pub struct SenderKey {
    cipher: Aes128Gcm,
    key: Secret<16>,
    salt: [u8; 12],
}

impl SenderKey {
    /// `HKDF(base_key)` with the key ID and the suite in both labels.
    pub fn derive(base_key: &Secret<16>, kid: KeyId) -> Self {
        Self::derive_for(base_key, kid.value())
    }

    pub(super) fn derive_for(base_key: &Secret<16>, kid: u64) -> Self {
        let secret = Hkdf::<Sha256>::new(Some(b""), base_key.expose());
        let key = expand(&secret, b"SFrame 1.0 Secret key ", kid);
        let cipher = Aes128Gcm::new(&key.into());
        SenderKey {
            cipher,
            key: Secret::new(key),
            salt: expand(&secret, b"SFrame 1.0 Secret salt ", kid),
        }
    }

    /// `sframe_key`, for an AES-GCM outside this crate.
    pub fn raw(&self) -> &Secret<16> {
        &self.key
    }

    /// `sframe_salt ⊕ counter` (RFC 9605 §4.4.3).
    pub fn nonce(&self, counter: u64) -> [u8; 12] {
        let mut nonce = self.salt;
        for (byte, counter) in nonce[4..].iter_mut().zip(counter.to_be_bytes()) {
            *byte ^= counter;
        }
        nonce
    }

    /// Encrypts `text` in place. A counter must never repeat under one key.
    pub(super) fn encrypt(&self, counter: u64, aad: &[u8], text: &mut [u8]) -> [u8; TAG] {
        self.cipher
            .encrypt_in_place_detached(&self.nonce(counter).into(), aad, text)
            .expect("invariant: a media frame is shorter than AES-GCM's limit of 64 GB")
            .into()
    }

    /// Decrypts `text` in place; whether the tag verified. Otherwise `text` is unchanged.
    pub(super) fn decrypt(
        &self,
        counter: u64,
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; TAG],
    ) -> bool {
        self.cipher
            .decrypt_in_place_detached(&self.nonce(counter).into(), aad, text, tag.into())
            .is_ok()
    }
}

fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &[u8], kid: u64) -> [u8; N] {
    let mut out = [0; N];
    secret
        .expand_multi_info(&[label, &kid.to_be_bytes(), &SUITE.to_be_bytes()], &mut out)
        .expect("invariant: 16 bytes are within HKDF's output limit");
    out
}
