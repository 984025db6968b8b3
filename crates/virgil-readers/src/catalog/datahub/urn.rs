//! URNs of DataHub (<https://docs.datahub.com/docs/what/urn>): `urn:li:{type}:{id}`, where an id of several parts is
//! `(part,part,…)` and a part may be a URN again. Commas and parentheses of names are percent-encoded.

use std::collections::HashMap;

use virgil_model::{Key, Kind};

use crate::keys;

/// The system of names that only a catalogue of DataHub knows.
const DATAHUB: &str = "datahub";

/// How deep URNs are looked into.
const MAX_DEPTH: usize = 4;

/// A URN, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Urn<'a> {
    /// The type of the entity, such as `dataset`.
    pub(super) kind: &'a str,
    /// The parts of its id; one, when the id is no tuple.
    pub(super) parts: Vec<&'a str>,
}

/// Takes a URN apart; `None` for other texts.
pub(super) fn parse(text: &str) -> Option<Urn<'_>> {
    let (kind, id) = text.trim().strip_prefix("urn:li:")?.split_once(':')?;
    let parts = match id
        .strip_prefix('(')
        .and_then(|inner| inner.strip_suffix(')'))
    {
        Some(inner) => split(inner)?,
        None => vec![id],
    };
    let is_whole = !kind.is_empty() && parts.iter().all(|part| !part.is_empty());
    is_whole.then_some(Urn { kind, parts })
}

/// The parts between the commas that stand in no parentheses; `None` when those do not match.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (depth == 0).then_some(parts)
}

/// The keys of the things that URNs name.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    /// The platform instances of datasets, by the URN of the dataset; their names begin with it.
    pub(super) instances: HashMap<&'a str, String>,
}

impl Names<'_> {
    /// The key that other formats know a thing by too, or else the one of the catalogue.
    pub(super) fn key(&self, text: &str) -> Option<Key> {
        self.at_depth(text.trim(), 0)
    }

    fn at_depth(&self, text: &str, depth: usize) -> Option<Key> {
        let urn = parse(text).filter(|_| depth < MAX_DEPTH)?;
        let key = match (urn.kind, urn.parts.as_slice()) {
            ("dataset", [platform, name, environment]) => {
                let instance = self.instances.get(text).map(String::as_str);
                return Some(
                    table(platform, name, environment, instance)
                        .unwrap_or_else(|| catalogued(text)),
                );
            }
            ("schemaField", [dataset, path]) => {
                let dataset = self.at_depth(dataset, depth + 1)?;
                keys::column(&dataset, &field_path(&decoded(path)))
            }
            ("corpuser", [name]) if keys::is_email(name) => keys::email(name),
            ("corpuser", [name]) => Key::scoped("user", DATAHUB, name),
            ("corpGroup", [name]) => Key::scoped("team", DATAHUB, name),
            _ => catalogued(text),
        };
        Some(key)
    }
}

/// The key of an entity of the catalogue by its URN.
pub(super) fn catalogued(urn: &str) -> Key {
    Key::scoped("datahub", "default", urn)
}

/// The key of a dataset outside the catalogue. Its system is spelled `platform:environment`, or
/// `platform:instance:environment`; files of a bucket have their URI. `None` for names that are neither, such as
/// paths of a file system that the URN does not name.
fn table(platform: &str, name: &str, environment: &str, instance: Option<&str>) -> Option<Key> {
    let platform = platform.rsplit(':').next().unwrap_or_default();
    let name = decoded(name);
    if keys::is_uri(&name) {
        return Some(keys::uri(&name));
    }
    let mut name = name.as_str();
    if let Some(rest) = instance.and_then(|instance| name.strip_prefix(instance)) {
        name = rest.trim_start_matches(['.', '/']);
    }
    match platform {
        "s3" | "gcs" => return Some(keys::uri(&format!("{platform}://{name}"))),
        _ if name.is_empty() || name.contains('/') => return None,
        _ => {}
    }
    let system = match instance {
        Some(instance) => format!("{platform}:{instance}:{environment}"),
        None => format!("{platform}:{environment}"),
    };
    Some(keys::table(&system, name))
}

/// The name of a field without the types that version 2 of field paths puts in brackets.
pub(super) fn field_path(path: &str) -> String {
    let mut depth = 0_u32;
    let plain: String = path
        .chars()
        .filter(|character| {
            match character {
                '[' => depth += 1,
                ']' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0
        })
        .collect();
    let parts: Vec<&str> = plain.split('.').filter(|part| !part.is_empty()).collect();
    parts.join(".")
}

/// The part of a URN that people call the thing by.
pub(super) fn name_of(text: &str) -> String {
    let Some(urn) = parse(text) else {
        return text.to_owned();
    };
    let part = match urn.parts.as_slice() {
        // Platform, name, environment.
        [_, name, _] => name,
        parts => parts.last().copied().unwrap_or(text),
    };
    decoded(part)
}

/// A part without percent-encoding; bytes that are no UTF-8 stay as they are written.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = text
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// What kind of thing a URN names, and the type of those that have no kind of their own.
pub(super) fn kind(urn: &Urn<'_>) -> (Kind, Option<String>) {
    let kind = match urn.kind {
        "dataset" => Kind::Dataset,
        "schemaField" | "mlFeature" | "mlPrimaryKey" => Kind::Column,
        "mlFeatureTable" => Kind::FeatureView,
        "mlModelGroup" => Kind::Model,
        "mlModelDeployment" => Kind::InferenceService,
        "dataFlow" => Kind::Pipeline,
        "dataJob" => Kind::Task,
        "dataProcessInstance" => Kind::Run,
        "dashboard" => Kind::Dashboard,
        "notebook" => Kind::Notebook,
        "corpuser" => Kind::User,
        "corpGroup" => Kind::Team,
        "glossaryTerm" | "glossaryNode" => Kind::Document,
        "domain" => return (Kind::System, Some("domain".to_owned())),
        other => return (Kind::Resource, Some(keys::snake(other))),
    };
    (kind, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(urn: &str, expect: &str) {
        let names = Names {
            instances: HashMap::from([(
                "urn:li:dataset:(urn:li:dataPlatform:snowflake,acme.shop.public.orders,PROD)",
                "acme".to_owned(),
            )]),
        };
        let key = names
            .key(urn)
            .map_or_else(String::new, |key| key.to_string());
        assert_eq!(key, expect, "{urn}");
    }

    #[test]
    fn names_have_the_keys_of_other_formats() {
        check(
            "urn:li:dataset:(urn:li:dataPlatform:snowflake,shop.public.orders,DEV)",
            "table:snowflake:DEV/shop.public.orders",
        );
        check(
            "urn:li:dataset:(urn:li:dataPlatform:snowflake,acme.shop.public.orders,PROD)",
            "table:snowflake:acme:PROD/shop.public.orders",
        );
        check(
            "urn:li:schemaField:(urn:li:dataset:(urn:li:dataPlatform:kafka,a,PROD),[version=2.0].[type=record].b.[type=int].c)",
            "column:kafka:PROD/a#b.c",
        );
        check(
            "urn:li:dataset:(urn:li:dataPlatform:s3,lake/raw/orders,PROD)",
            "uri:s3://lake/raw/orders",
        );
        check(
            "urn:li:dataset:(urn:li:dataPlatform:postgres,a.b%2Cc%28d%29,PROD)",
            "table:postgres:PROD/a.b,c(d)",
        );
        check(
            "urn:li:corpuser:ana@bottega.example",
            "email:ana@bottega.example",
        );
        check("urn:li:corpGroup:data", "team:datahub/data");
        check(
            "urn:li:dataset:(urn:li:dataPlatform:hdfs,/srv/a,PROD)",
            "datahub:default/urn:li:dataset:(urn:li:dataPlatform:hdfs,/srv/a,PROD)",
        );
    }

    #[test]
    fn other_texts_have_no_key() {
        for text in [
            "",
            "urn:li:",
            "urn:li:dataset",
            "urn:li:dataset:",
            "urn:li:dataset:(a,,b)",
            "urn:li:dataset:(a))b,(c)",
            "urn:other:dataset:x",
        ] {
            check(text, "");
        }
        let deep = format!("{}x{}", "urn:li:schemaField:(".repeat(9), ",y)".repeat(9));
        check(&deep, "");
    }

    #[test]
    fn tuples_nest() {
        let urn = parse("urn:li:dataJob:(urn:li:dataFlow:(airflow,dag,PROD),task)").unwrap();
        assert_eq!(urn.parts, ["urn:li:dataFlow:(airflow,dag,PROD)", "task"]);
        assert_eq!(decoded("%E0%A4%A"), "%E0%A4%A");
        assert_eq!(
            name_of("urn:li:glossaryTerm:Classification.Pii"),
            "Classification.Pii"
        );
    }
}
