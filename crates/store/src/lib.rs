//! What the server keeps of meetings: named bytes, grouped by meeting, in batches that happen
//! whole or not at all. Nothing here knows what the bytes mean, and nothing personal is among
//! them: names, titles and chat never reach a server unsealed.

pub mod contract;
mod memory;

pub use memory::MemoryStore;

use base::record::{Saved, Write};
use base::{MeetingId, MeetingKey, UnixMillis};
use std::future::Future;
use std::pin::Pin;

/// A store's answer, to be awaited.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Keeps meetings. Whatever a method has answered `Ok` to survives the process.
pub trait Store: Send + Sync {
    /// Begins to keep a meeting. [`StoreError::Taken`] if a meeting with this id is kept.
    fn create(&self, meeting: MeetingId, key: MeetingKey, at: UnixMillis) -> Pending<'_, ()>;

    /// Everything kept of a meeting; `None` if it is unknown, expired or forgotten.
    fn load(&self, meeting: MeetingId) -> Pending<'_, Option<Saved>>;

    /// Carries out one batch as one transaction, in order, [`Write::Forget`] at most as its last.
    /// [`StoreError::Unknown`], and nothing changed, if there is no such meeting.
    fn apply(&self, meeting: MeetingId, batch: Vec<Write>) -> Pending<'_, ()>;

    /// Drops every meeting last used before `limit`, and says how many.
    fn forget_unused(&self, limit: UnixMillis) -> Pending<'_, u64>;
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The caller's: the id is in use.
    #[error("a meeting with this id exists already")]
    Taken,
    /// The caller's: no such meeting.
    #[error("there is no such meeting")]
    Unknown,
    /// The environment's: disk full, file gone, database locked by another process.
    #[error("the storage engine failed: {0}")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operator's: written by a newer release.
    #[error(
        "the data was written by a newer release (schema {found}, this release knows up to \
         {known}): run that release, or restore a backup made before the upgrade"
    )]
    NewerSchema { found: i64, known: i64 },
}
