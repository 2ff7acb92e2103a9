//! Between signalling messages and the meeting core, as the server does it.

use base::Nonce;
use base::record::Saved;
use meeting::{
    ConnectionId, InvitationId, KnockId, Publishing, Request, ToClient, Verified, VerifiedTicket,
};
use std::sync::Arc;
use wire::{Bytes, ClientMessage, ErrorCode, Kind, ServerMessage};

/// `None` for what concerns only the socket or media, or does not verify.
pub fn request(message: ClientMessage, saved: &Saved) -> Option<Request> {
    use ClientMessage as C;
    Some(match message {
        C::Ring { invitation } => {
            Request::Ring { invitation: InvitationId(invitation.0.try_into().ok()?) }
        }
        C::Knock { sealed } => Request::Knock { sealed: sealed.0 },
        C::CancelKnock => Request::CancelKnock,
        C::Passcode { message } => Request::Passcode { message: message.0 },
        C::PasscodeReply { device, message } => {
            Request::PasscodeReply { device, message: message.0 }
        }
        C::OpenSession { group, certificate, replace } => {
            let certificate = Verified::by_meeting_key(&certificate.0, &saved.key).ok()?;
            Request::OpenSession { group, certificate, replace }
        }
        C::Certify { certificates } => {
            let read = |c: &Bytes| Verified::by_meeting_key(&c.0, &saved.key).ok();
            Request::Certify { certificates: certificates.iter().filter_map(read).collect() }
        }
        C::Doorbell { doorbell, nonces } => Request::Doorbell {
            doorbell: Verified::by_meeting_key(&doorbell.0, &saved.key).ok()?,
            nonces: nonces.into_iter().filter_map(|n| n.0.try_into().ok().map(Nonce)).collect(),
        },
        C::Invitations { invitations } => {
            let invitation = |i: wire::Invitation| {
                let id = InvitationId(i.id.0.try_into().ok()?);
                Some(meeting::Invitation { id, wrap: i.wrap.0, card: i.card.0 })
            };
            Request::Invitations {
                invitations: invitations.into_iter().filter_map(invitation).collect(),
            }
        }
        C::Decline { knock, reason } => {
            Request::Decline { knock: KnockId(knock), reason: reason_in(reason) }
        }
        C::Tell { knock, sealed } => Request::Tell { knock: KnockId(knock), sealed: sealed.0 },
        C::EndMeeting { end } => Request::End { end: Verified::by_device(&end.0).ok()? },
        C::Commit { commit, ticket, welcome } => Request::Commit {
            commit: commit.0,
            ticket: Box::new(VerifiedTicket::check(&ticket.0).ok()?),
            welcome: welcome.map(|welcome| welcome.message.0),
        },
        C::Void { void } => Request::Void { void: Verified::by_device(&void.0).ok()? },
        C::GroupMessage { group, epoch, channel, message } => {
            let channel = match channel {
                wire::Channel::Group => meeting::Channel::Group,
                wire::Channel::Chat => meeting::Channel::Chat,
            };
            Request::GroupMessage { group, epoch, channel, message: message.0 }
        }
        C::CatchUp { group, epoch } => Request::CatchUp { group, epoch },
        C::Swap { swap, key_package } => {
            let swap = Verified::by_device(&swap.0).ok()?;
            Request::Swap { swap, key_package: key_package.0 }
        }
        C::Leave { leave } => {
            Request::Leave { leave: leave.and_then(|leave| Verified::by_device(&leave.0).ok()) }
        }
        C::Publish { sources } => {
            let on = |kind| sources.iter().any(|s| s.kind == kind && s.active);
            let (mic, camera, screen) = (on(Kind::Mic), on(Kind::Camera), on(Kind::Screen));
            Request::Publish { publishing: Publishing { mic, camera, screen } }
        }
        C::Hello { .. }
        | C::Offer { .. }
        | C::Layout { .. }
        | C::KeysReady { .. }
        | C::Ping { .. } => return None,
    })
}

pub fn message(message: ToClient) -> ServerMessage {
    use ServerMessage as S;
    use ToClient as T;
    match message {
        T::Ready { participant, standing, group, host_present } => S::Ready {
            participant: participant.0,
            standing: match standing {
                meeting::Standing::Outside => wire::Standing::Outside,
                meeting::Standing::Member => wire::Standing::Member,
                meeting::Standing::Certified => wire::Standing::Certified,
            },
            group: group.map(|g| wire::GroupState {
                group: g.group,
                epoch: g.epoch,
                others_present: g.others_present,
            }),
            host_present,
        },
        T::HostPresence { present } => S::HostPresence { present },
        T::Doorbell { doorbell, nonce, wrap, card } => S::Doorbell {
            doorbell: doorbell.map(bytes),
            nonce: nonce.map(|nonce| nonce.0.to_vec().into()),
            wrap: wrap.map(bytes),
            card: card.map(bytes),
        },
        T::DoorbellWanted => S::DoorbellWanted,
        T::KnockDelivered => S::KnockDelivered,
        T::Refused { reason } => S::Refused { reason: reason_out(reason) },
        T::Knocked { knock, device, sealed } => {
            S::Knocked { knock: knock.0, device, sealed: bytes(sealed) }
        }
        T::KnockGone { knock } => S::KnockGone { knock: knock.0 },
        T::Told { sealed } => S::Told { sealed: bytes(sealed) },
        T::PasscodeTried { device, message } => {
            S::PasscodeTried { device, message: bytes(message) }
        }
        T::PasscodeReplied { message } => S::PasscodeReplied { message: bytes(message) },
        T::SessionOpened { group } => S::SessionOpened { group },
        T::Welcome { group, epoch, message } => {
            S::Welcome { group, epoch, message: bytes(message) }
        }
        T::Committed { group, epoch, commit, ticket } => {
            S::Committed { group, epoch, commit: bytes(commit), ticket: bytes(ticket) }
        }
        T::Conflict { group, epoch } => S::Conflict { group, epoch },
        T::Voided { void } => S::Voided { void: bytes(void) },
        T::TooOld { group, epoch } => S::TooOld { group, epoch },
        T::GroupMessage { group, epoch, channel, message } => {
            let channel = match channel {
                meeting::Channel::Group => wire::Channel::Group,
                meeting::Channel::Chat => wire::Channel::Chat,
            };
            S::GroupMessage { group, epoch, channel, message: bytes(message) }
        }
        T::SwapRequested { swap, key_package } => {
            S::SwapRequested { swap: bytes(swap), key_package: bytes(key_package) }
        }
        T::LeaveRequested { leave } => S::LeaveRequested { leave: bytes(leave) },
        T::OutOfGroup { why } => S::OutOfGroup {
            why: match why {
                meeting::Removal::Removed => wire::Removal::Removed,
                meeting::Removal::Left => wire::Removal::Left,
                meeting::Removal::SessionReplaced => wire::Removal::SessionReplaced,
            },
        },
        T::Ended { end } => S::Ended { end: bytes(end) },
        T::Members { members } => S::Members { members: members.into_iter().map(member).collect() },
        T::MemberChanged { member: m } => S::MemberChanged { member: member(m) },
        T::MemberGone { participant } => S::MemberGone { participant: participant.0 },
        T::Error(refusal) => S::Error { code: code(refusal) },
    }
}

fn bytes(blob: Arc<[u8]>) -> Bytes {
    blob.to_vec().into()
}

fn member(member: meeting::MemberState) -> wire::Member {
    let Publishing { mic, camera, screen } = member.publishing;
    wire::Member {
        participant: member.participant.0,
        device: member.device,
        connected: member.connected,
        mic,
        camera,
        screen,
    }
}

fn code(refusal: meeting::Refusal) -> ErrorCode {
    match refusal {
        meeting::Refusal::NotAuthentic => ErrorCode::NotAuthentic,
        meeting::Refusal::NotAllowed => ErrorCode::NotAllowed,
        meeting::Refusal::Superseded => ErrorCode::Superseded,
        meeting::Refusal::TooFast => ErrorCode::TooFast,
        meeting::Refusal::AgainstPolicy => ErrorCode::AgainstPolicy,
        meeting::Refusal::TooMany => ErrorCode::TooMany,
        meeting::Refusal::NoSuchMeeting => ErrorCode::NoSuchMeeting,
    }
}

const REASONS: [(wire::LobbyReason, meeting::LobbyReason); 6] = [
    (wire::LobbyReason::Declined, meeting::LobbyReason::Declined),
    (wire::LobbyReason::Locked, meeting::LobbyReason::Locked),
    (wire::LobbyReason::Full, meeting::LobbyReason::Full),
    (wire::LobbyReason::Invalid, meeting::LobbyReason::Invalid),
    (wire::LobbyReason::Stale, meeting::LobbyReason::Stale),
    (wire::LobbyReason::Busy, meeting::LobbyReason::Busy),
];

fn reason_in(reason: wire::LobbyReason) -> meeting::LobbyReason {
    REASONS.iter().find(|(w, _)| *w == reason).expect("every reason is listed").1
}

fn reason_out(reason: meeting::LobbyReason) -> wire::LobbyReason {
    REASONS.iter().find(|(_, m)| *m == reason).expect("every reason is listed").0
}

pub fn connection(number: u64) -> ConnectionId {
    ConnectionId(number)
}
