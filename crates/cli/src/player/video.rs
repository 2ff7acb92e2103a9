use crate::clip::VideoClip;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A player further behind than this skips instead of catching up in a burst.
const TOO_LATE: Duration = Duration::from_millis(500);

/// Requests that come sooner after a keyframe are taken as answered by it: they were on their way
/// when it was sent.
const KEYFRAME_PAUSE: Duration = Duration::from_millis(300);

/// A frame to be sent now.
#[derive(Clone, Debug)]
pub struct DueFrame {
    pub layer: usize,
    /// 90 kHz, from the start of playing.
    pub time: u32,
    pub data: Arc<[u8]>,
    pub key: bool,
}

/// Plays one clip for each simulcast layer, over and over.
///
/// A keyframe cannot be made on demand, so a request for one jumps the layer on to the next
/// keyframe of its file: with one a second the picture skips by at most a second.
pub struct VideoPlayer {
    started: Instant,
    layers: Vec<Layer>,
}

struct Layer {
    clip: VideoClip,
    next: usize,
    due: Instant,
    active: bool,
    seek: bool,
    last_key: Option<Instant>,
}

impl VideoPlayer {
    /// Starts at once, with all layers.
    pub fn new(now: Instant, clips: Vec<VideoClip>) -> Self {
        let layer =
            |clip| Layer { clip, next: 0, due: now, active: true, seek: false, last_key: None };
        VideoPlayer { started: now, layers: clips.into_iter().map(layer).collect() }
    }

    /// When the next frame is due.
    pub fn deadline(&self) -> Option<Instant> {
        self.layers.iter().filter(|layer| layer.active).map(|layer| layer.due).min()
    }

    /// Somebody cannot decode this layer.
    pub fn handle_keyframe_request(&mut self, now: Instant, layer: usize) {
        if let Some(layer) = self.layers.get_mut(layer) {
            layer.handle_keyframe_request(now);
        }
    }

    /// Every layer goes on with a keyframe: what was due meanwhile has not been sent.
    pub fn restart(&mut self) {
        self.layers.iter_mut().for_each(|layer| layer.seek = true);
    }

    /// Plays only the layers for which `wanted` holds; a layer that comes back begins with a
    /// keyframe.
    pub fn select(&mut self, now: Instant, wanted: impl Fn(usize) -> bool) {
        for (i, layer) in self.layers.iter_mut().enumerate() {
            layer.set_active(now, wanted(i));
        }
    }

    /// The next frame due by `now`; call until `None`.
    pub fn poll(&mut self, now: Instant) -> Option<DueFrame> {
        let due = |(_, layer): &(usize, &mut Layer)| layer.active && layer.due <= now;
        let (i, layer) = self.layers.iter_mut().enumerate().find(due)?;
        let at = layer.due.saturating_duration_since(self.started);
        let time = (at.as_micros() * 90 / 1000) as u32;
        let (data, key) = layer.advance(now);
        Some(DueFrame { layer: i, time, data, key })
    }
}

impl Layer {
    fn handle_keyframe_request(&mut self, now: Instant) {
        let answered = |sent: Instant| now.saturating_duration_since(sent) < KEYFRAME_PAUSE;
        self.seek |= !self.last_key.is_some_and(answered);
    }

    fn set_active(&mut self, now: Instant, active: bool) {
        if active && !self.active {
            self.due = self.due.max(now);
            self.seek = true;
        }
        self.active = active;
    }

    fn advance(&mut self, now: Instant) -> (Arc<[u8]>, bool) {
        if now.saturating_duration_since(self.due) > TOO_LATE {
            self.due = now;
            self.seek = true;
        }
        if std::mem::take(&mut self.seek) {
            self.next = self.next_key();
        }
        let frame = &self.clip.frames[self.next];
        let (data, key) = (frame.data.clone(), frame.key);
        if key {
            self.last_key = Some(now);
        }
        self.due += self.interval();
        self.next = (self.next + 1) % self.clip.frames.len();
        (data, key)
    }

    fn next_key(&self) -> usize {
        let ahead = self.next..self.clip.frames.len();
        ahead.into_iter().find(|&i| self.clip.frames[i].key).unwrap_or(0)
    }

    fn interval(&self) -> Duration {
        let frames = &self.clip.frames;
        let end = frames.get(self.next + 1).map_or(self.clip.length, |frame| frame.at);
        end - frames[self.next].at
    }
}
