//! What a kustomization makes of the files that it takes in.
//!
//! All files are read first, because the trees that are built borrow from their texts.

use std::cell::Cell;
use std::collections::BTreeMap;

use virgil_model::Files;

use crate::cluster::object::is_helm;
use crate::keys;
use crate::tree::{self, Node};

use super::change;
use super::patch::patch;
use super::{changes, is_manifest, read, taken};

/// How deep kustomizations may take in each other.
const MAX_DEPTH: usize = 8;
/// More patches than this are not applied.
const MAX_PATCHES: usize = 100;
/// More files than this are not read for one overlay.
const MAX_FILES: usize = 300;
/// More kustomizations than this are not looked at for one overlay, however often one is taken in.
const MAX_VISITS: usize = 500;
/// More objects than this are not built for one overlay.
const MAX_OBJECTS: usize = 5_000;

/// The texts of all files that an overlay is made from.
pub(super) struct Loaded {
    /// Manifests and patches by path.
    texts: BTreeMap<String, String>,
    /// Kustomizations by folder: path and text.
    folders: BTreeMap<String, (String, String)>,
    /// Whether there were more files than are read.
    pub(super) is_cut: bool,
}

/// The parsed kustomizations below an overlay, by folder.
pub(super) type Documents<'t> = BTreeMap<&'t str, (&'t str, Node<'t>)>;

/// An object as the overlay has it.
#[derive(Debug, Clone)]
pub(super) struct Built<'t> {
    /// The file that it comes from.
    pub(super) path: String,
    /// The line of the overlay that takes it in.
    pub(super) line: u32,
    /// Whether a kustomization on the way changes what it takes in.
    pub(super) is_changed: bool,
    /// The object.
    pub(super) node: Node<'t>,
}

impl Loaded {
    /// Reads what an overlay takes in.
    pub(super) fn of(path: &str, overlay: &Node<'_>, files: &dyn Files) -> Loaded {
        let mut loaded = Loaded {
            texts: BTreeMap::new(),
            folders: BTreeMap::new(),
            is_cut: false,
        };
        loaded.load(path, overlay, files, 0);
        loaded
    }

    fn load(&mut self, path: &str, document: &Node<'_>, files: &dyn Files, depth: usize) {
        let mut names: Vec<&str> = taken(document).filter_map(Node::text).collect();
        names.extend(patch_paths(document));
        for name in names {
            let target = keys::beside(path, name);
            let is_known = self.texts.contains_key(&target) || self.folders.contains_key(&target);
            if is_known || depth > MAX_DEPTH {
                continue;
            }
            if self.texts.len() + self.folders.len() >= MAX_FILES {
                self.is_cut = true;
                return;
            }
            if is_manifest(name) {
                let text = files
                    .read(&target)
                    .and_then(|bytes| String::from_utf8(bytes).ok());
                if let Some(text) = text.filter(|text| !is_helm(text)) {
                    self.texts.insert(target, text);
                }
            } else if let Some((below, text)) = read(&target, files) {
                self.folders.insert(target, (below.clone(), text.clone()));
                if let Some(document) = tree::yaml(&text, 1).first() {
                    self.load(&below, document, files, depth + 1);
                }
            }
        }
    }

    /// The kustomizations below, parsed.
    pub(super) fn documents(&self) -> Documents<'_> {
        let parsed = |text| tree::yaml(text, 1).into_iter().next();
        self.folders
            .iter()
            .filter_map(|(folder, (path, text))| {
                Some((folder.as_str(), (path.as_str(), parsed(text)?)))
            })
            .collect()
    }

    /// What an overlay makes, with its own lines.
    pub(super) fn build<'t>(
        &'t self,
        path: &str,
        overlay: &'t Node<'t>,
        documents: &'t Documents<'t>,
    ) -> Vec<Built<'t>> {
        let builder = Builder {
            loaded: self,
            documents,
            left: Cell::new(MAX_VISITS),
        };
        let mut objects = Vec::new();
        builder.add(path, overlay, 0, &mut objects);
        objects
    }
}

/// The files that patches stand in.
fn patch_paths<'n>(document: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let listed = |field| document.get(field).map_or(&[][..], Node::items).iter();
    let older = listed("patchesStrategicMerge").filter_map(Node::text);
    ["patches", "patchesJson6902"]
        .into_iter()
        .flat_map(listed)
        .filter_map(|item| item.text_at(&["path"]))
        .chain(older.filter(|text| is_manifest(text) && !text.contains('\n')))
}

struct Builder<'t> {
    loaded: &'t Loaded,
    documents: &'t Documents<'t>,
    /// How many kustomizations may still be looked at; one may be taken in by several.
    left: Cell<usize>,
}

impl<'t> Builder<'t> {
    /// Adds what a kustomization takes in, and changes it.
    fn add(&self, path: &str, document: &'t Node<'t>, depth: usize, objects: &mut Vec<Built<'t>>) {
        let left = self.left.get();
        if depth > MAX_DEPTH || left == 0 {
            return;
        }
        self.left.set(left - 1);
        let start = objects.len();
        let listed = |field| document.get(field).map_or(&[][..], Node::items).iter();
        for resource in ["resources", "bases"].into_iter().flat_map(listed) {
            if let Some(name) = resource.text() {
                self.resource(path, name, resource.line, depth, objects);
            }
        }
        self.generated(path, document, objects);
        let mut own = objects.split_off(start);
        for component in listed("components") {
            if let Some(name) = component.text() {
                self.component(path, name, component.line, depth, &mut own);
            }
        }
        self.change(path, document, depth, &mut own);
        objects.extend(own);
    }

    fn resource(
        &self,
        path: &str,
        name: &str,
        line: u32,
        depth: usize,
        objects: &mut Vec<Built<'t>>,
    ) {
        let target = keys::beside(path, name);
        if let Some(text) = self.loaded.texts.get(&target).filter(|_| is_manifest(name)) {
            for mut node in tree::yaml(text, 1) {
                if objects.len() >= MAX_OBJECTS {
                    return;
                }
                node.move_to(line);
                objects.push(Built {
                    path: target.clone(),
                    line,
                    is_changed: false,
                    node,
                });
            }
        } else if let Some((below, document)) = self.documents.get(target.as_str()) {
            let start = objects.len();
            self.add(below, document, depth + 1, objects);
            for built in &mut objects[start..] {
                // The lines of other files are none of the overlay's.
                built.node.move_to(line);
                built.line = line;
            }
        }
    }

    /// A component adds to what is there, and changes all of it.
    fn component(
        &self,
        path: &str,
        name: &str,
        line: u32,
        depth: usize,
        objects: &mut Vec<Built<'t>>,
    ) {
        let target = keys::beside(path, name);
        let Some((below, document)) = self
            .documents
            .get(target.as_str())
            .filter(|_| depth < MAX_DEPTH)
        else {
            return;
        };
        let start = objects.len();
        let listed = |field| document.get(field).map_or(&[][..], Node::items).iter();
        for resource in listed("resources") {
            if let Some(name) = resource.text() {
                self.resource(below, name, line, depth + 1, objects);
            }
        }
        self.generated(below, document, objects);
        for built in &mut objects[start..] {
            built.node.move_to(line);
            built.line = line;
        }
        for component in listed("components") {
            if let Some(name) = component.text() {
                self.component(below, name, line, depth + 1, objects);
            }
        }
        self.change(below, document, depth + 1, objects);
    }

    /// The maps and Secrets that a kustomization generates; others refer to them by the name that stands here.
    fn generated(&self, path: &str, document: &'t Node<'t>, objects: &mut Vec<Built<'t>>) {
        for (field, kind) in [
            ("configMapGenerator", "ConfigMap"),
            ("secretGenerator", "Secret"),
        ] {
            for item in document.get(field).map_or(&[][..], Node::items) {
                let is_new = matches!(item.text_at(&["behavior"]), None | Some("create"));
                if let Some(name) = item.text_at(&["name"]).filter(|_| is_new) {
                    objects.push(Built {
                        path: path.to_owned(),
                        line: item.line,
                        is_changed: true,
                        node: change::generated(
                            kind,
                            name,
                            item.text_at(&["namespace"]),
                            item.line,
                        ),
                    });
                }
            }
        }
    }

    fn change(&self, path: &str, document: &'t Node<'t>, depth: usize, objects: &mut [Built<'t>]) {
        if !changes(document) {
            return;
        }
        let patches = self.patches(path, document, depth);
        for built in objects.iter_mut() {
            built.is_changed = true;
            for (text, target, line) in &patches {
                patch(&mut built.node, text, *target, *line);
            }
        }
        let mut nodes: Vec<&mut Node<'t>> =
            objects.iter_mut().map(|built| &mut built.node).collect();
        change::all(document, &mut nodes);
    }

    /// The texts of the patches, their targets and the lines on which they begin; only the lines of the overlay itself
    /// can be told.
    fn patches(
        &self,
        path: &str,
        document: &'t Node<'t>,
        depth: usize,
    ) -> Vec<(&'t str, Option<&'t Node<'t>>, Option<u32>)> {
        let file = |name: &str| {
            self.loaded
                .texts
                .get(&keys::beside(path, name))
                .map(String::as_str)
        };
        let listed = |field| document.get(field).map_or(&[][..], Node::items).iter();
        let mut patches = Vec::new();
        for item in ["patches", "patchesJson6902"].into_iter().flat_map(listed) {
            let target = item.get("target");
            if let Some(node) = item.get("patch")
                && let Some(text) = node.text()
            {
                // In quotes, the lines of the text are not the file's.
                let is_block = (node.end - node.line) as usize + 1 >= text.lines().count();
                patches.push((text, target, (is_block && depth == 0).then_some(node.line)));
            } else if let Some(text) = item.text_at(&["path"]).and_then(file) {
                patches.push((text, target, None));
            }
        }
        for text in listed("patchesStrategicMerge").filter_map(Node::text) {
            // A path, or the patch itself.
            let text = if text.contains('\n') {
                Some(text)
            } else {
                file(text)
            };
            patches.extend(text.map(|text| (text, None, None)));
        }
        patches.truncate(MAX_PATCHES);
        patches
    }
}
