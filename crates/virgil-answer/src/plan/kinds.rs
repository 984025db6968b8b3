//! Sets of kinds, small enough to carry through a chart.

use std::collections::BTreeSet;

use virgil_graph::{Op, Test};
use virgil_model::{Kind, Value};

/// Which kinds something may be of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Kinds(u32);

impl Kinds {
    /// Anything.
    pub(crate) const ANY: Kinds = Kinds(u32::MAX);

    /// Nothing.
    pub(crate) const NONE: Kinds = Kinds(0);

    /// Only the kind of what has no kind of its own.
    pub(crate) const RESOURCE: Kinds = Kinds(1 << Kind::Resource as u32);

    /// These kinds; anything, if there are none.
    pub(crate) fn of(kinds: &[Kind]) -> Kinds {
        if kinds.is_empty() {
            return Kinds::ANY;
        }
        Kinds(kinds.iter().fold(0, |bits, kind| bits | 1 << *kind as u32))
    }

    /// The kinds in both.
    pub(crate) fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// The kinds in either.
    pub(crate) fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether nothing can be of these kinds.
    pub(crate) fn is_empty(self) -> bool {
        self.list().next().is_none()
    }

    /// Whether anything can.
    pub(crate) fn is_any(self) -> bool {
        self == Kinds::ANY
    }

    /// Whether every kind of `other` is among these.
    pub(crate) fn covers(self, other: Kinds) -> bool {
        self.and(other) == other
    }

    pub(crate) fn contains(self, kind: Kind) -> bool {
        self.0 & 1 << kind as u32 != 0
    }

    /// The kinds, in order.
    pub(crate) fn list(self) -> impl Iterator<Item = Kind> {
        Kind::ALL
            .iter()
            .copied()
            .filter(move |kind| self.contains(*kind))
    }

    /// The kinds as the algebra's [`virgil_graph::Set::All`] takes them.
    pub(crate) fn to_set(self) -> BTreeSet<Kind> {
        if self.is_any() {
            BTreeSet::new()
        } else {
            self.list().collect()
        }
    }

    /// A test for being of these kinds; `None` if anything is.
    pub(crate) fn test(self) -> Option<Test> {
        if self.is_any() {
            return None;
        }
        let mut tests: Vec<Test> = self
            .list()
            .map(|kind| Test::Attribute {
                name: "kind".to_owned(),
                op: Op::Eq,
                value: Some(Value::Text(kind.name().to_owned())),
            })
            .collect();
        if tests.len() == 1 {
            return tests.pop();
        }
        Some(Test::AnyOf(tests))
    }
}
