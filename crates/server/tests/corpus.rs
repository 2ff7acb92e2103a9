//! Replays the corpus of the `config` fuzz target.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

#[path = "../../../fuzz/src/config.rs"]
mod config;

#[test]
fn config_corpus() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/config");
    let mut files = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        config::config(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 0, "the corpus of config is empty");
}
