//! The catalogue of dbt (<https://schemas.getdbt.com/dbt/catalog/v1.json>): the columns and types that the
//! warehouse reported.
//!
//! The catalogue does not name its adapter; the manifest beside it does. Without one, relations are known by
//! their identifier only, and columns, whose keys hold that of their table, not at all.

use virgil_model::{Files, Kind, Predicate};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

use super::dbt::{id_key, schema, table_key};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "dbt-catalog",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "json"
        && asset.mentions(&["dbt_schema_version"])
        && schema(asset).is_some_and(|schema| schema.contains("/catalog/"))
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let manifest = files.read(&keys::beside(asset.raw.path, "manifest.json"));
    let manifest = manifest.and_then(|bytes| String::from_utf8(bytes).ok());
    let adapter = manifest.as_deref().and_then(adapter);
    if adapter.is_none() {
        said.problem(
            1,
            "no `manifest.json` beside the catalogue names its adapter",
        );
    }
    for part in ["nodes", "sources"] {
        let entries = asset.documents().iter().filter_map(|node| node.get(part));
        for entry in entries.flat_map(Node::entries) {
            relation(asset.raw.path, entry, adapter, said);
        }
    }
}

/// The adapter that a manifest names, without reading all of it.
fn adapter(manifest: &str) -> Option<&str> {
    let (_, rest) = manifest.split_once("\"adapter_type\"")?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start();
    let (name, _) = rest.strip_prefix('"')?.split_once('"')?;
    (!name.is_empty()).then_some(name)
}

fn relation(path: &str, entry: &Entry<'_>, adapter: Option<&str>, said: &mut Said) {
    let (node, lines) = (&entry.node, entry.lines());
    let Some(metadata) = node.get("metadata") else {
        said.problem(entry.line, format!("`{}` has no metadata", entry.key));
        return;
    };
    let id = id_key(path, &entry.key);
    let table = adapter.and_then(|adapter| table_key(metadata, adapter));
    let mut all: Vec<_> = table.iter().collect();
    all.push(&id);
    let key = all[0];
    let name = metadata.text_at(&["name"]).unwrap_or(&entry.key);
    said.mention(lines, Kind::Dataset, &all, name);
    for (name, field) in [
        ("table_type", "type"),
        ("comment", "comment"),
        ("role", "owner"),
    ] {
        let text = metadata.text_at(&[field]).unwrap_or_default();
        said.text(lines, key, name, text);
    }
    for stat in node.get("stats").map(Node::entries).unwrap_or_default() {
        if matches!(&*stat.key, "row_count" | "num_rows" | "bytes" | "num_bytes")
            && let Some(value) = stat.node.get("value").and_then(Node::to_value)
        {
            said.attribute(stat.lines(), key, &stat.key, value);
        }
    }
    if table.is_none() {
        return;
    }
    for entry in node.get("columns").map(Node::entries).unwrap_or_default() {
        let name = entry.node.text_at(&["name"]).unwrap_or(&entry.key);
        let column = keys::column(key, name);
        let lines = entry.lines();
        said.mention(lines, Kind::Column, &[&column], name);
        said.relation(lines, &column, Predicate::PartOf, key);
        for (name, field) in [("type", "type"), ("comment", "comment")] {
            let text = entry.node.text_at(&[field]).unwrap_or_default();
            said.text(lines, &column, name, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::{check, check_with};
    use insta::assert_snapshot;
    use virgil_model::Files;

    struct Beside;

    impl Files for Beside {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            (path == "target/manifest.json")
                .then(|| br#"{"metadata":{"adapter_type": "duckdb"}}"#.to_vec())
        }

        fn list(&self, _folder: &str) -> Vec<String> {
            Vec::new()
        }
    }

    const CATALOG: &str = r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/catalog/v1.json"},
"nodes": {
 "model.shop.orders": {"metadata": {"type": "BASE TABLE", "database": "w", "schema": "marts", "name": "fct_orders"},
  "columns": {"id": {"type": "INT", "name": "id"}}, "stats": {"row_count": {"value": 12.0}, "has_stats": {"value": true}}},
 "model.shop.bad": {}
}}"#;

    #[test]
    fn the_manifest_beside_it_names_the_adapter() {
        assert_snapshot!(check_with("target/catalog.json", CATALOG, &Beside), @r####"
        [3-4] dataset "fct_orders" table:duckdb/w.marts.fct_orders dbt:./target/model.shop.orders
        [3-4] table:duckdb/w.marts.fct_orders .table_type = "BASE TABLE"
        [4] table:duckdb/w.marts.fct_orders .row_count = 12.0
        [4] column "id" column:duckdb/w.marts.fct_orders#id
        [4] column:duckdb/w.marts.fct_orders#id part_of table:duckdb/w.marts.fct_orders
        [4] column:duckdb/w.marts.fct_orders#id .type = "INT"
        [5] problem: `model.shop.bad` has no metadata
        "####);
    }

    #[test]
    fn without_a_manifest_the_identifier_is_the_key() {
        assert_snapshot!(check("catalog.json", CATALOG), @r####"
        [3-4] dataset "fct_orders" dbt:./model.shop.orders
        [3-4] dbt:./model.shop.orders .table_type = "BASE TABLE"
        [4] dbt:./model.shop.orders .row_count = 12.0
        [1] problem: no `manifest.json` beside the catalogue names its adapter
        [5] problem: `model.shop.bad` has no metadata
        "####);
    }
}
