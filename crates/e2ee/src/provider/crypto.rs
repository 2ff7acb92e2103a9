//! The primitives of suite 0x0001 for MLS: SHA-256, HMAC, HKDF, AES-128-GCM, Ed25519, and HPKE
//! over them.

use super::{OneSuite, SIGNATURE_SCHEME, SUITE, hpke};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes128Gcm, KeyInit};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use hkdf::hmac::{Hmac, Mac};
use openmls::prelude::tls_codec::SecretVLBytes;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig,
    HpkeKeyPair, KemOutput, SignatureScheme,
};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

impl OpenMlsCrypto for OneSuite {
    fn supports(&self, suite: Ciphersuite) -> Result<(), CryptoError> {
        if suite == SUITE { Ok(()) } else { Err(CryptoError::UnsupportedCiphersuite) }
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        vec![SUITE]
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        check_hash(hash)?;
        Ok(Sha256::digest(data).to_vec())
    }

    fn hmac(
        &self,
        hash: HashType,
        key: &[u8],
        message: &[u8],
    ) -> Result<SecretVLBytes, CryptoError> {
        check_hash(hash)?;
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(key);
        let mac = mac.map_err(|_| CryptoError::InvalidLength)?.chain_update(message);
        Ok(secret(mac.finalize().into_bytes().into()))
    }

    fn hkdf_extract(
        &self,
        hash: HashType,
        salt: &[u8],
        ikm: &[u8],
    ) -> Result<SecretVLBytes, CryptoError> {
        check_hash(hash)?;
        Ok(secret(Hkdf::<Sha256>::extract(Some(salt), ikm).0.into()))
    }

    fn hkdf_expand(
        &self,
        hash: HashType,
        prk: &[u8],
        info: &[u8],
        length: usize,
    ) -> Result<SecretVLBytes, CryptoError> {
        check_hash(hash)?;
        let hkdf = Hkdf::<Sha256>::from_prk(prk).map_err(|_| CryptoError::InvalidLength)?;
        let mut out = vec![0; length];
        hkdf.expand(info, &mut out).map_err(|_| CryptoError::HkdfOutputLengthInvalid)?;
        Ok(out.into())
    }

    fn aead_encrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        text: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (cipher, nonce) = cipher(aead, key, nonce)?;
        let sealed = cipher.encrypt(nonce.into(), Payload { msg: text, aad });
        sealed.map_err(|_| CryptoError::TooMuchData)
    }

    fn aead_decrypt(
        &self,
        aead: AeadType,
        key: &[u8],
        sealed: &[u8],
        nonce: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        let (cipher, nonce) = cipher(aead, key, nonce)?;
        let text = cipher.decrypt(nonce.into(), Payload { msg: sealed, aad });
        text.map_err(|_| CryptoError::AeadDecryptionError)
    }

    /// The seed and the public key.
    fn signature_key_gen(
        &self,
        scheme: SignatureScheme,
    ) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        check_scheme(scheme)?;
        let seed = self.random_array().map_err(|_| CryptoError::InsufficientRandomness)?;
        let key = SigningKey::from_bytes(&Zeroizing::new(seed));
        Ok((key.to_bytes().to_vec(), key.verifying_key().to_bytes().to_vec()))
    }

    fn verify_signature(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        public: &[u8],
        signature: &[u8],
    ) -> Result<(), CryptoError> {
        check_scheme(scheme)?;
        let key = VerifyingKey::try_from(public).map_err(|_| CryptoError::InvalidPublicKey)?;
        let signature =
            Signature::from_slice(signature).map_err(|_| CryptoError::InvalidSignature)?;
        key.verify_strict(data, &signature).map_err(|_| CryptoError::InvalidSignature)
    }

    fn sign(
        &self,
        scheme: SignatureScheme,
        data: &[u8],
        seed: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        check_scheme(scheme)?;
        let key = SigningKey::try_from(seed).map_err(|_| CryptoError::SigningError)?;
        Ok(key.sign(data).to_vec())
    }

    fn hpke_seal(
        &self,
        config: HpkeConfig,
        recipient: &[u8],
        info: &[u8],
        aad: &[u8],
        text: &[u8],
    ) -> Result<HpkeCiphertext, CryptoError> {
        hpke::check(&config)?;
        hpke::seal(recipient, info, aad, text)
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        sealed: &HpkeCiphertext,
        private: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        hpke::check(&config)?;
        hpke::open(sealed, private, info, aad)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        recipient: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        hpke::check(&config)?;
        hpke::send_export(recipient, info, context, length)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        enc: &[u8],
        private: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        hpke::check(&config)?;
        hpke::receive_export(enc, private, info, context, length)
    }

    fn derive_hpke_keypair(
        &self,
        config: HpkeConfig,
        ikm: &[u8],
    ) -> Result<HpkeKeyPair, CryptoError> {
        hpke::check(&config)?;
        Ok(hpke::derive_key_pair(ikm))
    }
}

fn check_hash(hash: HashType) -> Result<(), CryptoError> {
    match hash {
        HashType::Sha2_256 => Ok(()),
        _ => Err(CryptoError::UnsupportedHashAlgorithm),
    }
}

fn check_scheme(scheme: SignatureScheme) -> Result<(), CryptoError> {
    if scheme == SIGNATURE_SCHEME { Ok(()) } else { Err(CryptoError::UnsupportedSignatureScheme) }
}

fn cipher<'a>(
    aead: AeadType,
    key: &[u8],
    nonce: &'a [u8],
) -> Result<(Aes128Gcm, &'a [u8; 12]), CryptoError> {
    if aead != AeadType::Aes128Gcm {
        return Err(CryptoError::UnsupportedAeadAlgorithm);
    }
    let cipher = Aes128Gcm::new_from_slice(key).map_err(|_| CryptoError::InvalidLength)?;
    Ok((cipher, nonce.try_into().map_err(|_| CryptoError::InvalidLength)?))
}

/// Moves a digest into a vector that wipes itself.
fn secret(mut digest: [u8; 32]) -> SecretVLBytes {
    let secret = digest.as_slice().into();
    digest.zeroize();
    secret
}
