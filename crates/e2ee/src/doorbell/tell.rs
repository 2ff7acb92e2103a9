//! What the host's side says to someone who waits.
//!
//! The key is exported from the knock's own HPKE context (RFC 9180 §5.3), which nobody has but the
//! devices behind the doorbell and the one that knocked.

use crate::sealed;
use base::codec::{Reader, Writer};
use base::{Entropy, Secret};

/// The longest text, in bytes of UTF-8. With what surrounds it, it stays below the server's 4 KiB.
pub const MAX_TELL: usize = 2048;

/// HPKE's exporter context.
pub(super) const EXPORT: &[u8] = b"incamera/v1/tell";

/// Devices that may say something to one knock: as many as may be certified.
const MAX_VOICES: usize = 32;

/// One end of what is said to one knock. Each device behind the doorbell has a voice of its own, and
/// numbers its texts, so that a server neither repeats one nor changes their order; it can only withhold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TellKey {
    key: Secret<32>,
    /// This end's own, drawn when it first says something, and the number of its next text.
    own: Option<([u8; 8], u32)>,
    /// The number of the next text of each voice heard.
    heard: Vec<([u8; 8], u32)>,
}

impl TellKey {
    pub(super) fn new(key: [u8; 32]) -> Self {
        TellKey { key: Secret::new(key), own: None, heard: Vec::new() }
    }

    /// Seals a text of at most [`MAX_TELL`] bytes; `None` for a longer one.
    pub fn tell(&mut self, text: &str, entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        if text.len() > MAX_TELL {
            return None;
        }
        let (voice, next) = self.own.get_or_insert_with(|| (base::random(entropy), 0));
        let said = Writer::new().fixed(voice).u32(*next).bytes(text.as_bytes()).finish();
        *next += 1;
        Some(sealed::seal(&self.key, EXPORT, &sealed::pad(&said), entropy))
    }

    /// Opens the other end's text; `None` if it is no such text, or not newer than that voice's last.
    pub fn hear(&mut self, sealed: &[u8]) -> Option<String> {
        let padded = sealed::open(&self.key, EXPORT, sealed).ok()?;
        let mut reader = Reader::new(sealed::unpad(&padded).ok()?);
        let (voice, number) = (reader.fixed().ok()?, reader.u32().ok()?);
        let text = String::from_utf8(reader.bytes(MAX_TELL).ok()?.to_vec()).ok()?;
        reader.finish().ok()?;
        let after = number.checked_add(1)?;
        let known = self.heard.iter().find(|(known, _)| *known == voice).map(|(_, next)| *next);
        if number < known.unwrap_or(0) || known.is_none() && self.heard.len() == MAX_VOICES {
            return None;
        }
        self.heard.retain(|(known, _)| *known != voice);
        self.heard.push((voice, after));
        Some(text)
    }
}
