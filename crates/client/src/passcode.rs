//! The passcode: a guest without a link proves it, the host's device checks it and counts.

mod entry;
mod host;

pub(crate) use entry::Entry;

use crate::saved::{option, read_option};
use base::codec::{DecodeError, Reader, Writer};
use base::ids::Fingerprint;
use base::{DeviceKey, Entropy, MeetingId, Secret, random};
use e2ee::link::Link;
use e2ee::passcode::{Failures, MEETING_TRIES, Passcode};

/// The host's side of it, between page loads.
#[derive(Clone)]
pub(crate) struct HostPasscode {
    pub code: Passcode,
    /// Secret of the link that whoever knows the passcode is given; another passcode revokes it.
    pub link: Secret<32>,
    pub on: bool,
    pub failures: Failures,
}

impl HostPasscode {
    pub fn new(entropy: &mut dyn Entropy) -> Self {
        HostPasscode {
            code: Passcode::generate(entropy),
            link: Secret::new(random(entropy)),
            on: true,
            failures: Failures::default(),
        }
    }

    pub fn encode(&self, w: Writer) -> Writer {
        let w = w.fixed(self.code.expose()).fixed(self.link.expose()).u8(self.on as u8);
        w.list(self.failures.devices(), |w, device| w.fixed(&device.0))
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(HostPasscode {
            code: Passcode::from_bytes(r.fixed()?).map_err(|_| DecodeError::OutOfRange)?,
            link: Secret::new(r.fixed()?),
            on: r.u8()? == 1,
            failures: r.list(MEETING_TRIES, |r| r.fixed().map(DeviceKey)).map(Failures::new)?,
        })
    }
}

/// What a guest was given for the passcode: as much as a link says.
#[derive(Clone)]
pub(crate) struct Learned {
    pub secret: Secret<32>,
    pub fingerprint: Fingerprint,
}

impl Learned {
    pub fn link(&self, meeting: MeetingId) -> Link {
        Link { meeting, secret: self.secret.clone(), fingerprint: self.fingerprint }
    }

    pub fn encode(learned: Option<&Self>, w: Writer) -> Writer {
        option(w, learned, |w, l| w.fixed(l.secret.expose()).fixed(&l.fingerprint.0))
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Option<Self>, DecodeError> {
        read_option(r, |r| {
            let secret = Secret::new(r.fixed()?);
            Ok(Learned { secret, fingerprint: Fingerprint(r.fixed()?) })
        })
    }
}
