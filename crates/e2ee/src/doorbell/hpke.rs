//! HPKE (RFC 9180) in PSK mode, in the suite that MLS uses.

use super::tell::EXPORT;
use crate::hpke_suite::{Aead, Draws, EncappedKey, Kdf, Kem, PrivateKey, PublicKey};
use base::{Entropy, Secret};
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, PskBundle, Serializable};

/// An X25519 key pair; the private half wipes itself.
pub(super) struct KeyPair {
    private: PrivateKey,
    public: PublicKey,
}

impl KeyPair {
    /// `DeriveKeyPair` (§7.1.3) of 32 random bytes.
    pub(super) fn derive(ikm: &Secret<32>) -> Self {
        let (private, public) = Kem::derive_keypair(ikm.expose());
        KeyPair { private, public }
    }

    pub(super) fn public(&self) -> [u8; 32] {
        self.public.to_bytes().into()
    }
}

/// What both sides must agree on for a text to open.
pub(super) struct Context<'a> {
    pub info: Vec<u8>,
    pub aad: [u8; 32],
    pub psk: &'a Secret<32>,
    pub psk_id: [u8; 8],
}

impl Context<'_> {
    fn psk(&self) -> PskBundle<'_> {
        PskBundle::new(self.psk.expose(), &self.psk_id)
            .expect("invariant: neither the PSK nor its id is empty")
    }
}

/// What sealing gives: the encapsulated key, the ciphertext, and a secret exported for answers.
pub(super) type Sealing = ([u8; 32], Vec<u8>, [u8; 32]);

/// Seals `text` to `recipient`; `None` if `recipient` is no key to seal to.
pub(super) fn seal(
    recipient: &[u8; 32],
    context: &Context<'_>,
    text: &[u8],
    entropy: &mut dyn Entropy,
) -> Option<Sealing> {
    let recipient = PublicKey::from_bytes(recipient).ok()?;
    let mode = OpModeS::Psk(context.psk());
    let (enc, mut sender) = hpke::setup_sender::<Aead, Kdf, Kem, _>(
        &mode,
        &recipient,
        &context.info,
        &mut Draws(entropy),
    )
    .ok()?;
    let sealed = sender.seal(text, &context.aad).ok()?;
    let mut secret = [0; 32];
    sender.export(EXPORT, &mut secret).ok()?;
    Some((enc.to_bytes().into(), sealed, secret))
}

/// Opens what [`seal`] made for the same context; the text and the exported secret.
pub(super) fn open(
    recipient: &KeyPair,
    context: &Context<'_>,
    (enc, text): (&[u8; 32], &[u8]),
) -> Option<(Vec<u8>, [u8; 32])> {
    let mode = OpModeR::Psk(context.psk());
    let enc = EncappedKey::from_bytes(enc).ok()?;
    let mut receiver =
        hpke::setup_receiver::<Aead, Kdf, Kem>(&mode, &recipient.private, &enc, &context.info)
            .ok()?;
    let text = receiver.open(text, &context.aad).ok()?;
    let mut secret = [0; 32];
    receiver.export(EXPORT, &mut secret).ok()?;
    Some((text, secret))
}
