//! Sizes of frames as encoders made them (libvpx realtime at constant bitrate, 30 a second; libopus
//! with speech, 20 ms).

use std::collections::HashMap;

/// Largest payload of a video packet, as browsers cut them.
pub const PACKET: usize = 1_150;

pub struct Bursts(HashMap<&'static str, Vec<usize>>);

impl Bursts {
    pub fn load() -> Bursts {
        let lines = include_str!("bursts.txt").lines().filter_map(|line| line.split_once(' '));
        let sizes = |text: &str| text.split(' ').filter_map(|size| size.parse().ok()).collect();
        Bursts(lines.map(|(name, text)| (name, sizes(text))).collect())
    }

    pub fn named(&self, name: &str) -> Vec<usize> {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// The same, as an encoder told to use so many percent would about make them.
    pub fn scaled(&self, name: &str, percent: usize) -> Vec<usize> {
        self.named(name).into_iter().map(|size| size * percent / 100).collect()
    }
}

/// A frame in packets as libwebrtc cuts it: equal parts, the later ones a byte larger where it does
/// not come out even.
pub fn packets(bytes: usize) -> impl Iterator<Item = usize> {
    let packets = bytes.div_ceil(PACKET).max(1);
    let larger = bytes % packets;
    (0..packets).map(move |index| bytes / packets + usize::from(index >= packets - larger))
}
