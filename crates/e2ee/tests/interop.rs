//! One group, two independent implementations of RFC 9420: ours (over OpenMLS) and mls-rs, which
//! knows our extension, our custom proposal and our PSK only from what `docs/protocol.md` says.
#![allow(clippy::unwrap_used)] // A panic in a test is its report, in its helpers too.

use base::hash::sha256;
use base::statement::{Certificate, Role};
use base::{DeviceKey, GroupId, MeetingId, Now, RoomRules, Secret, UnixMillis};
use e2ee::manifest::{AdmissionEntry, Manifest};
use e2ee::policy::Policy;
use e2ee::rules::Violation;
use e2ee::session::{Admission, Change, CreateGroup, Expect, Refusal, Session};
use e2ee::{Device, GroupPsk, HostKey, PendingJoin, VerifiedKeyPackage};
use mls_rs::client_builder::{MlsConfig, PaddingMode};
use mls_rs::extension::built_in::RequiredCapabilitiesExt;
use mls_rs::extension::{ExtensionType, MlsExtension};
use mls_rs::group::proposal::{CustomProposal, ProposalType};
use mls_rs::group::{CommitBuilder, ReceivedMessage};
use mls_rs::identity::SigningIdentity;
use mls_rs::identity::basic::{BasicCredential, BasicIdentityProvider};
use mls_rs::mls_rules::{CommitOptions, DefaultMlsRules, EncryptionOptions};
use mls_rs::psk::{ExternalPskId, PreSharedKey};
use mls_rs::{CipherSuite, Client, Extension, ExtensionList, Group, MlsMessage};
use mls_rs_crypto_rustcrypto::RustCryptoProvider;

const MEETING: MeetingId = MeetingId([1; 16]);
const GROUP: GroupId = GroupId([2; 16]);
const PSK: [u8; 32] = [7; 32];
const POLICY: ExtensionType = ExtensionType::new(0xF0A1);
const MANIFEST: ProposalType = ProposalType::new(0xF0A2);
const SUITE: CipherSuite = CipherSuite::CURVE25519_AES128;

fn device(seed: u8) -> Device {
    Device::from_seed(Secret::new([seed; 32]))
}

fn hk() -> HostKey {
    HostKey::from_seed(Secret::new([200; 32]))
}

fn psk() -> GroupPsk {
    GroupPsk::new(Secret::new(PSK))
}

fn psk_id() -> [u8; 16] {
    sha256(&[b"incamera/v1/psk-id", &PSK])[..16].try_into().unwrap()
}

fn host_certificate(device: DeviceKey) -> Vec<u8> {
    let (meeting, group, expiry) = (MEETING, GROUP, UnixMillis(1_000_000));
    hk().certify(&Certificate { meeting, group, device, role: Role::Host, serial: 1, expiry })
}

/// A participant on mls-rs with the device key of `seed`.
fn other_client(seed: u8) -> Client<impl MlsConfig> {
    let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
    let public = key.verifying_key().to_bytes();
    let credential = BasicCredential::new(sha256(&[b"incamera/v1/credential", &public]).to_vec());
    let identity = SigningIdentity::new(credential.into_credential(), public.to_vec().into());
    let rules = DefaultMlsRules::new()
        .with_encryption_options(EncryptionOptions::new(true, PaddingMode::StepFunction))
        .with_commit_options(CommitOptions::new().with_path_required(false));
    Client::builder()
        .extension_type(POLICY)
        .custom_proposal_type(MANIFEST)
        .psk(ExternalPskId::new(psk_id().to_vec()), PreSharedKey::from(PSK.to_vec()))
        .mls_rules(rules)
        .identity_provider(BasicIdentityProvider)
        .crypto_provider(RustCryptoProvider::default())
        .signing_identity(identity, key.to_keypair_bytes().to_vec().into(), SUITE)
        .build()
}

fn key_package(client: &Client<impl MlsConfig>) -> Vec<u8> {
    client
        .generate_key_package_message(Default::default(), Default::default(), None)
        .unwrap()
        .to_bytes()
        .unwrap()
}

fn message(bytes: &[u8]) -> MlsMessage {
    MlsMessage::from_bytes(bytes).unwrap()
}

fn follow(group: &mut Group<impl MlsConfig>, commit: &[u8]) {
    let received = group.process_incoming_message(message(commit)).unwrap();
    assert!(matches!(received, ReceivedMessage::Commit(_)));
}

fn assert_same_keys(ours: &Session, other: &Group<impl MlsConfig>) {
    assert_eq!(ours.epoch(), other.current_epoch());
    assert_eq!(&ours.authenticator()[..], other.epoch_authenticator().unwrap().as_bytes());
    let base_key = other.export_secret(b"SFrame 1.0 Base Key", b"", 16).unwrap();
    assert_eq!(&ours.base_key().unwrap().expose()[..], base_key.as_bytes());
    let leaves: Vec<_> = other
        .roster()
        .members_iter()
        .map(|m| (m.index, m.signing_identity.signature_key))
        .collect();
    let own: Vec<_> = ours.members().map(|m| (m.leaf, m.device.0.to_vec().into())).collect();
    assert_eq!(own, leaves);
}

fn admit(key_packages: &[&[u8]]) -> Change {
    let admission = |bytes: &&[u8]| Admission {
        key_package: VerifiedKeyPackage::read(bytes).unwrap(),
        role: Role::Participant,
    };
    Change { admit: key_packages.iter().map(admission).collect(), ..Change::default() }
}

/// Our session commits; everyone follows.
fn commit(
    device: &Device,
    session: &mut Session,
    change: Change,
    others: &mut [&mut Group<impl MlsConfig>],
) -> Option<Vec<u8>> {
    let out = session.commit(device, change).unwrap();
    session.handle_committed(&out.commit).unwrap();
    others.iter_mut().for_each(|other| follow(other, &out.commit));
    out.welcome
}

fn our_host() -> (Device, Session) {
    let device = device(0);
    let certificate = host_certificate(device.key());
    let (meeting, group, hk) = (MEETING, GROUP, hk().public());
    let new = CreateGroup { meeting, group, hk, certificate, psk: psk(), banned: Vec::new() };
    let session = Session::create(&device, new).unwrap();
    (device, session)
}

#[test]
fn our_host_with_mls_rs_guests_through_adds_updates_and_removes() {
    let (host, mut session) = our_host();
    let (ana, ben) = (other_client(1), other_client(2));
    let (ana_kp, ben_kp) = (key_package(&ana), key_package(&ben));
    let welcome = commit(&host, &mut session, admit(&[&ana_kp]), none(&ana)).unwrap();
    let (mut ana, _) = ana.join_group(None, &message(&welcome), None).unwrap();
    assert_same_keys(&session, &ana);

    let welcome = commit(&host, &mut session, admit(&[&ben_kp]), &mut [&mut ana]).unwrap();
    let (mut ben, _) = ben.join_group(None, &message(&welcome), None).unwrap();
    assert_same_keys(&session, &ana);
    assert_same_keys(&session, &ben);

    // A guest renews its keys.
    let out = ana.commit_builder().build().unwrap();
    let bytes = out.commit_message.to_bytes().unwrap();
    ana.apply_pending_commit().unwrap();
    session.handle_committed(&bytes).unwrap();
    follow(&mut ben, &bytes);
    assert_same_keys(&session, &ana);
    assert_same_keys(&session, &ben);

    let remove = Change { remove: vec![device(2).key()], ..Change::default() };
    commit(&host, &mut session, remove, &mut [&mut ana]);
    assert_same_keys(&session, &ana);
    let refresh = Change {
        refresh: true,
        rules: Some(RoomRules { locked: true, ..RoomRules::default() }),
        ..Change::default()
    };
    commit(&host, &mut session, refresh, &mut [&mut ana]);
    assert_same_keys(&session, &ana);
}

/// No members yet besides the host.
fn none<'a, C: MlsConfig>(_: &Client<C>) -> &'a mut [&'a mut Group<C>] {
    &mut []
}

/// The commit of an mls-rs delegate that admits our device.
fn admission_by<'a, C: MlsConfig>(
    builder: CommitBuilder<'a, C>,
    pending: &PendingJoin,
    device: DeviceKey,
) -> CommitBuilder<'a, C> {
    let entry =
        AdmissionEntry { key_package: pending.key_package_ref(), device, role: Role::Participant };
    let manifest = Manifest { admissions: vec![entry], ..Manifest::default() };
    builder
        .add_member(message(pending.key_package()))
        .unwrap()
        .add_external_psk(ExternalPskId::new(psk_id().to_vec()))
        .unwrap()
        .custom_proposal(CustomProposal::new(MANIFEST, manifest.encode()))
}

fn context_extensions(policy: &Policy) -> ExtensionList {
    let required = RequiredCapabilitiesExt::new(vec![POLICY], vec![MANIFEST], vec![]);
    let policy = Extension::new(POLICY, policy.encode());
    ExtensionList::from(vec![required.into_extension().unwrap(), policy])
}

fn join(device: &Device, pending: PendingJoin, welcome: &MlsMessage) -> Session {
    let psk = psk();
    let (hk, now) = (hk().public(), Now::default());
    let expect = Expect { meeting: MEETING, hk, psks: &[psk], mark: None, now };
    Session::join(device, pending, &welcome.to_bytes().unwrap(), expect).unwrap()
}

#[test]
fn our_guests_with_an_mls_rs_host_through_adds_updates_and_removes() {
    let host = other_client(0);
    let policy =
        Policy::new(MEETING, GROUP, hk().public(), psk_id(), host_certificate(device(0).key()));
    let extensions = context_extensions(&policy);
    let mut host =
        host.create_group_with_id(GROUP.0.to_vec(), extensions, Default::default(), None).unwrap();

    let (ana, ben) = (device(1), device(2));
    let pending = PendingJoin::new(&ana).unwrap();
    let out = admission_by(host.commit_builder(), &pending, ana.key()).build().unwrap();
    host.apply_pending_commit().unwrap();
    let mut ana_session = join(&ana, pending, &out.welcome_messages[0]);
    assert_same_keys(&ana_session, &host);

    let pending = PendingJoin::new(&ben).unwrap();
    let out = admission_by(host.commit_builder(), &pending, ben.key()).build().unwrap();
    host.apply_pending_commit().unwrap();
    ana_session.handle_committed(&out.commit_message.to_bytes().unwrap()).unwrap();
    let mut ben_session = join(&ben, pending, &out.welcome_messages[0]);
    assert_same_keys(&ana_session, &host);
    assert_same_keys(&ben_session, &host);

    // Our guest renews its keys, and speaks.
    let refresh = Change { refresh: true, ..Change::default() };
    commit(&ana, &mut ana_session, refresh, &mut [&mut host]);

    // mls-rs removes the other, and records it in the policy.
    let removed = Policy { version: 2, removed: vec![ben.key()], ..policy };
    let out = host
        .commit_builder()
        .remove_member(ben_session.own_leaf())
        .unwrap()
        .set_group_context_ext(context_extensions(&removed))
        .unwrap()
        .build()
        .unwrap();
    host.apply_pending_commit().unwrap();
    let merged = ana_session.handle_committed(&out.commit_message.to_bytes().unwrap()).unwrap();
    assert_eq!(merged.removed.len(), 1);
    assert_same_keys(&ana_session, &host);
    let _ = &mut ben_session;
}

#[test]
fn reinit_and_update_proposals_are_refused() {
    let (host, mut session) = our_host();
    let ana = other_client(1);
    let ana_kp = key_package(&ana);
    let welcome = commit(&host, &mut session, admit(&[&ana_kp]), none(&ana)).unwrap();
    let (mut ana, _) = ana.join_group(None, &message(&welcome), None).unwrap();
    let update = ana.propose_update(vec![]).unwrap().to_bytes().unwrap();
    assert_eq!(session.handle_committed(&update), Err(Refusal::Malformed));
    assert!(session.open(&update).is_err());
    ana.clear_proposal_cache();
    let version = mls_rs::ProtocolVersion::MLS_10;
    let reinit = ana.commit_builder().reinit(None, version, SUITE, Default::default()).unwrap();
    let reinit = reinit.build().unwrap().commit_message.to_bytes().unwrap();
    let expected = Refusal::Violation(Violation::ForeignProposal);
    assert_eq!(session.handle_committed(&reinit), Err(expected));
    ana.clear_pending_commit();
    let refresh = Change { refresh: true, ..Change::default() };
    commit(&host, &mut session, refresh, &mut [&mut ana]);
    assert_same_keys(&session, &ana);
}

#[test]
fn an_mls_rs_guest_that_adds_someone_is_refused() {
    let (host, mut session) = our_host();
    let ana = other_client(1);
    let ana_kp = key_package(&ana);
    let welcome = commit(&host, &mut session, admit(&[&ana_kp]), none(&ana)).unwrap();
    let (mut ana, _) = ana.join_group(None, &message(&welcome), None).unwrap();
    let pending = PendingJoin::new(&device(3)).unwrap();
    let out = admission_by(ana.commit_builder(), &pending, device(3).key()).build().unwrap();
    let refusal = session.handle_committed(&out.commit_message.to_bytes().unwrap()).unwrap_err();
    assert_eq!(refusal, Refusal::Violation(Violation::NotCertified));
    ana.clear_pending_commit();
    let refresh = Change { refresh: true, ..Change::default() };
    commit(&host, &mut session, refresh, &mut [&mut ana]);
    assert_same_keys(&session, &ana);
}
