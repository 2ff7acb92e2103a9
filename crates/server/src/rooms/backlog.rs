//! What may not be told yet, because the store has not kept it yet.
//!
//! A write is waited for as long as a healthy disk needs. Beyond that the meeting goes on: what the write
//! allows to be told, and all that follows it, is held in order, while what people in the call say to
//! each other is passed on. A write that fails is tried again until it succeeds.

use base::MeetingId;
use base::record::Write;
use meeting::{ConnectionId, Media, Output, ToClient};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use store::{Store, StoreError};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// A write this slow no longer stops the meeting. Longer delays everyone at every hiccup of a disk.
const PROMPT: Duration = Duration::from_millis(100);
/// Between two tries.
const RETRY: Duration = Duration::from_secs(1);
/// A store that fails for longer ends the meeting's task: everyone reconnects.
const GIVE_UP: Duration = Duration::from_secs(15 * 60);
/// Outputs held for one meeting; at the bound its task ends likewise.
const MAX_HELD: usize = 4_096;
/// Bytes of members' messages held for newcomers; further ones do not reach them. A member may say two
/// megabytes a second.
const MAX_HELD_BYTES: usize = 8 * 1024 * 1024;

/// The store failed for good, or for too long: what the meeting holds in memory may not be told to
/// anyone.
pub(super) struct NotDurable;

pub(super) struct Backlog {
    store: Arc<dyn Store>,
    meeting: MeetingId,
    write: Option<Pending>,
    held: VecDeque<Output>,
    /// Of members' messages among it.
    held_bytes: usize,
    /// Who came and was not greeted yet: nothing reaches them before what they are greeted with.
    newcomers: HashSet<ConnectionId>,
    failing_since: Option<Instant>,
}

struct Pending {
    batch: Vec<Write>,
    task: JoinHandle<Result<(), StoreError>>,
}

/// What became of a write.
pub(super) enum Outcome {
    /// `again` when the one before had failed.
    Kept { again: bool },
    /// It failed, and will be tried again. The error is the first one's since the store last worked.
    Failing(Option<StoreError>),
}

impl Backlog {
    pub fn new(store: Arc<dyn Store>, meeting: MeetingId) -> Self {
        Backlog {
            store,
            meeting,
            write: None,
            held: VecDeque::new(),
            held_bytes: 0,
            newcomers: HashSet::new(),
            failing_since: None,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.write.is_none() && self.held.is_empty()
    }

    /// Whether writes fail, so that whoever comes has to wait.
    pub fn is_failing(&self) -> bool {
        self.failing_since.is_some()
    }

    /// Writes, and waits for a moment. While the write goes on afterwards, the backlog is not empty.
    pub async fn write(&mut self, batch: Vec<Write>) -> Result<Option<StoreError>, NotDurable> {
        self.begin(batch, Duration::ZERO);
        match timeout(PROMPT, self.settled()).await {
            Ok(Ok(Outcome::Failing(first))) => Ok(first),
            Ok(Err(lost)) => Err(lost),
            Ok(Ok(Outcome::Kept { .. })) | Err(_) => Ok(None),
        }
    }

    fn begin(&mut self, batch: Vec<Write>, after: Duration) {
        let (store, meeting, writes) = (self.store.clone(), self.meeting, batch.clone());
        let task = tokio::spawn(async move {
            sleep(after).await;
            store.apply(meeting, writes).await
        });
        self.write = Some(Pending { batch, task });
    }

    /// Waits for the write under way; for ever without one. May be dropped and called again.
    pub async fn settled(&mut self) -> Result<Outcome, NotDurable> {
        let Some(pending) = &mut self.write else { return std::future::pending().await };
        let result = (&mut pending.task).await.unwrap_or_else(|error| {
            // It panicked: the library's bug, and as bad as a failing disk.
            Err(StoreError::Engine(error.into()))
        });
        let batch = self.write.take().map(|pending| pending.batch).unwrap_or_default();
        match result {
            Ok(()) => Ok(Outcome::Kept { again: self.failing_since.take().is_some() }),
            Err(StoreError::Engine(error)) => {
                let first = self.failing_since.is_none();
                let since = *self.failing_since.get_or_insert_with(Instant::now);
                if since.elapsed() > GIVE_UP {
                    return Err(NotDurable);
                }
                self.begin(batch, RETRY);
                Ok(Outcome::Failing(first.then_some(StoreError::Engine(error))))
            }
            // The meeting is gone from the store: no try will help.
            Err(_) => Err(NotDurable),
        }
    }

    /// Somebody connects, and will be greeted by what follows.
    pub fn welcome(&mut self, connection: ConnectionId) {
        self.newcomers.insert(connection);
    }

    /// Everything that followed was carried out or is held.
    pub fn followed(&mut self) {
        if self.is_empty() {
            self.newcomers.clear();
        }
    }

    /// Takes in what may not be carried out yet, and hands back what may all the same.
    pub fn hold(&mut self, output: Output) -> Result<Option<Output>, NotDurable> {
        let (now, later) = self.part(output);
        let Some(later) = later else { return Ok(now) };
        let bytes = said(&later);
        if bytes > 0 && self.held_bytes + bytes > MAX_HELD_BYTES {
            return Ok(now);
        }
        if self.held.len() >= MAX_HELD {
            return Err(NotDurable);
        }
        self.held_bytes += bytes;
        self.held.push_back(later);
        Ok(now)
    }

    /// What of this waits for no write, and what does.
    fn part(&self, output: Output) -> (Option<Output>, Option<Output>) {
        match output {
            // What members say to each other, heartbeats among it, changes nothing that is kept.
            Output::Send { to, message: message @ ToClient::GroupMessage { .. } } => {
                let (later, now): (Vec<_>, Vec<_>) =
                    to.into_iter().partition(|connection| self.newcomers.contains(connection));
                let send = |to: Vec<ConnectionId>| {
                    (!to.is_empty()).then(|| Output::Send { to, message: message.clone() })
                };
                (send(now), send(later))
            }
            Output::Warn(_) => (Some(output), None),
            // Whoever has to go goes at once; and again in its turn, where an earlier permit is held.
            Output::Media(Media::Revoke { .. }) => (Some(output.clone()), Some(output)),
            other => (None, Some(other)),
        }
    }

    /// The next that was held; `None` while it has to wait.
    pub fn release(&mut self) -> Option<Output> {
        let next = if self.write.is_some() { None } else { self.held.pop_front() };
        self.held_bytes -= next.as_ref().map_or(0, said);
        next
    }
}

/// Bytes that a member says to the others; none of anything else.
fn said(output: &Output) -> usize {
    match output {
        Output::Send { message: ToClient::GroupMessage { message, .. }, .. } => message.len(),
        _ => 0,
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        if let Some(pending) = &self.write {
            pending.task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use meeting::Channel;
    use store_sqlite::SqliteStore;

    const NEWCOMER: ConnectionId = ConnectionId(1);

    fn said_to_a_newcomer() -> Output {
        let message = ToClient::GroupMessage {
            group: base::GroupId([1; 16]),
            epoch: 1,
            channel: Channel::Group,
            message: vec![0; 64 * 1024].into(),
        };
        Output::Send { to: vec![NEWCOMER], message }
    }

    #[tokio::test]
    async fn what_members_say_meanwhile_fills_no_more_memory_than_is_set_aside_for_it() {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(directory.path()).await.unwrap());
        let mut backlog = Backlog::new(store, MeetingId([1; 16]));
        backlog.welcome(NEWCOMER);
        for _ in 0..1_000 {
            assert!(matches!(backlog.hold(said_to_a_newcomer()), Ok(None)));
        }
        assert_eq!(backlog.held.len(), MAX_HELD_BYTES / (64 * 1024));
        while backlog.release().is_some() {}
        assert_eq!(backlog.held_bytes, 0);
        assert!(matches!(backlog.hold(said_to_a_newcomer()), Ok(None)));
        assert_eq!(backlog.held.len(), 1, "there is room again");
    }
}
