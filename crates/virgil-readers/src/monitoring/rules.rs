//! Prometheus rules (<https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/>): rule files and the
//! `PrometheusRule` of the operator.
//!
//! An alert is known by its file or object, its group and its name. A recording rule is a resource that the metric
//! it makes is known by, so that an alert on the metric leads to what the metric is made of.

use virgil_model::{Attributes, Files, Key, Kind, Predicate, Value};

use crate::cluster::{Object, Place, cluster_of, team, uri_key};
use crate::monitoring::{metric, text, watch, watch_model};
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format of rule files; the operator's objects are stated with the other manifests.
pub(super) const FORMAT: Format = Format {
    name: "prometheus-rules",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml" | "rules")
        && asset.mentions(&["groups:"])
        && asset.mentions(&["expr:"])
        && asset.documents().iter().any(is_rules)
}

fn is_rules(node: &Node<'_>) -> bool {
    let groups = node.get("groups").map_or(&[][..], Node::items);
    node.get("apiVersion").is_none() && groups.iter().any(|group| group.get("rules").is_some())
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let cluster = cluster_of(asset.raw.path);
    let place = Place {
        cluster,
        namespace: "default",
    };
    for node in asset.documents().iter().filter(|node| is_rules(node)) {
        let rules = Rules {
            place,
            system: format!("./{}", asset.raw.path),
            holder: None,
        };
        rules.groups(node, said);
    }
}

/// States the rules of a `PrometheusRule`.
pub(super) fn object(object: &Object<'_>, said: &mut Said) {
    let rules = Rules {
        place: object.place,
        system: format!(
            "{}/{}/{}",
            object.place.cluster, object.place.namespace, object.name
        ),
        holder: Some(&object.key),
    };
    if let Some(spec) = object.node.get("spec") {
        rules.groups(spec, said);
    }
}

struct Rules<'a> {
    place: Place<'a>,
    /// The file or object in front of the names of groups.
    system: String,
    holder: Option<&'a Key>,
}

impl Rules<'_> {
    fn groups(&self, node: &Node<'_>, said: &mut Said) {
        for group in node.get("groups").map_or(&[][..], Node::items) {
            let name = group.text_at(&["name"]).unwrap_or("default");
            for rule in group.get("rules").map_or(&[][..], Node::items) {
                self.rule(rule, name, said);
            }
        }
    }

    fn rule(&self, rule: &Node<'_>, group: &str, said: &mut Said) {
        let (key, entry) = if let Some(entry) = rule.entry("alert") {
            let Some(name) = entry.node.text() else {
                return;
            };
            let key = Key::scoped("alert", &self.system, &format!("{group}/{name}"));
            said.mention(rule.lines(), Kind::Alert, &[&key], name);
            (key, entry)
        } else if let Some(entry) = rule.entry("record") {
            let Some(name) = entry.node.text() else {
                return;
            };
            let key = metric(self.place.cluster, name);
            said.mention(rule.lines(), Kind::Resource, &[&key], name);
            said.attribute(entry.lines(), &key, "type", text("recording rule"));
            (key, entry)
        } else {
            return;
        };
        if let Some(holder) = self.holder {
            said.relation(entry.lines(), &key, Predicate::PartOf, holder);
        }
        if let Some(expression) = rule.entry("expr") {
            let written = expression.node.text().unwrap_or_default();
            said.attribute(expression.lines(), &key, "expression", text(written.trim()));
            let cluster = self.place.cluster;
            watch(
                &key,
                written,
                cluster,
                expression.lines(),
                &Attributes::new(),
                said,
            );
        }
        if let Some(wait) = rule.entry("for")
            && let Some(value) = wait.node.text()
        {
            said.attribute(wait.lines(), &key, "for", text(value));
        }
        for field in ["labels", "annotations"] {
            for entry in rule.get(field).map_or(&[][..], Node::entries) {
                label(entry, &key, &self.place, said);
            }
        }
    }
}

/// A label or an annotation of an alert.
pub(super) fn label(entry: &Entry<'_>, key: &Key, place: &Place<'_>, said: &mut Said) {
    let Some(value) = entry.node.text() else {
        return;
    };
    match &*entry.key {
        "team" | "owner" if !value.contains("{{") => {
            said.relation(entry.lines(), key, Predicate::OwnedBy, &team(value));
        }
        "runbook_url" | "runbook" | "dashboard_url" => {
            if let Some(uri) = uri_key(value, place) {
                said.relation(entry.lines(), key, Predicate::DocumentedBy, &uri);
            }
        }
        "severity" | "summary" | "description" | "message" | "model_name" | "priority" => {
            said.attribute(
                entry.lines(),
                key,
                &entry.key,
                Value::Text(value.to_owned()),
            );
            if entry.key == "model_name" && !value.contains("{{") {
                watch_model(key, value, entry.lines(), said);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn alerts_watch_metrics() {
        assert_snapshot!(check("monitoring/rules.yaml", r####"apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata: {name: fraud, namespace: ml-risk}
spec:
  groups:
    - name: fraud
      rules:
        - record: fraud:latency:p99
          expr: |
            histogram_quantile(0.99, sum by (le) (
              rate(request_bucket{model_name="fraud"}[5m])))
        - alert: HighLatency
          expr: fraud:latency:p99 > 0.25
          for: 10m
          labels: {severity: page, team: ml-risk}
          annotations:
            summary: p99 is {{ $value }}
            runbook_url: https://handbook.example/runbooks/fraud/
---
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: fraud, namespace: ml-risk}
spec: {selector: {matchLabels: {app: fraud}}, namespaceSelector: {matchNames: [a, b]}}
"####), @r####"
        [3] resource "fraud" kubernetes:default/monitoring.coreos.com/PrometheusRule/ml-risk/fraud
        [3] kubernetes:default/monitoring.coreos.com/PrometheusRule/ml-risk/fraud .type = "PrometheusRule"
        [3] kubernetes:default/monitoring.coreos.com/PrometheusRule/ml-risk/fraud .namespace = "ml-risk"
        [8-11] resource "fraud:latency:p99" metric:default/fraud:latency:p99
        [8] metric:default/fraud:latency:p99 .type = "recording rule"
        [8] metric:default/fraud:latency:p99 part_of kubernetes:default/monitoring.coreos.com/PrometheusRule/ml-risk/fraud
        [9-11] metric:default/fraud:latency:p99 .expression = "histogram_quantile(0.99, sum by (le) (\n  rate(request_bucket{model_name=\"fraud\"}[5m])))"
        [9-11] metric:default/fraud:latency:p99 monitors model:mlflow/fraud
        [9-11] metric:default/fraud:latency:p99 monitors metric:default/request_bucket {matchers=["model_name=\"fraud\""]}
        [9-11] metric:default/fraud:latency:p99 monitors Metric { name: "request_bucket", matchers: [("model_name", "=", "fraud")] }
        [12-18] alert "HighLatency" alert:default/ml-risk/fraud/fraud/HighLatency
        [12] alert:default/ml-risk/fraud/fraud/HighLatency part_of kubernetes:default/monitoring.coreos.com/PrometheusRule/ml-risk/fraud
        [13] alert:default/ml-risk/fraud/fraud/HighLatency .expression = "fraud:latency:p99 > 0.25"
        [13] alert:default/ml-risk/fraud/fraud/HighLatency monitors metric:default/fraud:latency:p99
        [13] alert:default/ml-risk/fraud/fraud/HighLatency monitors Metric { name: "fraud:latency:p99", matchers: [] }
        [14] alert:default/ml-risk/fraud/fraud/HighLatency .for = "10m"
        [15] alert:default/ml-risk/fraud/fraud/HighLatency .severity = "page"
        [15] alert:default/ml-risk/fraud/fraud/HighLatency owned_by team:label/ml-risk
        [17] alert:default/ml-risk/fraud/fraud/HighLatency .summary = "p99 is {{ $value }}"
        [18] alert:default/ml-risk/fraud/fraud/HighLatency documented_by uri:https://handbook.example/runbooks/fraud
        [22] resource "fraud" kubernetes:default/monitoring.coreos.com/ServiceMonitor/ml-risk/fraud
        [22] kubernetes:default/monitoring.coreos.com/ServiceMonitor/ml-risk/fraud .type = "ServiceMonitor"
        [22] kubernetes:default/monitoring.coreos.com/ServiceMonitor/ml-risk/fraud .namespace = "ml-risk"
        [23] kubernetes:default/monitoring.coreos.com/ServiceMonitor/ml-risk/fraud monitors Labels { namespace: "default/a", labels: {"app": "fraud"}, on: Services }
        [23] kubernetes:default/monitoring.coreos.com/ServiceMonitor/ml-risk/fraud monitors Labels { namespace: "default/b", labels: {"app": "fraud"}, on: Services }
        "####);
    }

    #[test]
    fn rule_files_are_known_by_their_path() {
        assert_snapshot!(check("clusters/prod/node.rules.yml", "groups:\n  - name: node\n    rules:\n      - alert: Down\n        expr: up == 0\n      - alert: [x]\n      - x\n"), @r####"
        [4-5] alert "Down" alert:./clusters/prod/node.rules.yml/node/Down
        [5] alert:./clusters/prod/node.rules.yml/node/Down .expression = "up == 0"
        [5] alert:./clusters/prod/node.rules.yml/node/Down monitors metric:prod/up
        [5] alert:./clusters/prod/node.rules.yml/node/Down monitors Metric { name: "up", matchers: [] }
        "####);
    }

    #[test]
    fn monitors_watch_services_or_pods() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: pods}
spec: {selector: {matchLabels: {app: x}}}
---
apiVersion: monitoring.coreos.com/v1
kind: Prometheus
metadata: {name: k8s, namespace: monitoring}
spec:
  image: quay.io/prometheus/prometheus:v3.13.2
  podMetadata: {labels: {app: prometheus}}
"####), @r####"
        [3] resource "pods" kubernetes:default/monitoring.coreos.com/PodMonitor/default/pods
        [3] kubernetes:default/monitoring.coreos.com/PodMonitor/default/pods .type = "PodMonitor"
        [4] kubernetes:default/monitoring.coreos.com/PodMonitor/default/pods monitors Labels { namespace: "default/default", labels: {"app": "x"}, on: Pods }
        [8] resource "k8s" kubernetes:default/monitoring.coreos.com/Prometheus/monitoring/k8s
        [8] kubernetes:default/monitoring.coreos.com/Prometheus/monitoring/k8s .type = "Prometheus"
        [8] kubernetes:default/monitoring.coreos.com/Prometheus/monitoring/k8s .namespace = "monitoring"
        [11] kubernetes:default/monitoring.coreos.com/Prometheus/monitoring/k8s .pod_labels = ["app=prometheus"]
        [10] image "quay.io/prometheus/prometheus" image:quay.io/prometheus/prometheus
        [10] kubernetes:default/monitoring.coreos.com/Prometheus/monitoring/k8s runs_image image:quay.io/prometheus/prometheus {tag="v3.13.2"}
        [10] kubernetes:default/monitoring.coreos.com/Prometheus/monitoring/k8s .image = "quay.io/prometheus/prometheus:v3.13.2"
        "####);
    }

    #[test]
    fn monitors_and_probes_select() {
        assert_snapshot!(check("m.yaml", r####"apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata: {name: all, namespace: monitoring}
spec:
  namespaceSelector: {any: true}
  selector:
    matchLabels: {app: kserve}
    matchExpressions:
      - {key: tier, operator: In, values: [front, back]}
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: {name: odd}
spec: {selector: {matchLabels: {a: b}, matchExpressions: [{key: c, operator: Exists}]}}
---
apiVersion: monitoring.coreos.com/v1
kind: Probe
metadata: {name: shop, namespace: monitoring}
spec:
  prober: {url: blackbox.monitoring.svc:9115}
  targets:
    staticConfig:
      static: ["http://shop-api.shop.svc:8080/healthz", "https://shop.bottega.example/", "10.0.0.1:80"]
    ingress: {selector: {matchLabels: {public: "true"}}, namespaceSelector: {matchNames: [shop]}}
"####), @r####"
        [3] resource "all" kubernetes:default/monitoring.coreos.com/ServiceMonitor/monitoring/all
        [3] kubernetes:default/monitoring.coreos.com/ServiceMonitor/monitoring/all .type = "ServiceMonitor"
        [3] kubernetes:default/monitoring.coreos.com/ServiceMonitor/monitoring/all .namespace = "monitoring"
        [7-9] kubernetes:default/monitoring.coreos.com/ServiceMonitor/monitoring/all monitors Labels { namespace: "default/*", labels: {"app": "kserve", "tier": "front"}, on: Services }
        [7-9] kubernetes:default/monitoring.coreos.com/ServiceMonitor/monitoring/all monitors Labels { namespace: "default/*", labels: {"app": "kserve", "tier": "back"}, on: Services }
        [13] resource "odd" kubernetes:default/monitoring.coreos.com/PodMonitor/default/odd
        [13] kubernetes:default/monitoring.coreos.com/PodMonitor/default/odd .type = "PodMonitor"
        [14] kubernetes:default/monitoring.coreos.com/PodMonitor/default/odd .selector = "has expressions other than `In`"
        [18] resource "shop" kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop
        [18] kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop .type = "Probe"
        [18] kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop .namespace = "monitoring"
        [23] kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop monitors kubernetes:default/core/Service/shop/shop-api
        [23] kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop monitors uri:https://shop.bottega.example
        [23] kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop .target = "10.0.0.1:80"
        [24] kubernetes:default/monitoring.coreos.com/Probe/monitoring/shop monitors Labels { namespace: "default/shop", labels: {"public": "true"}, on: Objects }
        "####);
    }
}
