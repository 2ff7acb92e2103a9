//! What a shell (the browser's core worker, `incamera join`) puts into a [`Participant`] and what
//! it must carry out. Serialises to JSON so that a worker can pass it on unread.
//!
//! Outputs are carried out **in order**; a [`Output::Save`] is durable before the next output is
//! begun, because what follows it relies on it after a crash.
//!
//! [`Participant`]: crate::Participant

mod flat;

use crate::view::View;
use serde::{Deserialize, Serialize};
use wire::{Bytes, Kind, Published, SlotWish};

/// What happened outside.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", try_from = "flat::Flat")]
pub enum Input {
    SocketOpened,
    SocketClosed,
    SocketMessage {
        text: String,
    },
    /// The moment asked for by [`Output::WakeAt`] has come (or any other; ticks are harmless).
    Tick,
    /// The device has a network again, or another one.
    NetworkChanged,
    Command(Command),
    Media(MediaEvent),
    Frames(FrameEvent),
}

/// What the person asks for.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// **Start meeting** (host) or **Ask to join** (guest), under this display name.
    Join {
        name: String,
    },
    CancelJoin,
    /// A guest without a link typed this passcode.
    Passcode {
        text: String,
    },
    /// The host wants another passcode; the old one is of no use any more.
    NewPasscode,
    /// The host lets a passcode that was closed be tried again.
    ReopenPasscode,
    /// The host turns the passcode on or off.
    SetPasscode {
        on: bool,
    },
    Admit {
        knock: u64,
    },
    AdmitAll,
    Decline {
        knock: u64,
    },
    Remove {
        device: Bytes,
    },
    Leave,
    EndForEveryone,
    /// Microphone or camera on or off: told to the others inside the group.
    SetMuted {
        kind: Kind,
        muted: bool,
    },
    /// The meeting-code dialog opens (freezes the code) or closes.
    ShowCode {
        open: bool,
    },
    Chat {
        text: String,
    },
    RaiseHand {
        on: bool,
    },

    // Host and delegates.
    SetRule {
        rule: Rule,
        on: bool,
    },
    /// One person may do what the others may not, or the other way round; `rule` is one of those
    /// that say what participants can do.
    Allow {
        device: Bytes,
        rule: Rule,
        on: bool,
    },
    /// A viewer may take part as participants may, or only watches again.
    SetStage {
        device: Bytes,
        on: bool,
    },
    /// Of the host's side, or no longer. The host's alone, like handing over.
    SetCohost {
        device: Bytes,
        on: bool,
    },
    HandOver {
        device: Bytes,
    },
    /// To one person, or to everyone but the host's side.
    Ask {
        device: Option<Bytes>,
        ask: Ask,
    },
    /// Oneself, or anyone by the host's side.
    Rename {
        device: Bytes,
        name: String,
    },
    /// Turns a knock away; its device never gets in.
    Block {
        knock: u64,
    },
    /// A removed or blocked device may knock again.
    Unblock {
        device: Bytes,
    },
    /// Removed without being kept out: it may knock again.
    SeeOut {
        device: Bytes,
    },
    /// A link for one person, whom the host calls so.
    Invite {
        label: String,
        cohost: bool,
    },
    /// With the waiting room off, whoever knocks is let in without a click while fewer than `cap`
    /// people are here.
    SetWaitingRoom {
        on: bool,
        cap: u16,
    },
    /// To everyone who waits.
    Tell {
        text: String,
    },
    /// Someone who waits will be in under this name.
    RenameWaiting {
        knock: u64,
        name: String,
    },
    /// Another link for everyone; the old one opens nothing any more.
    ChangeLink,
    /// This personal link opens nothing any more.
    Revoke {
        invitation: Bytes,
    },
}

/// A switch of the *Security* dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Lock,
    /// *Stop everything* and *Resume*.
    Freeze,
    JoinMuted,
    JoinCameraOff,
    SeveralPresenters,
    /// *Consulting mode*: one party at a time.
    Consulting,
    /// Newcomers only watch.
    Viewers,
    // What participants can do.
    Unmute,
    Video,
    Share,
    Chat,
    Rename,
}

/// What the host's side asks of someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    Mute,
    Unmute,
    StopVideo,
    StartVideo,
    StopSharing,
    LowerHand,
}

/// Something that happens once; the page does it, or asks its person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The host's side muted this person.
    Mute,
    AskedToUnmute,
    StopVideo,
    AskedToStartVideo,
    StopSharing,
    HandLowered,
    /// The rules want newcomers muted, or their camera off.
    JoinMuted,
    JoinCameraOff,
}

/// From whoever owns the peer connection.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "media", rename_all = "snake_case")]
pub enum MediaEvent {
    /// A local offer; `new` when its peer connection is new.
    Offer {
        sdp: String,
        new: bool,
    },
    Publish {
        sources: Vec<Published>,
    },
    Layout {
        slots: Vec<SlotWish>,
    },
    Connected,
    /// The connection failed and needs replacing.
    Failed,
}

/// From the frame worker.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "frames", rename_all = "snake_case")]
pub enum FrameEvent {
    /// The lease of this kind runs low, or the worker has restarted and holds none.
    NeedLease { kind: Kind },
    /// The worker is new and holds nothing: it gets the keys again, and fresh leases.
    Restarted,
    /// From now on the frames of slot `mid` verify under this leaf of this epoch.
    SlotVerified { mid: String, epoch: u64, leaf: u32 },
    /// Frames of slot `mid` do not verify, or nothing arrives after two seconds.
    SlotUnverified { mid: String },
}

/// What the shell must do.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Output {
    /// Open the signalling socket; closes an earlier one.
    Connect {
        path: String,
    },
    Disconnect,
    Send {
        text: String,
    },
    /// Replaces the saved state of this meeting on this device; secret, keep it encrypted at rest.
    Save {
        state: Bytes,
    },
    /// Deletes the saved state.
    Forget,
    /// Call with [`Input::Tick`] at this monotonic millisecond; replaces the earlier request.
    WakeAt {
        mono: u64,
    },
    View {
        view: Box<View>,
    },
    Notice {
        notice: Notice,
    },
    Media(MediaCommand),
    Frames(FrameCommand),
}

/// For whoever owns the peer connection.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "media", rename_all = "snake_case")]
pub enum MediaCommand {
    /// Make a new peer connection and offer it (also after a server restart); drop an old one.
    Connect,
    Answer {
        sdp: String,
    },
    /// Simulcast layers of the sent line `mid` that somebody watches.
    Layers {
        mid: String,
        rids: Vec<String>,
    },
    Close,
}

/// For the frame worker; carries keys, so it never passes through a page's main thread.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "frames", rename_all = "snake_case")]
pub enum FrameCommand {
    /// Frames of this epoch may be opened. `base_key` is the RFC 9605 §5.2 base key, 16 bytes.
    AddEpoch { epoch: u64, base_key: Bytes },
    /// Old epochs up to and including this one are gone.
    DropEpochs { through: u64 },
    /// This leaf was removed: its frames of epochs before `epoch` no longer count.
    DropLeaf { before: u64, leaf: u32 },
    /// From now on only these kinds of media count: for each leaf the bits of its kinds' SFrame
    /// contexts, `others` for whoever is not listed.
    Rights { others: u8, leaves: Vec<(u32, u8)> },
    /// Seal with this epoch and leaf from now on.
    SendWith { epoch: u64, leaf: u32 },
    /// Counters `start..start + count` of `kind` are the worker's, for the epoch being sent with.
    Lease { kind: Kind, epoch: u64, start: u64, count: u64 },
    /// Seal nothing until the next `SendWith`: sending is paused.
    StopSending,
    /// Forget every key.
    Clear,
}
