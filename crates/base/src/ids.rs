//! Identifiers. None prints itself whole: `Debug` and [`loggable`](MeetingId::loggable) show a
//! short digest, enough to follow one meeting through a log and useless for joining it.

use crate::hash::sha256;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;

/// Text that is not the base64url form of the id it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {what}: expected {chars} characters of base64url")]
pub struct InvalidId {
    what: &'static str,
    chars: usize,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Base64url without padding, as it travels in URLs and messages.
            pub fn to_text(self) -> String {
                URL_SAFE_NO_PAD.encode(self.0)
            }

            /// Reads the form written by [`Self::to_text`].
            pub fn from_text(text: &str) -> Result<Self, InvalidId> {
                let error = InvalidId { what: stringify!($name), chars: ($len as usize * 8).div_ceil(6) };
                let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| error)?;
                Ok($name(bytes.try_into().map_err(|_| error)?))
            }

            /// A short digest for logs: same id, same text; the id cannot be found from it.
            pub fn loggable(&self) -> String {
                let digest = sha256(&[b"incamera/v1/loggable", $prefix.as_bytes(), &self.0]);
                let hex: String = digest[..4].iter().map(|b| format!("{b:02x}")).collect();
                format!("{}{hex}", $prefix)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.loggable())
            }
        }
    };
}

id!(
    /// A meeting: 128 random bits chosen by the host's device, never reused.
    MeetingId, 16, "m-"
);
id!(
    /// One MLS group (one session of a meeting): 128 random bits.
    GroupId, 16, "g-"
);
id!(
    /// A single-use random value that makes a message fresh.
    Nonce, 16, "n-"
);
id!(
    /// The Ed25519 public half of a meeting key `HK`: it certifies, and is never a leaf key.
    MeetingKey, 32, "hk-"
);
id!(
    /// The Ed25519 public half of a device's own long-lived signature key.
    DeviceKey, 32, "d-"
);

/// The first 16 bytes of SHA-256 of a meeting key, as carried in a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 16]);

impl MeetingKey {
    /// What a link promises about this key.
    pub fn fingerprint(&self) -> Fingerprint {
        let digest = sha256(&[&self.0]);
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        Fingerprint(short)
    }
}

/// A device's number inside one meeting, given by the server so that media control messages stay
/// small. It names nobody: who is behind it is known only from verified keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub u32);
