//! Someone who was let in, and whose program then does as it likes: the participant core, its
//! signalling socket and its media connection, all within reach.

use super::misdeeds::Misdeed;
use super::{Done, Plan};
use cli::net::{Dialer, Link, Signalling, SocketEvent, Trust};
use cli::peer::{Peer, PeerOutput, Sending};
use cli::shell::{Clock, entropy, fresh_seed};
use client::shell::{Command, Input, MediaCommand, MediaEvent, Output};
use client::view::{Phase, View};
use client::{Config, Participant};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use wire::{Kind, Published};

/// Sealed datagrams kept to be sent again or changed.
const KEPT: usize = 512;

pub struct Member {
    clock: Clock,
    core: Participant,
    dialer: Dialer,
    pub signalling: Option<Signalling>,
    pub peer: Option<Peer>,
    pub udp: UdpSocket,
    pub server: Option<SocketAddr>,
    local: std::net::IpAddr,
    pub view: View,
    /// Datagrams as they were sent.
    pub kept: VecDeque<Vec<u8>>,
    /// Texts of what was said to the server, likewise.
    pub said: VecDeque<String>,
    pub done: Done,
    wake: Option<Instant>,
    asked: bool,
}

pub fn run(name: &str, plan: &Plan) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut member = Member::new(plan.url.as_deref().expect("--url")).await;
        member.enter().await;
        let mut misdeed = Misdeed::named(name, plan.rate);
        let begun = Instant::now();
        while begun.elapsed() < plan.seconds {
            member.turn(Duration::from_millis(1)).await;
            misdeed.go_on(&mut member, begun.elapsed());
            tokio::task::yield_now().await;
        }
        member.done.seconds = begun.elapsed().as_secs_f64();
        member.done.connected = member.peer.as_ref().is_some_and(Peer::is_connected);
        member.tell(Input::Command(Command::Leave));
        member.settle();
        member.turn(Duration::from_millis(200)).await;
        member.done
    })
}

impl Member {
    async fn new(url: &str) -> Member {
        let link = Link::parse(url).unwrap();
        let dialer = Dialer::new(link.origin.clone(), Trust::System).unwrap();
        let local = dialer.local_address().await.unwrap();
        let (clock, seed) = (Clock::start(), fresh_seed());
        let config = Config {
            origin: dialer.origin().to_string(),
            meeting: link.meeting,
            fragment: link.fragment,
            device_seed: seed,
            saved: None,
        };
        let core = Participant::new(config, clock.now(), Box::new(entropy));
        Member {
            clock,
            core,
            dialer,
            signalling: None,
            peer: None,
            udp: UdpSocket::bind("0.0.0.0:0").await.unwrap(),
            server: None,
            local,
            view: View::default(),
            kept: VecDeque::new(),
            said: VecDeque::new(),
            done: Done::default(),
            wake: None,
            asked: false,
        }
    }

    /// Asks to be let in, and waits until media flows.
    async fn enter(&mut self) {
        let give_up = Instant::now() + Duration::from_secs(30);
        self.settle();
        loop {
            self.turn(Duration::from_millis(20)).await;
            let lobby = self.view.phase == Phase::Lobby && !self.view.host_name.is_empty();
            if lobby && !std::mem::replace(&mut self.asked, true) {
                self.tell(Input::Command(Command::Join { name: "Mallory".into() }));
            }
            let connected = self.peer.as_ref().is_some_and(Peer::is_connected);
            if self.view.phase == Phase::InMeeting && connected {
                return;
            }
            assert!(Instant::now() < give_up, "not let in: {:?}", self.view.phase);
        }
    }

    pub fn tell(&mut self, input: Input) {
        self.core.handle(self.clock.now(), input);
        self.settle();
    }

    /// Takes in what comes for at most `time`.
    pub async fn turn(&mut self, time: Duration) {
        let mut datagram = [0; 2_048];
        let event = async {
            match &mut self.signalling {
                Some(signalling) => signalling.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            event = event => self.hear(event),
            _ = self.udp.readable() => {
                while let Ok((len, from)) = self.udp.try_recv_from(&mut datagram) {
                    if let Some(peer) = &mut self.peer {
                        let _ = peer.handle_datagram(Instant::now(), from, &datagram[..len]);
                    }
                }
            }
            () = tokio::time::sleep(time) => {}
        }
        if self.wake.is_some_and(|at| at <= Instant::now()) {
            self.wake = None;
            self.core.handle(self.clock.now(), Input::Tick);
        }
        if let Some(peer) = &mut self.peer {
            let _ = peer.handle_timeout(Instant::now());
        }
        self.settle();
    }

    fn hear(&mut self, event: SocketEvent) {
        let input = match event {
            SocketEvent::Opened => Input::SocketOpened,
            SocketEvent::Message(text) => {
                if text.starts_with(r#"{"type":"error""#) {
                    self.done.replies += 1;
                    self.done.reply_bytes += text.len() as u64;
                }
                Input::SocketMessage { text }
            }
            SocketEvent::Closed => {
                self.signalling = None;
                self.done.cut_off += 1;
                Input::SocketClosed
            }
        };
        self.core.handle(self.clock.now(), input);
    }

    pub fn settle(&mut self) {
        while let Some(output) = self.core.poll_output() {
            self.carry_out(output);
        }
        while let Some(output) = self.peer.as_mut().and_then(Peer::poll) {
            match output {
                PeerOutput::Transmit { to, datagram } => {
                    let _ = self.udp.try_send_to(&datagram, to);
                    self.server = Some(to);
                    keep(&mut self.kept, datagram);
                }
                PeerOutput::Connected => {
                    self.core.handle(self.clock.now(), Input::Media(MediaEvent::Connected));
                }
                _ => {}
            }
        }
    }

    fn carry_out(&mut self, output: Output) {
        match output {
            Output::Connect { path } => {
                self.signalling = Some(Signalling::open(self.dialer.clone(), path));
            }
            Output::Disconnect => self.signalling = None,
            Output::Send { text } => {
                keep(&mut self.said, text.clone());
                self.say(text);
            }
            Output::WakeAt { mono } => self.wake = Some(self.clock.at(mono)),
            Output::View { view } => self.view = *view,
            Output::Media(MediaCommand::Connect) => self.connect(),
            Output::Media(MediaCommand::Answer { sdp }) => {
                if let Some(peer) = &mut self.peer {
                    let _ = peer.handle_answer(&sdp);
                }
            }
            _ => {}
        }
    }

    fn connect(&mut self) {
        let local = SocketAddr::new(self.local, self.udp.local_addr().unwrap().port());
        let sending = Sending { mic: true, layers: 3 };
        let (peer, sdp) = Peer::new(Instant::now(), local, sending, 1).unwrap();
        let (mic, camera) = (peer.lines().mic, peer.lines().camera);
        let source = |mid: Option<_>, kind| {
            mid.map(|mid: str0m::media::Mid| Published { mid: mid.to_string(), kind, active: true })
        };
        let sources =
            source(mic, Kind::Mic).into_iter().chain(source(camera, Kind::Camera)).collect();
        self.peer = Some(peer);
        let now = self.clock.now();
        self.core.handle(now, Input::Media(MediaEvent::Offer { sdp, new: true }));
        self.core.handle(now, Input::Media(MediaEvent::Publish { sources }));
    }

    /// Says something to the server, past the core. False when its queue is full.
    pub fn say(&mut self, text: String) -> bool {
        let Some(signalling) = &mut self.signalling else { return false };
        if signalling.room() == 0 {
            return false;
        }
        self.done.sent_bytes += text.len() as u64;
        self.done.sent += 1;
        signalling.send(text);
        true
    }

    /// Sends a datagram from the address the server knows, past the peer connection.
    pub fn throw(&mut self, datagram: &[u8]) {
        let Some(server) = self.server else { return };
        if self.udp.try_send_to(datagram, server).is_ok() {
            self.done.sent_bytes += datagram.len() as u64;
            self.done.sent += 1;
        }
    }
}

fn keep<T>(kept: &mut VecDeque<T>, new: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
}
