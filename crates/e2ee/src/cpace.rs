//! CPace (draft-irtf-cfrg-cpace) in the group X25519 with SHA-512: two parties with the same
//! password-related string `PRS` get the same key, and a wrong one tells nothing but that it is
//! wrong. Initiator and responder have fixed places (§7.2, `transcript_ir`).
//!
//! The caller's duties: a fresh [`Share`] for every exchange, and no use of the key before the
//! other side's [`Tags`] entry was seen.

mod elligator;

use base::{Entropy, Secret};
use curve25519_dalek::MontgomeryPoint;
use hkdf::hmac::{Hmac, Mac};
use sha2::{Digest, Sha512};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

const DSI: &[u8] = b"CPace255";
const DSI_ISK: &[u8] = b"CPace255_ISK";
/// The hash's block, which the password's part of the generator string fills.
const BLOCK: usize = 128;

/// The other side's point would make the key known to everyone, or is not in its one encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InvalidPoint;

/// What both sides put in before they begin: `PRS`, the channel identifier `CI` and the session
/// identifier `sid`.
pub(crate) struct Setting<'a> {
    pub prs: &'a [u8],
    pub ci: &'a [u8],
    pub sid: &'a [u8],
}

impl Setting<'_> {
    /// The generator of this password and session (§7.2, `calculate_generator`). Secret: whoever
    /// has it and the rest of the setting can try passwords on it.
    pub fn generator(&self) -> Secret<32> {
        let mut hash: [u8; 64] = Sha512::digest(self.generator_string().as_slice()).into();
        let mut head = [0; 32];
        head.copy_from_slice(&hash[..32]);
        let generator = Secret::new(elligator::map(&head));
        hash.zeroize();
        head.zeroize();
        generator
    }

    fn generator_string(&self) -> Zeroizing<Vec<u8>> {
        let before = lv(&[self.prs]).len() + lv(&[DSI]).len() + 1;
        let zeros = vec![0; BLOCK.saturating_sub(before)];
        Zeroizing::new(lv(&[DSI, self.prs, &zeros, self.ci, self.sid]))
    }
}

/// One side's secret scalar and its public point.
pub(crate) struct Share {
    scalar: Secret<32>,
    public: [u8; 32],
}

impl Share {
    /// A share with a fresh scalar. Never to be used for a second exchange.
    pub fn new(generator: &Secret<32>, entropy: &mut dyn Entropy) -> Self {
        Share::with(generator, Secret::new(base::random(entropy)))
    }

    fn with(generator: &Secret<32>, scalar: Secret<32>) -> Self {
        let public = x25519(&scalar, generator.expose());
        Share { scalar, public }
    }

    /// `Ya` or `Yb`, to be sent.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// `K = scalar_mult_vfy(y, Y)`.
    pub fn agree(&self, theirs: &[u8; 32]) -> Result<Secret<32>, InvalidPoint> {
        if !is_canonical(theirs) {
            return Err(InvalidPoint);
        }
        let shared = Secret::new(x25519(&self.scalar, theirs));
        let neutral = Secret::new([0; 32]);
        if shared == neutral { Err(InvalidPoint) } else { Ok(shared) }
    }
}

/// What one side sent: its point and associated data.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub point: [u8; 32],
    pub ad: &'a [u8],
}

impl Sent<'_> {
    fn encode(&self) -> Vec<u8> {
        lv(&[&self.point, self.ad])
    }
}

/// What both sides sent, in fixed order.
#[derive(Clone, Copy)]
pub(crate) struct Transcript<'a> {
    pub initiator: Sent<'a>,
    pub responder: Sent<'a>,
}

impl Transcript<'_> {
    /// The intermediate session key `ISK`.
    pub fn key(&self, sid: &[u8], shared: &Secret<32>) -> Secret<64> {
        let secret = Zeroizing::new(lv(&[DSI_ISK, sid, shared.expose()]));
        let hash = Sha512::new().chain_update(secret.as_slice()).chain_update(self.encode());
        Secret::new(hash.finalize().into())
    }

    /// The key confirmation tags (§9.5): HMAC-SHA-512 over what its sender sent.
    pub fn tags(&self, sid: &[u8], key: &Secret<64>) -> Tags {
        let mac_key = Sha512::new().chain_update(b"CPaceMac").chain_update(sid);
        let mac_key = Secret::<64>::new(mac_key.chain_update(key.expose()).finalize().into());
        Tags {
            initiator: tag(&mac_key, &self.initiator),
            responder: tag(&mac_key, &self.responder),
        }
    }

    fn encode(&self) -> Vec<u8> {
        [self.initiator.encode(), self.responder.encode()].concat()
    }
}

/// A key confirmation tag.
pub(crate) type Tag = [u8; 64];

/// Proofs that each side has the key.
pub(crate) struct Tags {
    pub initiator: Tag,
    pub responder: Tag,
}

/// Whether two tags are the same, in constant time.
pub(crate) fn same(ours: &Tag, theirs: &Tag) -> bool {
    ours.ct_eq(theirs).into()
}

fn tag(key: &Secret<64>, sent: &Sent<'_>) -> Tag {
    let mac = Hmac::<Sha512>::new_from_slice(key.expose());
    let mac = mac.expect("invariant: HMAC takes keys of any length");
    mac.chain_update(sent.encode()).finalize().into_bytes().into()
}

/// X25519 (RFC 7748 §5): the top bit of `point` does not count.
fn x25519(scalar: &Secret<32>, point: &[u8; 32]) -> [u8; 32] {
    MontgomeryPoint(*point).mul_clamped(*scalar.expose()).to_bytes()
}

/// Whether `point` is below 2^255 - 19: every coordinate has one encoding that honest sides send.
fn is_canonical(point: &[u8; 32]) -> bool {
    let low = point[0] >= 0xed && point[1..31].iter().all(|byte| *byte == 0xff);
    point[31] < 0x7f || (point[31] == 0x7f && !low)
}

/// `lv_cat` (§6): each part behind its length in LEB128.
pub(crate) fn lv(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    for part in parts {
        let mut length = part.len();
        while length >= 0x80 {
            out.push((length & 0x7f) as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests;
