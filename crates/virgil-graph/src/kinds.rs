//! Which kinds may name one thing, and what kind a key suggests.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use virgil_model::{Key, Kind};

/// Whether two mentions of these kinds can mean one thing: equal kinds, `resource` with anything, and
/// `artifact` with `dataset` (both are what lies at a URI).
pub(crate) fn compatible(left: Kind, right: Kind) -> bool {
    left == right
        || left == Kind::Resource
        || right == Kind::Resource
        || matches!(
            (left, right),
            (Kind::Artifact, Kind::Dataset) | (Kind::Dataset, Kind::Artifact)
        )
}

/// Whether mentions of all these kinds can mean one thing.
pub(crate) fn all_compatible(kinds: &BTreeSet<Kind>) -> bool {
    let later = |index: usize| kinds.iter().skip(index + 1);
    kinds
        .iter()
        .enumerate()
        .all(|(index, left)| later(index).all(|right| compatible(*left, *right)))
}

/// The kind that these mentions (kind, and by how many assets) add up to: the most specific, then the most
/// often stated, then the first in order.
pub(crate) fn decide(kinds: &BTreeMap<Kind, usize>) -> Option<Kind> {
    kinds
        .iter()
        .max_by_key(|(kind, count)| (specificity(**kind), **count, Reverse(**kind)))
        .map(|(kind, _)| *kind)
}

/// What a key that nothing mentions probably names, by its scheme.
pub(crate) fn suggested(key: &Key) -> Kind {
    match key.scheme.as_str() {
        "table" => Kind::Dataset,
        "email" => Kind::User,
        "uri" | "s3" | "gs" => Kind::Artifact,
        scheme => Kind::from_name(scheme).unwrap_or(Kind::Resource),
    }
}

fn specificity(kind: Kind) -> u8 {
    match kind {
        Kind::Resource => 0,
        Kind::Artifact => 1,
        _ => 2,
    }
}
