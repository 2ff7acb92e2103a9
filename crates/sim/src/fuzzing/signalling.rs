//! Signalling text, in both directions, and everything a shell can hand to a participant.

use base::{Millis, Now, Secret, UnixMillis};
use client::shell::{Input, Output};
use client::{Config, Create, Participant};
use wire::{ClientMessage, ServerMessage};

/// What reads is written as text that reads as the same.
pub fn signalling(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(message) = ClientMessage::read(text) {
        let written = message.to_text();
        let again = ClientMessage::read(&written).expect("our own text reads");
        assert_eq!(again.to_text(), written);
    }
    if let Ok(message) = ServerMessage::read(text) {
        let written = message.to_text();
        let again = ServerMessage::read(&written).expect("our own text reads");
        assert_eq!(again.to_text(), written);
    }
}

/// A host's or a guest's core (the first byte says which) gets one input a line: JSON of
/// [`Input`], or else text from the server. Whatever it sends is a message, and it asks for little.
pub fn client(data: &[u8]) {
    let Some((who, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let mut core = participant(who % 2 == 0);
    let mut outputs = drain(&mut core);
    let mut inputs = 1;
    for (line, second) in text.lines().zip(1..) {
        let input = serde_json::from_str(line)
            .unwrap_or_else(|_| Input::SocketMessage { text: line.to_owned() });
        core.handle(at(second), input);
        inputs += 1;
        outputs += drain(&mut core);
    }
    assert!(outputs <= 40 * inputs, "{outputs} outputs of {inputs} inputs");
}

fn drain(core: &mut Participant) -> usize {
    let mut count = 0;
    while let Some(output) = core.poll_output() {
        count += 1;
        if let Output::Send { text } = &output {
            ClientMessage::read(text).expect("a participant sends messages");
        }
    }
    count
}

fn participant(host: bool) -> Participant {
    let (host_seed, guest_seed) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let params = Create {
        device_seed: host_seed.clone(),
        title: "Tuesday".into(),
        host_name: "Dr. Host".into(),
    };
    let made = client::create(params, at(0), &mut entropy);
    let meeting = made.invite_path[3..25].to_owned();
    let config = Config {
        origin: "https://meet.example.org".into(),
        meeting,
        fragment: (!host).then_some(made.fragment),
        device_seed: if host { host_seed } else { guest_seed },
        saved: host.then_some(made.saved),
    };
    Participant::new(config, at(0), Box::new(entropy))
}

fn at(second: u64) -> Now {
    Now { mono: Millis(1_000 * second), wall: UnixMillis(1_760_000_000_000 + 1_000 * second) }
}

fn entropy(out: &mut [u8]) {
    out.fill(7);
}
