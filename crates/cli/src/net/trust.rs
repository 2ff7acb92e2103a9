//! Whose TLS certificate is believed.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Whose certificate is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The authorities this system trusts.
    System,
    /// Exactly the certificate with this SHA-256, whatever name it bears: for self-signed ones.
    Fingerprint([u8; 32]),
    /// Any. Whoever sits in between sees and changes what the server sees; media, names and chat
    /// stay end-to-end encrypted.
    DangerAny,
}

/// A fingerprint is 64 hexadecimal digits; colons and spaces between them are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a certificate fingerprint is the SHA-256 in 64 hexadecimal digits")]
pub struct InvalidFingerprint;

impl Trust {
    /// Trust in one certificate by the fingerprint the server prints.
    pub fn fingerprint(text: &str) -> Result<Trust, InvalidFingerprint> {
        let nibble = |c: char| c.to_digit(16).map(|digit| digit as u8).ok_or(InvalidFingerprint);
        let digits = text.chars().filter(|c| !matches!(c, ':' | ' ')).map(nibble);
        let digits = digits.collect::<Result<Vec<u8>, _>>()?;
        let bytes: Vec<u8> =
            digits.chunks(2).map(|pair| pair.iter().fold(0, |b, d| b << 4 | d)).collect();
        if digits.len() != 64 {
            return Err(InvalidFingerprint);
        }
        Ok(Trust::Fingerprint(bytes.try_into().map_err(|_| InvalidFingerprint)?))
    }

    /// The TLS settings; offers HTTP/1.1 only, which the signalling socket needs.
    pub fn client_config(self) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?;
        let mut config = match self {
            Trust::System => builder.with_root_certificates(system_roots()),
            chosen => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Pinned { trust: chosen, provider })),
        }
        .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn system_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

/// Believes one certificate, or any; the handshake's own signature is checked all the same.
#[derive(Debug)]
struct Pinned {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn accepts(&self, certificate: &CertificateDer<'_>) -> bool {
        match self.trust {
            Trust::DangerAny => true,
            Trust::Fingerprint(wanted) => Sha256::digest(certificate).as_slice() == wanted,
            Trust::System => false,
        }
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.accepts(end_entity) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_with_and_without_colons() {
        let plain = "ab".repeat(32);
        let colons = vec!["AB"; 32].join(":");
        assert_eq!(Trust::fingerprint(&plain), Ok(Trust::Fingerprint([0xab; 32])));
        assert_eq!(Trust::fingerprint(&colons), Ok(Trust::Fingerprint([0xab; 32])));
        assert_eq!(Trust::fingerprint(&plain[..62]), Err(InvalidFingerprint));
        assert_eq!(Trust::fingerprint("xyz"), Err(InvalidFingerprint));
    }

    #[test]
    fn only_the_pinned_certificate_is_believed() {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let trust = Trust::Fingerprint(Sha256::digest(b"this one").into());
        let pinned = Pinned { trust, provider };
        assert!(pinned.accepts(&CertificateDer::from(&b"this one"[..])));
        assert!(!pinned.accepts(&CertificateDer::from(&b"another"[..])));
    }
}
