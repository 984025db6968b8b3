//! What a text that somebody typed names.

use std::collections::BTreeSet;

use virgil_model::{Key, KeyClass, Kind};

use crate::answer::EntityRef;
use crate::entity::EntityId;
use crate::query::QueryError;
use crate::view::View;

/// How many near names an error offers.
const NEAREST: usize = 5;

impl View<'_> {
    /// The entity that a reference names: a key as written, a name, or `kind:name`.
    pub fn resolve(&self, text: &str) -> Result<EntityId, QueryError> {
        let mut found = self.by_text_key(text);
        if found.is_empty() {
            found = self.by_name(text);
        }
        if found.is_empty()
            && let Some((kind, name)) = text.split_once(':')
            && let Some(kind) = Kind::from_name(&kind.trim().to_lowercase())
        {
            found = self.by_name(name.trim());
            found.retain(|id| self.kind(*id) == kind);
        }
        match found.as_slice() {
            [] => Err(QueryError::NotFound {
                name: text.to_owned(),
                nearest: self.nearest(text),
            }),
            [only] => Ok(*only),
            several => Err(QueryError::Ambiguous {
                name: text.to_owned(),
                choices: several.iter().map(|id| self.shown(*id)).collect(),
            }),
        }
    }

    /// The entity in brief.
    pub fn shown(&self, id: EntityId) -> EntityRef {
        let entity = self.entity(id);
        EntityRef {
            reference: entity.reference.clone(),
            kind: entity.kind,
            name: entity.name.clone(),
        }
    }

    fn by_text_key(&self, text: &str) -> Vec<EntityId> {
        let Some((scheme, value)) = text.split_once(':') else {
            return Vec::new();
        };
        let classes = [KeyClass::Global, KeyClass::Scoped, KeyClass::Pointer];
        let found: BTreeSet<EntityId> = classes
            .into_iter()
            .flat_map(|class| {
                self.by_key(&Key {
                    class,
                    scheme: scheme.to_owned(),
                    value: value.to_owned(),
                })
            })
            .collect();
        self.in_order(found)
    }

    /// The visible names nearest to a text, by edit distance, at most a third of its letters away.
    fn nearest(&self, text: &str) -> Vec<String> {
        let wanted: Vec<char> = text.to_lowercase().chars().collect();
        let most = (wanted.len() / 3).max(1);
        let names = self.spellings();
        let mut near: Vec<(usize, &str)> = names
            .into_iter()
            .filter_map(|name| Some((distance(&wanted, name, most)?, name)))
            .collect();
        near.sort_unstable();
        let visible = near
            .into_iter()
            .filter(|(_, name)| !self.by_name(name).is_empty());
        visible
            .take(NEAREST)
            .map(|(_, name)| name.to_owned())
            .collect()
    }
}

/// The edit distance to `name`, if it is at most `most`; a name with the wanted part is at most that far.
fn distance(wanted: &[char], name: &str, most: usize) -> Option<usize> {
    let name: Vec<char> = name.chars().collect();
    if wanted.len() >= 4 && name.windows(wanted.len()).any(|part| part == wanted) {
        return Some(most);
    }
    if name.len().abs_diff(wanted.len()) > most {
        return None;
    }
    let mut previous: Vec<usize> = (0..=name.len()).collect();
    for (row, expected) in wanted.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, character) in name.iter().enumerate() {
            let replaced = previous[column] + usize::from(expected != character);
            let best = replaced
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            current.push(best);
        }
        previous = current;
    }
    previous
        .last()
        .copied()
        .filter(|distance| *distance <= most)
}
