//! `POST /api/v1/search`: passages without an answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use virgil_answer::Query;

use crate::caller::Caller;
use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};
use crate::routes::check_question;
use crate::wire::{SearchRequest, SearchResponse, WirePassage};

/// Finds the passages that fit a query best.
#[utoipa::path(
    post, path = "/api/v1/search", tag = "questions", request_body = SearchRequest,
    responses(
        (status = 200, description = "The passages, best first", body = SearchResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", description = "Something failed", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn search(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    request: Result<Json<SearchRequest>, JsonRejection>,
) -> Result<Json<SearchResponse>, ApiError> {
    let Json(request) = request?;
    check_question(&request.query)?;
    if !(1..=100).contains(&request.limit) {
        return Err(ApiError::new(Code::InvalidRequest, "limit: from 1 to 100"));
    }
    let sources = if request.filter.sources.is_empty() {
        None
    } else {
        // Unknown and hidden names are told apart by nobody: they just match nothing.
        let visible = platform
            .store
            .sources(&caller.scope)
            .await
            .map_err(ApiError::internal)?;
        Some(
            visible
                .into_iter()
                .filter(|source| request.filter.sources.contains(&source.name))
                .map(|source| source.id)
                .collect(),
        )
    };
    let query = Query {
        text: request.query,
        limit: request.limit,
        sources,
    };
    let passages = platform
        .guide
        .search(&caller.scope, &query)
        .await
        .map_err(|error| ApiError::internal(format!("{error:#}")))?;
    Ok(Json(SearchResponse {
        passages: passages.into_iter().map(WirePassage::from).collect(),
    }))
}
