//! The syncs that are running, and what became of the last one of each source.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use virgil_ingest::{OPENLINEAGE, Progress, PushParameters, Pushed, Reporter, SourceConfig};
use virgil_model::{Permalink, SourceId};
use virgil_sources::{Context, Source, open};
use virgil_store::SourceRecord;

use crate::platform::Platform;
use crate::problem::{ApiError, Code};

/// One sync: its numbers, and its end once it has one.
#[derive(Clone)]
pub(crate) struct Sync {
    pub(crate) progress: watch::Receiver<Progress>,
    pub(crate) outcome: watch::Receiver<Option<Result<(), String>>>,
}

/// The syncs of this process, by source.
#[derive(Default)]
pub struct Syncs(Mutex<HashMap<String, Sync>>);

impl Syncs {
    /// The running or last sync of a source.
    pub(crate) fn of(&self, name: &str) -> Option<Sync> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
            .cloned()
    }

    /// Starts a sync of the source `name`. It goes on whether or not anyone watches.
    pub(crate) async fn start(
        &self,
        platform: &Arc<Platform>,
        name: &str,
    ) -> Result<Sync, ApiError> {
        let config = platform
            .source_config(name)
            .await
            .map_err(ApiError::internal)?
            .ok_or_else(|| ApiError::new(Code::NotFound, format!("there is no source `{name}`")))?;
        let (id, source) = open_source(platform, &config).await?;
        let (reporter, progress) = Reporter::new();
        let (outcome_in, outcome) = watch::channel(None);
        let sync = Sync { progress, outcome };
        {
            let mut syncs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if syncs
                .get(name)
                .is_some_and(|running| running.outcome.borrow().is_none())
            {
                return Err(ApiError::new(
                    Code::Busy,
                    format!("a sync of `{name}` is already running"),
                ));
            }
            syncs.insert(name.to_owned(), sync.clone());
        }
        let ingest = platform.ingest.clone();
        let name = name.to_owned();
        tokio::spawn(async move {
            let result = ingest.sync(id, &config, source, reporter).await;
            match &result {
                Ok(numbers) => {
                    tracing::info!(source = %name, read = numbers.read, chunks = numbers.chunks, "synced")
                }
                Err(error) => {
                    tracing::error!(source = %name, error = format!("{error:#}"), "a sync failed")
                }
            }
            let result = result.map(|_| ()).map_err(|error| {
                virgil_redact::redact(&format!("{error:#}"), None)
                    .text
                    .into_owned()
            });
            // Nobody may be watching, which is fine.
            let _ = outcome_in.send(Some(result));
        });
        Ok(sync)
    }
}

/// Opens a source, which the store knows from then on.
async fn open_source(
    platform: &Platform,
    config: &SourceConfig,
) -> Result<(SourceId, Arc<dyn Source>), ApiError> {
    let unreadable = |error: &dyn std::fmt::Display| {
        let message = format!("source `{}`: {error}", config.name);
        ApiError::new(Code::SourceUnreadable, message)
    };
    if config.kind == OPENLINEAGE {
        let parameters: PushParameters = serde_json::from_value(config.parameters.clone())
            .map_err(|error| unreadable(&error))?;
        let id = put(platform, config, None).await?;
        let source = Pushed::new(platform.store.clone(), id, parameters.keep_runs);
        return Ok((id, Arc::new(source)));
    }
    let context = Context {
        mirrors: platform.mirrors.clone(),
        secret: secret(platform, &config.parameters)?,
    };
    let parameters = config.parameters.clone();
    let source = open(&config.kind, &config.name, parameters, context)
        .map_err(|error| unreadable(&error))?;
    let id = put(platform, config, source.permalink()).await?;
    Ok((id, Arc::from(source)))
}

async fn put(
    platform: &Platform,
    config: &SourceConfig,
    permalink: Option<Permalink>,
) -> Result<SourceId, ApiError> {
    let record = record(config, permalink);
    let id = platform.store.put_source(&record).await;
    id.map_err(ApiError::internal)
}

/// What the store keeps of a source's configuration.
pub(crate) fn record(config: &SourceConfig, permalink: Option<Permalink>) -> SourceRecord {
    SourceRecord {
        name: config.name.clone(),
        kind: config.kind.clone(),
        location: location(&config.parameters),
        permalink,
        label: config.label.clone(),
    }
}

/// The secret that a source's parameters name, if they name one.
fn secret(platform: &Platform, parameters: &serde_json::Value) -> Result<Option<String>, ApiError> {
    let Some(variable) = parameters
        .get("token_env")
        .and_then(serde_json::Value::as_str)
    else {
        return Ok(None);
    };
    match (platform.resolve_secret)(variable) {
        Some(secret) if !secret.is_empty() => Ok(Some(secret)),
        _ => Err(ApiError::new(
            Code::SourceUnreadable,
            format!("the environment variable `{variable}` that should hold the token is not set"),
        )),
    }
}

/// Where a source is, for people: what its kind calls `url` or `path`.
pub(crate) fn location(parameters: &serde_json::Value) -> String {
    ["url", "path"]
        .into_iter()
        .find_map(|key| parameters.get(key)?.as_str())
        .unwrap_or_default()
        .to_owned()
}
