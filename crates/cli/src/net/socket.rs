use super::dial::{Stream, in_time};
use super::{Dialer, NetError};
use futures_util::{SinkExt, StreamExt};
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, http};

/// Messages waiting on their way in; at the bound reading waits, and with it the server.
const INCOMING: usize = 64;

/// Messages waiting on their way out; at the bound the connection counts as lost.
const OUTGOING: usize = 1024;

/// What happened to the signalling socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    Opened,
    Message(String),
    /// Closed, or never opened. The last event.
    Closed,
}

/// One attempt at a signalling socket. Dropping it closes the socket.
pub struct Signalling {
    events: Receiver<SocketEvent>,
    outgoing: Option<Sender<String>>,
    task: JoinHandle<()>,
}

impl Signalling {
    /// Connects in the background; the outcome is the first event.
    pub fn open(dialer: Dialer, path: String) -> Signalling {
        let (event, events) = channel(INCOMING);
        let (outgoing, queue) = channel(OUTGOING);
        let task = tokio::spawn(async move {
            if let Ok(socket) = in_time(connect(&dialer, &path)).await.and_then(|done| done) {
                run(socket, &event, queue).await;
            }
            let _ = event.send(SocketEvent::Closed).await;
        });
        Signalling { events, outgoing: Some(outgoing), task }
    }

    /// The next event; waits for ever after [`SocketEvent::Closed`].
    pub async fn next(&mut self) -> SocketEvent {
        match self.events.recv().await {
            Some(SocketEvent::Closed) | None if self.outgoing.take().is_some() => {
                SocketEvent::Closed
            }
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// Sends a message; gives the socket up if the server does not take what is sent.
    pub fn send(&mut self, text: String) {
        let full = self.outgoing.as_ref().is_some_and(|queue| queue.try_send(text).is_err());
        if full {
            self.task.abort();
        }
    }

    /// How many messages may be sent before the queue is full.
    pub fn room(&self) -> usize {
        self.outgoing.as_ref().map_or(0, Sender::capacity)
    }

    /// Sends what is queued and closes, waiting a second at most.
    pub async fn finish(mut self) {
        self.outgoing = None;
        let ended = async { while self.events.recv().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(1), ended).await;
    }
}

impl Drop for Signalling {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(
    dialer: &Dialer,
    path: &str,
) -> Result<WebSocketStream<Box<dyn Stream>>, NetError> {
    let scheme = if dialer.origin().tls { "wss" } else { "ws" };
    let url = format!("{scheme}://{}{path}", dialer.origin().authority());
    let refused = |e: &dyn std::fmt::Display| NetError::WebSocket(e.to_string());
    let mut request = url.into_client_request().map_err(|e| refused(&e))?;
    let origin =
        http::HeaderValue::from_str(&dialer.origin().to_string()).map_err(|e| refused(&e))?;
    request.headers_mut().insert(http::header::ORIGIN, origin);
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_message_size(Some(wire::MAX_SERVER_MESSAGE))
        .max_frame_size(Some(wire::MAX_SERVER_MESSAGE));
    let stream = dialer.dial().await?;
    let socket = tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await;
    socket.map(|(socket, _)| socket).map_err(|e| refused(&e))
}

/// Each read clears as many bytes first.
const READ_BUFFER: usize = 8 * 1024;

async fn run(
    mut socket: WebSocketStream<Box<dyn Stream>>,
    event: &Sender<SocketEvent>,
    mut queue: Receiver<String>,
) {
    if event.send(SocketEvent::Opened).await.is_err() {
        return;
    }
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    if event.send(SocketEvent::Message(text.as_str().to_owned())).await.is_err() {
                        return;
                    }
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            text = queue.recv() => match text {
                Some(text) => {
                    if socket.send(Message::text(text)).await.is_err() {
                        return;
                    }
                }
                None => return close(socket).await,
            },
        }
    }
}

/// Reads on until the server has closed, too: to leave anything unread resets the connection, and what was said last is lost.
async fn close(mut socket: WebSocketStream<Box<dyn Stream>>) {
    if socket.close(None).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}
