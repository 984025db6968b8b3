//! `/api/v1/sources`: what is read, how fresh it is, what went wrong, and bringing it up to date.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use virgil_ingest::Progress;

use crate::caller::Caller;
use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};
use crate::syncs::{Sync, location};

/// The sources that the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourcesResponse {
    sources: Vec<WireSource>,
}

/// A source and how fresh it is. Counts are of what the caller may see.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireSource {
    name: String,
    kind: String,
    location: String,
    /// `live`, `partial`, `never_synced`, `failed` or `syncing`.
    state: String,
    /// Whether the configuration no longer names it and nobody added it by hand: it is served and never synced.
    orphaned: bool,
    files: u64,
    chunks: u64,
    skipped: u64,
    failed: u64,
    synced_at: Option<String>,
    commit: Option<String>,
    error: Option<String>,
}

/// Lists the sources that the caller may see.
#[utoipa::path(
    get, path = "/api/v1/sources", tag = "sources",
    responses(
        (status = 200, description = "The sources, by name", body = SourcesResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<Json<SourcesResponse>, ApiError> {
    let sources = platform
        .store
        .sources(&caller.scope)
        .await
        .map_err(ApiError::internal)?;
    Ok(Json(SourcesResponse {
        sources: sources
            .into_iter()
            .map(|source| WireSource {
                state: source.state.name().to_owned(),
                orphaned: !source.added
                    && !platform
                        .configured
                        .iter()
                        .any(|config| config.name == source.name),
                name: source.name,
                kind: source.kind,
                location: source.location,
                files: source.files,
                chunks: source.chunks,
                skipped: source.skipped,
                failed: source.failed,
                synced_at: source.synced_at.map(|at| at.to_string()),
                commit: source.commit,
                error: source.error,
            })
            .collect(),
    }))
}

/// A source to add by its place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddRequest {
    /// A path or a git URL.
    location: String,
    /// Its name; the last part of the location if absent.
    name: Option<String>,
    /// The branch of a git repository.
    branch: Option<String>,
    /// The environment variable that holds the token for a git URL.
    token_env: Option<String>,
}

/// The source that was added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AddResponse {
    name: String,
}

/// Adds a source by its place; nobody but administrators sees it. Adding the same place again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/sources", tag = "sources", request_body = AddRequest,
    responses(
        (status = 200, description = "The source", body = AddResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn add(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    request: Result<Json<AddRequest>, JsonRejection>,
) -> Result<Json<AddResponse>, ApiError> {
    caller.require_owner()?;
    let Json(request) = request?;
    let unreadable = |error: virgil_sources::SourceError| {
        ApiError::new(Code::SourceUnreadable, error.to_string())
    };
    let (kind, mut parameters) = virgil_sources::detect(&request.location).map_err(unreadable)?;
    if let Some(object) = parameters.as_object_mut() {
        for (key, value) in [("branch", request.branch), ("token_env", request.token_env)] {
            if let Some(value) = value {
                object.insert(key.to_owned(), value.into());
            }
        }
    }
    let place = location(&parameters);
    let name = match request.name {
        Some(name) => name,
        None => default_name(&place),
    };
    if !is_name(&name) {
        return Err(ApiError::new(
            Code::InvalidRequest,
            format!(
                "`{name}` cannot be a source's name: give one of letters, digits, `-`, `_` and `.`"
            ),
        ));
    }
    if let Some(other) = platform
        .source_config(&name)
        .await
        .map_err(ApiError::internal)?
        && location(&other.parameters) != place
    {
        return Err(ApiError::new(
            Code::InvalidRequest,
            format!(
                "there is a source `{name}` already, at `{}`: give this one another name",
                location(&other.parameters)
            ),
        ));
    }
    if !platform.configured.iter().any(|config| config.name == name) {
        platform
            .store
            .add_source(&virgil_store::AddedSource {
                name: name.clone(),
                kind: kind.to_owned(),
                location: place,
                parameters: parameters.to_string(),
                label: "private".to_owned(),
            })
            .await
            .map_err(ApiError::internal)?;
    }
    Ok(Json(AddResponse { name }))
}

fn default_name(place: &str) -> String {
    let last = place
        .trim_end_matches('/')
        .rsplit(['/', ':'])
        .next()
        .unwrap_or_default();
    let name: String = last
        .trim_end_matches(".git")
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect();
    name.trim_start_matches('.').to_owned()
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// Forgets a source and everything that was read from it.
#[utoipa::path(
    delete, path = "/api/v1/sources/{name}", tag = "sources", params(("name" = String, Path, description = "The source")),
    responses(
        (status = 204, description = "It is forgotten"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn remove(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ApiError> {
    caller.require_owner()?;
    let removed = platform
        .store
        .remove_source(&name)
        .await
        .map_err(ApiError::internal)?;
    if !removed {
        return Err(ApiError::new(
            Code::NotFound,
            format!("there is no source `{name}`"),
        ));
    }
    platform
        .ingest
        .drain_deletions()
        .await
        .map_err(|error| ApiError::internal(format!("{error:#}")))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The numbers of a sync, and its end once it has one.
#[derive(Debug, Serialize)]
struct SyncStatus {
    #[serde(flatten)]
    progress: Progress,
    finished: bool,
    error: Option<String>,
}

impl SyncStatus {
    fn of(sync: &Sync) -> SyncStatus {
        let outcome = sync.outcome.borrow().clone();
        SyncStatus {
            progress: sync.progress.borrow().clone(),
            finished: outcome.is_some(),
            error: outcome.and_then(Result::err),
        }
    }
}

/// Starts a sync of a source.
///
/// With `Accept: text/event-stream` its numbers follow as `progress` events until one `finished` event. The sync goes
/// on when the client leaves.
#[utoipa::path(
    post, path = "/api/v1/sources/{name}/sync", tag = "sources", params(("name" = String, Path, description = "The source")),
    responses(
        (status = 202, description = "The sync was started"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn sync(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    caller.require_owner()?;
    let sync = platform.syncs.start(&platform, &name).await?;
    let streams = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/event-stream"));
    if !streams {
        return Ok((StatusCode::ACCEPTED, Json(SyncStatus::of(&sync))).into_response());
    }
    let (sender, receiver) = tokio::sync::mpsc::channel(4);
    tokio::spawn(watch(sync, sender));
    let stream = ReceiverStream::new(receiver).map(|(name, status): (&str, SyncStatus)| {
        let data = serde_json::to_string(&status).expect("numbers serialise");
        Ok::<_, Infallible>(Event::default().event(name).data(data))
    });
    Ok((
        StatusCode::ACCEPTED,
        Sse::new(stream).keep_alive(KeepAlive::default()),
    )
        .into_response())
}

/// Passes the numbers of a sync on, a few times a second, until it is over.
async fn watch(mut sync: Sync, sender: tokio::sync::mpsc::Sender<(&'static str, SyncStatus)>) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(200));
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                if sender.send(("progress", SyncStatus::of(&sync))).await.is_err() {
                    return;
                }
            }
            changed = sync.outcome.changed() => {
                if changed.is_err() || sync.outcome.borrow().is_some() {
                    // A watcher that left misses nothing.
                    let _ = sender.send(("finished", SyncStatus::of(&sync))).await;
                    return;
                }
            }
        }
    }
}

/// The numbers of the running or last sync of a source in this process.
#[utoipa::path(
    get, path = "/api/v1/sources/{name}/progress", tag = "sources", params(("name" = String, Path, description = "The source")),
    responses(
        (status = 200, description = "The numbers"),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn progress(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    require_visible(&platform, &caller, &name).await?;
    let sync = platform.syncs.of(&name).ok_or_else(|| {
        ApiError::new(
            Code::NotFound,
            format!("no sync of `{name}` has run since the start"),
        )
    })?;
    Ok(Json(SyncStatus::of(&sync)).into_response())
}

/// What could not be read of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemsResponse {
    problems: Vec<WireProblem>,
}

/// Something that could not be read or understood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WireProblem {
    path: String,
    line: Option<u32>,
    /// `failed`, `problem`, or the reason of a skip such as `binary`.
    kind: String,
    message: String,
}

/// Lists what could not be read of a source, and why.
#[utoipa::path(
    get, path = "/api/v1/sources/{name}/problems", tag = "sources", params(("name" = String, Path, description = "The source")),
    responses(
        (status = 200, description = "The problems, by path", body = ProblemsResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn problems(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<Json<ProblemsResponse>, ApiError> {
    let source = require_visible(&platform, &caller, &name).await?;
    let problems = platform
        .store
        .problems(&caller.scope, source)
        .await
        .map_err(ApiError::internal)?;
    Ok(Json(ProblemsResponse {
        problems: problems
            .into_iter()
            .map(|problem| WireProblem {
                path: problem.path,
                line: problem.line,
                kind: problem.kind,
                message: problem.message,
            })
            .collect(),
    }))
}

/// A source that the caller may not see is one that there is not.
async fn require_visible(
    platform: &Platform,
    caller: &Caller,
    name: &str,
) -> Result<virgil_model::SourceId, ApiError> {
    let sources = platform
        .store
        .sources(&caller.scope)
        .await
        .map_err(ApiError::internal)?;
    sources
        .into_iter()
        .find(|source| source.name == name)
        .map(|source| source.id)
        .ok_or_else(|| ApiError::new(Code::NotFound, format!("there is no source `{name}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_named_after_its_place() {
        assert_eq!(
            default_name("https://git.example/team/ml-risk.git"),
            "ml-risk"
        );
        assert_eq!(default_name("git@git.example:team/shop"), "shop");
        assert_eq!(default_name("/srv/my docs/"), "my-docs");
    }
}
