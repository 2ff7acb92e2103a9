//! Replays the fuzzing corpora in `fuzz/corpus/` through the functions the fuzz targets run.
#![cfg(feature = "fuzzing")]
#![allow(clippy::unwrap_used)] // A panic in a test is its report, in its helpers too.

use e2ee::fuzzing;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap_or_else(|error| panic!("{}: {error}", corpus.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    for file in files {
        run(&std::fs::read(file).unwrap());
    }
}

#[test]
fn policy_corpus() {
    replay("policy", fuzzing::commit_facts);
}

#[test]
fn content_corpus() {
    replay("content", fuzzing::content);
}

#[test]
fn statements_corpus() {
    replay("statements", fuzzing::statements);
}

#[test]
fn session_corpus() {
    replay("session", fuzzing::session);
}

#[test]
fn frame_corpus() {
    replay("frame", fuzzing::frame);
}

#[test]
fn link_corpus() {
    replay("link", fuzzing::link);
}

#[test]
fn knock_corpus() {
    replay("knock", fuzzing::knock);
}

#[test]
fn passcode_corpus() {
    replay("passcode", fuzzing::passcode);
}

/// Writes the genuine inputs that fuzzing of frames, links, knocks and passcodes starts from:
/// `cargo test -p incamera-e2ee --test corpus -- --ignored`.
#[test]
#[ignore = "writes into fuzz/corpus; run by hand after a format changed"]
fn write_seeds() {
    for (target, seeds) in [
        ("frame", fuzzing::frame_seeds()),
        ("link", fuzzing::link_seeds()),
        ("knock", fuzzing::knock_seeds()),
        ("passcode", fuzzing::passcode_seeds()),
    ] {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
        std::fs::create_dir_all(&corpus).unwrap();
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(corpus.join(format!("genuine-{number}")), seed).unwrap();
        }
    }
}
