//! `/api/v1/entities`, `/api/v1/lineage` and `/api/v1/query`: exact answers from what the platform states.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query as Parameters, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use virgil_answer::FactsError;
use virgil_graph::{Direction, Query, QueryError, Set};
use virgil_model::{AssetId, Kind, LineSpan, Scope};

use crate::caller::Caller;
use crate::platform::Platform;
use crate::problem::{ApiError, Code, Problem};
use crate::wire_graph::{WireAnswer, WireLineage, WireMapping, WirePlace};
use crate::wire_query::WireQuery;

/// The most rows that one answer lists.
const MAX_ROWS: usize = 1_000;

/// Which entities to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct EntitiesParameters {
    /// Only of this kind, such as `dataset`.
    kind: Option<String>,
    /// At most so many, up to 1,000.
    #[serde(default = "all_rows")]
    limit: usize,
}

fn all_rows() -> usize {
    MAX_ROWS
}

/// Lists what the platform states, with the lines that state it.
#[utoipa::path(
    get, path = "/api/v1/entities", tag = "graph", params(EntitiesParameters),
    responses(
        (status = 200, description = "`total`, `rows` and how complete they are", body = WireAnswer),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn entities(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    parameters: Result<Parameters<EntitiesParameters>, QueryRejection>,
) -> Result<Json<Value>, ApiError> {
    let Parameters(parameters) = parameters?;
    let kinds = match parameters.kind {
        None => BTreeSet::new(),
        Some(name) => BTreeSet::from([Kind::from_name(&name).ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            let names = names.join(", ");
            ApiError::new(
                Code::InvalidRequest,
                format!("`{name}` is not a kind: there are {names}"),
            )
        })?]),
    };
    let query = Query {
        limit: Some(parameters.limit.min(MAX_ROWS)),
        ..Query::rows(Set::All(kinds))
    };
    let answer = platform
        .facts
        .query(&caller.scope, &query)
        .await
        .map_err(refusal)?;
    shown(&platform, &caller.scope, &answer).await.map(Json)
}

/// Whose lineage, and how to show it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LineageParameters {
    /// A name, a reference, or `kind:name`.
    of: String,
    /// `upstream` (where data comes from) or `downstream` (where it goes).
    #[serde(default)]
    direction: WireDirection,
    /// How many hops, from 1 to 50.
    #[serde(default = "usual_depth")]
    depth: u32,
    /// `json`, `text`, `mermaid` or `dot`.
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum WireDirection {
    #[default]
    Upstream,
    Downstream,
}

#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    #[default]
    Json,
    Text,
    Mermaid,
    Dot,
}

fn usual_depth() -> u32 {
    20
}

/// Follows the flow of data from one thing, upstream or downstream.
#[utoipa::path(
    get, path = "/api/v1/lineage", tag = "graph", params(LineageParameters),
    responses(
        (status = 200, description = "`nodes`, `edges` with their evidence, and how complete they are; or text, as `format` says", body = WireLineage),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn lineage(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    parameters: Result<Parameters<LineageParameters>, QueryRejection>,
) -> Result<Response, ApiError> {
    let Parameters(parameters) = parameters?;
    if !(1..=virgil_graph::DEPTH_LIMIT).contains(&parameters.depth) {
        let most = virgil_graph::DEPTH_LIMIT;
        return Err(ApiError::new(
            Code::InvalidRequest,
            format!("depth: from 1 to {most}"),
        ));
    }
    let direction = match parameters.direction {
        WireDirection::Upstream => Direction::Upstream,
        WireDirection::Downstream => Direction::Downstream,
    };
    let lineage = platform
        .facts
        .lineage(&caller.scope, &parameters.of, direction, parameters.depth)
        .await
        .map_err(refusal)?;
    let text = match parameters.format {
        Format::Json => {
            let value = shown(&platform, &caller.scope, &lineage).await?;
            return Ok(Json(value).into_response());
        }
        Format::Text => lineage.to_text(),
        Format::Mermaid => lineage.to_mermaid(),
        Format::Dot => lineage.to_dot(),
    };
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// Answers a typed query exactly.
#[utoipa::path(
    post, path = "/api/v1/query", tag = "graph", request_body = WireQuery,
    responses(
        (status = 200, description = "Rows, groups or paths, each with its evidence, and how complete they are", body = WireAnswer),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn query(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    request: Result<Json<Query>, JsonRejection>,
) -> Result<Json<Value>, ApiError> {
    let Json(mut query) = request?;
    query.limit = Some(query.limit.unwrap_or(MAX_ROWS).min(MAX_ROWS));
    let answer = platform
        .facts
        .query(&caller.scope, &query)
        .await
        .map_err(refusal)?;
    shown(&platform, &caller.scope, &answer).await.map(Json)
}

/// Says what the configuration of systems and teams lacks: spellings that nothing maps, proposals with their evidence,
/// joins that hold only while one system is known, and what statements disagree on.
#[utoipa::path(
    get, path = "/api/v1/mapping", tag = "graph",
    responses(
        (status = 200, description = "Systems, proposals, joins and conflicts, as far as the caller sees", body = WireMapping),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn mapping(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    let mapping = platform
        .facts
        .mapping(&caller.scope)
        .await
        .map_err(refusal)?;
    shown(&platform, &caller.scope, &mapping).await.map(Json)
}

fn refusal(error: FactsError) -> ApiError {
    match error {
        FactsError::Store(error) => ApiError::internal(error),
        FactsError::Broken(error) => ApiError::internal(error),
        FactsError::Query(error) => {
            let said = error.to_string();
            match error {
                QueryError::NotFound { nearest, .. } if nearest.is_empty() => {
                    ApiError::new(Code::NotFound, said)
                }
                QueryError::NotFound { nearest, .. } => ApiError::new(
                    Code::NotFound,
                    format!("{said}; near are: {}", nearest.join(", ")),
                ),
                QueryError::Ambiguous { choices, .. } => {
                    let choices: Vec<String> = choices
                        .into_iter()
                        .map(|choice| format!("`{}`", choice.reference))
                        .collect();
                    ApiError::new(Code::Ambiguous, format!("{said}: {}", choices.join(", ")))
                }
                QueryError::Invalid { .. } => ApiError::new(Code::InvalidRequest, said),
            }
        }
    }
}

/// An answer of the graph as it travels: every place becomes source, path, commit, lines and link.
async fn shown(
    platform: &Platform,
    scope: &Scope,
    answer: &impl Serialize,
) -> Result<Value, ApiError> {
    let mut value = serde_json::to_value(answer).map_err(ApiError::internal)?;
    let mut assets = BTreeSet::new();
    visit(&mut value, &mut |asset, _| {
        assets.insert(asset);
        None
    });
    let assets: Vec<AssetId> = assets.into_iter().collect();
    let places = platform
        .store
        .places(scope, &assets)
        .await
        .map_err(ApiError::internal)?;
    visit(&mut value, &mut |asset, lines| {
        let evidence = places.get(&asset)?.evidence(lines);
        serde_json::to_value(WirePlace::from(evidence)).ok()
    });
    Ok(value)
}

/// Calls `replace` for every place of a value, and puts what it returns in its stead.
pub(crate) fn visit(
    value: &mut Value,
    replace: &mut impl FnMut(AssetId, LineSpan) -> Option<Value>,
) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, replace)),
        Value::Object(fields) => {
            let asset = fields.get("asset").and_then(Value::as_i64);
            let lines = fields
                .get("lines")
                .and_then(|lines| serde_json::from_value(lines.clone()).ok());
            if let (Some(asset), Some(lines)) = (asset, lines) {
                if let Some(place) = replace(AssetId(asset), lines) {
                    *value = place;
                }
                return;
            }
            fields.values_mut().for_each(|field| visit(field, replace));
        }
        _ => {}
    }
}
