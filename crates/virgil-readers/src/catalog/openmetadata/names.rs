//! Names of OpenMetadata: `service.database.schema.table`, with quotes around parts that hold a dot, and the types of
//! its entities.

use virgil_model::{Key, Kind};

use crate::keys;
use crate::tree::Node;

/// The system of names that only a catalogue of OpenMetadata knows.
pub(super) const OPENMETADATA: &str = "openmetadata";

/// The types of entities: the collection of the REST interface, the type of references, and the kind.
const TYPES: &[(&str, &str, Kind)] = &[
    ("tables", "table", Kind::Dataset),
    ("topics", "topic", Kind::Dataset),
    ("containers", "container", Kind::Dataset),
    ("searchIndexes", "searchIndex", Kind::Dataset),
    ("dashboardDataModels", "dashboardDataModel", Kind::Dataset),
    ("dashboard/datamodels", "dashboardDataModel", Kind::Dataset),
    ("dashboards", "dashboard", Kind::Dashboard),
    ("charts", "chart", Kind::Resource),
    ("pipelines", "pipeline", Kind::Pipeline),
    ("mlmodels", "mlmodel", Kind::Model),
    ("storedProcedures", "storedProcedure", Kind::Pipeline),
    ("databases", "database", Kind::Resource),
    ("databaseSchemas", "databaseSchema", Kind::Resource),
    ("apiEndpoints", "apiEndpoint", Kind::Api),
    ("apiCollections", "apiCollection", Kind::Api),
    ("metrics", "metric", Kind::Resource),
    ("queries", "query", Kind::Resource),
    ("dataContracts", "dataContract", Kind::Resource),
    ("dataProducts", "dataProduct", Kind::Resource),
    ("domains", "domain", Kind::System),
    ("glossaryTerms", "glossaryTerm", Kind::Document),
    ("users", "user", Kind::User),
    ("teams", "team", Kind::Team),
];

/// The type of an entity: its link names the collection; without one, its service and fields tell.
pub(super) fn type_of(entity: &Node<'_>) -> Option<&'static str> {
    let listed = |name: &str| TYPES.iter().find(|(_, kind, _)| *kind == name);
    if let Some((_, path)) = entity
        .text_at(&["href"])
        .and_then(|href| href.split_once("/v1/"))
    {
        let found = TYPES.iter().find(|(collection, ..)| {
            path.strip_prefix(collection)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if let Some((_, name, _)) = found {
            return Some(name);
        }
    }
    let name = match entity.text_at(&["service", "type"])? {
        "databaseService" if entity.get("columns").is_some() => "table",
        "databaseService" if entity.get("storedProcedureCode").is_some() => "storedProcedure",
        "messagingService" => "topic",
        "storageService" => "container",
        "searchService" => "searchIndex",
        "dashboardService" if entity.get("chartType").is_some() => "chart",
        "dashboardService" if entity.get("dataModelType").is_some() => "dashboardDataModel",
        "dashboardService" => "dashboard",
        "pipelineService" => "pipeline",
        "mlmodelService" => "mlmodel",
        _ => return None,
    };
    listed(name).map(|(_, name, _)| *name)
}

/// The kind of the entities of a type; others than the listed are resources.
pub(super) fn kind(name: &str) -> Kind {
    TYPES
        .iter()
        .find(|(_, listed, _)| *listed == name)
        .map_or(Kind::Resource, |(_, _, kind)| *kind)
}

/// The parts of a name, without their quotes.
pub(super) fn parts(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_quoted = false;
    for character in name.chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(String::new()),
            character => {
                if let Some(part) = parts.last_mut() {
                    part.push(character);
                }
            }
        }
    }
    parts
}

/// The key of an entity by its type and full name; `None` for a name that says nothing.
///
/// What holds rows is a table of the system `openmetadata:{service}`.
pub(super) fn key(kind_name: &str, full_name: &str) -> Option<Key> {
    let parts = parts(full_name);
    if parts.iter().any(String::is_empty) {
        return None;
    }
    let (service, rest) = parts.split_first()?;
    let key = match kind_name {
        "table" | "topic" if !rest.is_empty() => {
            keys::table(&format!("{OPENMETADATA}:{service}"), &rest.join("."))
        }
        "user" => Key::scoped("user", OPENMETADATA, full_name),
        "team" => Key::scoped("team", OPENMETADATA, full_name),
        _ => Key::scoped(OPENMETADATA, kind_name, full_name),
    };
    Some(key)
}

/// The key of an entity by its identifier.
pub(super) fn id_key(id: &str) -> Key {
    Key::scoped("openmetadata_id", OPENMETADATA, &id.to_lowercase())
}

/// The column that a full name means, inside the entity of that name.
pub(super) fn column(table: &Key, table_name: &str, full_name: &str) -> Option<Key> {
    let rest = full_name.strip_prefix(table_name)?.strip_prefix('.')?;
    let path = parts(rest).join(".");
    (!path.is_empty()).then(|| keys::column(table, &path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_dots_outside_quotes() {
        let check = |kind: &str, name: &str, expect: &str| {
            let found = key(kind, name).map_or_else(String::new, |key| key.to_string());
            assert_eq!(found, expect, "{name}");
        };
        check(
            "table",
            "sample_data.ecommerce_db.shopify.\"dim.product\"",
            "table:openmetadata:sample_data/ecommerce_db.shopify.dim.product",
        );
        check(
            "topic",
            "kafka.page-views",
            "table:openmetadata:kafka/page-views",
        );
        check(
            "pipeline",
            "airflow.dag",
            "openmetadata:pipeline/airflow.dag",
        );
        check("team", "Data", "team:openmetadata/Data");
        check("table", "a..b", "");
        check("table", "", "");
    }

    #[test]
    fn columns_stand_below_their_table() {
        let name = "s.d.x.\"a.b\"";
        let table = key("table", name).unwrap();
        let found = column(&table, name, "s.d.x.\"a.b\".c.\"d.e\"");
        assert_eq!(
            found.unwrap().to_string(),
            "column:openmetadata:s/d.x.a.b#c.d.e"
        );
        assert_eq!(column(&table, name, "s.d.x.other.c"), None);
    }
}
