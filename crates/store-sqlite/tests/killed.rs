//! A process that is killed in the middle of its work loses nothing that was answered.

#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

mod common;

use base::record::{Record, RecordKey, Write};
use base::{MeetingId, MeetingKey, UnixMillis};
use common::Directory;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use store::Store;
use store_sqlite::SqliteStore;

const CHILD: &str = "INCAMERA_STORE_CHILD";
const MEETING: MeetingId = MeetingId([1; 16]);

/// Writes batches of two records each until it is killed, and prints each batch's number after
/// it was answered. Does nothing unless started by the test below.
#[tokio::test]
async fn writes_until_killed() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let store = SqliteStore::open(Path::new(&directory)).await.unwrap();
    store.create(MEETING, MeetingKey([2; 32]), UnixMillis(0)).await.unwrap();
    for number in 0.. {
        store.apply(MEETING, vec![put(1, number), put(2, number)]).await.unwrap();
        println!("answered {number}");
        std::io::stdout().flush().unwrap();
    }
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_answered_and_leaves_no_half_batch() {
    let directory = Directory::new();
    let answered = run_and_kill(&directory, 25);
    let store = SqliteStore::open(&directory).await.unwrap();
    let records = store.load(MEETING).await.unwrap().unwrap().records;
    let numbers = |kind| -> Vec<u64> {
        records.iter().filter(|r| r.key.kind == kind).map(|r| r.key.number).collect()
    };
    assert!(numbers(1).len() as u64 > answered, "batch {answered} was answered");
    assert_eq!(numbers(1), numbers(2));
    assert_eq!(numbers(1), (0..numbers(1).len() as u64).collect::<Vec<_>>());
    store.apply(MEETING, vec![put(3, 0)]).await.unwrap();
}

/// The number of the last batch that was seen answered before the kill.
fn run_and_kill(directory: &Path, batches: usize) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_killed", "--nocapture"])
        .env(CHILD, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut answered = lines.filter_map(|line| line.strip_prefix("answered ")?.parse().ok());
    let last = answered.nth(batches - 1).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    last
}

fn put(kind: u8, number: u64) -> Write {
    Write::Put(Record { key: RecordKey { kind, number }, value: vec![kind; 1000] })
}
