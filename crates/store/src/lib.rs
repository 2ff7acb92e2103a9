//! What the server keeps of meetings: named bytes, grouped by meeting, in batches that happen
//! whole or not at all. Nothing here knows what the bytes mean, and nothing personal is among
//! them: names, titles and chat never reach a server unsealed. The one thing in clear is what people
//! choose to write to those who run the server.

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

    /// Keeps a report, apart from its meeting. [`StoreError::Full`] at [`MAX_REPORTS`] in all or
    /// [`MAX_REPORTS_OF_MEETING`] about one meeting.
    fn report(&self, report: Report) -> Pending<'_, ()>;

    /// All reports, oldest first.
    fn reports(&self) -> Pending<'_, Vec<Report>>;

    /// Drops every report written before `limit`, and says how many.
    fn forget_reports(&self, limit: UnixMillis) -> Pending<'_, u64>;
}

/// Reports kept at once: with the longest texts about 8 MB. At it, further ones are refused until
/// some are deleted.
pub const MAX_REPORTS: usize = 2_000;
/// Of them, reports about one meeting, so that one crowd does not use up everyone's.
pub const MAX_REPORTS_OF_MEETING: usize = 20;

/// What somebody wrote to those who run the server, and nothing beside it.
#[derive(Clone, PartialEq, Eq)]
pub struct Report {
    pub meeting: MeetingId,
    pub at: UnixMillis,
    pub category: String,
    pub text: String,
}

impl std::fmt::Debug for Report {
    /// What people write stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Report")
    }
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
    /// The operator's: so many reports are kept that no further one is.
    #[error("too many reports are kept")]
    Full,
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
