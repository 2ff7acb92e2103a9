//! Shards, clients and the datagrams between them, all in one thread and in virtual time.

use super::client::{Client, Got, SOUND};
use base::ParticipantId;
use sfu::transport::{MediaTransport, Str0mConfig, Str0mTransport};
use sfu::*;
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use str0m::media::Mid;

pub const ROOM: RoomId = RoomId([7; 16]);

/// Virtual time after which something will never happen.
const PATIENCE: Duration = Duration::from_secs(20);

const STEP: Duration = Duration::from_millis(1);

/// A line with a queue in front of it.
pub struct Link {
    pub bits_per_second: u64,
    free_at: Instant,
    /// When they arrive, and from where.
    queue: VecDeque<(Instant, SocketAddr, Vec<u8>)>,
}

/// What would wait longer than this for a thin line is lost.
const LONGEST_QUEUE: Duration = Duration::from_millis(400);

/// IP and UDP headers.
const HEADERS: usize = 28;

impl Link {
    fn take(&mut self, now: Instant, from: SocketAddr, datagram: Vec<u8>) {
        let begins = self.free_at.max(now);
        if begins - now > LONGEST_QUEUE {
            return;
        }
        let bits = 8 * (datagram.len() + HEADERS) as u64;
        self.free_at = begins + Duration::from_nanos(bits * 1_000_000_000 / self.bits_per_second);
        self.queue.push_back((self.free_at, from, datagram));
    }
}

pub struct World {
    pub now: Instant,
    config: Str0mConfig,
    pub shards: Vec<Shard<Str0mTransport>>,
    pub clients: Vec<Client>,
    pub seen: Vec<Event>,
    generation: u64,
    lent: Option<Box<Str0mTransport>>,
    /// Datagrams to clients are lost while this says so.
    pub lose: bool,
    /// The shards get a turn once in this time; 1 ms unless they are busy.
    pub turns_each: Duration,
    next_turn: Instant,
    /// What reached the sockets of busy shards.
    waiting: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
    /// What comes is taken in but nothing is shared out yet: a turn that has not ended.
    pub hold: bool,
    /// Thin lines towards clients, by number.
    pub links: HashMap<u32, Link>,
    /// RTCP that the shards have been given.
    pub reports: usize,
    /// When each RTCP datagram to a client left, by its number.
    told: Vec<(u32, Instant)>,
    /// To whom the RTP of each flush went, one behind the other, and how long it was.
    pub batches: Vec<Vec<(SocketAddr, usize)>>,
    crossing: VecDeque<(usize, Cross)>,
    /// Streams that may wait, each time they were told.
    pub unheard: Vec<Vec<u32>>,
    /// What clients sent: from where, where to.
    pub overheard: Vec<(SocketAddr, SocketAddr, Vec<u8>)>,
}

pub fn id(number: u32) -> PeerId {
    PeerId { room: ROOM, participant: ParticipantId(number) }
}

fn line(mid: Mid) -> LineId {
    LineId(mid.to_string())
}

pub fn address(shard: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 3_000 + shard as u16))
}

impl World {
    pub fn new(shards: usize) -> World {
        let now = Instant::now();
        World {
            now,
            config: Str0mConfig::new().unwrap(),
            shards: (0..shards).map(|index| Shard::new(index, now)).collect(),
            clients: Vec::new(),
            seen: Vec::new(),
            generation: 0,
            lent: None,
            lose: false,
            turns_each: STEP,
            next_turn: now,
            waiting: Vec::new(),
            hold: false,
            links: HashMap::new(),
            reports: 0,
            told: Vec::new(),
            batches: Vec::new(),
            crossing: VecDeque::new(),
            unheard: Vec::new(),
            overheard: Vec::new(),
        }
    }

    /// Everyone connected, permitted, publishing and with keys; people alternate over shards.
    pub fn with(shards: usize, people: u32, slots: usize) -> World {
        let mut world = World::new(shards);
        for number in 1..=people {
            world.connect(number, slots);
            world.admit(number);
        }
        world.until("everyone is connected", |world| world.clients.iter().all(|c| c.connected));
        world
    }

    fn shard_of(&self, number: u32) -> usize {
        number as usize % self.shards.len()
    }

    pub fn connect(&mut self, number: u32, slots: usize) {
        let shard = self.shard_of(number);
        let (mut client, offer) = Client::new(self.now, number, slots);
        let mut transport = Str0mTransport::new(self.now, &self.config, &[address(shard)]).unwrap();
        let answer = transport.accept_offer(self.now, &offer).unwrap();
        client.accept(&answer);
        self.clients.push(client);
        self.generation += 1;
        let (generation, transport) = (self.generation, Box::new(transport));
        self.command(shard, Command::Adopt { peer: id(number), generation, transport });
        let shards = (1 << self.shards.len()) - 1;
        for shard in 0..self.shards.len() {
            self.command(shard, Command::RoomShards { room: ROOM, shards });
        }
    }

    /// A re-offer with more slots, as the control thread does it, with this much time in between.
    pub fn grow(&mut self, number: u32, slots: usize, pause: Duration) {
        self.grow_while(number, slots, |world| world.run(pause));
    }

    /// A re-offer with more slots; `meanwhile` the connection is lent out.
    pub fn grow_while(&mut self, number: u32, slots: usize, meanwhile: impl FnOnce(&mut World)) {
        let offer = self.client(number).grow(slots);
        self.offer_again(number, &offer, meanwhile);
    }

    /// A line for a screen's sound each way; this client's own is published.
    pub fn share_sound(&mut self, number: u32) {
        let offer = self.client(number).add_sound();
        self.offer_again(number, &offer, |_| {});
        self.publish(number);
    }

    fn offer_again(&mut self, number: u32, offer: &str, meanwhile: impl FnOnce(&mut World)) {
        let shard = self.shard_of(number);
        self.command(shard, Command::Release { peer: id(number) });
        meanwhile(self);
        let mut transport = self.lent.take().expect("the connection was released");
        let answer = transport.accept_offer(self.now, offer).unwrap();
        self.command(shard, Command::Return { peer: id(number), transport });
        self.client(number).accept(&answer);
    }

    pub fn permit(&mut self, number: u32, permissions: Permissions) {
        for shard in 0..self.shards.len() {
            self.command(shard, Command::Permit { peer: id(number), permissions });
        }
    }

    pub fn keys_ready(&mut self, number: u32) {
        for shard in 0..self.shards.len() {
            self.command(shard, Command::KeysReady { peer: id(number) });
        }
    }

    pub fn admit(&mut self, number: u32) {
        self.permit(number, Permissions::ALL);
        self.keys_ready(number);
        self.publish(number);
    }

    pub fn publish(&mut self, number: u32) {
        let client = self.client(number);
        let mut sources = vec![
            Published { line: line(client.mic), kind: Kind::Mic, active: true },
            Published { line: line(client.camera), kind: Kind::Camera, active: true },
        ];
        let sound = client.sound.map(line);
        sources.extend(sound.map(|line| Published { line, kind: Kind::ScreenAudio, active: true }));
        let shard = self.shard_of(number);
        self.command(shard, Command::Publish { peer: id(number), sources });
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
        let shard = self.shard_of(number);
        self.command(shard, Command::Layout { peer: id(number), wishes });
    }

    /// This client listens to the sound of that one's screen, or to none.
    pub fn listen(&mut self, number: u32, to: Option<u32>) {
        let line = line(self.client(number).sound_of_others.unwrap());
        let source = |who| SourceId { participant: ParticipantId(who), kind: Kind::ScreenAudio };
        let wish = |who| SlotWish { line, source: source(who), height: 0 };
        let wishes = to.map(wish).into_iter().collect();
        let shard = self.shard_of(number);
        self.command(shard, Command::Layout { peer: id(number), wishes });
    }

    /// Packets of screens' sound that a client received since a moment: on the line for it, and
    /// among the voices.
    pub fn sound_since(&self, number: u32, since: Instant) -> (usize, usize) {
        let client = self.clients.iter().find(|client| client.number == number).unwrap();
        let sound = client.got.iter().filter(|got| got.layer == SOUND && got.at >= since);
        let (on_its_line, elsewhere): (Vec<_>, Vec<_>) =
            sound.partition(|got| Some(got.mid) == client.sound_of_others);
        (on_its_line.len(), elsewhere.len())
    }

    pub fn command(&mut self, shard: usize, command: Command<Str0mTransport>) {
        self.shards[shard].handle_command(self.now, command);
        self.settle();
    }

    pub fn client(&mut self, number: u32) -> &mut Client {
        self.clients.iter_mut().find(|client| client.number == number).unwrap()
    }

    pub fn turn(&mut self) {
        self.now += STEP;
        let free = self.now >= self.next_turn;
        if free {
            self.next_turn = self.now + self.turns_each;
            for shard in &mut self.shards {
                shard.handle_timeout(self.now);
            }
            self.settle();
        }
        for client in &mut self.clients {
            if let Some(link) = self.links.get_mut(&client.number) {
                while link.queue.front().is_some_and(|(at, ..)| *at <= self.now) {
                    let Some((_, from, datagram)) = link.queue.pop_front() else { break };
                    client.receive(self.now, from, &datagram);
                }
            }
            client.turn(self.now);
            let sent = std::mem::take(&mut client.outbox).into_iter();
            let sent = sent.map(|(to, bytes)| (client.address, to, bytes));
            self.overheard.extend(sent.clone());
            self.waiting.extend(sent);
        }
        if free {
            for (from, to, bytes) in std::mem::take(&mut self.waiting) {
                self.reports += usize::from(sfu::transport::is_rtcp(&bytes));
                let shard = usize::from(to.port() - 3_000);
                self.shards[shard].handle_datagram(self.now, from, to, &bytes);
            }
            self.settle();
        }
    }

    /// The last STUN request that came from this client's address, and where it went.
    pub fn last_check(&mut self, number: u32) -> (SocketAddr, Vec<u8>) {
        let address = self.client(number).address;
        let mut heard = self.overheard.iter().rev();
        let check = heard.find(|(from, _, bytes)| *from == address && bytes.starts_with(&[0, 1]));
        let (_, to, bytes) = check.expect("it has sent a check").clone();
        (to, bytes)
    }

    /// A datagram reaches a shard, whoever sent it.
    pub fn arrive(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) {
        self.shards[usize::from(to.port() - 3_000)].handle_datagram(self.now, from, to, bytes);
        self.settle();
    }

    /// Performs outputs until there are none.
    fn settle(&mut self) {
        if self.hold {
            return;
        }
        loop {
            let mut any = false;
            for shard in 0..self.shards.len() {
                self.shards[shard].flush(self.now, |_| {});
                any |= self.deliver(shard);
                while let Some(output) = self.shards[shard].poll_output() {
                    any = true;
                    self.perform(output);
                }
            }
            while let Some((to, message)) = self.crossing.pop_front() {
                any = true;
                self.shards[to].handle_cross(self.now, message);
            }
            if !any {
                return;
            }
        }
    }

    /// Carries what a shard sends to the clients. True when there was something.
    fn deliver(&mut self, shard: usize) -> bool {
        let egress = self.shards[shard].egress();
        let sent: Vec<_> =
            egress.departures().iter().map(|d| (d.from, d.to, egress.bytes(d).to_vec())).collect();
        egress.clear();
        let rtp = sent.iter().filter(|(.., datagram)| sfu::transport::is_rtp(datagram));
        self.batches.push(rtp.map(|(_, to, datagram)| (*to, datagram.len())).collect());
        let any = !sent.is_empty();
        for (from, to, datagram) in sent {
            let lost = self.lose;
            let Some(client) = self.clients.iter_mut().find(|c| c.address == to && !lost) else {
                continue;
            };
            if sfu::transport::is_rtcp(&datagram) {
                self.told.push((client.number, self.now));
            }
            match self.links.get_mut(&client.number) {
                Some(link) => link.take(self.now, from, datagram),
                None => client.receive(self.now, from, &datagram),
            }
        }
        any
    }

    /// What this client receives passes a line of so many bits a second.
    pub fn limit(&mut self, number: u32, bits_per_second: u64) {
        let link = Link { bits_per_second, free_at: self.now, queue: VecDeque::new() };
        match self.links.get_mut(&number) {
            Some(link) => link.bits_per_second = bits_per_second,
            None => _ = self.links.insert(number, link),
        }
    }

    fn perform(&mut self, output: Output<Str0mTransport>) {
        match output {
            Output::Cross { to, message } => self.crossing.push_back((to, message)),
            Output::Released { transport, .. } => self.lent = transport,
            Output::Event(event) => self.seen.push(event),
            Output::Unheard(ssrcs) => self.unheard.push(ssrcs),
        }
    }

    pub fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.turn();
        }
    }

    pub fn until(&mut self, what: &str, done: impl Fn(&World) -> bool) {
        let end = self.now + PATIENCE;
        while !done(self) {
            let counters: Vec<_> = self.shards.iter().map(Shard::counters).collect();
            assert!(self.now < end, "never: {what}; {counters:?}");
            self.turn();
        }
    }

    pub fn counters(&self) -> Counters {
        self.shards[0].counters()
    }

    /// What a client received on one of its video slots.
    pub fn video(&self, number: u32, slot: usize) -> Vec<Got> {
        let client = self.clients.iter().find(|client| client.number == number).unwrap();
        client.on(client.video[slot])
    }

    /// When RTCP was sent to a client since a moment.
    pub fn told_since(&self, number: u32, since: Instant) -> Vec<Instant> {
        let told = self.told.iter().filter(|(to, at)| *to == number && *at >= since);
        told.map(|(_, at)| *at).collect()
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
