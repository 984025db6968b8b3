//! The configuration as it is written: every `*.yaml` of a folder, read strictly.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

use super::systems::{System, Team};

/// What one file may hold. `sources` may appear in several files; every other key in one only.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) sources: Vec<Source>,
    pub(super) access: Option<Access>,
    pub(super) server: Option<Server>,
    pub(super) embedder: Option<Embedder>,
    pub(super) rerank: Option<Rerank>,
    pub(super) gateway: Option<Gateway>,
    pub(super) systems: Option<BTreeMap<String, System>>,
    pub(super) teams: Option<BTreeMap<String, Team>>,
    /// The file that holds `systems`, for messages.
    #[serde(skip)]
    pub(super) systems_file: PathBuf,
    /// The file that holds `teams`, for messages.
    #[serde(skip)]
    pub(super) teams_file: PathBuf,
    /// Words of this platform, in the shape of the built-in lexicon.
    pub(super) lexicon: Option<virgil_answer::LexiconFile>,
    /// Example questions of this platform, in the shape of the built-in ones.
    pub(super) examples: Option<Vec<virgil_answer::ExampleFile>>,
    pub(super) budgets: Option<Budgets>,
    pub(super) answer_cache: Option<AnswerCache>,
    pub(super) prompt: Option<Prompt>,
    pub(super) conversations: Option<Conversations>,
}

/// One source. What is not named here is a parameter of its kind.
#[derive(Debug, Deserialize)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) access: Option<String>,
    #[serde(default)]
    pub(super) rules: Vec<Rule>,
    #[serde(flatten)]
    pub(super) parameters: serde_json::Map<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) path: String,
    pub(super) access: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Access {
    /// Label to the groups that may see it.
    #[serde(default)]
    pub(super) labels: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) principals: Vec<Principal>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Principal {
    pub(super) name: String,
    /// SHA-256 of the key, in hexadecimal, as `virgil keys` prints it.
    pub(super) key_sha256: String,
    pub(super) groups: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) listen: Option<String>,
    pub(super) auth: Option<String>,
    pub(super) stale_after_hours: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Embedder {
    pub(super) model: Option<String>,
    pub(super) precision: Option<String>,
    pub(super) threads: Option<usize>,
    pub(super) model_dir: Option<PathBuf>,
}

/// A cross-encoder for the first passages of a search.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rerank {
    pub(super) folder: PathBuf,
    /// The file of the graph in it.
    pub(super) graph: Option<String>,
    pub(super) candidates: Option<usize>,
    pub(super) time_budget_ms: Option<u64>,
    pub(super) threads: Option<NonZeroUsize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gateway {
    pub(super) url: Option<String>,
    /// The name of the environment variable that holds the key.
    pub(super) key_env: Option<String>,
    /// The model that answers when none is chosen.
    pub(super) model: Option<String>,
    pub(super) max_tokens: Option<u32>,
    /// The models that may be chosen; without any, `model` alone.
    #[serde(default)]
    pub(super) models: Vec<Model>,
    /// Further headers of every request.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// `name`, `pseudonym` or `nothing`.
    pub(super) principal: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// `header` or `metadata`.
    pub(super) tags_in: Option<String>,
    pub(super) connect_timeout_ms: Option<u64>,
    pub(super) first_token_timeout_ms: Option<u64>,
    pub(super) idle_timeout_ms: Option<u64>,
    pub(super) total_timeout_ms: Option<u64>,
    pub(super) retries: Option<u32>,
}

/// A language model that may be chosen.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) name: String,
    /// What the gateway calls it; `name`, if absent.
    pub(super) gateway_name: Option<String>,
    /// Names of other models of the list.
    #[serde(default)]
    pub(super) fall_backs: Vec<String>,
    pub(super) max_tokens: Option<u32>,
    #[serde(default)]
    pub(super) tools: bool,
    pub(super) prompt_usd_per_million_tokens: Option<f64>,
    pub(super) completion_usd_per_million_tokens: Option<f64>,
}

/// What language models are told.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prompt {
    pub(super) max_tokens: Option<usize>,
}

/// What askers may spend on language models.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Budgets {
    pub(super) default: Option<Limits>,
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Limits>,
    #[serde(default)]
    pub(super) principals: BTreeMap<String, Limits>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Limits {
    pub(super) tokens_per_day: Option<u64>,
    pub(super) tokens_per_month: Option<u64>,
    pub(super) usd_per_day: Option<f64>,
    pub(super) usd_per_month: Option<f64>,
}

/// Answers that are kept to be given again.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerCache {
    pub(super) max_entries: Option<usize>,
    pub(super) max_bytes: Option<usize>,
    pub(super) max_age_seconds: Option<u64>,
}

/// How much is kept of each principal's conversations.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Conversations {
    pub(super) max_conversations: Option<u64>,
    pub(super) max_turns: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    pub(super) max_age_days: Option<u64>,
}

/// Reads every `*.yaml` and `*.yml` of `folder`, in the order of their names; folders below it are not read.
pub(super) fn read(folder: &Path) -> anyhow::Result<File> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| {
        format!(
            "the configuration folder `{}` cannot be read",
            folder.display()
        )
    })? {
        let path = entry?.path();
        let is_yaml = path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml");
        if is_yaml && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut merged = File::default();
    for path in paths {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("`{}` cannot be read", path.display()))?;
        if text
            .lines()
            .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
        {
            continue;
        }
        let mut file: File = serde_saphyr::from_str(&text)
            .map_err(|error| anyhow::anyhow!("`{}`: {error}", path.display()))?;
        absolute_paths(&mut file.sources, folder);
        merge(&mut merged, file, &path)?;
    }
    Ok(merged)
}

/// A relative `path` of a folder source, and a relative local `url` of a git source, start at the folder of
/// the configuration, not where the program happens to run.
fn absolute_paths(sources: &mut [Source], folder: &Path) {
    for source in sources {
        for key in ["path", "url"] {
            let Some(serde_json::Value::String(place)) = source.parameters.get_mut(key) else {
                continue;
            };
            if place.starts_with("./") || place.starts_with("../") || place == "." || place == ".."
            {
                let joined = folder.join(&*place);
                let joined = joined.canonicalize().unwrap_or(joined);
                *place = joined.display().to_string();
            }
        }
    }
}

fn merge(merged: &mut File, file: File, path: &Path) -> anyhow::Result<()> {
    merged.sources.extend(file.sources);
    if file.systems.is_some() {
        merged.systems_file = path.to_owned();
    }
    if file.teams.is_some() {
        merged.teams_file = path.to_owned();
    }
    once("systems", &mut merged.systems, file.systems, path)?;
    once("teams", &mut merged.teams, file.teams, path)?;
    once("access", &mut merged.access, file.access, path)?;
    once("server", &mut merged.server, file.server, path)?;
    once("embedder", &mut merged.embedder, file.embedder, path)?;
    once("lexicon", &mut merged.lexicon, file.lexicon, path)?;
    once("examples", &mut merged.examples, file.examples, path)?;
    once("rerank", &mut merged.rerank, file.rerank, path)?;
    once("gateway", &mut merged.gateway, file.gateway, path)?;
    once("budgets", &mut merged.budgets, file.budgets, path)?;
    once(
        "conversations",
        &mut merged.conversations,
        file.conversations,
        path,
    )?;
    once("prompt", &mut merged.prompt, file.prompt, path)?;
    once(
        "answer_cache",
        &mut merged.answer_cache,
        file.answer_cache,
        path,
    )
}

fn once<T>(key: &str, slot: &mut Option<T>, value: Option<T>, path: &Path) -> anyhow::Result<()> {
    if value.is_some() {
        if slot.is_some() {
            bail!(
                "`{}` holds `{key}`, which an earlier file holds too: keep one",
                path.display()
            );
        }
        *slot = value;
    }
    Ok(())
}
