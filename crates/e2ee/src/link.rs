//! Links: `https://HOST/m/<id>#1.<L>.<fp>`. `L` is 32 secret bytes, `fp` the fingerprint of the
//! meeting key. Whoever has the link may knock, and nobody else: from `L` follow by HKDF (RFC 5869)
//! the key to knock with and the key that unwraps what a joiner needs.

use crate::card::CardKey;
use crate::identity::GroupPsk;
use crate::sealed::{self, Unopened};
use base::ids::Fingerprint;
use base::{Entropy, MeetingId, MeetingKey, Secret};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hkdf::Hkdf;
use sha2::Sha256;

/// A link's place in the fragment's layout.
const VERSION: &str = "1";

/// The longest fragment read, in characters; ours has 68.
const MAX_FRAGMENT: usize = 256;

/// A link that cannot be used: whoever shortened or mistyped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    #[error("the address names no meeting")]
    NoMeeting,
    #[error("the address has no secret part")]
    NoSecret,
    #[error("the link is from another version")]
    OtherVersion,
    #[error("the link's secret part is damaged")]
    Damaged,
}

/// The server's key for the meeting is not the one the link promises: the server's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the meeting's key is not the one the link promises")]
pub struct WrongHostKey;

/// A meeting's address with its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub meeting: MeetingId,
    pub secret: Secret<32>,
    pub fingerprint: Fingerprint,
}

impl Link {
    /// A link with a fresh secret.
    pub fn new(meeting: MeetingId, key: &MeetingKey, entropy: &mut dyn Entropy) -> Self {
        Link { meeting, secret: Secret::new(base::random(entropy)), fingerprint: key.fingerprint() }
    }

    /// Reads the id out of the path and what follows `#`, with or without the `#` itself.
    pub fn parse(id: &str, fragment: &str) -> Result<Self, LinkError> {
        let meeting = MeetingId::from_text(id.trim()).map_err(|_| LinkError::NoMeeting)?;
        let fragment = fragment.trim().trim_start_matches('#');
        if fragment.is_empty() {
            return Err(LinkError::NoSecret);
        }
        if fragment.len() > MAX_FRAGMENT {
            return Err(LinkError::Damaged);
        }
        let (version, rest) = fragment.split_once('.').ok_or(LinkError::Damaged)?;
        if version != VERSION {
            return Err(LinkError::OtherVersion);
        }
        let (secret, fingerprint) = rest.split_once('.').ok_or(LinkError::Damaged)?;
        Ok(Link {
            meeting,
            secret: Secret::new(decode(secret)?),
            fingerprint: Fingerprint(decode(fingerprint)?),
        })
    }

    /// What follows `#`. Secret: it never goes to a server, a log or a referrer.
    pub fn fragment(&self) -> String {
        let secret = URL_SAFE_NO_PAD.encode(self.secret.expose());
        let fingerprint = URL_SAFE_NO_PAD.encode(self.fingerprint.0);
        format!("{VERSION}.{secret}.{fingerprint}")
    }

    /// Path and fragment, to follow the origin. Secret like [`Self::fragment`].
    pub fn path(&self) -> String {
        format!("/m/{}#{}", self.meeting.to_text(), self.fragment())
    }

    /// Whether `key` is the meeting key this link was made for.
    pub fn check_key(&self, key: &MeetingKey) -> Result<(), WrongHostKey> {
        if key.fingerprint() == self.fingerprint { Ok(()) } else { Err(WrongHostKey) }
    }

    /// What follows from the secret.
    pub fn keys(&self) -> LinkKeys {
        let secret = Hkdf::<Sha256>::new(Some(b"incamera/v1/link"), self.secret.expose());
        LinkKeys {
            meeting: self.meeting,
            invitation: InvitationId(expand(&secret, "invitation", &self.meeting)),
            knock: Secret::new(expand(&secret, "knock", &self.meeting)),
            wrap: Secret::new(expand(&secret, "wrap", &self.meeting)),
        }
    }
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], LinkError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| LinkError::Damaged)?;
    bytes.try_into().map_err(|_| LinkError::Damaged)
}

fn expand<const N: usize>(secret: &Hkdf<Sha256>, label: &str, meeting: &MeetingId) -> [u8; N] {
    let mut out = [0; N];
    secret
        .expand_multi_info(&[b"incamera/v1/", label.as_bytes(), &[0], &meeting.0], &mut out)
        .expect("invariant: at most 32 bytes are within HKDF's output limit");
    out
}

/// Names a link to the server without giving away its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationId(pub [u8; 8]);

/// The keys that follow from a link's secret.
#[derive(Clone)]
pub struct LinkKeys {
    meeting: MeetingId,
    invitation: InvitationId,
    knock: Secret<32>,
    wrap: Secret<32>,
}

impl LinkKeys {
    pub fn meeting(&self) -> MeetingId {
        self.meeting
    }

    pub fn invitation(&self) -> InvitationId {
        self.invitation
    }

    /// `K_adm`, the HPKE pre-shared key of knocks.
    pub(crate) fn knock_key(&self) -> &Secret<32> {
        &self.knock
    }

    /// Seals what a joiner needs under `K_wrap`.
    pub fn wrap_psk(
        &self,
        psk: &GroupPsk,
        card_key: &CardKey,
        entropy: &mut dyn Entropy,
    ) -> Vec<u8> {
        let text = [psk.expose().as_slice(), card_key.expose()].concat();
        sealed::seal(&self.wrap, &self.wrap_purpose(), &text, entropy)
    }

    /// Opens what [`Self::wrap_psk`] sealed: the group PSK and the card's key.
    pub fn unwrap_psk(&self, wrapped: &[u8]) -> Result<(GroupPsk, CardKey), Unopened> {
        let text = sealed::open(&self.wrap, &self.wrap_purpose(), wrapped)?;
        let text: &[u8; 64] = text.as_slice().try_into().map_err(|_| Unopened)?;
        let (mut psk, mut card) = ([0; 32], [0; 32]);
        psk.copy_from_slice(&text[..32]);
        card.copy_from_slice(&text[32..]);
        Ok((GroupPsk::new(Secret::new(psk)), CardKey::new(Secret::new(card))))
    }

    fn wrap_purpose(&self) -> Vec<u8> {
        [b"incamera/v1/wrap".as_slice(), &self.meeting.0, &self.invitation.0].concat()
    }
}

#[cfg(test)]
mod tests;
