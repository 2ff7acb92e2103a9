//! Numbered migrations. Each is a file that ends by setting `user_version` to its number, and is
//! never changed once released.

use crate::engine;
use sqlx::sqlite::SqlitePool;
use store::StoreError;

/// In order; the first makes an empty database version 1.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_meetings.sql"),
    include_str!("../migrations/0002_meetings_by_use.sql"),
    include_str!("../migrations/0003_reports.sql"),
];

/// Runs the migrations that the database lacks, each as one transaction.
pub(crate) async fn bring_up_to_date(pool: &SqlitePool) -> Result<(), StoreError> {
    let found = version(pool).await?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    for migration in MIGRATIONS.iter().skip(found as usize) {
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await.map_err(engine)?;
        sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(engine)?;
        transaction.commit().await.map_err(engine)?;
    }
    Ok(())
}

async fn version(pool: &SqlitePool) -> Result<i64, StoreError> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(pool).await.map_err(engine)
}
