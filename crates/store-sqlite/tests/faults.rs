//! What the machine does to a database that is in use.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use base::record::{Record, RecordKey, Write};
use base::{MeetingId, MeetingKey, UnixMillis};
use common::Directory;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::time::{Duration, Instant};
use store::{Store, StoreError};
use store_sqlite::{FILE, SqliteStore};

const MEETING: MeetingId = MeetingId([1; 16]);

async fn opened(directory: &Directory) -> SqliteStore {
    let store = SqliteStore::open(directory).await.unwrap();
    store.create(MEETING, MeetingKey([2; 32]), UnixMillis(0)).await.unwrap();
    store
}

fn put(number: u64) -> Vec<Write> {
    vec![Write::Put(Record { key: RecordKey { kind: 1, number }, value: vec![7] })]
}

async fn numbers(store: &SqliteStore) -> Vec<u64> {
    let saved = store.load(MEETING).await.unwrap().unwrap();
    saved.records.iter().map(|record| record.key.number).collect()
}

#[tokio::test]
async fn a_file_that_is_gone_takes_no_writes_until_it_is_back() {
    let directory = Directory::new();
    let store = opened(&directory).await;
    let (here, away) = (directory.join(FILE), directory.join("away"));
    std::fs::rename(&here, &away).unwrap();
    let error = store.apply(MEETING, put(1)).await.unwrap_err();
    assert!(error.to_string().contains("put it back"), "{error}");
    std::fs::write(&here, b"another").unwrap();
    let error = store.apply(MEETING, put(1)).await.unwrap_err();
    assert!(error.to_string().contains("restart"), "{error}");
    std::fs::rename(&away, &here).unwrap();
    store.apply(MEETING, put(2)).await.unwrap();
    assert_eq!(numbers(&store).await, [2], "what was refused was not kept");
}

#[tokio::test]
async fn a_lock_of_another_process_delays_writes_and_no_reads() {
    let directory = Directory::new();
    let store = opened(&directory).await;
    let options = SqliteConnectOptions::new().filename(directory.join(FILE));
    let mut other = options.connect().await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let (write, began) = (store.apply(MEETING, put(1)), Instant::now());
    let reads = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let asked = Instant::now();
        assert_eq!(numbers(&store).await, []);
        assert!(asked.elapsed() < Duration::from_secs(1), "waited {:?}", asked.elapsed());
    };
    let (written, ()) = tokio::join!(write, reads);
    assert!(matches!(written, Err(StoreError::Engine(_))), "{written:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
    lock.rollback().await.unwrap();
    store.apply(MEETING, put(1)).await.unwrap();
    assert_eq!(numbers(&store).await, [1]);
}
