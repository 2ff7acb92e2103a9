//! The queue of what goes to one client.

use axum::extract::ws::Utf8Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// Messages waiting for one client. At this bound, or that of bytes, the client is cut off: it
/// reconnects and catches up. Higher bounds let slow clients hold more memory.
const MOST_MESSAGES: usize = 512;
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Who has come or gone is told together with what follows within this time. Each write to a socket costs the server
/// as much as the message itself, and in a crowd everyone is told of everyone. Longer shows people later.
const TOGETHER: Duration = Duration::from_millis(50);

/// Messages written together at the most.
const MOST_TOGETHER: usize = 64;

/// One thing for the client.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Text(Utf8Bytes),
    /// The same, and it may wait for others.
    Calm(Utf8Bytes),
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
    /// Taken from the queue, all of them calm, and until when they may wait.
    gathered: Vec<Outgoing>,
    until: Instant,
}

pub(crate) fn outbox() -> (Outbox, Outgoings) {
    let (sender, receiver) = mpsc::channel(MOST_MESSAGES);
    let (overflow, overflown) = watch::channel(false);
    let bytes = Arc::new(AtomicUsize::new(0));
    (
        Outbox { queue: sender, bytes: bytes.clone(), overflown: overflow },
        Outgoings {
            queue: receiver,
            bytes,
            overflown,
            gathered: Vec::new(),
            until: Instant::now(),
        },
    )
}

impl Outbox {
    pub fn send(&self, text: Utf8Bytes) {
        let len = text.len();
        self.put(len, Outgoing::Text(text));
    }

    /// Nobody waits for this one.
    pub fn send_calmly(&self, text: Utf8Bytes) {
        let len = text.len();
        self.put(len, Outgoing::Calm(text));
    }

    fn put(&self, len: usize, outgoing: Outgoing) {
        let waiting = self.bytes.fetch_add(len, Relaxed) + len;
        if waiting > MOST_BYTES || self.queue.try_send(outgoing).is_err() {
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
    /// What to send next, in one write; `None` when the client was too slow. Cancelling loses nothing.
    pub async fn next(&mut self) -> Option<Vec<Outgoing>> {
        loop {
            if *self.overflown.borrow() {
                return None;
            }
            let next = tokio::select! {
                biased;
                _ = self.overflown.wait_for(|overflown| *overflown) => return None,
                () = sleep_until(self.until), if !self.gathered.is_empty() => None,
                next = self.queue.recv() => Some(next?),
            };
            if next.is_none_or(|next| self.gather(next)) {
                return Some(std::mem::take(&mut self.gathered));
            }
        }
    }

    /// Takes this and what stands behind it. True when it is to be sent now.
    fn gather(&mut self, first: Outgoing) -> bool {
        if self.gathered.is_empty() {
            self.until = Instant::now() + TOGETHER;
        }
        let mut next = Some(first);
        let mut urgent = false;
        while let Some(outgoing) = next {
            if let Outgoing::Text(text) | Outgoing::Calm(text) = &outgoing {
                self.bytes.fetch_sub(text.len(), Relaxed);
            }
            urgent |= !matches!(outgoing, Outgoing::Calm(_));
            self.gathered.push(outgoing);
            if self.gathered.len() >= MOST_TOGETHER {
                return true;
            }
            next = self.queue.try_recv().ok();
        }
        urgent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_read_is_cut_off() {
        let (outbox, mut outgoings) = outbox();
        (0..MOST_MESSAGES).for_each(|_| outbox.send("x".into()));
        assert_eq!(outgoings.next().await.map(|sent| sent.len()), Some(MOST_TOGETHER));
        (0..MOST_TOGETHER + 1).for_each(|_| outbox.send("x".into()));
        assert!(outgoings.next().await.is_none());
    }

    fn texts(sent: Option<Vec<Outgoing>>) -> Vec<String> {
        let text = |outgoing: &Outgoing| match outgoing {
            Outgoing::Text(text) | Outgoing::Calm(text) => Some(text.to_string()),
            Outgoing::Close => None,
        };
        sent.iter().flatten().filter_map(text).collect()
    }

    #[tokio::test]
    async fn who_has_come_is_told_together_and_soon() {
        let (outbox, mut outgoings) = outbox();
        let began = Instant::now();
        let teller = outbox.clone();
        tokio::spawn(async move {
            for name in ["Ana", "Ben", "Cleo"] {
                teller.send_calmly(name.into());
                sleep_until(Instant::now() + TOGETHER / 10).await;
            }
        });
        assert_eq!(texts(outgoings.next().await), ["Ana", "Ben", "Cleo"]);
        assert!(began.elapsed() >= TOGETHER);
    }

    #[tokio::test]
    async fn what_is_urgent_takes_what_stands_before_it_along() {
        let (outbox, mut outgoings) = outbox();
        let began = Instant::now();
        outbox.send_calmly("Ana has come".into());
        outbox.send("a commit".into());
        outbox.send_calmly("Ben has come".into());
        outbox.close();
        let sent = outgoings.next().await;
        assert!(matches!(sent.as_deref(), Some([.., Outgoing::Close])));
        assert_eq!(texts(sent), ["Ana has come", "a commit", "Ben has come"]);
        assert!(began.elapsed() < TOGETHER);
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
