//! Puts the parts together.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use virgil_answer::{Facts, Guide, Lexicon, LivePrompts, Models, Prompts, Reranking, Writing};
use virgil_gateway::OpenAiGateway;
use virgil_index::{
    CrossEncoder, EdgeIndex, EdgeOptions, Embedder, FastEmbedder, IndexError, ModelSource,
    Precision, Reranker, Runtime, Switch, VectorIndex,
};
use virgil_ingest::Ingest;
use virgil_server::{OpenShard, Platform, Receivers, Syncs};
use virgil_store::{Conversations, Store};

use crate::config::{Auth, Config, EmbedderConfig, GatewayConfig, RerankConfig};
use crate::data_dir::DataDir;
use crate::environment::variable;

/// Where prompt templates may stand beside the program's own.
const PROMPTS: &str = "prompts";

/// Opens store, embedder and index of a data directory and makes a platform of them.
pub(crate) async fn platform(config: &Config, data_dir: &DataDir) -> anyhow::Result<Arc<Platform>> {
    let store = Store::open(&data_dir.database()).await?;
    // Whoever held a lease is dead: this process owns the directory now.
    store.release_all_leases().await?;
    store.apply_access(&config.access).await?;
    let embedder: Arc<dyn Embedder> = Arc::new(embedder(&config.embedder, data_dir)?);
    let open_shard = open_shard(data_dir, embedder.dimensions());
    let opened = open_index(&store, &embedder, &open_shard).await?;
    let index = Arc::new(Switch::new(opened.index.clone()));
    let holder = format!("process {}", std::process::id());
    let ingest = Ingest::new(store.clone(), index.clone(), embedder.clone(), holder);
    if let Some(number) = opened.to_fill {
        let switch = async { Ok(store.switch_shard(number).await?) };
        ingest
            .rebuild(opened.index, switch)
            .await
            .context("the new vector index could not be filled")?;
    }
    for directory in store.unused_shards().await? {
        let path = data_dir.shard(&directory);
        if path.exists()
            && let Err(error) = std::fs::remove_dir_all(&path)
        {
            tracing::warn!(path = %path.display(), %error, "an unused index directory could not be removed");
        }
    }
    let facts = Arc::new(Facts::new(store.clone(), config.systems.clone()));
    let writing = Writing {
        models: config.gateway.as_ref().map(models).transpose()?,
        budgets: config.budgets.clone(),
        prompts: LivePrompts::load(prompts_folder().map(Path::to_owned))?,
        prompt_tokens: config.prompt_tokens,
        cache: config.answer_cache,
        stale_after: config.stale_after,
    };
    let mut guide = Guide::new(
        store.clone(),
        index.clone(),
        embedder,
        facts.clone(),
        Lexicon::load(config.lexicon.clone())?,
        writing,
    )
    .with_examples(&config.examples)?;
    if let Some(rerank) = &config.rerank {
        guide = guide.with_reranking(Reranking {
            reranker: Arc::new(cross_encoder(rerank, &config.embedder, data_dir)?),
            candidates: rerank.candidates,
            time_budget: rerank.time_budget,
        });
    }
    #[cfg(debug_assertions)]
    arm_crash_point()?;
    Ok(Arc::new(Platform {
        facts,
        conversations: Conversations::new(store.clone(), config.retention),
        store,
        index,
        guide: Arc::new(guide),
        ingest,
        receivers: Receivers::new(&config.sources)?,
        configured: config.sources.clone(),
        mirrors: data_dir.mirrors(),
        auth: match config.auth {
            Auth::None => virgil_server::Auth::None,
            Auth::Keys => virgil_server::Auth::Keys,
        },
        resolve_secret: Arc::new(variable),
        open_shard,
        syncs: Syncs::default(),
    }))
}

fn embedder(config: &EmbedderConfig, data_dir: &DataDir) -> anyhow::Result<FastEmbedder> {
    let folder = model_dir(config, data_dir);
    let runtime = runtime(config, data_dir)?;
    let models = folder.join("models");
    let path = models.join(&config.model);
    let source = if path.is_dir() || config.model == crate::config::DEFAULT_MODEL {
        let precision = if config.precision == "fp32" {
            Precision::Fp32
        } else {
            Precision::Int8
        };
        ModelSource::Folder { path, precision }
    } else {
        ModelSource::Named {
            name: config.model.clone(),
            cache: models,
        }
    };
    let threads = config
        .threads
        .and_then(NonZeroUsize::new)
        .unwrap_or_else(FastEmbedder::usual_threads);
    Ok(FastEmbedder::open(&runtime, &source, threads)?)
}

/// The folder that holds `models/` and `onnxruntime/`.
fn model_dir<'a>(config: &'a EmbedderConfig, data_dir: &'a DataDir) -> &'a Path {
    config.model_dir.as_deref().unwrap_or(data_dir.path())
}

fn runtime(config: &EmbedderConfig, data_dir: &DataDir) -> anyhow::Result<Runtime> {
    Ok(Runtime::load(
        &model_dir(config, data_dir).join("onnxruntime"),
    )?)
}

fn cross_encoder(
    config: &RerankConfig,
    embedder: &EmbedderConfig,
    data_dir: &DataDir,
) -> anyhow::Result<CrossEncoder> {
    let runtime = runtime(embedder, data_dir)?;
    let threads = config.threads.unwrap_or_else(FastEmbedder::usual_threads);
    Ok(CrossEncoder::open(
        &runtime,
        &config.folder,
        &config.graph,
        threads,
    )?)
}

fn open_shard(data_dir: &DataDir, dimensions: usize) -> OpenShard {
    let folder = data_dir.shard("");
    Arc::new(move |directory| {
        let index = EdgeIndex::open(&folder.join(directory), &EdgeOptions::new(dimensions))?;
        Ok(Arc::new(index) as Arc<dyn VectorIndex>)
    })
}

/// An index, and the number of its shard if it still has to be filled.
struct Opened {
    index: Arc<dyn VectorIndex>,
    to_fill: Option<i64>,
}

/// The index in use, or a new one when there is none, when it is damaged, or when another model made it.
async fn open_index(
    store: &Store,
    embedder: &Arc<dyn Embedder>,
    open: &OpenShard,
) -> anyhow::Result<Opened> {
    let identity = virgil_ingest::index_identity(embedder.as_ref());
    if let Some(shard) = store.live_shard().await? {
        if shard.embedder == identity {
            match open(&shard.directory) {
                Ok(index) => {
                    return Ok(Opened {
                        index,
                        to_fill: None,
                    });
                }
                Err(error) if matches!(error.downcast_ref(), Some(IndexError::Damaged(_))) => {
                    tracing::warn!("{error:#}: a new index is filled from the store");
                }
                Err(error) => return Err(error),
            }
        } else {
            tracing::warn!(
                was = shard.embedder,
                is = identity,
                "another model is configured: the index is filled anew"
            );
        }
    }
    let shard = store.new_shard(&identity).await?;
    Ok(Opened {
        index: open(&shard.directory)?,
        to_fill: Some(shard.number),
    })
}

fn models(config: &GatewayConfig) -> anyhow::Result<Models> {
    let gateway = Arc::new(OpenAiGateway::new(config.settings.clone())?);
    Ok(Models::new(gateway, config.models.clone(), &config.model)?)
}

/// The folder of prompt templates, if there is one.
fn prompts_folder() -> Option<&'static Path> {
    let folder = Path::new(PROMPTS);
    folder.is_dir().then_some(folder)
}

/// Looks at the prompt templates, for `virgil doctor`.
pub(crate) fn try_prompts() -> anyhow::Result<String> {
    let folder = prompts_folder();
    let prompts = Prompts::load(folder)?;
    let place = match folder {
        Some(folder) => format!("`{}`", folder.display()),
        None => "the built-in ones".to_owned(),
    };
    Ok(format!("{place} ({})", prompts.hash()))
}

/// Loads the embedding model and embeds a word, for `virgil doctor`.
pub(crate) fn try_embedder(config: &Config, data_dir: &DataDir) -> anyhow::Result<String> {
    Ok(embedder(&config.embedder, data_dir)?.identity().to_owned())
}

/// Loads the reranking model and scores a pair, for `virgil doctor`.
pub(crate) fn try_reranker(
    rerank: &RerankConfig,
    config: &Config,
    data_dir: &DataDir,
) -> anyhow::Result<String> {
    let encoder = cross_encoder(rerank, &config.embedder, data_dir)?;
    Ok(format!(
        "{} for the first {} passages, at most {} ms",
        encoder.identity(),
        rerank.candidates,
        rerank.time_budget.as_millis()
    ))
}

/// Opens the store, for `virgil doctor`.
pub(crate) async fn try_store(data_dir: &DataDir) -> anyhow::Result<String> {
    let store = Store::open(&data_dir.database()).await?;
    store.check().await?;
    Ok(data_dir.database().display().to_string())
}

/// What the configuration says about the gateway, for `virgil doctor`.
pub(crate) fn try_gateway(config: &Config) -> anyhow::Result<String> {
    match &config.gateway {
        None => Ok("none: answers are extracts; set VIRGIL_GATEWAY__URL and VIRGIL_GATEWAY__MODEL for written ones".into()),
        Some(gateway) => {
            models(gateway)?;
            let settings = &gateway.settings;
            let key = if settings.key.is_some() {
                "with a key"
            } else {
                "without a key"
            };
            let names: Vec<&str> = gateway.models.iter().map(|model| model.name.as_str()).collect();
            Ok(format!(
                "`{}` at {} {key} (models: {})",
                gateway.model,
                settings.url,
                names.join(", ")
            ))
        }
    }
}

/// `VIRGIL_CRASH_AT=name:n` ends a debug build at the n-th passage of a point of the commit protocol, for the tests.
#[cfg(debug_assertions)]
fn arm_crash_point() -> anyhow::Result<()> {
    let Some(text) = variable("VIRGIL_CRASH_AT") else {
        return Ok(());
    };
    let (name, count) = text
        .split_once(':')
        .context("VIRGIL_CRASH_AT is not `name:n`")?;
    virgil_ingest::arm_crash_point(
        name,
        count.parse().context("VIRGIL_CRASH_AT is not `name:n`")?,
    );
    Ok(())
}
