//! What each predicate joins and which way data flows along it: one table.

use virgil_model::{Kind, Predicate};

use crate::query::HopDirection;

/// Which way data, or the effect of a change, flows along a relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// From the object to the subject: a job *reads* a table.
    ObjectToSubject,
    /// From the subject to the object: a job *writes* a table.
    SubjectToObject,
    /// Nothing flows.
    None,
}

/// When following flow may use a relation without counting a hop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FreeHop {
    /// Always, as between a version and its model.
    Always,
    /// Only where the subject is a run or a column.
    OfRunsAndColumns,
    /// Never.
    Never,
}

/// Which side of a relation a selector stands for. A statement can only put a selector in the object's
/// place; "the files under `src/` are owned by team a" is stated with the team as subject, and "the notebooks with these
/// labels use a template" with the template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Selected {
    Subjects,
    Objects,
}

/// Where a relation leads as seen from one of its ends, by the flow of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bearing {
    /// To where data comes from.
    Upstream,
    /// To where data goes.
    Downstream,
    /// Across the flow.
    Aside,
}

impl Bearing {
    /// Where a relation leads that is followed in that direction.
    pub(crate) fn of(predicate: Predicate, direction: HopDirection) -> Bearing {
        match (signature(predicate).flow, direction) {
            (Flow::None, _) => Bearing::Aside,
            (Flow::SubjectToObject, HopDirection::Forward)
            | (Flow::ObjectToSubject, HopDirection::Backward) => Bearing::Downstream,
            (Flow::SubjectToObject, HopDirection::Backward)
            | (Flow::ObjectToSubject, HopDirection::Forward) => Bearing::Upstream,
        }
    }
}

/// The signature of a predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// The kinds of its subjects; empty for any.
    pub domain: &'static [Kind],
    /// The kinds of its objects; empty for any.
    pub range: &'static [Kind],
    /// Which way data flows along it.
    pub flow: Flow,
    /// Whether it is a free hop when flow is followed.
    pub free: FreeHop,
    pub(crate) selected: Selected,
}

impl Signature {
    /// Whether a thing of that kind can be its subject.
    pub fn takes_subject(&self, kind: Kind) -> bool {
        admits(self.domain, kind)
    }

    /// Whether a thing of that kind can be its object.
    pub fn takes_object(&self, kind: Kind) -> bool {
        admits(self.range, kind)
    }
}

fn admits(kinds: &[Kind], kind: Kind) -> bool {
    kinds.is_empty() || kind == Kind::Resource || kinds.contains(&kind)
}

const ANY: &[Kind] = &[];
const DATA: &[Kind] = &[
    Kind::Dataset,
    Kind::Column,
    Kind::FeatureView,
    Kind::Artifact,
];
const MODELS: &[Kind] = &[Kind::Model, Kind::ModelVersion];
const WORK: &[Kind] = &[
    Kind::Pipeline,
    Kind::Task,
    Kind::Run,
    Kind::TrainingJob,
    Kind::Notebook,
    Kind::Component,
    Kind::Experiment,
];
const READERS: &[Kind] = &[
    Kind::Pipeline,
    Kind::Task,
    Kind::Run,
    Kind::TrainingJob,
    Kind::Notebook,
    Kind::Component,
    Kind::Experiment,
    Kind::InferenceService,
    Kind::Dashboard,
    Kind::Alert,
    Kind::FeatureView,
];
const DERIVED: &[Kind] = &[
    Kind::Dataset,
    Kind::Column,
    Kind::FeatureView,
    Kind::Artifact,
    Kind::Model,
    Kind::ModelVersion,
    Kind::Dashboard,
    Kind::Image,
];
const RUNNING: &[Kind] = &[
    Kind::Pipeline,
    Kind::Task,
    Kind::Run,
    Kind::TrainingJob,
    Kind::Notebook,
    Kind::Component,
    Kind::InferenceService,
    Kind::Image,
];
const OWNED: &[Kind] = &[
    Kind::Dataset,
    Kind::Column,
    Kind::FeatureView,
    Kind::Pipeline,
    Kind::Task,
    Kind::Run,
    Kind::Model,
    Kind::ModelVersion,
    Kind::Artifact,
    Kind::InferenceService,
    Kind::Notebook,
    Kind::TrainingJob,
    Kind::Experiment,
    Kind::Component,
    Kind::Api,
    Kind::Repository,
    Kind::Image,
    Kind::Dashboard,
    Kind::Alert,
    Kind::System,
    Kind::Template,
    Kind::Document,
];
const PEOPLE: &[Kind] = &[Kind::Team, Kind::User];

/// The signature of `predicate`.
pub fn signature(predicate: Predicate) -> Signature {
    use Flow::{ObjectToSubject, SubjectToObject};
    let (domain, range, flow) = match predicate {
        Predicate::Reads => (READERS, DATA, ObjectToSubject),
        Predicate::Writes => (WORK, DATA, SubjectToObject),
        Predicate::DerivedFrom => (DERIVED, DERIVED, ObjectToSubject),
        Predicate::Trains => (WORK, MODELS, SubjectToObject),
        Predicate::TrainedOn => (MODELS, DATA, ObjectToSubject),
        Predicate::VersionOf => (ANY, ANY, Flow::None),
        Predicate::StoredAt => (ANY, DATA, SubjectToObject),
        Predicate::Serves => (
            &[Kind::InferenceService, Kind::Component, Kind::Api] as &[Kind],
            &[Kind::Model, Kind::ModelVersion, Kind::Artifact] as &[Kind],
            ObjectToSubject,
        ),
        Predicate::RunsImage => (RUNNING, &[Kind::Image] as &[Kind], Flow::None),
        Predicate::Builds => (ANY, &[Kind::Image, Kind::Artifact] as &[Kind], Flow::None),
        Predicate::Triggers => (ANY, WORK, Flow::None),
        Predicate::PartOf => (ANY, ANY, Flow::None),
        Predicate::DependsOn => (ANY, ANY, ObjectToSubject),
        Predicate::ProvidesApi => (ANY, &[Kind::Api] as &[Kind], SubjectToObject),
        Predicate::ConsumesApi => (ANY, &[Kind::Api] as &[Kind], ObjectToSubject),
        Predicate::OwnedBy => (OWNED, PEOPLE, Flow::None),
        Predicate::MemberOf => (PEOPLE, PEOPLE, Flow::None),
        Predicate::Monitors => (
            &[Kind::Dashboard, Kind::Alert] as &[Kind],
            ANY,
            ObjectToSubject,
        ),
        Predicate::DocumentedBy => (ANY, &[Kind::Document] as &[Kind], Flow::None),
        Predicate::UsesTemplate => (ANY, &[Kind::Template] as &[Kind], Flow::None),
        Predicate::DefinedIn => (
            ANY,
            &[Kind::Repository, Kind::Document] as &[Kind],
            Flow::None,
        ),
    };
    let selected = match predicate {
        Predicate::OwnedBy | Predicate::UsesTemplate => Selected::Subjects,
        _ => Selected::Objects,
    };
    Signature {
        domain,
        range,
        flow,
        free: free_hop(predicate),
        selected,
    }
}

/// When following flow may use a relation of that predicate without counting a hop.
pub(crate) fn free_hop(predicate: Predicate) -> FreeHop {
    match predicate {
        Predicate::VersionOf => FreeHop::Always,
        Predicate::PartOf => FreeHop::OfRunsAndColumns,
        _ => FreeHop::Never,
    }
}
