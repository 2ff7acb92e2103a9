//! What this device says to the group, until it is known that the server has taken it.
//!
//! The server sends every group message back to its sender, drops one of an epoch that nobody reads
//! any more, and sends each member what it sends in order. So what has not come back once this device
//! has left the epochs behind in which it could be read was never passed on, and is sealed anew; until
//! then the same bytes are sent again, which members take only once.

use crate::participant::Participant;
use crate::people::On;
use crate::view::Delivery;
use base::{GroupId, Millis, Now, Party, Pii};
use e2ee::content::Content;
use e2ee::session::{PAST_EPOCHS, Session};
use std::time::Duration;
use wire::{Channel, ClientMessage};

/// Contents waiting; at the bound the oldest goes.
const MAX_WAITING: usize = 128;
/// How long a message may be on its way before it is sent again. Shorter repeats on slow networks
/// what has arrived.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(crate) struct Outgoing {
    waiting: Vec<Word>,
    /// What is on its way is sent again then.
    again_at: Option<Millis>,
}

struct Word {
    content: Content,
    line: Option<Line>,
    sealed: Option<Sealed>,
}

/// A chat line, and those it was written for: what is written to one patient never reaches the next.
struct Line {
    number: u64,
    audience: Audience,
}

/// A session's group and, in consulting mode, whose turn it is.
type Audience = (GroupId, Option<Party>);

struct Sealed {
    epoch: u64,
    message: Vec<u8>,
}

impl Outgoing {
    /// Only while this device is connected and its group current can anything be said.
    pub fn next_due(&self) -> Option<Millis> {
        self.again_at
    }

    /// Whatever was under way when the connection broke is sent again on the next one.
    pub fn handle_offline(&mut self) {
        self.again_at = self.again_at.map(|_| Millis(0));
    }

    /// This device comes back to the same group with another leaf, and tells everything but what was
    /// written by a person anew.
    pub fn handle_returning(&mut self) {
        self.waiting.retain(|word| word.line.is_some());
        self.waiting.iter_mut().for_each(|word| word.sealed = None);
    }

    fn take_back(&mut self, message: &[u8]) -> Option<Word> {
        let own =
            |word: &Word| word.sealed.as_ref().is_some_and(|sealed| sealed.message == message);
        let word = self.waiting.remove(self.waiting.iter().position(own)?);
        self.again_at = self.again_at.filter(|_| !self.waiting.is_empty());
        Some(word)
    }
}

impl Participant {
    /// Queues a message for the group, in the place of what it makes untrue; it goes out as soon as the
    /// group is current.
    pub(crate) fn say(&mut self, content: Content) {
        self.queue(Word { content, line: None, sealed: None });
    }

    /// Queues the chat line of this number.
    pub(crate) fn say_line(&mut self, number: u64, content: Content) {
        let line =
            self.room.as_ref().map(|room| Line { number, audience: audience(&room.session) });
        self.queue(Word { content, line, sealed: None });
    }

    fn queue(&mut self, word: Word) {
        if self.room.is_none() {
            return self.give_up(word);
        }
        self.outgoing.waiting.retain(|earlier| !supersedes(&word.content, &earlier.content));
        if self.outgoing.waiting.len() == MAX_WAITING {
            let oldest = self.outgoing.waiting.remove(0);
            self.give_up(oldest);
        }
        self.outgoing.waiting.push(word);
    }

    /// What serves its purpose at once or not at all.
    pub(crate) fn say_once(&mut self, content: &Content) {
        let Some(room) = self.room.as_mut().filter(|room| room.session.member_count() > 1) else {
            return;
        };
        if let Ok(message) = room.session.seal(&self.device, content) {
            let sealed = Sealed { epoch: room.session.epoch(), message };
            self.send_sealed(&sealed, channel_of(content));
        }
    }

    pub(crate) fn speak(&mut self, now: Now) {
        let again = self.outgoing.again_at.is_some_and(|at| now.mono >= at);
        let mut sent = false;
        for mut word in std::mem::take(&mut self.outgoing.waiting) {
            match self.tell(&mut word, again) {
                Some(told) => {
                    sent |= told;
                    self.outgoing.waiting.push(word);
                }
                None => self.give_up(word),
            }
        }
        if self.outgoing.waiting.is_empty() {
            self.outgoing.again_at = None;
        } else if sent {
            self.outgoing.again_at = Some(now.mono + PATIENCE);
        }
    }

    /// Sends it if it is new, was never taken, or has been on its way for long; `None` if it must not be
    /// said any more.
    fn tell(&mut self, word: &mut Word, again: bool) -> Option<bool> {
        let may_chat = self.may().chat;
        let session = &mut self.room.as_mut()?.session;
        let meant = match &word.line {
            Some(line) => may_chat && line.audience == audience(session),
            None => session.member_count() > 1,
        };
        if !meant {
            return None;
        }
        let epoch = session.epoch();
        word.sealed.take_if(|sealed| epoch > sealed.epoch + PAST_EPOCHS);
        if word.sealed.is_some() && !again {
            return Some(false);
        }
        if word.sealed.is_none() {
            self.bring_up_to_date(&mut word.content);
            let session = &mut self.room.as_mut()?.session;
            // What cannot be sealed is too long for anyone to read.
            let message = session.seal(&self.device, &word.content).ok()?;
            word.sealed = Some(Sealed { epoch, message });
        }
        self.send_sealed(word.sealed.as_ref()?, channel_of(&word.content));
        Some(true)
    }

    /// Names may have changed since they were to be told.
    fn bring_up_to_date(&self, content: &mut Content) {
        let Content::Roster(entries) = content else { return };
        for entry in entries {
            entry.name = Pii::new(self.name_of(&entry.device));
        }
    }

    fn send_sealed(&mut self, sealed: &Sealed, channel: Channel) {
        let Some(room) = &self.room else { return };
        let (group, epoch) = (room.session.group_id(), sealed.epoch);
        let message = sealed.message.clone().into();
        self.out.send(&ClientMessage::GroupMessage { group, epoch, channel, message });
    }

    /// Whether this is one of ours that the server has taken and sends back.
    pub(crate) fn came_back(&mut self, message: &[u8]) -> bool {
        let word = self.outgoing.take_back(message);
        if let Some(Word { line: Some(line), .. }) = &word {
            self.chat.mark(line.number, Delivery::Delivered);
        }
        word.is_some()
    }

    fn give_up(&mut self, word: Word) {
        if let Some(line) = word.line {
            self.chat.mark(line.number, Delivery::Failed);
        }
    }

    /// The group is gone for this device: nobody is left to hear it.
    pub(crate) fn give_up_all(&mut self) {
        let Outgoing { waiting, .. } = std::mem::take(&mut self.outgoing);
        waiting.into_iter().for_each(|word| self.give_up(word));
    }
}

pub(crate) fn state(On { mic, camera, screen, hand }: On) -> Content {
    Content::State { mic, camera, screen, hand }
}

/// Whether nobody should hear `earlier` any more, least of all after `later`, as what is said again
/// comes late.
fn supersedes(later: &Content, earlier: &Content) -> bool {
    use Content::*;
    match (later, earlier) {
        (State { .. }, State { .. }) | (Name(_), Name(_)) => true,
        (DeskWanted { .. }, DeskWanted { .. }) | (DeskKept(_), DeskKept(_)) => true,
        (Desk { device, part: 0, .. }, Desk { device: other, .. }) => device == other,
        _ => false,
    }
}

fn audience(session: &Session) -> Audience {
    (session.group_id(), session.rules().consulting)
}

/// What a content is sent and accepted as.
pub(crate) fn channel_of(content: &Content) -> Channel {
    match content {
        Content::Chat { .. } => Channel::Chat,
        _ => Channel::Group,
    }
}
