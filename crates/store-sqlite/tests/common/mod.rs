//! Stores in directories that go away with the test.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use store::{Pending, Store};
use store_sqlite::SqliteStore;

/// A directory of this test's own.
pub struct Directory(PathBuf);

impl Directory {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("incamera-store-{}-{next}", std::process::id());
        Directory(std::env::temp_dir().join(name))
    }
}

impl Deref for Directory {
    type Target = Path;
    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A store and the directory it needs.
#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub struct Fresh {
    store: SqliteStore,
    _directory: Directory,
}

#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub async fn fresh() -> Fresh {
    let directory = Directory::new();
    Fresh { store: SqliteStore::open(&directory).await.unwrap(), _directory: directory }
}

impl Store for Fresh {
    fn create(
        &self,
        meeting: base::MeetingId,
        key: base::MeetingKey,
        at: base::UnixMillis,
    ) -> Pending<'_, ()> {
        self.store.create(meeting, key, at)
    }

    fn load(&self, meeting: base::MeetingId) -> Pending<'_, Option<base::record::Saved>> {
        self.store.load(meeting)
    }

    fn apply(&self, meeting: base::MeetingId, batch: Vec<base::record::Write>) -> Pending<'_, ()> {
        self.store.apply(meeting, batch)
    }

    fn forget_unused(&self, limit: base::UnixMillis) -> Pending<'_, u64> {
        self.store.forget_unused(limit)
    }

    fn report(&self, report: store::Report) -> Pending<'_, ()> {
        self.store.report(report)
    }

    fn reports(&self) -> Pending<'_, Vec<store::Report>> {
        self.store.reports()
    }

    fn forget_reports(&self, limit: base::UnixMillis) -> Pending<'_, u64> {
        self.store.forget_reports(limit)
    }
}
