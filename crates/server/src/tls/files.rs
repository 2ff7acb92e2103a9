//! Certificates from PEM files, read again when they change.

use super::{Certificates, TlsError};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How often the files are looked at. Longer only delays the use of a renewed certificate.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A certificate chain and its key.
pub(super) struct Pair {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Pair {
    pub fn load(&self) -> Result<CertifiedKey, TlsError> {
        parse(&read(&self.certificate)?, &read(&self.key)?).map_err(|error| match error {
            TlsError::File { reason, .. } => {
                TlsError::File { path: self.certificate.clone(), reason }
            }
            other => other,
        })
    }

    fn changed(&self) -> (Option<SystemTime>, Option<SystemTime>) {
        (changed(&self.certificate), changed(&self.key))
    }
}

/// Installs the pair again whenever a file's time changes. A pair that does not load (half
/// written, say) is tried again, and the one in use stays.
pub(super) async fn reload_on_change(pair: Pair, certificates: Arc<Certificates>) {
    let mut seen = pair.changed();
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let current = pair.changed();
        if current == seen {
            continue;
        }
        match pair.load() {
            Ok(certificate) => {
                certificates.install(certificate);
                seen = current;
                tracing::info!("a changed certificate is in use");
            }
            Err(error) => tracing::warn!(%error, "the changed certificate is not usable"),
        }
    }
}

/// Reads a PEM chain and key.
pub(super) fn parse(certificate: &str, key: &str) -> Result<CertifiedKey, TlsError> {
    let unreadable = |what: &str| TlsError::File { path: PathBuf::new(), reason: what.to_owned() };
    let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| unreadable("not a PEM certificate chain"))?;
    if chain.is_empty() {
        return Err(unreadable("holds no PEM certificate"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes())
        .map_err(|_| unreadable("its key is not a PEM private key"))?;
    Ok(CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())?)
}

pub(super) fn read(path: &Path) -> Result<String, TlsError> {
    std::fs::read_to_string(path)
        .map_err(|error| TlsError::File { path: path.to_owned(), reason: error.to_string() })
}

fn changed(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}
