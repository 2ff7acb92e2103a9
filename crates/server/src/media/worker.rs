//! A shard's thread: socket, clock and queues around the pure [`Shard`].

use super::control::{ControlMessage, ControlSender};
use super::counters::{Counters, add};
use super::handle::MediaEvent;
use super::port::{Datagram, Port};
use mio::{Events, Interest, Poll, Token, Waker};
use sfu::transport::{Str0mTransport, profiles_refused};
use sfu::{Command, Cross, Event, Output, Shard};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Messages waiting for one shard. Commands wait for room; packets of other shards are dropped
/// and counted.
const INBOX: usize = 8_192;

/// Messages and batches handled before the socket, or the queues, get their turn.
const MESSAGES_A_TURN: usize = 1_024;
const BATCHES_A_TURN: usize = 8;

/// What is in no hurry waits this long at most, while any comes: once in as long is expected. Whatever wakes the thread a
/// little sooner brings it along, so that in a busy room it needs no waking of its own.
const UNHURRIED_EVERY: Duration = Duration::from_millis(10);
const UNHURRIED_EARLY: Duration = Duration::from_millis(4);
const UNHURRIED_LASTS: Duration = Duration::from_secs(1);

const SOCKET: Token = Token(0);
const WAKER: Token = Token(1);

/// One of the port's two ways to read a batch.
type Receive = fn(&mut Port, &mut dyn FnMut(Datagram<'_>)) -> bool;

pub(super) enum Inbox {
    Command(Command<Str0mTransport>),
    Cross(Cross),
    Stop,
}

/// The way into a shard.
#[derive(Clone)]
pub(super) struct Door {
    inbox: SyncSender<Inbox>,
    waker: Arc<Waker>,
}

impl Door {
    /// Waits, when the shard is thousands of messages behind, for one turn of its loop.
    pub fn command(&self, command: Command<Str0mTransport>) {
        self.put(Inbox::Command(command));
    }

    pub fn stop(&self) {
        self.put(Inbox::Stop);
    }

    fn put(&self, message: Inbox) {
        if self.inbox.send(message).is_ok() {
            let _ = self.waker.wake();
        }
    }

    fn cross(&self, message: Cross) -> bool {
        !matches!(self.inbox.try_send(Inbox::Cross(message)), Err(TrySendError::Full(_)))
    }
}

/// A bound socket whose thread has not started.
pub(super) struct Berth {
    port: Port,
    poll: Poll,
    inbox: Receiver<Inbox>,
    pub door: Door,
}

impl Berth {
    pub fn bind(address: SocketAddr) -> io::Result<Berth> {
        let mut port = Port::bind(address)?;
        let poll = Poll::new()?;
        poll.registry().register(port.readiness(), SOCKET, Interest::READABLE)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (sender, inbox) = sync_channel(INBOX);
        Ok(Berth { port, poll, inbox, door: Door { inbox: sender, waker } })
    }

    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    pub fn start(self, index: usize, around: Around) -> io::Result<JoinHandle<()>> {
        let name = format!("media-{index}");
        let worker = Worker {
            shard: Shard::new(index, Instant::now()),
            port: self.port,
            poll: self.poll,
            inbox: self.inbox,
            around,
            told: sfu::Counters::default(),
            unhurried_at: Instant::now(),
            unhurried_seen: None,
        };
        std::thread::Builder::new().name(name).spawn(move || worker.run())
    }
}

/// What a shard's thread knows of the rest.
pub(super) struct Around {
    pub doors: Vec<Door>,
    pub control: ControlSender,
    pub events: tokio::sync::mpsc::Sender<MediaEvent>,
    pub counters: Arc<Counters>,
    /// Candidates of this shard.
    pub candidates: Vec<SocketAddr>,
}

struct Worker {
    shard: Shard<Str0mTransport>,
    port: Port,
    poll: Poll,
    inbox: Receiver<Inbox>,
    around: Around,
    told: sfu::Counters,
    /// By when what is in no hurry is read next, and when there was any.
    unhurried_at: Instant,
    unhurried_seen: Option<Instant>,
}

impl Worker {
    fn run(mut self) {
        let mut events = Events::with_capacity(8);
        let (mut now, mut more) = (Instant::now(), false);
        loop {
            let wait = match more {
                true => Duration::ZERO,
                false => self.wake_at().saturating_duration_since(now),
            };
            if let Err(error) = self.poll.poll(&mut events, Some(wait))
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a media thread cannot wait for its socket");
                return;
            }
            let begun = Instant::now();
            match self.turn(begun) {
                Some(rest) => more = rest,
                None => return,
            }
            now = Instant::now();
            add(&self.around.counters.busy_nanos, (now - begun).as_nanos() as u64);
        }
    }

    /// When something is due that no queue and no socket tells of.
    fn wake_at(&self) -> Instant {
        let timers = self.shard.poll_timeout();
        match self.unhurried_seen {
            Some(seen) if seen + UNHURRIED_LASTS > self.unhurried_at => {
                timers.min(self.unhurried_at)
            }
            _ => timers,
        }
    }

    /// One turn: queues, socket, timers, and everything that follows. Says whether more waits;
    /// `None` to stop.
    fn turn(&mut self, now: Instant) -> Option<bool> {
        let more_messages = self.read_inbox(now)?;
        let more_unhurried = self.read_unhurried(now);
        let (now, more_datagrams) = self.read_socket(now);
        self.shard.handle_timeout(now);
        self.shard.flush(now, |egress| self.port.send(egress));
        self.write_outputs();
        self.count();
        Some(more_messages || more_unhurried || more_datagrams)
    }

    fn read_inbox(&mut self, now: Instant) -> Option<bool> {
        for _ in 0..MESSAGES_A_TURN {
            match self.inbox.try_recv() {
                Ok(Inbox::Command(command)) => self.shard.handle_command(now, command),
                Ok(Inbox::Cross(message)) => self.shard.handle_cross(now, message),
                Ok(Inbox::Stop) => return None,
                Err(_) => return Some(false),
            }
        }
        Some(true)
    }

    /// Reads what is in no hurry where it is time to: it does not wake the thread, and comes with what does.
    fn read_unhurried(&mut self, now: Instant) -> bool {
        if now + UNHURRIED_EARLY < self.unhurried_at {
            return false;
        }
        let (received, more) = self.read_batch(now, Port::receive_unhurried);
        if received > 0 {
            add(&self.around.counters.unhurried_in, received);
            self.unhurried_seen = Some(now);
        }
        if !more {
            self.unhurried_at = now + UNHURRIED_EVERY;
        }
        more
    }

    /// Reads what waits. The time of the last batch, and whether more may wait.
    fn read_socket(&mut self, mut now: Instant) -> (Instant, bool) {
        for _ in 0..BATCHES_A_TURN {
            let (_, more) = self.read_batch(now, Port::receive);
            if !more {
                return (now, false);
            }
            self.shard.flush(now, |egress| self.port.send(egress));
            self.write_outputs();
            now = Instant::now();
        }
        (now, true)
    }

    /// Reads one batch. How many datagrams came, and whether more may wait.
    fn read_batch(&mut self, now: Instant, receive: Receive) -> (u64, bool) {
        let (shard, candidates) = (&mut self.shard, &self.around.candidates);
        let mut received = 0;
        let more = receive(&mut self.port, &mut |datagram| {
            received += 1;
            let to = candidate_for(candidates, datagram.to, datagram.from);
            shard.handle_datagram(now, datagram.from, to, datagram.bytes);
        });
        add(&self.around.counters.datagrams_in, received);
        (received, more)
    }

    fn write_outputs(&mut self) {
        self.port.send(self.shard.egress());
        let mut woken = 0u32;
        while let Some(output) = self.shard.poll_output() {
            match output {
                Output::Cross { to, message } => {
                    woken |= 1 << to;
                    let door = self.around.doors.get(to);
                    if !door.is_some_and(|door| door.cross(message)) {
                        add(&self.around.counters.cross_dropped, 1);
                    }
                }
                Output::Released { peer, transport } => {
                    self.around.control.put(ControlMessage::Released { peer, transport });
                }
                Output::Event(event) => self.tell(event),
                Output::Unheard(ssrcs) => {
                    self.port.let_wait(&ssrcs);
                    self.unhurried_at = Instant::now(); // what has come, before what comes
                }
            }
        }
        for (index, door) in self.around.doors.iter().enumerate() {
            if woken & (1 << index) != 0 {
                let _ = door.waker.wake();
            }
        }
    }

    fn tell(&self, event: Event) {
        let event = match event {
            Event::Failed { peer, generation } => {
                self.around.control.put(ControlMessage::Gone { peer, generation });
                return;
            }
            Event::Connected { peer } => MediaEvent::Connected { peer },
            Event::Slots { peer, slots } => MediaEvent::Slots { peer, slots },
            Event::Speakers { room, listeners, speakers } => {
                MediaEvent::Speakers { room, listeners, speakers }
            }
            Event::LayersWanted { peer, line, layers } => {
                MediaEvent::LayersWanted { peer, line, layers }
            }
        };
        if self.around.events.try_send(event).is_err() {
            add(&self.around.counters.events_dropped, 1);
        }
    }

    /// Adds what happened since the last turn to the process's counters.
    fn count(&mut self) {
        let (now, told) = (self.shard.counters(), &self.told);
        let counters = &self.around.counters;
        add(&counters.unknown_datagrams, now.unknown_datagrams - told.unknown_datagrams);
        add(&counters.checks_unread, now.checks_unread - told.checks_unread);
        add(&counters.addresses_refused, now.addresses_refused - told.addresses_refused);
        add(&counters.handshakes_unread, now.handshakes_unread - told.handshakes_unread);
        add(&counters.packets_unread, now.packets_unread - told.packets_unread);
        add(&counters.reports_unread, now.reports_unread - told.reports_unread);
        add(&counters.packets_in, now.packets_in - told.packets_in);
        add(&counters.packets_out, now.packets_out - told.packets_out);
        add(&counters.packets_refused, now.packets_refused - told.packets_refused);
        add(&counters.packets_excess, now.packets_excess - told.packets_excess);
        add(&counters.packets_crossed, now.packets_crossed - told.packets_crossed);
        add(&counters.frames_dropped, now.frames_dropped - told.frames_dropped);
        add(&counters.late_dropped, now.late_dropped - told.late_dropped);
        add(&counters.keyframe_requests, now.keyframe_requests - told.keyframe_requests);
        add(&counters.datagrams_out, std::mem::take(&mut self.port.sender.sent));
        add(&counters.send_dropped, std::mem::take(&mut self.port.sender.unsent));
        counters.profile_refused.store(profiles_refused(), std::sync::atomic::Ordering::Relaxed);
        self.told = now;
    }
}

/// The candidate a datagram was sent to: its own address, or behind a NAT the first advertised
/// one of its family.
fn candidate_for(candidates: &[SocketAddr], to: Option<IpAddr>, from: SocketAddr) -> SocketAddr {
    let exact = candidates.iter().find(|candidate| Some(candidate.ip()) == to);
    let family = || candidates.iter().find(|candidate| candidate.is_ipv4() == from.is_ipv4());
    exact.or_else(family).copied().unwrap_or(from)
}
