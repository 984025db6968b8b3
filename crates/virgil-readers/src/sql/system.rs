//! In which system the tables of a SQL file are, where a configuration beside it says so.
//!
//! Looked at, from the file's folder upwards: Prisma's `migration_lock.toml`, `alembic.ini`, `flyway.conf` and
//! `flyway.toml`, `liquibase.properties`, `sqitch.conf`, sqlc's `sqlc.yaml`; and for files of a dbt project the
//! targets of its profile. Where none says it, tables are known inside their source only.

use virgil_model::Files;

use crate::tree;

use super::dbt_model::Project;
use super::state::Setting;

/// Configurations of tools that run SQL, and the key that names the system: its address, else its platform.
const CONFIGURATIONS: &[(&str, &[&str])] = &[
    ("migration_lock.toml", &["provider"]),
    ("alembic.ini", &["sqlalchemy.url"]),
    ("flyway.conf", &["flyway.url"]),
    ("flyway.toml", &["url"]),
    ("liquibase.properties", &["url"]),
    ("sqitch.conf", &["engine"]),
    ("sqlc.yaml", &["engine"]),
    ("sqlc.yml", &["engine"]),
];

/// The system of the file at a path, which may belong to a dbt project.
pub(super) fn of_file(path: &str, project: Option<&Project>, files: &dyn Files) -> Setting {
    if let Some(platform) = project.and_then(|project| project.platform(files)) {
        return Setting::of(&platform);
    }
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        if let Some(setting) = of_folder(above, files) {
            return setting;
        }
        folder = above;
    }
    of_folder("", files).unwrap_or_else(Setting::local)
}

fn of_folder(folder: &str, files: &dyn Files) -> Option<Setting> {
    CONFIGURATIONS.iter().find_map(|(name, keys)| {
        let path = format!("{folder}/{name}");
        let bytes = files.read(path.trim_start_matches('/'))?;
        let text = String::from_utf8(bytes).ok()?;
        value(&text, keys).and_then(|value| of_address(&value).or_else(|| of_platform(&value)))
    })
}

/// The one value that a key has in a file of `key = value` or `key: value` lines.
fn value(text: &str, keys: &[&str]) -> Option<String> {
    let mut values = text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=').or_else(|| line.split_once(": "))?;
        let key = key.trim().trim_start_matches("- ");
        let value = value.trim().trim_matches(['"', '\'']);
        keys.contains(&key).then(|| value.to_owned())
    });
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

/// The system that an address names: a URL of `SQLAlchemy` or JDBC. A host that only a run knows, or this machine,
/// leaves the platform.
pub(crate) fn of_address(address: &str) -> Option<Setting> {
    let address = address.trim();
    let address = address.strip_prefix("jdbc:").unwrap_or(address);
    let (scheme, rest) = address.split_once(':')?;
    let scheme = scheme.split('+').next().unwrap_or_default();
    let setting = of_platform(scheme)?;
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    if setting.system == "duckdb" {
        return Some(duckdb(rest.strip_prefix('/').unwrap_or(rest)));
    }
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let is_known = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':'))
        && !host.starts_with("localhost")
        && !host.starts_with("127.")
        && host.contains('.');
    let database = path.split(['?', ';', '/']).next().unwrap_or_default();
    let is_name = !database.is_empty()
        && database
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    let port = match setting.system.as_str() {
        "postgres" => ":5432",
        "mysql" => ":3306",
        _ => "",
    };
    let is_server = matches!(
        setting.system.as_str(),
        "postgres" | "mysql" | "redshift" | "mssql"
    );
    if !is_known || !is_server {
        return Some(setting);
    }
    let port = if host.contains(':') { "" } else { port };
    Some(Setting {
        system: format!("{}://{host}{port}", setting.system),
        database: is_name.then(|| database.to_owned()),
        schema: None,
    })
}

/// The system of a `DuckDB` database: a file by its path from the root, as OpenLineage names it; others are only
/// known to be of the platform.
pub(crate) fn duckdb(path: &str) -> Setting {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let is_known = path.starts_with('/') && !path.contains(super::name::HOLE) && !stem.is_empty();
    if !is_known {
        return Setting::of("duckdb");
    }
    Setting {
        system: format!("duckdb://{path}"),
        database: Some(stem.to_owned()),
        schema: Some("main".to_owned()),
    }
}

/// Tables that are only known to be of a platform.
pub(crate) fn of_platform(name: &str) -> Option<Setting> {
    let platform = match name.to_ascii_lowercase().as_str() {
        "postgresql" | "postgres" | "pg" => "postgres",
        "cockroachdb" | "cockroach" => "cockroachdb",
        "mysql" | "mariadb" => "mysql",
        "sqlserver" | "mssql" => "mssql",
        "sqlite" | "sqlite3" => "sqlite",
        "snowflake" => "snowflake",
        "bigquery" => "bigquery",
        "redshift" => "redshift",
        "duckdb" => "duckdb",
        "databricks" => "databricks",
        "spark" => "spark",
        "hive" => "hive",
        "clickhouse" => "clickhouse",
        "oracle" => "oracle",
        "trino" | "presto" => "trino",
        "athena" | "awsathena" => "athena",
        _ => return None,
    };
    Some(Setting::of(platform))
}

/// The adapter that all targets of a profile of dbt have.
pub(super) fn of_profile(text: &str, profile: &str) -> Option<String> {
    let documents = tree::yaml(text, 1);
    let outputs = documents.first()?.at(&[profile, "outputs"])?;
    let mut adapters = outputs
        .entries()
        .iter()
        .map(|entry| entry.node.text_at(&["type"]));
    let first = adapters.next()??;
    adapters
        .all(|other| other == Some(first))
        .then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_systems() {
        for (address, system, database) in [
            (
                "postgresql+psycopg2://u:p@db.x.example/shop",
                "postgres://db.x.example:5432",
                Some("shop"),
            ),
            (
                "jdbc:postgresql://db.x.example:5433/shop?ssl=1",
                "postgres://db.x.example:5433",
                Some("shop"),
            ),
            ("mysql://localhost/shop", "mysql", None),
            ("postgresql://${HOST}/shop", "postgres", None),
            (
                "duckdb:////srv/warehouse.duckdb",
                "duckdb:///srv/warehouse.duckdb",
                Some("warehouse"),
            ),
            ("duckdb:///:memory:", "duckdb", None),
            ("snowflake://u@acme/db", "snowflake", None),
        ] {
            let setting = of_address(address).expect(address);
            assert_eq!(setting.system, system);
            assert_eq!(setting.database.as_deref(), database, "{address}");
        }
        assert_eq!(of_address("driver://user:pass@localhost/dbname"), None);
    }
}
