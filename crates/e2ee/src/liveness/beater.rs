//! The delegate's side: when to beat, and what to echo.

use super::BEAT_EVERY;
use crate::content::{Heartbeat, MAX_ECHOES};
use base::{Millis, Now};
use std::collections::VecDeque;

/// Nonces waiting for an echo: one a member of the largest group we aim at. At the bound new ones
/// are dropped and their members send another later.
const MAX_WAITING: usize = 1024;

/// Decides when this delegate beats.
pub struct Beater {
    counter: u64,
    due: Millis,
    echoes: VecDeque<[u8; 16]>,
}

impl Beater {
    /// Starts on becoming host or delegate; beats at once. Counters start at the wall clock in
    /// milliseconds, so that a device that returns after a reload goes on above its earlier ones.
    pub fn new(now: Now) -> Self {
        Beater { counter: now.wall.0, due: now.mono, echoes: VecDeque::new() }
    }

    /// When [`Self::poll`] next yields a beat.
    pub fn next_due(&self) -> Millis {
        self.due
    }

    /// A new epoch is confirmed at once.
    pub fn handle_epoch(&mut self, now: Now) {
        self.due = now.mono;
    }

    /// A member asks for an echo.
    pub fn handle_nonce(&mut self, nonce: [u8; 16]) {
        if self.echoes.len() < MAX_WAITING {
            self.echoes.push_back(nonce);
        }
    }

    /// The beat to send now, if one is due.
    pub fn poll(
        &mut self,
        epoch: u64,
        authenticator: [u8; 32],
        members: usize,
        now: Now,
    ) -> Option<Heartbeat> {
        if now.mono < self.due {
            return None;
        }
        self.due = now.mono + BEAT_EVERY;
        self.counter += 1;
        let echoes = self.echoes.drain(..self.echoes.len().min(MAX_ECHOES)).collect();
        Some(Heartbeat {
            counter: self.counter,
            clock: now.wall,
            epoch,
            authenticator,
            members: members as u32,
            echoes,
        })
    }
}
