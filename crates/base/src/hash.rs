//! SHA-256 (FIPS 180-4), the only hash the protocol uses outside MLS.

use sha2::{Digest, Sha256};

/// SHA-256 over the concatenation of `parts`. Callers add lengths where parts could run together.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}
