//! Reads each layer into settings, lowest precedence first.

use super::keys::{self, KEYS, Setting};
use super::{ConfigError, Source};
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

const PREFIX: &str = "INCAMERA_";

/// Variables with our prefix, or beginnings of them, that belong to scripts and test runs.
const NOT_OURS: &[&str] = &[
    "INCAMERA_VECTORS",
    "INCAMERA_BIN",
    "INCAMERA_SERVER",
    "INCAMERA_SEED",
    "INCAMERA_DEMO_",
    "INCAMERA_TEST_",
];

pub(super) fn read(
    args: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<Setting>, ConfigError> {
    let flags = command().try_get_matches_from(args)?;
    let mut variables: Vec<_> = environment.into_iter().collect();
    let file = flags
        .get_one::<PathBuf>("config")
        .cloned()
        .or_else(|| take_variable(&mut variables, "INCAMERA_CONFIG").map(PathBuf::from));
    let mut settings = Vec::new();
    if let Some(path) = file {
        settings.extend(from_file(&path)?);
    }
    settings.extend(from_environment(variables)?);
    settings.extend(from_flags(&flags));
    Ok(settings)
}

fn command() -> Command {
    let flags = KEYS.iter().map(|key| {
        Arg::new(key.name)
            .long(key.name)
            .value_name("VALUE")
            .help(format!("{} [{}]", key.help, key.expects))
            .action(if key.list { ArgAction::Append } else { ArgAction::Set })
    });
    Command::new("incamera-server")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Serves encrypted meetings that it cannot listen to")
        .after_help("`incamera-server reports` prints what people have written to you; see docs/operations.md.\n\
            Every option is also a key of the configuration file and INCAMERA_… in the environment.")
        .arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .help("Configuration file (TOML)")
                .value_parser(clap::value_parser!(PathBuf)),
        )
        .args(flags)
}

fn from_flags(matches: &ArgMatches) -> Vec<Setting> {
    KEYS.iter()
        .filter_map(|key| {
            let values: Vec<String> = matches.get_many::<String>(key.name)?.cloned().collect();
            let source = Source::Flag(format!("--{}", key.name));
            Some(Setting { key, values: keys::split(key, values), source })
        })
        .collect()
}

fn take_variable(variables: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let at = variables.iter().position(|(key, _)| key == name)?;
    Some(variables.swap_remove(at).1)
}

fn from_environment(variables: Vec<(String, String)>) -> Result<Vec<Setting>, ConfigError> {
    variables
        .into_iter()
        .filter(|(name, _)| {
            name.starts_with(PREFIX) && !NOT_OURS.iter().any(|theirs| name.starts_with(theirs))
        })
        .filter(|(name, _)| name != "INCAMERA_CONFIG")
        .map(|(name, value)| {
            let key = name[PREFIX.len()..].to_lowercase().replace('_', "-");
            let source = Source::Environment(name);
            let key = keys::find(&key, &source)?;
            Ok(Setting { key, values: keys::split(key, vec![value]), source })
        })
        .collect()
}

fn from_file(path: &Path) -> Result<Vec<Setting>, ConfigError> {
    let unreadable = |reason: String| ConfigError::File { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| unreadable(error.to_string()))?;
    let source = Source::File(path.to_owned());
    table
        .into_iter()
        .map(|(name, value)| {
            let key = keys::find(&name, &source)?;
            Ok(Setting { key, values: plain_values(key, value, &source)?, source: source.clone() })
        })
        .collect()
}

fn plain_values(
    key: &'static keys::Key,
    value: toml::Value,
    source: &Source,
) -> Result<Vec<String>, ConfigError> {
    match value {
        toml::Value::Array(items) if key.list => {
            items.into_iter().map(|item| plain(key, item, source)).collect()
        }
        value => Ok(vec![plain(key, value, source)?]),
    }
}

fn plain(
    key: &'static keys::Key,
    value: toml::Value,
    source: &Source,
) -> Result<String, ConfigError> {
    match value {
        toml::Value::String(text) => Ok(text),
        toml::Value::Integer(number) => Ok(number.to_string()),
        other => Err(ConfigError::BadValue {
            key: key.name.to_owned(),
            origin: source.clone(),
            expected: key.expects,
            found: format!("a TOML {}", other.type_str()),
        }),
    }
}
