//! The server side, in a process of its own: the real media threads, told what to do line by line
//! (JSON) on stdin, answering on stdout.

use base::ParticipantId;
use serde_json::{Value, json};
use server::media::*;
use std::io::{BufRead, Write};

const ROOM: RoomId = RoomId([1; 16]);

fn id(number: u64) -> PeerId {
    PeerId { room: ROOM, participant: ParticipantId(number as u32) }
}

fn line(mid: &Value) -> LineId {
    LineId(mid.as_str().unwrap_or_default().to_owned())
}

fn tell(value: &Value) {
    let _ = writeln!(std::io::stdout().lock(), "{value}");
}

pub fn run() {
    let loopback = "127.0.0.1".parse().expect("an address");
    let config = MediaConfig {
        listen: "127.0.0.1:0".parse().expect("an address"),
        shards: 1,
        advertise: vec![loopback],
    };
    let (media, mut events) = Media::start(config).expect("sockets");
    let handle = media.handle();
    std::thread::spawn(move || {
        while let Some(event) = events.blocking_recv() {
            match event {
                MediaEvent::Answer { peer, sdp } => tell(&json!([peer.participant.0, sdp])),
                MediaEvent::OfferRefused { error, .. } => panic!("refused: {error}"),
                _ => {}
            }
        }
    });
    for text in std::io::stdin().lock().lines().map_while(Result::ok) {
        let command: Value = serde_json::from_str(&text).expect("a command");
        obey(&handle, &command);
    }
}

fn obey(handle: &MediaHandle, command: &Value) {
    let peer = id(command["peer"].as_u64().unwrap_or(0));
    match command["do"].as_str().unwrap_or_default() {
        "join" => {
            handle.permit(peer, Permissions::ALL);
            let sdp = command["sdp"].as_str().unwrap_or_default().to_owned();
            handle.offer(peer, sdp, true).expect("control has room");
            handle.keys_ready(peer).expect("control has room");
        }
        "publish" => {
            let source =
                |name: &str, kind| Published { line: line(&command[name]), kind, active: true };
            let both = [source("mic", Kind::Mic), source("camera", Kind::Camera)];
            let named = both.into_iter().filter(|source| !source.line.0.is_empty());
            handle.publish(peer, named.collect()).expect("control has room");
        }
        "watch" => {
            let empty = Vec::new();
            let wishes =
                command["wishes"].as_array().unwrap_or(&empty).iter().map(|wish| SlotWish {
                    line: line(&wish[0]),
                    source: SourceId {
                        participant: id(wish[1].as_u64().unwrap_or(0)).participant,
                        kind: Kind::Camera,
                    },
                    height: 720,
                });
            handle.layout(peer, wishes.collect()).expect("control has room");
        }
        _ => {
            let metrics: serde_json::Map<String, Value> = handle
                .metrics()
                .list()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            tell(&json!({ "metrics": metrics }));
        }
    }
}
