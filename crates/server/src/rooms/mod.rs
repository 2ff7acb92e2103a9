//! Meetings in memory: each is owned by one task, loaded when somebody comes and unloaded when
//! nobody has been there for a while.

mod actor;
mod backlog;
mod hall;

pub(crate) use actor::Letter;
pub(crate) use hall::{Hall, Room, Surroundings};
