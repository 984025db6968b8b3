//! Kustomize overlays (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).
//!
//! What runs in a cluster is the overlay, not the base: the resources that a kustomization of `overlays/<name>/` or
//! `clusters/<name>/` takes in are stated as that cluster has them, after the patches, namespaces, names, labels and images
//! of every kustomization on the way. Lines are the overlay's: those of a patch or image, or the one that takes the
//! resource in. Manifests of the overlay's own folder that nothing changes are left to their own file.

use virgil_model::{Files, LineSpan, Predicate};

use crate::cluster::object::cluster_of;
use crate::cluster::{Object, manifest};
use crate::keys;
use crate::statements::{Asset, Said};
use crate::tree::{self, Node};

mod build;
mod change;
mod patch;

use build::Loaded;

/// The names that a kustomization may have.
const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The fields that change what a kustomization takes in.
const CHANGES: &[&str] = &[
    "namespace",
    "namePrefix",
    "nameSuffix",
    "images",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "labels",
    "commonLabels",
    "commonAnnotations",
    "components",
];

/// Whether a file is the kustomization of a cluster.
pub(crate) fn accepts(asset: &Asset<'_>) -> bool {
    NAMES.contains(&asset.file_name()) && cluster_of(asset.raw.path) != "default"
}

/// Whether a manifest is stated by a kustomization: it is only what overlays beside it are made from, or one of its own
/// cluster changes it.
pub(crate) fn is_taken(path: &str, files: &dyn Files) -> bool {
    is_base(path, files) || chain(path, files).is_some_and(|chain| chain.has_changes)
}

fn is_base(path: &str, files: &dyn Files) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let Some(at) = parts.iter().position(|part| *part == "base") else {
        return false;
    };
    at + 1 < parts.len()
        && !files
            .list(&[&parts[..at], &["overlays"]].concat().join("/"))
            .is_empty()
}

/// The kustomizations of a cluster that take a file in, from the nearest to the outermost.
struct Chain {
    has_changes: bool,
}

/// The chain above a file or folder of a cluster; `None` when no kustomization of the cluster takes it in.
fn chain(path: &str, files: &dyn Files) -> Option<Chain> {
    let root = root_of(path)?;
    let mut chain = None;
    let mut item = path.to_owned();
    let mut folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    while folder.len() >= root.len() {
        if folder != item
            && let Some((name, text)) = read(folder, files)
            && name != item
        {
            let document = tree::yaml(&text, 1).into_iter().next();
            let takes = document.as_ref().is_some_and(|document| {
                taken(document).any(|resource| {
                    keys::beside(&name, resource.text().unwrap_or_default()) == item
                })
            });
            if takes {
                let has_changes = document.as_ref().is_some_and(changes);
                let known = chain.get_or_insert(Chain { has_changes: false });
                known.has_changes |= has_changes;
                item = folder.to_owned();
            }
        }
        folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        if folder.is_empty() {
            break;
        }
    }
    chain
}

/// The folder of the cluster that a path is in.
fn root_of(path: &str) -> Option<&str> {
    let mut end = 0;
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        end += part.len() + 1;
        if matches!(part, "clusters" | "overlays") {
            let name = parts.next()?;
            // The last part is the file.
            return parts.peek().map(|_| &path[..end + name.len()]);
        }
    }
    None
}

/// The kustomization of a folder: its path and its text.
fn read(folder: &str, files: &dyn Files) -> Option<(String, String)> {
    NAMES.iter().find_map(|name| {
        let path = format!("{folder}/{name}");
        let path = path.trim_start_matches('/').to_owned();
        let text = String::from_utf8(files.read(&path)?).ok()?;
        Some((path, text))
    })
}

/// Whether a kustomization changes what it takes in.
fn changes(document: &Node<'_>) -> bool {
    CHANGES.iter().any(|field| document.get(field).is_some())
}

/// What a kustomization takes in from the same source.
fn taken<'n, 'a>(document: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    ["resources", "bases", "components"]
        .into_iter()
        .flat_map(|field| document.get(field).map_or(&[][..], Node::items))
        .filter(|item| {
            item.text()
                .is_some_and(|text| !text.contains("://") && !text.contains("?ref="))
        })
}

fn is_manifest(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json")
}

/// States the objects of an overlay that no other overlay of the cluster takes in.
pub(crate) fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let path = asset.raw.path;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    if chain(folder, files).is_some() {
        return;
    }
    let Some(overlay) = asset.documents().first() else {
        return;
    };
    let loaded = Loaded::of(path, overlay, files);
    if loaded.is_cut {
        said.problem(
            overlay.line,
            "the overlay takes in more files than are read",
        );
    }
    let documents = loaded.documents();
    for built in loaded.build(path, overlay, &documents) {
        // Only what is changed differs from what its own file states.
        let is_own = built.path.starts_with(&format!("{folder}/"));
        if is_own && !built.is_changed {
            continue;
        }
        if let Some(object) = Object::of(&built.node, cluster_of(path)) {
            manifest::one(&object, said);
            let line = LineSpan::line(built.line);
            let file = keys::file(&built.path);
            said.relation(line, &object.key, Predicate::DefinedIn, &file);
        }
    }
}

#[cfg(test)]
mod tests;
