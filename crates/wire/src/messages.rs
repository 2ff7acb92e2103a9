use crate::Bytes;
use crate::bytes::{device_key, group_id, meeting_key, nonce};
use base::{DeviceKey, GroupId, MeetingKey, Nonce};
use serde::{Deserialize, Serialize};

/// What a media source is. Fixed SFrame contexts follow from it, so a receiver notices when a
/// server passes one kind off as another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Mic,
    Camera,
    Screen,
    ScreenAudio,
}

/// What a group message is about, as its sender declares. The server cannot read it and holds the
/// sender to the rules by this; members refuse a message whose content is something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The group's own business: signs of life, names, what is on.
    #[default]
    Group,
    Chat,
}

impl Channel {
    fn is_group(&self) -> bool {
        *self == Channel::Group
    }
}

/// Client to server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First message: a signed [`base::statement::Hello`], and, from the host or a delegate, its
    /// certificate. A certificate for a group the server does not know is kept for `open_session`.
    Hello {
        version: u32,
        hello: Bytes,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Bytes>,
    },

    // The lobby.
    /// A guest asks for a doorbell, a nonce, and the blobs sealed for its invitation.
    Ring { invitation: Bytes },
    /// A guest's knock, sealed to the doorbell.
    Knock { sealed: Bytes },
    /// The guest no longer waits.
    CancelKnock,
    /// From a guest that knows no link: one step of its proof that it knows the passcode, for the
    /// host's device alone. Refused as `stale` while that is not behind its doorbell.
    Passcode { message: Bytes },

    // Host and delegates.
    /// A certified host opens a new session; refused while another device holds one that is alive
    /// unless `replace` names that group (nobody has its state any more).
    OpenSession {
        #[serde(with = "group_id")]
        group: GroupId,
        certificate: Bytes,
        #[serde(default, with = "option_group", skip_serializing_if = "Option::is_none")]
        replace: Option<GroupId>,
    },
    /// Certificates that HK signed for this session's group, so that the server knows a role given or
    /// taken back; at most 32.
    Certify { certificates: Vec<Bytes> },
    /// A signed [`base::statement::Doorbell`] and single-use nonces (16 bytes each, at most 64).
    Doorbell { doorbell: Bytes, nonces: Vec<Bytes> },
    /// Sealed blobs by invitation id (8 bytes each): the wrapped PSK and the sealed meeting card.
    /// Replaces all earlier ones; an invitation not named is revoked.
    Invitations { invitations: Vec<Invitation> },
    /// The host does not let this knock in. `retry` when the knock itself was refused for being
    /// stale, so the guest's client rings again by itself.
    Decline { knock: u64, reason: LobbyReason },
    /// Words for whoever knocked, sealed under a key that only the two have; at most 4 KiB.
    Tell { knock: u64, sealed: Bytes },
    /// The host's answer to the newest `passcode` of this device: one for each.
    PasscodeReply {
        #[serde(with = "device_key")]
        device: DeviceKey,
        message: Bytes,
    },
    /// A signed [`base::statement::End`].
    EndMeeting { end: Bytes },

    // The group.
    /// A commit for the group's current epoch, with its [`base::statement::Ticket`] and, when it
    /// adds anyone, the Welcome.
    Commit {
        commit: Bytes,
        ticket: Bytes,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        welcome: Option<Welcome>,
    },
    /// A signed [`base::statement::Void`].
    Void { void: Bytes },
    /// An MLS application message or own-leave proposal, to all other members.
    GroupMessage {
        #[serde(with = "group_id")]
        group: GroupId,
        epoch: u64,
        #[serde(default, skip_serializing_if = "Channel::is_group")]
        channel: Channel,
        message: Bytes,
    },
    /// Asks for the commits from `epoch` on.
    CatchUp {
        #[serde(with = "group_id")]
        group: GroupId,
        epoch: u64,
    },
    /// A returning device asks for its place: a signed [`base::statement::Swap`] and KeyPackage.
    Swap { swap: Bytes, key_package: Bytes },
    /// Leaves the meeting: a signed [`base::statement::Leave`] when it is a member.
    Leave {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leave: Option<Bytes>,
    },

    // Media.
    /// An SDP offer for this client's one peer connection. `new` starts a fresh connection;
    /// otherwise it is a re-offer (more slots, ICE restart).
    Offer { sdp: String, new: bool },
    /// Which sent media line carries what. `mid` as in the offer.
    Publish { sources: Vec<Published> },
    /// What this client wants in its receiving video slots. Slots left out carry nothing.
    Layout { slots: Vec<SlotWish> },
    /// The keys of the current epoch are in place: keyframes for this client are worth asking for.
    KeysReady { epoch: u64 },
    /// Keeps the connection alive and measures it.
    Ping { id: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// 8 bytes derived from the link's secret.
    pub id: Bytes,
    /// The group PSK and the card's key, sealed under the link's `K_wrap`.
    pub wrap: Bytes,
    /// The meeting's title and the host's name, sealed.
    pub card: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    pub mid: String,
    pub kind: Kind,
    /// False while muted or stopped: nothing is being sent.
    pub active: bool,
}

/// A Welcome and the devices it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Welcome {
    pub message: Bytes,
}

/// A wish for one receiving slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotWish {
    /// The receiving line's `mid`.
    pub mid: String,
    pub participant: u32,
    pub kind: Kind,
    /// Height in pixels at which it is shown; the server picks the layer.
    pub height: u16,
}

/// Where the sender of a `hello` stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Holds no key: may ring and knock.
    Outside,
    /// The server's roster has its key in the current group.
    Member,
    /// Certified host or delegate that is not (yet) in a group.
    Certified,
}

/// Why someone outside is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LobbyReason {
    Declined,
    Locked,
    Full,
    /// The knock did not verify: another secret, or tampering.
    Invalid,
    /// The knock's nonce was used or unknown; ring again.
    Stale,
    /// The waiting room has no more space.
    Busy,
}

/// Why a device is out of the group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Removal {
    Removed,
    Left,
    SessionReplaced,
}

/// A device in the server's roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub participant: u32,
    #[serde(with = "device_key")]
    pub device: DeviceKey,
    pub connected: bool,
    /// Kinds it says it publishes and that are active.
    pub mic: bool,
    pub camera: bool,
    pub screen: bool,
}

/// What a receiving slot carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotSource {
    pub mid: String,
    /// `None` when the slot is idle.
    pub participant: Option<u32>,
    pub kind: Kind,
}

/// A refusal, by whose fault and what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The message could not be read; a bug in the client, or another version.
    Malformed,
    WrongVersion,
    /// A signature or certificate did not verify.
    NotAuthentic,
    /// The sender has no right to do this.
    NotAllowed,
    /// Those who run the server have fixed it otherwise, for everyone; see `challenge`.
    AgainstPolicy,
    NoSuchMeeting,
    Ended,
    /// Another connection of the same device took over; this one closes.
    Superseded,
    /// Slow down; the message was dropped.
    TooFast,
    TooMany,
    /// The media offer was not acceptable.
    BadOffer,
    /// The server is shutting down; come back.
    Draining,
    /// The server's own fault; try again.
    Internal,
}

/// What those who run the server have fixed for every meeting on it. Names a client does not know
/// are a newer server's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Policy {
    /// Switches and how they stand, such as `share=off`.
    pub pin: Vec<String>,
    /// What may not be done at all, such as `chat`.
    pub forbid: Vec<String>,
    /// Why, in their words; at most 300 characters.
    pub reason: String,
}

/// Server to client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "crate::flat::Flat")]
pub enum ServerMessage {
    /// First message on every connection.
    Challenge {
        version: u32,
        #[serde(serialize_with = "nonce::serialize")]
        nonce: Nonce,
        #[serde(with = "meeting_key")]
        key: MeetingKey,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<Policy>,
    },
    /// The hello was accepted.
    Ready {
        participant: u32,
        standing: Standing,
        /// The session's group and epoch, for members and certified devices.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<GroupState>,
        /// Whether the host or a delegate is connected.
        host_present: bool,
    },
    /// The host came or went; to everyone outside.
    HostPresence {
        present: bool,
    },

    // The lobby.
    /// Answer to `ring`; `None` parts when no host device is there yet (the server repeats the
    /// answer by itself as soon as one is).
    Doorbell {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        doorbell: Option<Bytes>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonce: Option<Bytes>,
        /// The blobs of the invitation rung with; `None` for an unknown or revoked one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wrap: Option<Bytes>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        card: Option<Bytes>,
    },
    /// To the host or a delegate that is in the group: the server has no doorbell of this device
    /// (it reconnected, or the server restarted) or fewer than 192 nonces left. Answer with
    /// `doorbell` and fresh nonces.
    DoorbellWanted,
    /// The knock lies at the host's device.
    KnockDelivered,
    /// Not let in.
    Refused {
        reason: LobbyReason,
    },
    /// To the host and delegates: someone knocks.
    Knocked {
        knock: u64,
        #[serde(with = "device_key")]
        device: DeviceKey,
        sealed: Bytes,
    },
    /// To the host and delegates: a knock is gone (left, or its connection dropped).
    KnockGone {
        knock: u64,
    },
    /// The host's side says something to this guest, which waits.
    Told {
        sealed: Bytes,
    },
    /// To the host: a guest's step towards proving the passcode.
    PasscodeTried {
        #[serde(with = "device_key")]
        device: DeviceKey,
        message: Bytes,
    },
    /// The host's answer to this guest's newest step.
    PasscodeReplied {
        message: Bytes,
    },

    // The group.
    /// The session is open: answer to `open_session`.
    SessionOpened {
        #[serde(with = "group_id")]
        group: GroupId,
    },
    /// A Welcome for this device, and the epoch it leads to.
    Welcome {
        #[serde(with = "group_id")]
        group: GroupId,
        epoch: u64,
        message: Bytes,
    },
    /// An accepted commit; also to its sender, who merges only then.
    Committed {
        #[serde(with = "group_id")]
        group: GroupId,
        /// The epoch it applies to.
        epoch: u64,
        commit: Bytes,
        ticket: Bytes,
    },
    /// The sender's commit lost: another one is accepted for that epoch.
    Conflict {
        #[serde(with = "group_id")]
        group: GroupId,
        epoch: u64,
    },
    /// A delegate withdrew the commit of this epoch.
    Voided {
        void: Bytes,
    },
    /// The asked-for commits are no longer kept: swap.
    TooOld {
        #[serde(with = "group_id")]
        group: GroupId,
        epoch: u64,
    },
    GroupMessage {
        #[serde(with = "group_id")]
        group: GroupId,
        epoch: u64,
        #[serde(default, skip_serializing_if = "Channel::is_group")]
        channel: Channel,
        message: Bytes,
    },
    /// To one connected member at a time: please commit this swap.
    SwapRequested {
        swap: Bytes,
        key_package: Bytes,
    },
    /// To one connected member at a time: this device has left; please commit its removal.
    LeaveRequested {
        leave: Bytes,
    },
    /// This device is out of the group.
    OutOfGroup {
        why: Removal,
    },
    /// The meeting has ended; a signed [`base::statement::End`].
    Ended {
        end: Bytes,
    },

    // The room.
    /// Everyone in the server's roster; to members. Sent whole on joining, then one by one.
    Members {
        members: Vec<Member>,
    },
    MemberChanged {
        member: Member,
    },
    MemberGone {
        participant: u32,
    },

    // Media.
    Answer {
        sdp: String,
    },
    /// Sources of receiving slots, audio and video; only those that changed.
    Slots {
        slots: Vec<SlotSource>,
    },
    /// Which participants are heard, loudest first.
    Speakers {
        participants: Vec<u32>,
    },
    /// The simulcast layers somebody watches, by rid; the others may stop.
    LayersWanted {
        mid: String,
        rids: Vec<String>,
    },
    Pong {
        id: u64,
    },
    Error {
        code: ErrorCode,
    },
}

/// A session's group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    #[serde(with = "group_id")]
    pub group: GroupId,
    pub epoch: u64,
    /// Whether some other member is connected, who could commit a swap.
    pub others_present: bool,
}

mod option_group {
    use base::GroupId;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(id: &Option<GroupId>, s: S) -> Result<S::Ok, S::Error> {
        match id {
            Some(id) => s.serialize_str(&id.to_text()),
            None => s.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<GroupId>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| GroupId::from_text(&text).map_err(serde::de::Error::custom)).transpose()
    }
}
