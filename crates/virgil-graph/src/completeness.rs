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

/// Why something is not exact, while it is computed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    Depth,
    FanOut,
    Unresolved(EntityId),
    Partial(PartialSource),
}

/// What keeps a set from being exact, while it is computed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quality {
    pub(crate) at_least: BTreeSet<Cause>,
    pub(crate) unknown: BTreeSet<Cause>,
}

impl Quality {
    pub(crate) fn at_least(causes: impl IntoIterator<Item = Cause>) -> Quality {
        Quality {
            at_least: causes.into_iter().collect(),
            unknown: BTreeSet::new(),
        }
    }

    pub(crate) fn merge(&mut self, other: Quality) {
        self.at_least.extend(other.at_least);
        self.unknown.extend(other.unknown);
    }

    /// The quality of what is left out: whatever was missing from it makes the rest unknown.
    pub(crate) fn negated(self) -> Quality {
        let mut unknown = self.unknown;
        unknown.extend(self.at_least);
        Quality {
            at_least: BTreeSet::new(),
            unknown,
        }
    }

    pub(crate) fn completeness(&self, view: &View<'_>) -> Completeness {
        if !self.unknown.is_empty() {
            let all = self.unknown.union(&self.at_least);
            Completeness::Unknown {
                why: reasons(view, all),
            }
        } else if !self.at_least.is_empty() {
            Completeness::AtLeast {
                why: reasons(view, &self.at_least),
            }
        } else {
            Completeness::Exact
        }
    }
}

fn reasons<'c>(view: &View<'_>, causes: impl IntoIterator<Item = &'c Cause>) -> Vec<Why> {
    let mut reasons = BTreeSet::new();
    let mut unresolved = Vec::new();
    for cause in causes {
        match cause {
            Cause::Depth => {
                reasons.insert(Why::Depth {
                    hops: crate::DEPTH_LIMIT,
                });
            }
            Cause::FanOut => {
                reasons.insert(Why::FanOut {
                    entities: crate::FAN_OUT_LIMIT,
                });
            }
            Cause::Unresolved(id) => unresolved.push(*id),
            Cause::Partial(source) => {
                reasons.insert(Why::Partial(source.clone()));
            }
        }
    }
    if !unresolved.is_empty() {
        let examples = view
            .in_order(unresolved.iter().copied())
            .into_iter()
            .take(EXAMPLES);
        reasons.insert(Why::Unresolved {
            count: unresolved.len(),
            examples: examples
                .map(|id| view.entity(id).reference.clone())
                .collect(),
        });
    }
    reasons.into_iter().collect()
}
