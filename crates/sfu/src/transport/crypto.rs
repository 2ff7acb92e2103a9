//! Only AEAD SRTP profiles (RFC 7714): a connection that negotiated AES-CM is closed before a
//! packet is protected.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::crypto::dtls::{
    DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{CryptoError, from_feature_flags};

static REFUSED: AtomicU64 = AtomicU64::new(0);
static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
static AEAD_ONLY: AeadOnly = AeadOnly;

/// Connections closed, since the process started, for having negotiated no AEAD profile.
pub fn profiles_refused() -> u64 {
    REFUSED.load(Ordering::Relaxed)
}

/// The process's crypto provider, with the profile check in its DTLS.
pub(super) fn provider() -> Arc<CryptoProvider> {
    let provider = PROVIDER.get_or_init(|| {
        Arc::new(CryptoProvider { dtls_provider: &AEAD_ONLY, ..from_feature_flags() })
    });
    Arc::clone(provider)
}

fn is_aead(profile: SrtpProfile) -> bool {
    matches!(profile, SrtpProfile::AEAD_AES_128_GCM | SrtpProfile::AEAD_AES_256_GCM)
}

#[derive(Debug)]
struct AeadOnly;

impl AeadOnly {
    fn inner(&self) -> &'static dyn DtlsProvider {
        static INNER: OnceLock<&'static dyn DtlsProvider> = OnceLock::new();
        *INNER.get_or_init(|| from_feature_flags().dtls_provider)
    }
}

impl DtlsProvider for AeadOnly {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        self.inner().generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let inner = self.inner().new_dtls(cert, now, version, mtu)?;
        Ok(Box::new(Checked { inner }))
    }
}

#[derive(Debug)]
struct Checked {
    inner: Box<dyn DtlsInstance>,
}

impl DtlsInstance for Checked {
    fn set_active(&mut self, active: bool) {
        self.inner.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.inner.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        match self.inner.poll_output(buf) {
            DtlsOutput::KeyingMaterial(_, profile) if !is_aead(profile) => {
                REFUSED.fetch_add(1, Ordering::Relaxed);
                DtlsOutput::CloseNotify
            }
            output => output,
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.inner.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.inner.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.inner.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.inner.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.inner.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.inner.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.inner.close()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_mode_is_not_aead() {
        assert!(!is_aead(SrtpProfile::AES128_CM_SHA1_80));
        assert!(is_aead(SrtpProfile::AEAD_AES_256_GCM));
    }
}
