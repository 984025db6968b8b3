//! What is watched: alerts, scrape targets and dashboards, and the metrics they look at.

mod evidently;
mod grafana;
mod grafana_alerts;
mod promql;
mod rules;

use virgil_model::{Attributes, Key, Labelled, LineSpan, Predicate, Selector, Target, Value};

use crate::cluster::{Object, run_image, select, service_of, uri_key};
use crate::keys;
use crate::statements::{Format, Said};
use crate::tree::Node;

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[
    rules::FORMAT,
    grafana::FORMAT,
    grafana_alerts::FORMAT,
    evidently::FORMAT,
];

/// States what an object of the Prometheus operator or of Grafana watches.
pub(crate) fn object(object: &Object<'_>, said: &mut Said) {
    match object.kind {
        "PrometheusRule" => rules::object(object, said),
        "ServiceMonitor" => monitor(object, Labelled::Services, said),
        "PodMonitor" => monitor(object, Labelled::Pods, said),
        "Probe" => probe(object, said),
        "Prometheus" | "PrometheusAgent" | "Alertmanager" | "ThanosRuler" => {
            if let Some(image) = object.node.get("spec").and_then(|spec| spec.entry("image")) {
                run_image(image, &object.key, Attributes::new(), said);
            }
        }
        "ConfigMap" => grafana::config_map(object, said),
        "GrafanaDashboard" => grafana::custom(object, said),
        "GrafanaAlertRuleGroup" => grafana_alerts::object(object, said),
        "Dashboard" => grafana::resource(object, said),
        _ => {}
    }
}

fn monitor(object: &Object<'_>, on: Labelled, said: &mut Said) {
    if let Some(selector) = object.spec(&["selector"]) {
        watch_labels(
            object,
            selector,
            object.spec(&["namespaceSelector"]),
            on,
            said,
        );
    }
}

/// A monitor watches what carries its labels, in its namespace, in those it names or in all of the cluster (`*`).
fn watch_labels(
    object: &Object<'_>,
    selector: &Node<'_>,
    namespaces: Option<&Node<'_>>,
    on: Labelled,
    said: &mut Said,
) {
    let is_any = namespaces.and_then(|node| node.text_at(&["any"])) == Some("true");
    let names = namespaces.and_then(|node| node.get("matchNames"));
    let mut names: Vec<&str> = names
        .map_or(&[][..], Node::items)
        .iter()
        .filter_map(Node::text)
        .collect();
    if is_any {
        names = vec!["*"];
    } else if names.is_empty() {
        names.push(object.place.namespace);
    }
    for name in names {
        let namespace = format!("{}/{name}", object.place.cluster);
        select(
            &object.key,
            Predicate::Monitors,
            &namespace,
            on,
            selector,
            said,
        );
    }
}

/// A probe asks the addresses that it lists, or those of ingresses.
fn probe(object: &Object<'_>, said: &mut Said) {
    let listed = object.spec(&["targets", "staticConfig", "static"]);
    for target in listed.map_or(&[][..], Node::items) {
        let Some(address) = target.text() else {
            continue;
        };
        let key = service_of(address, &object.place).or_else(|| uri_key(address, &object.place));
        match key {
            Some(key) => said.relation(target.lines(), &object.key, Predicate::Monitors, &key),
            None => said.text(target.lines(), &object.key, "target", address),
        }
    }
    if let Some(ingress) = object.spec(&["targets", "ingress"])
        && let Some(selector) = ingress.get("selector")
    {
        let namespaces = ingress.get("namespaceSelector");
        watch_labels(object, selector, namespaces, Labelled::Objects, said);
    }
}

/// The key of a metric: its name inside the Prometheus of a cluster.
fn metric(cluster: &str, name: &str) -> Key {
    Key::scoped("metric", cluster, name)
}

/// States that a thing looks at the metrics of an expression, those of its cluster.
///
/// Most metrics are declared nowhere: the edge to one by its name is there all the same, with the matchers as an attribute,
/// because the labels of its series are not known. The selector also finds metrics whose labels are.
/// Servers of models, and reports on them, write the name of the model into the label `model_name`: who picks its series
/// looks at the model.
fn watch(
    subject: &Key,
    expression: &str,
    cluster: &str,
    lines: LineSpan,
    more: &Attributes,
    said: &mut Said,
) {
    let selectors = match promql::selectors(expression) {
        Ok(selectors) => selectors,
        Err(message) => {
            let what = "the expression is no PromQL";
            let problem = crate::lines::problem(Some(lines.start), what, &message);
            said.problems.push(problem);
            return;
        }
    };
    for (name, matchers) in selectors {
        for (label, operator, model) in &matchers {
            if label == "model_name" && operator == "=" && !model.contains('$') {
                watch_model(subject, model, lines, said);
            }
        }
        let mut attributes = more.clone();
        let written = matchers
            .iter()
            .map(|(label, operator, value)| text(&format!("{label}{operator}{value:?}")));
        let written: Vec<Value> = written.collect();
        if !written.is_empty() {
            attributes.insert("matchers".to_owned(), Value::List(written));
        }
        let object = Target::Key(metric(cluster, &name));
        said.relation_with(lines, subject, Predicate::Monitors, object, attributes);
        let object = Target::Selector(Selector::Metric { name, matchers });
        said.relation_with(lines, subject, Predicate::Monitors, object, more.clone());
    }
}

/// States that a thing looks at a model that it names.
fn watch_model(subject: &Key, name: &str, lines: LineSpan, said: &mut Said) {
    if !name.is_empty() {
        let model = keys::mlflow_model(name);
        said.relation(lines, subject, Predicate::Monitors, &model);
    }
}

/// A text as the value of an attribute.
fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
