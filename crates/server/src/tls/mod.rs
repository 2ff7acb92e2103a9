//! Certificates: where they come from, and how a running server gets a new one.

mod acme;
mod acme_http;
mod files;
mod self_signed;

use crate::config::TlsMode;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

/// Names the ACME challenge in TLS (RFC 8737).
const ACME_ALPN: &[u8] = b"acme-tls/1";

/// TLS could not be set up; the operator's or the machine's fault.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{}: {reason}", .path.display())]
    File { path: PathBuf, reason: String },
    #[error("the certificate or its key is not usable: {0}")]
    Rustls(#[from] rustls::Error),
    #[error("no certificate could be made: {0}")]
    Making(#[from] rcgen::Error),
    #[error("ACME: {0}")]
    Acme(#[from] instant_acme::Error),
    #[error("ACME: {0}")]
    Refused(&'static str),
}

/// The certificate in use; replaceable while connections come in.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    /// By name; shown only to an ACME authority checking that the name is ours.
    proofs: RwLock<HashMap<String, Arc<CertifiedKey>>>,
}

impl Certificates {
    fn install(&self, certificate: CertifiedKey) {
        *self.current.write().expect(UNPOISONED) = Some(Arc::new(certificate));
    }

    fn show_proof(&self, name: String, certificate: CertifiedKey) {
        self.proofs.write().expect(UNPOISONED).insert(name, Arc::new(certificate));
    }

    fn drop_proofs(&self) {
        self.proofs.write().expect(UNPOISONED).clear();
    }
}

const UNPOISONED: &str = "no holder of this lock panics";

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if hello.alpn().is_some_and(|mut protocols| protocols.any(|p| p == ACME_ALPN)) {
            return self.proofs.read().expect(UNPOISONED).get(hello.server_name()?).cloned();
        }
        self.current.read().expect(UNPOISONED).clone()
    }
}

/// What the listener needs, and the task that keeps the certificate fresh.
pub(crate) struct Tls {
    pub config: Arc<ServerConfig>,
    pub keeper: Option<tokio::task::JoinHandle<()>>,
    /// Whether browsers accept the certificate without a warning.
    pub trusted: bool,
}

/// Sets TLS up as `mode` says; `None` when it is off.
pub(crate) fn start(
    mode: &TlsMode,
    data_dir: &Path,
    listen: SocketAddr,
) -> Result<Option<Tls>, TlsError> {
    let certificates = Arc::new(Certificates::default());
    let directory = data_dir.join("tls");
    let (keeper, trusted) = match mode {
        TlsMode::Off => return Ok(None),
        TlsMode::SelfSigned { names } => {
            let own = crate::reachable_addresses(listen.ip());
            certificates.install(self_signed::load_or_make(&directory, names, &own)?);
            (None, false)
        }
        TlsMode::Files { certificate, key } => {
            let pair = files::Pair { certificate: certificate.clone(), key: key.clone() };
            certificates.install(pair.load()?);
            (Some(tokio::spawn(files::reload_on_change(pair, certificates.clone()))), true)
        }
        TlsMode::Acme(settings) => {
            let keeper = acme::Keeper::new(settings.clone(), directory, certificates.clone())?;
            (Some(tokio::spawn(keeper.run())), true)
        }
    };
    let config = server_config(certificates)?;
    Ok(Some(Tls { config: Arc::new(config), keeper, trusted }))
}

fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    config.alpn_protocols = vec![b"http/1.1".to_vec(), ACME_ALPN.to_vec()];
    Ok(config)
}

/// Creates `directory`, closed to other users, and writes `text` into `name` in one step.
fn write_private(directory: &Path, name: &str, text: &str) -> Result<(), TlsError> {
    let path = directory.join(name);
    let failed =
        |error: std::io::Error| TlsError::File { path: path.clone(), reason: error.to_string() };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let partial = directory.join(format!("{name}.partial"));
    let _ = std::fs::remove_file(&partial);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&partial).map_err(failed)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    std::fs::rename(&partial, &path).map_err(failed)
}

/// IP addresses as a certificate and a link write them.
fn address_names(addresses: &[IpAddr]) -> impl Iterator<Item = String> + '_ {
    addresses.iter().map(IpAddr::to_string)
}
