//! What guest and host say to each other: `kind (1) ‖ exchange (16) ‖ body`.

use base::codec::{DecodeError, Reader, Writer};

/// Names one exchange: 16 random bytes of the guest's, CPace's session identifier. Whatever comes
/// under another name is out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange(pub [u8; 16]);

/// The longest sealed grant read, in bytes; ours has 92.
const MAX_SEALED: usize = 256;

/// From the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromGuest {
    /// `Ya`.
    Start { point: [u8; 32] },
    /// The guest's key confirmation tag.
    Confirm { tag: [u8; 64] },
}

/// From the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromHost {
    /// `Yb`, and the host's part of what makes the exchange fresh.
    Answer { point: [u8; 32], fresh: [u8; 16] },
    /// The host's key confirmation tag, and what the guest asked for.
    Grant { tag: [u8; 64], sealed: Vec<u8> },
    /// Not this passcode.
    Wrong,
    /// No passcode is taken any more: too many were wrong, or the host turned it off.
    Closed,
}

impl FromGuest {
    pub fn encode(&self, exchange: Exchange) -> Vec<u8> {
        match self {
            FromGuest::Start { point } => start(1, exchange).fixed(point),
            FromGuest::Confirm { tag } => start(2, exchange).fixed(tag),
        }
        .finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<(Exchange, Self), DecodeError> {
        let mut r = Reader::new(bytes);
        let (kind, exchange) = (r.u8()?, Exchange(r.fixed()?));
        let message = match kind {
            1 => FromGuest::Start { point: r.fixed()? },
            2 => FromGuest::Confirm { tag: r.fixed()? },
            _ => return Err(DecodeError::OutOfRange),
        };
        r.finish().map(|()| (exchange, message))
    }
}

impl FromHost {
    pub fn encode(&self, exchange: Exchange) -> Vec<u8> {
        match self {
            FromHost::Answer { point, fresh } => start(1, exchange).fixed(point).fixed(fresh),
            FromHost::Grant { tag, sealed } => start(2, exchange).fixed(tag).bytes(sealed),
            FromHost::Wrong => start(3, exchange),
            FromHost::Closed => start(4, exchange),
        }
        .finish()
    }

    pub fn decode(bytes: &[u8]) -> Result<(Exchange, Self), DecodeError> {
        let mut r = Reader::new(bytes);
        let (kind, exchange) = (r.u8()?, Exchange(r.fixed()?));
        let message = match kind {
            1 => FromHost::Answer { point: r.fixed()?, fresh: r.fixed()? },
            2 => FromHost::Grant { tag: r.fixed()?, sealed: r.bytes(MAX_SEALED)?.to_vec() },
            3 => FromHost::Wrong,
            4 => FromHost::Closed,
            _ => return Err(DecodeError::OutOfRange),
        };
        r.finish().map(|()| (exchange, message))
    }
}

fn start(kind: u8, exchange: Exchange) -> Writer {
    Writer::new().u8(kind).fixed(&exchange.0)
}
