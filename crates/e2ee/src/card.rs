//! The meeting card: what a guest reads before knocking, and the server cannot.

use crate::name::{sanitise_name, sanitise_title};
use crate::sealed::{self, Unopened};
use base::codec::{Reader, Writer};
use base::{Entropy, MeetingId, Pii, Secret};

/// Seals the card; travels inside the wrap of each link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardKey(Secret<32>);

impl CardKey {
    pub fn new(secret: Secret<32>) -> Self {
        CardKey(secret)
    }

    /// The bytes, for wrapping and for the host's own encrypted store.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// A meeting's title and its host's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    pub title: Pii<String>,
    pub host_name: Pii<String>,
}

/// The longest text of a card, in bytes: four for each character.
const MAX_TEXT: usize = 4 * crate::name::MAX_TITLE;

impl Card {
    /// Seals the card for `meeting`.
    pub fn seal(&self, key: &CardKey, meeting: &MeetingId, entropy: &mut dyn Entropy) -> Vec<u8> {
        let title = sanitise_title(self.title.expose());
        let host_name = sanitise_name(self.host_name.expose()).unwrap_or_default();
        let text = Writer::new().bytes(title.as_bytes()).bytes(host_name.as_bytes()).finish();
        sealed::seal(&key.0, &purpose(meeting), &sealed::pad(&text), entropy)
    }

    /// Opens what [`Self::seal`] made; its texts are sanitised again.
    pub fn open(key: &CardKey, meeting: &MeetingId, bytes: &[u8]) -> Result<Self, Unopened> {
        let padded = sealed::open(&key.0, &purpose(meeting), bytes)?;
        let text = sealed::unpad(&padded).map_err(|_| Unopened)?;
        let mut reader = Reader::new(text);
        let title = text_of(&mut reader)?;
        let host_name = text_of(&mut reader)?;
        reader.finish().map_err(|_| Unopened)?;
        Ok(Card {
            title: Pii::new(sanitise_title(&title)),
            host_name: Pii::new(sanitise_name(&host_name).unwrap_or_default()),
        })
    }
}

fn text_of(reader: &mut Reader<'_>) -> Result<String, Unopened> {
    let bytes = reader.bytes(MAX_TEXT).map_err(|_| Unopened)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| Unopened)
}

fn purpose(meeting: &MeetingId) -> Vec<u8> {
    [b"incamera/v1/card".as_slice(), &meeting.0].concat()
}

#[cfg(test)]
mod tests;
