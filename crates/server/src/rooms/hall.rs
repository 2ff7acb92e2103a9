//! Finds the task of a meeting, starting it if need be.

use super::actor::{Actor, Letter};
use crate::clock::Clock;
use crate::config::Limits;
use crate::media::{MediaEvent, MediaHandle};
use crate::metrics::Metrics;
use base::{MeetingId, MeetingKey, OperatorPolicy};
use meeting::Meeting;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard};
use store::{Store, StoreError};
use tokio::sync::mpsc;

/// Letters waiting for one meeting. At the bound, connections wait with reading and media notices
/// are dropped; higher bounds let a flood of the largest messages hold more memory.
const MAILBOX: usize = 256;

/// What every meeting's task has at hand.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub store: Arc<dyn Store>,
    pub media: MediaHandle,
    pub metrics: Arc<Metrics>,
    pub limits: Limits,
    pub policy: OperatorPolicy,
    pub clock: Clock,
}

/// A loaded meeting. While anyone holds one, the meeting stays loaded.
#[derive(Clone)]
pub(crate) struct Room {
    pub key: MeetingKey,
    pub mailbox: mpsc::Sender<Letter>,
    over: Arc<AtomicBool>,
}

impl Room {
    /// Whether the meeting has ended.
    pub fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }
}

/// All loaded meetings.
#[derive(Clone)]
pub(crate) struct Hall {
    rooms: Arc<Mutex<HashMap<MeetingId, Room>>>,
    /// Held while a meeting is loaded or goes: it can neither run twice nor start from records that are
    /// being replaced. Not the same as `rooms`, so that those in a meeting never wait for the store.
    door: Arc<tokio::sync::Mutex<()>>,
    around: Surroundings,
}

impl Hall {
    pub fn new(around: Surroundings) -> Self {
        Hall { rooms: Arc::default(), door: Arc::default(), around }
    }

    /// The meeting, loaded; `None` if there is none. Loads happen one at a time.
    pub async fn enter(&self, id: MeetingId) -> Result<Option<Room>, StoreError> {
        if let Some(room) = self.loaded(id) {
            return Ok(Some(room));
        }
        let _door = self.door.lock().await;
        if let Some(room) = self.loaded(id) {
            return Ok(Some(room));
        }
        let Some(saved) = self.around.store.load(id).await? else { return Ok(None) };
        let limits = meeting::Limits { policy: self.around.policy, ..Default::default() };
        let meeting =
            Meeting::restore(saved, limits).map_err(|error| StoreError::Engine(Box::new(error)))?;
        let room = self.open(meeting);
        self.rooms().insert(id, room.clone());
        Ok(Some(room))
    }

    fn loaded(&self, id: MeetingId) -> Option<Room> {
        self.rooms().get(&id).filter(|room| !room.mailbox.is_closed()).cloned()
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<MeetingId, Room>> {
        self.rooms.lock().expect("no holder of this lock panics")
    }

    fn open(&self, meeting: Meeting) -> Room {
        let (mailbox, letters) = mpsc::channel(MAILBOX);
        let over = Arc::new(AtomicBool::new(meeting.is_over()));
        let room = Room { key: meeting.key(), mailbox, over: over.clone() };
        let actor = Actor::new(meeting, over, self.around.clone());
        self.around.metrics.meetings_loaded.add(1);
        tokio::spawn(actor.run(letters, self.clone()));
        room
    }

    /// Takes an idle meeting out, unless somebody is on the way in.
    pub async fn unload(&self, id: MeetingId, letters: &mpsc::Receiver<Letter>) -> bool {
        let _door = self.door.lock().await;
        let mut rooms = self.rooms();
        let only_ours = rooms.get(&id).is_some_and(|room| room.mailbox.strong_count() == 1);
        if only_ours && letters.is_empty() {
            rooms.remove(&id);
            return true;
        }
        false
    }

    /// Takes a meeting out whose task ends, whoever waits for it.
    pub async fn remove(&self, id: MeetingId, letters: &mut mpsc::Receiver<Letter>) {
        letters.close();
        let _door = self.door.lock().await;
        let mut rooms = self.rooms();
        if rooms.get(&id).is_some_and(|room| room.mailbox.is_closed()) {
            rooms.remove(&id);
        }
    }

    /// Passes a notice of the media threads on.
    pub fn media(&self, event: MediaEvent) {
        let room = match &event {
            MediaEvent::Speakers { room, .. } => *room,
            MediaEvent::Answer { peer, .. }
            | MediaEvent::OfferRefused { peer, .. }
            | MediaEvent::Connected { peer }
            | MediaEvent::Failed { peer }
            | MediaEvent::Slots { peer, .. }
            | MediaEvent::LayersWanted { peer, .. } => peer.room,
        };
        if let Some(room) = self.rooms().get(&MeetingId(room.0)) {
            let _ = room.mailbox.try_send(Letter::Media(event));
        }
    }

    /// Drops every mailbox; each task ends when its last connection has.
    pub fn close(&self) {
        self.rooms().clear();
    }
}
