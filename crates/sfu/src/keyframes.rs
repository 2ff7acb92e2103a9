//! Keyframe requests, coalesced: many receivers ask, the publisher is asked once.

use crate::{Layer, SourceId};
use foldhash::HashMap;
use std::time::{Duration, Instant};

/// Least time between two requests for one layer. Less lets a few receivers with loss make the
/// publisher send mostly keyframes; more delays every newcomer's first picture.
pub const INTERVAL: Duration = Duration::from_millis(300);

/// Bounded by the sources of the shard's publishers times three layers.
#[derive(Debug, Default)]
pub struct KeyframeRequests {
    layers: HashMap<(SourceId, Layer), State>,
}

#[derive(Debug)]
struct State {
    asked: Instant,
    /// Someone asked since.
    again: bool,
}

impl KeyframeRequests {
    /// Someone needs a keyframe. True when the publisher is to be asked now; otherwise
    /// [`Self::due`] names the layer once its interval is over.
    pub fn request(&mut self, now: Instant, source: SourceId, layer: Layer) -> bool {
        match self.layers.get_mut(&(source, layer)) {
            Some(state) if now < state.asked + INTERVAL => {
                state.again = true;
                false
            }
            _ => {
                self.layers.insert((source, layer), State { asked: now, again: false });
                true
            }
        }
    }

    /// A keyframe came: whoever was waiting has it.
    pub fn arrived(&mut self, source: SourceId, layer: Layer) {
        if let Some(state) = self.layers.get_mut(&(source, layer)) {
            state.again = false;
        }
    }

    /// Layers whose put-off request is due now.
    pub fn due(&mut self, now: Instant) -> Vec<(SourceId, Layer)> {
        let mut due = Vec::new();
        for (key, state) in &mut self.layers {
            if state.again && now >= state.asked + INTERVAL {
                *state = State { asked: now, again: false };
                due.push(*key);
            }
        }
        due
    }

    /// When [`Self::due`] next has something.
    pub fn next(&self) -> Option<Instant> {
        self.layers.values().filter(|s| s.again).map(|s| s.asked + INTERVAL).min()
    }

    /// The source is gone.
    pub fn forget(&mut self, source: SourceId) {
        self.layers.retain(|(of, _), _| *of != source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use base::ParticipantId;

    const SOURCE: SourceId = SourceId { participant: ParticipantId(1), kind: Kind::Camera };

    #[test]
    fn many_requests_become_one_now_and_one_later() {
        let start = Instant::now();
        let mut requests = KeyframeRequests::default();
        let asked = (0..50).filter(|_| requests.request(start, SOURCE, Layer::H)).count();
        assert_eq!(asked, 1);
        assert_eq!(requests.next(), Some(start + INTERVAL));
        assert!(requests.due(start + INTERVAL - Duration::from_millis(1)).is_empty());
        assert_eq!(requests.due(start + INTERVAL), [(SOURCE, Layer::H)]);
        assert_eq!(requests.next(), None);
    }

    #[test]
    fn layers_are_counted_apart() {
        let now = Instant::now();
        let mut requests = KeyframeRequests::default();
        assert!(requests.request(now, SOURCE, Layer::Q));
        assert!(requests.request(now, SOURCE, Layer::F));
    }

    #[test]
    fn a_keyframe_that_came_settles_who_was_waiting() {
        let now = Instant::now();
        let mut requests = KeyframeRequests::default();
        requests.request(now, SOURCE, Layer::Q);
        requests.request(now, SOURCE, Layer::Q);
        requests.arrived(SOURCE, Layer::Q);
        assert_eq!(requests.next(), None);
    }
}
