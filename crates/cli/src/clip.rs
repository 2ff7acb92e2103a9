//! Media files as the things to send: frames with their times, read whole into memory.

mod ivf;
mod ogg;
mod opus;
mod webm;

pub use ivf::IvfWriter;
pub use ogg::OpusWriter;
pub use opus::{SAMPLE_RATE, packet_samples};

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A larger file is refused: clips are held in memory and looped.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// Why a media file cannot be sent. The fault lies with whoever chose the file.
#[derive(Debug, thiserror::Error)]
pub enum ClipError {
    #[error("cannot read {path}: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("{path} is larger than {MAX_FILE} bytes")]
    TooLarge { path: String },
    #[error("{path} is not usable: {why}")]
    Unusable { path: String, why: Fault },
}

/// What is wrong with the bytes of a media file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Neither IVF, WebM nor Ogg.
    UnknownFormat,
    /// The container ends inside a header or frame, or contradicts itself.
    Damaged(&'static str),
    /// Another codec than VP8 or Opus.
    WrongCodec,
    /// Not a single frame.
    Empty,
    /// The first frame must be a keyframe, since sending starts and loops there.
    NoKeyframeFirst,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::UnknownFormat => f.write_str("it is neither IVF, WebM nor Ogg"),
            Fault::Damaged(where_) => write!(f, "the file is damaged ({where_})"),
            Fault::WrongCodec => f.write_str("video must be VP8 and audio Opus"),
            Fault::Empty => f.write_str("it holds no frames"),
            Fault::NoKeyframeFirst => f.write_str("it does not begin with a keyframe"),
        }
    }
}

/// One encoded picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFrame {
    /// From the start of the clip.
    pub at: Duration,
    pub key: bool,
    pub data: Arc<[u8]>,
}

/// A VP8 clip that begins with a keyframe and can be repeated endlessly.
#[derive(Clone, Debug)]
pub struct VideoClip {
    pub width: u16,
    pub height: u16,
    /// At least one, times rising.
    pub frames: Vec<VideoFrame>,
    /// When the clip begins again; later than the last frame.
    pub length: Duration,
}

/// An Opus clip that can be repeated endlessly.
#[derive(Clone, Debug)]
pub struct AudioClip {
    pub channels: u8,
    /// At least one.
    pub packets: Vec<AudioPacket>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioPacket {
    /// At 48 kHz.
    pub samples: u32,
    pub data: Arc<[u8]>,
}

impl VideoClip {
    /// Reads VP8 from IVF or WebM, told apart by their first bytes.
    pub fn open(path: &Path) -> Result<VideoClip, ClipError> {
        named(path, VideoClip::parse(read(path)?))
    }

    /// The same of bytes.
    pub fn parse(bytes: Vec<u8>) -> Result<VideoClip, Fault> {
        match bytes.get(..4) {
            Some(b"DKIF") => ivf::read(&bytes),
            Some([0x1a, 0x45, 0xdf, 0xa3]) => webm::read(bytes),
            _ => Err(Fault::UnknownFormat),
        }
    }

    /// Checks what sending relies on, and works out when to begin again.
    fn from_frames(width: u16, height: u16, frames: Vec<VideoFrame>) -> Result<Self, Fault> {
        let first = frames.first().ok_or(Fault::Empty)?;
        if !first.key {
            return Err(Fault::NoKeyframeFirst);
        }
        if !frames.windows(2).all(|pair| pair[0].at < pair[1].at) {
            return Err(Fault::Damaged("frame times do not rise"));
        }
        let last = frames[frames.len() - 1].at;
        let intervals = (frames.len() as u32 - 1).max(1);
        let interval = ((last - first.at) / intervals).max(Duration::from_millis(1));
        let interval = if frames.len() == 1 { Duration::from_secs(1) } else { interval };
        Ok(VideoClip { width, height, frames, length: last + interval })
    }
}

impl AudioClip {
    /// Reads Opus from Ogg (RFC 7845).
    pub fn open(path: &Path) -> Result<AudioClip, ClipError> {
        named(path, AudioClip::parse(read(path)?))
    }

    /// The same of bytes.
    pub fn parse(bytes: Vec<u8>) -> Result<AudioClip, Fault> {
        ogg::read(bytes)
    }

    /// Mean size of a packet in bytes, for telling speech from pauses.
    pub fn mean_size(&self) -> usize {
        self.packets.iter().map(|packet| packet.data.len()).sum::<usize>() / self.packets.len()
    }
}

/// Whether a VP8 frame is a keyframe (RFC 6386 §9.1: the lowest bit of its first byte is 0).
pub fn is_vp8_key(frame: &[u8]) -> bool {
    frame.first().is_some_and(|byte| byte & 1 == 0)
}

/// Width and height that a VP8 keyframe announces (RFC 6386 §9.1).
pub fn vp8_size(keyframe: &[u8]) -> Option<(u16, u16)> {
    if !is_vp8_key(keyframe) || keyframe.get(3..6)? != [0x9d, 0x01, 0x2a] {
        return None;
    }
    let side =
        |at: usize| Some(u16::from_le_bytes(keyframe.get(at..at + 2)?.try_into().ok()?) & 0x3fff);
    Some((side(6)?, side(8)?))
}

fn read(path: &Path) -> Result<Vec<u8>, ClipError> {
    let failed = |source| ClipError::Read { path: path.display().to_string(), source };
    if std::fs::metadata(path).map_err(failed)?.len() > MAX_FILE {
        return Err(ClipError::TooLarge { path: path.display().to_string() });
    }
    std::fs::read(path).map_err(failed)
}

fn named<T>(path: &Path, result: Result<T, Fault>) -> Result<T, ClipError> {
    result.map_err(|why| ClipError::Unusable { path: path.display().to_string(), why })
}

#[cfg(test)]
mod tests;
