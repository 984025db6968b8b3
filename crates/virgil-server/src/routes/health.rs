//! Whether the process lives, and whether it can serve.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};

/// The process answers.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// Says that the process lives.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "It lives", body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    Json(Health { status: "ok" })
}

/// Says whether questions can be served: the store answers.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses(
        (status = 200, description = "It can serve", body = Health),
        (status = 503, description = "It cannot", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(State(platform): State<Arc<Platform>>) -> Result<Json<Health>, ApiError> {
    platform.store.ping().await.map_err(|error| {
        tracing::error!(%error, "the store does not answer");
        ApiError::new(Code::Unavailable, "the store does not answer")
    })?;
    Ok(Json(Health { status: "ok" }))
}
