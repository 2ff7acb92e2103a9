use super::dial::in_time;
use super::{Dialer, NetError};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, ORIGIN};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;

/// `POST /api/v1/meetings`.
pub async fn create_meeting(
    dialer: &Dialer,
    meeting: &wire::CreateMeeting,
) -> Result<(), NetError> {
    let body = serde_json::to_vec(meeting).expect("invariant: signalling types become JSON");
    let request = Request::post("/api/v1/meetings")
        .header(HOST, dialer.origin().authority())
        .header(ORIGIN, dialer.origin().to_string())
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .expect("invariant: a parsed origin is a valid header");
    let status = in_time(send(dialer, request)).await??;
    if status == StatusCode::CREATED { Ok(()) } else { Err(NetError::Status(status.as_u16())) }
}

async fn send(dialer: &Dialer, request: Request<Full<Bytes>>) -> Result<StatusCode, NetError> {
    let stream = TokioIo::new(dialer.dial().await?);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await?;
    driver.abort();
    Ok(response.status())
}
