//! Several real participants, with real end-to-end encryption, around the real meeting core, in
//! virtual time. The server can be made to misbehave at each message it sends.
#![allow(dead_code)]

pub mod slow;
mod translate;

use base::record::{Record, Saved, Write};
use base::{Entropy, Millis, Now, OperatorPolicy, Rights, Secret, UnixMillis};
use client::shell::{Command, FrameCommand, Input, MediaCommand, Notice, Output};
use client::view::View;
use client::{Config, Create, Created, Participant};
use meeting::{ConnectionId, HelloExpectation, Limits, Meeting, ProvenDevice, Verified};
use std::collections::{BTreeMap, VecDeque};
use wire::{ClientMessage, ServerMessage};

pub const ORIGIN: &str = "https://meet.example.org";

/// A server's trick: what really goes to person `to` in the place of `message`.
pub type Trick = Box<dyn FnMut(usize, ServerMessage) -> Vec<ServerMessage>>;

pub struct World {
    pub now: Now,
    pub people: Vec<Person>,
    pub trick: Option<Trick>,
    pub running: bool,
    pub created: Created,
    /// What the operator has fixed; also from the next restart on.
    pub policy: wire::Policy,
    meeting: Meeting,
    saved: Saved,
    sockets: BTreeMap<ConnectionId, Socket>,
    last_connection: u64,
    random: u64,
    permits: BTreeMap<ConnectionId, Rights>,
}

/// One browser tab.
pub struct Person {
    pub core: Participant,
    pub view: View,
    pub seed: [u8; 32],
    pub fragment: Option<String>,
    pub saved: Option<Vec<u8>>,
    pub frames: Vec<FrameCommand>,
    pub media: Vec<MediaCommand>,
    pub notices: Vec<Notice>,
    /// Everything the server has sent to it.
    pub received: Vec<ServerMessage>,
    /// Everything it has sent.
    pub sent: Vec<ClientMessage>,
    pub network: bool,
    /// Its page does nothing, though its connection stands.
    pub asleep: bool,
    pub views: usize,
    connection: Option<ConnectionId>,
    wake: Option<Millis>,
    inputs: VecDeque<Input>,
}

struct Socket {
    person: usize,
    nonce: base::Nonce,
    greeted: bool,
}

const REAL: &str = "a test fixes what there is";

fn limits(policy: &wire::Policy) -> Limits {
    let pins = policy.pin.iter().try_fold(OperatorPolicy::default(), |all, pin| all.with_pin(pin));
    let policy = policy.forbid.iter().try_fold(pins.expect(REAL), |all, name| all.without(name));
    Limits { policy: policy.expect(REAL), ..Limits::default() }
}

fn entropy(seed: u64) -> Box<dyn Entropy + Send> {
    let mut state = seed;
    Box::new(move |out: &mut [u8]| {
        out.iter_mut().for_each(|byte| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            *byte = (state >> 56) as u8;
        })
    })
}

impl World {
    /// A meeting that exists, and its host's tab.
    pub fn new() -> Self {
        World::with_policy(wire::Policy::default())
    }

    /// On a server whose operator has fixed something.
    pub fn with_policy(policy: wire::Policy) -> Self {
        let now = Now { mono: Millis(1_000), wall: UnixMillis(1_760_000_000_000) };
        let params = Create {
            device_seed: Secret::new([1; 32]),
            title: "Tuesday".into(),
            host_name: "Dr. Host".into(),
        };
        let created = client::create(params, now, &mut *entropy(77));
        let id = created.meeting;
        let key = created.request.key;
        let saved = Saved { meeting: id, key, used: now.wall, ended: None, records: Vec::new() };
        let mut world = World {
            now,
            people: Vec::new(),
            trick: None,
            running: true,
            meeting: Meeting::new(id, key, now.wall, limits(&policy)),
            policy,
            saved,
            sockets: BTreeMap::new(),
            last_connection: 0,
            random: 5,
            created,
            permits: BTreeMap::new(),
        };
        let state = world.created.saved.clone();
        let fragment = world.created.fragment.clone();
        world.open_tab([1; 32], Some(fragment), Some(state));
        world
    }

    /// A guest with the right link.
    pub fn guest(&mut self, seed: u8) -> usize {
        let fragment = self.created.fragment.clone();
        self.open_tab([seed; 32], Some(fragment), None)
    }

    pub fn open_tab(
        &mut self,
        seed: [u8; 32],
        fragment: Option<String>,
        saved: Option<Vec<u8>>,
    ) -> usize {
        let core = self.core(&seed, &fragment, &saved);
        self.people.push(Person {
            core,
            view: View::default(),
            seed,
            fragment,
            saved,
            frames: Vec::new(),
            media: Vec::new(),
            notices: Vec::new(),
            received: Vec::new(),
            sent: Vec::new(),
            network: true,
            asleep: false,
            views: 0,
            connection: None,
            wake: None,
            inputs: VecDeque::new(),
        });
        self.settle();
        self.people.len() - 1
    }

    fn core(
        &mut self,
        seed: &[u8; 32],
        fragment: &Option<String>,
        saved: &Option<Vec<u8>>,
    ) -> Participant {
        self.random += 1;
        let config = Config {
            origin: ORIGIN.into(),
            meeting: self.created.meeting.to_text(),
            fragment: fragment.clone(),
            device_seed: Secret::new(*seed),
            saved: saved.clone(),
        };
        Participant::new(config, self.now, entropy(self.random))
    }

    /// The page is loaded again: everything in memory is gone.
    pub fn reload(&mut self, who: usize) {
        self.hang_up(who, false);
        let (seed, fragment) = (self.people[who].seed, self.people[who].fragment.clone());
        let saved = self.people[who].saved.clone();
        let core = self.core(&seed, &fragment, &saved);
        let person = &mut self.people[who];
        person.core = core;
        person.view = View::default();
        person.frames.clear();
        person.media.clear();
        person.inputs.clear();
        person.wake = None;
        self.settle();
    }

    /// The server is killed; what it stored stays.
    pub fn kill_server(&mut self) {
        self.running = false;
        for who in 0..self.people.len() {
            self.hang_up(who, true);
        }
        self.settle();
    }

    pub fn start_server(&mut self) {
        let saved = self.saved.clone();
        self.meeting = Meeting::restore(saved, limits(&self.policy)).expect("the store is whole");
        self.running = true;
    }

    /// What the server has stored, to serve it again later.
    pub fn backup(&self) -> Saved {
        self.saved.clone()
    }

    pub fn restore_backup(&mut self, saved: Saved) {
        self.kill_server();
        self.saved = saved;
        self.start_server();
    }

    /// The session that the server has.
    pub fn meeting_group(&self) -> Option<base::GroupId> {
        self.meeting.group().map(|(group, _)| group)
    }

    pub fn cut(&mut self, who: usize) {
        self.people[who].network = false;
        self.hang_up(who, true);
        self.settle();
    }

    /// The network is back, and the device notices.
    pub fn mend(&mut self, who: usize) {
        self.people[who].network = true;
        self.people[who].inputs.push_back(Input::NetworkChanged);
    }

    pub fn command(&mut self, who: usize, command: Command) {
        self.input(who, Input::Command(command));
    }

    /// Done before the page has read what lies there for it.
    pub fn command_first(&mut self, who: usize, command: Command) {
        self.people[who].inputs.push_front(Input::Command(command));
    }

    /// This page does so many things, and nobody else any.
    pub fn step(&mut self, who: usize, things: usize) {
        (0..things).for_each(|_| _ = self.drain_person(who));
    }

    /// The connection breaks, and nobody at this end notices yet.
    pub fn break_off(&mut self, who: usize) {
        self.hang_up(who, false);
        self.settle();
    }

    pub fn input(&mut self, who: usize, input: Input) {
        self.people[who].inputs.push_back(input);
        self.settle();
    }

    pub fn join(&mut self, who: usize, name: &str) {
        self.command(who, Command::Join { name: name.into() });
    }

    /// Admits whoever waits at the host's.
    pub fn admit_all(&mut self) {
        self.command(0, Command::AdmitAll);
    }

    /// Lets `ms` pass.
    pub fn run(&mut self, ms: u64) {
        let end = self.now.mono.0 + ms;
        loop {
            self.settle();
            let Some(next) = self.next_due().filter(|next| *next <= end) else { break };
            self.advance(next.max(self.now.mono.0 + 1));
            for who in 0..self.people.len() {
                if self.people[who].wake.is_some_and(|wake| wake <= self.now.mono) {
                    self.people[who].wake = None;
                    self.people[who].inputs.push_back(Input::Tick);
                }
            }
            if self.running {
                self.meeting.handle(self.now, meeting::Input::Tick);
            }
        }
        self.advance(end.max(self.now.mono.0));
        self.settle();
    }

    fn advance(&mut self, to: u64) {
        let by = to - self.now.mono.0;
        self.now = self.now.plus(std::time::Duration::from_millis(by));
    }

    fn next_due(&self) -> Option<u64> {
        let wakes = self.people.iter().filter_map(|person| person.wake).map(|wake| wake.0);
        let server = self.meeting.poll_timeout().filter(|_| self.running).map(|t| t.at.0);
        wakes.chain(server).min()
    }

    /// Until nobody has anything more to do at this moment.
    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let mut busy = self.drain_server();
            for who in 0..self.people.len() {
                busy |= self.drain_person(who);
            }
            if !busy {
                return;
            }
        }
        panic!("the participants never come to rest");
    }

    fn drain_person(&mut self, who: usize) -> bool {
        if self.people[who].asleep {
            return false;
        }
        let mut busy = false;
        while let Some(output) = self.people[who].core.poll_output() {
            busy = true;
            self.carry_out(who, output);
        }
        if let Some(input) = self.people[who].inputs.pop_front() {
            busy = true;
            let now = self.now;
            self.people[who].core.handle(now, input);
        }
        busy
    }

    fn carry_out(&mut self, who: usize, output: Output) {
        match output {
            Output::Connect { path } => {
                let id = self.created.meeting.to_text();
                assert_eq!(path, format!("/api/v1/meetings/{id}/ws"));
                self.hang_up(who, false);
                self.dial(who);
            }
            Output::Disconnect => self.hang_up(who, false),
            Output::Send { text } => {
                let message = ClientMessage::read(&text).expect("clients send valid messages");
                self.people[who].sent.push(message.clone());
                self.upload(who, message);
            }
            Output::Save { state } => self.people[who].saved = Some(state.0),
            Output::Forget => self.people[who].saved = None,
            Output::Notice { notice } => self.people[who].notices.push(notice),
            Output::WakeAt { mono } => self.people[who].wake = Some(Millis(mono)),
            Output::View { view } => {
                self.people[who].view = *view;
                self.people[who].views += 1;
            }
            Output::Media(command) => self.people[who].media.push(command),
            Output::Frames(command) => self.people[who].frames.push(command),
        }
    }

    fn dial(&mut self, who: usize) {
        if !self.running || !self.people[who].network {
            if self.people[who].network {
                self.people[who].inputs.push_back(Input::SocketClosed);
            }
            return;
        }
        self.last_connection += 1;
        let connection = translate::connection(self.last_connection);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.last_connection.to_be_bytes());
        let nonce = base::Nonce(nonce);
        self.sockets.insert(connection, Socket { person: who, nonce, greeted: false });
        self.people[who].connection = Some(connection);
        self.people[who].inputs.push_back(Input::SocketOpened);
        let key = self.saved.key;
        let policy = Some(self.policy.clone());
        let version = wire::VERSION;
        self.download(connection, ServerMessage::Challenge { version, nonce, key, policy });
    }

    fn hang_up(&mut self, who: usize, tell: bool) {
        let Some(connection) = self.people[who].connection.take() else { return };
        self.sockets.remove(&connection);
        if self.running {
            self.meeting.handle(self.now, meeting::Input::Disconnected { connection });
        }
        if tell {
            self.people[who].inputs.push_back(Input::SocketClosed);
        }
    }

    /// What the server forwards of this person's media.
    pub fn permit(&self, who: usize) -> Option<Rights> {
        self.permits.get(&self.people[who].connection?).copied()
    }

    /// Sends what this person's own program would not.
    pub fn upload(&mut self, who: usize, message: ClientMessage) {
        let Some(connection) = self.people[who].connection else { return };
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        if let ClientMessage::Hello { hello, certificate, .. } = message {
            assert!(!std::mem::replace(&mut socket.greeted, true), "one hello a connection");
            let expected = HelloExpectation {
                origins: &[ORIGIN.to_string()],
                meeting: self.saved.meeting,
                server_nonce: socket.nonce,
            };
            let device = ProvenDevice::check(&hello.0, expected).expect("a valid hello");
            let certificate = certificate
                .map(|bytes| Verified::by_meeting_key(&bytes.0, &self.saved.key).expect("valid"));
            let input = meeting::Input::Connected { connection, device, certificate };
            return self.meeting.handle(self.now, input);
        }
        if let ClientMessage::Ping { id } = message {
            return self.download(connection, ServerMessage::Pong { id });
        }
        if let Some(request) = translate::request(message, &self.saved) {
            self.meeting.handle(self.now, meeting::Input::Request { connection, request });
        }
    }

    fn drain_server(&mut self) -> bool {
        let mut busy = false;
        while let Some(output) = self.meeting.poll_output() {
            busy = true;
            match output {
                meeting::Output::Persist(writes) => writes.into_iter().for_each(|w| self.store(w)),
                meeting::Output::Send { to, message } => {
                    for connection in to {
                        self.download(connection, translate::message(message.clone()));
                    }
                }
                meeting::Output::Close { connection } => {
                    if let Some(socket) = self.sockets.remove(&connection) {
                        let person = &mut self.people[socket.person];
                        if person.connection == Some(connection) {
                            person.connection = None;
                        }
                        person.inputs.push_back(Input::SocketClosed);
                    }
                }
                meeting::Output::Media(meeting::Media::Permit { connection, rights, .. }) => {
                    self.permits.insert(connection, rights);
                }
                meeting::Output::Media(meeting::Media::Revoke { connection, .. }) => {
                    self.permits.remove(&connection);
                }
                meeting::Output::Warn(_) => {}
            }
        }
        busy
    }

    fn store(&mut self, write: Write) {
        let records = &mut self.saved.records;
        match write {
            Write::Put(Record { key, value }) => {
                records.retain(|record| record.key != key);
                records.push(Record { key, value });
                records.sort_by_key(|record| record.key);
            }
            Write::Delete(key) => records.retain(|record| record.key != key),
            Write::DeleteKind(kind) => records.retain(|record| record.key.kind != kind),
            Write::Used(at) => self.saved.used = at,
            Write::Ended(end) => self.saved.ended = Some(end),
            Write::Forget => records.clear(),
        }
    }

    fn download(&mut self, connection: ConnectionId, message: ServerMessage) {
        let Some(socket) = self.sockets.get(&connection) else { return };
        let who = socket.person;
        let messages = match &mut self.trick {
            Some(trick) => trick(who, message),
            None => vec![message],
        };
        for message in messages {
            self.slip(who, message);
        }
    }

    /// Hands a message to a person as if the server had sent it.
    pub fn slip(&mut self, who: usize, message: ServerMessage) {
        let text = message.to_text();
        self.people[who].received.push(message);
        self.people[who].inputs.push_back(Input::SocketMessage { text });
    }

    pub fn names(&self, who: usize) -> Vec<&str> {
        let mut names: Vec<_> =
            self.people[who].view.people.iter().map(|p| p.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    pub fn device(&self, who: usize) -> wire::Bytes {
        self.people[who].view.my_device.clone()
    }

    /// Host and one guest, both in the meeting.
    pub fn pair() -> Self {
        let mut world = World::new();
        world.join(0, "Dr. Host");
        world.enter(2, "Ana");
        world
    }

    /// One more guest, admitted.
    pub fn enter(&mut self, seed: u8, name: &str) -> usize {
        let guest = self.guest(seed);
        self.join(guest, name);
        self.admit_all();
        self.run(1_000);
        guest
    }
}
