//! Passcodes: eight characters that let someone who has only a meeting's address ask to be let in.
//!
//! Guest and host run CPace over the passcode, relayed by the server. What travels says nothing
//! about it: a guess can be tried only against a live host, which counts every exchange it answers
//! ([`Failures`]) and gives nothing away before the guest has proven the same passcode.
//! Then the guest gets what a link would have told it: [`Grant`].

mod exchange;
mod failures;
mod message;

pub use exchange::{Answering, Asking, Awaiting, Grant, Visit, Wrong};
pub use failures::{Failures, GUEST_TRIES, MEETING_TRIES};
pub use message::{Exchange, FromGuest, FromHost};

use base::{Entropy, Secret};
use zeroize::Zeroizing;

/// Characters of a passcode.
pub const LENGTH: usize = 8;
/// What they are chosen from: no 0, O, 1, I or L, and of U and V only V. 30^8 is 39.2 bits.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Bytes from here on would favour the first characters of the alphabet.
const FAIR: u8 = 240;
/// The longest text read, in characters; ours has 9.
const MAX_TEXT: usize = 64;

/// A text that no passcode looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a passcode has 8 letters and digits, none of them 0, O, 1, I or L")]
pub struct NoPasscode;

/// A meeting's passcode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passcode(Secret<LENGTH>);

impl Passcode {
    /// A fresh one, every one equally likely.
    pub fn generate(entropy: &mut dyn Entropy) -> Self {
        let mut code = Zeroizing::new([0; LENGTH]);
        for place in code.iter_mut() {
            *place = draw(entropy);
        }
        Passcode(Secret::new(*code))
    }

    /// Reads what a person typed: case, spaces and dashes do not matter, nor whether letters are
    /// full-width; U is read as V.
    pub fn parse(text: &str) -> Result<Self, NoPasscode> {
        let mut code = Zeroizing::new([0; LENGTH]);
        let mut length = 0;
        for char in text.chars().take(MAX_TEXT + 1).filter(|char| !is_separator(*char)) {
            let place = code.get_mut(length).ok_or(NoPasscode)?;
            *place = normal(char).ok_or(NoPasscode)?;
            length += 1;
        }
        let whole = length == LENGTH && text.chars().nth(MAX_TEXT).is_none();
        whole.then_some(Passcode(Secret::new(*code))).ok_or(NoPasscode)
    }

    /// As it is shown: `XXXX-XXXX`. Secret like the passcode.
    pub fn grouped(&self) -> String {
        let (left, right) = self.0.expose().split_at(LENGTH / 2);
        [left, b"-", right].concat().into_iter().map(char::from).collect()
    }

    /// To be saved; read again with [`Self::from_bytes`].
    pub fn expose(&self) -> &[u8; LENGTH] {
        self.0.expose()
    }

    /// Reads what [`Self::expose`] gave.
    pub fn from_bytes(code: [u8; LENGTH]) -> Result<Self, NoPasscode> {
        let ours = code.iter().all(|byte| ALPHABET.contains(byte));
        if ours { Ok(Passcode(Secret::new(code))) } else { Err(NoPasscode) }
    }
}

/// One character. A source that gives no fair byte in a hundred is broken; it still gets an
/// answer.
fn draw(entropy: &mut dyn Entropy) -> u8 {
    let mut byte = FAIR;
    for _ in 0..100 {
        [byte] = base::random(entropy);
        if byte < FAIR {
            break;
        }
    }
    ALPHABET[usize::from(byte) % ALPHABET.len()]
}

fn is_separator(char: char) -> bool {
    let dash = matches!(char, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FF0D}');
    dash || char.is_whitespace()
}

fn normal(char: char) -> Option<u8> {
    let narrow = match char {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(char as u32 - 0xFEE0)?,
        _ => char,
    };
    let upper = u8::try_from(narrow.to_ascii_uppercase()).ok()?;
    let upper = if upper == b'U' { b'V' } else { upper };
    ALPHABET.contains(&upper).then_some(upper)
}

#[cfg(test)]
mod tests;
