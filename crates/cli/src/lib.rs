//! Headless participants: real WebRTC and real end-to-end encryption around the participant core.
//! The library exists for the binary `incamera` and its tests.

pub mod args;
pub mod clip;
pub mod keep;
pub mod layout;
pub mod load;
pub mod net;
pub mod peer;
pub mod player;
pub mod receive;
pub mod record;
pub mod report;
pub mod rtp;
pub mod shell;
