//! Several events of one asset as one: facets are cumulative and the last write wins, as the specification says.

use std::collections::HashMap;

use serde_json::{Map, Value};
use virgil_store::PushedEvent;

use super::stored;

/// The events among `events` that may come any number of times, and one that says what they say together. Beginnings
/// and ends of a run stay, because their times count.
pub(super) fn repeated(events: &[PushedEvent]) -> Option<(Vec<PushedEvent>, PushedEvent)> {
    let mut merged: Option<Value> = None;
    let mut taken = Vec::new();
    for event in events {
        let Ok(body) = serde_json::from_str::<Value>(&event.body) else {
            continue;
        };
        if matches!(
            body["eventType"].as_str(),
            Some("START" | "COMPLETE" | "ABORT" | "FAIL")
        ) {
            continue;
        }
        merged = Some(match merged {
            None => body,
            Some(older) => merge(older, body),
        });
        taken.push(event.clone());
    }
    let last = taken.last()?;
    let into = stored(last, last.at.clone(), merged?.to_string());
    (taken.len() > 1).then_some((taken, into))
}

/// The events as lines, without the facets that an earlier line has word for word: producers send what they know with each
/// event, and what is said once need not be read, embedded and found again.
pub(super) fn lines(events: &[PushedEvent]) -> Vec<String> {
    let mut said = HashMap::new();
    let line = |event: &PushedEvent| match serde_json::from_str(&event.body) {
        Ok(Value::Object(mut body)) => {
            for name in ["run", "job", "dataset"] {
                if let Some(entity) = body.get_mut(name) {
                    unsaid(entity, name.to_owned(), &mut said);
                }
            }
            for list in ["inputs", "outputs"] {
                let datasets = body.get_mut(list).and_then(Value::as_array_mut);
                for dataset in datasets.into_iter().flatten() {
                    let of = format!("{}\n{}", dataset["namespace"], dataset["name"]);
                    unsaid(dataset, of, &mut said);
                }
            }
            Value::Object(body).to_string()
        }
        _ => event.body.clone(),
    };
    events.iter().map(line).collect()
}

/// Takes away the facets of an entity that have been said; the others have been from now on.
fn unsaid(entity: &mut Value, of: String, said: &mut HashMap<(String, String), Value>) {
    let Value::Object(fields) = entity else {
        return;
    };
    for group in ["facets", "inputFacets", "outputFacets"] {
        if let Some(Value::Object(facets)) = fields.get_mut(group) {
            facets.retain(|name, facet| {
                let at = (of.clone(), format!("{group}\n{name}"));
                let is_new = said.get(&at) != Some(facet);
                if is_new {
                    said.insert(at, facet.clone());
                }
                is_new
            });
        }
    }
}

/// What two events say together; `newer` wins.
fn merge(mut older: Value, newer: Value) -> Value {
    let (Value::Object(merged), Value::Object(newer)) = (&mut older, newer) else {
        return older;
    };
    for (name, value) in newer {
        match name.as_str() {
            // OTHER says nothing of the state.
            "eventType" if value == "OTHER" && merged.contains_key("eventType") => {}
            "run" | "job" | "dataset" => entity(merged, name, value),
            "inputs" | "outputs" => datasets(merged, name, value),
            _ => {
                merged.insert(name, value);
            }
        }
    }
    older
}

fn datasets(merged: &mut Map<String, Value>, name: String, newer: Value) {
    let known = merged
        .entry(name)
        .or_insert_with(|| Value::Array(Vec::new()));
    let (Value::Array(known), Value::Array(newer)) = (known, newer) else {
        return;
    };
    for dataset in newer {
        let same = known
            .iter_mut()
            .find(|one| one["namespace"] == dataset["namespace"] && one["name"] == dataset["name"]);
        match same {
            Some(one) => facets_of(one, dataset),
            None => known.push(dataset),
        }
    }
}

fn entity(merged: &mut Map<String, Value>, name: String, newer: Value) {
    match merged.get_mut(&name) {
        Some(known) => facets_of(known, newer),
        None => {
            merged.insert(name, newer);
        }
    }
}

/// Adds the facets of `newer` (of a run, a job, a dataset and of its use) to those that are known.
fn facets_of(known: &mut Value, newer: Value) {
    let (Value::Object(known), Value::Object(newer)) = (known, newer) else {
        return;
    };
    for (name, value) in newer {
        match (known.get_mut(&name), value) {
            (Some(Value::Object(facets)), Value::Object(more)) => facets.extend(more),
            (_, value) => {
                known.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(at: &str, body: Value) -> PushedEvent {
        let like = PushedEvent {
            path: "p".into(),
            folder: "f".into(),
            at: String::new(),
            event: [0; 32],
            body: String::new(),
        };
        stored(&like, at.to_owned(), body.to_string())
    }

    #[test]
    fn what_was_said_is_not_said_again() {
        let with = |version: u32| {
            json!({"job": {"namespace": "n", "name": "j", "facets": {"a": {"v": 1}, "b": {"v": version}}},
                   "inputs": [{"namespace": "n", "name": "d", "facets": {"schema": {"v": 1}}}]})
        };
        let found = lines(&[
            event("1", with(1)),
            event("2", with(2)),
            event("3", with(1)),
        ]);
        let bare = json!([{"namespace": "n", "name": "d", "facets": {}}]);
        let expect = |version: u32| json!({"job": {"namespace": "n", "name": "j", "facets": {"b": {"v": version}}}, "inputs": bare});
        let parsed: Vec<Value> = found
            .iter()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect();
        assert_eq!(parsed, [with(1), expect(2), expect(1)]);
    }

    #[test]
    fn facets_add_up_and_the_last_write_wins() {
        let dataset = |facets: Value| json!({"namespace": "n", "name": "d", "facets": facets});
        let events = [
            event("1", json!({"eventType": "START", "eventTime": "1"})),
            event(
                "2",
                json!({"eventType": "RUNNING", "eventTime": "2", "run": {"runId": "r", "facets": {"a": {"v": 1}, "b": {"v": 1}}},
                       "outputs": [dataset(json!({"schema": {"v": 1}}))]}),
            ),
            event(
                "3",
                json!({"eventType": "OTHER", "eventTime": "3", "run": {"runId": "r", "facets": {"b": {"v": 2}}},
                       "outputs": [dataset(json!({"stats": {"v": 1}})), {"namespace": "n", "name": "e"}]}),
            ),
            event("4", json!({"eventType": "COMPLETE", "eventTime": "4"})),
        ];
        let (taken, into) = repeated(&events).expect("two may be merged");
        assert_eq!(taken, events[1..3]);
        assert_eq!(into.at, "3");
        let body: Value = serde_json::from_str(&into.body).expect("JSON");
        assert_eq!(
            body,
            json!({"eventType": "RUNNING", "eventTime": "3",
                   "run": {"runId": "r", "facets": {"a": {"v": 1}, "b": {"v": 2}}},
                   "outputs": [dataset(json!({"schema": {"v": 1}, "stats": {"v": 1}})), {"namespace": "n", "name": "e"}]})
        );
        assert_eq!(repeated(&events[..2]), None);
    }
}
