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
        "backstage" => of_backstage(key),
        scheme => Kind::from_name(scheme).unwrap_or(Kind::Resource),
    }
}

/// What a reference of the catalogue says: `group` in `backstage:default/group:shop/checkout`.
fn of_backstage(key: &Key) -> Kind {
    let before = key.value.split(':').next().unwrap_or_default();
    match before.rsplit('/').next().unwrap_or_default() {
        "group" => Kind::Team,
        "domain" => Kind::System,
        kind => Kind::from_name(kind).unwrap_or(Kind::Resource),
    }
}

fn specificity(kind: Kind) -> u8 {
    match kind {
        Kind::Resource => 0,
        Kind::Artifact => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_of_the_catalogue_says_its_kind() {
        let kind = |reference: &str| suggested(&Key::scoped("backstage", "default", reference));
        assert_eq!(kind("group:shop/checkout"), Kind::Team);
        assert_eq!(kind("user:default/ines"), Kind::User);
        assert_eq!(kind("component:default/web"), Kind::Component);
        assert_eq!(kind("airesource:default/skill"), Kind::Resource);
        assert_eq!(kind("default/anything"), Kind::Resource);
    }
}
