//! The queue of what goes to one client.

use axum::extract::ws::Utf8Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::{mpsc, watch};

/// Messages waiting for one client. At this bound, or that of bytes, the client is cut off: it
/// reconnects and catches up. Higher bounds let slow clients hold more memory.
const MOST_MESSAGES: usize = 512;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// One thing for the client.
pub(crate) enum Outgoing {
    Text(Utf8Bytes),
    /// Close after everything before has gone out.
    Close,
}

/// The sending end; cheap to clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    queue: mpsc::Sender<Outgoing>,
    bytes: Arc<AtomicUsize>,
    overflown: watch::Sender<bool>,
}

/// The connection's end.
pub(crate) struct Outgoings {
    queue: mpsc::Receiver<Outgoing>,
    bytes: Arc<AtomicUsize>,
    overflown: watch::Receiver<bool>,
}

pub(crate) fn outbox() -> (Outbox, Outgoings) {
    let (sender, receiver) = mpsc::channel(MOST_MESSAGES);
    let (overflow, overflown) = watch::channel(false);
    let bytes = Arc::new(AtomicUsize::new(0));
    (
        Outbox { queue: sender, bytes: bytes.clone(), overflown: overflow },
        Outgoings { queue: receiver, bytes, overflown },
    )
}

impl Outbox {
    pub fn send(&self, text: Utf8Bytes) {
        let len = text.len();
        let waiting = self.bytes.fetch_add(len, Relaxed) + len;
        if waiting > MOST_BYTES || self.queue.try_send(Outgoing::Text(text)).is_err() {
            self.overflown.send_replace(true);
        }
    }

    pub fn close(&self) {
        if self.queue.try_send(Outgoing::Close).is_err() {
            self.overflown.send_replace(true);
        }
    }
}

impl Outgoings {
    /// The next thing to send; `None` when the client was too slow. Cancelling loses nothing.
    pub async fn next(&mut self) -> Option<Outgoing> {
        if *self.overflown.borrow() {
            return None;
        }
        tokio::select! {
            biased;
            _ = self.overflown.wait_for(|overflown| *overflown) => None,
            next = self.queue.recv() => {
                if let Some(Outgoing::Text(text)) = &next {
                    self.bytes.fetch_sub(text.len(), Relaxed);
                }
                next
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_off() {
        let (outbox, mut outgoings) = outbox();
        (0..MOST_MESSAGES).for_each(|_| outbox.send("x".into()));
        assert!(outgoings.next().await.is_some());
        (0..2).for_each(|_| outbox.send("x".into()));
        assert!(outgoings.next().await.is_none());
    }

    #[tokio::test]
    async fn bytes_are_bounded_too() {
        let (outbox, mut outgoings) = outbox();
        let large: Utf8Bytes = "x".repeat(MOST_BYTES / 2 + 1).into();
        outbox.send(large.clone());
        outbox.send(large);
        assert!(outgoings.next().await.is_none());
    }
}
