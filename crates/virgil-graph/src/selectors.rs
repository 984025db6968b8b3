//! What selectors pick, among what is visible.
//!
//! * A path glob picks what the assets of the same source at matching paths mention.
//! * Labels pick keys `…:cluster/group/kind/namespace/name` of the namespace whose attribute `labels` (a list
//!   of `name=value`) has them all; those of Services only, or by `pod_labels` what declares pods, where the selector
//!   says so.
//! * A metric picks keys `metric:…` of that name, by the same attribute; a missing label is empty, as in Prometheus.
//! * A URI prefix picks global keys that start so, as written or behind their scheme.
//!
//! Path globs whose relation has an `order` are rules of one file, as in CODEOWNERS: of those of one predicate and
//! one `section` that match a path only the last counts, and nothing is picked if that one is `unowned`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use virgil_model::{Attributes, Predicate, Selector, SourceId, Value};

use crate::keys::KeyId;
use crate::rules::{Carried, Rules};
use crate::shared::SharedMap;
use crate::sight::Sight;
use crate::statements::{Fact, Object, Origin, Row, RowId};
use crate::touched::{Touch, Touched};

/// The visible selectors, resolved to visible keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selections {
    /// Both in order.
    picked: SharedMap<RowId, Vec<KeyId>>,
    picking: SharedMap<KeyId, Vec<RowId>>,
    globs: Arc<BTreeMap<SourceId, Globs>>,
    rules: Arc<Rules>,
}

impl Selections {
    /// The keys that the selector of a statement picks.
    pub(crate) fn picked_by(&self, row: RowId) -> &[KeyId] {
        self.picked.list(&row)
    }

    /// The statements whose selector picks the key.
    pub(crate) fn picking(&self, key: KeyId) -> &[RowId] {
        self.picking.list(&key)
    }

    /// The statements whose path glob picks what stands at a path of a source.
    pub(crate) fn at_path(&self, sight: Sight<'_>, source: SourceId, path: &str) -> Vec<RowId> {
        let globs = self.globs.get(&source);
        globs.map_or_else(Vec::new, |globs| globs.matching(sight, path))
    }

    /// Follows a change of the statements; notes the keys at both ends of what is picked no more or anew.
    pub(crate) fn update(&mut self, sight: Sight<'_>, touched: &mut Touched) {
        let mut keys: BTreeSet<KeyId> = touched.keys.keys().copied().collect();
        if !touched.globs.is_empty() {
            self.globs = Arc::new(globs(sight));
            for (_, row) in sight.statements().iter() {
                if sight.shows(row.label)
                    && touched.globs.contains(&row.origin.source)
                    && let Fact::Mention {
                        keys: mentioned, ..
                    } = &row.fact
                {
                    keys.extend(mentioned);
                }
            }
        }
        if touched.selectors {
            let before = std::mem::replace(&mut self.rules, Arc::new(Rules::new(sight)));
            for (key, entry) in sight.statements().keys.iter() {
                let may = |rules: &Rules| rules.for_key(&entry.key).next().is_some();
                if may(&before) || may(&self.rules) {
                    keys.insert(key);
                }
            }
        }
        if self.globs.is_empty() && self.rules.is_empty() && self.picked.len() == 0 {
            return;
        }
        let mut changed: BTreeMap<RowId, Vec<(KeyId, Picks)>> = BTreeMap::new();
        let mut matching = HashMap::new();
        for key in keys {
            let now = self.rows_for(sight, key, &mut matching);
            let before = self.picking(key);
            if now == before {
                continue;
            }
            for (rows, others, picks) in [(&*now, before, Picks::Yes), (before, &*now, Picks::No)] {
                for row in rows.iter().filter(|row| others.binary_search(row).is_err()) {
                    changed.entry(*row).or_default().push((key, picks));
                }
            }
            if now.is_empty() {
                self.picking.remove(&key);
            } else {
                self.picking.insert(key, now);
            }
            touched.key(key, Touch::Use);
        }
        for (row, keys) in changed {
            self.pick(row, &keys);
            // The number may be another statement's by now, which then is touched anyway.
            if let Some(Row {
                fact: Fact::Relation { subject, .. },
                ..
            }) = sight.statements().get(row)
            {
                touched.key(*subject, Touch::Use);
            }
        }
    }

    fn pick(&mut self, row: RowId, changes: &[(KeyId, Picks)]) {
        let picked = self.picked.entry(row);
        let goes = |key: &KeyId| {
            changes
                .binary_search_by_key(key, |(key, _)| *key)
                .is_ok_and(|at| changes[at].1 == Picks::No)
        };
        picked.retain(|key| !goes(key));
        let comes = changes.iter().filter(|(_, picks)| *picks == Picks::Yes);
        picked.extend(comes.map(|(key, _)| *key));
        picked.sort_unstable();
        if picked.is_empty() {
            self.picked.remove(&row);
        }
    }

    /// The statements whose selector picks a key now, in order.
    fn rows_for<'g>(
        &self,
        sight: Sight<'g>,
        key: KeyId,
        matching: &mut HashMap<*const Origin, Vec<RowId>>,
    ) -> Vec<RowId> {
        let mut found = Vec::new();
        let Some(entry) = sight.statements().keys.get(key) else {
            return found;
        };
        if !self.globs.is_empty() {
            for (_, row) in sight.rows(&entry.identity) {
                if let Fact::Mention { .. } = &row.fact
                    && let Some(globs) = self.globs.get(&row.origin.source)
                {
                    let of_asset = matching
                        .entry(Arc::as_ptr(&row.origin))
                        .or_insert_with(|| globs.matching(sight, &row.origin.path));
                    found.extend_from_slice(of_asset);
                }
            }
        }
        let mut labels = None;
        for (row, rule) in self.rules.for_key(&entry.key) {
            if rule.picks(labels.get_or_insert_with(|| Carried::of(sight, key))) && sight.sees(key)
            {
                found.push(row);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Whether a selector picks a key that it did not pick before, or the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Picks {
    Yes,
    No,
}

/// The path globs of one source.
#[derive(Debug)]
struct Globs {
    set: GlobSet,
    rows: Vec<RowId>,
}

/// The visible path globs, by source.
fn globs(sight: Sight<'_>) -> BTreeMap<SourceId, Globs> {
    let mut building: BTreeMap<SourceId, (GlobSetBuilder, Vec<RowId>)> = BTreeMap::new();
    for (id, row, selector) in selectors(sight) {
        if let Selector::PathGlob(glob) = selector
            // A glob that does not parse picks nothing; its reader has reported it.
            && let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build()
        {
            let (set, rows) = building
                .entry(row.origin.source)
                .or_insert_with(|| (GlobSetBuilder::new(), Vec::new()));
            set.add(glob);
            rows.push(id);
        }
    }
    building
        .into_iter()
        .filter_map(|(source, (set, rows))| {
            let set = set.build().ok()?;
            Some((source, Globs { set, rows }))
        })
        .collect()
}

impl Globs {
    /// The statements that pick what stands at a path.
    fn matching(&self, sight: Sight<'_>, path: &str) -> Vec<RowId> {
        let mut rows = Vec::new();
        // By file, predicate and section: the last rule so far, which may name several subjects.
        let mut ruled = BTreeMap::<(i64, Predicate, Option<&str>), (i64, Vec<RowId>)>::new();
        for at in self.set.matches(path) {
            let id = self.rows[at];
            let row = sight.statements().row(id);
            let Fact::Relation {
                predicate,
                attributes,
                ..
            } = &row.fact
            else {
                continue;
            };
            let attributes = attributes.as_deref();
            let Some(order) = attributes.and_then(order) else {
                rows.push(id);
                continue;
            };
            let section = attributes.and_then(section);
            let file = (row.origin.asset.0, *predicate, section);
            let (last, winners) = ruled.entry(file).or_insert((order, Vec::new()));
            if order > *last {
                *last = order;
                winners.clear();
            }
            if order == *last {
                winners.push(id);
            }
        }
        for (_, winners) in ruled.into_values() {
            if !winners
                .iter()
                .any(|id| is_unowned(sight.statements().row(*id)))
            {
                rows.extend(winners);
            }
        }
        rows
    }
}

fn order(attributes: &Attributes) -> Option<i64> {
    match attributes.get("order") {
        Some(Value::Integer(order)) => Some(*order),
        _ => None,
    }
}

fn section(attributes: &Attributes) -> Option<&str> {
    match attributes.get("section") {
        Some(Value::Text(section)) => Some(section),
        _ => None,
    }
}

/// Whether a rule takes what it picks from the rules above it and gives it to nobody.
fn is_unowned(row: &Row) -> bool {
    let Fact::Relation {
        attributes: Some(attributes),
        ..
    } = &row.fact
    else {
        return false;
    };
    attributes.get("unowned") == Some(&Value::Bool(true))
}

/// The visible relations to selectors.
pub(crate) fn selectors(sight: Sight<'_>) -> impl Iterator<Item = (RowId, &Row, &Selector)> {
    let ids = sight.statements().selectors().iter();
    ids.filter_map(move |id| {
        let row = sight.row(*id)?;
        match &row.fact {
            Fact::Relation {
                object: Object::Selector(selector),
                ..
            } => Some((*id, row, &**selector)),
            _ => None,
        }
    })
}
