//! From wire messages to typed, authenticated requests.

use crate::media;
use base::statement::StatementError;
use base::{MeetingKey, Nonce, ParticipantId};
use meeting::{
    Channel, Invitation, InvitationId, KnockId, LobbyReason, Publishing, Request, Verified,
    VerifiedTicket,
};
use wire::{Bytes, ClientMessage, ErrorCode};

/// What a message asks for.
pub(crate) enum Action {
    /// The meeting's business.
    Meeting(Box<Request>),
    /// The media threads' business, and the meeting's to permit.
    Media(MediaRequest),
    /// Answered on the spot.
    Pong(u64),
}

pub(crate) enum MediaRequest {
    Offer { sdp: String, new: bool },
    Publish { sources: Vec<media::Published>, publishing: Publishing },
    Layout { wishes: Vec<media::SlotWish> },
    KeysReady,
}

/// More sources or slots than this no client has.
const MOST_LINES: usize = 64;

impl Action {
    /// Checks signatures and sizes; `key` is the meeting's.
    pub fn read(message: ClientMessage, key: &MeetingKey) -> Result<Action, ErrorCode> {
        Ok(match message {
            ClientMessage::Hello { .. } => return Err(ErrorCode::NotAllowed),
            ClientMessage::Ping { id } => Action::Pong(id),
            ClientMessage::Offer { sdp, new } => Action::Media(MediaRequest::Offer { sdp, new }),
            ClientMessage::Publish { sources } => Action::Media(publish(sources)?),
            ClientMessage::Layout { slots } => Action::Media(layout(slots)?),
            ClientMessage::KeysReady { .. } => Action::Media(MediaRequest::KeysReady),
            other => Action::Meeting(Box::new(request(other, key)?)),
        })
    }
}

fn request(message: ClientMessage, key: &MeetingKey) -> Result<Request, ErrorCode> {
    Ok(match message {
        ClientMessage::Ring { invitation } => {
            Request::Ring { invitation: InvitationId(fixed(&invitation)?) }
        }
        ClientMessage::Knock { sealed } => Request::Knock { sealed: sealed.0 },
        ClientMessage::CancelKnock => Request::CancelKnock,
        ClientMessage::Passcode { message } => Request::Passcode { message: message.0 },
        ClientMessage::PasscodeReply { device, message } => {
            Request::PasscodeReply { device, message: message.0 }
        }
        ClientMessage::OpenSession { group, certificate, replace } => {
            let certificate = authentic(Verified::by_meeting_key(&certificate.0, key))?;
            Request::OpenSession { group, certificate, replace }
        }
        ClientMessage::Certify { certificates } => Request::Certify {
            certificates: certificates
                .iter()
                .map(|certificate| authentic(Verified::by_meeting_key(&certificate.0, key)))
                .collect::<Result<_, _>>()?,
        },
        ClientMessage::Doorbell { doorbell, nonces } => Request::Doorbell {
            doorbell: authentic(Verified::by_meeting_key(&doorbell.0, key))?,
            nonces: nonces.iter().map(|n| fixed(n).map(Nonce)).collect::<Result<_, _>>()?,
        },
        ClientMessage::Invitations { invitations } => Request::Invitations {
            invitations: invitations.into_iter().map(invitation).collect::<Result<_, _>>()?,
        },
        ClientMessage::Decline { knock, reason } => {
            Request::Decline { knock: KnockId(knock), reason: lobby_reason(reason) }
        }
        ClientMessage::Tell { knock, sealed } => {
            Request::Tell { knock: KnockId(knock), sealed: sealed.0 }
        }
        ClientMessage::EndMeeting { end } => {
            Request::End { end: authentic(Verified::by_device(&end.0))? }
        }
        ClientMessage::Commit { commit, ticket, welcome } => Request::Commit {
            commit: commit.0,
            ticket: Box::new(authentic(VerifiedTicket::check(&ticket.0))?),
            welcome: welcome.map(|welcome| welcome.message.0),
        },
        ClientMessage::Void { void } => {
            Request::Void { void: authentic(Verified::by_device(&void.0))? }
        }
        ClientMessage::GroupMessage { group, epoch, channel, message } => {
            let channel = match channel {
                wire::Channel::Group => Channel::Group,
                wire::Channel::Chat => Channel::Chat,
            };
            Request::GroupMessage { group, epoch, channel, message: message.0 }
        }
        ClientMessage::CatchUp { group, epoch } => Request::CatchUp { group, epoch },
        ClientMessage::Swap { swap, key_package } => Request::Swap {
            swap: authentic(Verified::by_device(&swap.0))?,
            key_package: key_package.0,
        },
        ClientMessage::Leave { leave } => Request::Leave {
            leave: leave.map(|leave| authentic(Verified::by_device(&leave.0))).transpose()?,
        },
        ClientMessage::Hello { .. }
        | ClientMessage::Ping { .. }
        | ClientMessage::Offer { .. }
        | ClientMessage::Publish { .. }
        | ClientMessage::Layout { .. }
        | ClientMessage::KeysReady { .. } => return Err(ErrorCode::Internal),
    })
}

fn authentic<T>(checked: Result<T, StatementError>) -> Result<T, ErrorCode> {
    checked.map_err(|error| match error {
        StatementError::Malformed(_) => ErrorCode::Malformed,
        _ => ErrorCode::NotAuthentic,
    })
}

fn fixed<const N: usize>(bytes: &Bytes) -> Result<[u8; N], ErrorCode> {
    bytes.0.as_slice().try_into().map_err(|_| ErrorCode::Malformed)
}

fn invitation(invitation: wire::Invitation) -> Result<Invitation, ErrorCode> {
    Ok(Invitation {
        id: InvitationId(fixed(&invitation.id)?),
        wrap: invitation.wrap.0,
        card: invitation.card.0,
    })
}

fn lobby_reason(reason: wire::LobbyReason) -> LobbyReason {
    match reason {
        wire::LobbyReason::Declined => LobbyReason::Declined,
        wire::LobbyReason::Locked => LobbyReason::Locked,
        wire::LobbyReason::Full => LobbyReason::Full,
        wire::LobbyReason::Invalid => LobbyReason::Invalid,
        wire::LobbyReason::Stale => LobbyReason::Stale,
        wire::LobbyReason::Busy => LobbyReason::Busy,
    }
}

fn publish(sources: Vec<wire::Published>) -> Result<MediaRequest, ErrorCode> {
    let mut publishing = Publishing::default();
    for source in sources.iter().filter(|source| source.active) {
        match source.kind {
            wire::Kind::Mic => publishing.mic = true,
            wire::Kind::Camera => publishing.camera = true,
            wire::Kind::Screen => publishing.screen = true,
            wire::Kind::ScreenAudio => {}
        }
    }
    let sources = bounded(sources)?.into_iter().map(|source| media::Published {
        line: media::LineId(source.mid),
        kind: kind(source.kind),
        active: source.active,
    });
    Ok(MediaRequest::Publish { sources: sources.collect(), publishing })
}

fn layout(slots: Vec<wire::SlotWish>) -> Result<MediaRequest, ErrorCode> {
    let wishes = bounded(slots)?.into_iter().map(|wish| media::SlotWish {
        line: media::LineId(wish.mid),
        source: media::SourceId {
            participant: ParticipantId(wish.participant),
            kind: kind(wish.kind),
        },
        height: wish.height,
    });
    Ok(MediaRequest::Layout { wishes: wishes.collect() })
}

fn bounded<T>(lines: Vec<T>) -> Result<Vec<T>, ErrorCode> {
    if lines.len() > MOST_LINES { Err(ErrorCode::TooMany) } else { Ok(lines) }
}

fn kind(kind: wire::Kind) -> media::Kind {
    match kind {
        wire::Kind::Mic => media::Kind::Mic,
        wire::Kind::Camera => media::Kind::Camera,
        wire::Kind::Screen => media::Kind::Screen,
        wire::Kind::ScreenAudio => media::Kind::ScreenAudio,
    }
}
