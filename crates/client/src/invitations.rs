//! Personal invitations: a link for one person, which the host can tell from every other and revoke.

use crate::saved::{option, read_option, text};
use base::codec::{DecodeError, Reader, Writer};
use base::{DeviceKey, Secret};

/// A link that the host made for somebody.
#[derive(Clone)]
pub(crate) struct Personal {
    pub secret: Secret<32>,
    /// Whom it is for, in the host's words; nobody else learns it.
    pub label: String,
    /// The device that came by it; another one counts as new.
    pub device: Option<DeviceKey>,
    /// Whoever comes by it is of the host's side.
    pub cohost: bool,
}

impl Personal {
    pub fn encode(&self, w: Writer) -> Writer {
        let w = w.fixed(self.secret.expose()).bytes(self.label.as_bytes());
        option(w, self.device.as_ref(), |w, device| w.fixed(&device.0)).u8(self.cohost.into())
    }

    pub fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Personal {
            secret: Secret::new(r.fixed()?),
            label: text(r)?,
            device: read_option(r, |r| r.fixed().map(DeviceKey))?,
            cohost: r.u8()? == 1,
        })
    }
}
