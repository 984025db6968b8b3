//! `GET /api/v1/models`: which language models may be chosen, and what is left to spend on them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use virgil_answer::Models;

use crate::caller::Caller;
use crate::platform::Platform;
use crate::problem::{ApiError, Problem};
use crate::wire::{ModelsResponse, WireBudget, WireModel, WirePrompts};

/// Lists the language models that may be chosen, and what the caller may spend.
#[utoipa::path(
    get, path = "/api/v1/models", tag = "questions",
    responses(
        (status = 200, description = "The models; none if no gateway is configured", body = ModelsResponse),
        (status = "4XX", description = "The request cannot be served", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
) -> Result<Json<ModelsResponse>, ApiError> {
    let guide = &platform.guide;
    let models = guide.models();
    let (limits, spent) = guide
        .budget(&caller.scope)
        .await
        .map_err(|error| ApiError::internal(format!("{error:#}")))?;
    let usd = |nano_usd: u64| nano_usd as f64 / 1e9;
    let prompts = guide.prompts();
    Ok(Json(ModelsResponse {
        default: models.map(|models| models.default_choice().name.clone()),
        models: models
            .map(Models::choices)
            .unwrap_or_default()
            .iter()
            .map(|choice| WireModel {
                name: choice.name.clone(),
                tools: choice.tools,
                max_tokens: choice.max_tokens,
            })
            .collect(),
        prompts: WirePrompts {
            hash: prompts.current().hash().to_owned(),
            problem: prompts.problem(),
        },
        budget: WireBudget {
            tokens_today: spent.day.tokens,
            tokens_per_day: limits.tokens_per_day,
            tokens_this_month: spent.month.tokens,
            tokens_per_month: limits.tokens_per_month,
            usd_today: usd(spent.day.nano_usd),
            usd_per_day: limits.nano_usd_per_day.map(usd),
            usd_this_month: usd(spent.month.nano_usd),
            usd_per_month: limits.nano_usd_per_month.map(usd),
        },
    }))
}
