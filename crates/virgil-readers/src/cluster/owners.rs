//! Who owns an object, by its labels and annotations, and what else they say.
//!
//! Labels have no standard for owners; what counts is the part after the prefix: `owner`, `team`, `user`, `creator`.
//! The recommended ones (<https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/>) become
//! attributes. All labels are kept too, because selectors of other objects ask for them.

use virgil_model::{Key, LineSpan, Predicate, Value};

use crate::cluster::{Object, uri_key};
use crate::keys;
use crate::statements::Said;
use crate::tree::{Entry, Node};

/// The system of names that labels use.
const LABELS: &str = "label";

/// States owners, attributes and labels of an object.
pub(crate) fn state(object: &Object<'_>, said: &mut Said) {
    let metadata = |field| object.node.at(&["metadata", field]);
    for entry in metadata("labels")
        .into_iter()
        .chain(metadata("annotations"))
        .flat_map(Node::entries)
    {
        one(object, entry, said);
    }
    if let Some(labels) = metadata("labels") {
        said.attribute(labels.lines(), &object.key, "labels", pairs(labels));
    }
    for owner in metadata("ownerReferences").map_or(&[][..], Node::items) {
        if let (Some(version), Some(kind), Some(name)) = (
            owner.text_at(&["apiVersion"]),
            owner.text_at(&["kind"]),
            owner.text_at(&["name"]),
        ) {
            let group = version.split_once('/').map_or("core", |(group, _)| group);
            let owner_key = object.place.object(group, kind, name);
            said.relation(owner.lines(), &object.key, Predicate::PartOf, &owner_key);
        }
    }
    if let Some(owner) = object.spec(&["owner"])
        && object.kind == "Profile"
        && let Some(name) = owner.text_at(&["name"])
    {
        said.relation(owner.lines(), &object.key, Predicate::OwnedBy, &user(name));
    }
}

/// Labels as a list of `name=value`.
pub(crate) fn pairs(labels: &Node<'_>) -> Value {
    let pair = |entry: &Entry<'_>| {
        let value = entry.node.text()?;
        Some(Value::Text(format!("{}={value}", entry.key)))
    };
    Value::List(labels.entries().iter().filter_map(pair).collect())
}

fn one(object: &Object<'_>, entry: &Entry<'_>, said: &mut Said) {
    let Some(value) = entry
        .node
        .text()
        .map(str::trim)
        .filter(|value| !value.is_empty())
    else {
        return;
    };
    let lines: LineSpan = entry.lines();
    let (prefix, name) = entry.key.rsplit_once('/').unwrap_or(("", &entry.key));
    let owner = match name {
        "owner" | "team" | "owned-by" | "owner-team" => Some(team(value)),
        "user" | "creator" => Some(user(value)),
        _ => None,
    };
    if let Some(owner) = owner {
        said.relation(lines, &object.key, Predicate::OwnedBy, &owner);
        return;
    }
    let attribute = match (prefix, name) {
        ("app.kubernetes.io", "managed-by") => "managed_by",
        ("app.kubernetes.io", "part-of") => "part_of",
        ("app.kubernetes.io", "component") => "component",
        ("app.kubernetes.io", "version") => "version",
        ("backstage.io", "kubernetes-id") => "backstage_id",
        ("serving.kserve.io", "deploymentMode") => "deployment_mode",
        ("trainer.kubeflow.org", "framework") => "framework",
        (_, "description") => "description",
        (_, "model") => "model",
        (_, "runbook" | "runbook-url" | "runbook_url") => {
            if let Some(key) = uri_key(value, &object.place) {
                said.relation(lines, &object.key, Predicate::DocumentedBy, &key);
            }
            return;
        }
        _ => return,
    };
    said.attribute(lines, &object.key, attribute, Value::Text(value.to_owned()));
}

/// The key of a team, or of a person if it is written like one, that a label names. All tools that only label share
/// one system of names.
pub(crate) fn team(name: &str) -> Key {
    let name = name.trim();
    if name.contains(':') || keys::is_email(name) {
        return keys::owner(name, LABELS);
    }
    keys::owner(&format!("team:{}", name.trim_start_matches('@')), LABELS)
}

fn user(name: &str) -> Key {
    if keys::is_email(name) {
        return keys::email(name);
    }
    keys::owner(&format!("user:{}", name.trim()), LABELS)
}
