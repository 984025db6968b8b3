//! One thing that one asset says about the platform.
//!
//! Statements are replaced whole with their asset; entities and relations are derived from the
//! visible ones at every change, so that withdrawing an asset undoes exactly what it said.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::LineSpan;

/// One thing that an asset says, with the lines that say it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The lines of the asset that say it.
    pub lines: LineSpan,
    /// What they say.
    pub says: Says,
}

/// Extra values of a relation, by name.
pub type Attributes = BTreeMap<String, Value>;

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// There is a thing of that kind, known by these keys.
    Mention {
        /// What kind of thing.
        kind: Kind,
        /// Its keys; never empty.
        keys: Vec<Key>,
        /// Its name for people.
        name: String,
    },
    /// A thing has a value under a name.
    Attribute {
        /// The thing.
        of: Key,
        /// The attribute's name, in `snake_case`.
        name: String,
        /// The value.
        value: Value,
    },
    /// Two things stand in a relation.
    Relation {
        /// The thing the edge starts at.
        subject: Key,
        /// What kind of edge.
        predicate: Predicate,
        /// The thing, or the things, it points at.
        object: Target,
        /// Extra values, such as the transformation of a column.
        attributes: Attributes,
    },
    /// Two keys name one thing.
    Same(Key, Key),
}

/// The classes of keys, by where their authority lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyClass {
    /// The authority is inside: a bucket URI, an image digest, an e-mail address.
    Global,
    /// Unique only inside one system, which the key carries.
    Scoped,
    /// A tag, branch, alias or stage: never an identity, resolved by a statement.
    Pointer,
}

/// A name that a statement uses for a thing: `scheme:value`, such as `table:warehouse/shop.public.orders`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Where the authority for the name lies.
    pub class: KeyClass,
    /// The naming scheme: `table`, `image`, `model`, `email`, …
    pub scheme: String,
    /// The name inside the scheme, with its system in front where the class is [`KeyClass::Scoped`].
    pub value: String,
}

impl Key {
    /// A key whose authority is inside its value.
    pub fn global(scheme: &str, value: impl Into<String>) -> Key {
        Key {
            class: KeyClass::Global,
            scheme: scheme.to_owned(),
            value: value.into(),
        }
    }

    /// A key that is unique inside `system` only.
    pub fn scoped(scheme: &str, system: &str, name: &str) -> Key {
        Key {
            class: KeyClass::Scoped,
            scheme: scheme.to_owned(),
            value: format!("{system}/{name}"),
        }
    }

    /// A key that only points: a tag, branch, alias or stage.
    pub fn pointer(scheme: &str, value: impl Into<String>) -> Key {
        Key {
            class: KeyClass::Pointer,
            scheme: scheme.to_owned(),
            value: value.into(),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.scheme, self.value)
    }
}

/// What a relation points at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// One thing.
    Key(Key),
    /// Whatever the selector matches when the graph is derived.
    Selector(Selector),
}

/// A rule that picks things; resolved at derivation, and again when either side changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// Assets of the same source whose path matches a glob.
    PathGlob(String),
    /// Kubernetes objects of one namespace that carry all these labels.
    Labels {
        /// Cluster and namespace, as in a scoped key; `*` is all namespaces of the cluster.
        namespace: String,
        /// The labels that must all be there.
        labels: BTreeMap<String, String>,
        /// What has to carry them.
        #[serde(default)]
        on: Labelled,
    },
    /// Time series of a metric whose labels match.
    Metric {
        /// The metric's name.
        name: String,
        /// Label matchers: name, operator (`=`, `!=`, `=~`, `!~`) and value.
        matchers: Vec<(String, String, String)>,
    },
    /// Things stored at a URI that starts so.
    UriPrefix(String),
}

/// What a selector of labels looks at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Labelled {
    /// Objects of any kind: their attribute `labels`.
    #[default]
    Objects,
    /// Services only: their attribute `labels`.
    Services,
    /// Whatever declares pods: its attribute `pod_labels`.
    Pods,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Several values, such as tags.
    List(Vec<Value>),
}

macro_rules! named {
    ($(#[$doc:meta])* $type:ident { $($(#[$item:meta])* $variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $type { $($(#[$item])* $variant),+ }

        impl $type {
            /// All of them, in a fixed order.
            pub const ALL: &'static [$type] = &[$($type::$variant),+];

            /// The stable name that is stored, shown and typed.
            pub fn name(self) -> &'static str {
                match self { $($type::$variant => $name),+ }
            }

            /// The one with that stable name.
            pub fn from_name(name: &str) -> Option<$type> {
                Self::ALL.iter().copied().find(|item| item.name() == name)
            }
        }
    };
}

named!(
    /// What kind of thing an entity is. Unforeseen kinds are a [`Kind::Resource`] with a `type` attribute.
    #[expect(missing_docs, reason = "the names are the field's own terms")]
    Kind {
        Dataset = "dataset", Column = "column", FeatureView = "feature_view",
        Pipeline = "pipeline", Task = "task", Run = "run", Model = "model",
        ModelVersion = "model_version", Artifact = "artifact",
        InferenceService = "inference_service", Notebook = "notebook",
        TrainingJob = "training_job", Experiment = "experiment", Component = "component",
        Api = "api", Repository = "repository", Image = "image", Dashboard = "dashboard",
        Alert = "alert", Team = "team", User = "user", System = "system", Template = "template",
        Document = "document", Resource = "resource",
    }
);

named!(
    /// What kind of edge a relation is, read from subject to object.
    #[expect(missing_docs, reason = "the names are the field's own terms")]
    Predicate {
        Reads = "reads", Writes = "writes", DerivedFrom = "derived_from", Trains = "trains",
        TrainedOn = "trained_on", VersionOf = "version_of", StoredAt = "stored_at",
        Serves = "serves", RunsImage = "runs_image", Builds = "builds", Triggers = "triggers",
        PartOf = "part_of", DependsOn = "depends_on", ProvidesApi = "provides_api",
        ConsumesApi = "consumes_api", OwnedBy = "owned_by", MemberOf = "member_of",
        Monitors = "monitors", DocumentedBy = "documented_by", UsesTemplate = "uses_template",
        DefinedIn = "defined_in",
    }
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stable_names_are_the_serialised_ones() {
        for kind in Kind::ALL {
            assert_eq!(serde_name(kind), kind.name());
            assert_eq!(Kind::from_name(kind.name()), Some(*kind));
        }
        for predicate in Predicate::ALL {
            assert_eq!(serde_name(predicate), predicate.name());
        }
    }

    fn serde_name<T: Serialize>(item: &T) -> String {
        serde_json::to_string(item)
            .expect("a unit variant serialises")
            .trim_matches('"')
            .to_owned()
    }
}
