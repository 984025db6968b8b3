//! The configuration: what was written, made into what is valid.
//!
//! Reading has two phases. [`written`] is the shape of the files, with unknown keys refused; [`Config`] is what
//! the program works with and holds valid states only. The environment overrides files where [`Config::load`]
//! says so; nothing else reads it.

mod conversations;
mod gateway;
mod rerank;
mod systems;
mod written;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use virgil_answer::{Budgets, CacheLimits, ExampleFile, LexiconFile, STALE_AFTER};
use virgil_graph::Systems;
use virgil_ingest::{PathRule, SourceConfig};
use virgil_server::OWNER;
use virgil_store::{Access, LabelAccess, PrincipalAccess, Retention};

pub(crate) use gateway::GatewayConfig;
pub(crate) use rerank::RerankConfig;

/// The label of what no rule opens: nobody but administrators sees it.
pub(crate) const PRIVATE: &str = "private";

/// The embedding model that `make model` sets up.
pub(crate) const DEFAULT_MODEL: &str = "all-MiniLM-L6-v2";

/// Everything the program needs to know, validated.
#[derive(Debug)]
pub(crate) struct Config {
    /// The configured sources, in the order of the files.
    pub(crate) sources: Vec<SourceConfig>,
    /// Labels, groups and principals.
    pub(crate) access: Access,
    /// Where the server listens.
    pub(crate) listen: SocketAddr,
    /// Who may ask over the network.
    pub(crate) auth: Auth,
    /// When a source that was not synced again counts as stale.
    pub(crate) stale_after: Duration,
    /// The embedding model.
    pub(crate) embedder: EmbedderConfig,
    /// The model that puts the first passages in order, if there is one.
    pub(crate) rerank: Option<RerankConfig>,
    /// The AI gateway, if there is one.
    pub(crate) gateway: Option<GatewayConfig>,
    /// Which names of tables, clusters, servers and teams mean one thing.
    pub(crate) systems: Systems,
    /// What askers may spend on its models.
    pub(crate) budgets: Budgets,
    /// How many of its answers are kept.
    pub(crate) answer_cache: CacheLimits,
    /// The most tokens of a prompt.
    pub(crate) prompt_tokens: usize,
    /// How much is kept of conversations.
    pub(crate) retention: Retention,
    /// The platform's own words, added to the built-in lexicon.
    pub(crate) lexicon: Option<LexiconFile>,
    /// The platform's own example questions, added to the built-in ones.
    pub(crate) examples: Vec<ExampleFile>,
}

/// Who may ask over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Auth {
    /// Anyone who reaches the loopback address is an administrator.
    None,
    /// Principals with an API key.
    Keys,
}

/// The embedding model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EmbedderConfig {
    pub(crate) model: String,
    pub(crate) precision: String,
    pub(crate) threads: Option<usize>,
    /// The folder that holds `models/` and `onnxruntime/`; the data directory unless configured.
    pub(crate) model_dir: Option<PathBuf>,
}

impl Config {
    /// Reads `folder` (a missing one counts as empty unless `required`), then the environment:
    /// `VIRGIL_GATEWAY__URL`, `VIRGIL_GATEWAY__KEY`, `VIRGIL_GATEWAY__MODEL`, `VIRGIL_MODEL_DIR`.
    pub(crate) fn load(
        folder: &Path,
        required: bool,
        environment: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Config> {
        if required {
            ensure!(
                folder.is_dir(),
                "there is no configuration folder `{}`: `virgil init` writes one",
                folder.display()
            );
        }
        let file = if folder.is_dir() {
            written::read(folder)?
        } else {
            written::File::default()
        };
        let systems = systems::valid(systems::Written {
            systems: file.systems.unwrap_or_default(),
            systems_file: &file.systems_file,
            teams: file.teams.unwrap_or_default(),
            teams_file: &file.teams_file,
        })?;
        let labels = labels(file.access.as_ref());
        let sources = sources(file.sources, &labels)?;
        let access = access(file.access.unwrap_or_default())?;
        let server = file.server.unwrap_or_default();
        let listen: SocketAddr = match server.listen.as_deref() {
            None => SocketAddr::from(([127, 0, 0, 1], 8642)),
            Some(text) => text.parse().with_context(|| {
                format!("server.listen: `{text}` is not an address such as `127.0.0.1:8642`")
            })?,
        };
        let auth = match server.auth.as_deref() {
            None if access.principals.is_empty() => Auth::None,
            None | Some("keys") => Auth::Keys,
            Some("none") => Auth::None,
            Some(other) => bail!("server.auth: `{other}` is not known: use `keys` or `none`"),
        };
        let gateway = gateway::gateway(file.gateway, &environment)?;
        let budgets = gateway::budgets(file.budgets.unwrap_or_default(), gateway.as_ref())?;
        Ok(Config {
            sources,
            access,
            listen,
            auth,
            stale_after: server.stale_after_hours.map_or(STALE_AFTER, |hours| {
                Duration::from_secs(hours.saturating_mul(3_600))
            }),
            embedder: embedder(file.embedder.unwrap_or_default(), &environment)?,
            rerank: file
                .rerank
                .map(|written| rerank::rerank(written, folder))
                .transpose()?,
            gateway,
            systems,
            budgets,
            answer_cache: gateway::answer_cache(file.answer_cache.unwrap_or_default()),
            prompt_tokens: gateway::prompt_tokens(file.prompt.unwrap_or_default())?,
            retention: conversations::retention(file.conversations.unwrap_or_default())?,
            lexicon: file.lexicon,
            examples: file.examples.unwrap_or_default(),
        })
    }
}

fn labels(access: Option<&written::Access>) -> BTreeSet<String> {
    let mut labels: BTreeSet<String> = access
        .map(|access| access.labels.keys().cloned().collect())
        .unwrap_or_default();
    labels.insert(PRIVATE.to_owned());
    labels
}

fn sources(
    written: Vec<written::Source>,
    labels: &BTreeSet<String>,
) -> anyhow::Result<Vec<SourceConfig>> {
    let mut names = BTreeSet::new();
    let mut sources = Vec::new();
    for source in written {
        let name = source.name;
        ensure!(
            is_name(&name),
            "source `{name}`: a name is made of letters, digits, `-`, `_` and `.`"
        );
        ensure!(
            names.insert(name.clone()),
            "source `{name}` is configured twice: rename one"
        );
        let check = |label: String| -> anyhow::Result<String> {
            ensure!(
                labels.contains(&label),
                "source `{name}`: access label `{label}` is not among access.labels (there are: {})",
                labels.iter().cloned().collect::<Vec<_>>().join(", ")
            );
            Ok(label)
        };
        let label = check(source.access.unwrap_or_else(|| PRIVATE.to_owned()))?;
        let mut rules = Vec::new();
        for rule in source.rules {
            let glob = globset::GlobBuilder::new(&rule.path)
                .literal_separator(true)
                .build()
                .with_context(|| format!("source `{name}`: rule `{}` is not a glob", rule.path))?;
            rules.push(PathRule {
                glob: glob.compile_matcher(),
                label: check(rule.access)?,
            });
        }
        sources.push(SourceConfig {
            kind: source.kind,
            parameters: serde_json::Value::Object(source.parameters),
            label,
            rules,
            name,
        });
    }
    Ok(sources)
}

/// Whether `name` can stand in a URL, a file name and a citation as it is.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 100
        && !name.starts_with('.')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn access(written: written::Access) -> anyhow::Result<Access> {
    let mut labels: Vec<LabelAccess> = written
        .labels
        .into_iter()
        .map(|(name, groups)| LabelAccess { name, groups })
        .collect();
    if !labels.iter().any(|label| label.name == PRIVATE) {
        labels.push(LabelAccess {
            name: PRIVATE.to_owned(),
            groups: Vec::new(),
        });
    }
    let mut principals = Vec::new();
    for principal in written.principals {
        let name = principal.name;
        ensure!(
            name != OWNER,
            "principal `{OWNER}`: that is the name of whoever owns the data directory: choose another"
        );
        let key_sha256 = decode_sha256(&principal.key_sha256).with_context(|| {
            format!("principal `{name}`: key_sha256 is not 64 hexadecimal digits: `virgil keys` makes one")
        })?;
        principals.push(PrincipalAccess {
            name,
            key_sha256: Some(key_sha256),
            groups: principal.groups,
        });
    }
    Ok(Access { labels, principals })
}

fn decode_sha256(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

fn embedder(
    written: written::Embedder,
    environment: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<EmbedderConfig> {
    let precision = written.precision.unwrap_or_else(|| "int8".to_owned());
    ensure!(
        precision == "int8" || precision == "fp32",
        "embedder.precision: `{precision}` is not known: use `int8` or `fp32`"
    );
    Ok(EmbedderConfig {
        model: written.model.unwrap_or_else(|| DEFAULT_MODEL.to_owned()),
        precision,
        threads: written.threads,
        model_dir: environment("VIRGIL_MODEL_DIR")
            .map(PathBuf::from)
            .or(written.model_dir),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)]) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        Config::load(folder.path(), true, |_| None)
    }

    fn refused(files: &[(&str, &str)]) -> String {
        format!(
            "{:#}",
            load(files).expect_err("the configuration is refused")
        )
    }

    #[test]
    fn files_add_up() {
        let config = load(&[
            ("a.yaml", "access:\n  labels:\n    open: [everyone]\n"),
            (
                "b.yaml",
                "sources:\n- name: docs\n  kind: folder\n  path: /docs\n  access: open\n",
            ),
            (
                "c.yaml",
                "sources:\n- name: code\n  kind: git\n  url: /code\n",
            ),
        ])
        .expect("a valid configuration");
        let sources: Vec<(&str, &str)> = config
            .sources
            .iter()
            .map(|source| (source.name.as_str(), source.label.as_str()))
            .collect();
        assert_eq!(sources, [("docs", "open"), ("code", "private")]);
        assert_eq!(config.auth, Auth::None);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let message = refused(&[("a.yaml", "server:\n  lisen: 127.0.0.1:1\n")]);
        assert!(
            message.contains("a.yaml") && message.contains("lisen"),
            "{message}"
        );
    }

    #[test]
    fn an_unknown_label_is_refused() {
        let message = refused(&[(
            "a.yaml",
            "sources:\n- {name: a, kind: git, url: /a, access: secret}\n",
        )]);
        assert!(
            message.contains("`secret`") && message.contains("private"),
            "{message}"
        );
    }

    #[test]
    fn a_missing_folder_names_the_command_that_writes_one() {
        let message = format!(
            "{:#}",
            Config::load(Path::new("/nowhere"), true, |_| None).expect_err("refused")
        );
        assert!(message.contains("virgil init"), "{message}");
    }

    #[test]
    fn nobody_takes_the_owners_name() {
        let key = "ab".repeat(32);
        let message = refused(&[(
            "a.yaml",
            &format!(
                "access:\n  principals:\n  - {{name: owner, key_sha256: {key}, groups: []}}\n"
            ),
        )]);
        assert!(message.contains("choose another"), "{message}");
    }

    #[test]
    fn conversations_are_kept_as_long_as_is_said() {
        let config = load(&[(
            "a.yaml",
            "conversations: {max_age_days: 30, max_turns: 5}\n",
        )]);
        let retention = config.expect("a valid configuration").retention;
        assert_eq!(retention.max_age.as_secs(), 30 * 86_400);
        assert_eq!(
            (retention.max_turns, retention.max_conversations),
            (5, 1_000)
        );
        let message = refused(&[("a.yaml", "conversations: {max_age_days: 0}\n")]);
        assert!(message.contains("max_age_days"), "{message}");
    }

    #[test]
    fn principals_turn_authentication_on() {
        let key = "ab".repeat(32);
        let config = load(&[(
            "a.yaml",
            &format!(
                "access:\n  principals:\n  - {{name: ada, key_sha256: {key}, groups: [risk]}}\n"
            ),
        )])
        .expect("a valid configuration");
        assert_eq!(config.auth, Auth::Keys);
        assert_eq!(config.access.principals[0].key_sha256, Some([0xab; 32]));
    }
}
