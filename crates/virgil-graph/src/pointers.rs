//! What pointers resolve to.
//!
//! A tag, branch, alias or stage is never an identity. A mention that holds one beside identity keys resolves
//! it to the first of them, a `Same` to its other end; several answers are all candidates. A pointer that
//! nothing resolves is an entity of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::entity::EntityId;
use crate::identity::Targets;
use crate::keys::KeyId;
use crate::statements::Fact;
use crate::view::View;

impl View<'_> {
    /// What a pointer resolves to, by reference.
    pub(crate) fn pointer_targets(&self, pointer: KeyId) -> Targets {
        if let Some(known) = self.memo.borrow().of_pointer.get(&pointer) {
            return Targets::Several(Arc::clone(known));
        }
        let mut found = BTreeSet::new();
        for pointer in self.pointers_around([pointer]) {
            for key in self.pointed_at(pointer) {
                found.extend(self.targets(key).as_slice());
            }
        }
        let targets: Arc<[EntityId]> = if found.is_empty() {
            let mentions = self.mentions_among(&self.statements().keys.entry(pointer).identity);
            Arc::new([self.store(&[], &[pointer], &mentions, Vec::new(), Vec::new())])
        } else {
            self.in_order(found).into()
        };
        self.memo
            .borrow_mut()
            .of_pointer
            .insert(pointer, Arc::clone(&targets));
        Targets::Several(targets)
    }

    /// The identity keys that statements resolve a pointer to.
    pub(crate) fn pointed_at(&self, pointer: KeyId) -> Vec<KeyId> {
        let rows = &self.statements().keys.entry(pointer).identity;
        let rows = rows.iter().filter_map(|row| self.visible_row(*row));
        rows.filter_map(|row| match &row.fact {
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
        &self,
        pointers: impl IntoIterator<Item = KeyId>,
    ) -> BTreeSet<KeyId> {
        let mut open: Vec<KeyId> = pointers.into_iter().collect();
        let mut found: BTreeSet<KeyId> = open.iter().copied().collect();
        while let Some(pointer) = open.pop() {
            for &row in &self.statements().keys.entry(pointer).identity {
                if let Some(Fact::Same(left, right)) = self.visible_row(row).map(|row| &row.fact) {
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
