//! Media threads, clients and the notices between them.

use super::client::{Client, Got};
use crate::media::*;
use base::ParticipantId;
use std::time::{Duration, Instant};
use str0m::media::Mid;

pub const ROOM: RoomId = RoomId([7; 16]);

/// Ten times what things take on a quiet machine.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Stage {
    pub media: MediaHandle,
    _threads: Media,
    events: MediaEvents,
    pub seen: Vec<MediaEvent>,
    pub clients: Vec<Client>,
}

pub fn id(number: u32) -> PeerId {
    PeerId { room: ROOM, participant: ParticipantId(number) }
}

fn line(mid: Mid) -> LineId {
    LineId(mid.to_string())
}

impl Stage {
    pub fn new(shards: usize) -> Stage {
        let config = MediaConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            shards,
            advertise: vec!["127.0.0.1".parse().unwrap()],
        };
        let (threads, events) = Media::start_with_slack(config, 0).unwrap();
        let media = threads.handle();
        Stage { media, _threads: threads, events, seen: Vec::new(), clients: Vec::new() }
    }

    /// Everyone connected, permitted, publishing and with keys.
    pub fn with(shards: usize, people: u32, slots: usize) -> Stage {
        let mut stage = Stage::new(shards);
        for number in 1..=people {
            stage.connect(number, slots);
            stage.admit(number);
        }
        stage.until("everyone is connected", |stage| stage.clients.iter().all(|c| c.connected));
        stage
    }

    pub fn connect(&mut self, number: u32, slots: usize) {
        let (client, offer) = Client::new(number, slots);
        self.clients.push(client);
        self.negotiate(number, offer, true);
    }

    pub fn negotiate(&mut self, number: u32, offer: String, new: bool) {
        let before = self.seen.len();
        self.media.offer(id(number), offer, new).unwrap();
        let answer = |stage: &Stage| {
            stage.seen[before..].iter().find_map(|event| match event {
                MediaEvent::Answer { peer, sdp } if *peer == id(number) => Some(sdp.clone()),
                _ => None,
            })
        };
        self.until("the offer is answered", |stage| answer(stage).is_some());
        let sdp = answer(self).unwrap();
        self.client(number).accept(&sdp);
    }

    pub fn admit(&mut self, number: u32) {
        self.media.permit(id(number), Permissions::ALL);
        self.media.keys_ready(id(number)).unwrap();
        self.publish(number);
    }

    pub fn publish(&mut self, number: u32) {
        let client = self.client(number);
        let sources = vec![
            Published { line: line(client.mic), kind: Kind::Mic, active: true },
            Published { line: line(client.camera), kind: Kind::Camera, active: true },
        ];
        self.media.publish(id(number), sources).unwrap();
    }

    /// This client's slots show these cameras at these heights.
    pub fn watch(&mut self, number: u32, wishes: &[(usize, u32, u16)]) {
        let client = self.client(number);
        let wishes = wishes
            .iter()
            .map(|(slot, who, height)| SlotWish {
                line: line(client.video[*slot]),
                source: SourceId { participant: ParticipantId(*who), kind: Kind::Camera },
                height: *height,
            })
            .collect();
        self.media.layout(id(number), wishes).unwrap();
    }

    pub fn client(&mut self, number: u32) -> &mut Client {
        self.clients.iter_mut().find(|client| client.number == number).unwrap()
    }

    pub fn turn(&mut self) {
        let now = Instant::now();
        for client in &mut self.clients {
            client.turn(now);
        }
        while let Ok(event) = self.events.try_recv() {
            self.seen.push(event);
        }
        std::thread::sleep(Duration::from_millis(2));
    }

    pub fn run(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.turn();
        }
    }

    pub fn until(&mut self, what: &str, done: impl Fn(&Stage) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < end, "never: {what}; {:?}", self.media.metrics());
            self.turn();
        }
    }

    /// What a client received on one of its video slots.
    pub fn video(&self, number: u32, slot: usize) -> Vec<Got> {
        let client = self.clients.iter().find(|client| client.number == number).unwrap();
        client.on(client.video[slot])
    }

    /// Whose voices a client heard since a moment.
    pub fn heard_since(&self, number: u32, since: Instant) -> Vec<u8> {
        let client = self.clients.iter().find(|client| client.number == number).unwrap();
        let mut heard: Vec<u8> = client
            .got
            .iter()
            .filter(|got| client.audio.contains(&got.mid) && got.at >= since)
            .map(|got| got.from)
            .collect();
        heard.sort_unstable();
        heard.dedup();
        heard
    }
}
