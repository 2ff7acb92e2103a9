//! Signed statements: what one key says to others, and how they check it.
//!
//! Every signature is Ed25519 (RFC 8032) over
//! `"incamera/v1/" ‖ purpose ‖ 0x00 ‖ body`. The purpose is fixed per type, so a signature made
//! for one purpose never verifies for another, and no key ever signs bytes of a server's choosing:
//! each body is a typed statement that names the meeting or group it is about.
//!
//! A statement that came from outside is an [`Unverified`]; only its checks yield the statement.

mod kinds;

pub use kinds::{Added, Certificate, Doorbell, End, Hello, Leave, MAX_CHANGES, Swap, Ticket, Void};

use crate::codec::{DecodeError, Reader, Writer};
use crate::secret::Secret;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

/// What a device may do in a meeting, in ascending order of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Viewer = 0,
    Participant = 1,
    /// A certified device that records; visible to everyone.
    Recorder = 2,
    /// A certified device that bridges telephones; visible to everyone.
    Gateway = 3,
    Cohost = 4,
    Host = 5,
}

impl Role {
    /// The role whose discriminant is `byte`.
    pub fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        use Role::*;
        [Viewer, Participant, Recorder, Gateway, Cohost, Host]
            .into_iter()
            .find(|role| *role as u8 == byte)
            .ok_or(DecodeError::OutOfRange)
    }

    /// Whether a device with this role may admit and remove people.
    pub fn is_delegate(self) -> bool {
        self >= Role::Cohost
    }
}

/// Why a statement was refused. Always the fault of whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    #[error("the statement cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    #[error("the statement's signature does not verify")]
    BadSignature,
    #[error("the statement has expired")]
    Expired,
    #[error("the statement is about another meeting, group or device")]
    WrongSubject,
}

/// Something that can be signed.
pub trait Statement: Sized {
    /// Names the purpose inside the signed bytes.
    const PURPOSE: &'static str;
    /// Appends the body's fields.
    fn encode(&self, writer: Writer) -> Writer;
    /// Reads what [`Self::encode`] wrote.
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// An Ed25519 private key. A device has one for life; a meeting key `HK` is another.
pub struct Signer {
    key: SigningKey,
}

impl Signer {
    /// The key whose RFC 8032 private key is `seed`.
    pub fn from_seed(seed: &Secret<32>) -> Self {
        Signer { key: SigningKey::from_bytes(seed.expose()) }
    }

    /// The public half.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// Signs `statement`; the result travels as opaque bytes.
    pub fn sign<S: Statement>(&self, statement: &S) -> Vec<u8> {
        let body = statement.encode(Writer::new()).finish();
        let signature = self.key.sign(&signed_bytes::<S>(&body));
        Writer::new().fixed(&body).fixed(&signature.to_bytes()).finish()
    }
}

/// A statement that has been read but not checked.
pub struct Unverified<S> {
    statement: S,
    signed: Vec<u8>,
    signature: [u8; 64],
}

impl<S: Statement> Unverified<S> {
    /// Reads the bytes made by [`Signer::sign`].
    pub fn read(bytes: &[u8]) -> Result<Self, StatementError> {
        let split = bytes.len().checked_sub(64).ok_or(DecodeError::Truncated)?;
        let (body, tail) = bytes.split_at(split);
        let mut reader = Reader::new(body);
        let statement = S::decode(&mut reader)?;
        reader.finish()?;
        let signature = tail.try_into().map_err(|_| DecodeError::Truncated)?;
        Ok(Unverified { statement, signed: signed_bytes::<S>(body), signature })
    }

    /// What the statement claims; for finding the key to check it with, never for acting on it.
    pub fn claim(&self) -> &S {
        &self.statement
    }

    /// Checks the signature under `key` (strictly, RFC 8032 §5.1.7 with cofactorless equality).
    pub fn verify(self, key: &[u8; 32]) -> Result<S, StatementError> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| StatementError::BadSignature)?;
        key.verify_strict(&self.signed, &Signature::from_bytes(&self.signature))
            .map_err(|_| StatementError::BadSignature)?;
        Ok(self.statement)
    }
}

fn signed_bytes<S: Statement>(body: &[u8]) -> Vec<u8> {
    Writer::new().fixed(b"incamera/v1/").fixed(S::PURPOSE.as_bytes()).u8(0).fixed(body).finish()
}

#[cfg(test)]
mod tests;
