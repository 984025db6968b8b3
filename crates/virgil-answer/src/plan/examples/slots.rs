//! The slots of queries and wordings, and how a query is filled.

use serde_json::Value as Json;
use virgil_model::Kind;

use crate::plan::kinds::Kinds;

/// A place in a wording and in the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Slot {
    /// As it stands in the query, with its braces.
    pub(super) marker: String,
    pub(super) what: SlotKind,
}

/// What may fill a slot.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SlotKind {
    /// Things of these kinds.
    Thing(Kinds),
    /// A value of an attribute of that name.
    Value(String),
    /// A number.
    Number,
    /// The kind that is asked for.
    Kinds,
}

impl Slot {
    /// A slot as it stands between braces; `None` if it is none.
    pub(super) fn parse(inner: &str) -> Option<Slot> {
        let marker = format!("{{{inner}}}");
        let bare = inner.trim_end_matches(|c: char| c.is_ascii_digit());
        let what = match bare {
            "n" => SlotKind::Number,
            "kinds" => SlotKind::Kinds,
            _ => match bare.strip_prefix('=') {
                Some(attribute) => SlotKind::Value(attribute.to_owned()),
                None => SlotKind::Thing(group(bare)?),
            },
        };
        Some(Slot { marker, what })
    }
}

/// The kinds that the name of a slot stands for.
fn group(name: &str) -> Option<Kinds> {
    Some(match name {
        "thing" => Kinds::ANY,
        "owned" => {
            let people = [Kind::Team, Kind::User];
            let kinds = Kind::ALL.iter().copied();
            Kinds::of(
                &kinds
                    .filter(|kind| !people.contains(kind))
                    .collect::<Vec<_>>(),
            )
        }
        "reader" => Kinds::of(&[
            Kind::Pipeline,
            Kind::Task,
            Kind::TrainingJob,
            Kind::Notebook,
        ]),
        "lineage" => Kinds::of(&[
            Kind::Dataset,
            Kind::Column,
            Kind::FeatureView,
            Kind::Model,
            Kind::ModelVersion,
            Kind::Artifact,
            Kind::InferenceService,
        ]),
        "end" => Kinds::of(&[
            Kind::Dataset,
            Kind::Column,
            Kind::FeatureView,
            Kind::Model,
            Kind::ModelVersion,
            Kind::Artifact,
            Kind::InferenceService,
            Kind::Dashboard,
            Kind::Pipeline,
            Kind::Notebook,
        ]),
        "watched" => Kinds::of(&[
            Kind::Dataset,
            Kind::Column,
            Kind::FeatureView,
            Kind::Model,
            Kind::ModelVersion,
            Kind::InferenceService,
            Kind::Pipeline,
            Kind::TrainingJob,
            Kind::Component,
        ]),
        "workload" => Kinds::of(&[
            Kind::Notebook,
            Kind::TrainingJob,
            Kind::Task,
            Kind::InferenceService,
        ]),
        "documented" => Kinds::of(&[
            Kind::Component,
            Kind::Dataset,
            Kind::Model,
            Kind::Pipeline,
            Kind::InferenceService,
            Kind::System,
            Kind::Api,
        ]),
        "table" => Kinds::of(&[Kind::Dataset, Kind::FeatureView]),
        "job" => Kinds::of(&[Kind::Pipeline, Kind::Task, Kind::TrainingJob]),
        "part" => Kinds::of(&[Kind::Component, Kind::Resource, Kind::System, Kind::Api]),
        _ => Kinds::of(&[Kind::from_name(name)?]),
    })
}

/// The query with every slot replaced; a list in a list is spliced.
pub(super) fn fill(json: &Json, value: &dyn Fn(&str) -> Option<Json>) -> Json {
    match json {
        Json::String(text) if text.starts_with('{') => value(text).unwrap_or_else(|| json.clone()),
        Json::Array(items) => {
            let mut out = Vec::new();
            for item in items {
                match (item, fill(item, value)) {
                    (Json::String(_), Json::Array(spliced)) => out.extend(spliced),
                    (_, filled) => out.push(filled),
                }
            }
            Json::Array(out)
        }
        Json::Object(fields) => Json::Object(
            fields
                .iter()
                .map(|(name, field)| (name.clone(), fill(field, value)))
                .collect(),
        ),
        other => other.clone(),
    }
}
