//! A store that lasts as long as the process: for tests and for throw-away servers.

use crate::{MAX_REPORTS, MAX_REPORTS_OF_MEETING, Pending, Report, Store, StoreError};
use base::record::{Record, RecordKey, Saved, Write};
use base::{MeetingId, MeetingKey, UnixMillis};
use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

#[derive(Default)]
pub struct MemoryStore {
    meetings: Mutex<BTreeMap<MeetingId, Kept>>,
    reports: Mutex<Vec<Report>>,
}

#[derive(Clone)]
struct Kept {
    key: MeetingKey,
    used: UnixMillis,
    ended: Option<Vec<u8>>,
    records: BTreeMap<RecordKey, Vec<u8>>,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    fn meetings(&self) -> MutexGuard<'_, BTreeMap<MeetingId, Kept>> {
        self.meetings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn written(&self) -> MutexGuard<'_, Vec<Report>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, report: Report) -> Result<(), StoreError> {
        let mut written = self.written();
        let same = written.iter().filter(|other| other.meeting == report.meeting).count();
        if written.len() >= MAX_REPORTS || same >= MAX_REPORTS_OF_MEETING {
            return Err(StoreError::Full);
        }
        written.push(report);
        Ok(())
    }

    fn drop_reports(&self, limit: UnixMillis) -> u64 {
        let mut written = self.written();
        let before = written.len();
        written.retain(|report| report.at >= limit);
        (before - written.len()) as u64
    }

    fn insert(
        &self,
        meeting: MeetingId,
        key: MeetingKey,
        used: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut meetings = self.meetings();
        if meetings.contains_key(&meeting) {
            return Err(StoreError::Taken);
        }
        meetings.insert(meeting, Kept { key, used, ended: None, records: BTreeMap::new() });
        Ok(())
    }

    fn write(&self, meeting: MeetingId, batch: Vec<Write>) -> Result<(), StoreError> {
        let mut meetings = self.meetings();
        let kept = meetings.get_mut(&meeting).ok_or(StoreError::Unknown)?;
        let forget = batch.contains(&Write::Forget);
        batch.into_iter().for_each(|write| kept.write(write));
        if forget {
            meetings.remove(&meeting);
        }
        Ok(())
    }

    fn drop_unused(&self, limit: UnixMillis) -> u64 {
        let mut meetings = self.meetings();
        let before = meetings.len();
        meetings.retain(|_, kept| kept.used >= limit);
        (before - meetings.len()) as u64
    }
}

impl Kept {
    fn write(&mut self, write: Write) {
        match write {
            Write::Put(record) => {
                self.records.insert(record.key, record.value);
            }
            Write::Delete(key) => {
                self.records.remove(&key);
            }
            Write::DeleteKind(kind) => self.records.retain(|key, _| key.kind != kind),
            Write::Used(at) => self.used = at,
            Write::Ended(statement) => self.ended = Some(statement),
            Write::Forget => {}
        }
    }

    fn saved(&self, meeting: MeetingId) -> Saved {
        let record =
            |(key, value): (&RecordKey, &Vec<u8>)| Record { key: *key, value: value.clone() };
        Saved {
            meeting,
            key: self.key,
            used: self.used,
            ended: self.ended.clone(),
            records: self.records.iter().map(record).collect(),
        }
    }
}

impl Store for MemoryStore {
    fn create(&self, meeting: MeetingId, key: MeetingKey, at: UnixMillis) -> Pending<'_, ()> {
        Box::pin(ready(self.insert(meeting, key, at)))
    }

    fn load(&self, meeting: MeetingId) -> Pending<'_, Option<Saved>> {
        let saved = self.meetings().get(&meeting).map(|kept| kept.saved(meeting));
        Box::pin(ready(Ok(saved)))
    }

    fn apply(&self, meeting: MeetingId, batch: Vec<Write>) -> Pending<'_, ()> {
        Box::pin(ready(self.write(meeting, batch)))
    }

    fn forget_unused(&self, limit: UnixMillis) -> Pending<'_, u64> {
        Box::pin(ready(Ok(self.drop_unused(limit))))
    }

    fn report(&self, report: Report) -> Pending<'_, ()> {
        Box::pin(ready(self.keep(report)))
    }

    fn reports(&self) -> Pending<'_, Vec<Report>> {
        Box::pin(ready(Ok(self.written().clone())))
    }

    fn forget_reports(&self, limit: UnixMillis) -> Pending<'_, u64> {
        Box::pin(ready(Ok(self.drop_reports(limit))))
    }
}
