//! Systems and teams of the configuration: by which names formats call one thing.
//!
//! A person writes what stands in the files: an OpenLineage namespace, a dbt project, a `DataHub` instance. How
//! readers turn that into keys is known here and in `virgil_graph`, and nowhere in the configuration.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;
use serde::Deserialize;
use serde_saphyr::Spanned;
use virgil_graph::{Case, System as GraphSystem, Systems, SystemsError};
use virgil_model::Key;

use super::is_name;

/// A system as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct System {
    /// What it runs: `snowflake`, `postgres`, `kubernetes`, `mlflow`, …
    platform: Spanned<String>,
    /// How it folds unquoted names; what is usual for the platform if absent.
    case: Option<Case>,
    /// Namespaces of OpenLineage events.
    #[serde(default)]
    openlineage: Vec<Spanned<String>>,
    /// dbt projects whose relations it holds.
    #[serde(default)]
    dbt: Vec<Spanned<String>>,
    #[serde(default)]
    datahub: Vec<Spanned<DataHub>>,
    /// Names of `OpenMetadata` services.
    #[serde(default)]
    openmetadata: Vec<Spanned<String>>,
    /// Databases: a dataset of `MLflow` with such a name, as in `warehouse.marts.orders`, is made of that table.
    #[serde(default)]
    mlflow: Vec<Spanned<String>>,
    /// Any other name that files use: a connection, a cluster's folder, `mlflow` for the only server.
    #[serde(default)]
    names: Vec<Spanned<String>>,
    /// Globs over `source/path`.
    #[serde(default)]
    paths: Vec<Spanned<String>>,
    /// `database.schema`, which completes the names in `paths`.
    schema: Option<String>,
}

/// How `DataHub` names a system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataHub {
    platform: Option<String>,
    instance: Option<String>,
    environment: Option<String>,
}

/// A team as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Team {
    /// References of groups, such as `group:default/ml-risk`.
    #[serde(default)]
    backstage: Vec<Spanned<String>>,
    /// Teams as CODEOWNERS write them: `@group/team`.
    #[serde(default)]
    codeowners: Vec<Spanned<String>>,
    /// Values of the labels `team` and `owner` of manifests and alerts.
    #[serde(default)]
    labels: Vec<Spanned<String>>,
    /// Groups of dbt projects: `project.group`.
    #[serde(default)]
    dbt: Vec<Spanned<String>>,
    /// Owners of OpenLineage events: `team:name` or a name.
    #[serde(default)]
    openlineage: Vec<Spanned<String>>,
    /// Bare names of owners with the tool that uses them: `dbt/ML Risk`.
    #[serde(default)]
    owners: Vec<Spanned<String>>,
    #[serde(default)]
    emails: Vec<Spanned<String>>,
}

/// Systems and teams with the files that hold them.
#[derive(Debug)]
pub(super) struct Written<'f> {
    pub(super) systems: BTreeMap<String, System>,
    pub(super) systems_file: &'f Path,
    pub(super) teams: BTreeMap<String, Team>,
    pub(super) teams_file: &'f Path,
}

/// What is valid of it; an error names file and line.
pub(super) fn valid(written: Written<'_>) -> anyhow::Result<Systems> {
    let mut systems = BTreeMap::new();
    let mut spelled: Vec<(String, String, u64)> = Vec::new();
    for (name, system) in written.systems {
        let file = written.systems_file;
        if !is_name(&name) {
            return Err(at(
                file,
                system.platform.referenced.line(),
                format!("the system `{name}`: a name is made of letters, digits, `-`, `_` and `.`"),
            ));
        }
        let platform = system.platform.value.trim().to_lowercase();
        if platform.is_empty() || platform.contains([':', '/', ' ']) {
            return Err(at(
                file,
                system.platform.referenced.line(),
                format!("the system `{name}`: `{platform}` is not a platform such as `postgres`"),
            ));
        }
        let spellings = spellings(&system, &platform);
        if let Some((_, line)) = spellings.iter().find(|(text, _)| text.is_empty()) {
            return Err(at(
                file,
                *line,
                format!("the system `{name}`: a name is empty"),
            ));
        }
        spelled.extend(
            spellings
                .iter()
                .map(|(text, line)| (name.clone(), text.clone(), *line)),
        );
        let paths: Vec<(String, u64)> = system.paths.iter().map(plain).collect();
        spelled.extend(
            paths
                .iter()
                .map(|(text, line)| (name.clone(), text.clone(), *line)),
        );
        systems.insert(
            name,
            GraphSystem {
                case: system.case.unwrap_or_else(|| Case::usual(&platform)),
                platform,
                spellings: spellings.into_iter().map(|(text, _)| text).collect(),
                paths: paths.into_iter().map(|(text, _)| text).collect(),
                schema: system.schema,
            },
        );
    }
    let line_of = |system: &str, text: &str| {
        let same = |one: &&(String, String, u64)| {
            one.0 == system && one.1.trim_end_matches('/').eq_ignore_ascii_case(text)
        };
        spelled.iter().find(same).map_or(0, |(_, _, line)| *line)
    };
    let systems = Systems::new(systems).map_err(|error| {
        let line = match &error {
            SystemsError::Claimed {
                spelling, second, ..
            } => line_of(second, spelling),
            SystemsError::Glob { system, glob } => line_of(system, glob),
            SystemsError::Shared { .. } => 0,
        };
        at(written.systems_file, line, error.to_string())
    })?;

    let mut teams = BTreeMap::new();
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for (name, team) in written.teams {
        let keys = team_keys(&team).map_err(|(line, why)| {
            at(
                written.teams_file,
                line,
                format!("the team `{name}`: {why}"),
            )
        })?;
        if keys.len() < 2 {
            let line = keys.first().map_or(0, |(_, line)| *line);
            return Err(at(
                written.teams_file,
                line,
                format!("the team `{name}` has fewer than two names: there is nothing to join"),
            ));
        }
        for (key, line) in &keys {
            lines.insert(key.to_string(), *line);
        }
        teams.insert(name, keys.into_iter().map(|(key, _)| key).collect());
    }
    systems.with_teams(teams).map_err(|error| {
        let line = match &error {
            SystemsError::Shared { key, .. } => lines.get(key).copied().unwrap_or_default(),
            SystemsError::Claimed { .. } | SystemsError::Glob { .. } => 0,
        };
        at(written.teams_file, line, error.to_string())
    })
}

/// The spellings of a system as readers write them, each with its line.
fn spellings(system: &System, platform: &str) -> Vec<(String, u64)> {
    let mut found: Vec<(String, u64)> = Vec::new();
    found.extend(system.openlineage.iter().map(plain));
    found.extend(system.names.iter().map(plain));
    let prefixed = |prefix: &str, names: &[Spanned<String>]| {
        let of = |name: &Spanned<String>| (format!("{prefix}:{}", name.value), line(name));
        names.iter().map(of).collect::<Vec<_>>()
    };
    found.extend(prefixed("dbt", &system.dbt));
    found.extend(prefixed("mlflow", &system.mlflow));
    found.extend(prefixed("openmetadata", &system.openmetadata));
    for one in &system.datahub {
        let platform = one.value.platform.as_deref().unwrap_or(platform);
        let environment = one.value.environment.as_deref().unwrap_or("PROD");
        let spelling = match one.value.instance.as_deref() {
            Some(instance) => format!("{platform}:{instance}:{environment}"),
            None => format!("{platform}:{environment}"),
        };
        found.push((spelling, one.referenced.line()));
    }
    found
}

/// The keys of a team, each with its line; the first stands for all.
fn team_keys(team: &Team) -> Result<Vec<(Key, u64)>, (u64, String)> {
    let mut keys = Vec::new();
    for one in &team.backstage {
        let reference = one.value.to_lowercase();
        if !(reference.starts_with("group:") && reference.contains('/')) {
            let why = format!("`{reference}` is not a reference such as `group:default/ml-risk`");
            return Err((line(one), why));
        }
        keys.push((Key::scoped("backstage", "default", &reference), line(one)));
    }
    for one in &team.codeowners {
        match one.value.strip_prefix('@') {
            Some(name) if name.contains('/') => keys.push((
                Key::scoped("team", "forge", &name.to_lowercase()),
                line(one),
            )),
            _ => return Err((line(one), format!("`{}` is not `@group/team`", one.value))),
        }
    }
    for one in &team.labels {
        keys.push((Key::scoped("team", "label", &one.value), line(one)));
    }
    for one in &team.dbt {
        let Some((project, group)) = one.value.split_once('.') else {
            return Err((line(one), format!("`{}` is not `project.group`", one.value)));
        };
        let id = format!("group.{project}.{group}");
        keys.push((Key::scoped("dbt", project, &id), line(one)));
    }
    for one in &team.openlineage {
        let key = match one.value.split_once(':') {
            Some((kind @ ("team" | "user"), name)) => Key::scoped(kind, "openlineage", name),
            _ => Key::scoped("owner", "openlineage", &one.value),
        };
        keys.push((key, line(one)));
    }
    for one in &team.owners {
        let Some((tool, name)) = one.value.split_once('/') else {
            return Err((line(one), format!("`{}` is not `tool/name`", one.value)));
        };
        keys.push((Key::scoped("owner", tool, name), line(one)));
    }
    for one in &team.emails {
        keys.push((Key::global("email", one.value.to_lowercase()), line(one)));
    }
    Ok(keys)
}

fn plain(text: &Spanned<String>) -> (String, u64) {
    (text.value.trim().to_owned(), line(text))
}

fn line<T>(spanned: &Spanned<T>) -> u64 {
    spanned.referenced.line()
}

fn at(file: &Path, line: u64, message: String) -> anyhow::Error {
    match line {
        0 => anyhow!("`{}`: {message}", file.display()),
        line => anyhow!("`{}` line {line}: {message}", file.display()),
    }
}
