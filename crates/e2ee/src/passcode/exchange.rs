//! One exchange as state machines: the guest [`Asking`], the host [`Answering`], the guest
//! [`Awaiting`], and the host's [`Grant`].
//!
//! The host says nothing that depends on the key before it has seen the guest's tag, so whoever
//! does not know the passcode gets from it one random-looking point.

use super::Passcode;
use super::message::{Exchange, FromGuest, FromHost};
use crate::cpace::{self, Sent, Setting, Share, Tag, Transcript};
use crate::sealed;
use base::{DeviceKey, Entropy, MeetingId, MeetingKey, Secret};
use hkdf::Hkdf;
use sha2::Sha512;
use zeroize::Zeroizing;

const LABEL: &[u8] = b"incamera/v1/passcode";
const AD_GUEST: &[u8] = b"guest";
const AD_HOST: &[u8] = b"host";

/// The other side has another passcode, stands somewhere else, or is not who it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the other side did not prove the same passcode")]
pub struct Wrong;

/// What an exchange is for. Both sides must mean the same.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    pub meeting: MeetingId,
    /// The guest's device: what one guest says is of no use under another's name.
    pub guest: DeviceKey,
}

/// What a link would have told the guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub key: MeetingKey,
    /// The secret of a link that the host can revoke.
    pub link: Secret<32>,
}

/// A guest that has begun.
pub struct Asking {
    visit: Visit,
    exchange: Exchange,
    share: Share,
}

/// A guest that has proven its passcode, and waits for the host to do the same.
pub struct Awaiting {
    exchange: Exchange,
    keys: Keys,
}

/// A host that has answered, and waits for the guest's proof.
pub struct Answering {
    exchange: Exchange,
    keys: Keys,
}

impl Asking {
    /// Begins; the second part goes to the host.
    pub fn start(passcode: &Passcode, visit: Visit, entropy: &mut dyn Entropy) -> (Self, Vec<u8>) {
        let exchange = Exchange(base::random(entropy));
        let share = share(passcode, &visit, exchange, entropy);
        let message = FromGuest::Start { point: share.public() }.encode(exchange);
        (Asking { visit, exchange, share }, message)
    }

    pub fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// Takes the host's [`FromHost::Answer`]. The second part goes to the host; with it, whoever
    /// answered learns whether one guess was right: the try counts from here on.
    pub fn finish(self, point: [u8; 32], fresh: [u8; 16]) -> Result<(Awaiting, Vec<u8>), Wrong> {
        let points = Points { guest: self.share.public(), host: point, fresh };
        let keys = Keys::agree(&self.visit, self.exchange, &self.share, points, &point)?;
        let message = FromGuest::Confirm { tag: keys.guest_tag }.encode(self.exchange);
        Ok((Awaiting { exchange: self.exchange, keys }, message))
    }
}

impl Awaiting {
    pub fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// Takes the host's [`FromHost::Grant`]: the host knows the passcode, so its key is the
    /// meeting's.
    pub fn open(self, tag: &Tag, grant: &[u8]) -> Result<Grant, Wrong> {
        if !cpace::same(&self.keys.host_tag, tag) {
            return Err(Wrong);
        }
        let text = sealed::open(&self.keys.grant, &self.keys.purpose, grant).map_err(|_| Wrong)?;
        let text = Zeroizing::new(text);
        let text: &[u8; 64] = text.as_slice().try_into().map_err(|_| Wrong)?;
        let (mut key, mut link) = ([0; 32], [0; 32]);
        key.copy_from_slice(&text[..32]);
        link.copy_from_slice(&text[32..]);
        Ok(Grant { key: MeetingKey(key), link: Secret::new(link) })
    }
}

impl Answering {
    /// Answers a [`FromGuest::Start`]. The caller counts the try, durably, before the second part
    /// goes to the guest.
    pub fn answer(
        passcode: &Passcode,
        visit: Visit,
        exchange: Exchange,
        point: [u8; 32],
        entropy: &mut dyn Entropy,
    ) -> Result<(Self, Vec<u8>), Wrong> {
        let share = share(passcode, &visit, exchange, entropy);
        let points = Points { guest: point, host: share.public(), fresh: base::random(entropy) };
        let message = FromHost::Answer { point: points.host, fresh: points.fresh };
        let keys = Keys::agree(&visit, exchange, &share, points, &point)?;
        Ok((Answering { exchange, keys }, message.encode(exchange)))
    }

    pub fn exchange(&self) -> Exchange {
        self.exchange
    }

    /// Takes the guest's [`FromGuest::Confirm`]; what goes to it if it proved the passcode.
    pub fn confirm(
        self,
        tag: &Tag,
        grant: &Grant,
        entropy: &mut dyn Entropy,
    ) -> Result<Vec<u8>, Wrong> {
        if !cpace::same(&self.keys.guest_tag, tag) {
            return Err(Wrong);
        }
        let text = Secret::new(join(&grant.key.0, grant.link.expose()));
        let sealed = sealed::seal(&self.keys.grant, &self.keys.purpose, text.expose(), entropy);
        Ok(FromHost::Grant { tag: self.keys.host_tag, sealed }.encode(self.exchange))
    }
}

/// What both sides sent.
struct Points {
    guest: [u8; 32],
    host: [u8; 32],
    fresh: [u8; 16],
}

/// What follows from the shared point.
struct Keys {
    guest_tag: Tag,
    host_tag: Tag,
    grant: Secret<32>,
    /// What the grant is sealed for.
    purpose: Vec<u8>,
}

impl Keys {
    fn agree(
        visit: &Visit,
        exchange: Exchange,
        ours: &Share,
        points: Points,
        theirs: &[u8; 32],
    ) -> Result<Self, Wrong> {
        let shared = ours.agree(theirs).map_err(|_| Wrong)?;
        let ad_host = [AD_HOST, &points.fresh].concat();
        let transcript = Transcript {
            initiator: Sent { point: points.guest, ad: AD_GUEST },
            responder: Sent { point: points.host, ad: &ad_host },
        };
        let key = transcript.key(&exchange.0, &shared);
        let tags = transcript.tags(&exchange.0, &key);
        let mut grant = [0; 32];
        Hkdf::<Sha512>::new(Some(LABEL), key.expose())
            .expand(b"grant", &mut grant)
            .expect("invariant: 32 bytes are within HKDF's output limit");
        Ok(Keys {
            guest_tag: tags.initiator,
            host_tag: tags.responder,
            grant: Secret::new(grant),
            purpose: channel(visit),
        })
    }
}

fn share(
    passcode: &Passcode,
    visit: &Visit,
    exchange: Exchange,
    entropy: &mut dyn Entropy,
) -> Share {
    let setting = Setting { prs: passcode.expose(), ci: &channel(visit), sid: &exchange.0 };
    Share::new(&setting.generator(), entropy)
}

/// CPace's channel identifier.
fn channel(visit: &Visit) -> Vec<u8> {
    cpace::lv(&[LABEL, &visit.meeting.0, &visit.guest.0])
}

fn join(left: &[u8; 32], right: &[u8; 32]) -> [u8; 64] {
    let mut joined = [0; 64];
    joined[..32].copy_from_slice(left);
    joined[32..].copy_from_slice(right);
    joined
}
