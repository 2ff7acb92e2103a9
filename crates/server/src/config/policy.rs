//! What an operator fixes for every meeting.

use super::ConfigError;
use base::OperatorPolicy;

/// Pins, whole features that are forbidden, and why, for everyone to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub fixed: OperatorPolicy,
    pub reason: String,
}

pub(super) const PINS: &str = "switches such as share=off or waiting-room=on: waiting-room and \
    consulting (on only), passcode (on only), join-muted, join-camera-off, several-presenters, \
    viewers, unmute, video, share, chat, rename, each at most once";

pub(super) const FEATURES: &str = "screen-share, video, chat, passcode or personal-invitations";

pub(super) const REASON: &str = "one line of at most 300 characters";

/// Characters of a reason: what fits beside a switch.
const LONGEST_REASON: usize = 300;

/// The two lists as they are read, each replacing what an earlier layer had set.
#[derive(Default)]
pub(super) struct Draft {
    pins: Vec<String>,
    forbidden: Vec<String>,
    reason: String,
}

impl Draft {
    pub fn pin(&mut self, pins: &[String]) -> Option<()> {
        with(pins, &[])?;
        self.pins = pins.to_vec();
        Some(())
    }

    pub fn forbid(&mut self, features: &[String]) -> Option<()> {
        with(&[], features)?;
        self.forbidden = features.to_vec();
        Some(())
    }

    pub fn explain(&mut self, reason: &str) -> Option<()> {
        let fits =
            reason.chars().count() <= LONGEST_REASON && !reason.chars().any(char::is_control);
        fits.then(|| self.reason = reason.trim().to_owned())
    }

    pub fn finish(self) -> Result<Policy, ConfigError> {
        let fixed = with(&self.pins, &self.forbidden).unwrap_or_default();
        match fixed.contradiction() {
            Some(name) => Err(ConfigError::Contradiction(name.to_owned())),
            None => Ok(Policy { fixed, reason: self.reason }),
        }
    }
}

impl Policy {
    /// What clients are told; nothing where nothing is fixed.
    pub(crate) fn told(&self) -> Option<wire::Policy> {
        (self.fixed != OperatorPolicy::default()).then(|| wire::Policy {
            pin: self.fixed.pins().collect(),
            forbid: self.fixed.forbidden_names().map(str::to_owned).collect(),
            reason: self.reason.clone(),
        })
    }
}

fn with(pins: &[String], forbidden: &[String]) -> Option<OperatorPolicy> {
    let pinned = pins.iter().try_fold(OperatorPolicy::default(), |all, pin| all.with_pin(pin));
    forbidden.iter().try_fold(pinned.ok()?, |all, name| all.without(name)).ok()
}
