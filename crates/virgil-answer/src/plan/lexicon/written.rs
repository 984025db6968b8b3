//! A lexicon as it is written, in `lexicon.yaml` and in the configuration of a platform.

use std::collections::BTreeMap;

use serde::Deserialize;
use virgil_graph::{Set, Test};
use virgil_model::Kind;

/// A lexicon as it is written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    #[serde(default)]
    pub(super) skip: Vec<String>,
    #[serde(default)]
    pub(super) structure: BTreeMap<Word, Vec<String>>,
    #[serde(default)]
    pub(super) nouns: Vec<Noun>,
    #[serde(default)]
    pub(super) filters: Vec<Filter>,
    #[serde(default)]
    pub(super) sets: Vec<NamedSet>,
    #[serde(default)]
    pub(super) relations: Vec<WrittenRelation>,
    #[serde(default)]
    pub(super) vague: Vec<WrittenVague>,
    #[serde(default)]
    pub(super) attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Noun {
    pub(super) kinds: Vec<Kind>,
    pub(super) words: Vec<String>,
    /// Whether the words have no plural.
    #[serde(default)]
    pub(super) plain: bool,
    /// What else must hold of such a thing.
    pub(super) test: Option<Test>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    #[serde(default)]
    pub(super) words: Vec<String>,
    #[serde(default)]
    pub(super) phrases: Vec<String>,
    #[serde(default)]
    pub(super) kinds: Vec<Kind>,
    pub(super) test: Test,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NamedSet {
    pub(super) words: Vec<String>,
    pub(super) kinds: Vec<Kind>,
    pub(super) set: Set,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenRelation {
    pub(super) forward: Option<String>,
    pub(super) backward: Option<String>,
    #[serde(default)]
    pub(super) subject: Vec<Kind>,
    #[serde(default)]
    pub(super) object: Vec<Kind>,
    #[serde(default)]
    pub(super) verbs: Vec<String>,
    #[serde(default)]
    pub(super) phrases: Vec<String>,
    #[serde(default)]
    pub(super) passives: Vec<String>,
    /// Verbs of which the subject is the object of the relation: tables `feed` models that are downstream of them.
    #[serde(default)]
    pub(super) converses: Vec<String>,
    /// Words that stand like participles: `running` in a cluster.
    #[serde(default)]
    pub(super) participles: Vec<String>,
    /// How much less likely it is than others under the same words.
    #[serde(default)]
    pub(super) dear: f32,
    #[serde(default)]
    pub(super) subjects: Vec<String>,
    #[serde(default)]
    pub(super) objects: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenVague {
    pub(super) head: Vec<Kind>,
    pub(super) of: Vec<Kind>,
    /// From what stands behind `of` to the head.
    pub(super) walk: Option<String>,
    /// From the head to what stands behind `of`, where only that way can be walked.
    pub(super) back: Option<String>,
}

/// An attribute that people ask for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attribute {
    /// The name in the graph.
    pub(super) name: String,
    #[serde(default)]
    pub(super) words: Vec<String>,
    /// Words that ask for it and need one of `verbs`: `when` does it `run`.
    #[serde(default)]
    pub(super) asks: Vec<String>,
    #[serde(default)]
    pub(super) verbs: Vec<String>,
}

/// A word of structure. What each does is in `structure.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    Of,
    By,
    /// `in`, `from`, `with` behind a participle.
    Via,
    That,
    Which,
    Whose,
    What,
    Who,
    Nothing,
    Nobody,
    No,
    All,
    Only,
    Not,
    And,
    /// A comma, which may only give rhythm.
    Comma,
    Or,
    With,
    Without,
    Have,
    Possessive,
    HowMany,
    Per,
    Most,
    Their,
    Them,
    Impact,
    If,
    ImpactAct,
    ImpactEnd,
    Tagged,
    AtLeast,
    AtMost,
    MoreThan,
    LessThan,
    Equal,
    PathOpen,
    PathTo,
    /// `directly`.
    Direct,
    /// `transitively`.
    Transitive,
}

impl Word {
    /// Whether it only says how phrases stand to each other, and can be missed.
    pub(crate) fn is_soft(self) -> bool {
        matches!(
            self,
            Word::Of
                | Word::By
                | Word::Via
                | Word::That
                | Word::Which
                | Word::With
                | Word::Have
                | Word::Possessive
                | Word::And
                | Word::Comma
                | Word::If
                | Word::Tagged
                | Word::Equal
                | Word::PathTo
        )
    }
}
