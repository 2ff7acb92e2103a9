//! What people have written to those who run the server.

use crate::engine;
use base::{MeetingId, UnixMillis};
use sqlx::Row;
use sqlx::sqlite::{SqlitePool, SqliteRow};
use store::{MAX_REPORTS, MAX_REPORTS_OF_MEETING, Report, StoreError};

/// Counted and written in one statement: two that come together do not pass the bound.
const INSERT: &str = "INSERT INTO report (meeting, at, category, text) SELECT ?1, ?2, ?3, ?4 \
    WHERE (SELECT count(*) FROM report) < ?5 \
    AND (SELECT count(*) FROM report WHERE meeting = ?1) < ?6";

pub(crate) async fn keep(pool: &SqlitePool, report: Report) -> Result<(), StoreError> {
    let insert = sqlx::query(INSERT)
        .bind(&report.meeting.0[..])
        .bind(report.at.0 as i64)
        .bind(&report.category)
        .bind(&report.text)
        .bind(MAX_REPORTS as i64)
        .bind(MAX_REPORTS_OF_MEETING as i64);
    let done = insert.execute(pool).await.map_err(engine)?;
    if done.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Full) }
}

pub(crate) async fn all(pool: &SqlitePool) -> Result<Vec<Report>, StoreError> {
    let select = "SELECT meeting, at, category, text FROM report ORDER BY number";
    let rows = sqlx::query(select).fetch_all(pool).await.map_err(engine)?;
    rows.iter().map(read).collect::<Result<_, _>>().map_err(engine)
}

pub(crate) async fn drop_before(pool: &SqlitePool, limit: UnixMillis) -> Result<u64, StoreError> {
    let delete = sqlx::query("DELETE FROM report WHERE at < ?").bind(limit.0 as i64);
    Ok(delete.execute(pool).await.map_err(engine)?.rows_affected())
}

fn read(row: &SqliteRow) -> Result<Report, sqlx::Error> {
    let meeting: Vec<u8> = row.try_get("meeting")?;
    let meeting =
        meeting.try_into().map_err(|_| sqlx::Error::Decode("an id has 16 bytes".into()))?;
    Ok(Report {
        meeting: MeetingId(meeting),
        at: UnixMillis(row.try_get::<i64, _>("at")? as u64),
        category: row.try_get("category")?,
        text: row.try_get("text")?,
    })
}
