//! One OpenLineage event on its way in: checked, redacted, and given its place.
//!
//! What is required is what the specification requires (<https://openlineage.io/spec/2-0-2/OpenLineage.json>). A run
//! event has `run` and `job`, a job event `job` alone, a dataset event `dataset`.

use jiff::Timestamp;
use serde_json::{Map, Value};
use virgil_redact::redact;
use virgil_store::PushedEvent;

/// The longest namespace or name, in bytes.
const MAX_NAME: usize = 1_000;

/// Why an event is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` {why}")]
pub struct InvalidEvent {
    /// The field, such as `job.name` or `[3].inputs[0].namespace`.
    pub field: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// The events of a body: one, or a list of them. One that is invalid refuses all.
pub fn events(body: Value) -> Result<Vec<PushedEvent>, InvalidEvent> {
    match body {
        Value::Array(events) => events
            .into_iter()
            .enumerate()
            .map(|(index, event)| one(event, &format!("[{index}].")))
            .collect(),
        event => Ok(vec![one(event, "")?]),
    }
}

/// What an event is about.
enum About {
    Run { id: String, job: (String, String) },
    Job(String, String),
    Dataset(String, String),
}

fn one(event: Value, prefix: &str) -> Result<PushedEvent, InvalidEvent> {
    let at = |field: &str| format!("{prefix}{field}");
    let Value::Object(mut fields) = event else {
        let field = if prefix.is_empty() { "(body)" } else { prefix };
        return Err(invalid(field.trim_end_matches('.'), "is not an object"));
    };
    let time: Timestamp = text(&fields, "eventTime", prefix)?.parse().map_err(|_| {
        invalid(
            at("eventTime"),
            "is not a time such as `2026-11-01T03:00:00Z`",
        )
    })?;
    for field in ["producer", "schemaURL"] {
        text(&fields, field, prefix)?;
    }
    if let Some(kind) = fields.get("eventType")
        && !matches!(
            kind.as_str(),
            Some("START" | "RUNNING" | "COMPLETE" | "ABORT" | "FAIL" | "OTHER")
        )
    {
        return Err(invalid(
            at("eventType"),
            "is none of START, RUNNING, COMPLETE, ABORT, FAIL and OTHER",
        ));
    }
    for list in ["inputs", "outputs"] {
        let items = match fields.get(list) {
            None => continue,
            Some(Value::Array(items)) => items,
            Some(_) => return Err(invalid(at(list), "is not a list")),
        };
        for (index, item) in items.iter().enumerate() {
            identity(item, &at(&format!("{list}[{index}]")))?;
            facets(item, "facets", &at(&format!("{list}[{index}]")))?;
        }
    }
    let about = about(&fields, prefix)?;

    // Texts of fixed width order as times do.
    let time = format!("{time:.6}");
    fields.insert("eventTime".to_owned(), Value::from(time.clone()));
    let body = Value::Object(fields).to_string();
    let redacted = redact(&body, Some("event.json"));
    if !redacted.found.is_empty() && serde_json::from_str::<Value>(&redacted.text).is_err() {
        return Err(invalid(
            at("(event)"),
            "holds a secret that cannot be taken out of it",
        ));
    }
    let (path, folder) = about.place();
    Ok(PushedEvent {
        path,
        folder,
        at: time,
        event: *blake3::hash(redacted.text.as_bytes()).as_bytes(),
        body: redacted.text.into_owned(),
    })
}

fn about(fields: &Map<String, Value>, prefix: &str) -> Result<About, InvalidEvent> {
    let at = |field: &str| format!("{prefix}{field}");
    if let Some(run) = fields.get("run") {
        let id = run
            .get("runId")
            .ok_or_else(|| invalid(at("run.runId"), "is missing"))?
            .as_str()
            .and_then(|id| uuid::Uuid::parse_str(id).ok())
            .ok_or_else(|| invalid(at("run.runId"), "is not a UUID"))?;
        facets(run, "facets", &at("run"))?;
        let job = fields
            .get("job")
            .ok_or_else(|| invalid(at("job"), "is missing"))?;
        facets(job, "facets", &at("job"))?;
        return Ok(About::Run {
            id: id.to_string(),
            job: identity(job, &at("job"))?,
        });
    }
    if let Some(job) = fields.get("job") {
        facets(job, "facets", &at("job"))?;
        let (namespace, name) = identity(job, &at("job"))?;
        return Ok(About::Job(namespace, name));
    }
    let dataset = fields
        .get("dataset")
        .ok_or_else(|| invalid(at("job"), "is missing, and so is `dataset`"))?;
    facets(dataset, "facets", &at("dataset"))?;
    let (namespace, name) = identity(dataset, &at("dataset"))?;
    Ok(About::Dataset(namespace, name))
}

impl About {
    /// The path of its asset, and the folder whose assets are bounded in number; the path itself where there is only one.
    fn place(&self) -> (String, String) {
        match self {
            About::Run {
                id,
                job: (namespace, name),
            } => {
                let folder = format!("jobs/{}/{}/runs", part(namespace), part(name));
                (format!("{folder}/{id}.ndjson"), folder)
            }
            About::Job(namespace, name) => {
                let path = format!("jobs/{}/{}/declared.ndjson", part(namespace), part(name));
                (path.clone(), path)
            }
            About::Dataset(namespace, name) => {
                let path = format!("datasets/{}/{}.ndjson", part(namespace), part(name));
                (path.clone(), path)
            }
        }
    }
}

/// A name as one part of a path: percent-encoded, but for what needs it not.
fn part(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for (index, byte) in name.bytes().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => {
                encoded.push(char::from(byte));
            }
            b'.' if index > 0 => encoded.push('.'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The namespace and name of a job or dataset.
fn identity(node: &Value, field: &str) -> Result<(String, String), InvalidEvent> {
    let Value::Object(fields) = node else {
        return Err(invalid(field, "is not an object"));
    };
    let prefix = format!("{field}.");
    let mut found = ["namespace", "name"].map(|part| text(fields, part, &prefix));
    let [namespace, name] = &mut found;
    Ok((
        std::mem::replace(namespace, Ok(String::new()))?,
        std::mem::replace(name, Ok(String::new()))?,
    ))
}

/// Facets are objects of objects.
fn facets(node: &Value, name: &str, field: &str) -> Result<(), InvalidEvent> {
    let Some(facets) = node.get(name) else {
        return Ok(());
    };
    let Value::Object(facets) = facets else {
        return Err(invalid(format!("{field}.{name}"), "is not an object"));
    };
    match facets.iter().find(|(_, facet)| !facet.is_object()) {
        Some((facet, _)) => Err(invalid(
            format!("{field}.{name}.{facet}"),
            "is not an object",
        )),
        None => Ok(()),
    }
}

fn text(fields: &Map<String, Value>, name: &str, prefix: &str) -> Result<String, InvalidEvent> {
    let field = format!("{prefix}{name}");
    match fields.get(name) {
        None => Err(invalid(field, "is missing")),
        Some(Value::String(text)) if text.is_empty() => Err(invalid(field, "is empty")),
        Some(Value::String(text)) if text.len() > MAX_NAME => Err(invalid(field, "is too long")),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(invalid(field, "is not a text")),
    }
}

fn invalid(field: impl Into<String>, why: &'static str) -> InvalidEvent {
    InvalidEvent {
        field: field.into(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run() -> Value {
        json!({
            "eventType": "START", "eventTime": "2026-11-01T04:00:00+01:00", "producer": "https://p.example",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": "0190A000-0000-7000-8000-000000000001"},
            "job": {"namespace": "airflow://prod", "name": "../load"},
            "inputs": [{"namespace": "postgres://db:5432", "name": "shop.public.orders"}],
        })
    }

    /// The event with one change, which must be refused.
    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut event = run();
        change(&mut event);
        events(event).expect_err("it is refused").to_string()
    }

    #[test]
    fn an_event_has_its_place_and_its_time() {
        let found = events(run()).expect("valid");
        assert_eq!(
            found[0].path,
            "jobs/airflow%3A%2F%2Fprod/%2E.%2Fload/runs/0190a000-0000-7000-8000-000000000001.ndjson"
        );
        assert_eq!(found[0].at, "2026-11-01T03:00:00.000000Z");
        let again = events(json!([run(), run()])).expect("valid");
        assert_eq!(again[0], again[1]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            refused(|event| event["job"]["name"] = json!("")),
            "`job.name` is empty"
        );
        assert_eq!(
            refused(|event| event["run"]["runId"] = json!("1")),
            "`run.runId` is not a UUID"
        );
        assert_eq!(
            refused(|event| event["eventTime"] = json!("yesterday")),
            "`eventTime` is not a time such as `2026-11-01T03:00:00Z`"
        );
        assert_eq!(
            refused(|event| event["inputs"][0]["namespace"] = json!(1)),
            "`inputs[0].namespace` is not a text"
        );
        assert_eq!(
            refused(|event| event["job"]["facets"] = json!({"x": 1})),
            "`job.facets.x` is not an object"
        );
        let error = events(json!([run(), {"eventTime": "2026-11-01T03:00:00Z"}]));
        assert_eq!(
            error.expect_err("refused").to_string(),
            "`[1].producer` is missing"
        );
        assert_eq!(
            events(json!("x")).expect_err("refused").to_string(),
            "`(body)` is not an object"
        );
    }

    #[test]
    fn a_secret_is_gone_before_anything_is_stored() {
        let mut event = run();
        event["job"]["facets"] =
            json!({"sql": {"query": "attach 'postgres://app:hunter2hunter2@db/shop' as shop"}});
        let found = events(event).expect("valid");
        assert!(
            !found[0].body.contains("hunter2hunter2"),
            "{}",
            found[0].body
        );
        assert!(found[0].body.contains("REDACTED_"), "{}", found[0].body);
    }
}
