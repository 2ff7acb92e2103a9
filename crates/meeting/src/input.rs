//! What the server puts into a [`Meeting`](crate::Meeting).

use crate::output::LobbyReason;
use crate::verified::{ProvenDevice, Verified, VerifiedTicket};
use base::statement::{Certificate, Doorbell, End, Leave, Swap, Void};
use base::{DeviceKey, GroupId, Nonce, Rights};

/// One signalling connection. The shell numbers them upwards and never reuses a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Names an invitation (one link): 8 bytes derived from the link's secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationId(pub [u8; 8]);

/// One knock, as the host's side sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnockId(pub u64);

/// What happened outside.
#[derive(Clone, Debug)]
pub enum Input {
    /// A device proved its key on a new connection.
    Connected {
        connection: ConnectionId,
        device: ProvenDevice,
        certificate: Option<Verified<Certificate>>,
    },
    /// A connection is gone, whoever closed it. Harmless when repeated.
    Disconnected { connection: ConnectionId },
    /// A connected device asks for something.
    Request { connection: ConnectionId, request: Request },
    /// The moment of [`poll_timeout`](crate::Meeting::poll_timeout) has come, or any other.
    Tick,
}

/// What a connected device may ask for.
#[derive(Clone, Debug)]
pub enum Request {
    // Outside.
    Ring {
        invitation: InvitationId,
    },
    Knock {
        sealed: Vec<u8>,
    },
    CancelKnock,
    Passcode {
        message: Vec<u8>,
    },

    // Host and delegates.
    OpenSession {
        group: GroupId,
        certificate: Verified<Certificate>,
        replace: Option<GroupId>,
    },
    /// Certificates that HK signed for this group: a role given, or taken back.
    Certify {
        certificates: Vec<Verified<Certificate>>,
    },
    Doorbell {
        doorbell: Verified<Doorbell>,
        nonces: Vec<Nonce>,
    },
    /// Takes the place of all earlier ones: absence revokes.
    Invitations {
        invitations: Vec<Invitation>,
    },
    Decline {
        knock: KnockId,
        reason: LobbyReason,
    },
    Tell {
        knock: KnockId,
        sealed: Vec<u8>,
    },
    PasscodeReply {
        device: DeviceKey,
        message: Vec<u8>,
    },
    End {
        end: Verified<End>,
    },

    // Members.
    Commit {
        commit: Vec<u8>,
        ticket: Box<VerifiedTicket>,
        welcome: Option<Vec<u8>>,
    },
    Void {
        void: Verified<Void>,
    },
    GroupMessage {
        group: GroupId,
        epoch: u64,
        channel: Channel,
        message: Vec<u8>,
    },
    CatchUp {
        group: GroupId,
        epoch: u64,
    },
    Swap {
        swap: Verified<Swap>,
        key_package: Vec<u8>,
    },
    /// With a signed [`Leave`] from a member; without from someone outside.
    Leave {
        leave: Option<Verified<Leave>>,
    },
    Publish {
        publishing: Publishing,
    },
}

/// The sealed blobs of one invitation.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    pub id: InvitationId,
    pub wrap: Vec<u8>,
    pub card: Vec<u8>,
}

impl Publishing {
    /// What of it these rights allow.
    pub(crate) fn within(self, rights: Rights) -> Publishing {
        Publishing {
            mic: self.mic && rights.contains(Rights::MIC),
            camera: self.camera && rights.contains(Rights::CAMERA),
            screen: self.screen && rights.contains(Rights::SCREEN),
        }
    }
}

impl std::fmt::Debug for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Invitation({} + {} bytes)", self.wrap.len(), self.card.len())
    }
}

/// What a group message is about, as its sender declares; members refuse one whose content is
/// something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// The group's own business: signs of life, names, what is on.
    Group,
    /// Chat, which the rules may forbid.
    Chat,
}

/// Which of its sources a member says it is sending.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Publishing {
    pub mic: bool,
    pub camera: bool,
    pub screen: bool,
}
