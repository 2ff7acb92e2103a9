use crate::clip::{AudioClip, VideoClip};
use std::time::Duration;

/// Who takes part and with what.
pub struct Part {
    pub meeting: String,
    pub fragment: Option<String>,
    /// Offered where the fragment is missing.
    pub passcode: Option<String>,
    pub name: String,
    /// None for no camera, one, or three layers from the smallest to the largest.
    pub video: Vec<VideoClip>,
    pub audio: Option<AudioClip>,
    pub admit: Admit,
    /// Ends the meeting for everyone when leaving; hosts only.
    pub end: bool,
    /// Leaves this long after getting in.
    pub stay: Option<Duration>,
    /// Gives up when not let in after this long.
    pub wait: Option<Duration>,
    /// Said in the chat once inside.
    pub say: Option<String>,
    /// Unmutes itself where newcomers come in muted, as a person who is going to speak does.
    pub unmutes: bool,
    /// Behaves like a changed program that heeds no rule of the room.
    pub ignore_rules: bool,
}

/// Whom a host's side lets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admit {
    #[default]
    Nobody,
    /// Each as it knocks.
    Each,
    /// All at once, when so many wait.
    Together(usize),
}
