//! Many participants in one process, from few threads: `incamera load`.

mod clips;
mod crowd;
mod follower;
mod intervals;
mod keys;
mod options;
mod summary;
mod usage;

pub use crowd::{LoadError, run};
pub use follower::Follower;
pub use intervals::Intervals;
pub use keys::KeyBook;
pub use options::{Options, Where, command, read};
pub use summary::Summary;
