//! The embedded store: one SQLite file in the server's data directory.

mod reports;
mod schema;

use base::record::{Record, RecordKey, Saved, Write};
use base::{MeetingId, MeetingKey, UnixMillis};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection, Row, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;
use store::{Pending, Report, Store, StoreError};

/// The database's name in the data directory.
pub const FILE: &str = "incamera.sqlite";

/// How long to wait for another process, such as a backup, that holds the database.
const BUSY: Duration = Duration::from_secs(5);

/// Meetings in a SQLite file, in WAL mode, synced at every batch.
pub struct SqliteStore {
    /// SQLite writes one batch at a time whatever the number of connections: one never meets itself
    /// as busy.
    writer: SqlitePool,
    /// Of its own, so that nobody who loads a meeting waits behind a write that waits for a lock.
    reader: SqlitePool,
    file: Placed,
}

/// A file as it was found when it was opened. SQLite goes on writing into one that was deleted or
/// moved away, and all of that would be lost.
struct Placed {
    path: PathBuf,
    identity: Option<(u64, u64)>,
}

impl SqliteStore {
    /// Opens the database in `directory`, making both if they are missing, and brings an older
    /// schema up to date. A newer one is refused as [`StoreError::NewerSchema`].
    pub async fn open(directory: &Path) -> Result<Self, StoreError> {
        make_private(directory).map_err(|error| StoreError::Engine(error.into()))?;
        let path = directory.join(FILE);
        let pool = || SqlitePoolOptions::new().max_connections(1).connect_with(options(&path));
        let writer = pool().await.map_err(engine)?;
        schema::bring_up_to_date(&writer).await?;
        let reader = pool().await.map_err(engine)?;
        for pool in [&writer, &reader] {
            // A connection made again later must not begin an empty database.
            pool.set_connect_options(options(&path).create_if_missing(false));
        }
        Ok(SqliteStore { writer, reader, file: Placed::at(path) })
    }

    /// Writes everything back into the one file and closes it.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// The way to write, as long as what is written can be found again.
    fn writer(&self) -> Result<&SqlitePool, StoreError> {
        self.file.check().map(|()| &self.writer)
    }

    async fn create_meeting(
        &self,
        meeting: MeetingId,
        key: MeetingKey,
        at: UnixMillis,
    ) -> Result<(), StoreError> {
        let insert = "INSERT INTO meeting (id, key, used) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
        let query = sqlx::query(insert).bind(&meeting.0[..]).bind(&key.0[..]).bind(at.0 as i64);
        let done = query.execute(self.writer()?).await.map_err(engine)?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Taken) }
    }

    async fn load_meeting(&self, meeting: MeetingId) -> Result<Option<Saved>, StoreError> {
        let mut transaction = self.reader.begin().await.map_err(engine)?;
        let select = "SELECT key, used, ended FROM meeting WHERE id = ?";
        let row = sqlx::query(select).bind(&meeting.0[..]).fetch_optional(&mut *transaction).await;
        let Some(row) = row.map_err(engine)? else { return Ok(None) };
        let select = "SELECT kind, number, value FROM record WHERE meeting = ?";
        let rows = sqlx::query(select).bind(&meeting.0[..]).fetch_all(&mut *transaction).await;
        read_saved(meeting, &row, &rows.map_err(engine)?).map(Some).map_err(engine)
    }

    async fn apply_batch(&self, meeting: MeetingId, batch: Vec<Write>) -> Result<(), StoreError> {
        let mut connection = self.writer()?.acquire().await.map_err(engine)?;
        let applied = apply(&mut connection, meeting, batch).await;
        if let Err(StoreError::Engine(_)) = applied {
            // A full disk makes SQLite roll back by itself, behind the library's back: the connection
            // would refuse every further transaction.
            connection.close_on_drop();
        }
        applied
    }

    async fn drop_unused(&self, limit: UnixMillis) -> Result<u64, StoreError> {
        let delete = sqlx::query("DELETE FROM meeting WHERE used < ?").bind(limit.0 as i64);
        let done = delete.execute(self.writer()?).await.map_err(engine)?;
        Ok(done.rows_affected())
    }
}

impl Store for SqliteStore {
    fn create(&self, meeting: MeetingId, key: MeetingKey, at: UnixMillis) -> Pending<'_, ()> {
        Box::pin(self.create_meeting(meeting, key, at))
    }

    fn load(&self, meeting: MeetingId) -> Pending<'_, Option<Saved>> {
        Box::pin(self.load_meeting(meeting))
    }

    fn apply(&self, meeting: MeetingId, batch: Vec<Write>) -> Pending<'_, ()> {
        Box::pin(self.apply_batch(meeting, batch))
    }

    fn forget_unused(&self, limit: UnixMillis) -> Pending<'_, u64> {
        Box::pin(self.drop_unused(limit))
    }

    fn report(&self, report: Report) -> Pending<'_, ()> {
        Box::pin(async { reports::keep(self.writer()?, report).await })
    }

    fn reports(&self) -> Pending<'_, Vec<Report>> {
        Box::pin(reports::all(&self.reader))
    }

    fn forget_reports(&self, limit: UnixMillis) -> Pending<'_, u64> {
        Box::pin(async move { reports::drop_before(self.writer()?, limit).await })
    }
}

impl Placed {
    fn at(path: PathBuf) -> Placed {
        let identity = identity(&path);
        Placed { path, identity }
    }

    fn check(&self) -> Result<(), StoreError> {
        match identity(&self.path) {
            found if found == self.identity => Ok(()),
            None => Err(StoreError::Engine(
                format!("{FILE} is gone from the data directory: put it back").into(),
            )),
            Some(_) => Err(StoreError::Engine(
                format!("another {FILE} was put in the place of ours: restart the server").into(),
            )),
        }
    }
}

/// Device and inode; `None` when there is no such file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // What was answered survives a power cut, not only the process.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        // What is deleted is overwritten.
        .pragma("secure_delete", "ON")
}

async fn apply(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    batch: Vec<Write>,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(engine)?;
    let known = sqlx::query("SELECT 1 FROM meeting WHERE id = ?").bind(&meeting.0[..]);
    if known.fetch_optional(&mut *transaction).await.map_err(engine)?.is_none() {
        return Err(StoreError::Unknown);
    }
    for write in batch {
        carry_out(&mut transaction, meeting, write).await.map_err(engine)?;
    }
    transaction.commit().await.map_err(engine)
}

async fn carry_out(
    connection: &mut SqliteConnection,
    meeting: MeetingId,
    write: Write,
) -> Result<(), sqlx::Error> {
    let id = &meeting.0[..];
    let query = match &write {
        Write::Put(Record { key, value }) => sqlx::query(
            "INSERT OR REPLACE INTO record (meeting, kind, number, value) VALUES (?, ?, ?, ?)",
        )
        .bind(id)
        .bind(key.kind)
        .bind(key.number as i64)
        .bind(&value[..]),
        Write::Delete(RecordKey { kind, number }) => {
            sqlx::query("DELETE FROM record WHERE meeting = ? AND kind = ? AND number = ?")
                .bind(id)
                .bind(*kind)
                .bind(*number as i64)
        }
        Write::DeleteKind(kind) => {
            sqlx::query("DELETE FROM record WHERE meeting = ? AND kind = ?").bind(id).bind(*kind)
        }
        Write::Used(at) => {
            sqlx::query("UPDATE meeting SET used = ? WHERE id = ?").bind(at.0 as i64).bind(id)
        }
        Write::Ended(end) => {
            sqlx::query("UPDATE meeting SET ended = ? WHERE id = ?").bind(&end[..]).bind(id)
        }
        Write::Forget => sqlx::query("DELETE FROM meeting WHERE id = ?").bind(id),
    };
    query.execute(connection).await.map(drop)
}

fn read_saved(
    meeting: MeetingId,
    row: &SqliteRow,
    rows: &[SqliteRow],
) -> Result<Saved, sqlx::Error> {
    let key: Vec<u8> = row.try_get("key")?;
    let key = key.try_into().map_err(|_| sqlx::Error::Decode("a key has 32 bytes".into()))?;
    let mut records = rows.iter().map(read_record).collect::<Result<Vec<_>, _>>()?;
    records.sort_by_key(|record| record.key);
    Ok(Saved {
        meeting,
        key: MeetingKey(key),
        used: UnixMillis(row.try_get::<i64, _>("used")? as u64),
        ended: row.try_get("ended")?,
        records,
    })
}

fn read_record(row: &SqliteRow) -> Result<Record, sqlx::Error> {
    let key =
        RecordKey { kind: row.try_get("kind")?, number: row.try_get::<i64, _>("number")? as u64 };
    Ok(Record { key, value: row.try_get("value")? })
}

/// Makes a directory that only the server's user may enter.
fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(directory)
}

pub(crate) fn engine(error: sqlx::Error) -> StoreError {
    StoreError::Engine(error.into())
}
