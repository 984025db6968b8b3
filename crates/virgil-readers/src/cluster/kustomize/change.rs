//! What a kustomization changes in everything that it takes in: namespace, names, labels, annotations and images.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::cluster::object::has_namespace;
use crate::tree::{Entry, Node, Value};

use super::patch::{plain, replace_image, set};

/// Kinds whose names stay as they are.
const NAMED_FOREVER: &[&str] = &["CustomResourceDefinition", "APIService", "Namespace"];

/// How deep references are looked for.
const MAX_DEPTH: usize = 40;

/// Changes objects as the fields of a kustomization say.
pub(super) fn all<'a>(document: &Node<'a>, objects: &mut [&mut Node<'a>]) {
    if let Some(namespace) = document.entry("namespace")
        && let Some(text) = namespace.node.text()
    {
        for node in objects.iter_mut() {
            let (group, kind) = group_and_kind(node);
            if has_namespace(&group, &kind) {
                set(
                    node,
                    &["metadata", "namespace"],
                    plain(text, namespace.line),
                );
            }
        }
    }
    names(document, objects);
    labels(document, objects);
    for image in document.get("images").map_or(&[][..], Node::items) {
        for node in objects.iter_mut() {
            replace_image(node, image);
        }
    }
}

fn group_and_kind(node: &Node<'_>) -> (String, String) {
    let version = node.text_at(&["apiVersion"]).unwrap_or_default();
    let group = version.split_once('/').map_or("core", |(group, _)| group);
    (
        group.to_owned(),
        node.text_at(&["kind"]).unwrap_or_default().to_owned(),
    )
}

/// A prefix and a suffix of all names, and of the references to what was renamed.
fn names<'a>(document: &Node<'a>, objects: &mut [&mut Node<'a>]) {
    let prefix = document.text_at(&["namePrefix"]).unwrap_or_default();
    let suffix = document.text_at(&["nameSuffix"]).unwrap_or_default();
    if prefix.is_empty() && suffix.is_empty() {
        return;
    }
    let mut renamed: BTreeMap<(String, String), String> = BTreeMap::new();
    for node in objects.iter_mut() {
        let (_, kind) = group_and_kind(node);
        let Some(name) = node.text_at(&["metadata", "name"]).map(str::to_owned) else {
            continue;
        };
        if NAMED_FOREVER.contains(&kind.as_str()) {
            continue;
        }
        let new = format!("{prefix}{name}{suffix}");
        let line = node
            .at(&["metadata", "name"])
            .map_or(node.line, |node| node.line);
        set(node, &["metadata", "name"], plain(&new, line));
        renamed.insert((kind, name), new);
    }
    for node in objects.iter_mut() {
        references(node, &renamed, 0);
    }
}

/// The field in which a name stands below a field, and the kind of what it names.
const REFERENCES: &[(&str, &str, &str)] = &[
    ("configMap", "name", "ConfigMap"),
    ("configMapRef", "name", "ConfigMap"),
    ("configMapKeyRef", "name", "ConfigMap"),
    ("secret", "secretName", "Secret"),
    ("secret", "name", "Secret"),
    ("secretRef", "name", "Secret"),
    ("secretKeyRef", "name", "Secret"),
    (
        "persistentVolumeClaim",
        "claimName",
        "PersistentVolumeClaim",
    ),
    ("service", "name", "Service"),
];

fn references(node: &mut Node<'_>, renamed: &BTreeMap<(String, String), String>, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match &mut node.value {
        Value::List(items) => {
            for item in items {
                references(item, renamed, depth + 1);
            }
        }
        Value::Map(entries) => {
            for entry in entries {
                for (field, name, kind) in REFERENCES {
                    if entry.key == *field {
                        rename(&mut entry.node, name, kind, renamed);
                    }
                }
                if entry.key == "serviceAccountName"
                    && let Some(name) = entry.node.text()
                    && let Some(new) = renamed.get(&("ServiceAccount".to_owned(), name.to_owned()))
                {
                    entry.node = plain(new, entry.line);
                }
                references(&mut entry.node, renamed, depth + 1);
            }
        }
        _ => {}
    }
}

fn rename(
    node: &mut Node<'_>,
    field: &str,
    kind: &str,
    renamed: &BTreeMap<(String, String), String>,
) {
    let Some(name) = node.text_at(&[field]).map(str::to_owned) else {
        return;
    };
    if let Some(new) = renamed.get(&(kind.to_owned(), name)) {
        let line = node.at(&[field]).map_or(node.line, |node| node.line);
        set(node, &[field], plain(new, line));
    }
}

/// Labels of all objects and, where it is said, of their selectors and pods; annotations of all objects.
fn labels<'a>(document: &Node<'a>, objects: &mut [&mut Node<'a>]) {
    let is_true = |node: &Node<'_>, field: &str| node.text_at(&[field]) == Some("true");
    let mut sets: Vec<(&Node<'a>, bool, bool)> = Vec::new();
    sets.extend(
        document
            .get("commonLabels")
            .map(|pairs| (pairs, true, true)),
    );
    for item in document.get("labels").map_or(&[][..], Node::items) {
        let in_selectors = is_true(item, "includeSelectors");
        let in_templates = in_selectors || is_true(item, "includeTemplates");
        sets.extend(
            item.get("pairs")
                .map(|pairs| (pairs, in_selectors, in_templates)),
        );
    }
    for node in objects.iter_mut() {
        for (pairs, in_selectors, in_templates) in &sets {
            put(node, &["metadata", "labels"], pairs);
            if *in_templates && node.at(&["spec", "template", "metadata"]).is_some() {
                put(node, &["spec", "template", "metadata", "labels"], pairs);
            }
            if *in_selectors && node.at(&["spec", "selector", "matchLabels"]).is_some() {
                put(node, &["spec", "selector", "matchLabels"], pairs);
            } else if *in_selectors
                && node.text_at(&["kind"]) == Some("Service")
                && node.at(&["spec", "selector"]).is_some()
            {
                put(node, &["spec", "selector"], pairs);
            }
        }
        if let Some(pairs) = document.get("commonAnnotations") {
            put(node, &["metadata", "annotations"], pairs);
        }
    }
}

fn put<'a>(node: &mut Node<'a>, path: &[&str], pairs: &Node<'a>) {
    for pair in pairs.entries() {
        if pair.node.text().is_some() {
            // Keys of labels hold slashes.
            let key = pair.key.replace('~', "~0").replace('/', "~1");
            set(node, &[path, &[&key]].concat(), pair.node.clone());
        }
    }
}

/// An object that a kustomization generates.
pub(super) fn generated<'a>(
    kind: &str,
    name: &str,
    namespace: Option<&str>,
    line: u32,
) -> Node<'a> {
    let entry = |key: &'static str, node| Entry {
        key: Cow::Borrowed(key),
        line,
        node,
    };
    let map = |entries| Node {
        line,
        end: line,
        value: Value::Map(entries),
    };
    let mut metadata = vec![entry("name", plain(name, line))];
    metadata.extend(namespace.map(|namespace| entry("namespace", plain(namespace, line))));
    map(vec![
        entry("apiVersion", plain("v1", line)),
        entry("kind", plain(kind, line)),
        entry("metadata", map(metadata)),
    ])
}
