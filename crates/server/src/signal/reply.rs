//! From the meeting's and the media threads' outputs to wire messages.

use crate::media;
use base::ParticipantId;
use meeting::{Channel, LobbyReason, MemberState, Refusal, Removal, Standing, ToClient};
use wire::{Bytes, ErrorCode, ServerMessage};

/// The wire form of a message of the meeting.
pub(crate) fn to_wire(message: ToClient) -> ServerMessage {
    match message {
        ToClient::Ready { participant, standing, group, host_present } => ServerMessage::Ready {
            participant: participant.0,
            standing: self::standing(standing),
            group: group.map(|state| wire::GroupState {
                group: state.group,
                epoch: state.epoch,
                others_present: state.others_present,
            }),
            host_present,
        },
        ToClient::HostPresence { present } => ServerMessage::HostPresence { present },
        ToClient::Doorbell { doorbell, nonce, wrap, card } => ServerMessage::Doorbell {
            doorbell: doorbell.as_deref().map(bytes),
            nonce: nonce.map(|nonce| bytes(&nonce.0)),
            wrap: wrap.as_deref().map(bytes),
            card: card.as_deref().map(bytes),
        },
        ToClient::DoorbellWanted => ServerMessage::DoorbellWanted,
        ToClient::KnockDelivered => ServerMessage::KnockDelivered,
        ToClient::Refused { reason } => ServerMessage::Refused { reason: lobby_reason(reason) },
        ToClient::Knocked { knock, device, sealed } => {
            ServerMessage::Knocked { knock: knock.0, device, sealed: bytes(&sealed) }
        }
        ToClient::KnockGone { knock } => ServerMessage::KnockGone { knock: knock.0 },
        ToClient::Told { sealed } => ServerMessage::Told { sealed: bytes(&sealed) },
        ToClient::PasscodeTried { device, message } => {
            ServerMessage::PasscodeTried { device, message: bytes(&message) }
        }
        ToClient::PasscodeReplied { message } => {
            ServerMessage::PasscodeReplied { message: bytes(&message) }
        }
        ToClient::OutOfGroup { why } => ServerMessage::OutOfGroup { why: removal(why) },
        ToClient::Ended { end } => ServerMessage::Ended { end: bytes(&end) },
        ToClient::Members { members } => {
            ServerMessage::Members { members: members.into_iter().map(member).collect() }
        }
        ToClient::MemberChanged { member } => {
            ServerMessage::MemberChanged { member: self::member(member) }
        }
        ToClient::MemberGone { participant } => {
            ServerMessage::MemberGone { participant: participant.0 }
        }
        ToClient::Error(refusal) => ServerMessage::Error { code: error_code(refusal) },
        ToClient::SessionOpened { group } => ServerMessage::SessionOpened { group },
        ToClient::Welcome { group, epoch, message } => {
            ServerMessage::Welcome { group, epoch, message: bytes(&message) }
        }
        ToClient::Committed { group, epoch, commit, ticket } => ServerMessage::Committed {
            group,
            epoch,
            commit: bytes(&commit),
            ticket: bytes(&ticket),
        },
        ToClient::Conflict { group, epoch } => ServerMessage::Conflict { group, epoch },
        ToClient::Voided { void } => ServerMessage::Voided { void: bytes(&void) },
        ToClient::TooOld { group, epoch } => ServerMessage::TooOld { group, epoch },
        ToClient::GroupMessage { group, epoch, channel, message } => {
            let channel = match channel {
                Channel::Group => wire::Channel::Group,
                Channel::Chat => wire::Channel::Chat,
            };
            ServerMessage::GroupMessage { group, epoch, channel, message: bytes(&message) }
        }
        ToClient::SwapRequested { swap, key_package } => {
            ServerMessage::SwapRequested { swap: bytes(&swap), key_package: bytes(&key_package) }
        }
        ToClient::LeaveRequested { leave } => {
            ServerMessage::LeaveRequested { leave: bytes(&leave) }
        }
    }
}

/// Receiving lines and what they carry.
pub(crate) fn slots(slots: Vec<media::SlotSource>) -> ServerMessage {
    let slots = slots.into_iter().map(|slot| wire::SlotSource {
        mid: slot.line.0,
        participant: slot.source.map(|source| source.participant.0),
        kind: kind(slot.source.map_or(slot.kind, |source| source.kind)),
    });
    ServerMessage::Slots { slots: slots.collect() }
}

/// Who is heard.
pub(crate) fn speakers(speakers: &[ParticipantId]) -> ServerMessage {
    ServerMessage::Speakers { participants: speakers.iter().map(|speaker| speaker.0).collect() }
}

/// Which layers are watched.
pub(crate) fn layers_wanted(line: media::LineId, layers: Vec<media::Layer>) -> ServerMessage {
    let rids = layers.into_iter().map(|layer| layer.rid().to_owned()).collect();
    ServerMessage::LayersWanted { mid: line.0, rids }
}

fn bytes(bytes: &[u8]) -> Bytes {
    Bytes(bytes.to_vec())
}

fn member(member: MemberState) -> wire::Member {
    wire::Member {
        participant: member.participant.0,
        device: member.device,
        connected: member.connected,
        mic: member.publishing.mic,
        camera: member.publishing.camera,
        screen: member.publishing.screen,
    }
}

fn standing(standing: Standing) -> wire::Standing {
    match standing {
        Standing::Outside => wire::Standing::Outside,
        Standing::Member => wire::Standing::Member,
        Standing::Certified => wire::Standing::Certified,
    }
}

fn lobby_reason(reason: LobbyReason) -> wire::LobbyReason {
    match reason {
        LobbyReason::Declined => wire::LobbyReason::Declined,
        LobbyReason::Locked => wire::LobbyReason::Locked,
        LobbyReason::Full => wire::LobbyReason::Full,
        LobbyReason::Invalid => wire::LobbyReason::Invalid,
        LobbyReason::Stale => wire::LobbyReason::Stale,
        LobbyReason::Busy => wire::LobbyReason::Busy,
    }
}

fn removal(why: Removal) -> wire::Removal {
    match why {
        Removal::Removed => wire::Removal::Removed,
        Removal::Left => wire::Removal::Left,
        Removal::SessionReplaced => wire::Removal::SessionReplaced,
    }
}

fn error_code(refusal: Refusal) -> ErrorCode {
    match refusal {
        Refusal::NotAuthentic => ErrorCode::NotAuthentic,
        Refusal::NotAllowed => ErrorCode::NotAllowed,
        Refusal::AgainstPolicy => ErrorCode::AgainstPolicy,
        Refusal::Superseded => ErrorCode::Superseded,
        Refusal::TooFast => ErrorCode::TooFast,
        Refusal::TooMany => ErrorCode::TooMany,
        Refusal::NoSuchMeeting => ErrorCode::NoSuchMeeting,
    }
}

fn kind(kind: media::Kind) -> wire::Kind {
    match kind {
        media::Kind::Mic => wire::Kind::Mic,
        media::Kind::Camera => wire::Kind::Camera,
        media::Kind::Screen => wire::Kind::Screen,
        media::Kind::ScreenAudio => wire::Kind::ScreenAudio,
    }
}
