//! The participant core and the frame cryptography for a browser's workers. No logic: arguments in,
//! results out.
//!
//! Two modules are built from this crate: `incamera_wasm` (feature `core`) for the core worker and
//! `incamera_frames` (feature `frames`) for the frame worker.

#[cfg(feature = "core")]
mod core;
#[cfg(feature = "frames")]
mod frames;
