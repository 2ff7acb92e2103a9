//! One WebSocket from challenge to close.

use super::outbox::{Outbox, Outgoing, Outgoings, outbox};
use super::request::Action;
use crate::drained;
use crate::http::{App, ConnectionPass};
use crate::limits::{Bucket, Rate};
use crate::metrics::Refusal;
use crate::rooms::{Letter, Room};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use base::statement::Certificate;
use base::{MeetingId, Nonce};
use futures_util::SinkExt;
use meeting::{ConnectionId, HelloExpectation, ProvenDevice, Verified};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};
use wire::{Bytes, ClientMessage, ErrorCode, ReadError, ServerMessage, VERSION};

/// How long a client may take to say hello.
const HELLO_WITHIN: Duration = Duration::from_secs(10);

/// How long a client may take to take one message in.
const SEND_WITHIN: Duration = Duration::from_secs(15);

/// How long what a client said last is read once nothing can be written to it. A connection that is
/// reset ends by itself when all of it is read.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Bytes read from a socket at once. Each read clears as many first, and each connection keeps them: larger costs every
/// small message, smaller costs an offer or a commit more system calls.
const READ_BUFFER: usize = 8 * 1024;

/// Media offers of one connection: each is parsed and answered, which takes milliseconds. A page makes one when it
/// connects and when its layout grows.
const OFFERS: Rate = Rate { per_second: 2.0, burst: 30.0 };

/// Messages refused in a row before the connection is closed.
const MOST_REFUSED: u32 = 200;

/// Why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The client closed it, or the network did.
    Gone,
    /// The meeting asked for it; the reason has been sent.
    Closed,
    /// We refuse to go on. Where coming back is all a client has to do, there is no error.
    Refused(Refusal, Option<ErrorCode>),
}

/// Takes the connection over for `id`. `origins` are those under which the request reached us.
pub(crate) fn upgrade(
    upgrade: WebSocketUpgrade,
    app: Arc<App>,
    pass: Arc<ConnectionPass>,
    meeting: (MeetingId, Room),
    origins: Vec<String>,
) -> Response {
    // More than is allowed, so that a client that sends too much is told so: closing while some of it
    // lies unread resets the connection, and the reason is lost on the way.
    let largest = 2 * wire::MAX_CLIENT_MESSAGE + 64 * 1024;
    let upgrade = upgrade.max_message_size(largest).max_frame_size(largest);
    upgrade.read_buffer_size(READ_BUFFER).on_upgrade(async move |socket| {
        let (id, room) = meeting;
        let connection = Connection::new(socket, app, id, room);
        connection.run(origins).await;
        drop(pass);
    })
}

/// Says `code` to whoever connects, and closes; `pass` keeps it counted until then.
pub(crate) fn refuse(
    upgrade: WebSocketUpgrade,
    pass: Arc<ConnectionPass>,
    code: ErrorCode,
) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let text = ServerMessage::Error { code }.to_text();
        let said = async {
            socket.send(Message::Text(text.into())).await?;
            socket.send(Message::Close(None)).await
        };
        let _ = timeout(SEND_WITHIN, said).await;
        drop(pass);
    })
}

struct Connection {
    socket: WebSocket,
    app: Arc<App>,
    number: ConnectionId,
    meeting: MeetingId,
    room: Room,
    bucket: Bucket,
    offers: Bucket,
    refused_in_a_row: u32,
    heard: Instant,
}

impl Connection {
    fn new(socket: WebSocket, app: Arc<App>, meeting: MeetingId, room: Room) -> Self {
        let rate = Rate::per_second(app.limits.messages_per_connection, 10);
        let bucket = Bucket::new(rate, app.clock.mono());
        let offers = Bucket::new(OFFERS, app.clock.mono());
        let number = ConnectionId(app.next_connection());
        let heard = Instant::now();
        Connection {
            socket,
            app,
            number,
            meeting,
            room,
            bucket,
            offers,
            refused_in_a_row: 0,
            heard,
        }
    }

    async fn run(mut self, origins: Vec<String>) {
        self.app.metrics.sockets.add(1);
        let ending = self.serve(&origins).await.err().unwrap_or(Ending::Gone);
        self.app.metrics.sockets.add(-1);
        self.finish(ending).await;
    }

    async fn serve(&mut self, origins: &[String]) -> Result<(), Ending> {
        let (device, certificate) = self.handshake(origins).await?;
        tracing::info!(
            meeting = %self.meeting.loggable(),
            device = %device.key().loggable(),
            connection = self.number.0,
            "connected"
        );
        let (outbox, outgoings) = outbox();
        self.enter(device, certificate, outbox.clone()).await?;
        let outcome = self.converse(outbox, outgoings).await;
        let _ = self.room.mailbox.send(Letter::Disconnected(self.number)).await;
        tracing::info!(
            meeting = %self.meeting.loggable(),
            connection = self.number.0,
            why = ?outcome.as_ref().err(),
            "disconnected"
        );
        outcome
    }

    async fn enter(
        &mut self,
        device: ProvenDevice,
        certificate: Option<Verified<Certificate>>,
        outbox: Outbox,
    ) -> Result<(), Ending> {
        let letter = Letter::Connected { connection: self.number, device, certificate, outbox };
        self.post(letter).await
    }

    async fn post(&mut self, letter: Letter) -> Result<(), Ending> {
        self.room.mailbox.send(letter).await.map_err(|_| {
            // The meeting's task gave up; a new connection starts it again.
            Ending::Refused(Refusal::Draining, Some(ErrorCode::Internal))
        })
    }

    /// Sends what is queued and takes in what comes, until either side is done.
    async fn converse(&mut self, outbox: Outbox, mut out: Outgoings) -> Result<(), Ending> {
        let idle = self.app.limits.idle_timeout;
        let mut pings = tokio::time::interval(idle / 3);
        let mut draining = self.app.draining.clone();
        loop {
            tokio::select! {
                () = drained(&mut draining) => {
                    return Err(Ending::Refused(Refusal::Draining, Some(ErrorCode::Draining)));
                }
                outgoing = out.next() => {
                    if let Err(ending) = self.carry(outgoing).await {
                        self.hear_out(ending, &outbox).await;
                        return Err(ending);
                    }
                }
                incoming = self.socket.recv() => self.take(incoming, &outbox).await?,
                _ = pings.tick() => {
                    if self.heard.elapsed() >= idle {
                        return Err(Ending::Refused(Refusal::Idle, None));
                    }
                    self.push([Message::Ping(Default::default())]).await?;
                }
            }
        }
    }

    async fn carry(&mut self, outgoing: Option<Vec<Outgoing>>) -> Result<(), Ending> {
        let Some(outgoing) = outgoing else {
            return Err(Ending::Refused(Refusal::SlowReader, None));
        };
        let mut texts = Vec::with_capacity(outgoing.len());
        let mut close = false;
        for each in outgoing {
            match each {
                Outgoing::Text(text) | Outgoing::Calm(text) => texts.push(Message::Text(text)),
                Outgoing::Close => {
                    close = true;
                    break;
                }
            }
        }
        self.app.metrics.messages_sent.add(texts.len() as u64);
        self.push(texts).await?;
        if close { Err(Ending::Closed) } else { Ok(()) }
    }

    /// Whoever says goodbye and closes without reading on resets the connection: what it said before waits to
    /// be read, though nothing can be written any more.
    async fn hear_out(&mut self, ending: Ending, outbox: &Outbox) {
        if ending != Ending::Gone {
            return;
        }
        let all = async {
            loop {
                let incoming = self.socket.recv().await;
                if self.take(incoming, outbox).await.is_err() {
                    return;
                }
            }
        };
        let _ = timeout(LAST_WORDS, all).await;
    }

    async fn take(
        &mut self,
        incoming: Option<Result<Message, axum::Error>>,
        outbox: &Outbox,
    ) -> Result<(), Ending> {
        let Some(text) = self.text(incoming)? else { return Ok(()) };
        self.app.metrics.messages_received.increment();
        if !self.bucket.take(self.app.clock.mono()) {
            return self.refuse(Refusal::ConnectionRate, ErrorCode::TooFast, outbox);
        }
        let message = match read(&text) {
            Ok(message) => message,
            Err((refusal, code)) => return self.refuse(refusal, code, outbox),
        };
        let offers = matches!(message, ClientMessage::Offer { .. });
        if offers && !self.offers.take(self.app.clock.mono()) {
            return self.refuse(Refusal::OfferRate, ErrorCode::TooFast, outbox);
        }
        match Action::read(message, &self.room.key) {
            Ok(action) => {
                self.refused_in_a_row = 0;
                self.act(action, outbox).await
            }
            Err(code) => {
                let authentic = code != ErrorCode::NotAuthentic;
                let refusal = if authentic { Refusal::Malformed } else { Refusal::NotAuthentic };
                self.refuse(refusal, code, outbox)
            }
        }
    }

    async fn act(&mut self, action: Action, outbox: &Outbox) -> Result<(), Ending> {
        match action {
            Action::Meeting(request) => self.post(Letter::Request(self.number, request)).await,
            Action::Media(request) => self.post(Letter::MediaRequest(self.number, request)).await,
            Action::Pong(id) => {
                outbox.send(ServerMessage::Pong { id }.to_text().into());
                Ok(())
            }
        }
    }

    /// Drops a message and says so; a client that goes on and on is cut off.
    fn refuse(&mut self, refusal: Refusal, code: ErrorCode, outbox: &Outbox) -> Result<(), Ending> {
        self.refused_in_a_row += 1;
        if self.refused_in_a_row > MOST_REFUSED || refusal == Refusal::Oversize {
            return Err(Ending::Refused(refusal, Some(code)));
        }
        self.app.metrics.refuse(refusal);
        outbox.send(ServerMessage::Error { code }.to_text().into());
        Ok(())
    }

    /// The text of a data message; `None` for pings and pongs.
    fn text(
        &mut self,
        incoming: Option<Result<Message, axum::Error>>,
    ) -> Result<Option<axum::extract::ws::Utf8Bytes>, Ending> {
        self.heard = Instant::now();
        match incoming {
            Some(Ok(Message::Text(text))) => Ok(Some(text)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(None),
            Some(Ok(Message::Binary(_))) => {
                Err(Ending::Refused(Refusal::Malformed, Some(ErrorCode::Malformed)))
            }
            Some(Ok(Message::Close(_))) | None => Err(Ending::Gone),
            // What a peer breaks in the framing, and a message over the frame limit.
            Some(Err(error)) if is_capacity(&error) => {
                Err(Ending::Refused(Refusal::Oversize, Some(ErrorCode::Malformed)))
            }
            Some(Err(_)) => Err(Ending::Gone),
        }
    }

    /// Writes all of these at once.
    async fn push(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<(), Ending> {
        let written = async {
            for message in messages {
                self.socket.feed(message).await?;
            }
            self.socket.flush().await
        };
        match timeout(SEND_WITHIN, written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Ending::Gone),
            Err(_) => Err(Ending::Refused(Refusal::SlowReader, None)),
        }
    }

    /// Says why, closes, and gives the client a moment to take it in.
    async fn finish(mut self, ending: Ending) {
        let (code, reason) = match ending {
            Ending::Gone => return,
            Ending::Closed => (close_code::NORMAL, "done"),
            Ending::Refused(refusal, error) => {
                self.app.metrics.refuse(refusal);
                if let Some(code) = error {
                    let message = ServerMessage::Error { code }.to_text();
                    let _ = self.push([Message::Text(message.into())]).await;
                }
                closing(refusal)
            }
        };
        let frame = CloseFrame { code, reason: reason.into() };
        let _ = self.push([Message::Close(Some(frame))]).await;
        let goodbye = async { while let Some(Ok(_)) = self.socket.recv().await {} };
        let _ = timeout(Duration::from_secs(1), goodbye).await;
    }
}

/// The hello.
impl Connection {
    async fn handshake(
        &mut self,
        origins: &[String],
    ) -> Result<(ProvenDevice, Option<Verified<Certificate>>), Ending> {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce)
            .map_err(|_| Ending::Refused(Refusal::NoHello, Some(ErrorCode::Internal)))?;
        let nonce = Nonce(nonce);
        let (key, policy) = (self.room.key, self.app.policy.clone());
        let challenge = ServerMessage::Challenge { version: VERSION, nonce, key, policy };
        self.push([Message::Text(challenge.to_text().into())]).await?;
        let text = self.first_message().await?;
        let (hello, certificate) = hello(&text)?;
        let expected = HelloExpectation { origins, meeting: self.meeting, server_nonce: nonce };
        let device = ProvenDevice::check(&hello.0, expected).map_err(not_authentic)?;
        let certificate = certificate
            .map(|bytes| Verified::by_meeting_key(&bytes.0, &self.room.key).map_err(not_authentic))
            .transpose()?;
        Ok((device, certificate))
    }

    async fn first_message(&mut self) -> Result<axum::extract::ws::Utf8Bytes, Ending> {
        let deadline = Instant::now() + HELLO_WITHIN;
        let mut draining = self.app.draining.clone();
        loop {
            let incoming = tokio::select! {
                incoming = self.socket.recv() => incoming,
                () = drained(&mut draining) => {
                    return Err(Ending::Refused(Refusal::Draining, Some(ErrorCode::Draining)));
                }
                () = tokio::time::sleep_until(deadline) => {
                    return Err(Ending::Refused(Refusal::NoHello, Some(ErrorCode::Malformed)));
                }
            };
            if let Some(text) = self.text(incoming)? {
                return Ok(text);
            }
        }
    }
}

fn hello(text: &str) -> Result<(Bytes, Option<Bytes>), Ending> {
    let message = read(text).map_err(|(refusal, code)| Ending::Refused(refusal, Some(code)))?;
    match message {
        ClientMessage::Hello { version, .. } if version != VERSION => {
            Err(Ending::Refused(Refusal::Malformed, Some(ErrorCode::WrongVersion)))
        }
        ClientMessage::Hello { hello, certificate, .. } => Ok((hello, certificate)),
        _ => Err(Ending::Refused(Refusal::NoHello, Some(ErrorCode::NotAllowed))),
    }
}

fn read(text: &str) -> Result<ClientMessage, (Refusal, ErrorCode)> {
    ClientMessage::read(text).map_err(|error| match error {
        ReadError::TooLarge(_) => (Refusal::Oversize, ErrorCode::Malformed),
        ReadError::Malformed(_) => (Refusal::Malformed, ErrorCode::Malformed),
    })
}

fn not_authentic(error: base::statement::StatementError) -> Ending {
    tracing::debug!(%error, "a hello was refused");
    Ending::Refused(Refusal::NotAuthentic, Some(ErrorCode::NotAuthentic))
}

/// The close code (RFC 6455 §7.4) and words for a refusal.
fn closing(refusal: Refusal) -> (u16, &'static str) {
    match refusal {
        Refusal::Draining => (close_code::RESTART, "the server restarts; come back"),
        Refusal::Oversize => (close_code::SIZE, "the message is too large"),
        Refusal::SlowReader => (close_code::AGAIN, "too slow in reading; come back"),
        Refusal::Idle => (close_code::AGAIN, "silent for too long; come back"),
        Refusal::NoHello => (close_code::POLICY, "the first message must be a hello"),
        Refusal::NotAuthentic => (close_code::POLICY, "the hello does not verify"),
        Refusal::ConnectionRate | Refusal::OfferRate => (close_code::POLICY, "too many messages"),
        _ => (close_code::POLICY, "the message cannot be read"),
    }
}

/// axum hides the type of the error of the library below it, which is what tells the two apart.
fn is_capacity(error: &axum::Error) -> bool {
    error.to_string().contains("Space limit exceeded")
}
