//! The fixed choices of our MLS groups: suite, extension and proposal types, configuration.

mod crypto;
pub(crate) mod hpke;
mod random;
mod storage;
#[cfg(test)]
mod tests;

use crate::identity::GroupPsk;
use openmls::extensions::{
    Extension, ExtensionType, Extensions, RequiredCapabilitiesExtension, UnknownExtension,
};
use openmls::group::{
    GroupContext, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY,
};
use openmls::prelude::{Capabilities, Ciphersuite, ProposalType, SenderRatchetConfiguration};
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_traits::OpenMlsProvider;
use openmls_traits::storage::StorageProvider;
use openmls_traits::types::SignatureScheme;
use storage::KeyStorage;

/// The cryptography of [`SUITE`] and no other: whatever names another algorithm is refused.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct OneSuite;

/// Crypto and in-memory storage of one group. MLS state never leaves it: restoring it would repeat
/// ratchet generations.
#[derive(Default, Debug)]
pub(crate) struct Provider {
    crypto: OneSuite,
    storage: KeyStorage,
}

impl OpenMlsProvider for Provider {
    type CryptoProvider = OneSuite;
    type RandProvider = OneSuite;
    type StorageProvider = KeyStorage;

    fn storage(&self) -> &KeyStorage {
        &self.storage
    }

    fn crypto(&self) -> &OneSuite {
        &self.crypto
    }

    fn rand(&self) -> &OneSuite {
        &self.crypto
    }
}

/// Suite 0x0001 (RFC 9420 §17.1).
pub(crate) const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;
pub(crate) const SIGNATURE_SCHEME: SignatureScheme = SignatureScheme::ED25519;

/// GroupContext extension that holds the [`Policy`](crate::policy::Policy); private-use range.
pub(crate) const POLICY_EXTENSION: u16 = 0xF0A1;
/// Custom proposal that holds the [`Manifest`](crate::manifest::Manifest); private-use range.
pub(crate) const MANIFEST_PROPOSAL: u16 = 0xF0A2;

/// Epochs whose messages still open after a commit: chat and heartbeats cross commits on the wire.
pub const PAST_EPOCHS: u64 = 2;
/// Messages of one sender that may overtake another, in one epoch: more lets whoever reconnects read
/// what was said meanwhile after what is said now, and keeps so many keys of each sender.
const OUT_OF_ORDER: u32 = 64;
/// Messages of one sender that may be missed in one epoch.
const FORWARD: u32 = 1_000;
/// Handshake and application plaintexts are padded to multiples of this many bytes: larger hides
/// more, and costs as much on every chat message.
const PADDING: usize = 64;

/// What every leaf must support.
pub(crate) fn capabilities() -> Capabilities {
    Capabilities::builder()
        .extensions(vec![ExtensionType::Unknown(POLICY_EXTENSION)])
        .proposals(vec![ProposalType::Custom(MANIFEST_PROPOSAL)])
        .build()
}

/// The RequiredCapabilities of every group, from creation on and in every change.
pub(crate) fn required_capabilities() -> RequiredCapabilitiesExtension {
    RequiredCapabilitiesExtension::new(
        &[ExtensionType::Unknown(POLICY_EXTENSION)],
        &[ProposalType::Custom(MANIFEST_PROPOSAL)],
        &[],
    )
}

/// The GroupContext extensions of a group under `policy`.
pub(crate) fn group_extensions(policy: Vec<u8>) -> Extensions<GroupContext> {
    Extensions::from_vec(vec![
        Extension::RequiredCapabilities(required_capabilities()),
        Extension::Unknown(POLICY_EXTENSION, UnknownExtension(policy)),
    ])
    .expect("two extensions of different types, both allowed in a group context")
}

pub(crate) fn create_config(policy: Vec<u8>) -> MlsGroupCreateConfig {
    MlsGroupCreateConfig::builder()
        .ciphersuite(SUITE)
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .max_past_epochs(PAST_EPOCHS as usize)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
        .padding_size(PADDING)
        .capabilities(capabilities())
        .with_group_context_extensions(group_extensions(policy))
        .build()
}

pub(crate) fn join_config() -> MlsGroupJoinConfig {
    MlsGroupJoinConfig::builder()
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .use_ratchet_tree_extension(true)
        .max_past_epochs(PAST_EPOCHS as usize)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, FORWARD))
        .padding_size(PADDING)
        .build()
}

/// A fresh use of the group PSK: the same id, a new nonce.
pub(crate) fn psk_use(provider: &Provider, id: [u8; 16]) -> Option<PreSharedKeyId> {
    let psk = Psk::External(ExternalPsk::new(id.to_vec()));
    PreSharedKeyId::new(SUITE, provider.rand(), psk).ok()
}

/// Puts the group PSK where MLS looks for it; needed before any commit that uses it.
pub(crate) fn store_psk(provider: &Provider, psk: &GroupPsk) -> bool {
    psk_use(provider, psk.id()).is_some_and(|use_| use_.store(provider, psk.expose()).is_ok())
}

/// Wipes a group PSK that no commit uses any more.
pub(crate) fn forget_psk(provider: &Provider, id: [u8; 16]) {
    // Fails only if the storage does, which is a map in memory.
    let _ = provider.storage.delete_psk(&Psk::External(ExternalPsk::new(id.to_vec())));
}
