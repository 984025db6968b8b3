//! What the visible statements say is one thing.

use serde::Serialize;
use virgil_model::{KeyClass, Kind};

use crate::keys::KeyId;
use crate::stated::Place;
use crate::statements::RowId;

/// The number of an entity inside one [`View`](crate::View); meaningless in any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub(crate) u32);

/// One thing: a connected component of identity keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Its number in this view.
    pub id: EntityId,
    /// Its key of highest precedence: global before scoped before pointer, tables before what tools call them, then
    /// alphabetical.
    pub reference: String,
    /// What kind of thing it is.
    pub kind: Kind,
    /// The name that most assets give it.
    pub name: String,
    /// Whether nothing visible declares it: something else only refers to it.
    pub unresolved: bool,
    /// What its statements disagree on.
    pub conflicts: Vec<Conflict>,
    /// Keys joined only because their platform has a single known system.
    pub sole_system_joins: Vec<(String, String)>,
    /// The class of the key that is its reference.
    pub(crate) class: KeyClass,
    /// Identity keys, in order of precedence.
    pub(crate) keys: Vec<KeyId>,
    /// Pointers that resolve to it.
    pub(crate) pointers: Vec<KeyId>,
    /// The mentions of it, in order of their places.
    pub(crate) mentions: Vec<RowId>,
}

impl Entity {
    /// What orders entities; no two have the same.
    pub(crate) fn order(&self) -> (&str, KeyClass) {
        (&self.reference, self.class)
    }
}

/// What statements disagree on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "conflict")]
pub enum Conflict {
    /// One key is mentioned as things of incompatible kinds.
    Kinds {
        /// The key.
        key: String,
        /// The kinds.
        kinds: Vec<Kind>,
        /// Who says so.
        places: Vec<Place>,
    },
    /// Two keys are said to be one thing, but would join two keys of one scheme and system; the link is cut.
    Keys {
        /// The ends of the cut link.
        link: (String, String),
        /// The keys that cannot be one thing.
        keys: (String, String),
        /// Who says that the link holds.
        places: Vec<Place>,
    },
    /// Two keys are said to be one thing, but would join incompatible kinds; the link is cut.
    LinkedKinds {
        /// The ends of the cut link.
        link: (String, String),
        /// The kinds at its ends.
        kinds: (Kind, Kind),
        /// Who says that the link holds.
        places: Vec<Place>,
    },
    /// A pointer points at several things.
    Pointer {
        /// The pointer.
        key: String,
        /// The references of the things.
        candidates: Vec<String>,
    },
}
