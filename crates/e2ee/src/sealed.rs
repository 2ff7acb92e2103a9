//! Small blobs sealed under a symmetric key: AES-256-GCM, `nonce ‖ ciphertext ‖ tag`, the text
//! padded so that its length says little.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base::codec::{DecodeError, Reader, Writer};
use base::{Entropy, Secret};

const NONCE: usize = 12;

/// A blob that does not open: another key, another purpose, or tampering.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sealed blob does not open")]
pub struct Unopened;

/// Seals `text` for `purpose`. Nonces are random: a key may seal up to 2^32 blobs.
pub(crate) fn seal(
    key: &Secret<32>,
    purpose: &[u8],
    text: &[u8],
    entropy: &mut dyn Entropy,
) -> Vec<u8> {
    let nonce: [u8; NONCE] = base::random(entropy);
    let sealed = Aes256Gcm::new(key.expose().into())
        .encrypt(&nonce.into(), Payload { msg: text, aad: purpose })
        .expect("invariant: the blob is shorter than AES-GCM's limit of 64 GB");
    [nonce.as_slice(), &sealed].concat()
}

/// Opens what [`seal`] made for the same purpose.
pub(crate) fn open(key: &Secret<32>, purpose: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Unopened> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE>().ok_or(Unopened)?;
    Aes256Gcm::new(key.expose().into())
        .decrypt(nonce.into(), Payload { msg: text, aad: purpose })
        .map_err(|_| Unopened)
}

/// Sealed texts come in multiples of this many bytes: larger hides more of a name's length.
const PADDING: usize = 256;

/// `text` with its length before it and zeros behind it.
pub(crate) fn pad(text: &[u8]) -> Vec<u8> {
    let mut padded = Writer::new().bytes(text).finish();
    padded.resize(padded.len().next_multiple_of(PADDING), 0);
    padded
}

/// What [`pad`] was given.
pub(crate) fn unpad(padded: &[u8]) -> Result<&[u8], DecodeError> {
    let mut reader = Reader::new(padded);
    let text = reader.bytes(padded.len())?;
    let zeros = &padded[4 + text.len()..];
    let exact = zeros.len() < PADDING && zeros.iter().all(|byte| *byte == 0);
    exact.then_some(text).ok_or(DecodeError::TrailingBytes)
}
