//! Databases of other releases.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use base::record::{Record, RecordKey};
use base::{MeetingId, MeetingKey, UnixMillis};
use common::Directory;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::Path;
use store::{Report, Store, StoreError};
use store_sqlite::{FILE, SqliteStore};

#[tokio::test]
async fn an_empty_directory_becomes_the_newest_version() {
    let directory = Directory::new();
    SqliteStore::open(&directory.join("deep/inside")).await.unwrap().close().await;
    assert_eq!(version(&directory.join("deep/inside")).await, 3);
}

#[tokio::test]
async fn a_version_1_database_is_brought_up_to_date_with_all_it_holds() {
    let directory = Directory::new();
    run(&directory, include_str!("fixtures/version-1.sql")).await;
    let store = SqliteStore::open(&directory).await.unwrap();
    let saved = store.load(MeetingId([1; 16])).await.unwrap().unwrap();
    assert_eq!((saved.key, saved.used), (MeetingKey([2; 32]), UnixMillis(1_700_000_000_000)));
    assert_eq!(saved.records, [record(1, 0, &[0x0a, 0x0b]), record(3, u64::MAX, &[0x0c])]);
    let ended = store.load(MeetingId([3; 16])).await.unwrap().unwrap().ended;
    assert_eq!(ended.as_deref(), Some(&b"end"[..]));
    store.close().await;
    assert_eq!(version(&directory).await, 3);
}

#[tokio::test]
async fn a_version_2_database_keeps_its_meetings_and_takes_reports() {
    let directory = Directory::new();
    run(&directory, include_str!("fixtures/version-1.sql")).await;
    run(&directory, include_str!("../migrations/0002_meetings_by_use.sql")).await;
    assert_eq!(version(&directory).await, 2);
    let store = SqliteStore::open(&directory).await.unwrap();
    let saved = store.load(MeetingId([1; 16])).await.unwrap().unwrap();
    assert_eq!(saved.records, [record(1, 0, &[0x0a, 0x0b]), record(3, u64::MAX, &[0x0c])]);
    let (category, text) = ("other".to_owned(), "words".to_owned());
    let report = Report { meeting: MeetingId([1; 16]), at: UnixMillis(5), category, text };
    store.report(report.clone()).await.unwrap();
    store.close().await;
    let store = SqliteStore::open(&directory).await.unwrap();
    assert!(store.reports().await.unwrap() == [report]);
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let directory = Directory::new();
    SqliteStore::open(&directory).await.unwrap().close().await;
    run(&directory, "PRAGMA user_version = 4").await;
    let error = SqliteStore::open(&directory).await.err().unwrap();
    assert!(matches!(error, StoreError::NewerSchema { found: 4, known: 3 }));
    assert!(error.to_string().contains("newer release"));
    assert_eq!(version(&directory).await, 4);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_an_error() {
    let directory = Directory::new();
    std::fs::create_dir_all(&*directory).unwrap();
    std::fs::write(directory.join(FILE), [7; 4096]).unwrap();
    assert!(matches!(SqliteStore::open(&directory).await, Err(StoreError::Engine(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_data_directory_is_closed_to_other_users() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    SqliteStore::open(&directory).await.unwrap().close().await;
    let mode = std::fs::metadata(&*directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

fn record(kind: u8, number: u64, value: &[u8]) -> Record {
    Record { key: RecordKey { kind, number }, value: value.to_vec() }
}

async fn version(directory: &Path) -> i64 {
    let mut connection = connect(directory).await;
    sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut connection).await.unwrap()
}

async fn run(directory: &Path, script: &str) {
    std::fs::create_dir_all(directory).unwrap();
    let mut connection = connect(directory).await;
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

async fn connect(directory: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(directory.join(FILE));
    options.create_if_missing(true).connect().await.unwrap()
}
