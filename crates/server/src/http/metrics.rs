//! `/metrics`, on a port of its own.

use super::App;
use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::Arc;
use tokio::net::TcpListener;

/// Serves until the process ends.
pub(crate) async fn serve(listener: TcpListener, app: Arc<App>) -> std::io::Result<()> {
    let router = Router::new().route("/metrics", get(render)).with_state(app);
    axum::serve(listener, router).await
}

async fn render(State(app): State<Arc<App>>) -> Response {
    let mut text = app.metrics.render();
    crate::metrics::render_media(&mut text, &app.media.metrics());
    ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
