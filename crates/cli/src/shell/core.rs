use super::entropy;
use crate::load::Follower;
use base::{DeviceKey, Now};
use client::shell::{Input, Output};
use client::{Config, Participant};

/// The participant that a shell carries out: one of the group, or one that follows such a one.
pub enum Core {
    Member(Box<Participant>),
    Follower(Box<Follower>),
}

impl Core {
    pub(super) fn new(config: Config, now: Now, follower: Option<Box<Follower>>) -> Core {
        match follower {
            Some(mut follower) => {
                follower.start(config, now);
                Core::Follower(follower)
            }
            None => Core::Member(Box::new(Participant::new(config, now, Box::new(entropy)))),
        }
    }

    pub fn handle(&mut self, now: Now, input: Input) {
        match self {
            Core::Member(participant) => participant.handle(now, input),
            Core::Follower(follower) => follower.handle(now, input),
        }
    }

    pub fn poll_output(&mut self) -> Option<Output> {
        match self {
            Core::Member(participant) => participant.poll_output(),
            Core::Follower(follower) => follower.poll_output(),
        }
    }

    /// The group's devices by leaf, as far as this participant is in it.
    pub fn leaves(&self) -> Vec<(DeviceKey, u32)> {
        match self {
            Core::Member(participant) => participant.leaves(),
            Core::Follower(_) => Vec::new(),
        }
    }

    /// Waits until [`Self::take_keys`] has something to take.
    pub async fn keys_changed(&mut self) {
        match self {
            Core::Member(_) => std::future::pending().await,
            Core::Follower(follower) => follower.keys_changed().await,
        }
    }

    pub fn take_keys(&mut self, now: Now) {
        if let Core::Follower(follower) = self {
            follower.take_keys(now);
        }
    }
}
