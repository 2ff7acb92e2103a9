//! Which video slot shows whom, kept steady while people come and go. Pure.

use client::view::View;
use std::collections::BTreeMap;
use wire::{Kind, SlotWish};

/// How many video slots an offer may have, in steps.
const STEPS: [usize; 4] = [4, 9, 16, 25];

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Watching {
    /// So many cameras at most.
    pub tiles: usize,
    /// Each at this height; without it as a desktop screen would show so many.
    pub height: Option<u16>,
}

impl Default for Watching {
    fn default() -> Self {
        Watching { tiles: STEPS[3], height: None }
    }
}

/// Participants by the slot that shows them.
#[derive(Default)]
pub struct Layout {
    watching: Watching,
    shown: BTreeMap<String, u32>,
    last: Vec<SlotWish>,
}

impl Layout {
    pub fn new(watching: Watching) -> Layout {
        Layout { watching, ..Layout::default() }
    }

    /// A new connection has other slots.
    pub fn clear(&mut self) {
        *self = Layout::new(self.watching);
    }

    /// How many slots a view of these people needs.
    pub fn slots_needed(&self, view: &View) -> usize {
        let shown = cameras(view).len().min(self.watching.tiles);
        STEPS.into_iter().find(|step| *step >= shown).unwrap_or(STEPS[3])
    }

    /// The wish for these slots, if it differs from the one before.
    pub fn update(&mut self, view: &View, slots: &[String]) -> Option<Vec<SlotWish>> {
        let cameras = cameras(view);
        self.shown.retain(|_, participant| cameras.contains(participant));
        for camera in &cameras {
            if !self.shown.values().any(|shown| shown == camera) {
                self.place(*camera, slots);
            }
        }
        let wish = |(mid, participant): (&String, &u32)| SlotWish {
            mid: mid.clone(),
            participant: *participant,
            kind: Kind::Camera,
            height: self.watching.height.unwrap_or(height(self.shown.len())),
        };
        let wishes: Vec<_> = self.shown.iter().map(wish).collect();
        if wishes == self.last {
            return None;
        }
        self.last = wishes.clone();
        Some(wishes)
    }

    fn place(&mut self, camera: u32, slots: &[String]) {
        if self.shown.len() >= self.watching.tiles {
            return;
        }
        if let Some(free) = slots.iter().find(|mid| !self.shown.contains_key(*mid)) {
            self.shown.insert(free.clone(), camera);
        }
    }
}

fn cameras(view: &View) -> Vec<u32> {
    let others = view.people.iter().filter(|person| !person.me && person.camera_on);
    others.filter_map(|person| person.participant).collect()
}

/// The height at which a grid of this many tiles shows each on a desktop screen.
fn height(tiles: usize) -> u16 {
    match tiles {
        0..=1 => 720,
        2..=4 => 360,
        _ => 180,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::view::{May, Person, PersonRole};

    fn person(participant: u32) -> Person {
        Person {
            device: vec![participant as u8].into(),
            participant: Some(participant),
            name: String::new(),
            role: PersonRole::Participant,
            me: participant == 0,
            connected: true,
            mic_on: true,
            camera_on: true,
            screen_on: false,
            hand: None,
            met: client::view::Met::Never,
            may: May::default(),
        }
    }

    fn view(people: &[u32]) -> View {
        View { people: people.iter().map(|&n| person(n)).collect(), ..View::default() }
    }

    fn slots(count: usize) -> Vec<String> {
        (0..count).map(|i| format!("v{i}")).collect()
    }

    fn shown(wishes: Option<Vec<SlotWish>>) -> Vec<(String, u32, u16)> {
        let wishes = wishes.unwrap();
        wishes.into_iter().map(|wish| (wish.mid, wish.participant, wish.height)).collect()
    }

    #[test]
    fn people_keep_their_slot_when_others_leave() {
        let mut layout = Layout::default();
        let slots = slots(4);
        let first = shown(layout.update(&view(&[0, 7, 8, 9]), &slots));
        assert_eq!(first, [("v0".into(), 7, 360), ("v1".into(), 8, 360), ("v2".into(), 9, 360)]);
        assert_eq!(layout.update(&view(&[0, 7, 8, 9]), &slots), None);
        let fewer = shown(layout.update(&view(&[0, 8, 9]), &slots));
        assert_eq!(fewer, [("v1".into(), 8, 360), ("v2".into(), 9, 360)]);
        let again = shown(layout.update(&view(&[0, 8, 9, 5]), &slots));
        assert_eq!(again[0], ("v0".into(), 5, 360));
    }

    #[test]
    fn one_alone_is_shown_large_and_cameras_that_are_off_not_at_all() {
        let mut layout = Layout::default();
        let mut view = view(&[0, 7, 8]);
        view.people[2].camera_on = false;
        assert_eq!(shown(layout.update(&view, &slots(4))), [("v0".into(), 7, 720)]);
    }

    #[test]
    fn slots_grow_in_steps_up_to_twenty_five() {
        let layout = Layout::default();
        let needed = |others: u32| layout.slots_needed(&view(&(0..=others).collect::<Vec<_>>()));
        assert_eq!([4, 5, 9, 10, 17, 40].map(needed), [4, 9, 9, 16, 25, 25]);
    }

    #[test]
    fn no_more_is_watched_than_asked_for_and_at_the_height_asked_for() {
        let mut layout = Layout::new(Watching { tiles: 1, height: Some(180) });
        let view = view(&[0, 7, 8]);
        assert_eq!(shown(layout.update(&view, &slots(4))), [("v0".into(), 7, 180)]);
        assert_eq!(layout.slots_needed(&view), 4);
    }
}
