//! A client's end of the signalling socket.

use super::PATIENCE;
use super::people::{Device, Host, random};
use base::{DeviceKey, MeetingId, MeetingKey, Nonce};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use wire::{Bytes, ClientMessage, Invitation, ServerMessage, Standing, VERSION, Welcome};

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// How a connection ended: the close code and reason.
pub type Closed = Option<(u16, String)>;

impl Client {
    /// Opens the socket, with these extra headers.
    pub async fn open(
        authority: &str,
        meeting: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Client, Error> {
        let url = format!("ws://{authority}/api/v1/meetings/{meeting}/ws");
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        connect_async(request).await.map(|(socket, _)| Client { socket })
    }

    /// Opens the socket and takes the challenge in.
    pub async fn challenged(authority: &str, meeting: MeetingId) -> (Client, Nonce, MeetingKey) {
        let mut client = Client::open(authority, &meeting.to_text(), &[]).await.unwrap();
        match client.next().await {
            ServerMessage::Challenge { version: VERSION, nonce, key, .. } => (client, nonce, key),
            other => panic!("expected a challenge, not {other:?}"),
        }
    }

    /// Says hello as `device` and takes `ready` in.
    pub async fn enter(
        authority: &str,
        meeting: MeetingId,
        device: &Device,
        certificate: Option<Bytes>,
    ) -> (Client, Standing) {
        let (mut client, nonce, _) = Client::challenged(authority, meeting).await;
        let hello = device.hello(&format!("http://{authority}"), meeting, nonce);
        client.send(ClientMessage::Hello { version: VERSION, hello, certificate }).await;
        match client.next().await {
            ServerMessage::Ready { standing, .. } => (client, standing),
            other => panic!("expected ready, not {other:?}"),
        }
    }

    /// The host, with its session open and its doorbell out.
    pub async fn host(authority: &str, host: &Host) -> Client {
        let (mut client, _) =
            Client::enter(authority, host.meeting, &host.device, Some(host.certificate())).await;
        let certificate = host.certificate();
        let open = ClientMessage::OpenSession { group: host.group, certificate, replace: None };
        client.send(open).await;
        client.until(|m| matches!(m, ServerMessage::SessionOpened { .. })).await;
        let nonces = (0..20).map(|_| Bytes(random::<16>().to_vec())).collect();
        client.send(ClientMessage::Doorbell { doorbell: host.doorbell(), nonces }).await;
        let invitation = Invitation {
            id: Bytes(vec![1; 8]),
            wrap: Bytes(vec![2; 80]),
            card: Bytes(vec![3; 80]),
        };
        client.send(ClientMessage::Invitations { invitations: vec![invitation] }).await;
        client
    }

    /// A guest that has knocked.
    pub async fn knocking(authority: &str, meeting: MeetingId, device: &Device) -> Client {
        let (mut client, standing) = Client::enter(authority, meeting, device, None).await;
        assert_eq!(standing, Standing::Outside);
        client.send(ClientMessage::Ring { invitation: Bytes(vec![1; 8]) }).await;
        client.until(|m| matches!(m, ServerMessage::Doorbell { doorbell: Some(_), .. })).await;
        client.send(ClientMessage::Knock { sealed: Bytes(vec![7; 300]) }).await;
        client.until(|m| matches!(m, ServerMessage::KnockDelivered)).await;
        client
    }

    /// As the host: commits an Add of `guest` in `epoch`, and waits until it is accepted.
    pub async fn admit(&mut self, host: &Host, epoch: u64, guest: DeviceKey) {
        self.until(|m| matches!(m, ServerMessage::Knocked { device, .. } if *device == guest))
            .await;
        let commit = random::<100>();
        let message = ClientMessage::Commit {
            commit: Bytes(commit.to_vec()),
            ticket: host.device.ticket(host.group, epoch, &commit, &[guest]),
            welcome: Some(Welcome { message: Bytes(vec![9; 500]) }),
        };
        self.send(message).await;
        self.until(|m| matches!(m, ServerMessage::Committed { epoch: e, .. } if *e == epoch)).await;
    }

    pub async fn send(&mut self, message: ClientMessage) {
        self.send_text(message.to_text()).await;
    }

    pub async fn send_text(&mut self, text: String) {
        self.socket.send(Message::Text(text.into())).await.unwrap();
    }

    /// The next message.
    pub async fn next(&mut self) -> ServerMessage {
        self.message().await.unwrap_or_else(|closed| panic!("closed: {closed:?}"))
    }

    /// The next message that `wanted` accepts; others are passed over.
    pub async fn until(&mut self, wanted: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        let mut passed_over = Vec::new();
        loop {
            match self.message().await {
                Ok(message) if wanted(&message) => return message,
                Ok(message) => passed_over.push(message),
                Err(closed) => panic!("closed ({closed:?}) after {passed_over:?}"),
            }
        }
    }

    /// Reads to the end: what still came, and how it closed.
    pub async fn rest(&mut self) -> (Vec<ServerMessage>, Closed) {
        let mut messages = Vec::new();
        loop {
            match self.message().await {
                Ok(message) => messages.push(message),
                Err(closed) => return (messages, closed),
            }
        }
    }

    pub async fn message(&mut self) -> Result<ServerMessage, Closed> {
        let message = tokio::time::timeout(PATIENCE, self.text_message()).await;
        message.expect("the server says something in time")
    }

    async fn text_message(&mut self) -> Result<ServerMessage, Closed> {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return Ok(ServerMessage::read(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(Some((frame.code.into(), frame.reason.to_string())));
                }
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(None),
                Some(Ok(_)) => {}
            }
        }
    }
}
