//! Commits that MLS takes and the policy refuses, each made with a real key by a dishonest device.

mod policy;
mod statements;

use super::*;
use crate::manifest::{AdmissionEntry, Manifest};
use crate::provider::{MANIFEST_PROPOSAL, capabilities, group_extensions, psk_use};
use crate::rules::Violation;
use openmls::group::{CommitMessageBundle, GroupContext};
use openmls::messages::proposals::{CustomProposal, PreSharedKeyProposal, Proposal};
use openmls::prelude::tls_codec::Serialize as _;
use openmls::prelude::*;

/// What a dishonest device puts into a commit, past every rule of ours.
#[derive(Default)]
struct Rogue {
    adds: Vec<KeyPackage>,
    removes: Vec<u32>,
    others: Vec<Proposal>,
    policy: Option<Vec<u8>>,
    extensions: Option<Extensions<GroupContext>>,
    leaf: Option<LeafNodeParameters>,
}

impl Peer {
    fn rogue(&mut self, rogue: Rogue) -> Vec<u8> {
        encode(self.rogue_bundle(rogue).commit())
    }

    fn rogue_bundle(&mut self, rogue: Rogue) -> CommitMessageBundle {
        let Session { mls, provider, .. } = &mut self.session;
        let _ = mls.clear_pending_commit(provider.storage());
        let extensions = rogue.extensions.or(rogue.policy.map(group_extensions));
        let mut builder = mls
            .commit_builder()
            .consume_proposal_store(false)
            .propose_removals(rogue.removes.into_iter().map(LeafNodeIndex::new))
            .propose_adds(rogue.adds)
            .add_proposals(rogue.others);
        if let Some(leaf) = rogue.leaf {
            builder = builder.force_self_update(true).leaf_node_parameters(leaf);
        }
        if let Some(extensions) = extensions {
            builder = builder.propose_group_context_extensions(extensions).unwrap();
        }
        builder
            .load_psks(provider.storage())
            .unwrap()
            .build(provider.rand(), provider.crypto(), &self.device, |_| true)
            .unwrap()
            .stage_commit(provider)
            .unwrap()
    }

    fn psk_proposal(&self) -> Proposal {
        let psk = psk_use(&self.session.provider, psk().id()).unwrap();
        Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(psk)))
    }

    fn leaf(&self) -> u32 {
        self.session.own_leaf()
    }
}

fn encode(message: &MlsMessageOut) -> Vec<u8> {
    message.tls_serialize_detached().unwrap()
}

fn manifest(manifest: Manifest) -> Proposal {
    Proposal::Custom(Box::new(CustomProposal::new(MANIFEST_PROPOSAL, manifest.encode())))
}

/// A stranger's KeyPackage and the admission that would fit it.
fn stranger(seed: u8, role: Role) -> (KeyPackage, Manifest) {
    let pending = PendingJoin::new(&device(seed)).unwrap();
    let key_package = admission(&pending, role).key_package;
    let entry =
        AdmissionEntry { key_package: key_package.reference(), device: key_package.device(), role };
    let manifest = Manifest { admissions: vec![entry], ..Manifest::default() };
    (key_package.inner().clone(), manifest)
}

/// A well-formed admission commit by `peer`, whoever that is.
fn well_formed_add(peer: &mut Peer, seed: u8, role: Role) -> Vec<u8> {
    let (key_package, entry) = stranger(seed, role);
    let others = vec![peer.psk_proposal(), manifest(entry)];
    peer.rogue(Rogue { adds: vec![key_package], others, ..Rogue::default() })
}

/// The peers other than `rogue` refuse its commit for `why`, and the group goes on without it.
fn assert_refused(mut peers: Vec<Peer>, rogue: usize, commit: &[u8], why: Violation) {
    peers.remove(rogue);
    for peer in peers.iter_mut() {
        assert_eq!(peer.refuse(commit), Refusal::Violation(why));
    }
    if rogue != 0 {
        let out = peers[0].commit(refresh());
        deliver(&mut peers, &out.commit);
    }
}

#[test]
fn add_by_an_uncertified_member() {
    let mut peers = room(2);
    let commit = well_formed_add(&mut peers[1], 9, Role::Participant);
    assert_refused(peers, 1, &commit, Violation::NotCertified);
}

#[test]
fn add_without_psk() {
    let mut peers = room(2);
    let (key_package, entry) = stranger(9, Role::Participant);
    let rogue =
        Rogue { adds: vec![key_package], others: vec![manifest(entry)], ..Rogue::default() };
    let commit = peers[0].rogue(rogue);
    assert_refused(peers, 0, &commit, Violation::AddWithoutPsk);
}

#[test]
fn add_without_admission() {
    let mut peers = room(2);
    let (key_package, _) = stranger(9, Role::Participant);
    let others = vec![peers[0].psk_proposal()];
    let commit = peers[0].rogue(Rogue { adds: vec![key_package], others, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::AddWithoutAdmission);
}

#[test]
fn add_under_somebody_elses_admission() {
    let mut peers = room(2);
    let (key_package, _) = stranger(9, Role::Participant);
    let (_, other) = stranger(8, Role::Participant);
    let others = vec![peers[0].psk_proposal(), manifest(other)];
    let commit = peers[0].rogue(Rogue { adds: vec![key_package], others, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::UnmatchedManifest);
}

#[test]
fn add_while_locked() {
    let mut peers = room_with_cohost(2);
    let out = peers[0].commit(Change { rules: Some(locked(true)), ..Change::default() });
    deliver(&mut peers, &out.commit);
    let commit = well_formed_add(&mut peers[0], 9, Role::Participant);
    assert_refused(peers, 0, &commit, Violation::Locked);
}

#[test]
fn removed_key_re_added() {
    let mut peers = room(2);
    let out = peers[0].commit(remove(key(2)));
    peers.pop();
    deliver(&mut peers, &out.commit);
    let pending = PendingJoin::new(&device(2)).unwrap();
    let honest = peers[0].session.commit(&device(0), admit(&pending)).unwrap_err();
    assert_eq!(honest, CommitError::Refused(Violation::AddsRemovedDevice));
    let commit = well_formed_add(&mut peers[0], 2, Role::Participant);
    assert_refused(peers, 0, &commit, Violation::AddsRemovedDevice);
}

#[test]
fn guest_removing_the_host() {
    let mut peers = room(2);
    let removes = vec![peers[0].leaf()];
    let commit = peers[1].rogue(Rogue { removes, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::NotCertified);
}

#[test]
fn guest_removing_another_guest() {
    let mut peers = room(2);
    let removes = vec![peers[2].leaf()];
    let commit = peers[1].rogue(Rogue { removes, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::NotCertified);
}

#[test]
fn guest_renaming_itself() {
    let mut peers = room(2);
    let credential = BasicCredential::new(b"HOST".to_vec()).into();
    let signature_key = key(1).0.to_vec().into();
    let leaf = LeafNodeParameters::builder()
        .with_credential_with_key(CredentialWithKey { credential, signature_key })
        .build();
    let commit = peers[1].rogue(Rogue { leaf: Some(leaf), ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::CredentialChanged);
}

#[test]
fn guest_swapping_its_key() {
    let mut peers = room(2);
    let other = device(77);
    let Session { mls, provider, .. } = &mut peers[1].session;
    let bundle = NewSignerBundle { signer: &other, credential_with_key: other.credential() };
    let bundle = mls
        .self_update_with_new_signer(provider, &device(1), bundle, LeafNodeParameters::default())
        .unwrap();
    let commit = encode(bundle.commit());
    assert_refused(peers, 1, &commit, Violation::SignatureKeyChanged);
}

#[test]
fn guest_changing_its_leaf_extensions() {
    let mut peers = room(2);
    let id = Extension::ApplicationId(ApplicationIdExtension::new(b"HOST"));
    let leaf = LeafNodeParameters::builder()
        .with_extensions(Extensions::single(id).unwrap())
        .with_capabilities(capabilities())
        .build();
    let commit = peers[1].rogue(Rogue { leaf: Some(leaf), ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::LeafExtensionsChanged);
}

#[test]
fn server_made_add() {
    // The server knows everything on the wire, but is no member: a group of its own making under
    // the same ids, and any byte it changes in a real commit.
    let mut peers = room(1);
    let fake_host = device(66);
    let fake = CreateGroup {
        certificate: certificate(&hk(), fake_host.key(), Role::Host),
        ..new_group(&fake_host)
    };
    let mut fake = Peer { session: Session::create(&fake_host, fake).unwrap(), device: fake_host };
    let out = fake.commit(refresh());
    fake.follow(&out.commit);
    let pending = PendingJoin::new(&device(9)).unwrap();
    let out = fake.commit(admit(&pending));
    assert_eq!(peers[1].refuse(&out.commit), Refusal::Unprocessable);
    let real = peers[0].commit(refresh());
    let mut bent = real.commit.clone();
    *bent.last_mut().unwrap() ^= 1;
    assert_eq!(peers[1].refuse(&bent), Refusal::Unprocessable);
    deliver(&mut peers, &real.commit);
}

#[test]
fn external_commit() {
    let mut peers = room(2);
    let Session { mls, provider, .. } = &peers[1].session;
    let info = mls.export_group_info(provider.crypto(), &peers[1].device, true).unwrap();
    let bytes = encode(&info);
    let message =
        <MlsMessageIn as tls_codec::Deserialize>::tls_deserialize_exact(&bytes[..]).unwrap();
    let MlsMessageBodyIn::GroupInfo(info) = message.extract() else { panic!() };
    let outsider = device(66);
    let own = Provider::default();
    let leaf = LeafNodeParameters::builder().with_capabilities(capabilities()).build();
    let (_, bundle) = MlsGroup::external_commit_builder()
        .with_config(crate::provider::join_config())
        .build_group(&own, info, outsider.credential())
        .unwrap()
        .leaf_node_parameters(leaf)
        .load_psks(own.storage())
        .unwrap()
        .build(own.rand(), own.crypto(), &outsider, |_| true)
        .unwrap()
        .finalize(&own)
        .unwrap();
    let commit = encode(bundle.commit());
    for peer in peers.iter_mut() {
        assert_eq!(peer.refuse(&commit), Refusal::Malformed);
    }
    let out = peers[0].commit(refresh());
    deliver(&mut peers, &out.commit);
}

#[test]
fn delegate_granting_a_role_above_its_own() {
    for role in [Role::Recorder, Role::Cohost, Role::Host] {
        let mut peers = room_with_cohost(2);
        let commit = well_formed_add(&mut peers[1], 9, role);
        assert_refused(peers, 1, &commit, Violation::RoleTooHigh);
    }
}

#[test]
fn host_granting_a_role_without_a_certificate() {
    let mut peers = room(1);
    let commit = well_formed_add(&mut peers[0], 9, Role::Cohost);
    assert_refused(peers, 0, &commit, Violation::RoleTooHigh);
}

#[test]
fn two_manifests() {
    let mut peers = room(2);
    let leave = peers[2].session.leave(&device(2));
    let one = Manifest { leaves: vec![leave], ..Manifest::default() };
    let (_, other) = stranger(9, Role::Participant);
    let others = vec![manifest(one), manifest(other)];
    let commit = peers[1].rogue(Rogue { others, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::Repeated);
}

#[test]
fn manifest_that_says_nothing() {
    let mut peers = room(2);
    let others = vec![manifest(Manifest::default())];
    let commit = peers[1].rogue(Rogue { others, ..Rogue::default() });
    assert_refused(peers, 1, &commit, Violation::MalformedManifest);
}

#[test]
fn more_than_64_proposals() {
    let mut peers = room(1);
    let adds = (10..74).map(|seed| stranger(seed, Role::Participant).0).collect();
    let others = vec![peers[0].psk_proposal()];
    let commit = peers[0].rogue(Rogue { adds, others, ..Rogue::default() });
    assert_refused(peers, 0, &commit, Violation::TooManyProposals);
}

#[test]
fn proposal_by_reference() {
    let mut peers = room(2);
    let (key_package, _) = stranger(9, Role::Participant);
    let Session { mls, provider, .. } = &mut peers[1].session;
    let (proposal, _) = mls.propose_add_member(provider, &device(1), &key_package).unwrap();
    let proposal = encode(&proposal);
    // A proposal on its own is never taken, so a commit by reference to it cannot be followed.
    assert_eq!(peers[0].refuse(&proposal), Refusal::Malformed);
    assert_eq!(peers[2].hear(&proposal), Err(OpenError::Malformed));
    let Session { mls, provider, .. } = &mut peers[1].session;
    let bundle = mls
        .commit_builder()
        .load_psks(provider.storage())
        .unwrap()
        .build(provider.rand(), provider.crypto(), &device(1), |_| true)
        .unwrap()
        .stage_commit(provider)
        .unwrap();
    let commit = encode(bundle.commit());
    assert_eq!(peers[2].refuse(&commit), Refusal::Unprocessable);
    // The host's own commits do not pick it up either.
    let out = peers[0].commit(refresh());
    assert!(out.welcome.is_none());
}

#[test]
fn empty_commit() {
    let mut peers = room(1);
    assert_eq!(
        peers[1].session.commit(&device(1), Change::default()).unwrap_err(),
        CommitError::Nothing
    );
    assert_eq!(peers[0].refuse(b"nonsense"), Refusal::Malformed);
}
