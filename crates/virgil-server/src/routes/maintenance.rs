//! `/api/v1/maintenance`: comparing the index with the store, and filling a new one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;
use virgil_ingest::Verification;

use crate::caller::Caller;
use crate::platform::Platform;
use crate::problem::{ApiError, Problem};

/// Compares the index with the store and puts back what is missing.
#[utoipa::path(
    post, path = "/api/v1/maintenance/verify", tag = "maintenance",
    responses(
        (status = 200, description = "What was found and repaired"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn verify(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<Json<Verification>, ApiError> {
    caller.require_owner()?;
    platform
        .ingest
        .verify()
        .await
        .map(Json)
        .map_err(|error| ApiError::internal(format!("{error:#}")))
}

/// A new index.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RebuildResponse {
    /// How many points it holds.
    points: u64,
}

/// Fills a new index from the store and switches to it.
#[utoipa::path(
    post, path = "/api/v1/maintenance/rebuild", tag = "maintenance",
    responses(
        (status = 200, description = "The new index", body = RebuildResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rebuild(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<Json<RebuildResponse>, ApiError> {
    caller.require_owner()?;
    let points = platform
        .rebuild()
        .await
        .map_err(|error| ApiError::internal(format!("{error:#}")))?;
    Ok(Json(RebuildResponse { points }))
}
