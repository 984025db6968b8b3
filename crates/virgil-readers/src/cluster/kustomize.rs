//! Kustomize overlays (<https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/>).
//!
//! What runs in a cluster is the overlay, not the base: the resources that a kustomization of `overlays/<name>/` or
//! `clusters/<name>/` takes from other folders are stated as that cluster has them, after its namespace, patches and
//! images. Lines are the overlay's: those of a patch, or the one that takes the resource in.

use virgil_model::{Files, LineSpan, Predicate};

use crate::cluster::object::{cluster_of, is_helm};
use crate::cluster::patch::{patch, plain, replace_image, set};
use crate::cluster::{Object, Place, manifest};
use crate::keys;
use crate::statements::{Asset, Said};
use crate::tree::{self, Node};

/// How deep kustomizations may take in each other.
const MAX_DEPTH: usize = 5;
/// More patches than this are not applied.
const MAX_PATCHES: usize = 100;
/// More files than this are not read for one overlay.
const MAX_FILES: usize = 200;

/// Whether a file is the kustomization of a cluster.
pub(crate) fn accepts(asset: &Asset<'_>) -> bool {
    is_kustomization(asset.file_name()) && cluster_of(asset.raw.path) != "default"
}

fn is_kustomization(name: &str) -> bool {
    matches!(name, "kustomization.yaml" | "kustomization.yml")
}

/// Whether a manifest is only what overlays beside it are made from.
pub(crate) fn is_base(path: &str, files: &dyn Files) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    let Some(at) = parts.iter().position(|part| *part == "base") else {
        return false;
    };
    at + 1 < parts.len()
        && !files
            .list(&[&parts[..at], &["overlays"]].concat().join("/"))
            .is_empty()
}

/// States the objects that an overlay takes from other folders.
pub(crate) fn state(asset: &Asset<'_>, files: &dyn Files, said: &mut Said) {
    let Some(overlay) = asset.documents().first() else {
        return;
    };
    let mut taken = Taken {
        files,
        left: MAX_FILES,
        found: Vec::new(),
    };
    for resource in resources(overlay) {
        if let Some(text) = resource.text() {
            let path = keys::beside(asset.raw.path, text);
            if !is_manifest(text) {
                taken.folder(&path, resource.line, None, 0);
            }
        }
    }
    let place = Place {
        cluster: cluster_of(asset.raw.path),
        namespace: "default",
    };
    let patches = patches(asset, overlay, files);
    for taken in &taken.found {
        for document in tree::yaml(&taken.text, 1) {
            let mut node = document;
            node.move_to(taken.line);
            let namespace = overlay
                .text_at(&["namespace"])
                .or(taken.namespace.as_deref());
            if let Some(namespace) = namespace {
                set(
                    &mut node,
                    &["metadata", "namespace"],
                    plain(namespace, taken.line),
                );
            }
            for (text, target, line) in &patches {
                patch(&mut node, text, *target, *line);
            }
            for image in overlay.get("images").map_or(&[][..], Node::items) {
                replace_image(&mut node, image);
            }
            if let Some(object) = Object::of(&node, place.cluster) {
                manifest::one(&object, said);
                let line = LineSpan::line(taken.line);
                let file = keys::file(&taken.path);
                said.relation(line, &object.key, Predicate::DefinedIn, &file);
            }
        }
    }
}

/// A manifest that an overlay takes in.
struct Manifest {
    path: String,
    text: String,
    line: u32,
    namespace: Option<String>,
}

struct Taken<'f> {
    files: &'f dyn Files,
    left: usize,
    found: Vec<Manifest>,
}

impl Taken<'_> {
    /// Takes in the resources of a folder; the outermost namespace wins.
    fn folder(&mut self, folder: &str, line: u32, namespace: Option<&str>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let path = ["kustomization.yaml", "kustomization.yml"]
            .iter()
            .map(|name| format!("{folder}/{name}"))
            .find_map(|path| Some((self.read(&path)?, path)));
        let Some((text, path)) = path else {
            return;
        };
        for node in tree::yaml(&text, 1).iter().take(1) {
            let namespace = namespace.or(node.text_at(&["namespace"]));
            for resource in resources(node) {
                let Some(name) = resource.text() else {
                    continue;
                };
                let below = keys::beside(&path, name);
                if !is_manifest(name) {
                    self.folder(&below, line, namespace, depth + 1);
                } else if let Some(text) = self.read(&below).filter(|text| !is_helm(text)) {
                    self.found.push(Manifest {
                        path: below,
                        text,
                        line,
                        namespace: namespace.map(str::to_owned),
                    });
                }
            }
        }
    }

    fn read(&mut self, path: &str) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        String::from_utf8(self.files.read(path)?).ok()
    }
}

fn resources<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    ["resources", "bases", "components"]
        .into_iter()
        .flat_map(|field| node.get(field).map_or(&[][..], Node::items))
        .filter(|item| item.text().is_some_and(|text| !text.contains("://")))
}

fn is_manifest(name: &str) -> bool {
    name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json")
}

/// The texts of the patches, their targets and the lines on which they begin.
fn patches<'n, 'a>(
    asset: &Asset<'_>,
    overlay: &'n Node<'a>,
    files: &dyn Files,
) -> Vec<(String, Option<&'n Node<'a>>, Option<u32>)> {
    let mut patches = Vec::new();
    for item in overlay.get("patches").map_or(&[][..], Node::items) {
        let target = item.get("target");
        if let Some(node) = item.get("patch")
            && let Some(text) = node.text()
        {
            // In quotes, the lines of the text are not the file's.
            let is_block = (node.end - node.line) as usize + 1 >= text.lines().count();
            patches.push((text.to_owned(), target, is_block.then_some(node.line)));
        } else if let Some(text) = item
            .text_at(&["path"])
            .and_then(|path| beside(asset, path, files))
        {
            patches.push((text, target, None));
        }
    }
    let older = overlay
        .get("patchesStrategicMerge")
        .map_or(&[][..], Node::items);
    for path in older.iter().filter_map(Node::text) {
        patches.extend(beside(asset, path, files).map(|text| (text, None, None)));
    }
    patches.truncate(MAX_PATCHES);
    patches
}

fn beside(asset: &Asset<'_>, path: &str, files: &dyn Files) -> Option<String> {
    let bytes = files.read(&keys::beside(asset.raw.path, path))?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statements::shown::check_with;
    use insta::assert_snapshot;

    struct Folder(&'static [(&'static str, &'static str)]);

    impl Files for Folder {
        fn read(&self, path: &str) -> Option<Vec<u8>> {
            let found = self.0.iter().find(|(name, _)| *name == path);
            found.map(|(_, text)| text.as_bytes().to_vec())
        }

        fn list(&self, folder: &str) -> Vec<String> {
            let names = self.0.iter().map(|(name, _)| (*name).to_owned());
            names.filter(|name| name.starts_with(folder)).collect()
        }
    }

    const OVERLAY: &str = r####"apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - ../../base
images: [{name: r.example/t, newTag: "9"}]
patches:
  - target: {kind: InferenceService, name: fraud}
    patch: |-
      - op: replace
        path: /spec/predictor/model/storageUri
        value: s3://models/fraud/4
  - patch: |
      kind: InferenceService
      metadata: {name: fraud}
      spec: {transformer: {containers: [{name: t, env: [{name: A, value: "http://a.b.svc"}]}]}}
"####;

    const FILES: Folder = Folder(&[
        (
            "x/base/kustomization.yaml",
            "namespace: ml-risk\nresources: [isvc.yaml, ../base]\n",
        ),
        (
            "x/base/isvc.yaml",
            "apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata: {name: fraud}\nspec: {predictor: {model: {storageUri: s3://models/fraud/3}}, transformer: {containers: [{name: t, image: 'r.example/t:1'}]}}\n",
        ),
        ("x/overlays/staging/kustomization.yaml", OVERLAY),
    ]);

    #[test]
    fn an_overlay_is_what_runs() {
        assert_snapshot!(check_with("x/overlays/staging/kustomization.yaml", OVERLAY, &FILES), @r####"
        [14] inference_service "fraud" kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud
        [14] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .type = "InferenceService"
        [14] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .cluster = "staging"
        [4] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .namespace = "ml-risk"
        [5] image "r.example/t" image:r.example/t
        [5] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud runs_image image:r.example/t {container="t", tag="9"}
        [5] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .image = "r.example/t:9"
        [15] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud depends_on kubernetes:staging/core/Service/b/a
        [11] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud serves uri:s3://models/fraud/4 {component="predictor"}
        [14] resource "fraud" kubernetes:staging/core/Service/ml-risk/fraud
        [14] kubernetes:staging/core/Service/ml-risk/fraud part_of kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud
        [14] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud .pod_labels = ["serving.kserve.io/inferenceservice=fraud"]
        [4] kubernetes:staging/serving.kserve.io/InferenceService/ml-risk/fraud defined_in file:./x/base/isvc.yaml
        "####);
        let base = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n";
        assert_eq!(check_with("x/base/isvc.yaml", base, &FILES), "");
        assert_ne!(check_with("y/base/isvc.yaml", base, &FILES), "");
    }
}
