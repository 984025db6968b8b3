//! What is watched: alerts, scrape targets and dashboards, and the metrics they look at.

mod evidently;
mod grafana;
mod promql;
mod rules;

use virgil_model::{Attributes, Key, Labelled, LineSpan, Predicate, Selector, Target, Value};

use crate::cluster::{Object, namespace, run_image, select};
use crate::statements::{Format, Said};

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[rules::FORMAT, grafana::FORMAT, evidently::FORMAT];

/// States what an object of the Prometheus operator watches.
pub(crate) fn object(object: &Object<'_>, said: &mut Said) {
    match object.kind {
        "PrometheusRule" => rules::object(object, said),
        "ServiceMonitor" => monitor(object, Labelled::Services, said),
        "PodMonitor" => monitor(object, Labelled::Pods, said),
        "Prometheus" | "PrometheusAgent" | "Alertmanager" | "ThanosRuler" => {
            if let Some(image) = object.node.get("spec").and_then(|spec| spec.entry("image")) {
                run_image(image, &object.key, Attributes::new(), said);
            }
        }
        _ => {}
    }
}

/// A monitor watches what carries its labels, in its namespace or in those it names.
fn monitor(object: &Object<'_>, on: Labelled, said: &mut Said) {
    let Some(labels) = object.spec(&["selector", "matchLabels"]) else {
        return;
    };
    let names = object.spec(&["namespaceSelector", "matchNames"]);
    let names: Vec<&str> = names
        .map_or(&[][..], |node| node.items())
        .iter()
        .filter_map(|node| node.text())
        .collect();
    if names.is_empty() {
        let namespace = namespace(object);
        select(
            &object.key,
            Predicate::Monitors,
            &namespace,
            on,
            labels,
            said,
        );
    }
    for name in names {
        let namespace = format!("{}/{name}", object.place.cluster);
        select(
            &object.key,
            Predicate::Monitors,
            &namespace,
            on,
            labels,
            said,
        );
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
fn watch(
    subject: &Key,
    expression: &str,
    cluster: &str,
    lines: LineSpan,
    more: &Attributes,
    said: &mut Said,
) {
    for (name, matchers) in promql::selectors(expression) {
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

/// A text as the value of an attribute.
fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
