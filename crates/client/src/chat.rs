//! Chat lines, bounded, with their texts made fit to show.

use crate::participant::Participant;
use crate::view::{ChatLine, Delivery};
use base::{DeviceKey, Now, Pii};
use e2ee::content::{Content, MAX_CHAT};
use std::collections::VecDeque;

/// Lines kept; the oldest go first.
const MAX_LINES: usize = 500;

#[derive(Default)]
pub(crate) struct Chat {
    lines: VecDeque<ChatLine>,
    /// How many have gone: the number of the first that is kept.
    gone: u64,
}

impl Chat {
    pub fn lines(&self) -> Vec<ChatLine> {
        self.lines.iter().cloned().collect()
    }

    /// Adds a line, and gives its number.
    pub fn push(&mut self, line: ChatLine) -> u64 {
        if self.lines.len() == MAX_LINES {
            self.lines.pop_front();
            self.gone += 1;
        }
        self.lines.push_back(line);
        self.gone + self.lines.len() as u64 - 1
    }

    pub fn mark(&mut self, number: u64, delivery: Delivery) {
        let at = number.checked_sub(self.gone);
        if let Some(line) = at.and_then(|at| self.lines.get_mut(at as usize)) {
            line.delivery = delivery;
        }
    }
}

impl Participant {
    pub(crate) fn send_chat(&mut self, now: Now, text: &str) {
        let Some(text) = readable(text, MAX_CHAT) else { return };
        if !self.may().chat {
            return;
        }
        let number = self.note(now, self.device.key(), text.clone(), Delivery::Waiting);
        self.say_line(number, Content::Chat { text: Pii::new(text) });
    }

    pub(crate) fn note_chat(&mut self, now: Now, device: DeviceKey, text: &str) {
        if let Some(text) = readable(text, MAX_CHAT) {
            self.note(now, device, text, Delivery::Delivered);
        }
    }

    fn note(&mut self, now: Now, device: DeviceKey, text: String, delivery: Delivery) -> u64 {
        let name = self.name_of(&device);
        let device = device.0.to_vec().into();
        self.chat.push(ChatLine { device, name, text, at: now.wall.0, delivery })
    }
}

/// Without control characters (but with line breaks) and without what reorders text around it; cut to
/// `most` bytes.
pub(crate) fn readable(text: &str, most: usize) -> Option<String> {
    let reorders = |c: char| matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let mut clean: String =
        text.chars().filter(|c| (*c == '\n' || !c.is_control()) && !reorders(*c)).collect();
    let mut end = clean.len().min(most);
    while !clean.is_char_boundary(end) {
        end -= 1;
    }
    clean.truncate(end);
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lose_what_would_disturb_their_surroundings() {
        assert_eq!(readable("a\u{202E}b\u{7}\nc ", MAX_CHAT), Some("ab\nc".into()));
        assert_eq!(readable(" \u{2066} ", MAX_CHAT), None);
        assert_eq!(readable(&"é".repeat(MAX_CHAT), MAX_CHAT).unwrap().len(), MAX_CHAT);
    }

    #[test]
    fn lines_are_bounded() {
        let mut chat = Chat::default();
        for at in 0..MAX_LINES as u64 + 5 {
            let (device, name, text, delivery) = Default::default();
            assert_eq!(chat.push(ChatLine { device, name, text, at, delivery }), at);
        }
        assert_eq!(chat.lines().len(), MAX_LINES);
        assert_eq!(chat.lines()[0].at, 5);
        chat.mark(4, Delivery::Failed);
        chat.mark(6, Delivery::Failed);
        let failed = chat.lines().into_iter().filter(|line| line.delivery == Delivery::Failed);
        assert_eq!(failed.map(|line| line.at).collect::<Vec<_>>(), [6]);
    }
}
