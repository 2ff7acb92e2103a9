//! Reaching the server: TCP or TLS, one HTTP request, and the signalling socket.

mod dial;
mod http;
mod origin;
mod socket;
mod trust;

pub use dial::{Dialer, NetError};
pub use http::create_meeting;
pub use origin::{InvalidLink, Link, Origin};
pub use socket::{Signalling, SocketEvent};
pub use trust::{InvalidFingerprint, Trust};
