//! HPKE (RFC 9180) in base mode, as MLS uses it (RFC 9420 §5.1.3). Keys and encapsulated keys are
//! 32 bytes.

use crate::hpke_suite::{Aead, Draws, EncappedKey, Kdf, Kem, PrivateKey, PublicKey};
use hpke::aead::{AeadCtxR, AeadCtxS};
use hpke::{Deserializable, Kem as _, OpModeR, OpModeS, Serializable};
use openmls_traits::types::{
    CryptoError, ExporterSecret, HpkeAeadType, HpkeCiphertext, HpkeConfig, HpkeKdfType,
    HpkeKemType, HpkeKeyPair,
};

/// Whether `config` is that of the suite.
pub(super) fn check(config: &HpkeConfig) -> Result<(), CryptoError> {
    use {HpkeAeadType::AesGcm128, HpkeKdfType::HkdfSha256, HpkeKemType::DhKem25519};
    match config {
        HpkeConfig(DhKem25519, HkdfSha256, AesGcm128) => Ok(()),
        _ => Err(CryptoError::UnsupportedCiphersuite),
    }
}

/// `DeriveKeyPair` (RFC 9180 §7.1.3).
pub(crate) fn derive_key_pair(ikm: &[u8]) -> HpkeKeyPair {
    let (private, public) = Kem::derive_keypair(ikm);
    // Written in place: the vector becomes the key, and no copy is left on the stack.
    let mut bytes = vec![0; PrivateKey::size()];
    private.write_exact(&mut bytes);
    HpkeKeyPair { private: bytes.into(), public: public.to_bytes().to_vec() }
}

pub(crate) fn seal(
    recipient: &[u8],
    info: &[u8],
    aad: &[u8],
    text: &[u8],
) -> Result<HpkeCiphertext, CryptoError> {
    let (enc, mut context) = sender(recipient, info)?;
    let ciphertext = context.seal(text, aad).map_err(|_| CryptoError::HpkeEncryptionError)?;
    Ok(HpkeCiphertext { kem_output: enc.into(), ciphertext: ciphertext.into() })
}

pub(crate) fn open(
    sealed: &HpkeCiphertext,
    private: &[u8],
    info: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    receiver(sealed.kem_output.as_slice(), private, info)
        .and_then(|mut context| context.open(sealed.ciphertext.as_slice(), aad))
        .map_err(|_| CryptoError::HpkeDecryptionError)
}

/// The encapsulated key, and the secret exported under it (RFC 9180 §5.3).
pub(super) fn send_export(
    recipient: &[u8],
    info: &[u8],
    context: &[u8],
    length: usize,
) -> Result<(Vec<u8>, ExporterSecret), CryptoError> {
    let (enc, sender) = sender(recipient, info)?;
    let secret = exported(length, |out| sender.export(context, out))?;
    Ok((enc, secret))
}

/// The secret that [`send_export`] exported.
pub(super) fn receive_export(
    enc: &[u8],
    private: &[u8],
    info: &[u8],
    context: &[u8],
    length: usize,
) -> Result<ExporterSecret, CryptoError> {
    let receiver = receiver(enc, private, info).map_err(|_| CryptoError::ReceiverSetupError)?;
    exported(length, |out| receiver.export(context, out))
}

type Sender = AeadCtxS<Aead, Kdf, Kem>;
type Receiver = AeadCtxR<Aead, Kdf, Kem>;

/// A key encapsulated to `recipient`, and the context under it.
fn sender(recipient: &[u8], info: &[u8]) -> Result<(Vec<u8>, Sender), CryptoError> {
    let recipient = PublicKey::from_bytes(recipient).map_err(|_| CryptoError::InvalidPublicKey)?;
    let mut failed = false;
    let mut entropy = |out: &mut [u8]| failed |= getrandom::getrandom(out).is_err();
    let set_up = hpke::setup_sender::<Aead, Kdf, Kem, _>(
        &OpModeS::Base,
        &recipient,
        info,
        &mut Draws(&mut entropy),
    );
    if failed {
        return Err(CryptoError::InsufficientRandomness);
    }
    let (enc, context) = set_up.map_err(|_| CryptoError::SenderSetupError)?;
    Ok((enc.to_bytes().to_vec(), context))
}

fn receiver(enc: &[u8], private: &[u8], info: &[u8]) -> Result<Receiver, hpke::HpkeError> {
    let private = PrivateKey::from_bytes(private)?;
    hpke::setup_receiver(&OpModeR::Base, &private, &EncappedKey::from_bytes(enc)?, info)
}

fn exported(
    length: usize,
    export: impl FnOnce(&mut [u8]) -> Result<(), hpke::HpkeError>,
) -> Result<ExporterSecret, CryptoError> {
    let mut secret = vec![0; length];
    export(&mut secret).map_err(|_| CryptoError::ExporterError)?;
    Ok(secret.into())
}
