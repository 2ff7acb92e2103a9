use base::{DeviceKey, Secret};
use client::shell::FrameCommand;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::watch;

/// The epoch being sent with and the one before, as frame workers keep them.
const EPOCHS: usize = 2;

/// Frame keys that one participant of the group exports to this process's followers.
pub struct KeyBook {
    page: Mutex<Page>,
    version: watch::Sender<u64>,
}

/// What is known at one moment.
#[derive(Clone, Default)]
pub struct Page {
    /// Ascending.
    pub epochs: VecDeque<(u64, Secret<16>)>,
    pub leaves: Arc<BTreeMap<DeviceKey, u32>>,
    /// The last [`FrameCommand::Rights`].
    pub rights: Option<FrameCommand>,
}

impl KeyBook {
    pub fn new() -> Arc<KeyBook> {
        Arc::new(KeyBook { page: Mutex::default(), version: watch::Sender::new(0) })
    }

    /// Notes what a frame command says; `leaves` are the group's at this moment.
    pub fn note(&self, command: &FrameCommand, leaves: impl FnOnce() -> Vec<(DeviceKey, u32)>) {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        match command {
            FrameCommand::AddEpoch { epoch, base_key } => {
                let Ok(key) = <[u8; 16]>::try_from(base_key.0.as_slice()) else { return };
                page.epochs.retain(|(known, _)| known < epoch);
                page.epochs.push_back((*epoch, Secret::new(key)));
                if page.epochs.len() > EPOCHS {
                    page.epochs.pop_front();
                }
                page.leaves = Arc::new(leaves().into_iter().collect());
            }
            FrameCommand::Rights { .. } => page.rights = Some(command.clone()),
            FrameCommand::Clear => *page = Page::default(),
            _ => return,
        }
        self.version.send_modify(|version| *version += 1);
    }

    pub fn read(&self) -> Page {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }
}
