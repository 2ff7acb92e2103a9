//! The contract every store keeps, as a suite to run on each: [`contract!`](crate::contract!)
//! writes one `#[tokio::test]` per rule.

use crate::{MAX_REPORTS, MAX_REPORTS_OF_MEETING, Report, Store, StoreError};
use base::record::{Record, RecordKey, Saved, Write};
use base::{MeetingId, MeetingKey, UnixMillis};

/// Writes one test per rule of the contract. `$fresh` is an expression that yields a future of an
/// empty store.
#[macro_export]
macro_rules! contract {
    ($fresh:expr) => {
        $crate::contract!($fresh;
            a_created_meeting_is_kept,
            an_unknown_meeting_is_none,
            an_id_is_taken_once,
            records_are_kept_whole_and_in_order,
            a_record_takes_the_place_of_its_namesake,
            deleting_drops_only_what_it_names,
            a_batch_happens_in_order,
            a_batch_for_an_unknown_meeting_is_refused,
            an_end_is_kept,
            a_forgotten_meeting_is_gone_with_its_records,
            unused_meetings_are_forgotten,
            meetings_do_not_mix,
            reports_are_kept_in_order_and_outlive_their_meeting,
            old_reports_are_forgotten,
            reports_about_one_meeting_are_bounded,
            all_reports_together_are_bounded,
        );
    };
    ($fresh:expr; $($rule:ident),* $(,)?) => {
        $(
            #[tokio::test]
            async fn $rule() {
                $crate::contract::$rule(&$fresh.await).await;
            }
        )*
    };
}

const AT: UnixMillis = UnixMillis(1_000);

pub async fn a_created_meeting_is_kept(store: &impl Store) {
    create(store, 1).await;
    let expected =
        Saved { meeting: id(1), key: key(1), used: AT, ended: None, records: Vec::new() };
    assert_eq!(load(store, 1).await, Some(expected));
}

pub async fn an_unknown_meeting_is_none(store: &impl Store) {
    assert_eq!(load(store, 1).await, None);
}

pub async fn an_id_is_taken_once(store: &impl Store) {
    create(store, 1).await;
    let again = store.create(id(1), key(2), AT).await;
    assert!(matches!(again, Err(StoreError::Taken)));
    assert_eq!(load(store, 1).await.map(|saved| saved.key), Some(key(1)));
}

pub async fn records_are_kept_whole_and_in_order(store: &impl Store) {
    create(store, 1).await;
    let large = vec![0xa5; 512 * 1024];
    let numbers = [u64::MAX, 1 << 63, 0, 7];
    let mut records: Vec<Record> = numbers.map(|n| record(2, n, &large)).into();
    records.push(record(1, 9, b""));
    apply(store, 1, records.iter().cloned().map(Write::Put).collect()).await;
    records.sort_by_key(|record| record.key);
    assert_eq!(kept(store, 1).await, records);
}

pub async fn a_record_takes_the_place_of_its_namesake(store: &impl Store) {
    create(store, 1).await;
    apply(store, 1, vec![put(1, 1, b"old"), put(1, 2, b"other")]).await;
    apply(store, 1, vec![put(1, 1, b"new")]).await;
    assert_eq!(kept(store, 1).await, [record(1, 1, b"new"), record(1, 2, b"other")]);
}

pub async fn deleting_drops_only_what_it_names(store: &impl Store) {
    create(store, 1).await;
    apply(store, 1, vec![put(1, 1, b"a"), put(1, 2, b"b"), put(2, 1, b"c"), put(3, 1, b"d")]).await;
    let absent = RecordKey { kind: 9, number: 9 };
    let one = RecordKey { kind: 1, number: 1 };
    let batch = vec![Write::Delete(one), Write::DeleteKind(2), Write::Delete(absent)];
    apply(store, 1, batch).await;
    assert_eq!(kept(store, 1).await, [record(1, 2, b"b"), record(3, 1, b"d")]);
}

pub async fn a_batch_happens_in_order(store: &impl Store) {
    create(store, 1).await;
    apply(store, 1, vec![put(1, 1, b"a"), Write::DeleteKind(1), put(1, 2, b"b")]).await;
    assert_eq!(kept(store, 1).await, [record(1, 2, b"b")]);
}

pub async fn a_batch_for_an_unknown_meeting_is_refused(store: &impl Store) {
    let refused = store.apply(id(1), vec![put(1, 1, b"a")]).await;
    assert!(matches!(refused, Err(StoreError::Unknown)));
    create(store, 1).await;
    assert_eq!(kept(store, 1).await, []);
}

pub async fn an_end_is_kept(store: &impl Store) {
    create(store, 1).await;
    apply(store, 1, vec![Write::Ended(b"signed".to_vec())]).await;
    assert_eq!(load(store, 1).await.and_then(|saved| saved.ended), Some(b"signed".to_vec()));
}

pub async fn a_forgotten_meeting_is_gone_with_its_records(store: &impl Store) {
    create(store, 1).await;
    apply(store, 1, vec![put(1, 1, b"a")]).await;
    apply(store, 1, vec![Write::Forget]).await;
    assert_eq!(load(store, 1).await, None);
    create(store, 1).await;
    assert_eq!(kept(store, 1).await, []);
}

pub async fn unused_meetings_are_forgotten(store: &impl Store) {
    for meeting in 1..=3 {
        create(store, meeting).await;
    }
    apply(store, 2, vec![Write::Used(UnixMillis(5_000))]).await;
    apply(store, 3, vec![Write::Used(UnixMillis(4_999)), put(1, 1, b"a")]).await;
    let forgotten = store.forget_unused(UnixMillis(5_000)).await;
    assert_eq!(forgotten.expect("the store works"), 2);
    assert_eq!(load(store, 1).await, None);
    assert_eq!(load(store, 2).await.map(|saved| saved.used), Some(UnixMillis(5_000)));
    assert_eq!(load(store, 3).await, None);
}

pub async fn meetings_do_not_mix(store: &impl Store) {
    create(store, 1).await;
    create(store, 2).await;
    apply(store, 1, vec![put(1, 1, b"one")]).await;
    apply(store, 2, vec![put(1, 1, b"two")]).await;
    apply(store, 1, vec![Write::DeleteKind(1), Write::Ended(Vec::new())]).await;
    assert_eq!(kept(store, 2).await, [record(1, 1, b"two")]);
    assert_eq!(load(store, 2).await.and_then(|saved| saved.ended), None);
}

pub async fn reports_are_kept_in_order_and_outlive_their_meeting(store: &impl Store) {
    create(store, 1).await;
    let written =
        [report(1, 1_000, "first"), report(2, 1_000, "second\nline"), report(1, 1, "old")];
    for one in &written {
        store.report(one.clone()).await.expect("there is room");
    }
    apply(store, 1, vec![Write::Forget]).await;
    assert!(store.reports().await.expect("the store works") == written);
}

pub async fn old_reports_are_forgotten(store: &impl Store) {
    for at in [4_999, 5_000] {
        store.report(report(1, at, "words")).await.expect("there is room");
    }
    let forgotten = store.forget_reports(UnixMillis(5_000)).await;
    assert_eq!(forgotten.expect("the store works"), 1);
    assert!(store.reports().await.expect("the store works") == [report(1, 5_000, "words")]);
}

pub async fn reports_about_one_meeting_are_bounded(store: &impl Store) {
    for _ in 0..MAX_REPORTS_OF_MEETING {
        store.report(report(1, 1, "words")).await.expect("there is room");
    }
    assert!(matches!(store.report(report(1, 1, "words")).await, Err(StoreError::Full)));
    store.report(report(2, 1, "words")).await.expect("another meeting has its own room");
}

pub async fn all_reports_together_are_bounded(store: &impl Store) {
    let meeting = |n: usize| MeetingId((n as u128 / MAX_REPORTS_OF_MEETING as u128).to_be_bytes());
    for n in 0..MAX_REPORTS {
        let one = Report { meeting: meeting(n), ..report(0, 1, "words") };
        store.report(one).await.expect("there is room");
    }
    assert!(matches!(store.report(report(255, 1, "words")).await, Err(StoreError::Full)));
    store.forget_reports(UnixMillis(2)).await.expect("the store works");
    store.report(report(255, 1, "words")).await.expect("there is room again");
}

fn report(meeting: u8, at: u64, text: &str) -> Report {
    let (category, text) = ("conduct".to_owned(), text.to_owned());
    Report { meeting: id(meeting), at: UnixMillis(at), category, text }
}

fn id(n: u8) -> MeetingId {
    MeetingId([n; 16])
}

fn key(n: u8) -> MeetingKey {
    MeetingKey([n; 32])
}

fn record(kind: u8, number: u64, value: &[u8]) -> Record {
    Record { key: RecordKey { kind, number }, value: value.to_vec() }
}

fn put(kind: u8, number: u64, value: &[u8]) -> Write {
    Write::Put(record(kind, number, value))
}

async fn create(store: &impl Store, n: u8) {
    store.create(id(n), key(n), AT).await.expect("the id is free");
}

async fn apply(store: &impl Store, n: u8, batch: Vec<Write>) {
    store.apply(id(n), batch).await.expect("the meeting exists");
}

async fn load(store: &impl Store, n: u8) -> Option<Saved> {
    store.load(id(n)).await.expect("the store works")
}

async fn kept(store: &impl Store, n: u8) -> Vec<Record> {
    load(store, n).await.expect("the meeting exists").records
}
