//! A child process under measurement, and the guests that load it.

use crate::bursts::Bursts;
use crate::guest::{Guest, Tally};
use mio::{Events, Interest, Poll, Token};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const FRAME: Duration = Duration::from_micros(33_333);
const VOICE: Duration = Duration::from_millis(20);

/// How often a tenth of the guests look at their timers.
const TIMERS: Duration = Duration::from_millis(1);

/// Guests never sleep. On one machine whoever sends pays for waking whoever receives, some 20 µs
/// where the other core has halted and the machine is virtual; no server pays that for guests who
/// are elsewhere.
const NO_SLEEP: Duration = Duration::ZERO;

/// The core the measured process runs on; `make bench-sfu` keeps us on another.
const CORE: &str = "1";

/// A process of its own on a core of its own.
pub struct Measured {
    child: Child,
    /// Whose CPU time and memory are looked at.
    pid: u32,
    to: ChildStdin,
    from: Receiver<String>,
}

impl Measured {
    /// Ourselves in this role.
    pub fn start(role: &str) -> Measured {
        let own = std::env::current_exe().expect("our own path");
        Measured::start_program(&own, role)
    }

    /// mediasoup, if it is given: its worker is measured, not Node.js.
    pub fn start_mediasoup() -> Measured {
        let mut measured = Measured::start_program(Path::new("node"), "e2e/bench/mediasoup.mjs");
        let begun: Value = serde_json::from_str(&measured.hear()).expect("JSON");
        measured.pid = begun["pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("a pid");
        measured
    }

    fn start_program(program: &Path, argument: &str) -> Measured {
        let mut child = Command::new("taskset")
            .args(["-c", CORE])
            .arg(program)
            .arg(argument)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("taskset (util-linux)");
        let to = child.stdin.take().expect("piped");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Measured { pid: child.id(), child, to, from }
    }

    pub fn say(&mut self, line: &str) {
        writeln!(self.to, "{line}").expect("the measured process runs");
    }

    pub fn hear(&self) -> String {
        self.from.recv_timeout(Duration::from_secs(60)).expect("the measured process answers")
    }

    /// CPU time of all its threads, from the kernel's books.
    pub fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid)).expect("Linux");
        let nanos = tasks.flatten().filter_map(|task| {
            let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            stat.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanos.sum())
    }

    /// Resident memory, kB.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).expect("Linux");
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or_default();
        line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Measured {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A room under load.
pub struct Stage {
    pub server: Measured,
    pub guests: Vec<Guest>,
    poll: Poll,
    events: Events,
    publishers: Vec<Publisher>,
    pub tally: Tally,
    turn: usize,
    next_timers: Instant,
    /// The longest turn since it was last asked for: packets wait that long before they are read.
    pub longest: Duration,
}

struct Publisher {
    guest: usize,
    frame: Duration,
    next_frame: Instant,
    next_voice: Instant,
    shows: bool,
    speaks: bool,
    video: Vec<usize>,
    voice: Vec<usize>,
}

impl Stage {
    pub fn new(guests: usize, slots: usize) -> Stage {
        Stage::with(Measured::start("serve"), guests, slots)
    }

    pub fn with(server: Measured, guests: usize, slots: usize) -> Stage {
        let mut stage = Stage {
            server,
            guests: Vec::new(),
            poll: Poll::new().expect("epoll"),
            events: Events::with_capacity(1_024),
            publishers: Vec::new(),
            tally: Tally::default(),
            turn: 0,
            next_timers: Instant::now(),
            longest: Duration::ZERO,
        };
        for number in 0..guests {
            let (guest, offer) = Guest::new(number as u32, slots);
            stage.guests.push(guest);
            let socket = &mut stage.guests[number].socket;
            stage
                .poll
                .registry()
                .register(socket, Token(number), Interest::READABLE)
                .expect("epoll");
            stage.say(json!({ "do": "join", "peer": number, "sdp": offer }));
            if number % 20 == 19 || number + 1 == guests {
                stage.answers(number + 1);
            }
        }
        let end = Instant::now() + Duration::from_secs(60);
        while !stage.guests.iter().all(|guest| guest.connected) {
            assert!(Instant::now() < end, "not everyone connected");
            stage.run(Duration::from_millis(20));
        }
        stage
    }

    fn say(&mut self, value: Value) {
        self.server.say(&value.to_string());
    }

    /// Waits for the answers to the offers made so far.
    fn answers(&mut self, joined: usize) {
        while self.guests[..joined].iter().any(Guest::waits) {
            let answer: Value = serde_json::from_str(&self.server.hear()).expect("JSON");
            let number = answer[0].as_u64().expect("a number") as usize;
            self.guests[number].accept(answer[1].as_str().expect("an answer"));
            // mediasoup writes ids of its own, whatever the guests' offers say.
            if let (Some(transport), Some(sent)) = (answer[2].as_u64(), answer[3].as_u64()) {
                self.guests[number].ids = (transport as u8, sent as u8);
            }
            self.run(Duration::ZERO);
        }
    }

    pub fn publish(&mut self, guest: usize, video: Option<&str>, speaks: bool, bursts: &Bursts) {
        let video = video.map(|name| bursts.named(name)).unwrap_or_default();
        self.publish_frames(guest, video, FRAME, speaks, bursts);
    }

    /// Video of frames of these sizes, one each `frame`; none without sizes.
    pub fn publish_frames(
        &mut self,
        guest: usize,
        video: Vec<usize>,
        frame: Duration,
        speaks: bool,
        bursts: &Bursts,
    ) {
        let (mic, camera) =
            (self.guests[guest].mic.to_string(), self.guests[guest].camera.to_string());
        let name = |used: bool, mid: String| if used { mid } else { String::new() };
        self.say(json!({
            "do": "publish", "peer": guest,
            "mic": name(speaks, mic), "camera": name(!video.is_empty(), camera),
        }));
        let phase = |period: Duration| period.mul_f64((guest as f64 * 0.618).fract());
        let now = Instant::now();
        self.publishers.push(Publisher {
            guest,
            frame,
            next_frame: now + phase(frame),
            next_voice: now + phase(VOICE),
            shows: !video.is_empty(),
            speaks,
            video,
            voice: bursts.named("opus"),
        });
    }

    /// This guest's slots show the cameras of these guests.
    pub fn watch(&mut self, guest: usize, whom: &[usize]) {
        let video = self.guests[guest].video.iter().map(ToString::to_string);
        let wishes: Vec<(String, usize)> = video.zip(whom.iter().copied()).collect();
        self.say(json!({ "do": "watch", "peer": guest, "wishes": wishes }));
    }

    pub fn metrics(&mut self) -> Value {
        self.say(json!({ "do": "metrics" }));
        let mut value: Value = serde_json::from_str(&self.server.hear()).expect("JSON");
        value["metrics"].take()
    }

    pub fn run(&mut self, time: Duration) {
        let end = Instant::now() + time;
        loop {
            let begun = Instant::now();
            self.one_turn();
            self.longest = self.longest.max(begun.elapsed());
            if Instant::now() >= end {
                return;
            }
        }
    }

    fn one_turn(&mut self) {
        let _ = self.poll.poll(&mut self.events, Some(NO_SLEEP));
        for event in &self.events {
            if let Some(guest) = self.guests.get_mut(event.token().0) {
                guest.read(Instant::now(), &mut self.tally);
            }
        }
        self.publish_due();
        let now = Instant::now();
        if now < self.next_timers {
            return;
        }
        // A tenth each time: timers need not be met to the millisecond.
        self.next_timers = now + TIMERS;
        self.turn += 1;
        for guest in self.guests.iter_mut().skip(self.turn % 10).step_by(10) {
            guest.turn(now);
        }
    }

    fn publish_due(&mut self) {
        for publisher in &mut self.publishers {
            let now = Instant::now();
            let guest = &mut self.guests[publisher.guest];
            if publisher.shows && now >= publisher.next_frame {
                publisher.next_frame += publisher.frame;
                let out = &mut guest.camera_out.at;
                *out += 1;
                let bytes = publisher.video[*out % publisher.video.len()];
                guest.send_frame(now, bytes);
            }
            if publisher.speaks && now >= publisher.next_voice {
                publisher.next_voice += VOICE;
                let out = &mut guest.mic_out.at;
                *out += 1;
                let bytes = publisher.voice[*out % publisher.voice.len()];
                guest.send_voice(now, bytes);
            }
        }
    }
}

/// The same bursts towards the floor.
pub struct FloorStage {
    pub floor: Measured,
    sockets: Vec<std::net::UdpSocket>,
    address: SocketAddr,
    poll: Poll,
    events: Events,
    receivers: Vec<mio::net::UdpSocket>,
    pub received: u64,
}

impl FloorStage {
    pub fn new(publishers: usize, receivers: usize) -> FloorStage {
        let mut floor = Measured::start("floor");
        let address = floor.hear().parse().expect("an address");
        let bind = || {
            mio::net::UdpSocket::bind("127.0.0.1:0".parse().expect("an address")).expect("a port")
        };
        let mut all: Vec<mio::net::UdpSocket> = (0..receivers).map(|_| bind()).collect();
        let poll = Poll::new().expect("epoll");
        for (index, socket) in all.iter_mut().enumerate() {
            poll.registry().register(socket, Token(index), Interest::READABLE).expect("epoll");
        }
        let list: Vec<String> =
            all.iter().map(|socket| socket.local_addr().expect("bound").to_string()).collect();
        floor.say(&list.join(" "));
        let sockets = (0..publishers)
            .map(|_| std::net::UdpSocket::bind("127.0.0.1:0").expect("a port"))
            .collect();
        let events = Events::with_capacity(1_024);
        FloorStage { floor, sockets, address, poll, events, receivers: all, received: 0 }
    }

    /// Sends what the publishers of a room would.
    pub fn run(&mut self, time: Duration, video: Option<&[usize]>, voice: Option<&[usize]>) {
        let begun = Instant::now();
        let phases: Vec<f64> =
            (0..self.sockets.len()).map(|i| (i as f64 * 0.618).fract()).collect();
        let mut sent = vec![(0u32, 0u32); self.sockets.len()];
        while begun.elapsed() < time {
            let elapsed = begun.elapsed();
            for (index, socket) in self.sockets.iter().enumerate() {
                let due = |count: u32, period: Duration| {
                    elapsed >= period.mul_f64(f64::from(count) + phases[index])
                };
                let (frames, voices) = &mut sent[index];
                if let Some(video) = video
                    && due(*frames, FRAME)
                {
                    *frames += 1;
                    let bytes = video[(*frames as usize + index * 17) % video.len()];
                    for size in crate::bursts::packets(bytes) {
                        let _ = socket.send_to(&vec![0x5a; size], self.address);
                    }
                }
                if let Some(voice) = voice
                    && due(*voices, VOICE)
                {
                    *voices += 1;
                    let bytes = voice[(*voices as usize + index * 31) % voice.len()];
                    let _ = socket.send_to(&vec![0x5a; bytes], self.address);
                }
            }
            let _ = self.poll.poll(&mut self.events, Some(NO_SLEEP));
            let mut buffer = [0; 2_048];
            for event in &self.events {
                while self.receivers[event.token().0].recv(&mut buffer).is_ok() {
                    self.received += 1;
                }
            }
        }
    }
}
