//! The parts of keys: which system and platform a key names, and what is left for people.

use virgil_model::{Key, KeyClass, SourceId};

/// The platform of clusters.
pub(crate) const KUBERNETES: &str = "kubernetes";

/// The platform whose system a key carries where it is no table, and what readers write when they do not know which
/// system it is: `cluster` of a Kubernetes object, server of an `MLflow` model, catalogue of a Backstage entity.
pub(crate) fn platform_of(key: &Key) -> Option<(&'static str, &'static str)> {
    match key.scheme.as_str() {
        "kubernetes" | "pvc" | "metric" => Some((KUBERNETES, "default")),
        "model" | "model_version" | "model_alias" | "logged_model" | "experiment" | "run"
        | "run_artifact" => Some(("mlflow", "mlflow")),
        "dashboard" => Some(("grafana", "grafana")),
        "backstage" => Some(("backstage", "default")),
        _ => None,
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

/// The project of a node of dbt, which its identifier names: `shop` in `dbt:source/target/model.shop.orders`.
pub(crate) fn dbt_project(key: &Key) -> Option<&str> {
    (key.scheme == "dbt").then(|| local_name(key).split('.').nth(1))?
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

/// What people call a thing that only its key names: an entity of Backstage without its kind and the default namespace, a node
/// of dbt without its type and package.
pub(crate) fn short_name(key: &Key) -> &str {
    let local = local_name(key);
    match key.scheme.as_str() {
        "backstage" => {
            let name = local.split_once(':').map_or(local, |(_, name)| name);
            name.strip_prefix("default/").unwrap_or(name)
        }
        "dbt" => local.splitn(3, '.').nth(2).unwrap_or(local),
        _ => local,
    }
}

/// One name for a platform of which there are several.
pub(crate) fn canonical_platform(platform: &str) -> String {
    match platform.to_lowercase().as_str() {
        "postgresql" => "postgres".to_owned(),
        "sqlserver" | "mssql" => "mssql".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_describes_goes_by_a_name_for_people() {
        for (scheme, system, name, expect) in [
            (
                "backstage",
                "default",
                "group:backstage/maintainers",
                "backstage/maintainers",
            ),
            ("backstage", "default", "system:default/growth", "growth"),
            ("dbt", "shop", "seed.shop.raw_orders", "raw_orders"),
            ("dbt", "shop", "source.shop.raw.orders", "raw.orders"),
            ("job", "etl", "load", "load"),
        ] {
            let key = Key::scoped(scheme, system, name);
            assert_eq!(short_name(&key), expect, "{key}");
        }
    }
}
