//! What the pods of an object run and need: images, Secrets and `ConfigMap`s by name, volumes, services, GPUs.
//!
//! Every custom resource embeds pod templates at a place of its own, so the whole spec is searched for lists of
//! containers and volumes (<https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>).

use virgil_model::{Attributes, Key, LineSpan, Predicate, Target, Value};

use crate::cluster::{Place, owners, relate_image};
use crate::statements::Said;
use crate::tree::{Entry, Node};

/// States what the pods below a node run and need, as edges of `subject`.
pub(crate) fn state(node: &Node<'_>, subject: &Key, place: &Place<'_>, said: &mut Said) {
    for item in node.items() {
        state(item, subject, place, said);
    }
    for entry in node.entries() {
        match &*entry.key {
            "containers" | "initContainers" | "sidecars" | "ephemeralContainers" => {
                for item in entry.node.items() {
                    container(item, subject, place, said);
                }
            }
            "volumes" => {
                for volume in entry.node.items() {
                    self::volume(volume, subject, place, said);
                }
            }
            "env" | "envFrom" => environment(&entry.node, subject, place, said),
            "imagePullSecrets" => {
                for secret in entry.node.items() {
                    let secret = Some(secret);
                    refer(secret, "name", "Secret", "image pull", subject, place, said);
                }
            }
            "serviceAccountName" => {
                if let Some(name) = entry.node.text() {
                    let name = Value::Text(name.to_owned());
                    said.attribute(entry.lines(), subject, "service_account", name);
                }
            }
            "template" => {
                if let Some(labels) = entry.node.at(&["metadata", "labels"]) {
                    said.attribute(labels.lines(), subject, "pod_labels", owners::pairs(labels));
                }
                state(&entry.node, subject, place, said);
            }
            // The operator of Prometheus makes the pods itself.
            "podMetadata" => {
                if let Some(labels) = entry.node.get("labels") {
                    said.attribute(labels.lines(), subject, "pod_labels", owners::pairs(labels));
                }
            }
            _ => state(&entry.node, subject, place, said),
        }
    }
}

/// States what one container runs and needs.
pub(crate) fn container(node: &Node<'_>, subject: &Key, place: &Place<'_>, said: &mut Said) {
    if let Some(image) = node.entry("image") {
        let attributes = node
            .text_at(&["name"])
            .map(|name| ("container".to_owned(), Value::Text(name.to_owned())));
        run(image, subject, attributes.into_iter().collect(), said);
    }
    for field in ["env", "envFrom"] {
        if let Some(node) = node.get(field) {
            environment(node, subject, place, said);
        }
    }
    if let Some(resources) = node.get("resources") {
        gpus(resources, subject, said);
    }
}

/// States how many GPUs a container may use.
pub(crate) fn gpus(resources: &Node<'_>, subject: &Key, said: &mut Said) {
    for amounts in ["limits", "requests"] {
        let amounts = resources.get(amounts);
        let gpu = amounts
            .into_iter()
            .flat_map(Node::entries)
            .find(|entry| entry.key.ends_with("/gpu"));
        if let Some(gpu) = gpu
            && let Some(count) = gpu.node.text().and_then(|count| count.parse::<i64>().ok())
        {
            said.attribute(gpu.lines(), subject, "gpus", Value::Integer(count));
            break;
        }
    }
}

/// States that the subject runs the image of an `image:` entry.
pub(crate) fn run(image: &Entry<'_>, subject: &Key, more: Attributes, said: &mut Said) {
    if let Some(reference) = image.node.text() {
        relate_image(
            said,
            image.lines(),
            subject,
            Predicate::RunsImage,
            reference,
            more,
        );
    }
}

fn environment(node: &Node<'_>, subject: &Key, place: &Place<'_>, said: &mut Said) {
    for variable in node.items() {
        let from = variable.get("valueFrom").unwrap_or(variable);
        for (field, kind) in [
            ("secretKeyRef", "Secret"),
            ("secretRef", "Secret"),
            ("configMapKeyRef", "ConfigMap"),
            ("configMapRef", "ConfigMap"),
        ] {
            refer(
                from.get(field),
                "name",
                kind,
                "environment",
                subject,
                place,
                said,
            );
        }
        if let Some(value) = variable.entry("value")
            && let Some(service) = value.node.text().and_then(|url| service(url, place))
        {
            said.relation(value.lines(), subject, Predicate::DependsOn, &service);
        }
    }
}

/// States what one volume mounts.
pub(crate) fn volume(node: &Node<'_>, subject: &Key, place: &Place<'_>, said: &mut Said) {
    for (field, name, kind) in [
        (
            "persistentVolumeClaim",
            "claimName",
            "PersistentVolumeClaim",
        ),
        ("configMap", "name", "ConfigMap"),
        ("secret", "secretName", "Secret"),
    ] {
        refer(node.get(field), name, kind, "volume", subject, place, said);
    }
    // Several sources in one folder.
    let projected = node.at(&["projected", "sources"]);
    for source in projected.map_or(&[][..], Node::items) {
        for (field, kind) in [("configMap", "ConfigMap"), ("secret", "Secret")] {
            refer(
                source.get(field),
                "name",
                kind,
                "volume",
                subject,
                place,
                said,
            );
        }
    }
}

fn refer(
    node: Option<&Node<'_>>,
    field: &str,
    kind: &str,
    via: &str,
    subject: &Key,
    place: &Place<'_>,
    said: &mut Said,
) {
    let Some(entry) = node.and_then(|node| node.entry(field)) else {
        return;
    };
    let Some(name) = entry.node.text().filter(|name| is_name(name)) else {
        return;
    };
    let object = Target::Key(place.object("core", kind, name));
    let via = Attributes::from([("via".to_owned(), Value::Text(via.to_owned()))]);
    said.relation_with(
        LineSpan::line(entry.line),
        subject,
        Predicate::DependsOn,
        object,
        via,
    );
}

/// The Service that a URL inside the cluster names: `http://name.namespace.svc…`.
pub(crate) fn service(url: &str, place: &Place<'_>) -> Option<Key> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = host.split(['/', ':', '?', ',']).next()?;
    let mut parts = host.split('.');
    let (name, namespace) = (parts.next()?, parts.next()?);
    if parts.next() != Some("svc") || !is_name(name) || !is_name(namespace) {
        return None;
    }
    let place = Place {
        cluster: place.cluster,
        namespace,
    };
    Some(place.object("core", "Service", name))
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 253
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn pods_need_what_they_are_pulled_and_mounted_with() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: shop-api-5d
  ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: shop-api, uid: u}]
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      volumes:
        - name: all
          projected: {sources: [{configMap: {name: settings}}, {secret: {name: keys}}, {downwardAPI: {}}]}
"####), @r####"
        [4] resource "shop-api-5d" kubernetes:default/apps/ReplicaSet/default/shop-api-5d
        [4] kubernetes:default/apps/ReplicaSet/default/shop-api-5d .type = "ReplicaSet"
        [5] kubernetes:default/apps/ReplicaSet/default/shop-api-5d part_of kubernetes:default/apps/Deployment/default/shop-api
        [9] kubernetes:default/apps/ReplicaSet/default/shop-api-5d depends_on kubernetes:default/core/Secret/default/registry {via="image pull"}
        [12] kubernetes:default/apps/ReplicaSet/default/shop-api-5d depends_on kubernetes:default/core/ConfigMap/default/settings {via="volume"}
        [12] kubernetes:default/apps/ReplicaSet/default/shop-api-5d depends_on kubernetes:default/core/Secret/default/keys {via="volume"}
        "####);
    }
}
