//! How far an answer can be trusted to be all.

use std::collections::BTreeSet;

use serde::Serialize;
use virgil_model::SourceId;

use crate::entity::EntityId;
use crate::view::View;

/// What the asker's side knows about the statements: sources that are not whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Visible sources whose statements may be missing or old.
    pub partial_sources: Vec<PartialSource>,
}

/// A source that is not whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct PartialSource {
    /// The source.
    pub source: SourceId,
    /// What is wrong, such as `the last sync failed`.
    pub why: String,
}

/// Whether an answer is all there is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "completeness")]
pub enum Completeness {
    /// Exactly this.
    Exact,
    /// This, and perhaps more.
    AtLeast {
        /// Why there may be more.
        why: Vec<Why>,
    },
    /// Perhaps less, perhaps more: a negation over something that is not exact.
    Unknown {
        /// Why it is not exact.
        why: Vec<Why>,
    },
}

/// Why an answer is not exact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "reason")]
pub enum Why {
    /// A walk was cut at the greatest depth.
    Depth {
        /// That depth.
        hops: u32,
    },
    /// A walk reached more than is allowed.
    FanOut {
        /// How many that is.
        entities: usize,
    },
    /// A walk reached things that nothing visible declares.
    Unresolved {
        /// How many.
        count: usize,
        /// The first of them.
        examples: Vec<String>,
    },
    /// A source is not whole.
    Partial(PartialSource),
}

/// How many unresolved references an answer names.
const EXAMPLES: usize = 5;

/// What keeps something from being exact, while it is computed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Causes {
    pub(crate) depth: bool,
    pub(crate) fan_out: bool,
    /// Visible sources are not whole.
    pub(crate) partial: bool,
    /// Some of them more than once.
    pub(crate) unresolved: Vec<EntityId>,
}

impl Causes {
    pub(crate) fn is_empty(&self) -> bool {
        !self.depth && !self.fan_out && !self.partial && self.unresolved.is_empty()
    }

    fn merge(&mut self, other: Causes) {
        self.depth |= other.depth;
        self.fan_out |= other.fan_out;
        self.partial |= other.partial;
        if self.unresolved.is_empty() {
            self.unresolved = other.unresolved;
        } else {
            self.unresolved.extend(other.unresolved);
        }
    }
}

/// What keeps a set from being exact, while it is computed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quality {
    pub(crate) at_least: Causes,
    pub(crate) unknown: Causes,
}

impl Quality {
    pub(crate) fn at_least(causes: Causes) -> Quality {
        Quality {
            at_least: causes,
            unknown: Causes::default(),
        }
    }

    pub(crate) fn merge(&mut self, other: Quality) {
        self.at_least.merge(other.at_least);
        self.unknown.merge(other.unknown);
    }

    /// The quality of what is left out: whatever was missing from it makes the rest unknown.
    pub(crate) fn negated(self) -> Quality {
        let mut unknown = self.unknown;
        unknown.merge(self.at_least);
        Quality {
            at_least: Causes::default(),
            unknown,
        }
    }

    pub(crate) fn completeness(self, view: &View<'_>, known: &Known) -> Completeness {
        if !self.unknown.is_empty() {
            let mut all = self.unknown;
            all.merge(self.at_least);
            Completeness::Unknown {
                why: reasons(view, known, all),
            }
        } else if !self.at_least.is_empty() {
            Completeness::AtLeast {
                why: reasons(view, known, self.at_least),
            }
        } else {
            Completeness::Exact
        }
    }
}

fn reasons(view: &View<'_>, known: &Known, causes: Causes) -> Vec<Why> {
    let mut reasons = BTreeSet::new();
    if causes.depth {
        reasons.insert(Why::Depth {
            hops: crate::DEPTH_LIMIT,
        });
    }
    if causes.fan_out {
        reasons.insert(Why::FanOut {
            entities: crate::FAN_OUT_LIMIT,
        });
    }
    if causes.partial {
        let sources = known.partial_sources.iter().cloned();
        reasons.extend(sources.map(Why::Partial));
    }
    let mut unresolved = causes.unresolved;
    if !unresolved.is_empty() {
        unresolved.sort_unstable_by_key(|id| view.derived().node(*id).rank);
        unresolved.dedup();
        let examples = unresolved.iter().take(EXAMPLES);
        reasons.insert(Why::Unresolved {
            count: unresolved.len(),
            examples: examples
                .map(|id| view.entity(*id).reference.clone())
                .collect(),
        });
    }
    reasons.into_iter().collect()
}
