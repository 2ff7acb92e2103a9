//! Replays the fuzzing corpora in `fuzz/corpus/` through the functions the fuzz targets run.

use sim::fuzzing;
use std::path::Path;

fn replay(target: &str, run: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap_or_else(|error| panic!("{}: {error}", corpus.display()))
        .map(|entry| entry.expect("a directory entry").path())
        .collect();
    assert!(!files.is_empty(), "the corpus of {target} is empty");
    for file in files {
        run(&std::fs::read(file).expect("a readable file"));
    }
}

#[test]
fn datagram_corpus() {
    replay("datagram", fuzzing::datagram);
}

#[test]
fn offer_corpus() {
    replay("offer", fuzzing::offer);
}

#[test]
fn signalling_corpus() {
    replay("signalling", fuzzing::signalling);
}

#[test]
fn client_corpus() {
    replay("client", fuzzing::client);
}
