//! Kubernetes objects in a file: documents with `apiVersion` and `kind`, also inside a `List`.
//!
//! An object is known by `cluster/group/kind/namespace/name`. Manifests do not name their cluster: it is the part of
//! the path after `clusters/` or `overlays/`, else `default`. The group of core objects is written `core`; objects
//! without a namespace, and those that never have one, are in `default`. An object whose name is generated is another one at
//! every creation: its prefix names nothing outside its file.

use std::borrow::Cow;
use std::collections::HashMap;

use virgil_model::{Key, LineSpan};

use crate::lines::Lines;
use crate::statements::Asset;
use crate::tree::{self, Node};

/// Where names are to be understood.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// The name of the cluster.
    pub(crate) cluster: &'a str,
    /// The name of the namespace.
    pub(crate) namespace: &'a str,
}

impl Place<'_> {
    /// The key of an object of this namespace, or of none if its kind never has one.
    pub(crate) fn object(&self, group: &str, kind: &str, name: &str) -> Key {
        let namespace = if has_namespace(group, kind) {
            self.namespace
        } else {
            "default"
        };
        Key::scoped(
            "kubernetes",
            self.cluster,
            &format!("{group}/{kind}/{namespace}/{name}"),
        )
    }
}

/// One object.
#[derive(Debug, Clone)]
pub(crate) struct Object<'a> {
    /// The whole object.
    pub(crate) node: &'a Node<'a>,
    /// The API group, `core` for the one without a name.
    pub(crate) group: &'a str,
    /// The kind.
    pub(crate) kind: &'a str,
    /// The name, or the prefix of the name with `*`.
    pub(crate) name: String,
    /// Cluster and namespace.
    pub(crate) place: Place<'a>,
    /// The key.
    pub(crate) key: Key,
}

impl<'a> Object<'a> {
    /// The object that a node is; `None` if it is none, or its name is a template's.
    pub(crate) fn of(node: &'a Node<'a>, cluster: &'a str) -> Option<Object<'a>> {
        let api_version = node.text_at(&["apiVersion"])?;
        let kind = node.text_at(&["kind"])?;
        let group = api_version
            .split_once('/')
            .map_or("core", |(group, _)| group);
        let name = match node.text_at(&["metadata", "name"]) {
            Some(name) => name.to_owned(),
            None => format!("{}*", node.text_at(&["metadata", "generateName"])?),
        };
        let namespace = node
            .text_at(&["metadata", "namespace"])
            .unwrap_or("default");
        let is_plain = |text: &str| {
            !text.is_empty()
                && text.len() <= 300
                && !text.contains(|c: char| c.is_whitespace() || c.is_control())
                && !text.contains(['{', '$', '/'])
        };
        if ![group, kind, name.as_str(), namespace]
            .into_iter()
            .all(is_plain)
        {
            return None;
        }
        let place = Place { cluster, namespace };
        Some(Object {
            node,
            group,
            kind,
            key: place.object(group, kind, &name),
            name,
            place,
        })
    }

    /// The line that names the object, or its first.
    pub(crate) fn line(&self) -> LineSpan {
        let metadata = self.node.get("metadata");
        let name =
            metadata.and_then(|node| node.entry("name").or_else(|| node.entry("generateName")));
        LineSpan::line(name.map_or(self.node.line, |entry| entry.line))
    }

    /// The value at a path below `spec`.
    pub(crate) fn spec(&self, path: &[&str]) -> Option<&'a Node<'a>> {
        self.node.get("spec").and_then(|spec| spec.at(path))
    }
}

/// The cluster that a path names, else `default`.
pub(crate) fn cluster_of(path: &str) -> &str {
    let mut parts = path.split('/');
    let mut cluster = "default";
    while let Some(part) = parts.next() {
        if matches!(part, "clusters" | "overlays") {
            // The last part is the file.
            let mut ahead = parts.clone();
            if let (Some(name), Some(_)) = (ahead.next(), ahead.next()) {
                cluster = name;
                break;
            }
        }
    }
    cluster
}

/// Whether a text is a Helm template, which is no manifest before it is rendered.
pub(crate) fn is_helm(text: &str) -> bool {
    const WORDS: &[&str] = &[
        ".Values",
        ".Release",
        ".Chart",
        "include ",
        "template ",
        "if ",
        "range ",
        "with ",
        "end ",
        "define ",
        "end}",
        ".Files",
        ".Capabilities",
    ];
    text.match_indices("{{").any(|(at, _)| {
        let inside = text[at + 2..].trim_start_matches('-').trim_start();
        WORDS.iter().any(|word| inside.starts_with(word))
    })
}

/// The documents of an asset; damage in one of several YAML documents does not lose those behind it.
pub(crate) fn documents<'s, 'a>(asset: &'s Asset<'a>) -> Cow<'s, [Node<'a>]> {
    let whole = asset.documents();
    let text = asset.raw.text;
    if !matches!(asset.extension().as_str(), "yaml" | "yml") || !text.contains("\n---") {
        return Cow::Borrowed(whole);
    }
    let lines = Lines::of(text);
    let mut pieces = Vec::new();
    let mut first = 0;
    for (index, line) in lines.all().iter().enumerate().skip(1) {
        if line.starts_with("---") && line[3..].trim_start().len() != line[3..].len().max(1) {
            pieces.push((first, index));
            first = index;
        }
    }
    pieces.push((first, lines.len()));
    let written = pieces.iter().filter(|(first, end)| {
        lines.all()[*first..*end]
            .iter()
            .any(|line| !line.trim().is_empty() && !line.starts_with(['#', '-', '%']))
    });
    if written.count() <= whole.len() {
        return Cow::Borrowed(whole);
    }
    let offset = |line: usize| lines.offset(line).unwrap_or(text.len());
    let documents = pieces.into_iter().flat_map(|(first, end)| {
        let number = u32::try_from(first + 1).unwrap_or(u32::MAX);
        tree::yaml(&text[offset(first)..offset(end)], number)
    });
    Cow::Owned(documents.collect())
}

/// The objects of documents, those of lists too.
pub(crate) fn objects<'a>(documents: &'a [Node<'a>], path: &'a str) -> Vec<Object<'a>> {
    let cluster = cluster_of(path);
    let mut objects = Vec::new();
    for node in documents {
        let is_list = node
            .text_at(&["kind"])
            .is_some_and(|kind| kind.ends_with("List"));
        if is_list && !node.get("items").map_or(&[][..], Node::items).is_empty() {
            let items = node.get("items").map_or(&[][..], Node::items);
            objects.extend(items.iter().filter_map(|item| Object::of(item, cluster)));
        } else {
            objects.extend(Object::of(node, cluster));
        }
    }
    know_by_file(&mut objects, path);
    objects
}

/// Gives objects whose name is generated the key of their place in the file.
fn know_by_file(objects: &mut [Object<'_>], path: &str) {
    let mut known: HashMap<String, usize> = HashMap::new();
    for object in objects {
        if object.node.text_at(&["metadata", "name"]).is_some() {
            continue;
        }
        let (group, kind, namespace) = (object.group, object.kind, object.place.namespace);
        let mut name = format!("{path}#{group}/{kind}/{namespace}/{}", object.name);
        let count = known.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}~{count}");
        }
        object.key = Key::scoped("manifest", ".", &name);
    }
}

/// Whether objects of a kind are in a namespace; kinds that nothing is known of are.
pub(super) fn has_namespace(group: &str, kind: &str) -> bool {
    !kind.starts_with("Cluster")
        && !matches!(
            (group, kind),
            ("core", "Namespace" | "Node" | "PersistentVolume")
                | (
                    _,
                    "CustomResourceDefinition"
                        | "StorageClass"
                        | "PriorityClass"
                        | "IngressClass"
                        | "RuntimeClass"
                        | "ValidatingWebhookConfiguration"
                        | "MutatingWebhookConfiguration"
                        | "APIService"
                )
                | ("kubeflow.org", "Profile")
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_names_the_cluster() {
        assert_eq!(cluster_of("clusters/prod-eu/ml/a.yaml"), "prod-eu");
        assert_eq!(
            cluster_of("serving/x/overlays/staging/kustomization.yaml"),
            "staging"
        );
        assert_eq!(cluster_of("clusters/a.yaml"), "default");
        assert_eq!(cluster_of("a.yaml"), "default");
        assert_eq!(cluster_of(""), "default");
    }

    #[test]
    fn helm_is_told_from_other_braces() {
        assert!(is_helm("name: {{ include \"x\" . }}"));
        assert!(is_helm("{{- if .Values.a }}\na: 1\n{{- end }}"));
        assert!(!is_helm(
            "summary: {{ $value }}\ncommand: {{inputs.parameters.x}}"
        ));
        assert!(!is_helm("{{"));
    }
}
