//! The manifest of dbt (<https://schemas.getdbt.com/dbt/manifest/v12.json>), versions 9 to 12: models, seeds,
//! snapshots and sources as datasets with their columns, and what they are derived from.
//!
//! A relation is `table:{adapter}/{database.schema.alias}` (the manifest does not name its server) and
//! `dbt:{folder of the manifest}/{unique_id}`; ephemeral models have the second only. `tags` and `meta` count at the node and
//! under its `config`.

use std::collections::{HashMap, HashSet};

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

use super::{dbt_columns, dbt_uses};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "dbt-manifest",
    accepts,
    state,
};

/// What the nodes of a manifest have in common.
pub(super) struct Project<'n> {
    /// The path of the manifest.
    path: &'n str,
    /// The folder of `dbt_project.yml`, if it is known.
    root: Option<String>,
    /// The best key of each node that is a relation.
    keys: HashMap<&'n str, Key>,
    /// The owner of each group, by the group's name.
    group_owners: HashMap<&'n str, Vec<Key>>,
}

fn accepts(asset: &Asset<'_>) -> bool {
    asset.extension() == "json"
        && asset.mentions(&["dbt_schema_version"])
        && schema(asset).is_some_and(|schema| schema.contains("/manifest/"))
}

/// The schema that an artifact of dbt names.
pub(super) fn schema<'n>(asset: &'n Asset<'_>) -> Option<&'n str> {
    asset
        .documents()
        .first()?
        .text_at(&["metadata", "dbt_schema_version"])
}

fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let path = asset.raw.path;
    let Some(manifest) = asset.documents().first() else {
        return;
    };
    let adapter = manifest.text_at(&["metadata", "adapter_type"]);
    if adapter.is_none() {
        said.problem(manifest.line, "the manifest does not name its adapter");
    }
    let adapter = adapter.unwrap_or("dbt");
    let relations = || {
        ["nodes", "sources"]
            .into_iter()
            .filter_map(|part| manifest.get(part))
            .flat_map(Node::entries)
    };
    let project = Project {
        path,
        root: root(path, files),
        keys: relations()
            .map(|entry| (&*entry.key, best_key(path, entry, adapter)))
            .collect(),
        group_owners: dbt_uses::groups(path, manifest, said),
    };
    for entry in relations() {
        let lines = entry.lines();
        match entry.node.text_at(&["resource_type"]) {
            Some("model" | "seed" | "snapshot" | "source") => {
                project.relation(&entry.key, &entry.node, lines, said);
            }
            Some("test") => dbt_uses::test(&project, &entry.key, &entry.node, lines, said),
            Some(_) => {}
            None => said.problem(
                entry.line,
                format!("the node `{}` has no `resource_type`", entry.key),
            ),
        }
    }
    dbt_uses::uses(&project, manifest, said);
    dbt_columns::columns(&project, manifest, adapter, asset.raw.path, files, said);
}

/// The folder of `dbt_project.yml` above the manifest.
fn root(path: &str, files: &dyn Files) -> Option<String> {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        if files.read(&format!("{above}/dbt_project.yml")).is_some() {
            return Some(above.to_owned());
        }
        folder = above;
    }
    files.read("dbt_project.yml").map(|_| String::new())
}

/// The key by its identifier, inside the artifacts of the folder that holds `path`: two targets of a project have the same
/// identifiers.
pub(super) fn id_key(path: &str, unique_id: &str) -> Key {
    Key::scoped("dbt", ".", &keys::beside(path, unique_id))
}

/// The key of the table of a node; `None` for what is no relation in the warehouse.
pub(super) fn table_key(node: &Node<'_>, adapter: &str) -> Option<Key> {
    let name = node
        .text_at(&["identifier"])
        .or_else(|| node.text_at(&["alias"]))
        .or_else(|| node.text_at(&["name"]))?;
    let is_ephemeral = node.text_at(&["config", "materialized"]) == Some("ephemeral");
    let schema = node.text_at(&["schema"])?;
    if is_ephemeral {
        return None;
    }
    let parts: Vec<&str> = node
        .text_at(&["database"])
        .into_iter()
        .chain([schema, name])
        .collect();
    Some(keys::table(adapter, &parts.join(".")))
}

fn best_key(path: &str, entry: &Entry<'_>, adapter: &str) -> Key {
    match entry.node.text_at(&["resource_type"]) {
        Some("model" | "seed" | "snapshot" | "source") => table_key(&entry.node, adapter),
        _ => None,
    }
    .unwrap_or_else(|| id_key(path, &entry.key))
}

impl Project<'_> {
    /// The key of a node that others refer to.
    pub(super) fn key(&self, unique_id: &str) -> Key {
        self.keys
            .get(unique_id)
            .cloned()
            .unwrap_or_else(|| self.id_key(unique_id))
    }

    /// The key of a node by its identifier.
    pub(super) fn id_key(&self, unique_id: &str) -> Key {
        id_key(self.path, unique_id)
    }

    /// What is said of everything that has a file, an owner, tags and a description.
    pub(super) fn common(&self, key: &Key, node: &Node<'_>, lines: LineSpan, said: &mut Said) {
        for name in ["description", "url", "maturity", "label"] {
            said.text(lines, key, name, node.text_at(&[name]).unwrap_or_default());
        }
        labels(key, node, lines, said);
        if let Some(root) = &self.root
            && let Some(path) = node.text_at(&["original_file_path"])
        {
            let path = path.replace('\\', "/");
            let file = keys::file(&keys::beside(&format!("{root}/dbt_project.yml"), &path));
            said.relation(lines, key, Predicate::DefinedIn, &file);
        }
        let group = node
            .text_at(&["group"])
            .or_else(|| node.text_at(&["config", "group"]));
        if let Some(group) = group {
            let package = node.text_at(&["package_name"]).unwrap_or_default();
            let group_key = self.id_key(&format!("group.{package}.{group}"));
            said.relation(lines, key, Predicate::OwnedBy, &group_key);
            for owner in self.group_owners.get(group).into_iter().flatten() {
                said.relation(lines, key, Predicate::OwnedBy, owner);
            }
        }
        for owner in owners(node.get("owner")) {
            said.relation(lines, key, Predicate::OwnedBy, &owner);
        }
    }

    fn relation(&self, unique_id: &str, node: &Node<'_>, lines: LineSpan, said: &mut Said) {
        let id = self.id_key(unique_id);
        let key = self.key(unique_id);
        let mut all = vec![&key];
        all.extend((id != key).then_some(&id));
        let name = node.text_at(&["name"]).unwrap_or(unique_id);
        said.mention(lines, Kind::Dataset, &all, name);
        for (name, path) in [
            ("type", &["resource_type"] as &[&str]),
            ("materialized", &["config", "materialized"]),
            ("access", &["access"]),
            ("version", &["version"]),
            ("deprecation_date", &["deprecation_date"]),
            ("source_name", &["source_name"]),
            ("loader", &["loader"]),
        ] {
            said.text(lines, &key, name, node.text_at(path).unwrap_or_default());
        }
        let contract = ["contract", "config"].iter().any(|part| {
            let node = node.get(part);
            let node = node.map(|node| node.get("contract").unwrap_or(node));
            node.and_then(|node| node.text_at(&["enforced"])) == Some("true")
        });
        if contract {
            said.attribute(lines, &key, "contract", Value::Bool(true));
        }
        self.common(&key, node, lines, said);
        for other in depends_on(node) {
            said.relation(lines, &key, Predicate::DerivedFrom, &self.key(other));
        }
        for entry in node.get("columns").map(Node::entries).unwrap_or_default() {
            let name = entry.node.text_at(&["name"]).unwrap_or(&entry.key);
            let column = keys::column(&key, name);
            let lines = entry.lines();
            said.mention(lines, Kind::Column, &[&column], name);
            said.relation(lines, &column, Predicate::PartOf, &key);
            for (name, field) in [("type", "data_type"), ("description", "description")] {
                let text = entry.node.text_at(&[field]).unwrap_or_default();
                said.text(lines, &column, name, text);
            }
            let constraints = entry.node.get("constraints").map(Node::items);
            let constraints = constraints.unwrap_or_default().iter();
            let constraints = constraints.filter_map(|one| one.text_at(&["type"]));
            let constraints = constraints.map(|one| Value::Text(one.to_owned())).collect();
            said.attribute(lines, &column, "constraints", Value::List(constraints));
            labels(&column, &entry.node, lines, said);
        }
    }
}

/// The nodes that a node depends on.
pub(super) fn depends_on<'n>(node: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    node.at(&["depends_on", "nodes"])
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::text)
}

/// The keys of an owner: its e-mail addresses (one or a list), else its name.
pub(super) fn owners(owner: Option<&Node<'_>>) -> Vec<Key> {
    let Some(owner) = owner else {
        return Vec::new();
    };
    let addresses = owner.get("email").map(Node::one_or_many);
    let found: Vec<Key> = addresses
        .unwrap_or_default()
        .iter()
        .filter_map(Node::text)
        .filter(|text| keys::is_email(text))
        .map(keys::email)
        .collect();
    match owner.text_at(&["name"]) {
        Some(name) if found.is_empty() => vec![keys::owner(name, "dbt")],
        _ => found,
    }
}

/// Tags and meta, at the node and under its configuration.
fn labels(key: &Key, node: &Node<'_>, lines: LineSpan, said: &mut Said) {
    let places = [Some(node), node.get("config")];
    let places = || places.into_iter().flatten();
    let mut known = HashSet::new();
    let tags: Vec<Value> = places()
        .filter_map(|place| place.get("tags"))
        .flat_map(Node::one_or_many)
        .filter_map(Node::text)
        .filter(|tag| known.insert(*tag))
        .map(|tag| Value::Text(tag.to_owned()))
        .collect();
    said.attribute(lines, key, "tags", Value::List(tags));
    for meta in places().filter_map(|place| place.get("meta")) {
        for entry in meta.entries() {
            let Some(value) = entry.node.to_value() else {
                continue;
            };
            if let (true, Value::Text(owner)) = (&*entry.key == "owner", &value) {
                said.relation(lines, key, Predicate::OwnedBy, &keys::owner(owner, "dbt"));
            }
            said.tag(lines, key, &entry.key, value);
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
            (path == "dbt/dbt_project.yml").then(Vec::new)
        }

        fn list(&self, _folder: &str) -> Vec<String> {
            Vec::new()
        }
    }

    const MANIFEST: &str = r#"{
"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/manifest/v12.json", "adapter_type": "duckdb"},
"nodes": {
  "model.shop.orders": {
    "resource_type": "model", "name": "orders", "alias": "fct_orders", "database": "w", "schema": "marts",
    "package_name": "shop", "original_file_path": "models/orders.sql", "group": "data",
    "config": {"materialized": "table", "tags": ["gold"], "meta": {"sensitivity": "pii"}, "contract": {"enforced": true}},
    "tags": ["gold", "daily"], "description": "One row per order.",
    "columns": {"id": {"name": "id", "data_type": "int", "constraints": [{"type": "not_null"}], "meta": {"sensitivity": "none"}}},
    "depends_on": {"nodes": ["source.shop.raw.orders", "model.shop.tmp"]}},
  "model.shop.tmp": {"resource_type": "model", "name": "tmp", "schema": "x", "config": {"materialized": "ephemeral"}},
  "model.shop.broken": 7,
  "test.shop.not_null": {"resource_type": "test", "name": "not_null_orders_id", "column_name": "id",
    "attached_node": "model.shop.orders", "depends_on": {"nodes": ["model.shop.orders"]}, "config": {"severity": "ERROR"},
    "test_metadata": {"name": "not_null"}}
},
"sources": {"source.shop.raw.orders": {"resource_type": "source", "name": "orders", "identifier": "ORDERS", "schema": "raw", "source_name": "raw"}},
"exposures": {"exposure.shop.sales": {"name": "sales", "label": "Sales", "type": "dashboard", "owner": {"email": ["a@b.c", "d@b.c"]},
  "url": "https://grafana.example/d/sales-1/sales", "depends_on": {"nodes": ["model.shop.orders"]}}},
"metrics": {"metric.shop.revenue": {"name": "revenue", "depends_on": {"nodes": ["model.shop.orders"]}}},
"groups": {"group.shop.data": {"name": "data", "owner": {"name": "Data", "email": "data@b.c"}, "config": {"meta": {"backstage": "group:default/data"}}}}
}"#;

    #[test]
    fn a_manifest_states_tables_columns_and_their_use() {
        assert_snapshot!(check_with("dbt/target/manifest.json", MANIFEST, &Beside), @r####"
        [21] team "Data" dbt:./dbt/target/group.shop.data
        [21] dbt:./dbt/target/group.shop.data .email = "data@b.c"
        [21] dbt:./dbt/target/group.shop.data is backstage:default/group:default/data
        [4-10] dataset "orders" table:duckdb/w.marts.fct_orders dbt:./dbt/target/model.shop.orders
        [4-10] table:duckdb/w.marts.fct_orders .type = "model"
        [4-10] table:duckdb/w.marts.fct_orders .materialized = "table"
        [4-10] table:duckdb/w.marts.fct_orders .contract = true
        [4-10] table:duckdb/w.marts.fct_orders .description = "One row per order."
        [4-10] table:duckdb/w.marts.fct_orders .tags = ["gold","daily"]
        [4-10] table:duckdb/w.marts.fct_orders .tag_sensitivity = "pii"
        [4-10] table:duckdb/w.marts.fct_orders defined_in file:./dbt/models/orders.sql
        [4-10] table:duckdb/w.marts.fct_orders owned_by dbt:./dbt/target/group.shop.data
        [4-10] table:duckdb/w.marts.fct_orders owned_by email:data@b.c
        [4-10] table:duckdb/w.marts.fct_orders derived_from table:duckdb/raw.ORDERS
        [4-10] table:duckdb/w.marts.fct_orders derived_from dbt:./dbt/target/model.shop.tmp
        [9] column "id" column:duckdb/w.marts.fct_orders#id
        [9] column:duckdb/w.marts.fct_orders#id part_of table:duckdb/w.marts.fct_orders
        [9] column:duckdb/w.marts.fct_orders#id .type = "int"
        [9] column:duckdb/w.marts.fct_orders#id .constraints = ["not_null"]
        [9] column:duckdb/w.marts.fct_orders#id .tag_sensitivity = "none"
        [11] dataset "tmp" dbt:./dbt/target/model.shop.tmp
        [11] dbt:./dbt/target/model.shop.tmp .type = "model"
        [11] dbt:./dbt/target/model.shop.tmp .materialized = "ephemeral"
        [13-15] resource "not_null_orders_id" dbt:./dbt/target/test.shop.not_null
        [13-15] dbt:./dbt/target/test.shop.not_null .type = "test"
        [13-15] dbt:./dbt/target/test.shop.not_null .test = "not_null"
        [13-15] dbt:./dbt/target/test.shop.not_null .severity = "ERROR"
        [13-15] dbt:./dbt/target/test.shop.not_null monitors column:duckdb/w.marts.fct_orders#id
        [17] dataset "orders" table:duckdb/raw.ORDERS dbt:./dbt/target/source.shop.raw.orders
        [17] table:duckdb/raw.ORDERS .type = "source"
        [17] table:duckdb/raw.ORDERS .source_name = "raw"
        [18-19] dashboard "Sales" dbt:./dbt/target/exposure.shop.sales
        [18-19] dbt:./dbt/target/exposure.shop.sales .url = "https://grafana.example/d/sales-1/sales"
        [18-19] dbt:./dbt/target/exposure.shop.sales .label = "Sales"
        [18-19] dbt:./dbt/target/exposure.shop.sales owned_by email:a@b.c
        [18-19] dbt:./dbt/target/exposure.shop.sales owned_by email:d@b.c
        [18-19] dbt:./dbt/target/exposure.shop.sales reads table:duckdb/w.marts.fct_orders
        [18-19] dbt:./dbt/target/exposure.shop.sales is dashboard:grafana/sales-1
        [20] resource "revenue" dbt:./dbt/target/metric.shop.revenue
        [20] dbt:./dbt/target/metric.shop.revenue .type = "metric"
        [20] dbt:./dbt/target/metric.shop.revenue derived_from table:duckdb/w.marts.fct_orders
        [12] problem: the node `model.shop.broken` has no `resource_type`
        "####);
    }

    #[test]
    fn other_json_is_none() {
        assert_snapshot!(check("a.json", r#"{"metadata": {"dbt_schema_version": "https://schemas.getdbt.com/dbt/run-results/v6.json"}}"#), @"");
    }

    #[test]
    fn two_targets_of_a_project_stay_apart() {
        let staging = check("staging/manifest.json", MANIFEST);
        assert!(
            staging.contains("dbt:./staging/model.shop.orders"),
            "{staging}"
        );
        let production = check("production/manifest.json", MANIFEST);
        assert!(!production.contains("dbt:./staging/"), "{production}");
    }
}
