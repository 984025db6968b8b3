//! What a change of statements touches.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use virgil_model::{LabelId, Selector, SourceId};

use crate::keys::{Entry, KeyId};
use crate::statements::{Fact, Object, RowId, Statements};

/// How a change touches a key, the lesser first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touch {
    /// In an attribute or a relation of it.
    Use,
    /// In what it names.
    Identity,
}

/// What statements of some labels touch that came or went since something was derived from them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Touched {
    /// Numbers of keys, which meanwhile may be nobody's or another key's.
    pub(crate) keys: HashMap<KeyId, Touch>,
    /// Sources whose path globs changed.
    pub(crate) globs: BTreeSet<SourceId>,
    /// Whether selectors changed that are no path globs.
    pub(crate) selectors: bool,
}

impl Touched {
    pub(crate) fn key(&mut self, key: KeyId, touch: Touch) {
        let known = self.keys.entry(key).or_insert(touch);
        *known = touch.max(*known);
    }

    /// Notes the other keys of one name on one platform, which it joins while it is visible.
    fn twins(&mut self, statements: &Statements, entry: &Entry) {
        if let Some(standing) = &entry.standing
            && let twins @ [_, _, ..] = statements.keys.twins(standing)
        {
            for &twin in twins {
                self.key(twin, Touch::Identity);
            }
        }
    }

    /// Notes that numbers are given up. One that was not touched before was not visible, and does not matter.
    pub(crate) fn forget(&mut self, keys: &[KeyId]) {
        for key in keys {
            if let Some(touch) = self.keys.get_mut(key) {
                *touch = Touch::Identity;
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Touched) {
        for (key, touch) in &other.keys {
            self.key(*key, *touch);
        }
        self.globs.extend(&other.globs);
        self.selectors |= other.selectors;
    }
}

/// What one change touches, by the labels of the statements.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) by_label: BTreeMap<LabelId, Touched>,
    /// Numbers of keys that nothing uses any more; they may be other keys' soon.
    pub(crate) forgotten: Vec<KeyId>,
}

impl Change {
    /// Notes what a stored statement touches, as it comes or before it goes.
    pub(crate) fn note(&mut self, statements: &Statements, id: RowId) {
        let row = statements.row(id);
        let touched = self.by_label.entry(row.label).or_default();
        let touch = match &row.fact {
            Fact::Mention { .. } | Fact::Same(..) => Touch::Identity,
            Fact::Relation {
                object: Object::Selector(selector),
                ..
            } => {
                match **selector {
                    Selector::PathGlob(_) => {
                        touched.globs.insert(row.origin.source);
                    }
                    _ => touched.selectors = true,
                }
                Touch::Use
            }
            Fact::Relation { .. } | Fact::Attribute { .. } => Touch::Use,
        };
        row.fact.for_each_key(|key| {
            touched.key(key, touch);
            let entry = statements.keys.entry(key);
            touched.twins(statements, entry);
            if let Some(table) = entry.table {
                touched.key(table, Touch::Use);
                touched.twins(statements, statements.keys.entry(table));
            }
        });
    }
}
