//! Backstage catalogue entities
//! (<https://backstage.io/docs/features/software-catalog/descriptor-format>), in any YAML file.
//!
//! An entity is `backstage:default/{kind}:{namespace}/{name}`, in lower case, as references compare so.
//! References take the default kind of their field and the namespace of their entity. Unknown kinds are a
//! resource with their type. Templates of entities (`${{ … }}` in the name) declare nothing.

use virgil_model::{Files, Key, Kind, LineSpan, Predicate, Value};

use crate::keys;
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "backstage",
    accepts,
    state,
};

/// A field of `spec` that refers to other entities.
struct Reference {
    field: &'static str,
    /// The kind that a reference without one has.
    default_kind: Option<&'static str>,
    predicate: Predicate,
    direction: Direction,
}

enum Direction {
    /// From the entity to what it refers to.
    Forward,
    /// From what it refers to, to the entity.
    Backward,
}

const REFERENCES: &[Reference] = &[
    forward("owner", Some("group"), Predicate::OwnedBy),
    forward("system", Some("system"), Predicate::PartOf),
    forward("domain", Some("domain"), Predicate::PartOf),
    forward("subdomainOf", Some("domain"), Predicate::PartOf),
    forward("subcomponentOf", Some("component"), Predicate::PartOf),
    forward("dependsOn", None, Predicate::DependsOn),
    backward("dependencyOf", None, Predicate::DependsOn),
    forward("providesApis", Some("api"), Predicate::ProvidesApi),
    forward("consumesApis", Some("api"), Predicate::ConsumesApi),
    forward("memberOf", Some("group"), Predicate::MemberOf),
    backward("members", Some("user"), Predicate::MemberOf),
    forward("parent", Some("group"), Predicate::PartOf),
    backward("children", Some("group"), Predicate::PartOf),
];

const fn forward(
    field: &'static str,
    default_kind: Option<&'static str>,
    predicate: Predicate,
) -> Reference {
    Reference {
        field,
        default_kind,
        predicate,
        direction: Direction::Forward,
    }
}

const fn backward(
    field: &'static str,
    default_kind: Option<&'static str>,
    predicate: Predicate,
) -> Reference {
    Reference {
        field,
        default_kind,
        predicate,
        direction: Direction::Backward,
    }
}

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml" | "json")
        && asset.mentions(&["backstage.io/"])
        && entities(asset).any(is_entity)
}

/// The entities of a file; the API answers a list, or one page of `items`.
fn entities<'n, 'a>(asset: &'n Asset<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    asset
        .documents()
        .iter()
        .flat_map(|node| match node.get("items") {
            Some(items) if node.get("apiVersion").is_none() => items.items(),
            _ => node.one_or_many(),
        })
}

fn is_entity(node: &Node<'_>) -> bool {
    node.text_at(&["apiVersion"])
        .and_then(|version| version.split_once('/'))
        .is_some_and(|(group, _)| group == "backstage.io" || group.ends_with(".backstage.io"))
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    for node in entities(asset).filter(|node| is_entity(node)) {
        entity(node, asset.raw.path, said);
    }
}

/// The place of an entity in the catalogue.
struct Place<'a> {
    key: Key,
    namespace: &'a str,
    /// The path of the file that declares it.
    path: &'a str,
}

fn entity(node: &Node<'_>, path: &str, said: &mut Said) {
    let (Some(kind), Some(name)) = (node.text_at(&["kind"]), node.text_at(&["metadata", "name"]))
    else {
        if node.text_at(&["kind"]) != Some("Location") {
            said.problem(node.line, "the catalogue entity has no kind or no name");
        }
        return;
    };
    if kind == "Location" || name.contains("{{") {
        return;
    }
    let namespace = node
        .text_at(&["metadata", "namespace"])
        .unwrap_or("default");
    let key = keys::backstage(&format!("{kind}:{namespace}/{name}"));
    let place = Place {
        key,
        namespace,
        path,
    };
    let own_type = node.text_at(&["spec", "type"]);
    let (kind_of, type_name) = match kind.to_lowercase().as_str() {
        "component" => (Kind::Component, own_type),
        "api" => (Kind::Api, own_type),
        "system" => (Kind::System, own_type),
        "domain" => (Kind::System, own_type.or(Some("domain"))),
        "group" => (Kind::Team, own_type),
        "user" => (Kind::User, own_type),
        "template" => (Kind::Template, own_type),
        "resource" => (Kind::Resource, own_type),
        _ => (Kind::Resource, Some(own_type.unwrap_or(kind))),
    };
    let address = node
        .text_at(&["spec", "profile", "email"])
        .filter(|address| keys::is_email(address))
        .map(keys::email);
    let mut all = vec![&place.key];
    all.extend(&address);
    let title = node
        .text_at(&["metadata", "title"])
        .or_else(|| node.text_at(&["spec", "profile", "displayName"]))
        .unwrap_or(name);
    let lines = node.lines();
    said.mention(lines, kind_of, &all, title);
    if let Some(type_name) = type_name {
        let line = node
            .at(&["spec", "type"])
            .map_or(lines, |node| node.lines());
        said.text(line, &place.key, "type", type_name);
    }
    metadata(node, &place, said);
    spec(node, &place, said);
}

fn metadata(node: &Node<'_>, place: &Place<'_>, said: &mut Said) {
    let Some(metadata) = node.get("metadata") else {
        return;
    };
    for entry in metadata.entries() {
        match &*entry.key {
            "description" => {
                let text = entry.node.text().unwrap_or_default().trim();
                said.text(entry.lines(), &place.key, "description", text);
            }
            "tags" => {
                if let Some(value @ Value::List(_)) = entry.node.to_value() {
                    said.attribute(entry.lines(), &place.key, "tags", value);
                }
            }
            "labels" => {
                for label in entry.node.entries() {
                    if let Some(value) = label.node.to_value() {
                        said.tag(label.lines(), &place.key, &label.key, value);
                    }
                }
            }
            "links" => {
                let links = entry.node.items().iter();
                for url in links.filter_map(|link| link.at(&["url"])) {
                    let text = url.text().unwrap_or_default();
                    said.text(url.lines(), &place.key, "url", text);
                }
            }
            "annotations" => annotations(entry, place, said),
            _ => {}
        }
    }
}

/// Annotations (<https://backstage.io/docs/features/software-catalog/well-known-annotations>) that say by which name another
/// tool knows an entity, and the attributes that they become.
const ANNOTATIONS: &[(&str, &str)] = &[
    ("backstage.io/kubernetes-id", "kubernetes_id"),
    ("backstage.io/kubernetes-namespace", "kubernetes_namespace"),
    (
        "backstage.io/kubernetes-label-selector",
        "kubernetes_selector",
    ),
    ("backstage.io/techdocs-entity", "techdocs_entity"),
    ("backstage.io/adr-location", "adr_location"),
    ("backstage.io/managed-by-location", "managed_by_location"),
    ("prometheus.io/rule", "prometheus_rule"),
    ("prometheus.io/alert", "prometheus_alert"),
    ("grafana/dashboard-selector", "dashboard_selector"),
    ("grafana/alert-label-selector", "alert_selector"),
    ("argocd/app-name", "argocd_application"),
    ("argocd/app-selector", "argocd_selector"),
    ("jenkins.io/job-full-name", "jenkins_job"),
    ("sonarqube.org/project-key", "sonarqube_project"),
    ("sentry.io/project-slug", "sentry_project"),
    ("pagerduty.com/service-id", "pagerduty_service"),
    ("opsgenie.com/component-selector", "opsgenie_selector"),
    ("gitlab.com/project-id", "gitlab_project"),
];

/// The well-known annotations that say where an entity lives, and as whom other tools know it.
fn annotations(annotations: &Entry<'_>, place: &Place<'_>, said: &mut Said) {
    let key = &place.key;
    let slug = annotations.node.text_at(&["github.com/project-slug"]);
    for entry in annotations.node.entries() {
        let (Some(text), lines) = (entry.node.text(), entry.lines()) else {
            continue;
        };
        match &*entry.key {
            "backstage.io/source-location" | "backstage.io/view-url" => {
                let url = text.strip_prefix("url:").unwrap_or(text);
                if let Some(repository) = keys::repository(url) {
                    said.relation(lines, key, Predicate::DefinedIn, &repository);
                    if let Some(slug) = slug.filter(|slug| repository.value.ends_with(*slug)) {
                        said.same(lines, &repository, &keys::repository_slug(slug));
                    }
                }
                said.text(lines, key, "source_location", url);
            }
            "github.com/project-slug" | "gitlab.com/project-slug" => {
                let repository = keys::repository_slug(text);
                said.relation(lines, key, Predicate::DefinedIn, &repository);
            }
            "backstage.io/techdocs-ref" => {
                if let Some(folder) = text.strip_prefix("dir:") {
                    let path = keys::beside(place.path, &format!("{folder}/mkdocs.yml"));
                    said.relation(lines, key, Predicate::DocumentedBy, &keys::file(&path));
                } else if let Some(url) = text.strip_prefix("url:") {
                    said.relation(lines, key, Predicate::DocumentedBy, &keys::uri(url));
                }
            }
            "github.com/team-slug" | "github.com/user-login" => {
                if let Some((_, owner)) = keys::forge_owner(&format!("@{text}")) {
                    said.same(lines, key, &owner);
                }
            }
            name => {
                if let Some((_, attribute)) = ANNOTATIONS.iter().find(|(known, _)| *known == name) {
                    said.text(lines, key, attribute, text);
                }
            }
        }
    }
}

fn spec(node: &Node<'_>, place: &Place<'_>, said: &mut Said) {
    relations(node, place, said);
    let Some(spec) = node.get("spec") else {
        return;
    };
    if let Some(definition) = spec.get("definition") {
        self::definition(definition, place, said);
    }
    for remote in spec.get("remotes").map_or(&[][..], Node::items) {
        if let Some(url) = remote.get("url") {
            said.text(
                url.lines(),
                &place.key,
                "url",
                url.text().unwrap_or_default(),
            );
        }
    }
    if let Some(entry) = spec.entry("lifecycle") {
        let text = entry.node.text().unwrap_or_default();
        said.text(entry.lines(), &place.key, "lifecycle", text);
    }
    for reference in REFERENCES {
        let Some(entry) = spec.entry(reference.field) else {
            continue;
        };
        for item in entry.node.one_or_many() {
            if item.is_null() {
                continue;
            }
            let Some(text) = item.text().map(str::trim).filter(|text| !text.is_empty()) else {
                said.problem(
                    item.line,
                    format!("`{}` is no reference to an entity", reference.field),
                );
                continue;
            };
            if text.contains("{{") {
                continue;
            }
            match resolve(text, reference, place) {
                Some(other) => relate(item.lines(), place, reference, &other, said),
                None => said.problem(
                    item.line,
                    format!("the reference `{text}` has no kind, write `kind:namespace/name`"),
                ),
            }
        }
    }
}

/// The definition of an interface that stands in another file: `$text`, `$json`, `$yaml` or `$openapi`.
fn definition(definition: &Node<'_>, place: &Place<'_>, said: &mut Said) {
    for entry in definition
        .entries()
        .iter()
        .filter(|entry| entry.key.starts_with('$'))
    {
        let Some(text) = entry.node.text() else {
            continue;
        };
        let file = match keys::is_uri(text) {
            true => keys::uri(text),
            false => keys::file(&keys::beside(place.path, text)),
        };
        said.relation(entry.lines(), &place.key, Predicate::DefinedIn, &file);
    }
}

fn relate(lines: LineSpan, place: &Place<'_>, reference: &Reference, other: &Key, said: &mut Said) {
    let (subject, object) = match reference.direction {
        Direction::Forward => (&place.key, other),
        Direction::Backward => (other, &place.key),
    };
    said.relation(lines, subject, reference.predicate, object);
}

/// The key of `[kind:][namespace/]name`; `None` when there is neither a kind nor a default.
fn resolve(text: &str, reference: &Reference, place: &Place<'_>) -> Option<Key> {
    let (kind, rest) = match text.split_once(':') {
        Some((kind, rest)) => (kind, rest),
        None => (reference.default_kind?, text),
    };
    let (namespace, name) = rest.split_once('/').unwrap_or((place.namespace, rest));
    Some(keys::backstage(&format!("{kind}:{namespace}/{name}")))
}

/// The relations that the catalogue itself computed; only its API writes them.
fn relations(node: &Node<'_>, place: &Place<'_>, said: &mut Said) {
    let Some(relations) = node.get("relations") else {
        return;
    };
    for relation in relations.items() {
        let (Some(name), Some(target)) = (
            relation.text_at(&["type"]),
            relation.text_at(&["targetRef"]),
        ) else {
            continue;
        };
        let (predicate, is_subject) = match name {
            "ownedBy" => (Predicate::OwnedBy, true),
            "ownerOf" => (Predicate::OwnedBy, false),
            "partOf" | "childOf" => (Predicate::PartOf, true),
            "hasPart" | "parentOf" => (Predicate::PartOf, false),
            "dependsOn" => (Predicate::DependsOn, true),
            "dependencyOf" => (Predicate::DependsOn, false),
            "providesApi" => (Predicate::ProvidesApi, true),
            "apiProvidedBy" => (Predicate::ProvidesApi, false),
            "consumesApi" => (Predicate::ConsumesApi, true),
            "apiConsumedBy" => (Predicate::ConsumesApi, false),
            "memberOf" => (Predicate::MemberOf, true),
            "hasMember" => (Predicate::MemberOf, false),
            _ => continue,
        };
        let other = keys::backstage(target);
        match is_subject {
            true => said.relation(relation.lines(), &place.key, predicate, &other),
            false => said.relation(relation.lines(), &other, predicate, &place.key),
        }
    }
}

#[cfg(test)]
mod tests;
