//! End-to-end encryption of one participant: the MLS group with the policy every member checks,
//! media frames, links, knocks and liveness.
//!
//! Sans-IO and synchronous: bytes and time come in, bytes and facts go out. Nothing here knows the
//! network, the signalling messages or a storage engine. MLS (RFC 9420, through OpenMLS) draws its
//! own randomness and reads the wall clock for KeyPackage lifetimes; everything else is handed in.

pub mod card;
pub mod content;
mod cpace;
pub mod doorbell;
pub mod facts;
pub mod frames;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod handover;
mod hpke_suite;
mod identity;
mod key_package;
pub mod link;
pub mod liveness;
pub mod manifest;
mod mark;
pub mod name;
pub mod passcode;
pub mod policy;
mod provider;
pub mod roster;
pub mod rules;
mod sealed;
pub mod session;

pub use content::Content;
pub use identity::{Device, GroupPsk, HostKey};
pub use key_package::{KeyPackageError, PendingJoin, VerifiedKeyPackage};
pub use mark::{Mark, StaleGroup};
pub use session::Session;
