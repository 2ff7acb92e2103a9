use crate::clip::{AudioClip, SAMPLE_RATE};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Level of a packet that carries sound, in dBov. The file is not decoded: this is an estimate.
pub const VOICE: i8 = -30;

/// Level of a pause in speech.
const PAUSE: i8 = -60;

/// RFC 6464: digital silence.
pub const SILENCE: i8 = -127;

/// Opus sends at most this many bytes for a frame of discontinuous transmission.
const DTX_SIZE: usize = 3;

/// A player further behind than this skips instead of catching up in a burst.
const TOO_LATE: Duration = Duration::from_millis(200);

/// A packet to be sent now.
#[derive(Clone, Debug)]
pub struct DuePacket {
    /// Samples at 48 kHz from the start of playing.
    pub time: u32,
    /// dBov.
    pub level: i8,
    pub data: Arc<[u8]>,
}

/// Plays an Opus clip over and over.
pub struct AudioPlayer {
    clip: AudioClip,
    mean: usize,
    next: usize,
    due: Instant,
    time: u32,
}

impl AudioPlayer {
    pub fn new(now: Instant, clip: AudioClip) -> Self {
        AudioPlayer { mean: clip.mean_size(), clip, next: 0, due: now, time: 0 }
    }

    /// When the next packet is due.
    pub fn deadline(&self) -> Instant {
        self.due
    }

    /// The next packet due by `now`; call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<DuePacket> {
        if self.due > now {
            return None;
        }
        self.skip_if_late(now);
        let packet = &self.clip.packets[self.next];
        let due = DuePacket {
            time: self.time,
            level: self.level(packet.data.len()),
            data: packet.data.clone(),
        };
        let samples = packet.samples;
        self.advance(samples);
        Some(due)
    }

    fn skip_if_late(&mut self, now: Instant) {
        while now.saturating_duration_since(self.due) > TOO_LATE {
            self.advance(self.clip.packets[self.next].samples);
        }
    }

    fn advance(&mut self, samples: u32) {
        self.time = self.time.wrapping_add(samples);
        self.due += Duration::from_micros(u64::from(samples) * 1_000_000 / u64::from(SAMPLE_RATE));
        self.next = (self.next + 1) % self.clip.packets.len();
    }

    fn level(&self, size: usize) -> i8 {
        match size {
            0..=DTX_SIZE => SILENCE,
            _ if size * 3 < self.mean => PAUSE,
            _ => VOICE,
        }
    }
}
