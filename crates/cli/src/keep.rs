//! What a device keeps between runs: its key and the saved state of its meetings.
//!
//! The file is secret: it is readable by its owner only, and replaced whole so that a crash leaves
//! either the old or the new one.

use base::Secret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use wire::Bytes;

/// Why kept data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// Of the environment.
    #[error("cannot keep data in {path}: {source}")]
    File { path: String, source: std::io::Error },
    /// Of whoever named the file.
    #[error("{path} is not a data file of this program")]
    Unreadable { path: String },
}

#[derive(Serialize, Deserialize)]
struct Kept {
    /// Seed of the device key, 32 bytes.
    device: Bytes,
    /// Saved state by meeting id.
    #[serde(default)]
    meetings: BTreeMap<String, Bytes>,
}

/// A device's data, in a file or, without one, for this run only.
pub struct Keep {
    path: Option<PathBuf>,
    device: Secret<32>,
    meetings: BTreeMap<String, Bytes>,
}

impl Keep {
    /// Reads the file, or starts with `fresh_seed` when there is none yet.
    pub fn open(path: Option<&Path>, fresh_seed: Secret<32>) -> Result<Keep, KeepError> {
        let Some(path) = path else {
            return Ok(Keep { path: None, device: fresh_seed, meetings: BTreeMap::new() });
        };
        match std::fs::read(path) {
            Ok(bytes) => Keep::read(path, &bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let path = Some(path.to_owned());
                let keep = Keep { path, device: fresh_seed, meetings: BTreeMap::new() };
                keep.store()?;
                Ok(keep)
            }
            Err(source) => Err(file_error(path, source)),
        }
    }

    /// Seed of the device key.
    pub fn device_seed(&self) -> Secret<32> {
        self.device.clone()
    }

    /// Saved state of a meeting.
    pub fn saved(&self, meeting: &str) -> Option<Vec<u8>> {
        self.meetings.get(meeting).map(|state| state.0.clone())
    }

    /// Replaces the saved state of a meeting; durable when this returns.
    pub fn save(&mut self, meeting: &str, state: Vec<u8>) -> Result<(), KeepError> {
        self.meetings.insert(meeting.to_owned(), Bytes(state));
        self.store()
    }

    /// Deletes the saved state of a meeting.
    pub fn forget(&mut self, meeting: &str) -> Result<(), KeepError> {
        match self.meetings.remove(meeting) {
            Some(_) => self.store(),
            None => Ok(()),
        }
    }

    fn read(path: &Path, bytes: &[u8]) -> Result<Keep, KeepError> {
        let unreadable = || KeepError::Unreadable { path: path.display().to_string() };
        let kept: Kept = serde_json::from_slice(bytes).map_err(|_| unreadable())?;
        let device = kept.device.0.try_into().map_err(|_| unreadable())?;
        let path = Some(path.to_owned());
        Ok(Keep { path, device: Secret::new(device), meetings: kept.meetings })
    }

    fn store(&self) -> Result<(), KeepError> {
        let Some(path) = &self.path else { return Ok(()) };
        let kept =
            Kept { device: Bytes(self.device.expose().to_vec()), meetings: self.meetings.clone() };
        let bytes = serde_json::to_vec(&kept).expect("invariant: kept data becomes JSON");
        replace(path, &bytes).map_err(|source| file_error(path, source))
    }
}

fn file_error(path: &Path, source: std::io::Error) -> KeepError {
    KeepError::File { path: path.display().to_string(), source }
}

fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut file = private(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_and_its_meetings_survive() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device");
        let mut keep = Keep::open(Some(&path), Secret::new([1; 32])).unwrap();
        keep.save("m", vec![1, 2]).unwrap();
        keep.save("n", vec![3]).unwrap();
        keep.forget("n").unwrap();
        let again = Keep::open(Some(&path), Secret::new([2; 32])).unwrap();
        assert_eq!(again.device_seed().expose(), &[1; 32]);
        assert_eq!((again.saved("m"), again.saved("n")), (Some(vec![1, 2]), None));
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_can_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device");
        Keep::open(Some(&path), Secret::new([1; 32])).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn another_file_is_refused_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("device");
        std::fs::write(&path, "my diary").unwrap();
        let refused = Keep::open(Some(&path), Secret::new([1; 32]));
        assert!(matches!(refused, Err(KeepError::Unreadable { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "my diary");
    }
}
