//! One participant of a meeting, without any IO: signalling, keys and the view model.
//!
//! The one calling rule: after every [`Participant::handle`], call [`Participant::poll_output`]
//! until it returns `None`, carrying the outputs out in order. Time and randomness come from the
//! shell; nothing here reads a clock.

mod assemble;
mod chat;
mod connection;
mod consulting;
mod create;
mod delegation;
mod desk;
mod door;
mod epoch;
mod greeting;
mod heir;
mod invitations;
mod keys;
mod leaving;
mod lobby;
mod media;
mod messages;
mod names;
mod outbox;
mod outgoing;
mod pace;
mod participant;
mod passcode;
mod people;
mod policy;
mod returning;
mod room;
mod rules;
mod saved;
pub mod shell;
mod showing;
pub mod view;
mod waiting;

pub use consulting::Turn;
pub use create::{Create, Created, create};
pub use participant::{Config, Participant};
