//! Which system a connection of a script leads to.

use crate::sql::name::HOLE;
use crate::sql::state::Setting;
use crate::sql::system;
use crate::statements::Asset;

use super::value::{Call, Value};

/// Libraries whose import says which platform a script talks to, where it imports no other.
const LIBRARIES: &[(&str, &str)] = &[
    ("duckdb", "duckdb"),
    ("psycopg2", "postgres"),
    ("psycopg", "postgres"),
    ("asyncpg", "postgres"),
    ("snowflake", "snowflake"),
    ("google.cloud.bigquery", "bigquery"),
    ("pyspark", "spark"),
    ("pymysql", "mysql"),
    ("redshift_connector", "redshift"),
    ("clickhouse_driver", "clickhouse"),
    ("clickhouse_connect", "clickhouse"),
    ("trino", "trino"),
    ("sqlalchemy", ""),
    ("sqlite3", ""),
    ("pyodbc", ""),
];

/// The platform of the only database library that a script imports.
pub(super) fn usual(asset: &Asset<'_>) -> Setting {
    let imports = |library: &str| {
        let (package, name) = library.rsplit_once('.').unwrap_or((library, ""));
        asset.raw.text.match_indices(package).any(|(at, _)| {
            let before = asset.raw.text[..at].rsplit('\n').next().unwrap_or_default();
            let line = before.trim_start_matches([' ', '"', '\t']);
            let rest = &asset.raw.text[at + package.len()..];
            let rest = rest.split('\n').next().unwrap_or_default();
            let is_import = matches!(line.trim_end(), "import" | "from");
            let ends = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            is_import && ends && (name.is_empty() || rest.contains(name))
        })
    };
    let mut found = LIBRARIES.iter().filter(|(library, _)| imports(library));
    match (found.next(), found.next()) {
        (Some((_, platform)), None) if !platform.is_empty() => Setting::of(platform),
        _ => Setting::local(),
    }
}

/// The system that a value leads to, if it is or comes from a call that connects.
pub(super) fn of_value(value: &Value) -> Option<Setting> {
    match value {
        Value::Call(call) => of_chain(call),
        Value::Part(of, _) => of_value(of),
        Value::Text(text) if !text.contains(HOLE) => system::of_address(text),
        _ => None,
    }
}

/// The system that a call uses: that of the first connection in its chain.
pub(super) fn of_chain(call: &Call) -> Option<Setting> {
    call.chain()
        .into_iter()
        .find_map(connects)
        .or_else(|| match call.origin() {
            Value::Name(name) => by_name(name, call),
            value @ Value::Part(_, _) => of_value(value),
            _ => None,
        })
}

/// Names that mean one thing in every script.
fn by_name(name: &str, call: &Call) -> Option<Setting> {
    let first = call.links.first().map_or("", |link| link.name.as_str());
    match (name.split('.').next().unwrap_or_default(), first) {
        ("duckdb", _) => Some(Setting::of("duckdb")),
        ("spark" | "sqlContext" | "sqlcontext" | "hiveContext", _) => Some(Setting::of("spark")),
        ("awswrangler", "athena") => Some(Setting::of("athena")),
        ("pandas_gbq", _) => Some(Setting::of("bigquery")),
        ("self" | "cls", "spark") => Some(Setting::of("spark")),
        _ if name.ends_with(".spark") => Some(Setting::of("spark")),
        _ => None,
    }
}

fn connects(call: &Call) -> Option<Setting> {
    let name = call.name();
    let function = call.function();
    let text = |name: &str, at: usize| call.text(name, at).unwrap_or_default();
    match name.as_str() {
        "duckdb.connect" => Some(match call.text("database", 0) {
            Some(path) => system::duckdb(path),
            None => Setting::of("duckdb"),
        }),
        "psycopg2.connect"
        | "psycopg.connect"
        | "psycopg.AsyncConnection.connect"
        | "asyncpg.connect"
        | "asyncpg.create_pool" => Some(postgres(call)),
        "pymysql.connect" | "MySQLdb.connect" | "mysql.connector.connect" => {
            Some(Setting::of("mysql"))
        }
        "snowflake.connector.connect" => Some(match text("account", usize::MAX) {
            "" => Setting::of("snowflake"),
            account => Setting {
                system: format!("snowflake://{account}"),
                database: call.text("database", usize::MAX).map(str::to_owned),
                schema: call.text("schema", usize::MAX).map(str::to_owned),
            },
        }),
        "redshift_connector.connect" => Some(Setting::of("redshift")),
        "trino.dbapi.connect" => Some(Setting::of("trino")),
        "databricks.sql.connect" => Some(Setting::of("databricks")),
        "pyathena.connect" => Some(Setting::of("athena")),
        "google.cloud.bigquery.Client" => Some(Setting::of("bigquery")),
        "sqlite3.connect" => Some(Setting::local()),
        _ => match function {
            "create_engine" | "create_async_engine" => {
                Some(match call.text("url", 0).map(system::of_address) {
                    Some(Some(setting)) => setting,
                    _ => Setting::local(),
                })
            }
            "getOrCreate" if name.contains("SparkSession") => Some(Setting::of("spark")),
            "SQLContext" | "HiveContext" | "GlueContext" => Some(Setting::of("spark")),
            "PostgresHook" => Some(Setting::of("postgres")),
            "SnowflakeHook" => Some(Setting::of("snowflake")),
            "BigQueryHook" => Some(Setting::of("bigquery")),
            "MySqlHook" => Some(Setting::of("mysql")),
            "RedshiftSQLHook" => Some(Setting::of("redshift")),
            "TrinoHook" => Some(Setting::of("trino")),
            "DatabricksSqlHook" => Some(Setting::of("databricks")),
            _ => None,
        },
    }
}

fn postgres(call: &Call) -> Setting {
    let host = call.text("host", usize::MAX);
    let database = call
        .text("dbname", usize::MAX)
        .or_else(|| call.text("database", usize::MAX));
    let port = call.named("port").map(Value::inside_constant);
    let address = match (host, call.text("dsn", 0)) {
        (Some(host), _) => {
            let port = port.flatten().unwrap_or("5432");
            format!(
                "postgresql://{host}:{port}/{}",
                database.unwrap_or_default()
            )
        }
        (None, Some(address)) => address.to_owned(),
        (None, None) => return Setting::of("postgres"),
    };
    system::of_address(&address).unwrap_or_else(|| Setting::of("postgres"))
}
