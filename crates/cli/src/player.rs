//! Clips played in real time: which frame is due when. Pure: time comes in.

mod audio;
mod video;

pub use audio::{AudioPlayer, DuePacket, SILENCE, VOICE};
pub use video::{DueFrame, VideoPlayer};

#[cfg(test)]
mod tests;
