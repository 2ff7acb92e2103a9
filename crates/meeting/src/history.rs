use crate::limits;
use crate::outbox::Outbox;
use crate::output::Blob;
use crate::records;
use crate::session::{Entry, KeptWelcome};
use base::UnixMillis;
use std::collections::VecDeque;

/// The newest commits and chat, for members that catch up, and the newest Welcomes, for joiners
/// whose connection broke. Chat is never stored.
#[derive(Default)]
pub(crate) struct History {
    commits: VecDeque<Entry>,
    commit_bytes: usize,
    welcomes: VecDeque<KeptWelcome>,
    welcome_bytes: usize,
    chat: VecDeque<KeptChat>,
    chat_bytes: usize,
}

/// A chat message that was passed on.
pub(crate) struct KeptChat {
    /// The group's epoch when it was, which may be later than its own.
    pub at: u64,
    pub epoch: u64,
    pub message: Blob,
}

impl History {
    pub fn latest(&self) -> Option<&Entry> {
        self.commits.back()
    }

    /// The commits from `epoch` on; `None` if they are no longer all kept.
    pub fn since(&self, epoch: u64) -> Option<impl Iterator<Item = &Entry>> {
        let first = self.commits.front()?.epoch;
        let skip = epoch.checked_sub(first)?;
        Some(self.commits.iter().skip(usize::try_from(skip).ok()?))
    }

    /// The chat that was passed on while the group was at `epoch`.
    pub fn chat_at(&self, epoch: u64) -> impl Iterator<Item = &KeptChat> {
        let first = self.chat.partition_point(|kept| kept.at < epoch);
        self.chat.range(first..).take_while(move |kept| kept.at == epoch)
    }

    /// The Welcome that leads to `epoch`.
    pub fn welcome_to(&self, epoch: u64) -> Option<&Blob> {
        self.welcomes.iter().find(|kept| kept.epoch == epoch).map(|kept| &kept.message)
    }

    pub fn next_expiry(&self) -> Option<UnixMillis> {
        self.welcomes.front().map(|kept| kept.until)
    }

    pub fn push(&mut self, entry: Entry, out: &mut Outbox) {
        out.put(records::commit(&entry));
        self.restore(entry);
        while self.commits.len() > limits::LOG_COMMITS || self.commit_bytes > limits::LOG_BYTES {
            let Some(oldest) = self.commits.pop_front() else { break };
            self.commit_bytes -= size(&oldest);
            out.delete(records::COMMIT, oldest.epoch);
        }
    }

    pub fn keep(&mut self, welcome: KeptWelcome, out: &mut Outbox) {
        out.put(records::welcome(&welcome));
        self.restore_welcome(welcome);
        while self.welcomes.len() > limits::WELCOMES || self.welcome_bytes > limits::WELCOME_BYTES {
            self.drop_oldest_welcome(out);
        }
    }

    pub fn keep_chat(&mut self, kept: KeptChat) {
        self.chat_bytes += kept.message.len();
        self.chat.push_back(kept);
        while self.chat.len() > limits::CHAT_KEPT || self.chat_bytes > limits::CHAT_BYTES {
            let Some(oldest) = self.chat.pop_front() else { break };
            self.chat_bytes -= oldest.message.len();
        }
    }

    pub fn expire(&mut self, now: UnixMillis, out: &mut Outbox) {
        while self.next_expiry().is_some_and(|until| until <= now) {
            self.drop_oldest_welcome(out);
        }
    }

    /// Forgets the latest commit, its Welcome, and what was sealed in the epoch it led to.
    pub fn take_back(&mut self, out: &mut Outbox) {
        let Some(entry) = self.commits.pop_back() else { return };
        self.commit_bytes -= size(&entry);
        out.delete(records::COMMIT, entry.epoch);
        if let Some(welcome) = self.welcomes.pop_back_if(|kept| kept.epoch == entry.epoch + 1) {
            self.welcome_bytes -= welcome.message.len();
            out.delete(records::WELCOME, welcome.epoch);
        }
        self.chat.retain(|kept| kept.epoch <= entry.epoch);
        self.chat.iter_mut().for_each(|kept| kept.at = kept.at.min(entry.epoch));
        self.chat_bytes = self.chat.iter().map(|kept| kept.message.len()).sum();
    }

    /// Puts back a commit from the store, in ascending order.
    pub fn restore(&mut self, entry: Entry) {
        self.commit_bytes += size(&entry);
        self.commits.push_back(entry);
    }

    /// Puts back a Welcome from the store, in ascending order.
    pub fn restore_welcome(&mut self, welcome: KeptWelcome) {
        self.welcome_bytes += welcome.message.len();
        self.welcomes.push_back(welcome);
    }

    fn drop_oldest_welcome(&mut self, out: &mut Outbox) {
        if let Some(oldest) = self.welcomes.pop_front() {
            self.welcome_bytes -= oldest.message.len();
            out.delete(records::WELCOME, oldest.epoch);
        }
    }
}

fn size(entry: &Entry) -> usize {
    entry.commit.len() + entry.ticket.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_chat_is_kept_up_to_its_bytes() {
        let mut history = History::default();
        for epoch in 0..20 {
            let message = vec![0; limits::GROUP_MESSAGE].into();
            history.keep_chat(KeptChat { at: epoch, epoch, message });
        }
        assert_eq!(history.chat_bytes, limits::CHAT_BYTES);
        let kept: Vec<_> = (0..20).filter(|at| history.chat_at(*at).next().is_some()).collect();
        assert_eq!(kept, [16, 17, 18, 19]);
    }
}
