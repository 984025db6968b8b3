//! The rest of a manifest of dbt: what uses its relations (exposures, metrics, semantic models, saved
//! queries), what checks them (tests, unit tests), and who owns them (groups).

use std::collections::HashMap;

use virgil_model::{Key, Kind, LineSpan, Predicate};

use crate::keys;
use crate::statements::Said;
use crate::tree::Node;

use super::dbt::{Project, depends_on, id_key, owners};

/// The groups as teams; gives the owners of each by the group's name.
pub(super) fn groups<'n>(
    path: &str,
    manifest: &'n Node<'_>,
    said: &mut Said,
) -> HashMap<&'n str, Vec<Key>> {
    let mut found = HashMap::new();
    for entry in manifest
        .get("groups")
        .map(Node::entries)
        .unwrap_or_default()
    {
        let (node, lines) = (&entry.node, entry.lines());
        let Some(name) = node.text_at(&["name"]) else {
            said.problem(entry.line, format!("the group `{}` has no name", entry.key));
            continue;
        };
        let key = id_key(path, &entry.key);
        let title = node.text_at(&["owner", "name"]).unwrap_or(name);
        said.mention(lines, Kind::Team, &[&key], title);
        for name in ["description", "email"] {
            let text = node
                .text_at(&[name])
                .or_else(|| node.text_at(&["owner", name]));
            said.text(lines, &key, name, text.unwrap_or_default());
        }
        // A full reference to the catalogue is a declaration of identity, wherever people write it.
        let reference = node
            .text_at(&["config", "meta", "backstage"])
            .or_else(|| node.text_at(&["meta", "backstage"]))
            .filter(|text| text.starts_with("group:") && text.contains('/'));
        if let Some(reference) = reference {
            said.same(lines, &key, &keys::backstage(reference));
        }
        found.insert(name, owners(node.get("owner")));
    }
    found
}

/// A test checks its column, else the relations that it reads.
pub(super) fn test(
    project: &Project<'_>,
    unique_id: &str,
    node: &Node<'_>,
    lines: LineSpan,
    said: &mut Said,
) {
    let key = project.id_key(unique_id);
    let name = node.text_at(&["name"]).unwrap_or(unique_id);
    said.mention(lines, Kind::Resource, &[&key], name);
    said.text(lines, &key, "type", "test");
    for (name, path) in [
        ("test", &["test_metadata", "name"]),
        ("severity", &["config", "severity"]),
    ] {
        said.text(lines, &key, name, node.text_at(path).unwrap_or_default());
    }
    project.common(&key, node, lines, said);
    match (
        node.text_at(&["attached_node"]),
        node.text_at(&["column_name"]),
    ) {
        (Some(attached), Some(column)) => {
            let column = keys::column(&project.key(attached), column);
            said.relation(lines, &key, Predicate::Monitors, &column);
        }
        (Some(attached), None) => {
            said.relation(lines, &key, Predicate::Monitors, &project.key(attached));
        }
        (None, _) => {
            for other in depends_on(node) {
                said.relation(lines, &key, Predicate::Monitors, &project.key(other));
            }
        }
    }
}

/// Everything that uses the relations.
pub(super) fn uses(project: &Project<'_>, manifest: &Node<'_>, said: &mut Said) {
    for part in [
        "exposures",
        "metrics",
        "semantic_models",
        "saved_queries",
        "unit_tests",
    ] {
        for entry in manifest.get(part).map(Node::entries).unwrap_or_default() {
            if entry.node.is_map() {
                user(project, part, &entry.key, &entry.node, entry.lines(), said);
            } else {
                said.problem(entry.line, format!("`{}` is no map", entry.key));
            }
        }
    }
}

fn user(
    project: &Project<'_>,
    part: &str,
    unique_id: &str,
    node: &Node<'_>,
    lines: LineSpan,
    said: &mut Said,
) {
    let key = project.id_key(unique_id);
    let own_type = node.text_at(&["type"]);
    let (kind, predicate, type_name) = match (part, own_type) {
        ("exposures", Some("dashboard")) => (Kind::Dashboard, Predicate::Reads, None),
        ("exposures", Some("notebook")) => (Kind::Notebook, Predicate::Reads, None),
        ("exposures", Some("application")) => {
            (Kind::Component, Predicate::Reads, Some("application"))
        }
        ("exposures", other) => (
            Kind::Resource,
            Predicate::Reads,
            Some(other.unwrap_or("exposure")),
        ),
        ("unit_tests", _) => (Kind::Resource, Predicate::Monitors, Some("unit_test")),
        ("metrics", _) => (Kind::Resource, Predicate::DerivedFrom, Some("metric")),
        ("semantic_models", _) => (
            Kind::Resource,
            Predicate::DerivedFrom,
            Some("semantic_model"),
        ),
        (_, _) => (Kind::Resource, Predicate::DerivedFrom, Some("saved_query")),
    };
    let name = node
        .text_at(&["label"])
        .or_else(|| node.text_at(&["name"]))
        .unwrap_or(unique_id);
    said.mention(lines, kind, &[&key], name);
    said.text(lines, &key, "type", type_name.unwrap_or_default());
    project.common(&key, node, lines, said);
    for other in depends_on(node) {
        said.relation(lines, &key, predicate, &project.key(other));
    }
    if let Some(url) = node.text_at(&["url"]).filter(|_| part == "exposures") {
        address(&key, kind, url, lines, said);
    }
}

/// What the address of an exposure names: a dashboard of Grafana is the exposure itself, a model of an MLflow
/// registry depends on it.
fn address(key: &Key, kind: Kind, url: &str, lines: LineSpan, said: &mut Said) {
    let name_after = |marker: &str| {
        let (_, rest) = url.split_once(marker)?;
        let name = rest.split(['/', '?', '#', '&']).next()?;
        (!name.is_empty()).then_some(name)
    };
    if kind == Kind::Dashboard
        && let Some(uid) = name_after("/d/")
    {
        said.same(lines, key, &keys::grafana_dashboard(uid));
    }
    if let Some(model) = name_after("/#/models/") {
        let model = keys::mlflow_model(model);
        said.relation(lines, &model, Predicate::DependsOn, key);
    }
}
