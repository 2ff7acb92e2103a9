//! Log lines on standard error. What may appear in them: digests of ids, counts, reasons. What may
//! not: names, addresses of people, keys, and anything a client sent.

use crate::config::{Config, LogFormat};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

/// Only our own crates may log: libraries write addresses and statements into their lines.
const OURS: &[&str] = &["server", "meeting", "sfu", "store", "store_sqlite"];

/// Writes log lines as configured, for the rest of the process.
pub fn start(config: &Config) {
    let ours = Targets::new().with_targets(OURS.iter().map(|crate_| (*crate_, config.log_level)));
    let lines = fmt::layer().with_writer(std::io::stderr);
    match config.log_format {
        LogFormat::Compact => registry().with(lines.compact().with_filter(ours)).init(),
        LogFormat::Json => registry().with(lines.json().with_filter(ours)).init(),
    }
}
