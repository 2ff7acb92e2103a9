//! Every key: its name, what it expects, and the field it sets.

use super::policy::{self, FEATURES, PINS, REASON};
use super::{Acme, Config, ConfigError, LogFormat, Source, TlsMode};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tracing::level_filters::LevelFilter;

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// One thing an operator may set.
pub struct Key {
    /// As in the file and, with `--`, as a flag; `INCAMERA_` and capitals in the environment.
    pub name: &'static str,
    pub expects: &'static str,
    pub help: &'static str,
    pub(super) list: bool,
    set: fn(&mut Draft, &[String]) -> Option<()>,
}

pub(super) struct Setting {
    pub key: &'static Key,
    pub values: Vec<String>,
    pub source: Source,
}

/// A configuration whose parts have been read but not checked against each other.
#[derive(Default)]
pub(super) struct Draft {
    config: Config,
    tls: Option<Tls>,
    tls_names: Vec<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    acme_directory: Option<String>,
    acme_domains: Vec<String>,
    acme_contact: Option<String>,
    acme_root: Option<PathBuf>,
    policy: policy::Draft,
}

#[derive(Clone, Copy)]
enum Tls {
    Off,
    SelfSigned,
    Files,
    Acme,
}

const ADDRESS: &str = "an address and port such as 127.0.0.1:8080";
const NUMBER: &str = "a whole number above 0";
const SECONDS: &str = "a whole number of seconds above 0";

macro_rules! key {
    ($name:literal, $expects:expr, $help:literal, $set:expr) => {
        Key { name: $name, expects: $expects, help: $help, list: false, set: $set }
    };
    ($name:literal, list $expects:expr, $help:literal, $set:expr) => {
        Key { name: $name, expects: $expects, help: $help, list: true, set: $set }
    };
}

/// All keys, in the order of the documentation.
pub static KEYS: &[Key] = &[
    key!("listen", ADDRESS, "Where HTTP and WebSocket are served; port 0 picks one", |d, v| {
        set(&mut d.config.listen, v)
    }),
    key!("media-listen", ADDRESS, "UDP port for media; port 0 picks one", |d, v| {
        set(&mut d.config.media_listen, v)
    }),
    key!("media-addresses", list "IP addresses without ports", "Addresses told to clients for media", |d, v| {
        set_list::<IpAddr>(&mut d.config.media_addresses, v)
    }),
    key!("media-shards", "a whole number from 1 to 32", "Threads that forward media", |d, v| {
        d.config.media_shards =
            one::<usize>(v).filter(|n| (1..=crate::media::MediaConfig::MAX_SHARDS).contains(n))?;
        Some(())
    }),
    key!("data-dir", "a directory", "Where the database and certificates live", |d, v| {
        set(&mut d.config.data_dir, v)
    }),
    key!("metrics-listen", ADDRESS, "Where /metrics is served; off without it", |d, v| {
        d.config.metrics_listen = Some(one::<SocketAddr>(v)?);
        Some(())
    }),
    key!("public-origins", list ORIGIN, "Addresses people reach this server by", |d, v| {
        d.config.public_origins = v.iter().map(|text| origin(text)).collect::<Option<_>>()?;
        Some(())
    }),
    key!("trusted-proxies", list "IP addresses without ports", "Proxies whose X-Forwarded-For is believed", |d, v| {
        set_list::<IpAddr>(&mut d.config.trusted_proxies, v)
    }),
    key!("tls", "off, self-signed, files or acme", "Where the certificate comes from", |d, v| {
        d.tls = Some(match one::<String>(v)?.as_str() {
            "off" => Tls::Off,
            "self-signed" => Tls::SelfSigned,
            "files" => Tls::Files,
            "acme" => Tls::Acme,
            _ => return None,
        });
        Some(())
    }),
    key!("tls-names", list "host names or IP addresses", "More names for a self-signed certificate", |d, v| {
        d.tls_names = v.to_vec();
        Some(())
    }),
    key!("tls-certificate", "a PEM file", "Certificate chain, for tls = files", |d, v| {
        d.certificate = Some(one(v)?);
        Some(())
    }),
    key!("tls-key", "a PEM file", "Private key, for tls = files", |d, v| {
        d.key = Some(one(v)?);
        Some(())
    }),
    key!(
        "acme-directory",
        "an https:// URL",
        "ACME directory; Let's Encrypt without it",
        |d, v| {
            d.acme_directory = Some(one::<String>(v).filter(|url| url.starts_with("https://"))?);
            Some(())
        }
    ),
    key!("acme-domains", list "public host names", "Names to get a certificate for", |d, v| {
        d.acme_domains = v.iter().map(|name| host_name(name)).collect::<Option<_>>()?;
        Some(())
    }),
    key!("acme-contact", "a mail address", "Whom the authority may write to", |d, v| {
        d.acme_contact = Some(one::<String>(v).filter(|mail| mail.contains('@'))?);
        Some(())
    }),
    key!("acme-root", "a PEM file", "One more root for talking to the directory", |d, v| {
        d.acme_root = Some(one(v)?);
        Some(())
    }),
    key!("limit-connections", NUMBER, "Connections at a time", |d, v| {
        set_positive(&mut d.config.limits.connections, v)
    }),
    key!(
        "limit-connections-per-address",
        NUMBER,
        "Connections at a time from one address",
        |d, v| { set_positive(&mut d.config.limits.connections_per_address, v) }
    ),
    key!("limit-messages-per-connection", NUMBER, "Messages a second by one connection", |d, v| {
        set_positive(&mut d.config.limits.messages_per_connection, v)
    }),
    key!("limit-messages-per-meeting", NUMBER, "Messages a second in one meeting", |d, v| {
        set_positive(&mut d.config.limits.messages_per_meeting, v)
    }),
    key!(
        "limit-requests-per-address",
        NUMBER,
        "HTTP requests a second from one address",
        |d, v| { set_positive(&mut d.config.limits.requests_per_address, v) }
    ),
    key!(
        "limit-creations-per-address",
        NUMBER,
        "Meetings created in an hour from one address",
        |d, v| { set_positive(&mut d.config.limits.creations_per_address, v) }
    ),
    key!(
        "limit-reports-per-address",
        NUMBER,
        "Reports to those who run the server in an hour from one address",
        |d, v| { set_positive(&mut d.config.limits.reports_per_address, v) }
    ),
    key!("request-timeout", SECONDS, "How long a request's head may take", |d, v| {
        set_seconds(&mut d.config.limits.request_timeout, v)
    }),
    key!("idle-timeout", SECONDS, "How long a connection may be silent", |d, v| {
        set_seconds(&mut d.config.limits.idle_timeout, v)
    }),
    key!("unload-after", SECONDS, "How long an empty meeting stays in memory", |d, v| {
        set_seconds(&mut d.config.limits.unload_after, v)
    }),
    key!("pin", list PINS, "Switches that nobody in a meeting can turn", |d, v| d.policy.pin(v)),
    key!("forbid", list FEATURES, "What nobody in a meeting can do", |d, v| d.policy.forbid(v)),
    key!("policy-reason", REASON, "Why, shown beside what is fixed", |d, v| {
        d.policy.explain(&one::<String>(v)?)
    }),
    key!("log-format", "compact or json", "How log lines are written", |d, v| {
        d.config.log_format = match one::<String>(v)?.as_str() {
            "compact" => LogFormat::Compact,
            "json" => LogFormat::Json,
            _ => return None,
        };
        Some(())
    }),
    key!("log-level", "error, warn, info or debug", "How much is logged", |d, v| {
        d.config.log_level = match one::<String>(v)?.as_str() {
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            _ => return None,
        };
        Some(())
    }),
];

const ORIGIN: &str = "origins such as https://meet.example.org";

pub(super) fn find(name: &str, source: &Source) -> Result<&'static Key, ConfigError> {
    KEYS.iter()
        .find(|key| key.name == name)
        .ok_or_else(|| ConfigError::UnknownKey { key: name.to_owned(), origin: source.clone() })
}

/// Lists may be written with commas where there is no array to write them in.
pub(super) fn split(key: &Key, values: Vec<String>) -> Vec<String> {
    if !key.list {
        return values;
    }
    let parts = values.iter().flat_map(|value| value.split(','));
    parts.map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

impl Draft {
    pub(super) fn apply(&mut self, setting: Setting) -> Result<(), ConfigError> {
        (setting.key.set)(self, &setting.values).ok_or_else(|| ConfigError::BadValue {
            key: setting.key.name.to_owned(),
            origin: setting.source,
            expected: setting.key.expects,
            found: setting.values.join(", "),
        })
    }

    pub(super) fn finish(mut self) -> Result<Config, ConfigError> {
        self.config.tls = match self.tls.unwrap_or(Tls::Off) {
            Tls::Off => TlsMode::Off,
            Tls::SelfSigned => TlsMode::SelfSigned { names: self.tls_names },
            Tls::Files => TlsMode::Files {
                certificate: required(self.certificate, "tls-certificate", "tls = files")?,
                key: required(self.key, "tls-key", "tls = files")?,
            },
            Tls::Acme => TlsMode::Acme(Acme {
                directory: self.acme_directory.unwrap_or_else(|| LETS_ENCRYPT.to_owned()),
                domains: required(
                    Some(self.acme_domains).filter(|d| !d.is_empty()),
                    "acme-domains",
                    "tls = acme",
                )?,
                contact: self.acme_contact,
                extra_root: self.acme_root,
            }),
        };
        self.config.policy = self.policy.finish()?;
        Ok(self.config)
    }
}

fn required<T>(value: Option<T>, key: &'static str, by: &'static str) -> Result<T, ConfigError> {
    let reason = match by {
        "tls = files" => "needed by tls = files",
        _ => "needed by tls = acme",
    };
    value.ok_or(ConfigError::Missing { key, origin: Source::Missing, reason })
}

fn one<T: FromStr>(values: &[String]) -> Option<T> {
    match values {
        [value] if !value.is_empty() => value.parse().ok(),
        _ => None,
    }
}

fn set<T: FromStr>(field: &mut T, values: &[String]) -> Option<()> {
    *field = one(values)?;
    Some(())
}

fn set_positive<T: FromStr + Default + PartialOrd>(field: &mut T, values: &[String]) -> Option<()> {
    *field = one::<T>(values).filter(|value| *value > T::default())?;
    Some(())
}

fn set_seconds(field: &mut Duration, values: &[String]) -> Option<()> {
    let mut seconds = 0u32;
    set_positive(&mut seconds, values)?;
    *field = Duration::from_secs(seconds.into());
    Some(())
}

fn set_list<T: FromStr>(field: &mut Vec<T>, values: &[String]) -> Option<()> {
    *field = values.iter().map(|value| value.parse().ok()).collect::<Option<_>>()?;
    Some(())
}

/// The form browsers send: lower case, no path.
fn origin(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text).to_lowercase();
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    is_host_and_port(host).then_some(text)
}

/// Whether `text` can stand in a header or a policy as a host with or without a port.
pub(crate) fn is_host_and_port(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.:[]_".contains(c);
    !text.is_empty() && text.len() <= 260 && text.chars().all(allowed)
}

fn host_name(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.".contains(c);
    (!text.is_empty() && text.chars().all(allowed)).then(|| text.to_lowercase())
}
