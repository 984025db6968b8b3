//! What the asker may see.

use std::collections::BTreeSet;

use crate::LabelId;

/// The access labels that a principal may see. Every read takes one.
///
/// It can only be narrowed, never widened. [`Scope::issue`] is for the store, which resolves a
/// principal's groups to labels, and for tests; a lint forbids it everywhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    principal: String,
    labels: BTreeSet<LabelId>,
    audit: bool,
}

impl Scope {
    /// Issues a scope for `principal` over `labels`. `audit` lets it learn how much was hidden.
    pub fn issue(principal: String, labels: BTreeSet<LabelId>, audit: bool) -> Scope {
        Scope {
            principal,
            labels,
            audit,
        }
    }

    /// The name of the principal, for logs, budgets and conversations.
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The labels it may see, in order.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = LabelId> + '_ {
        self.labels.iter().copied()
    }

    /// Whether it may see an asset with that label.
    pub fn allows(&self, label: LabelId) -> bool {
        self.labels.contains(&label)
    }

    /// Whether it may learn how much was hidden.
    pub fn audit(&self) -> bool {
        self.audit
    }

    /// The same principal with only the labels that `other` allows too.
    pub fn narrowed_to(&self, other: &Scope) -> Scope {
        Scope {
            principal: self.principal.clone(),
            labels: self.labels.intersection(&other.labels).copied().collect(),
            audit: self.audit && other.audit,
        }
    }
}
