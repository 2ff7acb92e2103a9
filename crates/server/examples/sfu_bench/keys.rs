//! The keys of a connection (RFC 3711 §4.3, RFC 7714), taken from its handshake, so that packets
//! can be looked into and feedback sealed without a WebRTC stack for every receiver.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;
use str0m::config::{CryptoProvider, DtlsCert, DtlsVersion};
use str0m::crypto::dtls::{
    DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, ProtocolVersion, SrtpProfile,
};
use str0m::crypto::{AeadAes256GcmCipher, CryptoError, from_feature_flags};

pub const TAG: usize = 16;

thread_local! {
    /// Keying material of the handshake that just ended on this thread, and whether we were active.
    static MATERIAL: RefCell<Option<(Vec<u8>, bool)>> = const { RefCell::new(None) };
}

/// One direction's cipher.
pub struct Sealer {
    cipher: Box<dyn AeadAes256GcmCipher>,
    salt: [u8; 12],
}

/// What a light receiver needs: to open what comes, and to seal its feedback.
pub struct Keys {
    pub incoming: Sealer,
    pub feedback: Sealer,
}

impl Keys {
    /// The keys of a handshake that ended since the last call, if one did.
    pub fn take() -> Option<Keys> {
        let (material, active) = MATERIAL.take()?;
        let (ours, theirs) = (usize::from(!active), usize::from(active));
        Some(Keys {
            incoming: Sealer::derive(&material, theirs, 0, false),
            feedback: Sealer::derive(&material, ours, 3, true),
        })
    }
}

impl Sealer {
    /// A cipher from fixed bytes, for the floor.
    pub fn fixed() -> Sealer {
        Sealer::derive(&[7; 88], 0, 0, true)
    }

    fn derive(material: &[u8], side: usize, label: u8, seal: bool) -> Sealer {
        let provider = from_feature_flags().srtp_provider;
        let master: [u8; 32] = material[side * 32..][..32].try_into().expect("32 bytes");
        let master_salt = &material[64 + side * 12..][..12];
        let block = |label: u8, round: u8| {
            let mut input = [0; 16];
            input[..12].copy_from_slice(master_salt);
            input[7] ^= label;
            input[15] = round;
            let mut out = [0; 32];
            provider.srtp_aes_256_ecb_round(&master, &input, &mut out);
            out
        };
        let mut key = [0; 32];
        key[..16].copy_from_slice(&block(label, 0)[..16]);
        key[16..].copy_from_slice(&block(label, 1)[..16]);
        let salt = block(label + 2, 0)[..12].try_into().expect("12 bytes");
        Sealer { cipher: provider.aead_aes_256_gcm().create_cipher(key, seal), salt }
    }

    fn iv(&self, ssrc: u32, index: u64) -> [u8; 12] {
        let mut iv = [0; 12];
        iv[2..6].copy_from_slice(&ssrc.to_be_bytes());
        iv[6..].copy_from_slice(&index.to_be_bytes()[2..]);
        iv.iter_mut().zip(self.salt).for_each(|(iv, salt)| *iv ^= salt);
        iv
    }

    /// Appends header, sealed payload and tag.
    pub fn seal_rtp(&mut self, ssrc: u32, seq: u64, head: &[u8], body: &[u8], out: &mut Vec<u8>) {
        let iv = self.iv(ssrc, seq);
        out.extend_from_slice(head);
        let start = out.len();
        out.resize(start + body.len() + TAG, 0);
        self.cipher.encrypt(&iv, head, body, &mut out[start..]).expect("sealing");
    }

    /// The payload of a packet, if it is genuine.
    pub fn open_rtp(&mut self, ssrc: u32, seq: u64, head: &[u8], body: &[u8]) -> Option<Vec<u8>> {
        let iv = self.iv(ssrc, seq);
        let mut out = vec![0; body.len().checked_sub(TAG)?];
        self.cipher.decrypt(&iv, &[head], body, &mut out).ok()?;
        Some(out)
    }

    /// A whole RTCP packet, sealed.
    pub fn seal_rtcp(&mut self, index: u32, packet: &[u8]) -> Vec<u8> {
        let ssrc = u32::from_be_bytes(packet[4..8].try_into().expect("4 bytes"));
        let trailer = (index | 1 << 31).to_be_bytes();
        let iv = self.iv(ssrc, u64::from(index));
        let aad = [&packet[..8], &trailer].concat();
        let mut out = vec![0; packet.len() + TAG];
        out[..8].copy_from_slice(&packet[..8]);
        self.cipher.encrypt(&iv, &aad, &packet[8..], &mut out[8..]).expect("sealing");
        out.extend_from_slice(&trailer);
        out
    }
}

/// The usual provider, with an ear at the end of the handshake.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider { dtls_provider: &Overheard, ..from_feature_flags() })
}

#[derive(Debug)]
struct Overheard;

impl DtlsProvider for Overheard {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        from_feature_flags().dtls_provider.generate_certificate()
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        version: DtlsVersion,
        mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let inner = from_feature_flags().dtls_provider.new_dtls(cert, now, version, mtu)?;
        Ok(Box::new(Ear(inner)))
    }
}

#[derive(Debug)]
struct Ear(Box<dyn DtlsInstance>);

impl DtlsInstance for Ear {
    fn set_active(&mut self, active: bool) {
        self.0.set_active(active);
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        self.0.handle_packet(packet)
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        let active = self.0.is_active();
        let output = self.0.poll_output(buf);
        if let DtlsOutput::KeyingMaterial(material, profile) = &output {
            assert_eq!(*profile, SrtpProfile::AEAD_AES_256_GCM, "the bench opens only this one");
            MATERIAL.set(Some((material.to_vec(), active)));
        }
        output
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.0.handle_timeout(now)
    }

    fn send_application_data(&mut self, data: &[u8]) -> Result<usize, DtlsImplError> {
        self.0.send_application_data(data)
    }

    fn is_active(&self) -> bool {
        self.0.is_active()
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.0.protocol_version()
    }

    fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        self.0.close()
    }
}
