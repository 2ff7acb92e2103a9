use crate::key_package::MAX_KEY_PACKAGE;
use crate::link::InvitationId;
use crate::name::MAX_NAME;
use base::codec::{DecodeError, Reader, Writer};
use base::statement::{Role, Statement};
use base::{DeviceKey, MeetingId, Nonce};

/// What a device says when it knocks. Signed by that device, and sealed.
pub(super) struct Knock {
    /// SHA-256 of the doorbell statement it answers.
    pub bell: [u8; 32],
    pub meeting: MeetingId,
    pub device: DeviceKey,
    pub invitation: InvitationId,
    pub nonce: Nonce,
    pub role: Role,
    pub name: String,
    pub key_package: Vec<u8>,
}

/// UTF-8 takes at most four bytes for each character of a sanitised name.
const MAX_NAME_BYTES: usize = 4 * MAX_NAME;

impl Statement for Knock {
    const PURPOSE: &'static str = "knock";

    fn encode(&self, w: Writer) -> Writer {
        w.fixed(&self.bell)
            .fixed(&self.meeting.0)
            .fixed(&self.device.0)
            .fixed(&self.invitation.0)
            .fixed(&self.nonce.0)
            .u8(self.role as u8)
            .bytes(self.name.as_bytes())
            .bytes(&self.key_package)
    }

    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Knock {
            bell: r.fixed()?,
            meeting: MeetingId(r.fixed()?),
            device: DeviceKey(r.fixed()?),
            invitation: InvitationId(r.fixed()?),
            nonce: Nonce(r.fixed()?),
            role: Role::from_byte(r.u8()?)?,
            name: String::from_utf8(r.bytes(MAX_NAME_BYTES)?.to_vec())
                .map_err(|_| DecodeError::OutOfRange)?,
            key_package: r.bytes(MAX_KEY_PACKAGE)?.to_vec(),
        })
    }
}
