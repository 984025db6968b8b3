//! Grafana dashboards (<https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/>):
//! JSON with `panels` and `schemaVersion`, bare or inside `dashboard` or `spec`.
//!
//! A dashboard is known by its `uid`, without one by its file. Its panels look at the metrics of their targets; SQL is
//! left to lineage.

use virgil_model::{Attributes, Files, Key, Kind, Predicate};

use crate::cluster::{cluster_of, team};
use crate::keys;
use crate::monitoring::{text, watch};
use crate::statements::{Asset, Format, Said};
use crate::tree::{Entry, Node};

/// The format.
pub(super) const FORMAT: Format = Format {
    name: "grafana",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "json" | "yaml" | "yml")
        && asset.mentions(&["schemaVersion"])
        && asset.mentions(&["\"panels\"", "panels:", "\"rows\""])
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    for document in asset.documents() {
        let inner = ["dashboard", "spec"]
            .iter()
            .find_map(|field| document.get(field))
            .unwrap_or(document);
        let is_dashboard = inner.get("schemaVersion").is_some() && inner.get("title").is_some();
        if is_dashboard {
            dashboard(inner, document, asset.raw.path, said);
        }
    }
}

fn dashboard(node: &Node<'_>, document: &Node<'_>, path: &str, said: &mut Said) {
    let Some(title) = node.entry("title") else {
        return;
    };
    let name = title.node.text().unwrap_or_default();
    let uid = node
        .text_at(&["uid"])
        .or_else(|| document.text_at(&["metadata", "name"]));
    let key = match uid {
        Some(uid) => Key::scoped("dashboard", "grafana", uid),
        None => Key::scoped("dashboard", ".", path),
    };
    said.mention(title.lines(), Kind::Dashboard, &[&key], name);
    said.relation(title.lines(), &key, Predicate::DefinedIn, &keys::file(path));
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
        }
    }
    panels(node, &key, cluster_of(path), 0, said);
}

/// Panels, those in rows too.
fn panels(node: &Node<'_>, key: &Key, cluster: &str, depth: usize, said: &mut Said) {
    if depth > 4 {
        return;
    }
    for field in ["panels", "rows"] {
        for panel in node.get(field).map_or(&[][..], Node::items) {
            let title = panel
                .text_at(&["title"])
                .map(|title| ("panel".to_owned(), text(title)));
            let attributes: Attributes = title.into_iter().collect();
            for target in panel.get("targets").map_or(&[][..], Node::items) {
                if let Some(expression) = target.entry("expr") {
                    target_of(expression, key, cluster, &attributes, said);
                }
            }
            panels(panel, key, cluster, depth + 1, said);
        }
    }
}

fn target_of(
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
      {"title": "Rate", "targets": [{"expr": "sum(rate(a_total{job=\"$job\", ns=\"x\"}[1h]))"}, {"rawSql": "select 1"}]}
    ]}
  ]
}
"####), @r####"
        [2] dashboard "Fraud detector" dashboard:grafana/fraud
        [2] dashboard:grafana/fraud defined_in file:./dashboards/fraud.json
        [3] dashboard:grafana/fraud .description = "Latency."
        [4] dashboard:grafana/fraud .tags = ["team:ml-risk","model:fraud"]
        [4] dashboard:grafana/fraud owned_by team:label/ml-risk
        [7] dashboard:grafana/fraud monitors metric:default/fraud:latency:p99 {panel="p99"}
        [7] dashboard:grafana/fraud monitors Metric { name: "fraud:latency:p99", matchers: [] } {panel="p99"}
        [9] dashboard:grafana/fraud monitors metric:default/a_total {matchers=["ns=\"x\""], panel="Rate"}
        [9] dashboard:grafana/fraud monitors Metric { name: "a_total", matchers: [("ns", "=", "x")] } {panel="Rate"}
        "####);
        assert_eq!(
            check("a.json", "{\"schemaVersion\": 1, \"panels\": [{}]}"),
            ""
        );
    }
}
