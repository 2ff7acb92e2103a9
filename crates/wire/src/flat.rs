//! Reading a server's message: through one flat structure. Reading the tagged enumeration as derived
//! takes several times the code, which in the browser is part of the download.

use crate::Bytes;
use crate::bytes::{device_key, meeting_key};
use crate::messages::{
    Channel, ErrorCode, GroupState, LobbyReason, Member, Policy, Removal, ServerMessage,
    SlotSource, Standing,
};
use base::{DeviceKey, GroupId, MeetingKey, Nonce};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Every field of every message. Others are ignored: they may be a newer server's.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Flat {
    r#type: String,
    version: Option<u32>,
    nonce: Option<Bytes>,
    key: Option<Key>,
    policy: Option<Policy>,
    participant: Option<u32>,
    standing: Option<Standing>,
    group: Option<Group>,
    host_present: Option<bool>,
    present: Option<bool>,
    doorbell: Option<Bytes>,
    wrap: Option<Bytes>,
    card: Option<Bytes>,
    reason: Option<LobbyReason>,
    knock: Option<u64>,
    device: Option<Device>,
    sealed: Option<Bytes>,
    epoch: Option<u64>,
    channel: Option<Channel>,
    message: Option<Bytes>,
    commit: Option<Bytes>,
    ticket: Option<Bytes>,
    void: Option<Bytes>,
    swap: Option<Bytes>,
    key_package: Option<Bytes>,
    leave: Option<Bytes>,
    why: Option<Removal>,
    end: Option<Bytes>,
    members: Option<Vec<Member>>,
    member: Option<Member>,
    sdp: Option<String>,
    slots: Option<Vec<SlotSource>>,
    participants: Option<Vec<u32>>,
    mid: Option<String>,
    rids: Option<Vec<String>>,
    id: Option<u64>,
    code: Option<ErrorCode>,
}

#[derive(Deserialize)]
struct Key(#[serde(with = "meeting_key")] MeetingKey);

#[derive(Deserialize)]
struct Device(#[serde(with = "device_key")] DeviceKey);

/// The group by its id, or with its state.
enum Group {
    Id(GroupId),
    State(GroupState),
}

impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Group;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a group")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Group, E> {
                GroupId::from_text(text).map(Group::Id).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Group, A::Error> {
                GroupState::deserialize(MapAccessDeserializer::new(map)).map(Group::State)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// The server's fault, or another version's: a message that does not exist, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("the message is unknown or incomplete")]
pub(crate) struct NoSuchMessage;

impl TryFrom<Flat> for ServerMessage {
    type Error = NoSuchMessage;

    fn try_from(flat: Flat) -> Result<Self, NoSuchMessage> {
        read(flat).ok_or(NoSuchMessage)
    }
}

fn read(flat: Flat) -> Option<ServerMessage> {
    use ServerMessage as M;
    Some(match flat.r#type.as_str() {
        "challenge" => challenge(flat)?,
        "ready" => ready(flat)?,
        "host_presence" => M::HostPresence { present: flat.present? },
        "doorbell" => {
            let Flat { doorbell, nonce, wrap, card, .. } = flat;
            M::Doorbell { doorbell, nonce, wrap, card }
        }
        "doorbell_wanted" => M::DoorbellWanted,
        "knock_delivered" => M::KnockDelivered,
        "refused" => M::Refused { reason: flat.reason? },
        "knocked" => {
            M::Knocked { knock: flat.knock?, device: flat.device?.0, sealed: flat.sealed? }
        }
        "told" => M::Told { sealed: flat.sealed? },
        "knock_gone" => M::KnockGone { knock: flat.knock? },
        "passcode_tried" => M::PasscodeTried { device: flat.device?.0, message: flat.message? },
        "passcode_replied" => M::PasscodeReplied { message: flat.message? },
        "members" => M::Members { members: flat.members? },
        "member_changed" => M::MemberChanged { member: flat.member? },
        "member_gone" => M::MemberGone { participant: flat.participant? },
        "answer" => M::Answer { sdp: flat.sdp? },
        "slots" => M::Slots { slots: flat.slots? },
        "speakers" => M::Speakers { participants: flat.participants? },
        "layers_wanted" => M::LayersWanted { mid: flat.mid?, rids: flat.rids? },
        "pong" => M::Pong { id: flat.id? },
        "error" => M::Error { code: flat.code? },
        _ => of_the_group(flat)?,
    })
}

fn of_the_group(flat: Flat) -> Option<ServerMessage> {
    use ServerMessage as M;
    let group = match &flat.group {
        Some(Group::Id(group)) => Some(*group),
        _ => None,
    };
    let Flat { epoch, message, commit, ticket, .. } = flat;
    Some(match flat.r#type.as_str() {
        "session_opened" => M::SessionOpened { group: group? },
        "welcome" => M::Welcome { group: group?, epoch: epoch?, message: message? },
        "committed" => {
            M::Committed { group: group?, epoch: epoch?, commit: commit?, ticket: ticket? }
        }
        "conflict" => M::Conflict { group: group?, epoch: epoch? },
        "voided" => M::Voided { void: flat.void? },
        "too_old" => M::TooOld { group: group?, epoch: epoch? },
        "group_message" => {
            let channel = flat.channel.unwrap_or_default();
            M::GroupMessage { group: group?, epoch: epoch?, channel, message: message? }
        }
        "swap_requested" => M::SwapRequested { swap: flat.swap?, key_package: flat.key_package? },
        "leave_requested" => M::LeaveRequested { leave: flat.leave? },
        "out_of_group" => M::OutOfGroup { why: flat.why? },
        "ended" => M::Ended { end: flat.end? },
        _ => return None,
    })
}

fn challenge(flat: Flat) -> Option<ServerMessage> {
    let nonce = Nonce(flat.nonce?.0.try_into().ok()?);
    let (version, key) = (flat.version?, flat.key?.0);
    Some(ServerMessage::Challenge { version, nonce, key, policy: flat.policy })
}

fn ready(flat: Flat) -> Option<ServerMessage> {
    let group = match flat.group {
        None => None,
        Some(Group::State(state)) => Some(state),
        Some(Group::Id(_)) => return None,
    };
    Some(ServerMessage::Ready {
        participant: flat.participant?,
        standing: flat.standing?,
        group,
        host_present: flat.host_present?,
    })
}

#[cfg(test)]
mod tests;
