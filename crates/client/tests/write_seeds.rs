//! Real conversations for the fuzzers of signalling and of the participant core to start from.

mod world;

use client::shell::Command;
use world::World;

/// Writes one message of each type, and a host's and a guest's conversation, for the fuzzers to
/// start from: `cargo test -p incamera-client --test write_seeds -- --ignored`.
#[test]
#[ignore = "writes into fuzz/corpus; run by hand after a format changed"]
fn write_seeds() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let mut world = World::pair();
    let guest = 1;
    world.command(guest, Command::Chat { text: "hello".into() });
    let device = world.people[guest].view.my_device.clone();
    world.command(0, Command::SetCohost { device, on: true });
    world.run(2_000);
    for (who, person) in [(b"H".as_slice(), &world.people[0]), (b"G", &world.people[guest])] {
        let received: Vec<_> = person.received.iter().map(|message| message.to_text()).collect();
        let lines = [r#"{"type":"socket_opened"}"#.to_owned()].into_iter().chain(received.clone());
        let talk = [who, lines.collect::<Vec<_>>().join("\n").as_bytes()].concat();
        let name = format!("conversation-{}", String::from_utf8_lossy(who));
        std::fs::write(corpus.join("client").join(name), talk).unwrap();
        for text in received.into_iter().chain(person.sent.iter().map(|m| m.to_text())) {
            let kind = text.split('"').nth(3).unwrap().to_owned();
            std::fs::write(corpus.join("signalling").join(kind), text).unwrap();
        }
    }
}
