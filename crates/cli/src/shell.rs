//! One headless participant: carries out what the core asks for and tells it what happens.
//!
//! A single task owns everything, so nothing is locked. Time is read here and handed on.

mod carry;
mod clock;
mod core;
mod frames;
mod media;
mod part;
mod seat;

pub use clock::Clock;
pub use core::Core;
pub use part::{Admit, Part};
pub use seat::{Keys, Progress, Seat};

use crate::keep::{Keep, KeepError};
use crate::layout::Layout;
use crate::net::{Dialer, NetError, Signalling, SocketEvent};
use crate::peer::{Peer, PeerError, RIDS};
use crate::player::{AudioPlayer, VideoPlayer};
use crate::receive::Receiver;
use crate::record::Recorder;
use crate::report::Report;
use base::Secret;
use client::Config;
use client::shell::{Command, Input};
use client::view::{Phase, View};
use e2ee::frames::{Opener, Sealer};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;
use tokio::task::JoinSet;

/// The largest datagram looked at; media stays below 1,500 bytes.
const MAX_DATAGRAM: usize = 2048;

/// Datagrams taken at once; more lets media hold up signalling.
const BATCH: usize = 32;

/// How long leaving may take before the program ends all the same.
const FAREWELL: Duration = Duration::from_secs(3);

/// Why a participant could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ShellError {
    #[error(transparent)]
    Net(#[from] NetError),
    #[error(transparent)]
    Keep(#[from] KeepError),
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// Of the environment.
    #[error("cannot write what was received: {0}")]
    Record(std::io::Error),
    #[error("no UDP socket: {0}")]
    Udp(std::io::Error),
    /// Of whoever gave the address.
    #[error("the address has no secret part: give the whole link, or --passcode")]
    NoPasscode,
    #[error("this is not the meeting's passcode")]
    WrongPasscode,
    /// The host's, who can reopen it.
    #[error("the meeting takes no passcode any more")]
    PasscodeClosed,
}

/// A running participant.
pub struct Shell {
    part: Part,
    clock: Clock,
    core: Core,
    seat: Seat,
    keep: Keep,
    dialer: Dialer,
    local: IpAddr,
    udp: UdpSocket,
    signalling: Option<Signalling>,
    /// Sockets that still send what was queued; each ends within a second.
    closing: JoinSet<()>,
    wake: Option<Instant>,
    view: View,
    in_lobby: Option<Instant>,
    asked_to_join: bool,
    passcode_given: bool,
    let_in: BTreeSet<u64>,
    leaving: Option<Instant>,
    /// When this device was let in, and when it was all the way in.
    admitted: Option<Instant>,
    joined: Option<Instant>,
    sealer: Sealer,
    opener: Opener,
    /// Leases asked for and not yet given: epoch by kind.
    leases_asked: BTreeMap<u8, u64>,
    peer: Option<Peer>,
    sending: bool,
    /// Kinds that the host's side has stopped.
    silenced: BTreeSet<wire::Kind>,
    video: Option<VideoPlayer>,
    audio: Option<AudioPlayer>,
    receiver: Receiver,
    /// Devices by epoch and leaf, as far as slots have shown them.
    owners: BTreeMap<(u64, u32), Vec<u8>>,
    layout: Layout,
    recorder: Option<Recorder>,
    report: Report,
    failed: Option<ShellError>,
}

impl Shell {
    /// Prepares a participant; nothing is sent before [`Self::run`].
    pub async fn new(
        part: Part,
        keep: Keep,
        dialer: Dialer,
        recorder: Option<Recorder>,
        clock: Clock,
    ) -> Result<Shell, ShellError> {
        let seat = Seat::alone(dialer.local_address().await?);
        Shell::in_crowd(part, keep, dialer, recorder, clock, seat).await
    }

    /// Prepares one of many participants of this process.
    pub async fn in_crowd(
        mut part: Part,
        keep: Keep,
        dialer: Dialer,
        recorder: Option<Recorder>,
        clock: Clock,
        mut seat: Seat,
    ) -> Result<Shell, ShellError> {
        let local = seat.local;
        let any = match local {
            IpAddr::V4(_) => IpAddr::from(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::from(Ipv6Addr::UNSPECIFIED),
        };
        let udp = UdpSocket::bind(SocketAddr::new(any, 0)).await.map_err(ShellError::Udp)?;
        let config = Config {
            origin: dialer.origin().to_string(),
            meeting: part.meeting.clone(),
            fragment: part.fragment.clone(),
            device_seed: keep.device_seed(),
            saved: keep.saved(&part.meeting),
        };
        let core = Core::new(config, clock.now(), seat.keys.take_follower());
        let now = Instant::now();
        let clips = std::mem::take(&mut part.video);
        let report = Report {
            name: part.name.clone(),
            sent: crate::report::Sent {
                video_frames: vec![0; clips.len().min(RIDS.len())],
                ..Default::default()
            },
            ..Default::default()
        };
        Ok(Shell {
            video: (!clips.is_empty()).then(|| VideoPlayer::new(now, clips)),
            audio: part.audio.take().map(|clip| AudioPlayer::new(now, clip)),
            part,
            clock,
            core,
            receiver: Receiver::opening_one_in(seat.open_one_in),
            layout: Layout::new(seat.watching),
            seat,
            keep,
            dialer,
            local,
            udp,
            signalling: None,
            closing: JoinSet::new(),
            wake: None,
            view: View::default(),
            in_lobby: None,
            asked_to_join: false,
            passcode_given: false,
            let_in: BTreeSet::new(),
            leaving: None,
            admitted: None,
            joined: None,
            sealer: Sealer::new(),
            opener: Opener::new(),
            leases_asked: BTreeMap::new(),
            peer: None,
            sending: false,
            silenced: BTreeSet::new(),
            owners: BTreeMap::new(),
            recorder,
            report,
            failed: None,
        })
    }

    /// Takes part until leaving, being put out, or `stop`. The report says how it went.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Report {
        tokio::pin!(stop);
        let mut stopped = false;
        let mut datagram = vec![0; MAX_DATAGRAM];
        self.settle();
        while !self.is_over() {
            let deadline = self.deadline();
            tokio::select! {
                event = next_event(&mut self.signalling) => self.handle_socket(event),
                ready = self.udp.readable() => {
                    if ready.is_ok() {
                        self.take_datagrams(&mut datagram);
                    }
                }
                () = self.core.keys_changed() => self.core.take_keys(self.clock.now()),
                () = tokio::time::sleep_until(deadline.into()) => {}
                () = &mut stop, if !stopped => {
                    stopped = true;
                    self.leave();
                }
            }
            self.handle_time();
            self.settle();
        }
        self.finish().await
    }

    fn handle_socket(&mut self, event: SocketEvent) {
        match event {
            SocketEvent::Opened => self.tell(Input::SocketOpened),
            SocketEvent::Message(text) => {
                let outside = self.admitted.is_none();
                if outside && text.contains(r#""type":"group_message""#) {
                    self.report.before_admission.group_messages += 1;
                }
                self.tell(Input::SocketMessage { text });
            }
            SocketEvent::Closed => {
                self.signalling = None;
                self.tell(Input::SocketClosed);
            }
        }
    }

    fn take_datagrams(&mut self, buffer: &mut [u8]) {
        for _ in 0..BATCH {
            let Ok((len, from)) = self.udp.try_recv_from(buffer) else { return };
            self.handle_datagram(from, &buffer[..len]);
            self.carry_out_peer();
        }
    }

    fn handle_datagram(&mut self, from: SocketAddr, datagram: &[u8]) {
        self.seat.progress.count_received();
        if self.admitted.is_none() {
            self.report.before_admission.media_datagrams += 1;
        }
        if let Some(peer) = &mut self.peer {
            // A datagram that str0m cannot take is as good as lost.
            let _ = peer.handle_datagram(Instant::now(), from, datagram);
        }
    }

    fn handle_time(&mut self) {
        let now = Instant::now();
        if self.wake.is_some_and(|at| at <= now) {
            self.wake = None;
            self.tell(Input::Tick);
        }
        self.ask_to_join();
        self.play(now);
        self.receiver.handle_timeout(now, &mut self.opener);
        if let Some(peer) = self.peer.as_mut().filter(|peer| peer.deadline() <= now) {
            let _ = peer.handle_timeout(now);
        }
        let stayed = self.joined.zip(self.part.stay).is_some_and(|(at, stay)| now >= at + stay);
        let gave_up = self.waits_in_vain(now);
        if stayed || gave_up {
            self.leave();
        }
    }

    fn waits_in_vain(&self, now: Instant) -> bool {
        let wait = self.part.wait.filter(|_| self.joined.is_none());
        wait.is_some_and(|wait| now >= self.clock.started() + wait)
    }

    fn deadline(&self) -> Instant {
        let farewell = self.leaving.map(|at| at + FAREWELL);
        let stay = self.joined.zip(self.part.stay).map(|(at, stay)| at + stay);
        let wait = self.part.wait.filter(|_| self.joined.is_none());
        let wait = wait.map(|wait| self.clock.started() + wait);
        let planned = farewell.or(stay.into_iter().chain(wait).min());
        let media = self.peer.as_ref().map(Peer::deadline);
        let players = self.playing_deadline();
        let all = [self.wake, planned, media, players, self.receiver.deadline(), self.asks_at()];
        // A guard against sleeping for ever; nothing depends on it.
        let idle = Instant::now() + Duration::from_secs(60);
        all.into_iter().flatten().fold(idle, Instant::min)
    }

    fn leave(&mut self) {
        if self.leaving.is_none() {
            self.leaving = Some(Instant::now());
            let command = if self.part.end { Command::EndForEveryone } else { Command::Leave };
            self.tell(Input::Command(command));
        }
    }

    fn is_over(&self) -> bool {
        let gone = self.leaving.is_some_and(|at| at.elapsed() >= FAREWELL);
        gone || self.failed.is_some() || is_last(self.view.phase)
    }

    fn tell(&mut self, input: Input) {
        self.core.handle(self.clock.now(), input);
    }

    async fn finish(mut self) -> Report {
        if let Some(signalling) = self.signalling.take() {
            signalling.finish().await;
        }
        while self.closing.join_next().await.is_some() {}
        self.count_packets();
        if let Some(Err(error)) = self.recorder.take().map(Recorder::finish) {
            self.failed.get_or_insert(ShellError::Record(error));
        }
        self.report.phase = snake_case(&format!("{:?}", self.view.phase));
        self.report.problem = self.view.problem.map(|p| snake_case(&format!("{p:?}")));
        self.report.error = self.failed.map(|error| error.to_string());
        self.report
    }
}

/// Random bytes of the operating system.
pub fn entropy(out: &mut [u8]) {
    getrandom::fill(out).expect("invariant: the operating system gives random bytes");
}

/// A fresh device seed.
pub fn fresh_seed() -> Secret<32> {
    Secret::new(base::random(&mut entropy))
}

async fn next_event(signalling: &mut Option<Signalling>) -> SocketEvent {
    match signalling {
        Some(signalling) => signalling.next().await,
        None => std::future::pending().await,
    }
}

fn is_last(phase: Phase) -> bool {
    use Phase::*;
    matches!(phase, Left | Removed | Ended | Refused | Failed)
}

fn snake_case(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}
