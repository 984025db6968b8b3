//! Which spellings name one system, and how it folds the case of its names.
//!
//! A table is `table:{system}/{database.schema.name}`, a column `column:{system}/{database.schema.name}#{column}`.
//! Readers write the system as their format spells it (`snowflake://acme`, `dbt:shop/prod`); a mapping turns
//! the spelling into the system's name. A spelling that nothing maps stays as it is; one that names nothing
//! but a platform (`snowflake`) is *bare* and joins the platform's sole system (see `identity`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use virgil_model::{Key, KeyClass, SourceId};

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
    /// How formats spell it, besides its own name; compared without regard to case.
    #[serde(default)]
    pub spellings: Vec<String>,
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
}

/// The configured systems.
#[derive(Debug, Clone, Default)]
pub struct Systems {
    systems: BTreeMap<String, System>,
    spellings: HashMap<String, String>,
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
        Ok(Systems { systems, spellings })
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
        if key.class != KeyClass::Scoped || !matches!(key.scheme.as_str(), "table" | "column") {
            return (key, None);
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
}

/// The key with the source of its asset in the place of the system `.`, which means "this source".
pub(crate) fn in_source(mut key: Key, source: SourceId) -> Key {
    if key.class == KeyClass::Scoped
        && let Some(rest) = key.value.strip_prefix('.')
        && (rest.is_empty() || rest.starts_with('/'))
    {
        key.value = format!("source-{source}{rest}");
    }
    key
}

/// The table, or the dataset with a URI, that a column key belongs to.
pub(crate) fn table_of(key: &Key) -> Option<Key> {
    if key.scheme != "column" {
        return None;
    }
    let scheme = match key.class {
        KeyClass::Scoped => "table",
        KeyClass::Global => "uri",
        KeyClass::Pointer => return None,
    };
    let (table, _) = key.value.split_once('#')?;
    Some(Key {
        class: key.class,
        scheme: scheme.to_owned(),
        value: table.to_owned(),
    })
}

/// The system that a scoped key carries: for tables, and for nodes of dbt, whose system is their manifest, all before the
/// name, else the first part (with the authority, where it is a URL).
pub(crate) fn system_of(key: &Key) -> &str {
    let value = key.value.as_str();
    if matches!(key.scheme.as_str(), "table" | "column" | "dbt") {
        let table = value.split_once('#').map_or(value, |(table, _)| table);
        return table.rsplit_once('/').map_or("", |(system, _)| system);
    }
    let authority = value.find("://").map_or(0, |at| at + 3);
    match value[authority..].find('/') {
        Some(end) => &value[..authority + end],
        None => "",
    }
}

/// The part of a key that people call it by: a scoped key's value without its system.
pub(crate) fn local_name(key: &Key) -> &str {
    match key.class {
        KeyClass::Scoped => match system_of(key) {
            "" => &key.value,
            system => &key.value[system.len() + 1..],
        },
        KeyClass::Global | KeyClass::Pointer => &key.value,
    }
}

fn canonical_platform(platform: &str) -> String {
    match platform.to_lowercase().as_str() {
        "postgresql" => "postgres".to_owned(),
        "sqlserver" | "mssql" => "mssql".to_owned(),
        other => other.to_owned(),
    }
}

fn usual_case(platform: &str) -> Case {
    match platform {
        "snowflake" | "oracle" => Case::Upper,
        "postgres" | "redshift" => Case::Lower,
        _ => Case::Exact,
    }
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
