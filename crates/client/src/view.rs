//! The view model: everything a user interface shows, and nothing it must work out itself.
//! Whole at each change; small enough that diffing is the view's business.

use serde::{Deserialize, Serialize};
use wire::{Bytes, Kind};

/// One participant's view of its meeting.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    pub phase: Phase,
    /// Why the phase is `Refused` or `Failed`, or why reconnecting takes long.
    pub problem: Option<Problem>,
    pub connection: Connection,
    /// This device holds the meeting's key.
    pub host: bool,
    pub my_name: String,
    pub my_device: Bytes,
    /// From the sealed card: empty until known.
    pub title: String,
    pub host_name: String,
    pub host_present: bool,
    /// While waiting: this device's knock lies at the host's, who is there.
    pub host_knows: bool,
    /// What the host's side has said to this device while it waits, oldest first.
    pub told: Vec<String>,
    /// `/m/<id>#…` to invite others with; empty for whoever may not know it.
    pub invite_path: String,
    /// What someone who came without a link must type first.
    pub passcode: PasscodeEntry,
    /// `XXXX-XXXX`; hosts only, and empty while it is off.
    pub passcode_shown: String,
    /// Too many wrong ones: nobody may try until the host reopens it or makes another. Hosts only.
    pub passcode_closed: bool,
    /// Waiting room, oldest first; hosts and delegates only.
    pub waiting: Vec<Waiting>,
    /// Everyone whose key is in the group, this device included, in order of joining.
    pub people: Vec<Person>,
    pub slots: Vec<Slot>,
    pub safety: Safety,
    /// 30 digits in groups of five, while the dialog is open; otherwise the current one.
    pub code: Option<String>,
    pub chat: Vec<ChatLine>,
    /// Participants heard, loudest first, as devices.
    pub speakers: Vec<Bytes>,
    /// What this person may do here.
    pub may: May,
    pub rules: Rules,
    /// What those who run the server have fixed.
    pub policy: Policy,
    /// Devices that were removed or blocked; hosts and delegates only.
    pub banned: Vec<Banned>,
    /// Personal invitations; hosts only, and only inside.
    pub invitations: Vec<Invitation>,
}

/// What this person may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct May {
    pub unmute: bool,
    pub video: bool,
    pub share: bool,
    pub chat: bool,
    pub rename: bool,
    /// Admit, remove, mute, and set the rules.
    pub control: bool,
}

/// The rules of the room: switches, and what participants can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    pub locked: bool,
    pub frozen: bool,
    pub join_muted: bool,
    pub join_camera_off: bool,
    pub several_presenters: bool,
    /// One party at a time.
    pub consulting: bool,
    /// Newcomers only watch.
    pub viewers: bool,
    /// `None` while the waiting room is on.
    pub auto_admit: Option<AutoAdmit>,
    pub unmute: bool,
    pub video: bool,
    pub share: bool,
    pub chat: bool,
    pub rename: bool,
}

/// What nobody in the meeting can change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Switches, by their names: `share`, `waiting-room`, …
    pub pinned: Vec<String>,
    /// Features: `screen-share`, `chat`, …
    pub forbidden: Vec<String>,
    /// Why, in the words of those who run the server; may be empty.
    pub reason: String,
}

/// The terms on which people are let in without a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AutoAdmit {
    /// Milliseconds since 1970.
    pub until: u64,
    pub cap: u16,
    /// Also by links that everyone has; a removal ends that.
    pub shared_links: bool,
}

/// A device that is kept out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Banned {
    pub device: Bytes,
    /// Empty if this device never learned it.
    pub name: String,
}

/// A link made for one person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Invitation {
    pub id: Bytes,
    /// Whom it is for, in the host's words.
    pub label: String,
    /// `/m/<id>#…`, for that person alone.
    pub path: String,
    /// A device has come by it; another one counts as new.
    pub device_known: bool,
    pub cohost: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Connecting for the first time.
    #[default]
    Opening,
    /// Before joining: nobody has been told anything yet.
    Lobby,
    /// Knocked; nobody can see or hear this device.
    Waiting,
    /// In the group, keys being set up.
    Entering,
    InMeeting,
    Left,
    Removed,
    Ended,
    /// Not let in: see `problem`.
    Refused,
    /// Cannot go on: see `problem`.
    Failed,
}

/// What a guest is asked for before anything else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasscodeEntry {
    pub needed: bool,
    pub state: PasscodeState,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasscodeState {
    /// Nothing typed yet, or the connection broke while it was checked.
    #[default]
    None,
    /// With the host, or waiting for the host to come.
    Checking,
    /// Not this one, or not a passcode at all.
    Wrong { tries_left: u32 },
    /// No passcode helps here any more; a link still does.
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    Declined,
    Locked,
    Full,
    /// The link's secret does not open this meeting (knock refused, blobs do not open).
    BadLink,
    NoSuchMeeting,
    /// The server's key for this meeting is not the one the link promises.
    WrongHostKey,
    /// This device has the meeting open in another tab, which took over.
    OtherTab,
    /// The server offered an older or another group than this device has seen.
    StaleGroup,
    /// The server speaks another version: reload.
    Version,
    Busy,
    Internal,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    #[default]
    Connecting,
    Online,
    /// Lost; coming back by itself.
    Returning,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    pub knock: u64,
    /// Sanitised: printable, at most 60 characters, no bidi controls.
    pub name: String,
    pub device: Bytes,
    pub met: Met,
    /// In consulting mode, while another party is here or on its way in.
    pub held: bool,
    /// The label of the personal invitation it came by.
    pub invited_as: Option<String>,
    /// That invitation was used by another device before.
    pub new_device: bool,
}

/// What this device knows of another one, from earlier visits to this meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Met {
    /// Neither the device nor the name.
    #[default]
    Never,
    /// The same device under the same name.
    SameDevice,
    /// The same device, then under this name.
    SameDeviceAs(String),
    /// Somebody of this name was here with another device.
    NewDevice,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Person {
    pub device: Bytes,
    /// The server's number for it; `None` until told.
    pub participant: Option<u32>,
    pub name: String,
    pub role: PersonRole,
    pub met: Met,
    pub me: bool,
    /// False: its connection dropped and it is expected back.
    pub connected: bool,
    pub mic_on: bool,
    pub camera_on: bool,
    pub screen_on: bool,
    /// Its place among the raised hands, from 0.
    pub hand: Option<u32>,
    /// What it may do although participants may not, or the other way round.
    pub may: May,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonRole {
    Viewer,
    Participant,
    Recorder,
    Gateway,
    Cohost,
    Host,
}

/// A receiving line and whose verified frames it carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    pub mid: String,
    pub kind: Kind,
    /// The participant the server says it carries; good for asking, never for naming.
    pub claimed: Option<u32>,
    /// The device whose key the frames verify under; `None`: show nothing.
    pub device: Option<Bytes>,
    /// Something arrives that does not verify.
    pub unverified: bool,
}

/// What the small door at the top says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// Not in a group yet.
    #[default]
    None,
    /// Everything verified.
    Private,
    /// No valid sign of life from the host's side for a while; still sending.
    Unconfirmed,
    /// Sending has paused until the host's side is heard again.
    Paused,
    /// The server shows this device something else than the host: somebody is interfering.
    Interference,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChatLine {
    pub device: Bytes,
    pub name: String,
    pub text: String,
    /// Milliseconds since 1970.
    pub at: u64,
    pub delivery: Delivery,
}

/// What became of a line of this device's own; those of others are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The server has passed it on.
    #[default]
    Delivered,
    Waiting,
    /// It will not be, as those it was written for are no longer there, or its writer is not.
    Failed,
}
