//! Who is heard: the loudest few, by the levels publishers state (RFC 6464).
//!
//! One more speaker is kept than a listener hears, so that each of the loudest also hears the
//! loudest three *others*. That spare speaker is the quietest of those kept.

use crate::SourceId;
use crate::packet::AudioLevel;
use std::time::{Duration, Instant};

/// Audio lines a listener has.
pub const HEARD: usize = 3;

/// Speakers kept at one time.
pub const KEPT: usize = HEARD + 1;

/// Place of the spare speaker.
const SPARE: usize = HEARD;

/// How much louder a challenger must be than the quietest speaker. Less makes places change at
/// every breath; more keeps a quiet newcomer out.
const MARGIN_DB: f32 = 6.0;

/// A speaker without packets for this long gives its place up.
const SILENCE: Duration = Duration::from_millis(1_500);

/// Weight of a new packet (20 ms) in the running level: a word of about 100 ms wins a place.
const RISE: f32 = 0.3;
const FALL: f32 = 0.03;

/// Level of a publisher that states none: audible, below speech.
const UNKNOWN_DB: f32 = -50.0;

/// Sources a room's selection looks at; further ones are not heard until others go.
const MAX_SOURCES: usize = 4_096;

/// The speakers of one room.
#[derive(Debug, Default)]
pub struct Speakers {
    places: [Option<SourceId>; KEPT],
    sources: foldhash::HashMap<SourceId, Heard>,
}

#[derive(Debug)]
struct Heard {
    level: f32,
    at: Instant,
}

impl Speakers {
    /// Notes a packet of this source. Returns its place when it is among the speakers, and
    /// whether places changed.
    pub fn heard(
        &mut self,
        now: Instant,
        source: SourceId,
        level: Option<AudioLevel>,
    ) -> (Option<usize>, bool) {
        if !self.note(now, source, level) {
            return (None, false);
        }
        match self.place_of(source) {
            Some(SPARE) => {
                let moved = self.move_up(now);
                (self.place_of(source), moved)
            }
            Some(place) => (Some(place), false),
            None => {
                let place = self.enter(now, source);
                (place, place.is_some())
            }
        }
    }

    /// The source is muted, gone or forbidden. True when it was a speaker.
    pub fn remove(&mut self, source: SourceId) -> bool {
        self.sources.remove(&source);
        match self.place_of(source) {
            Some(place) => {
                self.places[place] = None;
                true
            }
            None => false,
        }
    }

    /// The source in each place.
    pub fn places(&self) -> &[Option<SourceId>; KEPT] {
        &self.places
    }

    /// Speakers that are sending, loudest first.
    pub fn loudest(&self, now: Instant) -> Vec<SourceId> {
        let mut speakers: Vec<(f32, SourceId)> = self
            .places
            .iter()
            .flatten()
            .filter(|source| !self.is_silent(now, source))
            .map(|source| (self.level(source), *source))
            .collect();
        speakers.sort_by(|a, b| b.0.total_cmp(&a.0));
        speakers.into_iter().map(|(_, source)| source).collect()
    }

    fn note(&mut self, now: Instant, source: SourceId, level: Option<AudioLevel>) -> bool {
        let level = level.map_or(UNKNOWN_DB, |level| f32::from(level.dbov));
        if let Some(heard) = self.sources.get_mut(&source) {
            let weight = if level > heard.level { RISE } else { FALL };
            heard.level += (level - heard.level) * weight;
            heard.at = now;
            return true;
        }
        if self.sources.len() >= MAX_SOURCES {
            return false;
        }
        self.sources.insert(source, Heard { level, at: now });
        true
    }

    fn enter(&mut self, now: Instant, source: SourceId) -> Option<usize> {
        let place = self.free_place(now).or_else(|| self.place_to_take(source))?;
        self.places[place] = Some(source);
        Some(place)
    }

    fn free_place(&self, now: Instant) -> Option<usize> {
        self.places.iter().position(Option::is_none).or_else(|| {
            self.places
                .iter()
                .position(|place| place.as_ref().is_some_and(|source| self.is_silent(now, source)))
        })
    }

    /// The quietest speaker's place, if the challenger is clearly louder.
    fn place_to_take(&self, challenger: SourceId) -> Option<usize> {
        let quietest = (0..KEPT).min_by(|a, b| self.level_at(*a).total_cmp(&self.level_at(*b)))?;
        (self.level(&challenger) > self.level_at(quietest) + MARGIN_DB).then_some(quietest)
    }

    /// Lets the spare speaker change places with one of the heard who is clearly quieter, silent
    /// or gone. True when it did.
    fn move_up(&mut self, now: Instant) -> bool {
        let level = |place: &usize| match self.places[*place] {
            Some(source) if !self.is_silent(now, &source) => self.level(&source),
            _ => f32::MIN,
        };
        let Some(quietest) = (0..HEARD).min_by(|a, b| level(a).total_cmp(&level(b))) else {
            return false;
        };
        let clearly_louder = self.level_at(SPARE) > level(&quietest) + MARGIN_DB;
        if clearly_louder {
            self.places.swap(quietest, SPARE);
        }
        clearly_louder
    }

    fn is_silent(&self, now: Instant, source: &SourceId) -> bool {
        self.sources.get(source).is_none_or(|heard| now.duration_since(heard.at) > SILENCE)
    }

    fn level_at(&self, place: usize) -> f32 {
        self.places[place].as_ref().map_or(f32::MIN, |source| self.level(source))
    }

    fn level(&self, source: &SourceId) -> f32 {
        self.sources.get(source).map_or(f32::MIN, |heard| heard.level)
    }

    fn place_of(&self, source: SourceId) -> Option<usize> {
        self.places.iter().position(|place| *place == Some(source))
    }
}

/// The source each of a listener's lines carries: its own voice is replaced by the spare speaker.
pub fn lines_of(
    places: &[Option<SourceId>; KEPT],
    listener: base::ParticipantId,
) -> [Option<SourceId>; HEARD] {
    let others = |place: &Option<SourceId>| place.filter(|s| s.participant != listener);
    let mut spare = others(&places[SPARE]);
    let mut lines = [None; HEARD];
    for (line, place) in lines.iter_mut().zip(places) {
        let own = place.is_some_and(|source| source.participant == listener);
        *line = if own { spare.take() } else { *place };
    }
    // A listener that is not among the first three hears those; the spare is for the others.
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use base::ParticipantId;

    fn mic(n: u32) -> SourceId {
        SourceId { participant: ParticipantId(n), kind: Kind::Mic }
    }

    fn level(dbov: i8) -> Option<AudioLevel> {
        Some(AudioLevel { dbov, voice: None })
    }

    struct Room {
        now: Instant,
        speakers: Speakers,
    }

    impl Room {
        fn new() -> Room {
            Room { now: Instant::now(), speakers: Speakers::default() }
        }

        /// Everyone sends for `ms` at these levels.
        fn talk(&mut self, ms: u64, levels: &[(u32, i8)]) {
            for _ in 0..ms / 20 {
                self.now += Duration::from_millis(20);
                for (n, dbov) in levels {
                    self.speakers.heard(self.now, mic(*n), level(*dbov));
                }
            }
        }

        fn kept(&self) -> Vec<u32> {
            let mut kept: Vec<u32> =
                self.speakers.places().iter().flatten().map(|s| s.participant.0).collect();
            kept.sort();
            kept
        }
    }

    #[test]
    fn a_small_room_hears_everyone_however_quiet() {
        let mut room = Room::new();
        room.talk(100, &[(1, -90), (2, -100), (3, -20)]);
        assert_eq!(room.kept(), [1, 2, 3]);
    }

    #[test]
    fn the_loudest_displace_the_quiet() {
        let mut room = Room::new();
        room.talk(1_000, &[(1, -80), (2, -80), (3, -20), (4, -20), (5, -25), (6, -30)]);
        assert_eq!(room.kept(), [3, 4, 5, 6]);
    }

    #[test]
    fn a_listener_hears_the_loudest_three_whoever_spoke_first() {
        let mut room = Room::new();
        room.talk(1_000, &[(1, -55), (2, -40), (3, -80), (4, -90)]);
        room.talk(3_000, &[(1, -55), (2, -40), (3, -80), (4, -90), (5, -10), (6, -25)]);
        let lines = |listener| {
            let lines = lines_of(room.speakers.places(), ParticipantId(listener));
            let mut heard: Vec<u32> = lines.iter().flatten().map(|s| s.participant.0).collect();
            heard.sort();
            heard
        };
        assert_eq!(lines(9), [2, 5, 6]);
        assert_eq!(lines(5), [1, 2, 6], "the loudest hears three others");
    }

    #[test]
    fn the_spare_speaker_is_heard_when_a_place_is_free() {
        let mut room = Room::new();
        room.talk(500, &[(1, -10), (2, -12), (3, -14), (4, -40)]);
        room.speakers.remove(mic(2));
        room.talk(20, &[(4, -40)]);
        let lines = lines_of(room.speakers.places(), ParticipantId(9));
        assert!(lines.contains(&Some(mic(4))));
    }

    #[test]
    fn a_speaker_keeps_its_place_against_a_slightly_louder_one() {
        let mut room = Room::new();
        room.talk(1_000, &[(1, -30), (2, -30), (3, -30), (4, -30)]);
        let before = *room.speakers.places();
        room.talk(1_000, &[(1, -30), (2, -30), (3, -30), (4, -30), (5, -27)]);
        assert_eq!(*room.speakers.places(), before);
        room.talk(1_000, &[(1, -30), (2, -30), (3, -30), (4, -30), (5, -15)]);
        assert!(room.kept().contains(&5));
    }

    #[test]
    fn a_speaker_that_stops_sending_gives_its_place_up() {
        let mut room = Room::new();
        room.talk(500, &[(1, -10), (2, -10), (3, -10), (4, -10)]);
        room.talk(2_000, &[(2, -10), (3, -10), (4, -10), (5, -70)]);
        assert_eq!(room.kept(), [2, 3, 4, 5]);
    }

    #[test]
    fn nobody_hears_themself_and_everybody_hears_three_others() {
        let places = [Some(mic(1)), Some(mic(2)), Some(mic(3)), Some(mic(4))];
        for listener in 1..=5 {
            let lines = lines_of(&places, ParticipantId(listener));
            assert!(lines.iter().flatten().all(|s| s.participant.0 != listener));
            assert_eq!(lines.iter().flatten().count(), HEARD, "listener {listener}");
        }
    }

    #[test]
    fn a_removed_speaker_is_gone_at_once() {
        let mut room = Room::new();
        room.talk(100, &[(1, -10), (2, -10)]);
        assert!(room.speakers.remove(mic(1)));
        assert_eq!(room.kept(), [2]);
    }
}
