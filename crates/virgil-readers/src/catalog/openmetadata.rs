//! Entities of OpenMetadata as JSON
//! (<https://github.com/open-metadata/OpenMetadata/tree/main/openmetadata-spec/src/main/resources/json/schema/entity>):
//! answers of its interface, one, in `data` or as a list, and answers about lineage.
//!
//! An entity is known by its full name and its identifier. Newer servers write `owners` and `domains`, older ones
//! `owner` and `domain`; both count. What is soft-deleted says nothing.

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::Node;

mod edges;
mod names;

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "openmetadata",
    accepts,
    state,
};

/// How deep columns may nest.
const MAX_DEPTH: usize = 8;

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "json" | "jsonl" | "ndjson")
        && (asset.mentions(&["\"fullyQualifiedName\""]) || asset.mentions(&["\"fromEntity\""]))
        && records(asset).any(|record| {
            edges::is_lineage(record)
                || record.text_at(&["fullyQualifiedName"]).is_some()
                    && names::type_of(record).is_some()
        })
}

fn records<'n, 'a>(asset: &'n Asset<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    asset
        .documents()
        .iter()
        .flat_map(Node::one_or_many)
        .flat_map(|node| node.get("data").unwrap_or(node).one_or_many())
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    said.problems.extend(asset.broken().iter().cloned());
    for record in records(asset) {
        if edges::is_lineage(record) {
            edges::state(record, said);
            continue;
        }
        let name = record.text_at(&["fullyQualifiedName"]);
        match names::type_of(record).zip(name) {
            Some((kind_name, name)) => entity(record, kind_name, name, said),
            None => said.problem(
                record.line,
                "the record of OpenMetadata has no full name or no known type",
            ),
        }
    }
}

/// The key of what a reference names, which is mentioned with its identifier.
fn refer(reference: &Node<'_>, said: &mut Said) -> Option<Key> {
    let kind_name = reference.text_at(&["type"]).unwrap_or("entity");
    let name = reference
        .text_at(&["fullyQualifiedName"])
        .or_else(|| reference.text_at(&["name"]));
    let key = name.and_then(|name| names::key(kind_name, name));
    let id = reference.text_at(&["id"]).map(names::id_key);
    let all: Vec<&Key> = key.iter().chain(&id).collect();
    let first = (*all.first()?).clone();
    if let Some(name) = name {
        let shown = reference.text_at(&["name"]).unwrap_or(name);
        said.mention(reference.lines(), names::kind(kind_name), &all, shown);
    }
    Some(first)
}

fn entity(node: &Node<'_>, kind_name: &'static str, full_name: &str, said: &mut Said) {
    if node.text_at(&["deleted"]) == Some("true") {
        return;
    }
    let Some(key) = names::key(kind_name, full_name) else {
        said.problem(node.line, "the full name of the entity has an empty part");
        return;
    };
    let entry = node.entry("fullyQualifiedName");
    let line = entry.map_or(LineSpan::line(node.line), |entry| entry.lines());
    let service_type = node.text_at(&["serviceType"]).unwrap_or_default();
    let id = node.text_at(&["id"]).map(names::id_key);
    let elsewhere = match kind_name {
        "mlmodel" if service_type.eq_ignore_ascii_case("mlflow") => {
            node.text_at(&["name"]).map(keys::mlflow_model)
        }
        "container" => node
            .text_at(&["fullPath"])
            .filter(|path| keys::is_uri(path))
            .map(keys::uri),
        "user" => node
            .text_at(&["email"])
            .filter(|text| keys::is_email(text))
            .map(keys::email),
        _ => None,
    };
    let all: Vec<&Key> = [&key].into_iter().chain(&elsewhere).chain(&id).collect();
    let name = node
        .text_at(&["displayName"])
        .or_else(|| node.text_at(&["name"]))
        .unwrap_or(full_name);
    said.mention(line, names::kind(kind_name), &all, name);
    if names::kind(kind_name) == Kind::Resource {
        said.text(line, &key, "type", &keys::snake(kind_name));
    }
    let entity = Entity {
        key: &key,
        name: full_name,
    };
    entity.common(node, said);
    match kind_name {
        "table" | "container" | "dashboardDataModel" | "topic" | "searchIndex" => {
            entity.dataset(node, said)
        }
        "pipeline" => entity.pipeline(node, said),
        "dashboard" => {
            entity.references(node, "charts", Predicate::DependsOn, said);
            entity.references(node, "dataModels", Predicate::Reads, said);
        }
        "mlmodel" => entity.model(node, said),
        "user" => entity.references(node, "teams", Predicate::MemberOf, said),
        "team" => entity.references(node, "parents", Predicate::MemberOf, said),
        _ => {}
    }
}

struct Entity<'e> {
    key: &'e Key,
    name: &'e str,
}

impl Entity<'_> {
    /// The fields of all entities.
    fn common(&self, node: &Node<'_>, said: &mut Said) {
        for (field, attribute) in [
            ("description", "description"),
            ("serviceType", "platform"),
            ("tableType", "table_type"),
            ("algorithm", "algorithm"),
            ("target", "target"),
            ("server", "endpoint"),
            ("scheduleInterval", "schedule"),
            ("certification", "certification"),
        ] {
            if let Some(entry) = node.entry(field)
                && let Some(text) = entry.node.text()
            {
                said.text(entry.lines(), self.key, attribute, text);
            }
        }
        for field in ["owner", "owners"] {
            self.references(node, field, Predicate::OwnedBy, said);
        }
        for field in ["domain", "domains", "dataProducts"] {
            self.references(node, field, Predicate::PartOf, said);
        }
        labels(self.key, node, said);
    }

    /// The things that a field refers to, one or a list.
    fn references(&self, node: &Node<'_>, field: &str, predicate: Predicate, said: &mut Said) {
        let Some(value) = node.get(field) else { return };
        for reference in value.one_or_many().iter().filter(|item| item.is_map()) {
            match refer(reference, said) {
                Some(other) => said.relation(reference.lines(), self.key, predicate, &other),
                None => said.problem(
                    reference.line,
                    format!("the reference of `{field}` has no name"),
                ),
            }
        }
    }

    fn dataset(&self, node: &Node<'_>, said: &mut Said) {
        self.references(node, "databaseSchema", Predicate::PartOf, said);
        self.references(node, "parent", Predicate::PartOf, said);
        let places: [&[&str]; 4] = [
            &["columns"],
            &["dataModel", "columns"],
            &["messageSchema", "schemaFields"],
            &["fields"],
        ];
        let keys_of = node.get("tableConstraints").map_or(&[][..], Node::items);
        let primary: Vec<&str> = keys_of
            .iter()
            .filter(|item| item.text_at(&["constraintType"]) == Some("PRIMARY_KEY"))
            .flat_map(|item| item.get("columns").map_or(&[][..], Node::items))
            .filter_map(Node::text)
            .collect();
        for columns in places.iter().filter_map(|place| node.at(place)) {
            self.columns(columns, "", &primary, 0, said);
        }
        // What dbt says that a table is made from.
        let upstream = node
            .at(&["dataModel", "upstream"])
            .map_or(&[][..], Node::items);
        for item in upstream {
            if let Some(other) = item.text().and_then(|name| names::key("table", name)) {
                said.relation(item.lines(), self.key, Predicate::DerivedFrom, &other);
            }
        }
    }

    fn columns(
        &self,
        columns: &Node<'_>,
        prefix: &str,
        primary: &[&str],
        depth: usize,
        said: &mut Said,
    ) {
        for column in columns.items() {
            let Some(name) = column.text_at(&["name"]) else {
                said.problem(column.line, "the column has no name");
                continue;
            };
            let path = format!("{prefix}{name}");
            let key = keys::column(self.key, &path);
            let lines = column.lines();
            said.mention(lines, Kind::Column, &[&key], &path);
            said.relation(lines, &key, Predicate::PartOf, self.key);
            let written = column
                .text_at(&["dataTypeDisplay"])
                .or_else(|| column.text_at(&["dataType"]));
            said.text(lines, &key, "type", written.unwrap_or_default());
            said.text(
                lines,
                &key,
                "description",
                column.text_at(&["description"]).unwrap_or_default(),
            );
            if column.text_at(&["constraint"]) == Some("PRIMARY_KEY")
                || primary.contains(&path.as_str())
            {
                said.attribute(lines, &key, "primary_key", Value::Bool(true));
            }
            labels(&key, column, said);
            if let Some(inner) = column.get("children").filter(|_| depth < MAX_DEPTH) {
                self.columns(inner, &format!("{path}."), primary, depth + 1, said);
            }
        }
    }

    fn pipeline(&self, node: &Node<'_>, said: &mut Said) {
        let task_key = |name: &str| {
            Key::scoped(
                names::OPENMETADATA,
                "task",
                &format!("{}.{name}", self.name),
            )
        };
        for task in node.get("tasks").map_or(&[][..], Node::items) {
            let Some(name) = task.text_at(&["name"]) else {
                said.problem(task.line, "the task has no name");
                continue;
            };
            let key = task_key(name);
            let lines = task.lines();
            said.mention(
                lines,
                Kind::Task,
                &[&key],
                task.text_at(&["displayName"]).unwrap_or(name),
            );
            said.relation(lines, &key, Predicate::PartOf, self.key);
            for (field, attribute) in [("description", "description"), ("taskType", "type")] {
                said.text(
                    lines,
                    &key,
                    attribute,
                    task.text_at(&[field]).unwrap_or_default(),
                );
            }
            labels(&key, task, said);
            for next in task.get("downstreamTasks").map_or(&[][..], Node::items) {
                if let Some(name) = next.text() {
                    said.relation(next.lines(), &task_key(name), Predicate::DependsOn, &key);
                }
            }
        }
    }

    fn model(&self, node: &Node<'_>, said: &mut Said) {
        for feature in node.get("mlFeatures").map_or(&[][..], Node::items) {
            let Some(name) = feature.text_at(&["name"]) else {
                said.problem(feature.line, "the feature has no name");
                continue;
            };
            let key = Key::scoped(
                names::OPENMETADATA,
                "feature",
                &format!("{}.{name}", self.name),
            );
            let lines = feature.lines();
            said.mention(lines, Kind::Column, &[&key], name);
            said.relation(lines, self.key, Predicate::TrainedOn, &key);
            for (field, attribute) in [
                ("description", "description"),
                ("dataType", "type"),
                ("featureAlgorithm", "algorithm"),
            ] {
                said.text(
                    lines,
                    &key,
                    attribute,
                    feature.text_at(&[field]).unwrap_or_default(),
                );
            }
            labels(&key, feature, said);
            for source in feature.get("featureSources").map_or(&[][..], Node::items) {
                feature_source(&key, source, said);
            }
        }
        for parameter in node.get("mlHyperParameters").map_or(&[][..], Node::items) {
            if let Some((name, value)) = parameter
                .text_at(&["name"])
                .zip(parameter.get("value").and_then(Node::to_value))
            {
                said.attribute(
                    parameter.lines(),
                    self.key,
                    &format!("param_{}", keys::snake(name)),
                    value,
                );
            }
        }
        if let Some(storage) = node.at(&["mlStore", "storage"])
            && let Some(place) = storage.text().filter(|text| keys::is_uri(text))
        {
            said.relation(
                storage.lines(),
                self.key,
                Predicate::StoredAt,
                &keys::uri(place),
            );
        }
        if let Some(dashboard) = node.get("dashboard")
            && let Some(watcher) = refer(dashboard, said)
        {
            said.relation(dashboard.lines(), &watcher, Predicate::Monitors, self.key);
        }
    }
}

/// The column, or at least the table, that a feature is made from.
fn feature_source(feature: &Key, source: &Node<'_>, said: &mut Said) {
    let Some(table) = source
        .get("dataSource")
        .and_then(|reference| refer(reference, said))
    else {
        return;
    };
    let origin = match source.text_at(&["name"]) {
        Some(column) if table.scheme == "table" => keys::column(&table, column),
        _ => table,
    };
    said.relation(source.lines(), feature, Predicate::DerivedFrom, &origin);
}

/// Tags of a classification are labels with a value (`PII.Sensitive`); those of a glossary are its terms.
fn labels(of: &Key, node: &Node<'_>, said: &mut Said) {
    for tag in node.get("tags").map_or(&[][..], Node::items) {
        let Some(name) = tag.text_at(&["tagFQN"]) else {
            continue;
        };
        let lines = tag.lines();
        if tag.text_at(&["source"]) == Some("Glossary") {
            let term = Value::List(vec![Value::Text(names::parts(name).join("."))]);
            said.attribute(lines, of, "glossary_terms", term);
            continue;
        }
        match names::parts(name).split_first() {
            Some((label, [])) => said.tag(lines, of, label, Value::Bool(true)),
            Some((label, rest)) => said.tag(lines, of, label, Value::Text(rest.join("."))),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
