//! Reading an input: through one flat structure. Reading the tagged enumerations as derived takes
//! three times the code, which in the browser is part of the download.

use super::{Ask, Command, FrameEvent, Input, MediaEvent, Rule};
use serde::Deserialize;
use wire::{Bytes, Kind, Published, SlotWish};

/// Every field of every input.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Flat {
    r#type: String,
    command: String,
    media: String,
    frames: String,
    text: Option<String>,
    name: Option<String>,
    knock: Option<u64>,
    device: Option<Bytes>,
    kind: Option<Kind>,
    muted: Option<bool>,
    open: Option<bool>,
    rule: Option<Rule>,
    on: Option<bool>,
    ask: Option<Ask>,
    label: Option<String>,
    cohost: Option<bool>,
    cap: Option<u16>,
    invitation: Option<Bytes>,
    sdp: Option<String>,
    new: Option<bool>,
    sources: Option<Vec<Published>>,
    slots: Option<Vec<SlotWish>>,
    mid: Option<String>,
    epoch: Option<u64>,
    leaf: Option<u32>,
}

/// The page's fault: it tells something that does not exist, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("the input is unknown or incomplete")]
pub(super) struct NoSuchInput;

impl TryFrom<Flat> for Input {
    type Error = NoSuchInput;

    fn try_from(flat: Flat) -> Result<Self, NoSuchInput> {
        let input = match flat.r#type.as_str() {
            "socket_opened" => Some(Input::SocketOpened),
            "socket_closed" => Some(Input::SocketClosed),
            "socket_message" => flat.text.map(|text| Input::SocketMessage { text }),
            "tick" => Some(Input::Tick),
            "network_changed" => Some(Input::NetworkChanged),
            "command" => command(flat).map(Input::Command),
            "media" => media(flat).map(Input::Media),
            "frames" => frames(flat).map(Input::Frames),
            _ => None,
        };
        input.ok_or(NoSuchInput)
    }
}

fn command(flat: Flat) -> Option<Command> {
    let Flat { name, knock, device, kind, muted, open, text, rule, on, ask, .. } = flat;
    Some(match flat.command.as_str() {
        "join" => Command::Join { name: name? },
        "cancel_join" => Command::CancelJoin,
        "admit" => Command::Admit { knock: knock? },
        "admit_all" => Command::AdmitAll,
        "decline" => Command::Decline { knock: knock? },
        "remove" => Command::Remove { device: device? },
        "leave" => Command::Leave,
        "end_for_everyone" => Command::EndForEveryone,
        "set_muted" => Command::SetMuted { kind: kind?, muted: muted? },
        "show_code" => Command::ShowCode { open: open? },
        "chat" => Command::Chat { text: text? },
        "raise_hand" => Command::RaiseHand { on: on? },
        "set_stage" => Command::SetStage { device: device?, on: on? },
        "set_cohost" => Command::SetCohost { device: device?, on: on? },
        "hand_over" => Command::HandOver { device: device? },
        "set_rule" => Command::SetRule { rule: rule?, on: on? },
        "allow" => Command::Allow { device: device?, rule: rule?, on: on? },
        "ask" => Command::Ask { device, ask: ask? },
        "rename" => Command::Rename { device: device?, name: name? },
        "block" => Command::Block { knock: knock? },
        "unblock" => Command::Unblock { device: device? },
        "see_out" => Command::SeeOut { device: device? },
        "invite" => Command::Invite { label: flat.label?, cohost: flat.cohost? },
        "set_waiting_room" => Command::SetWaitingRoom { on: on?, cap: flat.cap? },
        "tell" => Command::Tell { text: text? },
        "rename_waiting" => Command::RenameWaiting { knock: knock?, name: name? },
        "change_link" => Command::ChangeLink,
        "revoke" => Command::Revoke { invitation: flat.invitation? },
        "passcode" => Command::Passcode { text: text? },
        "new_passcode" => Command::NewPasscode,
        "reopen_passcode" => Command::ReopenPasscode,
        "set_passcode" => Command::SetPasscode { on: on? },
        _ => return None,
    })
}

fn media(flat: Flat) -> Option<MediaEvent> {
    Some(match flat.media.as_str() {
        "offer" => MediaEvent::Offer { sdp: flat.sdp?, new: flat.new? },
        "publish" => MediaEvent::Publish { sources: flat.sources? },
        "layout" => MediaEvent::Layout { slots: flat.slots? },
        "connected" => MediaEvent::Connected,
        "failed" => MediaEvent::Failed,
        _ => return None,
    })
}

fn frames(flat: Flat) -> Option<FrameEvent> {
    let Flat { kind, mid, epoch, leaf, .. } = flat;
    Some(match flat.frames.as_str() {
        "need_lease" => FrameEvent::NeedLease { kind: kind? },
        "restarted" => FrameEvent::Restarted,
        "slot_verified" => FrameEvent::SlotVerified { mid: mid?, epoch: epoch?, leaf: leaf? },
        "slot_unverified" => FrameEvent::SlotUnverified { mid: mid? },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Bytes {
        Bytes(vec![7; 32])
    }

    fn commands() -> Vec<Command> {
        vec![
            Command::Join { name: "Ana".into() },
            Command::CancelJoin,
            Command::Admit { knock: 1 },
            Command::AdmitAll,
            Command::Decline { knock: 2 },
            Command::Remove { device: device() },
            Command::Leave,
            Command::EndForEveryone,
            Command::SetMuted { kind: Kind::Mic, muted: true },
            Command::ShowCode { open: true },
            Command::Chat { text: "hello".into() },
            Command::RaiseHand { on: true },
            Command::SetStage { device: device(), on: true },
            Command::SetCohost { device: device(), on: true },
            Command::HandOver { device: device() },
            Command::SetRule { rule: Rule::Share, on: true },
            Command::Allow { device: device(), rule: Rule::Chat, on: false },
            Command::Ask { device: None, ask: Ask::Mute },
            Command::Ask { device: Some(device()), ask: Ask::StopSharing },
            Command::Rename { device: device(), name: "Bo".into() },
            Command::Block { knock: 3 },
            Command::Unblock { device: device() },
            Command::SeeOut { device: device() },
            Command::Invite { label: "Ana".into(), cohost: true },
            Command::SetWaitingRoom { on: false, cap: 100 },
            Command::Tell { text: "Five minutes".into() },
            Command::RenameWaiting { knock: 4, name: "Ana K.".into() },
            Command::ChangeLink,
            Command::Revoke { invitation: device() },
            Command::Passcode { text: "ABCD-EFGH".into() },
            Command::NewPasscode,
            Command::ReopenPasscode,
            Command::SetPasscode { on: true },
        ]
    }

    fn media() -> Vec<MediaEvent> {
        let (mid, kind) = ("1".to_owned(), Kind::Camera);
        vec![
            MediaEvent::Offer { sdp: "v=0".into(), new: true },
            MediaEvent::Publish {
                sources: vec![Published { mid: mid.clone(), kind, active: true }],
            },
            MediaEvent::Layout { slots: vec![SlotWish { mid, participant: 4, kind, height: 180 }] },
            MediaEvent::Connected,
            MediaEvent::Failed,
        ]
    }

    fn frames() -> Vec<FrameEvent> {
        vec![
            FrameEvent::NeedLease { kind: Kind::Mic },
            FrameEvent::Restarted,
            FrameEvent::SlotVerified { mid: "2".into(), epoch: 9, leaf: 3 },
            FrameEvent::SlotUnverified { mid: "2".into() },
        ]
    }

    /// The flat reading and the derived writing must agree on everything.
    #[test]
    fn every_input_reads_back() {
        let mut all = vec![
            Input::SocketOpened,
            Input::SocketClosed,
            Input::SocketMessage { text: "{}".into() },
            Input::Tick,
            Input::NetworkChanged,
        ];
        all.extend(commands().into_iter().map(Input::Command));
        all.extend(media().into_iter().map(Input::Media));
        all.extend(frames().into_iter().map(Input::Frames));
        for input in all {
            let text = serde_json::to_string(&input).expect("inputs are JSON");
            let read: Input = serde_json::from_str(&text).expect(&text);
            assert_eq!(format!("{read:?}"), format!("{input:?}"));
        }
    }

    #[test]
    fn what_is_incomplete_or_unknown_is_refused() {
        let bad = [
            r#"{"type":"command","command":"admit"}"#,
            r#"{"type":"command","command":"fly"}"#,
            r#"{"type":"tick","x":1}"#,
            r#"{"type":"fly"}"#,
            "{}",
        ];
        for bad in bad {
            assert!(serde_json::from_str::<Input>(bad).is_err(), "{bad}");
        }
    }
}
