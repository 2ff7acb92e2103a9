//! What the host's side says to someone who waits.
//!
//! The key is exported from the knock's own HPKE context (RFC 9180 §5.3), which nobody has but the
//! device behind the doorbell and the one that knocked.

use crate::sealed;
use base::codec::{Reader, Writer};
use base::{Entropy, Secret};

/// The longest text, in bytes of UTF-8. With what surrounds it, it stays below the server's 4 KiB.
pub const MAX_TELL: usize = 2048;

/// HPKE's exporter context.
pub(super) const EXPORT: &[u8] = b"incamera/v1/tell";

/// One end of what is said to one knock. Texts are numbered, so that a server neither repeats one nor
/// changes their order; it can only withhold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TellKey {
    key: Secret<32>,
    /// The number of the next text.
    next: u32,
}

impl TellKey {
    pub(super) fn new(key: [u8; 32]) -> Self {
        TellKey { key: Secret::new(key), next: 0 }
    }

    /// Seals a text of at most [`MAX_TELL`] bytes; `None` for a longer one.
    pub fn tell(&mut self, text: &str, entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        if text.len() > MAX_TELL {
            return None;
        }
        let said = Writer::new().u32(self.next).bytes(text.as_bytes()).finish();
        self.next += 1;
        Some(sealed::seal(&self.key, EXPORT, &sealed::pad(&said), entropy))
    }

    /// Opens the other end's text; `None` if it is no such text, or not newer than the last.
    pub fn hear(&mut self, sealed: &[u8]) -> Option<String> {
        let padded = sealed::open(&self.key, EXPORT, sealed).ok()?;
        let mut reader = Reader::new(sealed::unpad(&padded).ok()?);
        let number = reader.u32().ok().filter(|number| *number >= self.next)?;
        let text = String::from_utf8(reader.bytes(MAX_TELL).ok()?.to_vec()).ok()?;
        reader.finish().ok()?;
        self.next = number.checked_add(1)?;
        Some(text)
    }
}
