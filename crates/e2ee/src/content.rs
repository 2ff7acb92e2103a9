//! What members say to each other inside the group, as MLS application messages.

use base::codec::{DecodeError, Reader, Writer};
use base::{DeviceKey, Pii, UnixMillis};

/// The largest encoded content, in bytes: a roster of a thousand names is sent in parts.
pub const MAX_CONTENT: usize = 64 * 1024;
/// Entries in one [`Content::Roster`].
pub const MAX_ROSTER: usize = 256;
/// A display name, in bytes of UTF-8.
pub const MAX_NAME: usize = 256;
/// A chat message, in bytes of UTF-8.
pub const MAX_CHAT: usize = 8 * 1024;
/// One part of what is handed from the host to another device, sealed, in bytes.
pub const MAX_DESK: usize = 48 * 1024;
/// Member nonces echoed by one heartbeat.
pub const MAX_ECHOES: usize = 64;

/// A device's name, told by whoever admitted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterEntry {
    pub device: DeviceKey,
    pub name: Pii<String>,
}

/// A host's or delegate's sign of life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// Grows by at least one with every beat of this device in this group.
    pub counter: u64,
    /// The sender's clock.
    pub clock: UnixMillis,
    pub epoch: u64,
    /// The sender's epoch authenticator (RFC 9420 §8.7).
    pub authenticator: [u8; 32],
    /// How many members the sender sees.
    pub members: u32,
    /// Nonces that members sent since the last beat.
    pub echoes: Vec<[u8; 16]>,
}

/// What the host's side asks of someone. Only that device can do it: nobody is ever unmuted, or
/// seen, by another's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Mute = 0,
    Unmute = 1,
    StopVideo = 2,
    StartVideo = 3,
    StopSharing = 4,
    LowerHand = 5,
}

impl Ask {
    fn from_byte(byte: u8) -> Result<Self, DecodeError> {
        use Ask::*;
        let all = [Mute, Unmute, StopVideo, StartVideo, StopSharing, LowerHand];
        all.into_iter().find(|ask| *ask as u8 == byte).ok_or(DecodeError::OutOfRange)
    }
}

/// One application message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    Heartbeat(Heartbeat),
    /// Names of some members; only a delegate's word counts.
    Roster(Vec<RosterEntry>),
    /// What the sender has switched on, and whether it wants to speak.
    State {
        mic: bool,
        camera: bool,
        screen: bool,
        hand: bool,
    },
    Chat {
        text: Pii<String>,
    },
    /// To be echoed by the next heartbeats.
    Nonce([u8; 16]),
    /// To one device, or to all but the host's side; only a delegate's word counts.
    Ask {
        device: Option<DeviceKey>,
        ask: Ask,
    },
    /// The sender's own new name, where the rules allow one.
    Name(Pii<String>),
    /// A co-host wants what stands behind the doorbell, sealed to this X25519 key
    /// ([`crate::handover`]).
    DeskWanted {
        key: [u8; 32],
    },
    /// What the host's device hands to one other; only the host's word counts.
    Desk {
        device: DeviceKey,
        /// What is sealed comes in so many parts, this one's place being `part`, from 0.
        part: u8,
        parts: u8,
        sealed: Vec<u8>,
    },
    /// The receiver of a [`Content::Desk`] has kept it: SHA-256 of all that was sealed.
    DeskKept([u8; 32]),
    /// A device came in by this personal invitation; only a delegate's word counts.
    Came {
        invitation: [u8; 8],
        device: DeviceKey,
    },
}

impl Content {
    /// The bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        let w = Writer::new();
        match self {
            Content::Heartbeat(beat) => encode_beat(w.u8(0), beat),
            Content::Roster(entries) => w.u8(1).list(entries, |w, entry| {
                w.fixed(&entry.device.0).bytes(entry.name.expose().as_bytes())
            }),
            Content::State { mic, camera, screen, hand } => {
                [mic, camera, screen, hand].iter().fold(w.u8(2), |w, flag| w.u8((**flag).into()))
            }
            Content::Chat { text } => w.u8(3).bytes(text.expose().as_bytes()),
            Content::Nonce(nonce) => w.u8(4).fixed(nonce),
            Content::Ask { device: None, ask } => w.u8(5).u8(*ask as u8),
            Content::Ask { device: Some(device), ask } => w.u8(6).u8(*ask as u8).fixed(&device.0),
            Content::Name(name) => w.u8(7).bytes(name.expose().as_bytes()),
            Content::DeskWanted { key } => w.u8(8).fixed(key),
            Content::Desk { device, part, parts, sealed } => {
                w.u8(9).fixed(&device.0).u8(*part).u8(*parts).bytes(sealed)
            }
            Content::DeskKept(digest) => w.u8(10).fixed(digest),
            Content::Came { invitation, device } => w.u8(11).fixed(invitation).fixed(&device.0),
        }
        .finish()
    }

    /// Reads what a member sent; every length is bounded.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_CONTENT {
            return Err(DecodeError::OutOfRange);
        }
        let mut r = Reader::new(bytes);
        let content = match r.u8()? {
            0 => Content::Heartbeat(decode_beat(&mut r)?),
            1 => Content::Roster(r.list(MAX_ROSTER, roster_entry)?),
            2 => Content::State {
                mic: flag(&mut r)?,
                camera: flag(&mut r)?,
                screen: flag(&mut r)?,
                hand: flag(&mut r)?,
            },
            3 => Content::Chat { text: text(&mut r, MAX_CHAT)? },
            4 => Content::Nonce(r.fixed()?),
            5 => Content::Ask { device: None, ask: Ask::from_byte(r.u8()?)? },
            6 => {
                let ask = Ask::from_byte(r.u8()?)?;
                Content::Ask { device: Some(DeviceKey(r.fixed()?)), ask }
            }
            7 => Content::Name(text(&mut r, MAX_NAME)?),
            8 => Content::DeskWanted { key: r.fixed()? },
            9 => Content::Desk {
                device: DeviceKey(r.fixed()?),
                part: r.u8()?,
                parts: r.u8()?,
                sealed: r.bytes(MAX_DESK)?.to_vec(),
            },
            10 => Content::DeskKept(r.fixed()?),
            11 => Content::Came { invitation: r.fixed()?, device: DeviceKey(r.fixed()?) },
            _ => return Err(DecodeError::OutOfRange),
        };
        r.finish()?;
        Ok(content)
    }

    /// Whether [`Self::decode`] will take it.
    pub(crate) fn is_within_bounds(&self) -> bool {
        let lists = match self {
            Content::Heartbeat(beat) => beat.echoes.len() <= MAX_ECHOES,
            Content::Roster(entries) => {
                entries.len() <= MAX_ROSTER
                    && entries.iter().all(|entry| entry.name.expose().len() <= MAX_NAME)
            }
            Content::Chat { text } => text.expose().len() <= MAX_CHAT,
            Content::Name(name) => name.expose().len() <= MAX_NAME,
            Content::Desk { sealed, .. } => sealed.len() <= MAX_DESK,
            Content::State { .. } | Content::Nonce(_) | Content::Ask { .. } => true,
            Content::DeskWanted { .. } | Content::DeskKept(_) | Content::Came { .. } => true,
        };
        lists && self.encode().len() <= MAX_CONTENT
    }
}

fn encode_beat(w: Writer, beat: &Heartbeat) -> Writer {
    w.u64(beat.counter)
        .u64(beat.clock.0)
        .u64(beat.epoch)
        .fixed(&beat.authenticator)
        .u32(beat.members)
        .list(&beat.echoes, |w, echo| w.fixed(echo))
}

fn decode_beat(r: &mut Reader<'_>) -> Result<Heartbeat, DecodeError> {
    Ok(Heartbeat {
        counter: r.u64()?,
        clock: UnixMillis(r.u64()?),
        epoch: r.u64()?,
        authenticator: r.fixed()?,
        members: r.u32()?,
        echoes: r.list(MAX_ECHOES, |r| r.fixed())?,
    })
}

fn roster_entry(r: &mut Reader<'_>) -> Result<RosterEntry, DecodeError> {
    Ok(RosterEntry { device: DeviceKey(r.fixed()?), name: text(r, MAX_NAME)? })
}

fn text(r: &mut Reader<'_>, max: usize) -> Result<Pii<String>, DecodeError> {
    let text = std::str::from_utf8(r.bytes(max)?).map_err(|_| DecodeError::OutOfRange)?;
    Ok(Pii::new(text.to_owned()))
}

fn flag(r: &mut Reader<'_>) -> Result<bool, DecodeError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(DecodeError::OutOfRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn beat(echoes: usize) -> Content {
        Content::Heartbeat(Heartbeat {
            counter: 7,
            clock: UnixMillis(9),
            epoch: 2,
            authenticator: [3; 32],
            members: 4,
            echoes: vec![[5; 16]; echoes],
        })
    }

    #[test]
    fn every_kind_reads_back() {
        let entry = RosterEntry { device: DeviceKey([1; 32]), name: Pii::new("Ana".to_owned()) };
        for content in [
            beat(MAX_ECHOES),
            Content::Roster(vec![entry; MAX_ROSTER]),
            Content::State { mic: true, camera: false, screen: true, hand: true },
            Content::Chat { text: Pii::new("grüß Gott".to_owned()) },
            Content::Nonce([8; 16]),
            Content::Ask { device: None, ask: Ask::Mute },
            Content::Ask { device: Some(DeviceKey([9; 32])), ask: Ask::StopSharing },
            Content::Name(Pii::new("Ana B.".to_owned())),
            Content::DeskWanted { key: [1; 32] },
            Content::Desk {
                device: DeviceKey([2; 32]),
                part: 0,
                parts: 1,
                sealed: vec![7; MAX_DESK],
            },
            Content::DeskKept([3; 32]),
            Content::Came { invitation: [4; 8], device: DeviceKey([5; 32]) },
        ] {
            assert!(content.is_within_bounds());
            assert_eq!(Content::decode(&content.encode()), Ok(content));
        }
    }

    #[test]
    fn one_more_than_the_bound_is_refused() {
        let name = Pii::new("n".repeat(MAX_NAME + 1));
        for content in [
            beat(MAX_ECHOES + 1),
            Content::Roster(vec![RosterEntry { device: DeviceKey([1; 32]), name }]),
            Content::Chat { text: Pii::new("x".repeat(MAX_CHAT + 1)) },
            Content::Desk {
                device: DeviceKey([2; 32]),
                part: 0,
                parts: 1,
                sealed: vec![7; MAX_DESK + 1],
            },
        ] {
            assert!(!content.is_within_bounds());
            assert_eq!(Content::decode(&content.encode()), Err(DecodeError::OutOfRange));
        }
    }

    #[test]
    fn names_and_words_do_not_reach_debug_output() {
        let content = Content::Chat { text: Pii::new("secret".to_owned()) };
        assert!(!format!("{content:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            crate::fuzzing::content(&data);
        }
    }
}
