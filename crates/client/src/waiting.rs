//! Between the host's side and whoever waits: words, and the name under which someone will be in.

use crate::chat::readable;
use crate::participant::Participant;
use e2ee::doorbell::MAX_TELL;
use e2ee::name::sanitise_name;
use wire::ClientMessage;

/// Things said to someone who waits; the oldest go.
const MAX_TOLD: usize = 20;

impl Participant {
    /// **Send to waiting**: to each of them under its own key. None learns of another.
    pub(crate) fn tell_waiting(&mut self, text: &str) {
        let Some(text) = readable(text, MAX_TELL) else { return };
        let Some(desk) = &mut self.desk else { return };
        let told: Vec<_> = desk
            .waiting
            .iter_mut()
            .filter_map(|knocker| {
                let sealed = knocker.verified.tell(&text, &mut *self.entropy)?;
                Some(ClientMessage::Tell { knock: knocker.knock, sealed: sealed.into() })
            })
            .collect();
        told.into_iter().for_each(|message| self.send(message));
    }

    /// The host's side says something; what does not come from there is not heard.
    pub(crate) fn told(&mut self, sealed: &[u8]) {
        let text = self.lobby.ear.as_mut().and_then(|ear| ear.hear(sealed));
        let Some(text) = text.and_then(|text| readable(&text, MAX_TELL)) else { return };
        if self.lobby.told.len() == MAX_TOLD {
            self.lobby.told.remove(0);
        }
        self.lobby.told.push(text);
    }

    /// **Rename NAME** before admission: how this meeting will show it. The guest learns of it inside.
    pub(crate) fn rename_waiting(&mut self, knock: u64, name: &str) {
        let (Some(desk), Some(name)) = (&mut self.desk, sanitise_name(name)) else { return };
        if let Some(knocker) = desk.waiting.iter_mut().find(|knocker| knocker.knock == knock) {
            knocker.name = name;
        }
    }
}
