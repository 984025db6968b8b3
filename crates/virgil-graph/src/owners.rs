//! Who owns a file, by the rules of its source.

use virgil_model::{Predicate, SourceId};

use crate::answer::EntityRef;
use crate::stated::Place;
use crate::statements::Fact;
use crate::view::View;

impl View<'_> {
    /// The owners of the file at a path of a source, by rules over paths such as those of CODEOWNERS, each with the rule that
    /// says so. The file need not state anything itself.
    pub fn path_owners(&self, source: SourceId, path: &str) -> Vec<(EntityRef, Place)> {
        let sight = self.sight();
        let rules = self.derived().selections.at_path(sight, source, path);
        let mut owners = Vec::new();
        for id in rules {
            let row = sight.statements().row(id);
            let Fact::Relation {
                subject,
                predicate: Predicate::OwnedBy,
                ..
            } = &row.fact
            else {
                continue;
            };
            for owner in self.derived().targets(*subject).as_slice() {
                let owner = (self.shown(*owner), row.place());
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        owners
    }
}
