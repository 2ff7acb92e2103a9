//! The task that owns one meeting: letters in, outputs carried out strictly in order.

use super::backlog::{Backlog, NotDurable, Outcome};
use super::hall::{Hall, Surroundings};
use crate::limits::{Bucket, Rate};
use crate::media::{Kind, Kinds, MediaEvent, PeerId, Permissions};
use crate::metrics::Refusal;
use crate::signal::{self, MediaRequest, Outbox};
use base::statement::Certificate;
use base::{MeetingId, ParticipantId, Rights};
use meeting::{
    ConnectionId, Input, Media, Meeting, Output, ProvenDevice, Request, ToClient, Verified, Warning,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use store::StoreError;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wire::{ErrorCode, ServerMessage};

/// What reaches a meeting's task.
pub(crate) enum Letter {
    Connected {
        connection: ConnectionId,
        device: ProvenDevice,
        certificate: Option<Verified<Certificate>>,
        outbox: Outbox,
    },
    Disconnected(ConnectionId),
    Request(ConnectionId, Box<Request>),
    MediaRequest(ConnectionId, MediaRequest),
    Media(MediaEvent),
}

pub(super) struct Actor {
    meeting: Meeting,
    id: MeetingId,
    over: Arc<AtomicBool>,
    around: Surroundings,
    backlog: Backlog,
    outboxes: HashMap<ConnectionId, Outbox>,
    permits: Permits,
    bucket: Bucket,
    empty_since: Instant,
}

/// Who may take part in media, both ways round.
#[derive(Default)]
struct Permits {
    by_connection: HashMap<ConnectionId, ParticipantId>,
    by_participant: BTreeMap<ParticipantId, ConnectionId>,
}

impl Actor {
    pub fn new(meeting: Meeting, over: Arc<AtomicBool>, around: Surroundings) -> Self {
        let rate = Rate::per_second(around.limits.messages_per_meeting, 5);
        Actor {
            id: meeting.id(),
            backlog: Backlog::new(around.store.clone(), meeting.id()),
            meeting,
            over,
            outboxes: HashMap::new(),
            permits: Permits::default(),
            bucket: Bucket::new(rate, around.clock.mono()),
            empty_since: Instant::now(),
            around,
        }
    }

    pub async fn run(mut self, mut letters: mpsc::Receiver<Letter>, hall: Hall) {
        tracing::debug!(meeting = %self.id.loggable(), "loaded");
        loop {
            let due = self.due();
            let outcome = tokio::select! {
                letter = letters.recv() => match letter {
                    Some(letter) => self.open_letter(letter).await,
                    None => break,
                },
                settled = self.backlog.settled() => self.settled(settled).await,
                () = tokio::time::sleep_until(due) => {
                    if self.is_idle() && hall.unload(self.id, &letters).await {
                        break;
                    }
                    self.handle(Input::Tick).await
                }
            };
            if outcome.is_err() {
                self.give_up();
                hall.remove(self.id, &mut letters).await;
                break;
            }
        }
        self.around.media.close(self.id.into());
        self.around.metrics.meetings_loaded.add(-1);
        tracing::debug!(meeting = %self.id.loggable(), "unloaded");
    }

    fn is_idle(&self) -> bool {
        self.outboxes.is_empty()
            && self.backlog.is_empty()
            && self.empty_since.elapsed() >= self.around.limits.unload_after
    }

    /// When to look up without a letter: the meeting's own timer, or the time to unload.
    fn due(&self) -> Instant {
        let timer =
            self.meeting.poll_timeout().map(|timeout| self.around.clock.instant(timeout.at));
        let empty = self.outboxes.is_empty();
        let unload = empty.then(|| self.empty_since + self.around.limits.unload_after);
        let soonest = timer.into_iter().chain(unload).min();
        // A timer that lies in the past must not spin this task.
        let earliest = Instant::now() + std::time::Duration::from_millis(1);
        soonest.map_or(earliest + std::time::Duration::from_secs(3600), |at| at.max(earliest))
    }

    async fn open_letter(&mut self, letter: Letter) -> Result<(), NotDurable> {
        match letter {
            Letter::Connected { connection, device, certificate, outbox } => {
                self.outboxes.insert(connection, outbox);
                self.backlog.welcome(connection);
                if self.backlog.is_failing() {
                    self.tell(connection, &ServerMessage::Error { code: ErrorCode::Internal });
                }
                self.handle(Input::Connected { connection, device, certificate }).await
            }
            Letter::Disconnected(connection) => {
                self.forget(connection);
                self.handle(Input::Disconnected { connection }).await
            }
            Letter::Request(connection, request) => {
                if !self.may_pass(connection) {
                    return Ok(());
                }
                self.handle(Input::Request { connection, request: *request }).await
            }
            Letter::MediaRequest(connection, request) => {
                if !self.may_pass(connection) {
                    return Ok(());
                }
                self.media_request(connection, request).await
            }
            Letter::Media(event) => {
                self.media_event(event);
                Ok(())
            }
        }
    }

    fn may_pass(&mut self, connection: ConnectionId) -> bool {
        let pass = self.bucket.take(self.around.clock.mono());
        if !pass {
            self.around.metrics.refuse(Refusal::MeetingRate);
            self.tell(connection, &ServerMessage::Error { code: ErrorCode::TooFast });
        }
        pass
    }

    fn forget(&mut self, connection: ConnectionId) {
        self.outboxes.remove(&connection);
        self.empty_since = Instant::now();
    }

    /// Hands `input` in and carries out what follows.
    async fn handle(&mut self, input: Input) -> Result<(), NotDurable> {
        self.meeting.handle(self.around.clock.now(), input);
        while let Some(output) = self.meeting.poll_output() {
            let output =
                if self.backlog.is_empty() { Some(output) } else { self.backlog.hold(output)? };
            if let Some(output) = output {
                self.carry_out(output).await?;
            }
        }
        self.backlog.followed();
        self.over.store(self.meeting.is_over(), Relaxed);
        Ok(())
    }

    async fn carry_out(&mut self, output: Output) -> Result<(), NotDurable> {
        match output {
            Output::Persist(writes) => {
                let failed = self.backlog.write(writes).await?;
                self.note_failure(failed);
            }
            Output::Send { to, message } => self.send(&to, message),
            Output::Close { connection } => {
                if let Some(outbox) = self.outboxes.remove(&connection) {
                    outbox.close();
                    self.empty_since = Instant::now();
                }
            }
            Output::Media(media) => self.permit(media),
            Output::Warn(warning) => self.warn(warning),
        }
        Ok(())
    }

    /// A write that took its time came to an end.
    async fn settled(&mut self, outcome: Result<Outcome, NotDurable>) -> Result<(), NotDurable> {
        match outcome? {
            Outcome::Failing(first) => self.note_failure(first),
            Outcome::Kept { again } => {
                if again {
                    tracing::info!(meeting = %self.id.loggable(), "the store works again");
                }
                while let Some(output) = self.backlog.release() {
                    self.carry_out(output).await?;
                }
                self.backlog.followed();
            }
        }
        Ok(())
    }

    fn note_failure(&self, first: Option<StoreError>) {
        if let Some(error) = first {
            self.around.metrics.store_failures.increment();
            tracing::error!(
                meeting = %self.id.loggable(), %error, "the store failed; it is tried again every second"
            );
        }
    }

    fn send(&self, to: &[ConnectionId], message: ToClient) {
        if matches!(message, ToClient::Committed { .. }) {
            self.around.metrics.commits_told.add(to.len() as u64);
        }
        let calm = matches!(message, ToClient::MemberChanged { .. } | ToClient::MemberGone { .. });
        let text: axum::extract::ws::Utf8Bytes = signal::to_wire(message).to_text().into();
        for outbox in to.iter().filter_map(|connection| self.outboxes.get(connection)) {
            match calm {
                true => outbox.send_calmly(text.clone()),
                false => outbox.send(text.clone()),
            }
        }
    }

    fn tell(&self, connection: ConnectionId, message: &ServerMessage) {
        if let Some(outbox) = self.outboxes.get(&connection) {
            outbox.send(message.to_text().into());
        }
    }

    fn warn(&self, warning: Warning) {
        self.around.metrics.warn(warning);
        tracing::debug!(meeting = %self.id.loggable(), ?warning, "refused");
    }

    /// A store that failed may have kept more or less than we hold: everyone reconnects, and the
    /// meeting is loaded anew from what was kept.
    fn give_up(&mut self) {
        let sorry = ServerMessage::Error { code: ErrorCode::Internal };
        let text: axum::extract::ws::Utf8Bytes = sorry.to_text().into();
        for outbox in std::mem::take(&mut self.outboxes).into_values() {
            outbox.send(text.clone());
            outbox.close();
        }
    }
}

/// The media side.
impl Actor {
    fn peer(&self, participant: ParticipantId) -> PeerId {
        PeerId { room: self.id.into(), participant }
    }

    fn permit(&mut self, media: Media) {
        match media {
            Media::Permit { connection, participant, rights } => {
                self.permits.grant(connection, participant);
                let permissions = Permissions { receive: true, send: kinds(rights) };
                self.around.media.permit(self.peer(participant), permissions);
            }
            Media::Revoke { connection, participant } => {
                // A newer connection of the same device may hold the permit by now.
                if self.permits.revoke(connection, participant) {
                    self.around.media.permit(self.peer(participant), Permissions::NONE);
                    let _ = self.around.media.remove(self.peer(participant));
                }
            }
        }
    }

    /// Only those with a permit reach the media threads at all.
    async fn media_request(
        &mut self,
        connection: ConnectionId,
        request: MediaRequest,
    ) -> Result<(), NotDurable> {
        let Some(participant) = self.permits.by_connection.get(&connection) else {
            self.around.metrics.warn(Warning::NotAllowed);
            self.tell(connection, &ServerMessage::Error { code: ErrorCode::NotAllowed });
            return Ok(());
        };
        let (peer, media) = (self.peer(*participant), &self.around.media);
        let mut told = None;
        let outcome = match request {
            MediaRequest::Offer { sdp, new } => media.offer(peer, sdp, new),
            MediaRequest::Layout { wishes } => media.layout(peer, wishes),
            MediaRequest::KeysReady => media.keys_ready(peer),
            MediaRequest::Publish { sources, publishing } => {
                told = Some(publishing);
                media.publish(peer, sources)
            }
        };
        if outcome.is_err() {
            self.tell(connection, &ServerMessage::Error { code: ErrorCode::TooFast });
            return Ok(());
        }
        match told {
            Some(publishing) => {
                let request = Request::Publish { publishing };
                self.handle(Input::Request { connection, request }).await
            }
            None => Ok(()),
        }
    }

    fn media_event(&mut self, event: MediaEvent) {
        match event {
            MediaEvent::Answer { peer, sdp } => {
                self.tell_peer(peer, &ServerMessage::Answer { sdp })
            }
            MediaEvent::OfferRefused { peer, error } => {
                tracing::debug!(meeting = %self.id.loggable(), %error, "an offer was refused");
                self.tell_peer(peer, &ServerMessage::Error { code: ErrorCode::BadOffer });
            }
            MediaEvent::Slots { peer, slots } => self.tell_peer(peer, &signal::slots(slots)),
            MediaEvent::LayersWanted { peer, line, layers } => {
                self.tell_peer(peer, &signal::layers_wanted(line, layers));
            }
            MediaEvent::Speakers { listeners, speakers, .. } => {
                let text: axum::extract::ws::Utf8Bytes =
                    signal::speakers(&speakers).to_text().into();
                for outbox in listeners.iter().filter_map(|listener| self.outbox(*listener)) {
                    outbox.send(text.clone());
                }
            }
            // The client sees both on its own side of the connection.
            MediaEvent::Connected { .. } | MediaEvent::Failed { .. } => {}
        }
    }

    fn tell_peer(&self, peer: PeerId, message: &ServerMessage) {
        if let Some(outbox) = self.outbox(peer.participant) {
            outbox.send(message.to_text().into());
        }
    }

    fn outbox(&self, participant: ParticipantId) -> Option<&Outbox> {
        self.outboxes.get(self.permits.by_participant.get(&participant)?)
    }
}

/// The kinds of media that these rights allow to be sent.
fn kinds(rights: Rights) -> Kinds {
    let allowed = [
        (Rights::MIC, &[Kind::Mic][..]),
        (Rights::CAMERA, &[Kind::Camera]),
        (Rights::SCREEN, &[Kind::Screen, Kind::ScreenAudio]),
    ];
    let allowed = allowed.iter().filter(|(right, _)| rights.contains(*right));
    allowed.flat_map(|(_, kinds)| *kinds).fold(Kinds::NONE, |all, kind| all.with(*kind))
}

impl Permits {
    fn grant(&mut self, connection: ConnectionId, participant: ParticipantId) {
        if let Some(earlier) = self.by_participant.insert(participant, connection) {
            self.by_connection.remove(&earlier);
        }
        self.by_connection.insert(connection, participant);
    }

    /// Whether nobody holds the participant's permit any more.
    fn revoke(&mut self, connection: ConnectionId, participant: ParticipantId) -> bool {
        self.by_connection.remove(&connection);
        let held = self.by_participant.get(&participant) == Some(&connection);
        if held {
            self.by_participant.remove(&participant);
        }
        held
    }
}
