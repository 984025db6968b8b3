//! `/api/v1/conversations`: what the caller asked and was answered. Another's conversation and one that there is not are the
//! same to it.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query as Parameters, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use virgil_store::Conversation;

use crate::caller::Caller;
use crate::export::as_markdown;
use crate::keeping::{conversation_id, recall, refusal};
use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};
use crate::wire_conversations::{
    ConversationResponse, ConversationsResponse, RenameRequest, WireConversation,
};

/// The most conversations of one page.
const MAX_LIMIT: u64 = 200;
/// The most characters of a title.
const MAX_TITLE: usize = 200;

/// Which conversations to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListParameters {
    /// How many, from 1 to 200.
    #[serde(default = "usual_limit")]
    limit: u64,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn usual_limit() -> u64 {
    50
}

/// Lists the caller's conversations, the one that was used last first.
#[utoipa::path(
    get, path = "/api/v1/conversations", tag = "conversations", params(ListParameters),
    responses(
        (status = 200, description = "The conversations", body = ConversationsResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    parameters: Result<Parameters<ListParameters>, QueryRejection>,
) -> Result<Json<ConversationsResponse>, ApiError> {
    let Parameters(ListParameters { limit, cursor }) = parameters?;
    check_limit(limit)?;
    let after = cursor.as_deref().map(position).transpose()?;
    let conversations = &platform.conversations;
    let mut found = conversations
        .list(&caller.scope, after, limit + 1, Timestamp::now())
        .await
        .map_err(refusal)?;
    let is_more = found.len() as u64 > limit;
    found.truncate(limit as usize);
    Ok(Json(ConversationsResponse {
        next_cursor: found.last().filter(|_| is_more).map(cursor_at),
        conversations: found.into_iter().map(WireConversation::from).collect(),
        retention: conversations.retention().into(),
    }))
}

/// Deletes every conversation of the caller for good.
#[utoipa::path(
    delete, path = "/api/v1/conversations", tag = "conversations",
    responses(
        (status = 204, description = "They are gone"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_all(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<StatusCode, ApiError> {
    let deleted = platform.conversations.delete_all(&caller.scope).await;
    platform.guide.forget(&deleted.map_err(refusal)?);
    Ok(StatusCode::NO_CONTENT)
}

/// Which turns of a conversation to give.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct GetParameters {
    /// How many turns, from 1 to 200: the last ones.
    #[serde(default = "usual_limit")]
    limit: u64,
    /// Only those before this one.
    before: Option<u64>,
}

/// Gives a conversation with its last turns, each as far as the caller may see it now.
#[utoipa::path(
    get, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path), GetParameters),
    responses(
        (status = 200, description = "The conversation", body = ConversationResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn get(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    parameters: Result<Parameters<GetParameters>, QueryRejection>,
) -> Result<Json<ConversationResponse>, ApiError> {
    let id = conversation_id(&id)?;
    let Parameters(GetParameters { limit, before }) = parameters?;
    check_limit(limit)?;
    read(&platform, &caller, id, before, limit).await.map(Json)
}

/// Gives a conversation another title.
#[utoipa::path(
    patch, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)),
    request_body = RenameRequest,
    responses(
        (status = 200, description = "The conversation", body = WireConversation),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn rename(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    request: Result<Json<RenameRequest>, JsonRejection>,
) -> Result<Json<WireConversation>, ApiError> {
    let id = conversation_id(&id)?;
    let Json(request) = request?;
    let title = request.title.trim();
    if title.is_empty() || title.chars().count() > MAX_TITLE || title.contains(char::is_control) {
        return Err(ApiError::new(
            Code::InvalidRequest,
            format!("title: from 1 to {MAX_TITLE} characters in one line"),
        ));
    }
    let renamed = platform
        .conversations
        .rename(&caller.scope, id, title, Timestamp::now())
        .await
        .map_err(refusal)?;
    Ok(Json(renamed.into()))
}

/// Deletes a conversation for good.
#[utoipa::path(
    delete, path = "/api/v1/conversations/{id}", tag = "conversations", params(("id" = String, Path)),
    responses(
        (status = 204, description = "It is gone"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let id = conversation_id(&id)?;
    let deleted = platform
        .conversations
        .delete(&caller.scope, id, Timestamp::now())
        .await;
    platform.guide.forget(&deleted.map_err(refusal)?);
    Ok(StatusCode::NO_CONTENT)
}

/// How to export a conversation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportParameters {
    /// `markdown` or `json`.
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Markdown,
    Json,
}

/// Gives a whole conversation as a file: as Markdown with its citations, or as JSON.
#[utoipa::path(
    get, path = "/api/v1/conversations/{id}/export", tag = "conversations", params(("id" = String, Path), ExportParameters),
    responses(
        (status = 200, description = "The file", content((ConversationResponse = "application/json"), (String = "text/markdown"))),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    parameters: Result<Parameters<ExportParameters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let id = conversation_id(&id)?;
    let Parameters(ExportParameters { format }) = parameters?;
    let max_turns = platform.conversations.retention().max_turns;
    let conversation = read(&platform, &caller, id, None, max_turns).await?;
    let (kind, name, body) = match format {
        Format::Markdown => (
            "text/markdown; charset=utf-8",
            "md",
            as_markdown(&conversation),
        ),
        Format::Json => (
            "application/json",
            "json",
            serde_json::to_string_pretty(&conversation).map_err(ApiError::internal)?,
        ),
    };
    let file = format!("attachment; filename=\"conversation-{id}.{name}\"");
    Ok((
        [
            (header::CONTENT_TYPE, kind.to_owned()),
            (header::CONTENT_DISPOSITION, file),
        ],
        body,
    )
        .into_response())
}

async fn read(
    platform: &Platform,
    caller: &Caller,
    id: Uuid,
    before: Option<u64>,
    limit: u64,
) -> Result<ConversationResponse, ApiError> {
    let (scope, now) = (&caller.scope, Timestamp::now());
    let conversations = &platform.conversations;
    let conversation = conversations.get(scope, id, now).await.map_err(refusal)?;
    let turns = conversations
        .turns(scope, id, before, limit, now)
        .await
        .map_err(refusal)?;
    let first = turns.first().map(|turn| turn.ordinal);
    let history = recall(platform, scope, id, turns)
        .await
        .map_err(|error| ApiError::internal(format!("{error:#}")))?;
    Ok(ConversationResponse {
        conversation: conversation.into(),
        history,
        before: first.filter(|first| *first > 1),
    })
}

fn check_limit(limit: u64) -> Result<(), ApiError> {
    if (1..=MAX_LIMIT).contains(&limit) {
        return Ok(());
    }
    Err(ApiError::new(
        Code::InvalidRequest,
        format!("limit: from 1 to {MAX_LIMIT}"),
    ))
}

/// The cursor of what comes after a conversation.
fn cursor_at(conversation: &Conversation) -> String {
    let time = conversation.updated_at.as_microsecond();
    format!("{time}-{}", conversation.id.simple())
}

fn position(cursor: &str) -> Result<(Timestamp, Uuid), ApiError> {
    let parsed = cursor.rsplit_once('-').and_then(|(time, id)| {
        let time = Timestamp::from_microsecond(time.parse().ok()?).ok()?;
        Some((time, Uuid::try_parse(id).ok()?))
    });
    parsed.ok_or_else(|| {
        ApiError::new(
            Code::InvalidRequest,
            "cursor: send `next_cursor` of the page before",
        )
    })
}
