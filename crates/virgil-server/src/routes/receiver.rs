//! `POST /api/v1/lineage`: the OpenLineage receiver, where producers send what ran on which data.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::caller::bearer;
use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};

/// What was received.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Received {
    /// How many events are stored; those that were sent before are stored once.
    events: usize,
}

/// Takes OpenLineage events (<https://openlineage.io/spec/2-0-2/OpenLineage.json>): one run, job or dataset event, or
/// a list of them.
///
/// The key names the source that they go to. The answer comes when they are durable; sending an event again changes
/// nothing. Of a list that holds an invalid event nothing is stored.
#[utoipa::path(
    post, path = "/api/v1/lineage", tag = "graph", request_body = Value,
    responses(
        (status = 201, description = "All events are stored", body = Received),
        (status = 401, description = "The key is missing or may not write", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "The body is larger than the source allows", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "An event is not valid; the detail names the field", body = Problem, content_type = "application/problem+json"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn receive(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Received>), ApiError> {
    // The receiver is found by the hash of the key: comparing takes no longer for a key that is nearly right.
    let receiver = bearer(&headers)
        .and_then(|key| {
            let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
            platform.receivers.of_key(&hash)
        })
        .ok_or_else(|| {
            ApiError::new(
                Code::Unauthorized,
                "send the write key of an `openlineage` source as `Authorization: Bearer KEY`",
            )
        })?;
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(ApiError::new(
            Code::UnsupportedMediaType,
            "a compressed body is not read: send it as it is",
        ));
    }
    let limit = receiver.parameters.max_body_bytes;
    let bytes = to_bytes(body, limit).await.map_err(|_| {
        ApiError::new(
            Code::TooLarge,
            format!("the body is larger than {limit} bytes, or was cut off"),
        )
    })?;
    let body: Value = serde_json::from_slice(&bytes).map_err(|error| {
        ApiError::new(
            Code::InvalidRequest,
            format!("the body is not JSON: {error}"),
        )
    })?;
    let events = virgil_ingest::events(body)
        .map_err(|error| ApiError::new(Code::InvalidEvent, error.to_string()))?;
    let source = receiver
        .source(&platform)
        .await
        .map_err(ApiError::internal)?;
    platform
        .store
        .push(source, &events)
        .await
        .map_err(ApiError::internal)?;
    receiver.notify();
    Ok((
        StatusCode::CREATED,
        Json(Received {
            events: events.len(),
        }),
    ))
}
