use base::{DeviceKey, GroupId, MeetingId, MeetingKey, Nonce};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Opaque bytes, base64url without padding in JSON. `Debug` shows only the length.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Bytes(pub Vec<u8>);

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes(bytes)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        URL_SAFE_NO_PAD
            .decode(text.as_bytes())
            .map(Bytes)
            .map_err(|_| serde::de::Error::custom("expected base64url without padding"))
    }
}

/// `#[serde(with = …)]` modules for ids, which know nothing of JSON themselves.
macro_rules! as_text {
    ($module:ident, $id:ty) => {
        pub mod $module {
            use super::*;
            pub fn serialize<S: Serializer>(id: &$id, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&id.to_text())
            }
            pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$id, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(d)?;
                <$id>::from_text(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(meeting_id, MeetingId);
as_text!(group_id, GroupId);
as_text!(meeting_key, MeetingKey);
as_text!(device_key, DeviceKey);

/// Written only: a nonce is read as [`Bytes`].
pub mod nonce {
    use super::*;
    pub fn serialize<S: Serializer>(nonce: &Nonce, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&nonce.to_text())
    }
}
