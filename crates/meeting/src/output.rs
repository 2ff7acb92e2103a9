//! What a [`Meeting`](crate::Meeting) asks of the server. Each variant says who performs it.

use crate::input::{Channel, ConnectionId, KnockId, Publishing};
use base::record::Write;
use base::{DeviceKey, GroupId, Nonce, ParticipantId, Rights};
use std::sync::Arc;

/// Opaque bytes, shared by everyone they are sent to.
pub type Blob = Arc<[u8]>;

/// Performed strictly in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// The store: one transaction. Durable before the next output is begun, because what follows
    /// tells people of it.
    Persist(Vec<Write>),
    /// The signalling shell: the same message to each of these connections.
    Send { to: Vec<ConnectionId>, message: ToClient },
    /// The signalling shell: close, once everything sent before has gone out. Reported back as
    /// disconnected, or not: the core has let go of it.
    Close { connection: ConnectionId },
    /// The media shell.
    Media(Media),
    /// The metrics: count it.
    Warn(Warning),
}

/// Who may take part in media. A participant without a permit neither sends nor receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// This connection's device is in the group: it receives, and sends what `rights` allow. Takes
    /// the place of an earlier permit.
    Permit { connection: ConnectionId, participant: ParticipantId, rights: Rights },
    /// The permit ends: drop its media session at once.
    Revoke { connection: ConnectionId, participant: ParticipantId },
}

/// Something worth counting; none of it names anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Warning {
    /// A request by someone without the right to it.
    NotAllowed,
    /// A certificate that is expired, superseded, or about something else.
    BadCertificate,
    /// A commit that came second in its epoch, or lost its swap.
    Conflict,
    /// A group message of an epoch that nobody reads any more. Its sender notices, as it does not
    /// come back to it, and says it again.
    Late,
    /// A request over its connection's rate.
    TooFast,
    /// A bound was reached and the request refused.
    TooMany,
    /// A request on a connection this meeting does not know; a race, or the shell's bug.
    UnknownConnection,
}

/// Messages to clients, one for one those of the signalling protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToClient {
    Ready {
        participant: ParticipantId,
        standing: Standing,
        group: Option<GroupState>,
        host_present: bool,
    },
    HostPresence {
        present: bool,
    },
    Doorbell {
        doorbell: Option<Blob>,
        nonce: Option<Nonce>,
        wrap: Option<Blob>,
        card: Option<Blob>,
    },
    DoorbellWanted,
    KnockDelivered,
    Refused {
        reason: LobbyReason,
    },
    Knocked {
        knock: KnockId,
        device: DeviceKey,
        sealed: Blob,
    },
    KnockGone {
        knock: KnockId,
    },
    Told {
        sealed: Blob,
    },
    PasscodeTried {
        device: DeviceKey,
        message: Blob,
    },
    PasscodeReplied {
        message: Blob,
    },
    SessionOpened {
        group: GroupId,
    },
    Welcome {
        group: GroupId,
        epoch: u64,
        message: Blob,
    },
    Committed {
        group: GroupId,
        epoch: u64,
        commit: Blob,
        ticket: Blob,
    },
    Conflict {
        group: GroupId,
        epoch: u64,
    },
    Voided {
        void: Blob,
    },
    TooOld {
        group: GroupId,
        epoch: u64,
    },
    GroupMessage {
        group: GroupId,
        epoch: u64,
        channel: Channel,
        message: Blob,
    },
    SwapRequested {
        swap: Blob,
        key_package: Blob,
    },
    LeaveRequested {
        leave: Blob,
    },
    OutOfGroup {
        why: Removal,
    },
    Ended {
        end: Blob,
    },
    Members {
        members: Vec<MemberState>,
    },
    MemberChanged {
        member: MemberState,
    },
    MemberGone {
        participant: ParticipantId,
    },
    Error(Refusal),
}

/// Where a device stands when it connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Outside,
    Member,
    Certified,
}

/// The session's group, for members and certified devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupState {
    pub group: GroupId,
    pub epoch: u64,
    /// Whether another connected member may hold the group's state and so commit a swap.
    pub others_present: bool,
}

/// A member as shown to members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    pub participant: ParticipantId,
    pub device: DeviceKey,
    pub connected: bool,
    pub publishing: Publishing,
}

/// Why someone outside is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LobbyReason {
    Declined,
    Locked,
    Full,
    Invalid,
    Stale,
    Busy,
}

/// Why a device is out of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Removal {
    Removed,
    Left,
    SessionReplaced,
}

/// A refused request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    NotAuthentic,
    NotAllowed,
    /// Those who run the server have fixed it otherwise, for everyone.
    AgainstPolicy,
    Superseded,
    TooFast,
    TooMany,
    NoSuchMeeting,
}
