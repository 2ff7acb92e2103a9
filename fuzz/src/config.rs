//! The server's configuration: a file, or flags and environment (the first byte says which).

use server::config::{Config, ConfigError};
use std::ffi::OsString;

/// A bad setting is an error that names its key and where it was written.
pub fn config(data: &[u8]) {
    let Some((layer, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let result = match layer {
        b'F' => from_file(text),
        b'A' => Config::load(args(text.lines()), []),
        _ => Config::load(args([]), text.lines().filter_map(variable)),
    };
    let Err(error) = result else { return };
    let message = error.to_string();
    match error {
        ConfigError::BadValue { key, origin, .. } | ConfigError::UnknownKey { key, origin } => {
            assert!(message.contains(&key) && message.contains(&origin.to_string()), "{message}");
        }
        _ => assert!(!message.is_empty()),
    }
}

fn from_file(text: &str) -> Result<Config, ConfigError> {
    let path = std::env::temp_dir().join(format!("incamera-config-{}", std::process::id()));
    std::fs::write(&path, text).expect("a writable temporary directory");
    let result = Config::load(args(["--config", &path.to_string_lossy()]), []);
    std::fs::remove_file(path).expect("our own file");
    result
}

fn args<'a>(args: impl IntoIterator<Item = &'a str>) -> Vec<OsString> {
    std::iter::once("incamera-server").chain(args).map(OsString::from).collect()
}

fn variable(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once('=')?;
    Some((format!("INCAMERA_{key}"), value.to_owned()))
}
