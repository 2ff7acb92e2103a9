//! Simulated meetings: a cast with real keys, a virtual clock, a reference model that is simple
//! enough to be obviously right, and a world that drives [`meeting::Meeting`] beside it.

mod cast;
pub mod fuzzing;
mod model;
mod random;
mod steps;
mod world;

pub use cast::{Cast, CertificateFacts, LeaveFacts, SwapFacts, TicketFacts, Who};
pub use model::{Group, Model};
pub use random::Random;
pub use steps::{Step, StepKind};
pub use world::World;
