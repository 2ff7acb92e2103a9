/// E of RFC 9605 §5.2: low-order bits of the epoch.
const EPOCH_BITS: u32 = 6;
/// S of RFC 9605 §5.2: bits of the leaf index; groups of up to 4,096.
const LEAF_BITS: u32 = 12;

/// What a media source is; its number is the SFrame context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Mic = 0,
    Camera = 1,
    Screen = 2,
    ScreenAudio = 3,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Mic, Kind::Camera, Kind::Screen, Kind::ScreenAudio];

    pub fn is_video(self) -> bool {
        matches!(self, Kind::Camera | Kind::Screen)
    }
}

/// A key ID laid out as RFC 9605 §5.2 has it for MLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(u64);

impl KeyId {
    /// `None` when `leaf` is outside the groups supported.
    pub fn new(kind: Kind, leaf: u32, epoch: u64) -> Option<Self> {
        let context = (kind as u64) << (EPOCH_BITS + LEAF_BITS);
        let in_range = leaf < 1 << LEAF_BITS;
        in_range.then(|| KeyId(context | u64::from(leaf) << EPOCH_BITS | low_bits(epoch)))
    }

    /// `None` when `value` has a context that stands for no kind.
    pub fn from_value(value: u64) -> Option<Self> {
        (value >> (EPOCH_BITS + LEAF_BITS) < Kind::ALL.len() as u64).then_some(KeyId(value))
    }

    pub fn value(self) -> u64 {
        self.0
    }

    pub fn kind(self) -> Kind {
        Kind::ALL[(self.0 >> (EPOCH_BITS + LEAF_BITS)) as usize]
    }

    pub fn leaf(self) -> u32 {
        (self.0 >> EPOCH_BITS) as u32 & ((1 << LEAF_BITS) - 1)
    }

    /// Whether `epoch` has this key ID's low-order bits.
    pub fn names_epoch(self, epoch: u64) -> bool {
        low_bits(self.0) == low_bits(epoch)
    }

    /// Whether key IDs of the two epochs cannot be told apart.
    pub fn epochs_collide(one: u64, other: u64) -> bool {
        low_bits(one) == low_bits(other)
    }

    /// Whether this key ID's epoch lies at most half the range behind `newest`.
    pub fn is_behind(self, newest: u64) -> bool {
        let distance = low_bits(newest.wrapping_sub(self.0));
        distance < 1 << (EPOCH_BITS - 1) && distance <= newest
    }
}

fn low_bits(epoch: u64) -> u64 {
    epoch & ((1 << EPOCH_BITS) - 1)
}
