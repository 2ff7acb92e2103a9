use super::Core;
use crate::layout::Watching;
use crate::load::{Follower, KeyBook};
use client::shell::FrameCommand;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A participant's place among those of one process.
pub struct Seat {
    /// The local address from which the server is reached.
    pub local: IpAddr,
    pub progress: Arc<Progress>,
    pub keys: Keys,
    pub watching: Watching,
    /// One frame in so many is opened; the others' headers are checked.
    pub open_one_in: u64,
}

/// Where frame keys come from. Only `incamera load` gives a seat whose keys leave the participant.
pub enum Keys {
    /// The group.
    Own,
    /// The group; and they are passed on to this process's followers.
    DangerExported(Arc<KeyBook>),
    /// Another participant of this process.
    Followed(Option<Box<Follower>>),
}

impl Seat {
    /// The only participant of its process.
    pub fn alone(local: IpAddr) -> Seat {
        Seat {
            local,
            progress: Arc::default(),
            keys: Keys::Own,
            watching: Watching::default(),
            open_one_in: 1,
        }
    }
}

impl Keys {
    pub(super) fn take_follower(&mut self) -> Option<Box<Follower>> {
        match self {
            Keys::Followed(follower) => follower.take(),
            _ => None,
        }
    }

    pub(super) fn export(&self, command: &FrameCommand, core: &Core) {
        if let Keys::DangerExported(book) = self {
            book.note(command, || core.leaves());
        }
    }
}

/// How far all participants of a process are, counted while they run.
#[derive(Debug, Default)]
pub struct Progress {
    pub joined: AtomicU64,
    pub ended: AtomicU64,
    pub sent: AtomicU64,
    pub received: AtomicU64,
    /// When the host let everyone in, in milliseconds of the clock; 0 before.
    pub admitted_at: AtomicU64,
}

impl Progress {
    pub(super) fn count_joined(&self) {
        self.joined.fetch_add(1, Relaxed);
    }

    pub(super) fn count_sent(&self, sent: bool) {
        self.sent.fetch_add(sent.into(), Relaxed);
    }

    pub(super) fn count_received(&self) {
        self.received.fetch_add(1, Relaxed);
    }

    pub(super) fn note_admission(&self, at: u64) {
        self.admitted_at.store(at.max(1), Relaxed);
    }
}
