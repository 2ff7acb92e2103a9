//! Application messages inside the group.

use super::{Broken, Session};
use crate::content::Content;
use crate::identity::Device;
use base::DeviceKey;
use openmls::framing::{ProcessedMessageContent, ProtocolMessage, Sender};
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{ContentType, MlsMessageBodyIn, MlsMessageIn};

/// The largest sealed message read, in bytes.
pub const MAX_MESSAGE: usize = 96 * 1024;

/// A member's verified word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub device: DeviceKey,
    pub leaf: u32,
    /// The epoch it was sent in.
    pub epoch: u64,
    pub content: Content,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the content is larger than receivers take")]
    TooLarge,
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// A message that is dropped; the sender's or the server's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("the message cannot be read, or is no application message in a PrivateMessage")]
    Malformed,
    #[error("the message is for another group")]
    OtherGroup,
    #[error("the message is for epoch {0}, which this device is not in (any more)")]
    OtherEpoch(u64),
    #[error("the message does not verify, or was opened before")]
    Forged,
    #[error("the sender is no longer a member")]
    SenderGone,
    #[error("the content cannot be read")]
    MalformedContent,
}

impl Session {
    /// Encrypts and signs `content` for the members of the current epoch.
    pub fn seal(&mut self, device: &Device, content: &Content) -> Result<Vec<u8>, SealError> {
        if !content.is_within_bounds() {
            return Err(SealError::TooLarge);
        }
        self.mls
            .create_message(&self.provider, device, &content.encode())
            .map_err(|_| Broken("a message cannot be made"))?
            .tls_serialize_detached()
            .map_err(|_| Broken("a message cannot be encoded").into())
    }

    /// Opens another member's message of this epoch or one of the last two.
    pub fn open(&mut self, message: &[u8]) -> Result<Opened, OpenError> {
        let message = self.read_application(message)?;
        let epoch = message.epoch().as_u64();
        let processed =
            self.mls.process_message(&self.provider, message).map_err(|_| OpenError::Forged)?;
        let Sender::Member(leaf) = *processed.sender() else { return Err(OpenError::Forged) };
        let ProcessedMessageContent::ApplicationMessage(message) = processed.into_content() else {
            return Err(OpenError::Forged);
        };
        let (leaf, device) = self.sender(epoch, leaf.u32())?;
        let content =
            Content::decode(&message.into_bytes()).map_err(|_| OpenError::MalformedContent)?;
        Ok(Opened { device, leaf, epoch, content })
    }

    fn read_application(&self, bytes: &[u8]) -> Result<ProtocolMessage, OpenError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(OpenError::Malformed);
        }
        let message =
            MlsMessageIn::tls_deserialize_exact(bytes).map_err(|_| OpenError::Malformed)?;
        let MlsMessageBodyIn::PrivateMessage(message) = message.extract() else {
            return Err(OpenError::Malformed);
        };
        let message = ProtocolMessage::from(message);
        if message.content_type() != ContentType::Application {
            return Err(OpenError::Malformed);
        }
        if message.group_id() != self.mls.group_id() {
            return Err(OpenError::OtherGroup);
        }
        let epoch = message.epoch().as_u64();
        match self.history.at(epoch) {
            Some(_) => Ok(message),
            None => Err(OpenError::OtherEpoch(epoch)),
        }
    }

    /// Who sat at the leaf then, if that device still sits there: an old epoch's keys are known to
    /// devices removed since.
    fn sender(&self, epoch: u64, leaf: u32) -> Result<(u32, DeviceKey), OpenError> {
        let then = self.member_at(epoch, leaf).ok_or(OpenError::Forged)?;
        let now = self.roster.get(leaf).map(|seat| seat.device);
        if now == Some(then) { Ok((leaf, then)) } else { Err(OpenError::SenderGone) }
    }
}
