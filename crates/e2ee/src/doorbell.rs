//! The doorbell: how someone outside asks to be let in.
//!
//! The host's side holds an HPKE key (RFC 9180) that HK has signed, and hands out single-use
//! nonces: the host's device, and those of its co-hosts that it has given the bell to. A knock is sealed to that key in PSK mode under the link's `K_adm`, and what is sealed
//! is signed by the knocking device: its name, KeyPackage and role belong together, for this bell,
//! this meeting and this nonce. Only someone with the link can make one; a server can neither read
//! a knock nor forge one, nor give one person's name to another.
//!
//! [`HostDoorbell::open`] does every check, so that a person sees only a [`VerifiedKnock`].

mod hpke;
mod statement;
mod tell;

pub use tell::{MAX_TELL, TellKey};

use crate::identity::{Device, HostKey};
use crate::key_package::VerifiedKeyPackage;
use crate::link::{InvitationId, LinkKeys};
use crate::name::sanitise_name;
use crate::sealed;
use base::codec::{DecodeError, Reader, Writer};
use base::hash::sha256;
use base::statement::{Doorbell, Role, StatementError, Unverified};
use base::{DeviceKey, Entropy, GroupId, MeetingId, MeetingKey, Nonce, Pii, Secret, UnixMillis};
use hkdf::Hkdf;
use sha2::Sha256;
use statement::Knock;

/// The largest sealed knock read, in bytes; ours have about 850.
pub const MAX_KNOCK: usize = 8192;

/// Knocks that one bell opens; beyond it every further one is stale, and the bell is to be replaced.
const MAX_SPENT: usize = 4096;
/// A doorbell statement has 200 bytes.
const MAX_STATEMENT: usize = 512;

/// Why a knock is not shown to anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnockError {
    /// Made without the link's secret, for another meeting or device, or tampered with.
    #[error("the knock does not verify")]
    Invalid,
    /// For an earlier bell, or its nonce was used: an honest guest rings again.
    #[error("the knock is out of date")]
    Stale,
}

/// Why a knock cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeKnockError {
    #[error("the name has no visible character")]
    NoName,
    /// The host's fault: HK signed it.
    #[error("the doorbell's key cannot be sealed to")]
    BadDoorbell,
}

/// The short form of a doorbell statement's hash, by which a sealed knock says which bell it is
/// for.
type BellTag = [u8; 8];

/// What a new bell is for.
#[derive(Clone, Copy, Debug)]
pub struct Bell {
    pub meeting: MeetingId,
    pub group: GroupId,
    /// The device behind it.
    pub device: DeviceKey,
    pub expiry: UnixMillis,
}

/// A bell for another device of the host's side to stand behind, too. Secret: whoever has it learns
/// the name of everyone who knocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedBell {
    seed: Secret<32>,
    statement: Vec<u8>,
}

impl SharedBell {
    pub fn encode(&self, w: Writer) -> Writer {
        w.fixed(self.seed.expose()).bytes(&self.statement)
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let seed = Secret::new(r.fixed()?);
        Ok(SharedBell { seed, statement: r.bytes(MAX_STATEMENT)?.to_vec() })
    }
}

/// The host's side of the doorbell. The host's device makes a new one after a reload; a co-host's goes
/// on with the one it was given.
pub struct HostDoorbell {
    shared: SharedBell,
    key: hpke::KeyPair,
    bell: RungBell,
    expiry: UnixMillis,
    /// Of knocks that were opened here.
    spent: Vec<Nonce>,
}

impl HostDoorbell {
    /// A bell with a fresh key, signed by HK.
    pub fn new(bell: Bell, host: &HostKey, entropy: &mut dyn Entropy) -> Self {
        let seed = Secret::new(base::random(entropy));
        let key = hpke::KeyPair::derive(&seed);
        let statement = host.sign_doorbell(&Doorbell {
            meeting: bell.meeting,
            group: bell.group,
            device: bell.device,
            hpke: key.public(),
            expiry: bell.expiry,
        });
        let rung = RungBell { meeting: bell.meeting, hash: sha256(&[&statement]) };
        let shared = SharedBell { seed, statement };
        HostDoorbell { shared, key, bell: rung, expiry: bell.expiry, spent: Vec::new() }
    }

    /// A bell that the host's device has handed on, if HK signed it for this group and its key is the
    /// one handed on.
    pub fn take_over(
        shared: SharedBell,
        hk: &MeetingKey,
        (meeting, group): (MeetingId, GroupId),
        now: UnixMillis,
    ) -> Result<Self, StatementError> {
        let VerifiedDoorbell { doorbell, bell } =
            VerifiedDoorbell::read(&shared.statement, hk, &meeting, now)?;
        let key = hpke::KeyPair::derive(&shared.seed);
        if doorbell.group != group || doorbell.hpke != key.public() {
            return Err(StatementError::WrongSubject);
        }
        Ok(HostDoorbell { shared, key, bell, expiry: doorbell.expiry, spent: Vec::new() })
    }

    /// What another device of the host's side needs to stand behind this bell.
    pub fn share(&self) -> &SharedBell {
        &self.shared
    }

    /// The signed [`Doorbell`], for the server to hand out.
    pub fn statement(&self) -> &[u8] {
        &self.shared.statement
    }

    pub fn expiry(&self) -> UnixMillis {
        self.expiry
    }

    /// It has opened as many knocks as it can: another is to take its place.
    pub fn is_worn(&self) -> bool {
        self.spent.len() >= MAX_SPENT
    }

    /// `count` fresh nonces, each good for one knock. Every device behind the bell recognises them.
    pub fn issue_nonces(&mut self, count: usize, entropy: &mut dyn Entropy) -> Vec<Nonce> {
        (0..count).map(|_| self.nonce(base::random(entropy))).collect()
    }

    /// Opens and checks a knock that the server says comes from `device`. `links` are those not
    /// revoked. A nonce is spent only by a knock that passes every check.
    pub fn open(
        &mut self,
        device: &DeviceKey,
        sealed: &[u8],
        links: &[LinkKeys],
        now: UnixMillis,
    ) -> Result<VerifiedKnock, KnockError> {
        let sealed = Sealed::read(sealed).map_err(|_| KnockError::Invalid)?;
        if sealed.bell != self.bell.tag() || self.expiry <= now || self.is_worn() {
            return Err(KnockError::Stale);
        }
        let link = links.iter().find(|link| link.invitation() == sealed.invitation);
        let link = link.ok_or(KnockError::Invalid)?;
        let (text, secret) =
            hpke::open(&self.key, &self.bell.context(device, link), sealed.parts())
                .ok_or(KnockError::Invalid)?;
        let knock = self.bell.verify(device, link, &text).map_err(|_| KnockError::Invalid)?;
        let key_package =
            VerifiedKeyPackage::read(&knock.key_package).map_err(|_| KnockError::Invalid)?;
        let name = sanitise_name(&knock.name).ok_or(KnockError::Invalid)?;
        if key_package.device() != *device || knock.role > Role::Participant {
            return Err(KnockError::Invalid);
        }
        self.spend(knock.nonce)?;
        let (invitation, role) = (knock.invitation, knock.role);
        let (device, name, tell) = (*device, Pii::new(name), TellKey::new(secret));
        Ok(VerifiedKnock { device, name, invitation, role, key_package, tell })
    }

    /// Eight random bytes and their authenticator under the bell's secret (HKDF, RFC 5869).
    fn nonce(&self, random: [u8; 8]) -> Nonce {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&random);
        Hkdf::<Sha256>::new(Some(b"incamera/v1/nonce"), self.shared.seed.expose())
            .expand(&random, &mut nonce[8..])
            .expect("invariant: eight bytes are within HKDF's output limit");
        Nonce(nonce)
    }

    fn spend(&mut self, nonce: Nonce) -> Result<(), KnockError> {
        let mut random = [0; 8];
        random.copy_from_slice(&nonce.0[..8]);
        if self.nonce(random) != nonce || self.spent.contains(&nonce) {
            return Err(KnockError::Stale);
        }
        self.spent.push(nonce);
        Ok(())
    }
}

/// A knock that passed every check: the holder of `device` has the link, is called `name` and
/// made `key_package`.
#[derive(Clone, Debug)]
pub struct VerifiedKnock {
    device: DeviceKey,
    name: Pii<String>,
    invitation: InvitationId,
    role: Role,
    key_package: VerifiedKeyPackage,
    tell: TellKey,
}

impl VerifiedKnock {
    /// Seals a text to whoever knocked.
    pub fn tell(&mut self, text: &str, entropy: &mut dyn Entropy) -> Option<Vec<u8>> {
        self.tell.tell(text, entropy)
    }

    pub fn device(&self) -> DeviceKey {
        self.device
    }

    /// Sanitised: fit to be shown.
    pub fn name(&self) -> &Pii<String> {
        &self.name
    }

    /// The link it was made with.
    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }

    /// The role asked for; at most participant.
    pub fn role(&self) -> Role {
        self.role
    }

    pub fn key_package(&self) -> &VerifiedKeyPackage {
        &self.key_package
    }
}

/// A doorbell statement whose signature, meeting and expiry were checked.
#[derive(Clone, Debug)]
pub struct VerifiedDoorbell {
    doorbell: Doorbell,
    bell: RungBell,
}

impl VerifiedDoorbell {
    /// Checks what the server handed out under the meeting key the link promises.
    pub fn read(
        bytes: &[u8],
        hk: &MeetingKey,
        meeting: &MeetingId,
        now: UnixMillis,
    ) -> Result<Self, StatementError> {
        let doorbell = Unverified::<Doorbell>::read(bytes)?.verify(&hk.0)?;
        if doorbell.meeting != *meeting {
            return Err(StatementError::WrongSubject);
        }
        if doorbell.expiry <= now {
            return Err(StatementError::Expired);
        }
        let bell = RungBell { meeting: doorbell.meeting, hash: sha256(&[bytes]) };
        Ok(VerifiedDoorbell { doorbell, bell })
    }

    /// The session the bell belongs to.
    pub fn group(&self) -> GroupId {
        self.doorbell.group
    }
}

/// What goes into a knock.
pub struct KnockParams<'a> {
    pub link: &'a LinkKeys,
    pub doorbell: &'a VerifiedDoorbell,
    pub nonce: Nonce,
    pub device: &'a Device,
    pub name: &'a str,
    /// An MLSMessage that holds the device's KeyPackage.
    pub key_package: &'a [u8],
    pub role: Role,
}

/// Seals a knock: `bell tag (8) ‖ invitation (8) ‖ HPKE enc (32) ‖ ciphertext`. The key is for what the
/// host's side says to it.
pub fn knock(
    params: KnockParams<'_>,
    entropy: &mut dyn Entropy,
) -> Result<(Vec<u8>, TellKey), MakeKnockError> {
    let KnockParams { link, doorbell, nonce, device, name, key_package, role } = params;
    let bell = &doorbell.bell;
    let signed = device.signer().sign(&Knock {
        bell: bell.hash,
        meeting: bell.meeting,
        device: device.key(),
        invitation: link.invitation(),
        nonce,
        role,
        name: sanitise_name(name).ok_or(MakeKnockError::NoName)?,
        key_package: key_package.to_vec(),
    });
    let context = bell.context(&device.key(), link);
    let (enc, text, secret) =
        hpke::seal(&doorbell.doorbell.hpke, &context, &sealed::pad(&signed), entropy)
            .ok_or(MakeKnockError::BadDoorbell)?;
    let sealed = Writer::new().fixed(&bell.tag()).fixed(&link.invitation().0);
    Ok((sealed.fixed(&enc).fixed(&text).finish(), TellKey::new(secret)))
}

/// One particular doorbell statement of one meeting.
#[derive(Clone, Debug)]
struct RungBell {
    meeting: MeetingId,
    hash: [u8; 32],
}

impl RungBell {
    fn tag(&self) -> BellTag {
        let mut tag = BellTag::default();
        tag.copy_from_slice(&self.hash[..8]);
        tag
    }

    fn context<'a>(&self, device: &DeviceKey, link: &'a LinkKeys) -> hpke::Context<'a> {
        hpke::Context {
            info: [b"incamera/v1/knock".as_slice(), &self.meeting.0, &self.hash].concat(),
            aad: device.0,
            psk: link.knock_key(),
            psk_id: link.invitation().0,
        }
    }

    fn verify(
        &self,
        device: &DeviceKey,
        link: &LinkKeys,
        padded: &[u8],
    ) -> Result<Knock, StatementError> {
        let knock = Unverified::<Knock>::read(sealed::unpad(padded)?)?.verify(&device.0)?;
        let ours = knock.bell == self.hash
            && knock.meeting == self.meeting
            && knock.device == *device
            && knock.invitation == link.invitation();
        ours.then_some(knock).ok_or(StatementError::WrongSubject)
    }
}

/// A sealed knock, split but unopened.
struct Sealed<'a> {
    bell: BellTag,
    invitation: InvitationId,
    enc: [u8; 32],
    text: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        const PREFIX: usize = 8 + 8 + 32;
        let text = bytes.get(PREFIX..).ok_or(DecodeError::Truncated)?;
        if bytes.len() > MAX_KNOCK {
            return Err(DecodeError::OutOfRange);
        }
        let mut reader = Reader::new(&bytes[..PREFIX]);
        let (bell, invitation, enc) = (reader.fixed()?, reader.fixed()?, reader.fixed()?);
        Ok(Sealed { bell, invitation: InvitationId(invitation), enc, text })
    }

    fn parts(&self) -> (&[u8; 32], &[u8]) {
        (&self.enc, self.text)
    }
}

#[cfg(test)]
mod tests;
