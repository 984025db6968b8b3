//! What pointers resolve to.
//!
//! A tag, branch, alias or stage is never an identity. A mention that holds one beside identity keys resolves
//! it to the first of them, a `Same` to its other end; several answers are all candidates. A pointer that
//! nothing resolves is an entity of its own.

use std::collections::BTreeSet;

use crate::keys::KeyId;
use crate::sight::Sight;
use crate::statements::Fact;

impl Sight<'_> {
    /// The identity keys that statements resolve a pointer to.
    pub(crate) fn pointed_at(self, pointer: KeyId) -> Vec<KeyId> {
        let rows = self.rows(&self.statements().keys.entry(pointer).identity);
        rows.filter_map(|(_, row)| match &row.fact {
            Fact::Mention { keys, .. } => keys.iter().copied().find(|key| self.is_identity(*key)),
            Fact::Same(left, right) => [*left, *right]
                .into_iter()
                .find(|key| self.is_identity(*key)),
            _ => None,
        })
        .collect()
    }

    /// These pointers and those that a `Same` joins to them.
    pub(crate) fn pointers_around(
        self,
        pointers: impl IntoIterator<Item = KeyId>,
    ) -> BTreeSet<KeyId> {
        let mut open: Vec<KeyId> = pointers.into_iter().collect();
        let mut found: BTreeSet<KeyId> = open.iter().copied().collect();
        while let Some(pointer) = open.pop() {
            for (_, row) in self.rows(&self.statements().keys.entry(pointer).identity) {
                if let Fact::Same(left, right) = &row.fact {
                    for key in [*left, *right] {
                        if !self.is_identity(key) && found.insert(key) {
                            open.push(key);
                        }
                    }
                }
            }
        }
        found
    }
}
