//! The HTTP API: creating a meeting, asking for one, and connecting to it.

use super::{App, ConnectionPass, Counted};
use crate::metrics::Refusal;
use crate::rooms::Room;
use crate::signal;
use axum::body::Body;
use axum::extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection};
use axum::extract::{Extension, Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base::statement::{Certificate, Role, Unverified};
use base::{MeetingId, UnixMillis};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use store::StoreError;
use wire::{CreateMeeting, ErrorCode, MeetingInfo, MeetingState};

/// A request to create a meeting is under 1 kB.
const LARGEST_BODY: usize = 16 * 1024;

const DESCRIPTION: &str = include_str!("openapi.json");

/// A refusal: a status, the protocol's code, and words for whoever reads them.
pub(super) struct ApiError(pub StatusCode, pub ErrorCode, pub &'static str);

#[derive(Serialize)]
struct ErrorBody {
    code: ErrorCode,
    message: &'static str,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let ApiError(status, code, message) = self;
        json(status, &ErrorBody { code, message })
    }
}

const NO_SUCH_MEETING: ApiError =
    ApiError(StatusCode::NOT_FOUND, ErrorCode::NoSuchMeeting, "there is no such meeting");
const FOREIGN: ApiError =
    ApiError(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, "this page belongs to another site");

pub(super) async fn describe() -> Response {
    ([(CONTENT_TYPE, "application/json")], DESCRIPTION).into_response()
}

/// `POST /api/v1/meetings`.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(Counted(address)): Extension<Counted>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    ours(&app, &headers)?;
    if !app.creations.take(address, app.clock.mono()) {
        app.metrics.refuse(Refusal::CreationRate);
        let message = "too many meetings from this address; try again later";
        return Err(ApiError(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooFast, message));
    }
    let expected = "expected an object with id, key and certificate; see /api/v1/openapi.json";
    let wanted: CreateMeeting = read_json(&headers, read_body(&app, body).await?, expected)?;
    let now = app.clock.now().wall;
    check_creator(&wanted, now)?;
    app.store.create(wanted.id, wanted.key, now).await.map_err(store_error)?;
    app.metrics.meetings_created.increment();
    tracing::info!(meeting = %wanted.id.loggable(), "created");
    let info = MeetingInfo { id: wanted.id, key: wanted.key, state: MeetingState::Open };
    Ok(json(StatusCode::CREATED, &info))
}

/// `GET /api/v1/meetings/{id}`.
pub(super) async fn info(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let (id, room) = enter(&app, &id).await?;
    let state = if room.is_over() { MeetingState::Ended } else { MeetingState::Open };
    Ok(json(StatusCode::OK, &MeetingInfo { id, key: room.key, state }))
}

/// `GET /api/v1/meetings/{id}/ws`.
pub(super) async fn connect(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    Extension(pass): Extension<Arc<ConnectionPass>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    ours(&app, &headers)?;
    let meeting = enter(&app, &id).await;
    let upgrade = upgrade.map_err(|_| {
        let message = "connect here with a WebSocket";
        ApiError(StatusCode::UPGRADE_REQUIRED, ErrorCode::Malformed, message)
    })?;
    // A page cannot see why an upgrade was refused, so it is told over the socket.
    let meeting = match meeting {
        Err(ApiError(StatusCode::NOT_FOUND, code, _)) => {
            return Ok(signal::refuse(upgrade, pass, code));
        }
        other => other?,
    };
    let origins = app.origins.of(&headers);
    Ok(signal::upgrade(upgrade, app, pass, meeting, origins))
}

pub(super) async fn enter(app: &App, id: &str) -> Result<(MeetingId, Room), ApiError> {
    let id = MeetingId::from_text(id).map_err(|_| NO_SUCH_MEETING)?;
    let room = app.hall.enter(id).await.map_err(store_error)?;
    Ok((id, room.ok_or(NO_SUCH_MEETING)?))
}

pub(super) fn ours(app: &App, headers: &HeaderMap) -> Result<(), ApiError> {
    if app.origins.is_foreign(headers) {
        app.metrics.refuse(Refusal::ForeignOrigin);
        return Err(FOREIGN);
    }
    Ok(())
}

pub(super) async fn read_body(app: &App, body: Body) -> Result<Bytes, ApiError> {
    let collected = Limited::new(body, LARGEST_BODY).collect();
    match tokio::time::timeout(app.limits.request_timeout, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => Err(ApiError(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::Malformed,
            "the body is too large or broke off",
        )),
        Err(_) => Err(ApiError(
            StatusCode::REQUEST_TIMEOUT,
            ErrorCode::Malformed,
            "the body took too long",
        )),
    }
}

/// JSON only by its name: a form of another site cannot send that without asking first. `expected`
/// is told to whoever sends something else.
pub(super) fn read_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Bytes,
    expected: &'static str,
) -> Result<T, ApiError> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !media_type.is_some_and(|value| value.starts_with("application/json")) {
        let message = "expected content-type application/json";
        return Err(ApiError(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::Malformed, message));
    }
    serde_json::from_slice(&body)
        .map_err(|_| ApiError(StatusCode::BAD_REQUEST, ErrorCode::Malformed, expected))
}

/// Whoever creates a meeting shows a host certificate under its key: nobody can claim an id for a
/// key they do not hold.
fn check_creator(wanted: &CreateMeeting, now: UnixMillis) -> Result<(), ApiError> {
    let not_authentic = |_| {
        let message = "the certificate does not verify for this meeting and key";
        ApiError(StatusCode::FORBIDDEN, ErrorCode::NotAuthentic, message)
    };
    let certificate = Unverified::<Certificate>::read(&wanted.certificate.0)
        .and_then(|unverified| unverified.verify_for(&wanted.key, &wanted.id, now))
        .map_err(not_authentic)?;
    if certificate.role != Role::Host {
        let message = "the certificate is not a host's";
        return Err(ApiError(StatusCode::FORBIDDEN, ErrorCode::NotAllowed, message));
    }
    Ok(())
}

pub(super) fn store_error(error: StoreError) -> ApiError {
    match error {
        StoreError::Taken => ApiError(
            StatusCode::CONFLICT,
            ErrorCode::NotAllowed,
            "a meeting with this id exists already",
        ),
        StoreError::Unknown => NO_SUCH_MEETING,
        StoreError::Full => ApiError(
            StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::TooMany,
            "so many reports are kept that no further one is; reach those who run this server another way",
        ),
        error => {
            tracing::error!(%error, "the store failed");
            ApiError(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Internal, "try again")
        }
    }
}

pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let text = serde_json::to_string(body).expect("these types have only string keys");
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], text)
        .into_response()
}
