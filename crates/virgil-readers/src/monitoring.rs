//! What is watched: alerts, scrape targets and dashboards, and the metrics they look at.

mod evidently;
mod grafana;
mod promql;
mod rules;

use virgil_model::{Attributes, Key, LineSpan, Predicate, Selector, Target, Value};

use crate::cluster::{Object, namespace, select};
use crate::statements::{Format, Said};

/// The formats of this module.
pub(crate) static FORMATS: &[Format] = &[rules::FORMAT, grafana::FORMAT, evidently::FORMAT];

/// States what an object of the Prometheus operator watches.
pub(crate) fn object(object: &Object<'_>, said: &mut Said) {
    match object.kind {
        "PrometheusRule" => rules::object(object, said),
        "ServiceMonitor" | "PodMonitor" => monitor(object, said),
        _ => {}
    }
}

/// A monitor watches the objects with its labels, in its namespace or in those it names.
fn monitor(object: &Object<'_>, said: &mut Said) {
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
        select(&object.key, Predicate::Monitors, &namespace, labels, said);
    }
    for name in names {
        let namespace = format!("{}/{name}", object.place.cluster);
        select(&object.key, Predicate::Monitors, &namespace, labels, said);
    }
}

/// States that a thing looks at the metrics of an expression.
fn watch(subject: &Key, expression: &str, lines: LineSpan, more: &Attributes, said: &mut Said) {
    for (name, matchers) in promql::selectors(expression) {
        let object = Target::Selector(Selector::Metric { name, matchers });
        said.relation_with(lines, subject, Predicate::Monitors, object, more.clone());
    }
}

/// A text as the value of an attribute.
fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
