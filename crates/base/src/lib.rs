//! The vocabulary every other crate shares: ids, units, secrets and signed statements.
//!
//! Nothing here reads a clock, a socket or a random source; all three come in as arguments.

pub mod codec;
pub mod hash;
pub mod ids;
pub mod policy;
pub mod record;
pub mod rules;
pub mod secret;
pub mod statement;
pub mod time;

pub use ids::{DeviceKey, GroupId, MeetingId, MeetingKey, Nonce, ParticipantId};
pub use policy::OperatorPolicy;
pub use rules::{AutoAdmit, Party, Rights, RoomRules};
pub use secret::{Pii, Secret};
pub use statement::Role;
pub use time::{Millis, Now, UnixMillis};

/// A source of random bytes. The shell passes the operating system's; tests pass a seeded one.
pub trait Entropy {
    /// Fills `out` with uniformly random bytes.
    fn fill(&mut self, out: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Entropy for F {
    fn fill(&mut self, out: &mut [u8]) {
        self(out)
    }
}

/// `N` random bytes from `entropy`.
pub fn random<const N: usize>(entropy: &mut (impl Entropy + ?Sized)) -> [u8; N] {
    let mut out = [0; N];
    entropy.fill(&mut out);
    out
}
