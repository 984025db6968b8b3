//! Answers of OpenMetadata about lineage (`/v1/lineage/…`): nodes, and the edges on both sides of an entity.
//!
//! Older servers list nodes and name the ends of an edge by identifier; newer ones write maps and whole references.
//! What the interface accepts (`{"edge": …}`) is understood too. Data flows from `fromEntity` to `toEntity`.

use std::collections::HashMap;

use virgil_model::{Attributes, Key, Kind, Predicate, Target, Value};

use crate::statements::Said;
use crate::tree::Node;

use super::{names, refer};

/// Whether a record is about lineage.
pub(super) fn is_lineage(record: &Node<'_>) -> bool {
    let has_ends =
        |edge: &Node<'_>| edge.get("fromEntity").is_some() && edge.get("toEntity").is_some();
    record.get("edge").is_some_and(has_ends)
        || has_ends(record)
        || record.get("nodes").is_some()
            && (record.get("upstreamEdges").is_some() || record.get("downstreamEdges").is_some())
}

/// The values of a list or of a map.
fn values<'n, 'a>(node: Option<&'n Node<'a>>) -> Vec<&'n Node<'a>> {
    let Some(node) = node else { return Vec::new() };
    let entries = node.entries().iter().map(|entry| &entry.node);
    node.items().iter().chain(entries).collect()
}

/// States what a record about lineage says.
pub(super) fn state(record: &Node<'_>, said: &mut Said) {
    let mut nodes: HashMap<&str, &Node<'_>> = HashMap::new();
    let listed = values(record.get("nodes"));
    for node in record.get("entity").into_iter().chain(listed) {
        let node = node.get("entity").unwrap_or(node);
        if let Some(id) = node.text_at(&["id"]) {
            nodes.insert(id, node);
        }
        refer(node, said);
    }
    let mut edges = Vec::new();
    for field in ["upstreamEdges", "downstreamEdges"] {
        edges.extend(values(record.get(field)));
    }
    if record.get("fromEntity").is_some() {
        edges.push(record);
    }
    edges.extend(record.get("edge"));
    for edge in edges {
        self::edge(edge, &nodes, said);
    }
}

/// One end of an edge: its key, its type and its full name.
struct End<'n> {
    key: Key,
    kind_name: &'n str,
    name: Option<&'n str>,
}

fn end<'n>(
    edge: &'n Node<'_>,
    field: &str,
    nodes: &HashMap<&str, &'n Node<'_>>,
    said: &mut Said,
) -> Option<End<'n>> {
    let written = edge.get(field)?;
    let id = written.text().or_else(|| written.text_at(&["id"]));
    let named = |node: &&Node<'_>| node.text_at(&["fullyQualifiedName"]).is_some();
    let known = id.and_then(|id| nodes.get(id)).copied();
    let node = Some(written)
        .filter(named)
        .or(known)
        .filter(|node| node.is_map());
    match node {
        Some(node) => Some(End {
            key: refer(node, said)?,
            kind_name: node.text_at(&["type"]).unwrap_or("entity"),
            name: node.text_at(&["fullyQualifiedName"]),
        }),
        // An entity that another file describes.
        None => Some(End {
            key: names::id_key(id?),
            kind_name: written.text_at(&["type"]).unwrap_or("entity"),
            name: None,
        }),
    }
}

fn edge(edge: &Node<'_>, nodes: &HashMap<&str, &Node<'_>>, said: &mut Said) {
    let ends = end(edge, "fromEntity", nodes, said).zip(end(edge, "toEntity", nodes, said));
    let Some((from, to)) = ends else {
        said.problem(edge.line, "the edge of OpenMetadata has no two ends");
        return;
    };
    let lines = edge.lines();
    let details = edge.get("lineageDetails").unwrap_or(edge);
    let by = details
        .get("pipeline")
        .and_then(|pipeline| refer(pipeline, said));
    let mut attributes = Attributes::new();
    if let Some(by) = &by {
        attributes.insert("by".to_owned(), Value::Text(by.to_string()));
    }
    if let Some(source) = details.text_at(&["source"]) {
        attributes.insert("stated_by".to_owned(), Value::Text(source.to_owned()));
    }
    // What runs reads and writes; data and what is made of it are derived.
    let works = |end: &End<'_>| matches!(names::kind(end.kind_name), Kind::Pipeline | Kind::Task);
    let (subject, predicate, object) = match (works(&from), works(&to)) {
        (true, false) => (&from.key, Predicate::Writes, &to.key),
        (false, true) => (&to.key, Predicate::Reads, &from.key),
        (true, true) => (&to.key, Predicate::DependsOn, &from.key),
        (false, false) => match names::kind(to.kind_name) {
            Kind::Dashboard => (&to.key, Predicate::Reads, &from.key),
            Kind::Model if names::kind(from.kind_name) == Kind::Dataset => {
                (&to.key, Predicate::TrainedOn, &from.key)
            }
            Kind::Resource => (&to.key, Predicate::DependsOn, &from.key),
            _ => (&to.key, Predicate::DerivedFrom, &from.key),
        },
    };
    let object = Target::Key(object.clone());
    said.relation_with(lines, subject, predicate, object, attributes.clone());
    if let Some(by) = &by {
        said.relation(lines, by, Predicate::Reads, &from.key);
        said.relation(lines, by, Predicate::Writes, &to.key);
    }
    let columns = details
        .get("columnsLineage")
        .or_else(|| details.get("columns"));
    for mapping in columns.map_or(&[][..], Node::items) {
        self::columns(mapping, &from, &to, said);
    }
}

fn columns(mapping: &Node<'_>, from: &End<'_>, to: &End<'_>, said: &mut Said) {
    let column = |end: &End<'_>, name: &str| names::column(&end.key, end.name?, name);
    let Some(subject) = mapping
        .text_at(&["toColumn"])
        .and_then(|name| column(to, name))
    else {
        said.problem(
            mapping.line,
            "the column of the lineage is not one of the entity's",
        );
        return;
    };
    let function = mapping.text_at(&["function"]);
    let attributes: Attributes = function
        .map(|text| ("function".to_owned(), Value::Text(text.to_owned())))
        .into_iter()
        .collect();
    for item in mapping.get("fromColumns").map_or(&[][..], Node::items) {
        match item.text().and_then(|name| column(from, name)) {
            Some(object) => {
                let object = Target::Key(object);
                let predicate = Predicate::DerivedFrom;
                said.relation_with(
                    item.lines(),
                    &subject,
                    predicate,
                    object,
                    attributes.clone(),
                );
            }
            None => said.problem(
                item.line,
                "the column of the lineage is not one of the entity's",
            ),
        }
    }
}
