//! What brings manifests into a cluster: Argo CD (<https://argo-cd.readthedocs.io/en/stable/operator-manual/application.yaml>)
//! and Flux (<https://fluxcd.io/flux/components/>).
//!
//! An application depends on the repository and on the chart that it deploys; the path, the revision and where to are
//! values of the edge and of the application. Fields with variables, as in an `ApplicationSet`, say nothing.

use virgil_model::{Attributes, Key, Predicate, Target, Value};

use crate::cluster::{Object, Place, attributes};
use crate::keys;
use crate::statements::Said;
use crate::tree::Node;

/// States what an object of Argo CD or Flux deploys.
pub(super) fn state(object: &Object<'_>, said: &mut Said) {
    match object.kind {
        "Application" => {
            if let Some(spec) = object.node.get("spec") {
                application(object, spec, said);
            }
        }
        "ApplicationSet" => {
            if let Some(spec) = object.spec(&["template", "spec"]) {
                application(object, spec, said);
            }
        }
        "GitRepository" | "OCIRepository" | "HelmRepository" | "Bucket" => source(object, said),
        "Kustomization" => {
            attributes(
                object,
                &[
                    ("path", &["path"]),
                    ("destination_namespace", &["targetNamespace"]),
                ],
                said,
            );
            refer(object, object.spec(&["sourceRef"]), Attributes::new(), said);
            for other in object.spec(&["dependsOn"]).map_or(&[][..], Node::items) {
                refer(object, Some(other), Attributes::new(), said);
            }
        }
        "HelmRelease" => release(object, said),
        _ => {}
    }
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains("{{") && !text.contains(char::is_whitespace)
}

fn plain<'n>(node: &'n Node<'_>, field: &str) -> Option<&'n str> {
    node.text_at(&[field]).filter(|text| is_plain(text))
}

fn values(node: &Node<'_>, fields: &[(&str, &str)]) -> Attributes {
    fields
        .iter()
        .filter_map(|(field, name)| {
            Some((
                (*name).to_owned(),
                Value::Text(plain(node, field)?.to_owned()),
            ))
        })
        .collect()
}

fn application(object: &Object<'_>, spec: &Node<'_>, said: &mut Said) {
    for (field, attribute) in [("project", "project")] {
        if let Some(entry) = spec.entry(field) {
            said.text(
                entry.lines(),
                &object.key,
                attribute,
                entry.node.text().unwrap_or_default(),
            );
        }
    }
    for (field, attribute) in [
        ("namespace", "destination"),
        ("name", "destination_cluster"),
        ("server", "destination_server"),
    ] {
        let destination = spec.get("destination").and_then(|node| node.entry(field));
        if let Some(entry) = destination
            && let Some(text) = entry.node.text().filter(|text| is_plain(text))
        {
            said.text(entry.lines(), &object.key, attribute, text);
        }
    }
    let many = spec.get("sources").map_or(&[][..], Node::items);
    for source in spec.get("source").into_iter().chain(many) {
        let Some(address) = plain(source, "repoURL") else {
            continue;
        };
        if let Some(chart) = plain(source, "chart") {
            let more = values(source, &[("targetRevision", "version")]);
            let chart = Target::Key(chart_key(address, chart));
            let lines = source.lines();
            said.relation_with(lines, &object.key, Predicate::DependsOn, chart, more);
        } else if let Some(repository) = keys::repository(address) {
            let more = values(source, &[("path", "path"), ("targetRevision", "revision")]);
            let repository = Target::Key(repository);
            let lines = source.lines();
            said.relation_with(lines, &object.key, Predicate::DependsOn, repository, more);
        }
    }
}

/// A chart of a repository of charts.
pub(super) fn chart_key(repository: &str, name: &str) -> Key {
    let address = repository.trim_end_matches('/');
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    Key::global("helm_chart", format!("{}/{name}", address.to_lowercase()))
}

/// Where Flux takes manifests and charts from.
fn source(object: &Object<'_>, said: &mut Said) {
    let Some(entry) = object.node.get("spec").and_then(|spec| spec.entry("url")) else {
        return;
    };
    let address = entry.node.text().unwrap_or_default();
    said.text(entry.lines(), &object.key, "url", address);
    let repository = keys::repository(address).filter(|_| object.kind == "GitRepository");
    if let Some(repository) = repository {
        let reference = object.spec(&["ref"]);
        let more = reference.map_or_else(Attributes::new, |node| {
            values(
                node,
                &[("branch", "branch"), ("tag", "tag"), ("commit", "version")],
            )
        });
        let repository = Target::Key(repository);
        said.relation_with(
            entry.lines(),
            &object.key,
            Predicate::DependsOn,
            repository,
            more,
        );
    }
}

/// A release of a chart by Flux.
fn release(object: &Object<'_>, said: &mut Said) {
    attributes(
        object,
        &[
            ("chart", &["chart", "spec", "chart"]),
            ("chart_version", &["chart", "spec", "version"]),
            ("release_name", &["releaseName"]),
            ("destination", &["targetNamespace"]),
        ],
        said,
    );
    let chart = object.spec(&["chart", "spec"]);
    let more = chart.map_or_else(Attributes::new, |node| {
        values(node, &[("chart", "chart"), ("version", "version")])
    });
    let reference = object
        .spec(&["chart", "spec", "sourceRef"])
        .or_else(|| object.spec(&["chartRef"]));
    refer(object, reference, more, said);
    for from in object.spec(&["valuesFrom"]).map_or(&[][..], Node::items) {
        if let (Some(kind @ ("ConfigMap" | "Secret")), Some(name)) =
            (from.text_at(&["kind"]), from.text_at(&["name"]))
        {
            let other = object.place.object("core", kind, name);
            said.relation(from.lines(), &object.key, Predicate::DependsOn, &other);
        }
    }
}

/// A reference of Flux; without a kind it is to an object of the same kind.
fn refer(object: &Object<'_>, reference: Option<&Node<'_>>, more: Attributes, said: &mut Said) {
    let Some(reference) = reference else { return };
    let Some(name) = plain(reference, "name") else {
        return;
    };
    let kind = reference.text_at(&["kind"]).unwrap_or(object.kind);
    let group = match kind {
        "Kustomization" => "kustomize.toolkit.fluxcd.io",
        "HelmRelease" => "helm.toolkit.fluxcd.io",
        _ => "source.toolkit.fluxcd.io",
    };
    let place = Place {
        cluster: object.place.cluster,
        namespace: reference
            .text_at(&["namespace"])
            .unwrap_or(object.place.namespace),
    };
    let other = Target::Key(place.object(group, kind, name));
    said.relation_with(
        reference.lines(),
        &object.key,
        Predicate::DependsOn,
        other,
        more,
    );
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn applications_depend_on_what_they_deploy() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: guestbook, namespace: argocd}
spec:
  project: default
  source: {repoURL: "https://github.com/argoproj/argocd-example-apps.git", targetRevision: HEAD, path: guestbook}
  destination: {server: "https://kubernetes.default.svc", namespace: guestbook}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: redis, namespace: argocd}
spec:
  sources:
    - {repoURL: "https://charts.example/stable/", chart: redis, targetRevision: 1.2.3}
    - {repoURL: "git@github.com:bottega/values.git", ref: values}
---
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: all, namespace: argocd}
spec: {template: {spec: {source: {repoURL: "https://github.com/a/b", path: "{{path}}"}, destination: {namespace: "{{path.basename}}"}}}}
"####), @r####"
        [3] resource "guestbook" kubernetes:default/argoproj.io/Application/argocd/guestbook
        [3] kubernetes:default/argoproj.io/Application/argocd/guestbook .type = "Application"
        [3] kubernetes:default/argoproj.io/Application/argocd/guestbook .namespace = "argocd"
        [5] kubernetes:default/argoproj.io/Application/argocd/guestbook .project = "default"
        [7] kubernetes:default/argoproj.io/Application/argocd/guestbook .destination = "guestbook"
        [7] kubernetes:default/argoproj.io/Application/argocd/guestbook .destination_server = "https://kubernetes.default.svc"
        [6] kubernetes:default/argoproj.io/Application/argocd/guestbook depends_on repository:github.com/argoproj/argocd-example-apps {path="guestbook", revision="HEAD"}
        [11] resource "redis" kubernetes:default/argoproj.io/Application/argocd/redis
        [11] kubernetes:default/argoproj.io/Application/argocd/redis .type = "Application"
        [11] kubernetes:default/argoproj.io/Application/argocd/redis .namespace = "argocd"
        [14] kubernetes:default/argoproj.io/Application/argocd/redis depends_on helm_chart:charts.example/stable/redis {version="1.2.3"}
        [15] kubernetes:default/argoproj.io/Application/argocd/redis depends_on repository:github.com/bottega/values
        [19] resource "all" kubernetes:default/argoproj.io/ApplicationSet/argocd/all
        [19] kubernetes:default/argoproj.io/ApplicationSet/argocd/all .type = "ApplicationSet"
        [19] kubernetes:default/argoproj.io/ApplicationSet/argocd/all .namespace = "argocd"
        [20] kubernetes:default/argoproj.io/ApplicationSet/argocd/all depends_on repository:github.com/a/b
        "####);
    }

    #[test]
    fn releases_depend_on_their_source() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: apps, namespace: flux-system}
spec: {url: "https://github.com/bottega/apps", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: shop, namespace: flux-system}
spec: {path: ./clusters/prod, sourceRef: {kind: GitRepository, name: apps}, dependsOn: [{name: base}]}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: podinfo, namespace: apps}
spec:
  chart: {spec: {chart: podinfo, version: 6.x, sourceRef: {kind: HelmRepository, name: podinfo, namespace: flux-system}}}
  valuesFrom: [{kind: Secret, name: values}]
"####), @r####"
        [3] resource "apps" kubernetes:default/source.toolkit.fluxcd.io/GitRepository/flux-system/apps
        [3] kubernetes:default/source.toolkit.fluxcd.io/GitRepository/flux-system/apps .type = "GitRepository"
        [3] kubernetes:default/source.toolkit.fluxcd.io/GitRepository/flux-system/apps .namespace = "flux-system"
        [4] kubernetes:default/source.toolkit.fluxcd.io/GitRepository/flux-system/apps .url = "https://github.com/bottega/apps"
        [4] kubernetes:default/source.toolkit.fluxcd.io/GitRepository/flux-system/apps depends_on repository:github.com/bottega/apps {branch="main"}
        [8] resource "shop" kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop
        [8] kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop .type = "Kustomization"
        [8] kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop .namespace = "flux-system"
        [9] kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop .path = "./clusters/prod"
        [9] kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop depends_on kubernetes:default/source.toolkit.fluxcd.io/GitRepository/flux-system/apps
        [9] kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/shop depends_on kubernetes:default/kustomize.toolkit.fluxcd.io/Kustomization/flux-system/base
        [13] resource "podinfo" kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo
        [13] kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo .type = "HelmRelease"
        [13] kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo .namespace = "apps"
        [15] kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo .chart = "podinfo"
        [15] kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo .chart_version = "6.x"
        [15] kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo depends_on kubernetes:default/source.toolkit.fluxcd.io/HelmRepository/flux-system/podinfo {chart="podinfo", version="6.x"}
        [16] kubernetes:default/helm.toolkit.fluxcd.io/HelmRelease/apps/podinfo depends_on kubernetes:default/core/Secret/apps/values
        "####);
    }
}
