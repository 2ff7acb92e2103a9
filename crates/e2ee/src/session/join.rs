//! Joining by Welcome, and what a joiner checks before it believes one.
//!
//! A Welcome shows the group but not the commit, so trust comes from its sender: certified by HK,
//! or, for a device that returns by swap, known from its saved roster.

use super::{Broken, Session, extract};
use crate::identity::{Device, GroupPsk, credential_of};
use crate::key_package::{PendingJoin, leaf_device};
use crate::mark::Mark;
use crate::policy::Policy;
use crate::provider::{Provider, SUITE, forget_psk, join_config, store_psk};
use base::{DeviceKey, MeetingId, MeetingKey, Now};
use openmls::group::{Member, ProcessedWelcome, StagedWelcome, WelcomeError};
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{MlsMessageBodyIn, MlsMessageIn, Welcome};
use openmls::schedule::errors::PskError;
use std::time::Duration;

/// How far past its expiry a certificate still counts, so that a joiner whose clock is ahead gets
/// in. Larger also lengthens the life of a delegate's stolen certificate.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(24 * 60 * 60);

/// What a joiner knows from its link and its own past.
pub struct Expect<'a> {
    pub meeting: MeetingId,
    /// The key the link's fingerprint names.
    pub hk: MeetingKey,
    /// The group PSKs that may be in force: one, or two where this device may have missed a rotation.
    pub psks: &'a [GroupPsk],
    /// What this device saved of an earlier membership.
    pub mark: Option<&'a Mark>,
    pub now: Now,
}

/// Why a Welcome is refused. Unless `Broken`, the fault of whoever made or relayed it; the
/// KeyPackage is used up either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    #[error("the Welcome cannot be read")]
    Malformed,
    #[error("the Welcome is not for this KeyPackage, or does not verify")]
    Unopenable,
    /// Nobody's: this device was given its PSK before a rotation.
    #[error("the Welcome uses a PSK that this device does not have")]
    UnknownPsk,
    #[error("the Welcome does not use exactly the group's PSK")]
    ForeignPsk,
    #[error("the group has no readable policy, or other extensions besides")]
    MalformedPolicy,
    #[error("the group belongs to another meeting, or to another meeting key")]
    OtherMeeting,
    #[error("the policy is another group's")]
    OtherGroup,
    #[error("the Welcome's sender is neither certified nor known")]
    UncertifiedSender,
    #[error("the sender's certificate has expired, or this device's clock is wrong")]
    CertificateExpired,
    #[error("the epoch is not newer than what this device has seen")]
    OlderEpoch,
    #[error("a device that was removed is in the group")]
    RemovedDevicePresent,
    #[error("a member's credential is not that of its key")]
    ForeignCredential,
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl Session {
    /// Enters the group of `welcome`. The caller sends no media until a heartbeat names this
    /// session's [`Session::authenticator`].
    pub fn join(
        device: &Device,
        pending: PendingJoin,
        welcome: &[u8],
        expect: Expect<'_>,
    ) -> Result<Self, JoinError> {
        let own = pending.device() == device.key();
        let provider = pending.into_provider();
        if !own || !expect.psks.iter().all(|psk| store_psk(&provider, psk)) {
            return Err(Broken("the KeyPackage is not this device's").into());
        }
        let (psk, staged) = open(&provider, parse(welcome)?, expect.psks)?;
        let policy = check_policy(&staged, &expect, psk)?;
        check_members(&staged)?;
        check_sender(&staged, &policy, device, &expect)?;
        check_past(&staged, &expect)?;
        let others = expect.psks.iter().map(GroupPsk::id).filter(|id| *id != psk);
        others.for_each(|id| forget_psk(&provider, id));
        let mls = staged.into_group(&provider).map_err(|_| Broken("the group cannot be stored"))?;
        Ok(Session::begin(provider, mls, device, policy))
    }
}

fn parse(bytes: &[u8]) -> Result<Welcome, JoinError> {
    let message = MlsMessageIn::tls_deserialize_exact(bytes).map_err(|_| JoinError::Malformed)?;
    match message.extract() {
        MlsMessageBodyIn::Welcome(welcome) => Ok(welcome),
        _ => Err(JoinError::Malformed),
    }
}

/// The group as the Welcome shows it, and which of the PSKs it uses.
fn open(
    provider: &Provider,
    welcome: Welcome,
    psks: &[GroupPsk],
) -> Result<([u8; 16], StagedWelcome), JoinError> {
    let processed = ProcessedWelcome::new_from_welcome(provider, &join_config(), welcome);
    let processed = processed.map_err(|error| match error {
        WelcomeError::Psk(PskError::KeyNotFound) => JoinError::UnknownPsk,
        _ => JoinError::Unopenable,
    })?;
    let used: Vec<_> = processed.psks().iter().map(|id| extract::external_psk(id.psk())).collect();
    let known = psks.iter().map(GroupPsk::id).find(|id| used == [Some(id.to_vec())]);
    let psk = known.ok_or(JoinError::ForeignPsk)?;
    let staged = processed.into_staged_welcome(provider, None);
    Ok((psk, staged.map_err(|_| JoinError::Unopenable)?))
}

fn check_policy(
    staged: &StagedWelcome,
    expect: &Expect<'_>,
    psk: [u8; 16],
) -> Result<Policy, JoinError> {
    let context = staged.group_context();
    let bytes = extract::policy_bytes(context.extensions())
        .filter(|_| extract::are_ours(context.extensions()))
        .ok_or(JoinError::MalformedPolicy)?;
    let policy = Policy::decode(&bytes).map_err(|_| JoinError::MalformedPolicy)?;
    if policy.meeting != expect.meeting || policy.hk != expect.hk {
        return Err(JoinError::OtherMeeting);
    }
    if context.group_id().as_slice() != policy.group.0 {
        return Err(JoinError::OtherGroup);
    }
    if context.ciphersuite() != SUITE || policy.suite != SUITE as u16 {
        return Err(JoinError::MalformedPolicy);
    }
    if policy.psk == psk { Ok(policy) } else { Err(JoinError::ForeignPsk) }
}

/// Every leaf's credential is its key's: what members check on each Add, a joiner checks at once.
fn check_members(staged: &StagedWelcome) -> Result<(), JoinError> {
    let own = |member: Member| {
        let key = DeviceKey(member.signature_key.as_slice().try_into().ok()?);
        (member.credential.serialized_content() == credential_of(&key)).then_some(())
    };
    match staged.members().all(|member| own(member).is_some()) {
        true => Ok(()),
        false => Err(JoinError::ForeignCredential),
    }
}

fn check_sender(
    staged: &StagedWelcome,
    policy: &Policy,
    device: &Device,
    expect: &Expect<'_>,
) -> Result<(), JoinError> {
    let leaf = staged.welcome_sender().map_err(|_| JoinError::Unopenable)?;
    let sender = leaf_device(leaf).ok_or(JoinError::ForeignCredential)?;
    let certificate = policy.certificate_of(&sender).filter(|c| c.role.is_delegate());
    match certificate {
        Some(certificate) if certificate.expiry + CLOCK_TOLERANCE > expect.now.wall => Ok(()),
        _ if is_known_from_before(policy, &sender, device, expect.mark) => Ok(()),
        Some(_) => Err(JoinError::CertificateExpired),
        None => Err(JoinError::UncertifiedSender),
    }
}

/// A returning device is let back in by anyone it was in this very group with.
fn is_known_from_before(
    policy: &Policy,
    sender: &DeviceKey,
    device: &Device,
    mark: Option<&Mark>,
) -> bool {
    mark.is_some_and(|mark| {
        mark.group == policy.group
            && mark.members.contains(&device.key())
            && mark.members.contains(sender)
    })
}

/// Neither an epoch already seen nor a history in which a removed device was not removed.
fn check_past(staged: &StagedWelcome, expect: &Expect<'_>) -> Result<(), JoinError> {
    let context = staged.group_context();
    let Some(mark) = expect.mark.filter(|m| m.group.0 == context.group_id().as_slice()) else {
        return Ok(());
    };
    if context.epoch().as_u64() <= mark.epoch {
        return Err(JoinError::OlderEpoch);
    }
    let removed = |key: &[u8]| mark.removed.iter().any(|device| device.0 == key);
    match staged.members().any(|member| removed(&member.signature_key)) {
        true => Err(JoinError::RemovedDevicePresent),
        false => Ok(()),
    }
}
