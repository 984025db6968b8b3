//! Where the statements of a file are at home: which system they mean when they do not say it.
//!
//! A file rarely names the system it speaks of: a dbt manifest names its adapter, a manifest no cluster, an export of
//! `MLflow` no server. The configuration says it by the path of the file, and for dbt by the project.

use std::collections::HashMap;

use virgil_model::{
    Attributes, Key, KeyClass, Predicate, Says, Selector, Statement, Target, Value,
};

use crate::key_parts::{KUBERNETES, canonical_platform, dbt_project, platform_of, system_of};
use crate::systems::Systems;

/// What the names of one asset mean.
#[derive(Debug)]
pub struct Home<'s> {
    all: &'s Systems,
    source: &'s str,
    path: &'s str,
    /// By platform, the system whose files these are.
    systems: HashMap<String, &'s str>,
    /// By key, the system of a dbt project's relation.
    dbt: HashMap<Key, &'s str>,
}

impl Systems {
    /// The home of an asset with these statements.
    pub fn home<'s>(
        &'s self,
        source: &'s str,
        path: &'s str,
        statements: &[Statement],
    ) -> Home<'s> {
        let place = format!("{source}/{path}");
        let mut systems: HashMap<String, (usize, &'s str)> = HashMap::new();
        for one in self.paths.iter().filter(|one| one.glob.is_match(&place)) {
            // Of several globs the longest is the most precise.
            let length = one.glob.glob().glob().len();
            let known = systems.entry(one.platform.clone()).or_default();
            if length > known.0 {
                *known = (length, &one.system);
            }
        }
        let mut dbt = HashMap::new();
        for statement in statements {
            if let Says::Mention { keys, .. } = &statement.says
                && let Some(relation) = keys.iter().find(|key| key.scheme == "table")
                && let Some(node) = keys.iter().find(|key| key.scheme == "dbt")
                && let Some(project) = dbt_project(node)
                && let Some((system, platform)) = self.spelled(&format!("dbt:{project}"))
                && canonical_platform(system_of(relation)) == platform
            {
                dbt.insert(relation.clone(), system);
            }
        }
        Home {
            all: self,
            source,
            path,
            systems: systems
                .into_iter()
                .map(|(platform, (_, system))| (platform, system))
                .collect(),
            dbt,
        }
    }
}

impl Home<'_> {
    /// What a statement says, with the systems that its file leaves out. The system `.` is the source.
    pub fn says(&self, says: Says) -> Says {
        match says {
            Says::Mention { kind, keys, name } => Says::Mention {
                kind,
                keys: keys.into_iter().map(|key| self.key(key)).collect(),
                name: if name == "." {
                    self.source.to_owned()
                } else {
                    name
                },
            },
            Says::Attribute { of, name, value } => {
                let of = self.key(of);
                let value = match value {
                    Value::Text(cluster) if name == "cluster" && of.scheme == KUBERNETES => {
                        Value::Text(self.cluster(&cluster).unwrap_or(&cluster).to_owned())
                    }
                    value => value,
                };
                Says::Attribute { of, name, value }
            }
            Says::Relation {
                subject,
                predicate,
                object,
                attributes,
            } => Says::Relation {
                subject: self.key(subject),
                predicate,
                object: match object {
                    Target::Key(key) => Target::Key(self.key(key)),
                    Target::Selector(selector) => Target::Selector(self.selector(selector)),
                },
                attributes,
            },
            Says::Same(one, other) => Says::Same(self.key(one), self.key(other)),
        }
    }

    /// What the configuration adds to what a statement says: the dataset that a run of `MLflow` read under the name of a
    /// table is made of that table.
    pub fn adds(&self, says: &Says) -> Option<Says> {
        let Says::Relation {
            subject,
            predicate: Predicate::Reads,
            object: Target::Key(dataset),
            attributes,
        } = says
        else {
            return None;
        };
        let Some(Value::Text(name)) = attributes
            .get("dataset")
            .filter(|_| subject.scheme == "run")
        else {
            return None;
        };
        let (database, _) = name.split_once('.')?;
        let (system, _) = self.all.spelled(&format!("mlflow:{database}"))?;
        Some(Says::Relation {
            subject: dataset.clone(),
            predicate: Predicate::DerivedFrom,
            object: Target::Key(Key::scoped("table", system, name)),
            attributes: Attributes::new(),
        })
    }

    fn key(&self, key: Key) -> Key {
        let system = match (key.class, key.scheme.as_str()) {
            (KeyClass::Global, _) => None,
            (_, "table" | "column") => self.of_table(&key),
            _ => self.of_other(&key),
        };
        let value = match system {
            Some(system) => {
                let name = &key.value[system_of(&key).len() + 1..];
                match key.scheme.as_str() {
                    "table" => format!("{system}/{}", self.all.complete(system, name)),
                    "column" => match name.split_once('#') {
                        Some((table, column)) => {
                            format!("{system}/{}#{column}", self.all.complete(system, table))
                        }
                        None => format!("{system}/{name}"),
                    },
                    _ => format!("{system}/{name}"),
                }
            }
            None if key.value == "." || key.value.starts_with("./") => {
                format!("{}{}", self.source, &key.value[1..])
            }
            None => return key,
        };
        Key { value, ..key }
    }

    fn of_table(&self, key: &Key) -> Option<&str> {
        let written = system_of(key);
        if written == "." {
            // A file that names no platform belongs to the only system that claims it.
            let mut claiming = self
                .systems
                .iter()
                .filter(|(platform, _)| !is_other(platform));
            return match (claiming.next(), claiming.next()) {
                (Some((_, system)), None) => Some(system),
                _ => None,
            };
        }
        if written.contains([':', '/']) {
            return None;
        }
        let table = match key.value.split_once('#') {
            Some((table, _)) if key.scheme == "column" => &Key {
                scheme: "table".to_owned(),
                value: table.to_owned(),
                ..key.clone()
            },
            _ => key,
        };
        let by_project = self.dbt.get(table).copied();
        by_project.or_else(|| self.systems.get(&canonical_platform(written)).copied())
    }

    fn of_other(&self, key: &Key) -> Option<&str> {
        let (platform, unknown) = platform_of(key)?;
        let written = system_of(key);
        match platform {
            KUBERNETES => self.cluster(written),
            _ if written == unknown => self.systems.get(platform).copied(),
            _ => None,
        }
    }

    /// The cluster of the file, where it is not named, or named by a part of the path.
    fn cluster(&self, written: &str) -> Option<&str> {
        let is_of_path = written == "default" || self.path.split('/').any(|part| part == written);
        let system = self.systems.get(KUBERNETES).copied();
        // A key without a system has an empty one.
        system.filter(|_| is_of_path && !written.is_empty())
    }

    fn selector(&self, selector: Selector) -> Selector {
        match selector {
            Selector::Labels {
                namespace,
                labels,
                on,
            } => {
                let placed = namespace
                    .split_once('/')
                    .and_then(|(cluster, rest)| Some(format!("{}/{rest}", self.cluster(cluster)?)));
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

/// Whether a platform holds no tables.
fn is_other(platform: &str) -> bool {
    matches!(platform, KUBERNETES | "mlflow" | "grafana" | "backstage")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use virgil_model::{Kind, Labelled, LineSpan};

    use super::*;
    use crate::systems::System;

    fn system(platform: &str, spellings: &[&str], paths: &[&str]) -> System {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        System {
            platform: platform.to_owned(),
            spellings: owned(spellings),
            paths: owned(paths),
            schema: (platform == "postgres").then(|| "shop.public".to_owned()),
            ..System::default()
        }
    }

    fn systems() -> Systems {
        let named = |(name, system): (&str, System)| (name.to_owned(), system);
        Systems::new(BTreeMap::from(
            [
                ("warehouse", system("duckdb", &["dbt:shop"], &[])),
                ("staging-warehouse", system("duckdb", &[], &["data/ci/**"])),
                (
                    "shop-db",
                    system("postgres", &[], &["shop/db/**", "shop/db/reports/*.sql"]),
                ),
                (
                    "prod-eu",
                    system("kubernetes", &["production"], &["ops/live/**"]),
                ),
                ("mlflow-risk", system("mlflow", &[], &["risk/**"])),
            ]
            .map(named),
        ))
        .unwrap()
    }

    fn check(source: &str, path: &str, key: Key, expect: &str) {
        let systems = systems();
        let dbt = Statement {
            lines: LineSpan::line(1),
            says: Says::Mention {
                kind: Kind::Dataset,
                keys: vec![
                    Key::scoped("table", "duckdb", "w.marts.orders"),
                    Key::scoped("dbt", "data/target", "model.shop.orders"),
                ],
                name: "orders".to_owned(),
            },
        };
        let home = systems.home(source, path, &[dbt]);
        let (placed, _) = systems.place(home.key(key));
        assert_eq!(placed.to_string(), expect);
    }

    #[test]
    fn a_dbt_project_and_a_path_tell_the_system_of_a_table() {
        let table = |system: &str, name: &str| Key::scoped("table", system, name);
        check(
            "data",
            "manifest.json",
            table("duckdb", "w.marts.orders"),
            "table:warehouse/w.marts.orders",
        );
        let column = Key::scoped("column", "duckdb", "w.marts.orders#id");
        check(
            "data",
            "manifest.json",
            column,
            "column:warehouse/w.marts.orders#id",
        );
        // What no node of the project names is only of the platform.
        check(
            "data",
            "manifest.json",
            table("duckdb", "w.x"),
            "table:duckdb/w.x",
        );
        check(
            "data",
            "ci/load.sql",
            table("duckdb", "w.x"),
            "table:staging-warehouse/w.x",
        );
    }

    #[test]
    fn names_in_the_files_of_a_system_are_completed() {
        for (name, expect) in [
            ("orders", "table:shop-db/shop.public.orders"),
            ("audit.orders", "table:shop-db/shop.audit.orders"),
            ("other.audit.orders", "table:shop-db/other.audit.orders"),
        ] {
            check(
                "shop",
                "db/0001.sql",
                Key::scoped("table", ".", name),
                expect,
            );
        }
        let column = Key::scoped("column", "postgres", "orders#id");
        check(
            "shop",
            "db/reports/a.sql",
            column,
            "column:shop-db/shop.public.orders#id",
        );
        check(
            "else",
            "db/0001.sql",
            Key::scoped("table", ".", "orders"),
            "table:else/orders",
        );
    }

    #[test]
    fn a_path_or_a_folder_names_the_cluster() {
        let object = |cluster: &str| Key::scoped("kubernetes", cluster, "apps/Deployment/shop/web");
        let prod = "kubernetes:prod-eu/apps/Deployment/shop/web";
        check("ops", "live/web.yaml", object("default"), prod);
        check("ops", "live/overlays/blue/web.yaml", object("blue"), prod);
        check(
            "ops",
            "clusters/production/web.yaml",
            object("production"),
            prod,
        );
        check(
            "ops",
            "clusters/staging/web.yaml",
            object("staging"),
            "kubernetes:staging/apps/Deployment/shop/web",
        );
    }

    #[test]
    fn a_selector_picks_in_the_cluster_of_its_file() {
        let systems = systems();
        let home = systems.home("ops", "live/web.yaml", &[]);
        let labels = |namespace: &str| Selector::Labels {
            namespace: namespace.to_owned(),
            labels: BTreeMap::new(),
            on: Labelled::default(),
        };
        assert_eq!(
            home.selector(labels("default/shop")),
            labels("prod-eu/shop")
        );
        assert_eq!(
            systems.place_selector(labels("production/shop")),
            labels("prod-eu/shop")
        );
    }

    #[test]
    fn a_dataset_under_the_name_of_a_table_is_made_of_it() {
        let systems = Systems::new(BTreeMap::from([(
            "warehouse".to_owned(),
            system("duckdb", &["mlflow:w"], &[]),
        )]))
        .unwrap();
        let home = systems.home("exports", "runs.json", &[]);
        let reads = |name: &str| Says::Relation {
            subject: Key::scoped("run", "mlflow", "r1"),
            predicate: Predicate::Reads,
            object: Target::Key(Key::global("uri", "s3://lake/a.parquet")),
            attributes: Attributes::from([("dataset".to_owned(), Value::Text(name.to_owned()))]),
        };
        let added = home.adds(&reads("w.marts.orders"));
        let Some(Says::Relation {
            object: Target::Key(table),
            ..
        }) = added
        else {
            panic!("it adds a relation: {added:?}");
        };
        assert_eq!(table.to_string(), "table:warehouse/w.marts.orders");
        assert_eq!(home.adds(&reads("other.marts.orders")), None);
        assert_eq!(home.adds(&reads("dataset")), None);
    }

    #[test]
    fn an_export_belongs_to_its_server() {
        let alias = Key::pointer("model_alias", "mlflow/fraud@champion");
        check(
            "risk",
            "app.py",
            alias.clone(),
            "model_alias:mlflow-risk/fraud@champion",
        );
        check(
            "growth",
            "app.py",
            alias,
            "model_alias:mlflow/fraud@champion",
        );
        let run = Key::scoped("run", "openlineage", "r1");
        check("risk", "events.ndjson", run, "run:openlineage/r1");
        check(
            "risk",
            "a.md",
            Key::scoped("file", ".", "a.md"),
            "file:risk/a.md",
        );
    }
}
