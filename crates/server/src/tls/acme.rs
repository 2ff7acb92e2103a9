//! Certificates by ACME (RFC 8555), proved by TLS-ALPN-01 (RFC 8737) on the listening port itself:
//! nothing else has to be reachable.

use super::acme_http::Https;
use super::{Certificates, TlsError, files, write_private};
use crate::config::Acme;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::sign::CertifiedKey;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

const ACCOUNT: &str = "acme-account.json";
const CERTIFICATE: &str = "acme.pem";
const KEY: &str = "acme.key";
const NAMES: &str = "acme.names";

/// The age at which a certificate is replaced. Works for lifetimes of 45 and 90 days with weeks to
/// spare; sooner costs the authority more orders, later leaves less time to repair a failure.
const RENEW_AFTER: Duration = Duration::from_secs(20 * 24 * 3600);

const LOOK_EVERY: Duration = Duration::from_secs(3600);
const FIRST_RETRY: Duration = Duration::from_secs(30);
const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3600);

/// Gets and renews the certificate for as long as the server runs.
pub(super) struct Keeper {
    settings: Acme,
    directory: PathBuf,
    certificates: Arc<Certificates>,
    http: Https,
}

impl Keeper {
    pub fn new(
        settings: Acme,
        directory: PathBuf,
        certificates: Arc<Certificates>,
    ) -> Result<Self, TlsError> {
        let http = Https::new(settings.extra_root.as_deref())?;
        let keeper = Keeper { settings, directory, certificates, http };
        if keeper.is_for_these_names() {
            keeper.install_saved()?;
        }
        Ok(keeper)
    }

    pub async fn run(self) {
        let mut retry = FIRST_RETRY;
        loop {
            if self.is_fresh() {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            }
            match self.renew().await {
                Ok(()) => {
                    tracing::info!("a certificate was issued");
                    retry = FIRST_RETRY;
                }
                Err(error) => {
                    tracing::warn!(%error, "no certificate was issued; trying again");
                    tokio::time::sleep(retry).await;
                    retry = (retry * 2).min(LONGEST_RETRY);
                }
            }
        }
    }

    fn is_fresh(&self) -> bool {
        let written =
            std::fs::metadata(self.directory.join(CERTIFICATE)).and_then(|m| m.modified());
        let age = written.ok().and_then(|at| at.elapsed().ok());
        self.is_for_these_names() && age.is_some_and(|age| age < RENEW_AFTER)
    }

    fn is_for_these_names(&self) -> bool {
        let saved = std::fs::read_to_string(self.directory.join(NAMES)).ok();
        saved == Some(self.settings.domains.join("\n"))
    }

    fn install_saved(&self) -> Result<(), TlsError> {
        let certificate = files::read(&self.directory.join(CERTIFICATE))?;
        let key = files::read(&self.directory.join(KEY))?;
        self.certificates.install(files::parse(&certificate, &key)?);
        Ok(())
    }

    async fn renew(&self) -> Result<(), TlsError> {
        let account = self.account().await?;
        let names: Vec<_> = self.settings.domains.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account.new_order(&NewOrder::new(&names)).await?;
        let outcome = self.answer(&mut order).await;
        self.certificates.drop_proofs();
        outcome?;
        let key = order.finalize().await?;
        let certificate = order.poll_certificate(&RetryPolicy::default()).await?;
        files::parse(&certificate, &key)?;
        self.save(&certificate, &key)
    }

    async fn answer(&self, order: &mut Order) -> Result<(), TlsError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            if authorization.status == AuthorizationStatus::Valid {
                continue;
            }
            let mut challenge = authorization
                .challenge(ChallengeType::TlsAlpn01)
                .ok_or(TlsError::Refused("the authority offers no TLS-ALPN-01 challenge"))?;
            let name = challenge.identifier().to_string();
            let digest = challenge.key_authorization().digest();
            let proof = challenge_certificate(&name, digest.as_ref())?;
            self.certificates.show_proof(name, proof);
            challenge.set_ready().await?;
        }
        match order.poll_ready(&RetryPolicy::default()).await? {
            OrderStatus::Ready | OrderStatus::Valid => Ok(()),
            _ => Err(TlsError::Refused("the authority did not accept the proof")),
        }
    }

    async fn account(&self) -> Result<Account, TlsError> {
        let http = || Box::new(self.http.clone());
        if let Ok(saved) = std::fs::read_to_string(self.directory.join(ACCOUNT)) {
            let credentials = serde_json::from_str(&saved).map_err(instant_acme::Error::from)?;
            return Ok(Account::builder_with_http(http()).from_credentials(credentials).await?);
        }
        let contact: Vec<_> = self.settings.contact.iter().map(|m| format!("mailto:{m}")).collect();
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let wanted = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let directory = self.settings.directory.clone();
        let (account, credentials) =
            Account::builder_with_http(http()).create(&wanted, directory, None).await?;
        let text = serde_json::to_string(&credentials).map_err(instant_acme::Error::from)?;
        write_private(&self.directory, ACCOUNT, &text)?;
        Ok(account)
    }

    fn save(&self, certificate: &str, key: &str) -> Result<(), TlsError> {
        write_private(&self.directory, KEY, key)?;
        write_private(&self.directory, CERTIFICATE, certificate)?;
        write_private(&self.directory, NAMES, &self.settings.domains.join("\n"))?;
        self.install_saved()
    }
}

fn challenge_certificate(name: &str, digest: &[u8]) -> Result<CertifiedKey, TlsError> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let private = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
    let signer = aws_lc_rs::default_provider().key_provider.load_private_key(private)?;
    // Put together unchecked: the check fails at the challenge's critical extension.
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signer))
}
