//! What the configuration of systems and teams lacks, as far as the visible statements tell.
//!
//! A proposal is never acted upon: two systems that hold the same names may be production and staging. It says what
//! was seen under which spellings, and the YAML that would join them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::entity::{Conflict, EntityId};
use crate::key_parts::{dbt_project, local_name};
use crate::keys::{Entry, KeyId};
use crate::mapping_yaml::{Spelling, system_yaml, team_yaml};
use crate::statements::Fact;
use crate::view::View;

/// How many examples stand for all.
const EXAMPLES: usize = 2;

/// The platform of what only `OpenMetadata` names.
const OPENMETADATA: &str = "openmetadata";

/// What is mapped, what is not, and what could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mapping {
    /// The systems that tables name, by platform and name.
    pub systems: Vec<SeenSystem>,
    /// Spellings that may mean one system.
    pub proposals: Vec<Proposal>,
    /// Names that may mean one team.
    pub teams: Vec<Proposal>,
    /// Joins that hold only while one system of their platform is known.
    pub sole_system: Vec<SoleSystem>,
    /// What statements disagree on.
    pub conflicts: Vec<Conflict>,
}

/// A system as tables name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenSystem {
    /// Its platform; for tables of a file that names none, the source.
    pub platform: String,
    /// Its name, or the spelling that nothing maps.
    pub name: String,
    /// How it stands.
    pub standing: SeenStanding,
    /// How many tables name it.
    pub tables: usize,
    /// Two of them.
    pub examples: Vec<String>,
}

/// How far a system is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenStanding {
    /// The configuration names it.
    Configured,
    /// A spelling that nothing maps.
    Unmapped,
    /// Only the platform is known.
    PlatformOnly,
    /// Not even the platform is known: a file of this source names the table.
    SourceOnly,
}

/// Names that may mean one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// What the names have in common, in one sentence.
    pub why: String,
    /// How many tables, or for teams names, were seen under both.
    pub count: usize,
    /// Two of them.
    pub examples: Vec<String>,
    /// What to paste into `ingest-config/systems.yaml`.
    pub yaml: String,
}

/// Joins by the sole system of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SoleSystem {
    /// The system.
    pub system: String,
    /// How many tables and columns are joined.
    pub joins: usize,
    /// Two of the joins: the two keys.
    pub examples: Vec<(String, String)>,
}

/// What is known of a system while keys are gone through.
#[derive(Default)]
struct Seen {
    standing: Option<SeenStanding>,
    /// Names of tables, with their keys.
    tables: BTreeMap<String, KeyId>,
    dbt_projects: BTreeSet<String>,
    /// Folders of the files that name it.
    files: BTreeSet<String>,
}

type Systems = BTreeMap<(String, String), Seen>;

impl View<'_> {
    /// What the configuration of systems and teams lacks. `sources` are the names of all sources, which stand in keys
    /// of tables whose file names no system.
    pub fn mapping(&self, sources: &BTreeSet<String>) -> Mapping {
        let systems = self.seen_systems(sources);
        let mut proposals = self.twin_proposals(&systems);
        proposals.extend(local_proposals(&systems));
        Mapping {
            proposals,
            teams: self.team_proposals(),
            sole_system: self.sole_system_joins(),
            conflicts: self.conflicts(),
            systems: systems
                .into_iter()
                .map(|((platform, name), seen)| SeenSystem {
                    standing: seen.standing.unwrap_or(SeenStanding::Unmapped),
                    tables: seen.tables.len(),
                    examples: seen.tables.into_keys().take(EXAMPLES).collect(),
                    platform,
                    name,
                })
                .collect(),
        }
    }

    fn seen_systems(&self, sources: &BTreeSet<String>) -> Systems {
        let mut systems = Systems::new();
        for (id, entry) in self.sight().statements().keys.iter() {
            let Some(standing) = &entry.standing else {
                continue;
            };
            if entry.key.scheme != "table" || !self.sight().sees(id) {
                continue;
            }
            let at = (standing.platform.to_string(), standing.system.to_string());
            let seen = systems.entry(at).or_default();
            seen.standing = Some(match () {
                () if self.graph.systems.is_configured(&standing.system) => {
                    SeenStanding::Configured
                }
                () if sources.contains(&*standing.system) => SeenStanding::SourceOnly,
                () if standing.bare => SeenStanding::PlatformOnly,
                () => SeenStanding::Unmapped,
            });
            seen.tables.insert(local_name(&entry.key).to_owned(), id);
            self.note_places(entry, seen);
        }
        systems
    }

    /// The dbt projects and the folders that name a table.
    fn note_places(&self, entry: &Entry, seen: &mut Seen) {
        for row in entry.uses().into_iter().flatten() {
            let Some(row) = self.sight().row(*row) else {
                continue;
            };
            if let Fact::Mention { keys, .. } = &row.fact {
                let projects = keys.iter().map(|key| self.sight().key(*key));
                seen.dbt_projects
                    .extend(projects.filter_map(dbt_project).map(str::to_owned));
            }
            let path = &row.origin.path;
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            seen.files.insert(folder.to_owned());
        }
    }

    /// Pairs of systems of one platform that hold the same names, unless both are configured.
    fn twin_proposals(&self, systems: &Systems) -> Vec<Proposal> {
        let mut proposals = Vec::new();
        let all: Vec<_> = systems.iter().collect();
        for (index, ((platform, one), left)) in all.iter().enumerate() {
            for ((other_platform, other), right) in &all[index + 1..] {
                let configured = |seen: &Seen| seen.standing == Some(SeenStanding::Configured);
                // OpenMetadata names a service, whatever platform that is of.
                let is_other = platform != other_platform
                    && platform != OPENMETADATA
                    && other_platform != OPENMETADATA;
                if is_other || configured(left) && configured(right) {
                    continue;
                }
                let platform = match platform == OPENMETADATA {
                    true => other_platform,
                    false => platform,
                };
                let shared: Vec<&String> = left
                    .tables
                    .keys()
                    .filter(|name| name.contains('.') && right.tables.contains_key(*name))
                    .collect();
                if shared.is_empty() {
                    continue;
                }
                let examples = shared.iter().take(EXAMPLES);
                proposals.push(Proposal {
                    why: format!("`{one}` and `{other}` hold tables of the same names"),
                    count: shared.len(),
                    examples: examples.map(|name| (*name).clone()).collect(),
                    yaml: system_yaml(platform, &[spelling(one, left), spelling(other, right)]),
                });
            }
        }
        proposals
    }

    /// Names of teams that differ only in how formats write them.
    fn team_proposals(&self) -> Vec<Proposal> {
        let mut named: BTreeMap<String, BTreeMap<EntityId, BTreeSet<KeyId>>> = BTreeMap::new();
        for (id, entry) in self.sight().statements().keys.iter() {
            let Some(name) = team_name(entry).filter(|_| self.sight().sees(id)) else {
                continue;
            };
            for entity in self.derived().targets(id).as_slice() {
                named
                    .entry(name.clone())
                    .or_default()
                    .entry(*entity)
                    .or_default()
                    .insert(id);
            }
        }
        named
            .into_iter()
            .filter(|(_, entities)| entities.len() > 1)
            .map(|(name, entities)| {
                let mut keys: Vec<_> = entities
                    .into_values()
                    .flatten()
                    .map(|key| self.sight().key(key).clone())
                    .collect();
                keys.sort();
                keys.dedup();
                Proposal {
                    why: format!("the name `{name}` is written in {} ways", keys.len()),
                    count: keys.len(),
                    examples: keys
                        .iter()
                        .take(EXAMPLES)
                        .map(ToString::to_string)
                        .collect(),
                    yaml: team_yaml(&name, &keys),
                }
            })
            .collect()
    }

    fn sole_system_joins(&self) -> Vec<SoleSystem> {
        let mut found: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        for id in self.all(&BTreeSet::new()) {
            for (one, other) in &self.entity(id).sole_system_joins {
                let named = [one, other].into_iter().find_map(|key| {
                    let system = key.split_once(':')?.1;
                    let system = system.split_once('#').map_or(system, |(table, _)| table);
                    let system = system.rsplit_once('/')?.0;
                    self.derived().sole.values().find(|sole| ***sole == *system)
                });
                if let Some(system) = named {
                    let joins = found.entry(system.to_string()).or_default();
                    joins.insert((one.clone(), other.clone()));
                }
            }
        }
        found
            .into_iter()
            .map(|(system, joins)| SoleSystem {
                system,
                joins: joins.len(),
                examples: joins.into_iter().take(EXAMPLES).collect(),
            })
            .collect()
    }
}

/// Tables of files that name no system, where another system has the same names behind a database and a schema.
fn local_proposals(systems: &Systems) -> Vec<Proposal> {
    let mut proposals = Vec::new();
    for ((_, source), local) in systems {
        if local.standing != Some(SeenStanding::SourceOnly) {
            continue;
        }
        // By system and schema, the names that would be completed to one that is there.
        let mut fitting: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
        for ((platform, system), seen) in systems {
            if seen.standing == Some(SeenStanding::SourceOnly) {
                continue;
            }
            for name in seen.tables.keys() {
                for (at, _) in name.match_indices('.') {
                    let (schema, rest) = (&name[..at], &name[at + 1..]);
                    if local.tables.contains_key(rest) {
                        let at = (platform.as_str(), system.as_str(), schema);
                        fitting.entry(at).or_default().push(rest);
                    }
                }
            }
        }
        let best = fitting.into_iter().max_by_key(|(_, names)| names.len());
        let Some(((platform, system, schema), names)) = best.filter(|(_, names)| names.len() > 1)
        else {
            continue;
        };
        let spelling = Spelling {
            name: system.to_owned(),
            is_configured: systems[&(platform.to_owned(), system.to_owned())].standing
                == Some(SeenStanding::Configured),
            dbt_projects: BTreeSet::new(),
            schema: Some(schema.to_owned()),
            paths: paths(source, &local.files),
        };
        proposals.push(Proposal {
            why: format!("files of `{source}` name tables that `{system}` has in `{schema}`"),
            count: names.len(),
            examples: names
                .iter()
                .take(EXAMPLES)
                .map(|name| (*name).to_owned())
                .collect(),
            yaml: system_yaml(platform, &[spelling]),
        });
    }
    proposals
}

fn spelling(name: &str, seen: &Seen) -> Spelling {
    Spelling {
        name: name.to_owned(),
        is_configured: seen.standing == Some(SeenStanding::Configured),
        dbt_projects: match seen.standing {
            Some(SeenStanding::PlatformOnly) => seen.dbt_projects.clone(),
            _ => BTreeSet::new(),
        },
        schema: None,
        paths: Vec::new(),
    }
}

/// The folders that no other of them holds, as globs over `source/path`.
fn paths(source: &str, folders: &BTreeSet<String>) -> Vec<String> {
    let is_below = |folder: &str, above: &str| {
        folder.len() > above.len()
            && (above.is_empty()
                || folder.starts_with(above) && folder[above.len()..].starts_with('/'))
    };
    folders
        .iter()
        .filter(|folder| !folders.iter().any(|above| is_below(folder, above)))
        .map(|folder| match folder.as_str() {
            "" => format!("{source}/**"),
            folder => format!("{source}/{folder}/**"),
        })
        .collect()
}

/// What a key that may be a team's calls it, without regard to how a format writes names.
fn team_name(entry: &Entry) -> Option<String> {
    let value = entry.key.value.as_str();
    let name = match entry.key.scheme.as_str() {
        "team" | "owner" => value.rsplit_once('/').map_or(value, |(_, name)| name),
        "backstage" if value.contains("/group:") => value.rsplit_once('/')?.1,
        "dbt" => {
            let (_, id) = value.split_once('/')?;
            id.strip_prefix("group.")?.split_once('.')?.1
        }
        _ => return None,
    };
    let name = name.to_lowercase().replace(['_', ' '], "-");
    (!name.is_empty()).then_some(name)
}
