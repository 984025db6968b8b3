//! Dashboards of Grafana (<https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/>):
//! JSON with `panels` and `schemaVersion`, bare or inside `dashboard`; the resources of `dashboard.grafana.app`, whose second
//! version writes `elements`; the `GrafanaDashboard` of the operator; and the values of a `ConfigMap`.
//!
//! A dashboard is known by its `uid`, without one by its file or object. Its panels look at the metrics of their
//! targets, and so do the alerts that older ones hold; SQL is left to lineage.

use virgil_model::{Attributes, Files, Key, Kind, LineSpan, Predicate};

use crate::cluster::{Object, cluster_of, team};
use crate::keys;
use crate::monitoring::{text, watch, watch_model};
use crate::statements::{Asset, Format, Said};
use crate::tree::{self, Entry, Node};

/// The format of files; the objects of clusters are stated with the other manifests.
pub(super) const FORMAT: Format = Format {
    name: "grafana",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "json" | "yaml" | "yml")
        && asset.mentions(&["schemaVersion"])
        && asset.mentions(&["\"panels\"", "panels:", "\"rows\""])
        && asset
            .documents()
            .iter()
            .any(|document| bare(document).is_some())
}

/// The dashboard that a document is; objects of a cluster are none.
fn bare<'n, 'a>(document: &'n Node<'a>) -> Option<&'n Node<'a>> {
    let inner = document.get("dashboard").unwrap_or(document);
    (is_dashboard(inner) && document.get("apiVersion").is_none()).then_some(inner)
}

fn is_dashboard(node: &Node<'_>) -> bool {
    node.get("title").is_some()
        && (node.get("schemaVersion").is_some()
            && (node.get("panels").is_some() || node.get("rows").is_some())
            || node.get("elements").is_some() && node.get("layout").is_some())
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let path = asset.raw.path;
    for node in asset.documents().iter().filter_map(bare) {
        let unnamed = Key::scoped("dashboard", ".", path);
        let key = dashboard(
            node,
            node.text_at(&["uid"]),
            &unnamed,
            cluster_of(path),
            said,
        );
        said.relation(
            title_lines(node),
            &key,
            Predicate::DefinedIn,
            &keys::file(path),
        );
    }
}

/// States the dashboards that the values of a `ConfigMap` are.
pub(super) fn config_map(object: &Object<'_>, said: &mut Said) {
    for entry in object.node.get("data").map_or(&[][..], Node::entries) {
        let is_likely = entry.key.ends_with(".json")
            && entry
                .node
                .text()
                .is_some_and(|text| text.contains("\"panels\"") || text.contains("\"elements\""));
        let Some(node) = tree::json_inside(&entry.node).filter(|_| is_likely) else {
            continue;
        };
        if is_dashboard(&node) {
            let unnamed = Key::scoped("dashboard", &object.key.value, &entry.key);
            let cluster = object.place.cluster;
            let key = dashboard(&node, node.text_at(&["uid"]), &unnamed, cluster, said);
            said.relation(title_lines(&node), &key, Predicate::PartOf, &object.key);
        }
    }
}

/// States a `GrafanaDashboard`: the dashboard in its `json`, or where it takes it from.
pub(super) fn custom(object: &Object<'_>, said: &mut Said) {
    if let Some(written) = object.spec(&["json"]) {
        match tree::json_inside(written) {
            Some(node) => {
                let uid = object.spec(&["uid"]).or_else(|| node.get("uid"));
                let cluster = object.place.cluster;
                let key = dashboard(&node, uid.and_then(Node::text), &object.key, cluster, said);
                said.same(written.lines(), &key, &object.key);
            }
            None => said.problem(written.line, "the JSON of the dashboard does not parse"),
        }
    }
    if let Some(reference) = object.spec(&["configMapRef"])
        && let Some(name) = reference.text_at(&["name"])
    {
        let source = object.place.object("core", "ConfigMap", name);
        said.relation(
            reference.lines(),
            &object.key,
            Predicate::DependsOn,
            &source,
        );
    }
    if let Some(url) = object.spec(&["url"])
        && let Some(address) = url.text().filter(|text| keys::is_uri(text))
    {
        said.relation(
            url.lines(),
            &object.key,
            Predicate::DefinedIn,
            &keys::uri(address),
        );
    }
    if let Some(folder) = object.spec(&["folder"]) {
        said.text(
            folder.lines(),
            &object.key,
            "folder",
            folder.text().unwrap_or_default(),
        );
    }
}

/// States a resource of `dashboard.grafana.app`: its name is the `uid` of the dashboard.
pub(super) fn resource(object: &Object<'_>, said: &mut Said) {
    if let Some(spec) = object
        .node
        .get("spec")
        .filter(|spec| spec.get("title").is_some())
    {
        let cluster = object.place.cluster;
        let key = dashboard(spec, Some(&object.name), &object.key, cluster, said);
        said.same(object.line(), &key, &object.key);
    }
}

fn title_lines(node: &Node<'_>) -> LineSpan {
    node.entry("title").map_or(node.lines(), Entry::lines)
}

/// States a dashboard, and gives its key.
fn dashboard(
    node: &Node<'_>,
    uid: Option<&str>,
    unnamed: &Key,
    cluster: &str,
    said: &mut Said,
) -> Key {
    let key = uid.map_or_else(|| unnamed.clone(), keys::grafana_dashboard);
    let name = node.text_at(&["title"]).unwrap_or_default();
    said.mention(title_lines(node), Kind::Dashboard, &[&key], name);
    if let Some(description) = node.entry("description") {
        let written = description.node.text().unwrap_or_default();
        said.attribute(description.lines(), &key, "description", text(written));
    }
    if let Some(tags) = node.get("tags") {
        if let Some(value) = tags.to_value() {
            said.attribute(tags.lines(), &key, "tags", value);
        }
        for tag in tags.items() {
            if let Some(name) = tag.text().and_then(|tag| tag.strip_prefix("team:")) {
                said.relation(tag.lines(), &key, Predicate::OwnedBy, &team(name));
            }
            if let Some(name) = tag.text().and_then(|tag| tag.strip_prefix("model:")) {
                watch_model(&key, name, tag.lines(), said);
            }
        }
    }
    panels(node, &key, cluster, 0, said);
    for element in node.get("elements").map_or(&[][..], Node::entries) {
        self::element(&element.node, &key, cluster, said);
    }
    key
}

fn panel_attributes(panel: &Node<'_>) -> Attributes {
    let title = panel.text_at(&["title"]);
    title
        .map(|title| ("panel".to_owned(), text(title)))
        .into_iter()
        .collect()
}

/// Whether a target of a panel is in `PromQL`: Loki and others have expressions of their own; a data source that is a
/// variable says nothing.
fn asks_prometheus(target: &Node<'_>, panel: &Node<'_>) -> bool {
    let datasource = ["datasource", "type"];
    let kind = target
        .text_at(&datasource)
        .or_else(|| panel.text_at(&datasource));
    kind.is_none_or(|kind| kind == "prometheus" || kind.contains('$'))
}

/// Panels, those in rows too.
fn panels(node: &Node<'_>, key: &Key, cluster: &str, depth: usize, said: &mut Said) {
    if depth > 4 {
        return;
    }
    for field in ["panels", "rows"] {
        for panel in node.get(field).map_or(&[][..], Node::items) {
            let attributes = panel_attributes(panel);
            let targets = panel.get("targets").map_or(&[][..], Node::items);
            let asked = targets
                .iter()
                .filter(|target| asks_prometheus(target, panel));
            for expression in asked.filter_map(|target| target.entry("expr")) {
                target(expression, key, cluster, &attributes, said);
            }
            if let Some(alert) = panel.get("alert") {
                self::alert(alert, targets, key, cluster, said);
            }
            panels(panel, key, cluster, depth + 1, said);
        }
    }
}

/// A panel as the second version of the resource writes it.
fn element(element: &Node<'_>, key: &Key, cluster: &str, said: &mut Said) {
    let Some(panel) = element.get("spec") else {
        return;
    };
    let attributes = panel_attributes(panel);
    let queries = panel.at(&["data", "spec", "queries"]);
    for query in queries.map_or(&[][..], Node::items) {
        let query = query.at(&["spec", "query", "spec"]);
        if let Some(expression) = query.and_then(|query| query.entry("expr")) {
            target(expression, key, cluster, &attributes, said);
        }
    }
}

fn target(
    expression: &Entry<'_>,
    key: &Key,
    cluster: &str,
    attributes: &Attributes,
    said: &mut Said,
) {
    if let Some(written) = expression.node.text() {
        watch(key, written, cluster, expression.lines(), attributes, said);
    }
}

/// The alert of a panel, as it was before Grafana 11: it looks at what the panel shows.
fn alert(node: &Node<'_>, targets: &[Node<'_>], dashboard: &Key, cluster: &str, said: &mut Said) {
    let Some(name) = node.text_at(&["name"]) else {
        said.problem(node.line, "the alert of the panel has no name");
        return;
    };
    let key = Key::scoped("alert", &dashboard.value, name);
    said.mention(node.lines(), Kind::Alert, &[&key], name);
    said.relation(node.lines(), &key, Predicate::PartOf, dashboard);
    for (field, attribute) in [("message", "description"), ("for", "for")] {
        if let Some(entry) = node.entry(field) {
            said.text(
                entry.lines(),
                &key,
                attribute,
                entry.node.text().unwrap_or_default(),
            );
        }
    }
    for expression in targets.iter().filter_map(|target| target.entry("expr")) {
        target(expression, &key, cluster, &Attributes::new(), said);
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn panels_watch_metrics() {
        assert_snapshot!(check("dashboards/fraud.json", r####"{
  "uid": "fraud", "title": "Fraud detector",
  "description": "Latency.",
  "tags": ["team:ml-risk", "model:fraud"],
  "schemaVersion": 39,
  "panels": [
    {"title": "p99", "targets": [{"expr": "fraud:latency:p99"}]},
    {"type": "row", "panels": [
      {"title": "Rate", "targets": [{"expr": "sum(rate(a_total{job=\"$job\", ns=\"x\"}[1h]))"}, {"rawSql": "select 1"}],
       "alert": {"name": "Too many", "for": "5m", "message": "Look.", "conditions": [{}]}}
    ]}
  ]
}
"####), @r####"
        [2] dashboard "Fraud detector" dashboard:grafana/fraud
        [3] dashboard:grafana/fraud .description = "Latency."
        [4] dashboard:grafana/fraud .tags = ["team:ml-risk","model:fraud"]
        [4] dashboard:grafana/fraud owned_by team:label/ml-risk
        [4] dashboard:grafana/fraud monitors model:mlflow/fraud
        [7] dashboard:grafana/fraud monitors metric:default/fraud:latency:p99 {panel="p99"}
        [7] dashboard:grafana/fraud monitors Metric { name: "fraud:latency:p99", matchers: [] } {panel="p99"}
        [9] dashboard:grafana/fraud monitors metric:default/a_total {matchers=["ns=\"x\""], panel="Rate"}
        [9] dashboard:grafana/fraud monitors Metric { name: "a_total", matchers: [("ns", "=", "x")] } {panel="Rate"}
        [10] alert "Too many" alert:grafana/fraud/Too many
        [10] alert:grafana/fraud/Too many part_of dashboard:grafana/fraud
        [10] alert:grafana/fraud/Too many .description = "Look."
        [10] alert:grafana/fraud/Too many .for = "5m"
        [9] alert:grafana/fraud/Too many monitors metric:default/a_total {matchers=["ns=\"x\""]}
        [9] alert:grafana/fraud/Too many monitors Metric { name: "a_total", matchers: [("ns", "=", "x")] }
        [2] dashboard:grafana/fraud defined_in file:./dashboards/fraud.json
        "####);
        assert_eq!(
            check("a.json", "{\"schemaVersion\": 1, \"panels\": [{}]}"),
            ""
        );
    }

    #[test]
    fn values_of_a_config_map_are_dashboards() {
        assert_snapshot!(check("m/grafana.yaml", r####"apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: dashboard-overview, namespace: monitoring, labels: {grafana_dashboard: "1"}}
  data:
    other.json: '{"a": "\"panels\""}'
    overview.json: |-
      {
          "panels": [
              {"title": "Alerts", "targets": [
                  {"expr": "sum(alerts{namespace=~\"$namespace\"})"}]}
          ],
          "schemaVersion": 39,
          "title": "Overview",
          "uid": "overview"
      }
"####), @r####"
        [6] resource "dashboard-overview" kubernetes:default/core/ConfigMap/monitoring/dashboard-overview
        [6] kubernetes:default/core/ConfigMap/monitoring/dashboard-overview .type = "ConfigMap"
        [6] kubernetes:default/core/ConfigMap/monitoring/dashboard-overview .namespace = "monitoring"
        [6] kubernetes:default/core/ConfigMap/monitoring/dashboard-overview .labels = ["grafana_dashboard=1"]
        [16] dashboard "Overview" dashboard:grafana/overview
        [13] dashboard:grafana/overview monitors metric:default/alerts {panel="Alerts"}
        [13] dashboard:grafana/overview monitors Metric { name: "alerts", matchers: [] } {panel="Alerts"}
        [16] dashboard:grafana/overview part_of kubernetes:default/core/ConfigMap/monitoring/dashboard-overview
        "####);
    }

    #[test]
    fn objects_are_dashboards() {
        assert_snapshot!(check("a.yaml", r####"apiVersion: grafana.integreatly.org/v1beta1
kind: GrafanaDashboard
metadata: {name: a-service, namespace: monitoring}
spec:
  instanceSelector: {matchLabels: {dashboards: grafana}}
  folder: Shop
  json: >
    {
      "title": "A Service", "schemaVersion": 39,
      "panels": [{"title": "Done", "targets": [{"expr": "increase(task_completed_total[1h])"}]}]
    }
---
apiVersion: grafana.integreatly.org/v1beta1
kind: GrafanaDashboard
metadata: {name: b}
spec: {configMapRef: {name: maps, key: b.json}, url: "https://raw.example/b.json"}
---
apiVersion: dashboard.grafana.app/v2
kind: Dashboard
metadata: {name: webhooks}
spec:
  title: Webhooks
  layout: {kind: GridLayout}
  elements:
    panel-1:
      kind: Panel
      spec:
        title: Traffic
        data: {kind: QueryGroup, spec: {queries: [{kind: PanelQuery, spec: {query: {kind: DataQuery, group: prometheus, spec: {expr: "rate(hooks_total[5m])"}}}}]}}
---
apiVersion: dashboard.grafana.app/v1
kind: Dashboard
metadata: {name: proxmox}
spec: {title: Proxmox, panels: [{targets: [{expr: up}]}]}
"####), @r####"
        [3] dashboard "a-service" kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service
        [3] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service .type = "GrafanaDashboard"
        [3] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service .namespace = "monitoring"
        [9] dashboard "A Service" kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service
        [10] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service monitors metric:default/task_completed_total {panel="Done"}
        [10] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service monitors Metric { name: "task_completed_total", matchers: [] } {panel="Done"}
        [6] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/monitoring/a-service .folder = "Shop"
        [15] dashboard "b" kubernetes:default/grafana.integreatly.org/GrafanaDashboard/default/b
        [15] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/default/b .type = "GrafanaDashboard"
        [16] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/default/b depends_on kubernetes:default/core/ConfigMap/default/maps
        [16] kubernetes:default/grafana.integreatly.org/GrafanaDashboard/default/b defined_in uri:https://raw.example/b.json
        [20] dashboard "webhooks" kubernetes:default/dashboard.grafana.app/Dashboard/default/webhooks
        [20] kubernetes:default/dashboard.grafana.app/Dashboard/default/webhooks .type = "Dashboard"
        [22] dashboard "Webhooks" dashboard:grafana/webhooks
        [29] dashboard:grafana/webhooks monitors metric:default/hooks_total {panel="Traffic"}
        [29] dashboard:grafana/webhooks monitors Metric { name: "hooks_total", matchers: [] } {panel="Traffic"}
        [20] dashboard:grafana/webhooks is kubernetes:default/dashboard.grafana.app/Dashboard/default/webhooks
        [33] dashboard "proxmox" kubernetes:default/dashboard.grafana.app/Dashboard/default/proxmox
        [33] kubernetes:default/dashboard.grafana.app/Dashboard/default/proxmox .type = "Dashboard"
        [34] dashboard "Proxmox" dashboard:grafana/proxmox
        [34] dashboard:grafana/proxmox monitors metric:default/up
        [34] dashboard:grafana/proxmox monitors Metric { name: "up", matchers: [] }
        [33] dashboard:grafana/proxmox is kubernetes:default/dashboard.grafana.app/Dashboard/default/proxmox
        "####);
    }
}
