//! The relations of what changed, from one snapshot to the next.
//!
//! A relation reads the same from both ends. So the lists of what is new or touched are found anew, and what differs
//! from before is put right in the lists of those at the other ends: a hub is not derived again because one of
//! its neighbours changed.

use std::collections::{BTreeMap, HashMap, HashSet};

use virgil_model::Predicate;

use crate::adjacency::{Edge, Links, List};
use crate::derived::Derived;
use crate::edges::Finder;
use crate::entity::EntityId;
use crate::ids::Ids;
use crate::predicates::Bearing;
use crate::query::HopDirection;
use crate::runs;
use crate::statements::RowId;
use crate::touched::Touched;
use crate::update::Update;

/// More outputs than this are not told apart.
const MOST_OUTPUTS: usize = 64;

/// A change of the relations of an entity whose list is not found anew.
#[derive(Default)]
struct Patch {
    gone: HashSet<(Predicate, HopDirection, EntityId)>,
    come: Vec<(Edge, Vec<RowId>)>,
}

impl Update<'_> {
    /// Finds the relations of what is stored or touched, and puts right those at the other ends.
    pub(crate) fn relations(&mut self, touched: &Touched) {
        self.derived.adjacencies.grow(self.derived.nodes.len());
        let mut changed = std::mem::take(&mut self.stored);
        for &key in touched.keys.keys() {
            changed.extend(self.derived.targets(key).as_slice().iter().copied());
        }
        let gone = self.apart.values().map(|id| (*id, List::default()));
        let found = changed
            .iter()
            .map(|id| (id, Finder::list(self.sight, &self.derived, id)));
        let mut lists: Vec<(EntityId, List)> = gone.chain(found).collect();
        let mut patches: BTreeMap<EntityId, Patch> = BTreeMap::new();
        for (id, now) in &lists {
            let is_kept = |other: EntityId| {
                !changed.contains(other) && self.derived.node(other).entity.is_some()
            };
            difference(*id, self.derived.links(*id), now, is_kept, &mut patches);
        }
        lists.reserve(patches.len());
        for (id, patch) in patches {
            lists.push((id, self.patched(id, &patch)));
        }
        changed.extend(lists.iter().map(|(id, _)| *id));
        self.derived.adjacencies.replace(lists);
        self.derived.trace(&changed);
        let living = changed.iter();
        let living = living.filter(|id| self.derived.node(*id).entity.is_some());
        for (run, is_history) in runs::histories(self.sight, &self.derived, living) {
            self.derived.history.set(run, is_history);
        }
    }

    fn patched(&self, id: EntityId, patch: &Patch) -> List {
        let before = self.derived.links(id);
        let stays = before
            .links()
            .filter(|(link, _)| !patch.gone.contains(&link.identity()));
        let comes = patch.come.iter().map(|(link, rows)| (*link, &**rows));
        let mut links: Vec<(Edge, &[RowId])> = stays.chain(comes).collect();
        links.sort_by_cached_key(|(link, _)| self.derived.edge_order(*link));
        let mut list = List::default();
        for (edge, rows) in links {
            list.push(edge, rows);
        }
        list
    }
}

impl Derived {
    /// Decides again which tables have columns of known origin, and what makes several of those, where relations
    /// changed.
    fn trace(&mut self, changed: &Ids) {
        let mut tables = changed.clone();
        for id in changed.iter() {
            let aside = self.links(id).leading(Bearing::Aside);
            tables.extend(aside.to(|tag| tag.is_part(HopDirection::Forward)));
        }
        let mut makers = changed.clone();
        for id in tables.iter() {
            let is_traced = self.is_traced(id);
            if is_traced != self.traced.contains(id) {
                self.traced.set(id, is_traced);
                let upstream = self.links(id).leading(Bearing::Upstream);
                makers.extend(upstream.to(|tag| tag.predicate == Predicate::Writes));
            }
        }
        for id in makers.iter() {
            self.told_apart.set(id, self.is_told_apart(id));
        }
    }

    fn is_told_apart(&self, id: EntityId) -> bool {
        let onward = self.links(id).leading(Bearing::Downstream);
        let outputs = || onward.to(|tag| tag.predicate == Predicate::Writes);
        (2..=MOST_OUTPUTS).contains(&outputs().take(MOST_OUTPUTS + 1).count())
            && outputs().all(|id| self.traced.contains(id))
    }

    fn is_traced(&self, id: EntityId) -> bool {
        let parts = self.links(id).leading(Bearing::Aside);
        parts
            .to(|tag| tag.is_part(HopDirection::Backward))
            .any(|part| {
                let origins = self.links(part).leading(Bearing::Upstream);
                origins.any(|tag| tag.predicate == Predicate::DerivedFrom)
            })
    }
}

/// Notes what changes for those at the other ends of relations, unless their own are found anew.
fn difference(
    id: EntityId,
    before: Links<'_>,
    now: &List,
    is_kept: impl Fn(EntityId) -> bool,
    patches: &mut BTreeMap<EntityId, Patch>,
) {
    let mut old: HashMap<_, _> = before
        .links()
        .filter(|(link, _)| is_kept(link.other))
        .map(|(link, rows)| (link.identity(), (link, rows)))
        .collect();
    for (link, rows) in now.links().filter(|(link, _)| is_kept(link.other)) {
        let known = old.remove(&link.identity());
        if known == Some((link, rows)) {
            continue;
        }
        let patch = patches.entry(link.other).or_default();
        let mirrored = link.mirrored(id);
        if known.is_some() {
            patch.gone.insert(mirrored.identity());
        }
        patch.come.push((mirrored, rows.to_vec()));
    }
    for (link, _) in old.into_values() {
        let patch = patches.entry(link.other).or_default();
        patch.gone.insert(link.mirrored(id).identity());
    }
}
