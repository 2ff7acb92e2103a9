//! Replays the corpus of the `config` fuzz target.

#[path = "../../../fuzz/src/config.rs"]
mod config;

#[test]
fn config_corpus() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/config");
    let mut files = 0;
    for entry in std::fs::read_dir(corpus).expect("a committed corpus") {
        let path = entry.expect("a directory entry").path();
        config::config(&std::fs::read(path).expect("a readable file"));
        files += 1;
    }
    assert!(files > 0, "the corpus of config is empty");
}
