//! Our cryptography against that of OpenMLS's own provider: whatever one makes, the other reads.

use super::{OneSuite, SIGNATURE_SCHEME, SUITE};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto;
use openmls_traits::random::OpenMlsRand;
use openmls_traits::types::{
    AeadType, Ciphersuite, CryptoError, HashType, HpkeAeadType, HpkeConfig, HpkeKdfType,
    HpkeKemType, HpkeKeyPair, SignatureScheme,
};

const SHA: HashType = HashType::Sha2_256;
const AES: AeadType = AeadType::Aes128Gcm;
const IKM: [u8; 32] = [5; 32];

fn hpke() -> HpkeConfig {
    HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128)
}

fn key_pair(crypto: &impl OpenMlsCrypto) -> HpkeKeyPair {
    crypto.derive_hpke_keypair(hpke(), &IKM).unwrap()
}

/// Inputs around the block sizes of SHA-256 and HMAC.
fn texts() -> impl Iterator<Item = Vec<u8>> {
    [0, 1, 31, 32, 55, 56, 63, 64, 65, 300].into_iter().map(|length| vec![0xA5; length])
}

/// Both directions.
fn each_way(check: impl Fn(&dyn Both, &dyn Both)) {
    let (ours, theirs) = (OneSuite, RustCrypto::default());
    check(&ours, &theirs);
    check(&theirs, &ours);
}

trait Both: OpenMlsCrypto {}
impl<C: OpenMlsCrypto> Both for C {}

#[test]
fn hashes_macs_and_keys_are_the_same() {
    let (ours, theirs) = (OneSuite, RustCrypto::default());
    for text in texts() {
        assert_eq!(ours.hash(SHA, &text), theirs.hash(SHA, &text));
        assert_eq!(ours.hmac(SHA, &text, b"m").unwrap(), theirs.hmac(SHA, &text, b"m").unwrap());
        let extracted = ours.hkdf_extract(SHA, &text, &IKM).unwrap();
        assert_eq!(extracted, theirs.hkdf_extract(SHA, &text, &IKM).unwrap());
        let expand = |crypto: &dyn Both, length| {
            crypto.hkdf_expand(SHA, extracted.as_slice(), &text, length).unwrap()
        };
        for length in [0, 16, 32, 255 * 32] {
            assert_eq!(expand(&ours, length), expand(&theirs, length));
        }
    }
}

#[test]
fn derived_hpke_keys_are_the_same() {
    let (ours, theirs) = (key_pair(&OneSuite), key_pair(&RustCrypto::default()));
    assert_eq!(ours.public, theirs.public);
    assert_eq!(*ours.private, *theirs.private);
}

#[test]
fn what_one_encrypts_the_other_decrypts() {
    each_way(|one, other| {
        let sealed = one.aead_encrypt(AES, &[1; 16], b"text", &[2; 12], b"aad").unwrap();
        let open = |aad| other.aead_decrypt(AES, &[1; 16], &sealed, &[2; 12], aad);
        assert_eq!(open(b"aad").unwrap(), b"text");
        assert_eq!(open(b"bad").unwrap_err(), CryptoError::AeadDecryptionError);
    });
}

#[test]
fn what_one_signs_the_other_verifies() {
    each_way(|one, other| {
        let (seed, public) = one.signature_key_gen(SIGNATURE_SCHEME).unwrap();
        let signature = one.sign(SIGNATURE_SCHEME, b"text", &seed).unwrap();
        assert_eq!(signature, other.sign(SIGNATURE_SCHEME, b"text", &seed).unwrap());
        let verify = |text| other.verify_signature(SIGNATURE_SCHEME, text, &public, &signature);
        assert_eq!(verify(b"text"), Ok(()));
        assert_eq!(verify(b"tent"), Err(CryptoError::InvalidSignature));
    });
}

#[test]
fn what_one_seals_the_other_opens() {
    each_way(|one, other| {
        let HpkeKeyPair { private, public } = key_pair(&OneSuite);
        let sealed = one.hpke_seal(hpke(), &public, b"info", b"aad", b"text").unwrap();
        let open = |info, aad| other.hpke_open(hpke(), &sealed, &private, info, aad);
        assert_eq!(open(b"info", b"aad").unwrap(), b"text");
        assert_eq!(open(b"info", b"bad"), Err(CryptoError::HpkeDecryptionError));
        assert_eq!(open(b"fake", b"aad"), Err(CryptoError::HpkeDecryptionError));
    });
}

#[test]
fn what_one_exports_the_other_exports() {
    each_way(|one, other| {
        let HpkeKeyPair { private, public } = key_pair(&OneSuite);
        let (enc, secret) =
            one.hpke_setup_sender_and_export(hpke(), &public, b"info", b"to", 48).unwrap();
        let received =
            other.hpke_setup_receiver_and_export(hpke(), &enc, &private, b"info", b"to", 48);
        assert_eq!(received.unwrap().as_ref(), secret.as_ref());
    });
}

#[test]
fn two_encapsulations_differ() {
    let public = key_pair(&OneSuite).public;
    let seal = || OneSuite.hpke_seal(hpke(), &public, b"", b"", b"text").unwrap();
    assert_ne!(seal().kem_output, seal().kem_output);
    assert_ne!(OneSuite.random_array::<32>(), OneSuite.random_array::<32>());
    assert_ne!(OneSuite.random_vec(32), OneSuite.random_vec(32));
}

#[test]
fn a_public_key_of_low_order_is_not_sealed_to() {
    let seal = OneSuite.hpke_seal(hpke(), &[0; 32], b"", b"", b"text");
    assert_eq!(seal.unwrap_err(), CryptoError::SenderSetupError);
}

#[test]
fn keys_nonces_and_signatures_of_a_wrong_length_are_errors() {
    let crypto = OneSuite;
    let encrypt = |key: &[u8], nonce: &[u8]| crypto.aead_encrypt(AES, key, b"", nonce, b"");
    assert_eq!(encrypt(&[0; 32], &[0; 12]), Err(CryptoError::InvalidLength));
    assert_eq!(encrypt(&[0; 16], &[0; 11]), Err(CryptoError::InvalidLength));
    assert!(crypto.hkdf_expand(SHA, &[0; 31], b"", 32).is_err());
    assert!(crypto.hkdf_expand(SHA, &[0; 32], b"", 255 * 32 + 1).is_err());
    assert!(crypto.sign(SIGNATURE_SCHEME, b"", &[1; 31]).is_err());
    assert!(crypto.verify_signature(SIGNATURE_SCHEME, b"", &[1; 32], &[0; 63]).is_err());
    assert!(crypto.verify_signature(SIGNATURE_SCHEME, b"", &[1; 31], &[0; 64]).is_err());
    assert!(crypto.hpke_seal(hpke(), &[9; 31], b"", b"", b"").is_err());
    assert!(crypto.hpke_setup_receiver_and_export(hpke(), &[9; 33], &IKM, b"", b"", 1).is_err());
}

#[test]
fn every_other_algorithm_is_unsupported() {
    let crypto = OneSuite;
    let chacha = Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519;
    assert_eq!(crypto.supported_ciphersuites(), [SUITE]);
    assert_eq!(crypto.supports(SUITE), Ok(()));
    assert_eq!(crypto.supports(chacha), Err(CryptoError::UnsupportedCiphersuite));
    let hash = crypto.hash(HashType::Sha2_512, b"");
    assert_eq!(hash, Err(CryptoError::UnsupportedHashAlgorithm));
    let sealed = crypto.aead_encrypt(AeadType::ChaCha20Poly1305, &IKM, b"", &[0; 12], b"");
    assert_eq!(sealed, Err(CryptoError::UnsupportedAeadAlgorithm));
    let signed = crypto.sign(SignatureScheme::ECDSA_SECP256R1_SHA256, b"", &IKM);
    assert_eq!(signed, Err(CryptoError::UnsupportedSignatureScheme));
    for config in [
        HpkeConfig(HpkeKemType::DhKemP256, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm128),
        HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha512, HpkeAeadType::AesGcm128),
        HpkeConfig(HpkeKemType::DhKem25519, HpkeKdfType::HkdfSha256, HpkeAeadType::AesGcm256),
    ] {
        let derived = crypto.derive_hpke_keypair(config, &IKM).map(|pair| pair.public);
        assert_eq!(derived, Err(CryptoError::UnsupportedCiphersuite));
    }
}
