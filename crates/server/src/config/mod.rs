//! Typed configuration from a TOML file, the environment and flags, later ones winning. A key or
//! value that is not understood stops the server, by an error that names it and where it stands.

mod keys;
mod layers;
mod policy;
#[cfg(test)]
mod tests;

pub(crate) use keys::is_host_and_port;
pub use keys::{KEYS, Key};
pub use policy::Policy;

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// Everything an operator may choose.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where HTTP and WebSocket are served.
    pub listen: SocketAddr,
    /// Where media datagrams are received: one UDP port, or several from it on (one a shard).
    pub media_listen: SocketAddr,
    /// Addresses told to clients as media candidates; empty for this machine's own.
    pub media_addresses: Vec<IpAddr>,
    /// Threads that forward media.
    pub media_shards: usize,
    pub data_dir: PathBuf,
    /// Where `/metrics` is served; nowhere without it.
    pub metrics_listen: Option<SocketAddr>,
    /// Origins people reach this server by; empty accepts the host it is reached by.
    pub public_origins: Vec<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    pub tls: TlsMode,
    pub limits: Limits,
    pub policy: Policy,
    pub log_format: LogFormat,
    pub log_level: tracing::level_filters::LevelFilter,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsMode {
    Off,
    /// A certificate made here and kept in the data directory, for phones on the same network.
    SelfSigned {
        names: Vec<String>,
    },
    /// PEM files, read again when they change.
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    Acme(Acme),
}

/// A certificate by ACME (RFC 8555) with the TLS-ALPN-01 challenge (RFC 8737).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acme {
    pub directory: String,
    pub domains: Vec<String>,
    pub contact: Option<String>,
    /// A PEM file with one more root certificate for talking to the directory.
    pub extra_root: Option<PathBuf>,
}

/// Bounds on what one peer, or all together, may use.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections of any kind at a time.
    pub connections: usize,
    pub connections_per_address: usize,
    /// Signalling messages a second by one connection; ten seconds' worth may come at once.
    pub messages_per_connection: u32,
    /// Signalling messages a second in one meeting.
    pub messages_per_meeting: u32,
    /// HTTP requests a second by one address. Generous: a campus may sit behind one.
    pub requests_per_address: u32,
    /// Meetings created in an hour by one address.
    pub creations_per_address: u32,
    /// Reports written in an hour by one address.
    pub reports_per_address: u32,
    /// How long a request's head may take, and a TLS handshake.
    pub request_timeout: Duration,
    /// How long a signalling connection may be silent; it is pinged three times in this time.
    pub idle_timeout: Duration,
    /// How long a meeting with nobody connected stays in memory.
    pub unload_after: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Compact,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            media_listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 3479)),
            media_addresses: Vec::new(),
            media_shards: 1,
            data_dir: PathBuf::from("data"),
            metrics_listen: None,
            public_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            tls: TlsMode::Off,
            limits: Limits::default(),
            policy: Policy::default(),
            log_format: LogFormat::Compact,
            log_level: tracing::level_filters::LevelFilter::INFO,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 10_000,
            connections_per_address: 2_000,
            messages_per_connection: 50,
            messages_per_meeting: 2_000,
            requests_per_address: 500,
            creations_per_address: 600,
            reports_per_address: 20,
            request_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(45),
            unload_after: Duration::from_secs(60),
        }
    }
}

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    File(PathBuf),
    Environment(String),
    Flag(String),
    /// Nowhere: it is missing.
    Missing,
}

/// The operator's mistake.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{key} ({origin}): expected {expected}, found {found:?}")]
    BadValue { key: String, origin: Source, expected: &'static str, found: String },
    #[error("{key} ({origin}): there is no such key; see --help for all of them")]
    UnknownKey { key: String, origin: Source },
    #[error("{key} ({origin}): {reason}")]
    Missing { key: &'static str, origin: Source, reason: &'static str },
    #[error("pin and forbid contradict each other: {0} is pinned on and forbidden")]
    Contradiction(String),
    #[error("the configuration file {} cannot be read: {reason}", .path.display())]
    File { path: PathBuf, reason: String },
    /// Bad flags, or `--help` and `--version`, which print and stop.
    #[error(transparent)]
    Flags(#[from] clap::Error),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => write!(f, "in {}", path.display()),
            Source::Environment(name) => write!(f, "environment variable {name}"),
            Source::Flag(flag) => write!(f, "flag {flag}"),
            Source::Missing => f.write_str("not set"),
        }
    }
}

impl Config {
    /// Reads all three layers. `args` begins with the program's name.
    pub fn load(
        args: impl IntoIterator<Item = OsString>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut draft = keys::Draft::default();
        for setting in layers::read(args, environment)? {
            draft.apply(setting)?;
        }
        draft.finish()
    }
}
