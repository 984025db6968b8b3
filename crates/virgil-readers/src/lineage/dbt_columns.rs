//! Where the columns of dbt's models come from: the compiled SQL of the manifest, traced to columns of what it reads.
//!
//! The columns of relations are those of the catalogue beside the manifest; without one, those that the compiled SQL
//! of a model gives, where it gives them all. A column that cannot be traced without guessing is not stated.

use std::collections::{HashMap, HashSet};

use virgil_model::{Files, Key, Kind, LineSpan, Predicate};

use crate::keys;
use crate::lines::problem;
use crate::sql::lineage::{Catalog, Columns, Rest, trace};
use crate::sql::name::{Name, Place, is_same};
use crate::sql::parse::parse;
use crate::sql::state::derived;
use crate::statements::Said;
use crate::tree::{self, Node};

use super::dbt::{Project, depends_on};

/// More models than this are not traced.
const MAX_MODELS: usize = 20_000;

/// States the origins of the columns of all models; `path` is the manifest's.
pub(super) fn columns(
    project: &Project<'_>,
    manifest: &Node<'_>,
    adapter: &str,
    path: &str,
    files: &dyn Files,
    said: &mut Said,
) {
    let mut relations = Relations::of(manifest);
    let catalog = files.read(&keys::beside(path, "catalog.json"));
    if let Some(text) = catalog.and_then(|bytes| String::from_utf8(bytes).ok()) {
        relations.reported(&tree::json(&text));
    }
    let mut unread: Option<(usize, u32, String)> = None;
    for (unique_id, node) in in_order(manifest) {
        let Some(code) = node.entry("compiled_code") else {
            continue;
        };
        let Some(text) = code.node.text().filter(|text| !text.trim().is_empty()) else {
            continue;
        };
        if node
            .text_at(&["language"])
            .is_some_and(|language| language != "sql")
        {
            continue;
        }
        let traced = match parse(text, Some(adapter)) {
            Ok(statements) => match statements.as_slice() {
                [sqlparser::ast::Statement::Query(query)] => trace(query, &relations),
                _ => continue,
            },
            Err(failure) => {
                let message = format!("`{unique_id}`: {}", failure.message);
                unread.get_or_insert((0, code.line, message)).0 += 1;
                continue;
            }
        };
        let key = project.key(unique_id);
        model(
            &key,
            unique_id,
            &traced,
            project,
            &relations,
            adapter,
            code.lines(),
            said,
        );
        relations.given(unique_id, &traced);
    }
    if let Some((count, line, message)) = unread {
        let what = format!("the compiled SQL of {count} models is not understood, the first");
        said.problems.push(problem(Some(line), &what, &message));
    }
}

#[expect(clippy::too_many_arguments, reason = "one step of one loop")]
fn model(
    key: &Key,
    unique_id: &str,
    traced: &Columns,
    project: &Project<'_>,
    relations: &Relations<'_>,
    adapter: &str,
    lines: LineSpan,
    said: &mut Said,
) {
    for output in &traced.known {
        let Some(name) = &output.name else {
            continue;
        };
        if output.origins.is_empty() {
            continue;
        }
        let name = relations.spelling(unique_id, name);
        let column = keys::column(key, &name);
        said.mention(lines, Kind::Column, &[&column], &name);
        said.relation(lines, &column, Predicate::PartOf, key);
        for ((place, origin), step) in &output.origins {
            let table = match place {
                Place::Table(name) => match relations.find(name) {
                    Some(unique_id) => project.key(unique_id),
                    None => keys::table(adapter, &name.text()),
                },
                Place::Uri(uri) => keys::uri(uri),
            };
            derived(lines, &column, &keys::column(&table, origin), *step, said);
        }
    }
}

/// The models, seeds' readers and snapshots, each behind what it depends on.
fn in_order<'n, 'a>(manifest: &'n Node<'a>) -> Vec<(&'n str, &'n Node<'a>)> {
    let entries = manifest.get("nodes").map(Node::entries).unwrap_or_default();
    let nodes: HashMap<&str, &Node<'_>> = entries
        .iter()
        .filter(|entry| {
            let kind = entry.node.text_at(&["resource_type"]);
            matches!(kind, Some("model" | "snapshot"))
        })
        .take(MAX_MODELS)
        .map(|entry| (&*entry.key, &entry.node))
        .collect();
    let mut ordered = Vec::new();
    let mut done: HashSet<&str> = HashSet::new();
    for entry in entries {
        // Depth first, without recursion: a node comes when all below it have come.
        let mut open = vec![(&*entry.key, false)];
        while let Some((id, is_ready)) = open.pop() {
            let Some(node) = nodes.get(id) else {
                continue;
            };
            if is_ready {
                ordered.push((id, *node));
            } else if done.insert(id) {
                open.push((id, true));
                open.extend(depends_on(node).map(|other| (other, false)));
            }
        }
    }
    ordered
}

/// The relations that a manifest names, with their columns as far as those are known.
struct Relations<'n> {
    /// The identifier by the last two parts of the name, in lower case; several where databases differ.
    by_name: HashMap<String, Vec<(Name, &'n str)>>,
    columns: HashMap<String, Vec<String>>,
}

impl<'n> Relations<'n> {
    fn of(manifest: &'n Node<'_>) -> Relations<'n> {
        let mut by_name: HashMap<String, Vec<(Name, &str)>> = HashMap::new();
        let entries = ["nodes", "sources"]
            .into_iter()
            .filter_map(|part| manifest.get(part))
            .flat_map(Node::entries);
        for entry in entries {
            let node = &entry.node;
            let kind = node.text_at(&["resource_type"]);
            if !matches!(kind, Some("model" | "seed" | "snapshot" | "source")) {
                continue;
            }
            let table = ["identifier", "alias", "name"]
                .iter()
                .find_map(|field| node.text_at(&[field]));
            let parts = [
                node.text_at(&["database"]),
                node.text_at(&["schema"]),
                table,
            ];
            let parts = parts
                .into_iter()
                .flatten()
                .map(|text| crate::sql::name::Part {
                    text: text.to_owned(),
                    is_quoted: false,
                });
            let name = Name(parts.collect());
            let known = by_name.entry(last_two(&name)).or_default();
            known.push((name, &entry.key));
        }
        Relations {
            by_name,
            columns: HashMap::new(),
        }
    }

    /// Takes the columns that the warehouse reported.
    fn reported(&mut self, catalog: &[Node<'_>]) {
        for part in ["nodes", "sources"] {
            let entries = catalog.iter().filter_map(|node| node.get(part));
            for entry in entries.flat_map(Node::entries) {
                let columns = entry.node.get("columns").map(Node::entries);
                let columns: Vec<String> = columns
                    .unwrap_or_default()
                    .iter()
                    .map(|entry| {
                        entry
                            .node
                            .text_at(&["name"])
                            .unwrap_or(&entry.key)
                            .to_owned()
                    })
                    .collect();
                if !columns.is_empty() {
                    self.columns.insert(entry.key.to_string(), columns);
                }
            }
        }
    }

    /// Takes the columns that a model's own SQL gives, where the warehouse reported none.
    fn given(&mut self, unique_id: &str, traced: &Columns) {
        let names: Option<Vec<String>> = traced
            .known
            .iter()
            .map(|output| output.name.clone())
            .collect();
        if let (Some(names), Rest::Nothing) = (names, &traced.rest) {
            self.columns.entry(unique_id.to_owned()).or_insert(names);
        }
    }

    /// The identifier of the relation with a name; `None` where there are several.
    fn find(&self, name: &Name) -> Option<&'n str> {
        let candidates = self.by_name.get(&last_two(name))?;
        let mut matching = candidates
            .iter()
            .filter(|(other, _)| name.ends(other) || other.ends(name));
        match (matching.next(), matching.next()) {
            (Some((_, unique_id)), None) => Some(unique_id),
            _ => None,
        }
    }

    /// A column's name as the warehouse spells it.
    fn spelling(&self, unique_id: &str, column: &str) -> String {
        let known = self.columns.get(unique_id).into_iter().flatten();
        let mut known = known.filter(|name| is_same(name, column));
        known.next().map_or_else(|| column.to_owned(), Clone::clone)
    }
}

impl Catalog for Relations<'_> {
    fn columns(&self, table: &Name) -> Option<Vec<String>> {
        self.columns.get(self.find(table)?).cloned()
    }
}

fn last_two(name: &Name) -> String {
    let parts = name.0.iter().rev().take(2);
    let parts: Vec<String> = parts.map(|part| part.text.to_lowercase()).collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check_with;
    use virgil_model::Files;

    struct Artifacts;

    impl Files for Artifacts {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            let path = format!(
                "{}/../../examples/bottega/data-platform/dbt/{path}",
                env!("CARGO_MANIFEST_DIR")
            );
            std::fs::read(path).ok()
        }

        fn list(&self, _folder: &str) -> Vec<String> {
            Vec::new()
        }
    }

    fn manifest() -> String {
        let bytes = Artifacts
            .read("artifacts/manifest.json")
            .expect("the sample");
        String::from_utf8(bytes).expect("UTF-8")
    }

    /// The edges from column to column, without their lines and the prefix of the sample's warehouse.
    fn edges(shown: &str) -> Vec<String> {
        let edges = shown
            .lines()
            .filter_map(|line| line.split_once("] column:"));
        let edges = edges.filter(|(_, edge)| edge.contains(" derived_from column:"));
        edges
            .map(|(_, edge)| edge.replace("duckdb/warehouse.", "").replace("column:", ""))
            .collect()
    }

    /// What OpenLineage's dbt integration recorded for the same models.
    fn recorded() -> Vec<String> {
        let bytes = Artifacts
            .read("../lineage/dbt-events.ndjson")
            .expect("the sample");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let mut found = Vec::new();
        for event in text.lines() {
            let event: serde_json::Value = serde_json::from_str(event).expect("JSON");
            for output in event["outputs"].as_array().into_iter().flatten() {
                let fields = output["facets"]["columnLineage"]["fields"].as_object();
                for (column, field) in fields.into_iter().flatten() {
                    for input in field["inputFields"].as_array().into_iter().flatten() {
                        let table = |node: &serde_json::Value| {
                            let name = node["name"].as_str().expect("a name");
                            name.trim_start_matches("warehouse.").to_owned()
                        };
                        found.push(format!(
                            "{}#{column} {}#{}",
                            table(output),
                            table(input),
                            input["field"].as_str().expect("a field")
                        ));
                    }
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn columns_come_from_where_openlineage_recorded_them() {
        let shown = check_with("artifacts/manifest.json", &manifest(), &Artifacts);
        assert!(!shown.contains("problem:"), "{shown}");
        let mut stated: Vec<String> = edges(&shown)
            .iter()
            .map(|edge| {
                let edge = edge.split(" {").next().expect("an edge");
                edge.replace(" derived_from ", " ")
            })
            .collect();
        stated.sort();
        let recorded = recorded();
        assert!(recorded.len() > 50, "{recorded:?}");
        assert_eq!(stated, recorded);
    }
}
