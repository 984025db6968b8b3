//! Which spellings name one system, and how it folds the case of its names.
//!
//! A table is `table:{system}/{database.schema.name}`, a column `column:{system}/{database.schema.name}#{column}`.
//! Readers write the system as their format spells it; the configuration maps the spelling to the system's name:
//!
//! * an OpenLineage namespace as it is: `snowflake://acme`, `postgres://db:5432`;
//! * a `DataHub` platform, instance and environment: `snowflake:acme:PROD`, without an instance `snowflake:PROD`;
//! * an `OpenMetadata` service: `openmetadata:{service}`;
//! * nothing but the platform (`snowflake`) where a format says no more. Such a name is *bare*: `home` finds its
//!   system by the dbt project or the path of the file, and otherwise it joins the platform's sole system (see
//!   `identity`).
//!
//! A spelling that nothing maps stays as it is. Other keys carry a system too: see [`platform_of`].

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};
use virgil_model::{Key, KeyClass, Selector};

use crate::key_parts::{
    KUBERNETES, canonical_platform, dbt_project, local_name, platform_of, system_of,
};

/// How a system folds the case of unquoted names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// To upper case, as Snowflake and Oracle do.
    Upper,
    /// To lower case, as PostgreSQL does.
    Lower,
    /// Not at all, as in `BigQuery`.
    #[default]
    Exact,
}

/// One system: a warehouse, a database server.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    /// The platform it runs, such as `snowflake`.
    pub platform: String,
    /// How it folds names.
    #[serde(default)]
    pub case: Case,
    /// How formats spell it, besides its own name; compared without regard to case. `dbt:{project}` stands for the
    /// relations of a dbt project, `mlflow:{database}` for the datasets of `MLflow` with the names of its tables.
    #[serde(default)]
    pub spellings: Vec<String>,
    /// Globs over `source/path`: what files there name without a system is this system's.
    #[serde(default)]
    pub paths: Vec<String>,
    /// What completes the names in `paths` that have fewer parts: `database.schema`.
    #[serde(default)]
    pub schema: Option<String>,
}

/// A mapping that cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SystemsError {
    /// Two systems claim one spelling.
    #[error(
        "the systems `{first}` and `{second}` both claim the spelling `{spelling}`: remove one"
    )]
    Claimed {
        /// The spelling.
        spelling: String,
        /// The first system, in order of names.
        first: String,
        /// The second.
        second: String,
    },
    /// A path is no glob.
    #[error("the system `{system}`: `{glob}` is not a glob")]
    Glob {
        /// The system.
        system: String,
        /// The path.
        glob: String,
    },
    /// Two teams claim one key.
    #[error("the teams `{first}` and `{second}` both claim `{key}`: remove one")]
    Shared {
        /// The key.
        key: String,
        /// The first team, in order of names.
        first: String,
        /// The second.
        second: String,
    },
}

/// The configured systems.
#[derive(Debug, Clone, Default)]
pub struct Systems {
    systems: BTreeMap<String, System>,
    spellings: HashMap<String, String>,
    /// Where the files of a system are, in order of the systems' names.
    pub(crate) paths: Vec<SystemPath>,
    /// Keys that the configuration says are one thing, with the key that stands for them.
    same: HashMap<Key, Key>,
}

/// A glob over the files of a system.
#[derive(Debug, Clone)]
pub(crate) struct SystemPath {
    pub(crate) glob: GlobMatcher,
    pub(crate) system: String,
    pub(crate) platform: String,
}

/// Where a table or column key stands among the systems.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    pub(crate) platform: Arc<str>,
    pub(crate) system: Arc<str>,
    /// Whether the system is nothing but the name of its platform.
    pub(crate) bare: bool,
    /// What the keys of one name in all systems of a platform share.
    pub(crate) twins: Arc<str>,
}

impl Systems {
    /// The systems of a configuration, by name.
    pub fn new(systems: BTreeMap<String, System>) -> Result<Systems, SystemsError> {
        let mut spellings: HashMap<String, String> = HashMap::new();
        for (name, system) in &systems {
            for spelling in system.spellings.iter().chain([name]) {
                let spelling = spelling.trim_end_matches('/').to_lowercase();
                match spellings.insert(spelling.clone(), name.clone()) {
                    Some(first) if first != *name => {
                        return Err(SystemsError::Claimed {
                            spelling,
                            first,
                            second: name.clone(),
                        });
                    }
                    _ => {}
                }
            }
        }
        let mut paths = Vec::new();
        for (name, system) in &systems {
            for glob in &system.paths {
                let compiled = GlobBuilder::new(glob).literal_separator(true).build();
                let compiled = compiled.map_err(|_| SystemsError::Glob {
                    system: name.clone(),
                    glob: glob.clone(),
                })?;
                paths.push(SystemPath {
                    glob: compiled.compile_matcher(),
                    system: name.clone(),
                    platform: canonical_platform(&system.platform),
                });
            }
        }
        Ok(Systems {
            systems,
            spellings,
            paths,
            same: HashMap::new(),
        })
    }

    /// The same systems, and teams by name with the keys that each goes by. The first key of a team stands for all.
    pub fn with_teams(
        mut self,
        teams: BTreeMap<String, Vec<Key>>,
    ) -> Result<Systems, SystemsError> {
        let mut of: HashMap<Key, String> = HashMap::new();
        for (team, keys) in teams {
            let Some(first) = keys.first().cloned() else {
                continue;
            };
            for key in keys {
                match of.insert(key.clone(), team.clone()) {
                    Some(other) if other != team => {
                        return Err(SystemsError::Shared {
                            key: key.to_string(),
                            first: other,
                            second: team,
                        });
                    }
                    _ => {}
                }
                // What a project calls its groups is said without the folder of its manifest.
                if key != first || key.scheme == "dbt" {
                    self.same.insert(key, first.clone());
                }
            }
        }
        Ok(self)
    }

    /// The system that a spelling names, and its platform.
    pub(crate) fn spelled(&self, spelling: &str) -> Option<(&str, String)> {
        let name = self.spellings.get(&spelling.to_lowercase())?;
        Some((name, canonical_platform(&self.systems[name].platform)))
    }

    /// A table's name with the parts that it lacks to be one of `system`.
    pub(crate) fn complete<'n>(&self, system: &str, name: &'n str) -> Cow<'n, str> {
        let schema = self
            .systems
            .get(system)
            .and_then(|one| one.schema.as_deref());
        let Some(schema) = schema else {
            return Cow::Borrowed(name);
        };
        let parts: Vec<&str> = schema.split('.').collect();
        let lacking = (parts.len() + 1).saturating_sub(split_name(name));
        if lacking == 0 {
            return Cow::Borrowed(name);
        }
        let missing = parts[..lacking.min(parts.len())].join(".");
        Cow::Owned(format!("{missing}.{name}"))
    }

    /// Whether a system is configured.
    pub(crate) fn is_configured(&self, system: &str) -> bool {
        self.systems.contains_key(system)
    }

    /// The names of the configured systems of a platform.
    pub(crate) fn of_platform<'a>(&'a self, platform: &'a str) -> impl Iterator<Item = &'a str> {
        self.systems
            .iter()
            .filter(move |(_, system)| canonical_platform(&system.platform) == platform)
            .map(|(name, _)| name.as_str())
    }

    /// The key under its system's name and case rule, and where it stands.
    pub(crate) fn place(&self, key: Key) -> (Key, Option<Standing>) {
        let of_project =
            dbt_project(&key).map(|project| Key::scoped("dbt", project, local_name(&key)));
        if let Some(same) = self.same.get(of_project.as_ref().unwrap_or(&key)) {
            return (same.clone(), None);
        }
        if key.class != KeyClass::Scoped || !matches!(key.scheme.as_str(), "table" | "column") {
            return (self.place_other(key), None);
        }
        let (table, column) = match key.value.split_once('#') {
            Some((table, column)) if key.scheme == "column" => (table, Some(column)),
            _ => (key.value.as_str(), None),
        };
        let Some((spelling, name)) = table.rsplit_once('/') else {
            return (key, None);
        };
        let spelling = spelling.trim_end_matches('/');
        let (system, platform, bare, case) = match self.spellings.get(&spelling.to_lowercase()) {
            Some(system) => {
                let configured = &self.systems[system];
                let platform = canonical_platform(&configured.platform);
                (system.clone(), platform, false, configured.case)
            }
            None => {
                let end = spelling.find([':', '/']).unwrap_or(spelling.len());
                let platform = canonical_platform(&spelling[..end]);
                let bare = end == spelling.len();
                let system = if bare {
                    platform.clone()
                } else {
                    spelling.to_owned()
                };
                // A bare name is folded as the only system of its platform would fold it.
                let mut configured = self.of_platform(&platform);
                let case = match (configured.next(), configured.next()) {
                    (Some(only), None) if bare => self.systems[only].case,
                    _ => usual_case(&platform),
                };
                drop(configured);
                (system, platform, bare, case)
            }
        };
        let mut name = fold(name, case);
        if let Some(column) = column {
            name.push('#');
            name.push_str(&fold(column, case));
        }
        let twins = format!("{}:{platform}/{name}", key.scheme).into();
        let placed = Key::scoped(&key.scheme, &system, &name);
        let standing = Standing {
            platform: platform.into(),
            system: system.into(),
            bare,
            twins,
        };
        (placed, Some(standing))
    }

    /// A key of another scheme under its system's name.
    fn place_other(&self, mut key: Key) -> Key {
        let Some((platform, _)) = platform_of(&key) else {
            return key;
        };
        let system = system_of(&key);
        if let Some((name, of)) = self.spelled(system)
            && of == platform
            && name != system
        {
            key.value = format!("{name}{}", &key.value[system.len()..]);
        }
        key
    }

    /// A selector under the names of systems: the labels of a cluster are picked in that cluster.
    pub(crate) fn place_selector(&self, selector: Selector) -> Selector {
        match selector {
            Selector::Labels {
                namespace,
                labels,
                on,
            } => {
                let placed = match namespace.split_once('/') {
                    Some((cluster, rest)) => self
                        .spelled(cluster)
                        .filter(|(_, platform)| platform == KUBERNETES)
                        .map(|(name, _)| format!("{name}/{rest}")),
                    None => None,
                };
                Selector::Labels {
                    namespace: placed.unwrap_or(namespace),
                    labels,
                    on,
                }
            }
            other => other,
        }
    }
}

impl Case {
    /// How systems of a platform fold names, unless somebody configured one otherwise.
    pub fn usual(platform: &str) -> Case {
        usual_case(&canonical_platform(platform))
    }
}

fn usual_case(platform: &str) -> Case {
    match platform {
        "snowflake" | "oracle" => Case::Upper,
        "postgres" | "redshift" => Case::Lower,
        _ => Case::Exact,
    }
}

/// How many parts a name has; dots in quotes part nothing.
fn split_name(name: &str) -> usize {
    let mut quoted = false;
    let mut parts = 1;
    for character in name.chars() {
        match character {
            '"' | '`' => quoted = !quoted,
            '.' if !quoted => parts += 1,
            _ => {}
        }
    }
    parts
}

/// Folds what is not quoted, and takes the quotes away.
fn fold(name: &str, case: Case) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut quoted = false;
    for character in name.chars() {
        match (character, case, quoted) {
            ('"' | '`', _, _) => quoted = !quoted,
            (_, Case::Upper, false) => folded.extend(character.to_uppercase()),
            (_, Case::Lower, false) => folded.extend(character.to_lowercase()),
            _ => folded.push(character),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn systems() -> Systems {
        let warehouse = System {
            platform: "snowflake".into(),
            case: Case::Upper,
            spellings: vec!["snowflake://acme".into(), "dbt:shop/prod".into()],
            ..System::default()
        };
        Systems::new(BTreeMap::from([("warehouse".into(), warehouse)])).unwrap()
    }

    fn check(value: &str, expect: &str) {
        let (system, name) = value.rsplit_once('/').unwrap();
        let (key, _) = systems().place(Key::scoped("table", system, name));
        assert_eq!(key.to_string(), expect);
    }

    #[test]
    fn spellings_meet_in_one_key() {
        check(
            "snowflake://acme/shop.public.orders",
            "table:warehouse/SHOP.PUBLIC.ORDERS",
        );
        check(
            "dbt:shop/prod/SHOP.public.orders",
            "table:warehouse/SHOP.PUBLIC.ORDERS",
        );
        check(
            "WAREHOUSE/shop.\"Mixed\".orders",
            "table:warehouse/SHOP.Mixed.ORDERS",
        );
        check("postgresql/Shop.Orders", "table:postgres/shop.orders");
        check("bigquery/Shop.Orders", "table:bigquery/Shop.Orders");
    }

    #[test]
    fn a_spelling_has_one_system() {
        let one = System {
            spellings: vec!["x".into()],
            ..System::default()
        };
        let clash = Systems::new(BTreeMap::from([
            ("a".into(), one.clone()),
            ("b".into(), one),
        ]));
        assert!(matches!(clash, Err(SystemsError::Claimed { .. })));
    }

    #[test]
    fn the_first_key_of_a_team_stands_for_all() {
        let keys = [
            "backstage:default/group:default/risk",
            "team:forge/acme/risk",
        ]
        .map(|text| {
            let (scheme, value) = text.split_once(':').unwrap();
            let (system, name) = value.split_once('/').unwrap();
            Key::scoped(scheme, system, name)
        });
        let teams = BTreeMap::from([("risk".to_owned(), keys.to_vec())]);
        let systems = systems().with_teams(teams.clone()).unwrap();
        assert_eq!(systems.place(keys[1].clone()).0, keys[0]);
        let other = BTreeMap::from([("other".to_owned(), vec![keys[1].clone(), keys[0].clone()])]);
        let clash = Systems::default().with_teams(teams.into_iter().chain(other).collect());
        assert!(matches!(clash, Err(SystemsError::Shared { .. })));
    }

    #[test]
    fn a_key_carries_its_system() {
        let system = |scheme: &str, system: &str, name: &str| {
            system_of(&Key::scoped(scheme, system, name)).to_owned()
        };
        assert_eq!(system("k8s", "prod", "apps/Deployment/ns/x"), "prod");
        assert_eq!(
            system("model", "https://mlflow:5000", "fraud/3"),
            "https://mlflow:5000"
        );
        assert_eq!(system("table", "dbt:shop/prod", "a.b"), "dbt:shop/prod");
        assert_eq!(
            system("dbt", "source-1/shop/target", "model.shop.orders"),
            "source-1/shop/target"
        );
    }
}
