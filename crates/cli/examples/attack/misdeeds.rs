//! What a member does that no participant should.

use super::member::Member;
use super::random::Random;
use client::shell::{Command, Input, MediaEvent};
use std::time::{Duration, Instant};
use wire::SlotWish;

/// One attack under way.
pub struct Misdeed {
    kind: Kind,
    rate: f64,
    spent: u64,
    random: Random,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Well-formed group messages that are none of the group's.
    Messages,
    /// Signalling messages of a megabyte.
    Large,
    /// JSON a hundred thousand levels deep.
    Deep,
    /// Hands up and down, sealed as they should be.
    Hands,
    /// Its own sealed datagrams, again and again.
    Replay,
    /// Its own datagrams, changed; and RTP of streams it never named.
    Mutated,
    /// Frames that are none, loud, with codec bytes that lie, more than anyone sends.
    Garbage,
    /// Requests for keyframes of everyone it sees.
    Keyframes,
    /// Connections made and dropped over the one socket: offers without end.
    Offers,
}

impl Misdeed {
    pub fn named(name: &str, rate: u64) -> Misdeed {
        let kind = match name {
            "messages" => Kind::Messages,
            "large" => Kind::Large,
            "deep" => Kind::Deep,
            "hands" => Kind::Hands,
            "replay" => Kind::Replay,
            "mutated-member" => Kind::Mutated,
            "garbage" => Kind::Garbage,
            "keyframes" => Kind::Keyframes,
            "offers" => Kind::Offers,
            other => panic!("no attack is called {other}"),
        };
        Misdeed { kind, rate: rate as f64, spent: 0, random: Random(11) }
    }

    /// Does what is due by now.
    pub fn go_on(&mut self, member: &mut Member, elapsed: Duration) {
        let due = (elapsed.as_secs_f64() * self.rate) as u64;
        while self.spent < due {
            self.spent += 1;
            if !self.once(member) {
                return;
            }
        }
    }

    /// False when the way is blocked for now.
    fn once(&mut self, member: &mut Member) -> bool {
        match self.kind {
            Kind::Messages => {
                let known = member.said.iter().find(|text| text.contains(r#""group_message""#));
                let text = known.or(member.said.back()).cloned().unwrap_or_default();
                member.say(text)
            }
            Kind::Large => {
                member.say(format!(r#"{{"type":"ping","id":"{}"}}"#, "a".repeat(1 << 20)))
            }
            Kind::Deep => {
                let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
                member.say(format!(r#"{{"type":"ping","id":{deep}}}"#))
            }
            Kind::Hands => {
                let on = self.spent.is_multiple_of(2);
                member.tell(Input::Command(Command::RaiseHand { on }));
                true
            }
            Kind::Offers => {
                let known = member.said.iter().find(|text| text.contains(r#""type":"offer""#));
                let text = known.cloned().unwrap_or_default();
                member.say(text)
            }
            Kind::Replay | Kind::Mutated if self.spent.is_multiple_of(20) => self.garbage(member),
            Kind::Replay => {
                let at = self.random.below(member.kept.len());
                let datagram = member.kept.get(at).cloned().unwrap_or_default();
                member.throw(&datagram);
                true
            }
            Kind::Mutated => {
                let at = self.random.below(member.kept.len());
                let mut datagram = member.kept.get(at).cloned().unwrap_or_default();
                match self.random.below(4) {
                    // RTP of a stream nobody announced.
                    0 if datagram.len() > 12 => {
                        datagram[0] = 0x90;
                        self.random.fill(&mut datagram[8..12]);
                    }
                    _ => self.random.mutate(&mut datagram),
                }
                member.throw(&datagram);
                true
            }
            Kind::Garbage => self.garbage(member),
            Kind::Keyframes => {
                if self.spent % 1_000 == 1 {
                    watch(member);
                }
                let Some(peer) = &mut member.peer else { return false };
                for mid in peer.lines().video_slots.clone() {
                    peer.request_keyframe(mid);
                }
                let _ = peer.handle_timeout(Instant::now());
                member.done.sent += 1;
                member.settle();
                true
            }
        }
    }

    /// A frame of noise, in datagrams that are sealed as they should be.
    fn garbage(&mut self, member: &mut Member) -> bool {
        let now = Instant::now();
        let Some(peer) = &mut member.peer else { return false };
        let mut bytes = vec![0; 60 + self.random.below(1_000)];
        self.random.fill(&mut bytes);
        let time = self.spent as u32;
        if self.spent.is_multiple_of(2) {
            peer.send_audio(now, time.wrapping_mul(960), 0, bytes);
        } else {
            // A keyframe of an impossible size, by its clear bytes (RFC 6386 §9.1).
            bytes[..10].copy_from_slice(&[0x10, 0xff, 0xff, 0x9d, 1, 0x2a, 0xff, 0xff, 0xff, 0xff]);
            peer.send_video(now, self.random.below(3), time.wrapping_mul(3_000), &bytes);
        }
        let _ = peer.handle_timeout(now);
        member.done.sent += 1;
        member.settle();
        true
    }
}

/// Asks to see every camera there is, as far as there are slots.
fn watch(member: &mut Member) {
    let Some(peer) = &mut member.peer else { return };
    let cameras = member.view.people.iter().filter(|person| !person.me && person.camera_on);
    let slots =
        peer.lines().video_slots.iter().zip(cameras.filter_map(|person| person.participant));
    let wishes = slots.map(|(mid, participant)| SlotWish {
        mid: mid.to_string(),
        participant,
        kind: wire::Kind::Camera,
        height: 180,
    });
    let slots = wishes.collect();
    member.tell(Input::Media(MediaEvent::Layout { slots }));
}
