//! Alert rules that Grafana itself evaluates: provisioning files
//! (<https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/>) and the
//! `GrafanaAlertRuleGroup` of the operator.
//!
//! A rule is known by its `uid`. It looks at the metrics of all the expressions of its `data`; the steps of Grafana's own
//! that follow (`reduce`, `threshold`) name none.

use virgil_model::{Attributes, Files, Key, Kind, Predicate};

use crate::cluster::{Object, Place, cluster_of};
use crate::keys;
use crate::monitoring::{rules, watch};
use crate::statements::{Asset, Format, Said};
use crate::tree::{self, Node};

/// The format of provisioning files; the operator's objects are stated with the other manifests.
pub(super) const FORMAT: Format = Format {
    name: "grafana-alerts",
    accepts,
    state,
};

fn accepts(asset: &Asset<'_>) -> bool {
    matches!(asset.extension().as_str(), "yaml" | "yml" | "json")
        && asset.mentions(&["datasourceUid"])
        && asset
            .documents()
            .iter()
            .any(|node| groups(node).next().is_some())
}

/// The groups of a provisioning file.
fn groups<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = &'n Node<'a>> {
    let groups = node.get("groups").map_or(&[][..], Node::items);
    groups.iter().filter(|group| {
        let rules = group.get("rules").map_or(&[][..], Node::items);
        rules.iter().any(|rule| rule.get("data").is_some())
    })
}

fn state(asset: &Asset<'_>, _files: &dyn Files, said: &mut Said) {
    let place = Place {
        cluster: cluster_of(asset.raw.path),
        namespace: "default",
    };
    for group in asset.documents().iter().flat_map(groups) {
        self::group(group, &place, None, said);
    }
}

/// States the rules of a `GrafanaAlertRuleGroup`.
pub(super) fn object(object: &Object<'_>, said: &mut Said) {
    if let Some(spec) = object.node.get("spec") {
        group(spec, &object.place, Some(&object.key), said);
    }
}

fn group(group: &Node<'_>, place: &Place<'_>, holder: Option<&Key>, said: &mut Said) {
    for rule in group.get("rules").map_or(&[][..], Node::items) {
        let Some(title) = rule.text_at(&["title"]) else {
            said.problem(rule.line, "the alert rule of Grafana has no title");
            continue;
        };
        let id = rule.text_at(&["uid"]).unwrap_or(title);
        let key = Key::scoped("alert", "grafana", id);
        said.mention(rule.lines(), Kind::Alert, &[&key], title);
        if let Some(holder) = holder {
            said.relation(rule.lines(), &key, Predicate::PartOf, holder);
        }
        for (field, attribute) in [
            ("for", "for"),
            ("isPaused", "paused"),
            ("condition", "condition"),
        ] {
            if let Some(entry) = rule.entry(field)
                && let Some(value) = entry.node.to_value()
            {
                said.attribute(entry.lines(), &key, attribute, value);
            }
        }
        for step in rule.get("data").map_or(&[][..], Node::items) {
            self::step(step, &key, place, said);
        }
        for field in ["labels", "annotations"] {
            for entry in rule.get(field).map_or(&[][..], Node::entries) {
                rules::label(entry, &key, place, said);
                if entry.key == "__dashboardUid__"
                    && let Some(uid) = entry.node.text()
                {
                    // The dashboard shows what the alert looks at.
                    said.relation(
                        entry.lines(),
                        &keys::grafana_dashboard(uid),
                        Predicate::Monitors,
                        &key,
                    );
                }
            }
        }
    }
}

/// One query of a rule; its `model` is a map, or JSON in a string.
fn step(step: &Node<'_>, key: &Key, place: &Place<'_>, said: &mut Said) {
    let Some(model) = step.get("model") else {
        return;
    };
    let parsed = tree::json_inside(model);
    let model = parsed
        .as_ref()
        .filter(|node| node.is_map())
        .unwrap_or(model);
    let is_own = step
        .text_at(&["datasourceUid"])
        .is_some_and(|uid| matches!(uid, "__expr__" | "-100"));
    if let Some(expression) = model.entry("expr").filter(|_| !is_own)
        && let Some(written) = expression.node.text()
    {
        said.text(expression.lines(), key, "expression", written.trim());
        let lines = expression.lines();
        watch(key, written, place.cluster, lines, &Attributes::new(), said);
    }
}

#[cfg(test)]
mod tests {
    use crate::statements::shown::check;
    use insta::assert_snapshot;

    #[test]
    fn rules_look_at_their_queries() {
        assert_snapshot!(check("alerting/rules.yaml", r####"apiVersion: 1
groups:
  - orgId: 1
    name: shop
    folder: Shop
    interval: 60s
    rules:
      - uid: fraud-latency
        title: Latency
        condition: B
        for: 5m
        data:
          - refId: A
            datasourceUid: prometheus
            model: {expr: 'request_seconds{model="fraud"} > 1'}
          - refId: B
            datasourceUid: __expr__
            model: {type: threshold, expression: A, expr: ""}
        labels: {team: ml-risk, severity: page}
        annotations: {summary: Slow., __dashboardUid__: fraud}
      - uid: x
"####), @r####"
        [8-20] alert "Latency" alert:grafana/fraud-latency
        [11] alert:grafana/fraud-latency .for = "5m"
        [10] alert:grafana/fraud-latency .condition = "B"
        [15] alert:grafana/fraud-latency .expression = "request_seconds{model=\"fraud\"} > 1"
        [15] alert:grafana/fraud-latency monitors metric:default/request_seconds {matchers=["model=\"fraud\""]}
        [15] alert:grafana/fraud-latency monitors Metric { name: "request_seconds", matchers: [("model", "=", "fraud")] }
        [19] alert:grafana/fraud-latency owned_by team:label/ml-risk
        [19] alert:grafana/fraud-latency .severity = "page"
        [20] alert:grafana/fraud-latency .summary = "Slow."
        [20] dashboard:grafana/fraud monitors alert:grafana/fraud-latency
        [21] problem: the alert rule of Grafana has no title
        "####);
        assert_snapshot!(check("a.yaml", r####"apiVersion: grafana.integreatly.org/v1beta1
kind: GrafanaAlertRuleGroup
metadata: {name: a, namespace: monitoring}
spec:
  rules:
    - {uid: u, title: T, data: [{refId: A, datasourceUid: p, model: '{"expr": "up == 0"}'}]}
"####), @r####"
        [3] resource "a" kubernetes:default/grafana.integreatly.org/GrafanaAlertRuleGroup/monitoring/a
        [3] kubernetes:default/grafana.integreatly.org/GrafanaAlertRuleGroup/monitoring/a .type = "GrafanaAlertRuleGroup"
        [3] kubernetes:default/grafana.integreatly.org/GrafanaAlertRuleGroup/monitoring/a .namespace = "monitoring"
        [6] alert "T" alert:grafana/u
        [6] alert:grafana/u part_of kubernetes:default/grafana.integreatly.org/GrafanaAlertRuleGroup/monitoring/a
        [6] alert:grafana/u .expression = "up == 0"
        [6] alert:grafana/u monitors metric:default/up
        [6] alert:grafana/u monitors Metric { name: "up", matchers: [] }
        "####);
    }
}
