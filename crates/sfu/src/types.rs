//! The vocabulary of forwarding: who, what kind of source, which layer, which right.

use base::ParticipantId;
use std::fmt;

/// A set of peers that may hear and see each other. The caller chooses the value (a meeting id,
/// later a breakout's group id); it means nothing here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub [u8; 16]);

impl From<base::MeetingId> for RoomId {
    fn from(id: base::MeetingId) -> RoomId {
        RoomId(id.0)
    }
}

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base::MeetingId(self.0).loggable())
    }
}

/// One device in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId {
    pub room: RoomId,
    pub participant: ParticipantId,
}

/// What a media source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Mic,
    Camera,
    Screen,
    ScreenAudio,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Mic, Kind::Camera, Kind::Screen, Kind::ScreenAudio];

    pub fn is_audio(self) -> bool {
        matches!(self, Kind::Mic | Kind::ScreenAudio)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of [`Kind`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    pub const NONE: Kinds = Kinds(0);
    pub const ALL: Kinds = Kinds(0b1111);

    pub fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    pub fn with(self, kind: Kind) -> Kinds {
        Kinds(self.0 | kind.bit())
    }

    pub fn without(self, kind: Kind) -> Kinds {
        Kinds(self.0 & !kind.bit())
    }
}

/// What a device may do in its room. Without an entry a device has [`Permissions::NONE`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// Whether media of others is forwarded to it.
    pub receive: bool,
    /// Which of its sources are forwarded to others.
    pub send: Kinds,
}

impl Permissions {
    pub const NONE: Permissions = Permissions { receive: false, send: Kinds::NONE };
    pub const ALL: Permissions = Permissions { receive: true, send: Kinds::ALL };
}

/// A source in a room: what someone publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId {
    pub participant: ParticipantId,
    pub kind: Kind,
}

/// A simulcast layer, smallest first. A source without simulcast has only [`Layer::F`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    Q,
    H,
    F,
}

impl Layer {
    pub const ALL: [Layer; 3] = [Layer::Q, Layer::H, Layer::F];

    /// The RID (RFC 8851) under which publishers send this layer.
    pub fn rid(self) -> &'static str {
        match self {
            Layer::Q => "q",
            Layer::H => "h",
            Layer::F => "f",
        }
    }

    /// The layer of a RID; `None` for one we do not use.
    pub fn from_rid(rid: &str) -> Option<Layer> {
        Layer::ALL.into_iter().find(|layer| layer.rid() == rid)
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of [`Layer`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Layers(u8);

impl Layers {
    pub const NONE: Layers = Layers(0);

    pub fn contains(self, layer: Layer) -> bool {
        self.0 & layer.bit() != 0
    }

    pub fn with(self, layer: Layer) -> Layers {
        Layers(self.0 | layer.bit())
    }

    pub fn union(self, other: Layers) -> Layers {
        Layers(self.0 | other.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The layers in the set, smallest first.
    pub fn iter(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| self.contains(*layer))
    }
}

/// A media line (`a=mid`) of a peer's connection, at most 16 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LineId(pub String);

/// Which sent line carries what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub line: LineId,
    pub kind: Kind,
    /// False while muted or stopped.
    pub active: bool,
}

/// What a peer wants in one of its receiving lines: a picture in a video line, the sound of a
/// screen in an audio line. Audio lines without a wish carry the speakers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotWish {
    pub line: LineId,
    pub source: SourceId,
    /// Height in pixels at which it is shown; means nothing for sound.
    pub height: u16,
}

/// What a receiving line carries; `None` when idle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotSource {
    pub line: LineId,
    pub source: Option<SourceId>,
    /// Kind of the line even when idle: `Mic` or `ScreenAudio` for audio lines, `Camera` for video
    /// lines.
    pub kind: Kind,
}
