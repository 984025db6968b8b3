//! What selectors pick, among what is visible.
//!
//! * A path glob picks what the assets of the same source at matching paths mention.
//! * Labels pick keys `…:cluster/group/kind/namespace/name` of the namespace whose attribute `labels` (a list
//!   of `name=value`) has them all; those of Services only, or by `pod_labels` what declares pods, where the selector
//!   says so.
//! * A metric picks keys `metric:…` of that name, by the same attribute; a missing label is empty, as in Prometheus.
//! * A URI prefix picks global keys that start so, as written or behind their scheme.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use regex::Regex;
use virgil_model::{KeyClass, Labelled, Selector, SourceId, Value};

use crate::keys::KeyId;
use crate::statements::{Fact, Object, Row, RowId};
use crate::systems::local_name;
use crate::view::View;

/// The visible selectors, resolved to visible keys.
#[derive(Debug, Default)]
pub(crate) struct Selections {
    picked: HashMap<RowId, Vec<KeyId>>,
    picking: HashMap<KeyId, Vec<RowId>>,
}

impl Selections {
    /// The keys that the selector of a statement picks.
    pub(crate) fn picked_by(&self, row: RowId) -> &[KeyId] {
        self.picked.get(&row).map_or(&[], Vec::as_slice)
    }

    /// The statements whose selector picks the key.
    pub(crate) fn picking(&self, key: KeyId) -> &[RowId] {
        self.picking.get(&key).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn resolve(view: &View<'_>) -> Selections {
        let mut globs: BTreeMap<SourceId, Vec<(RowId, &str)>> = BTreeMap::new();
        let mut others: Vec<(RowId, &Selector)> = Vec::new();
        for &id in view.statements().selectors() {
            let Some(row) = view.visible_row(id) else {
                continue;
            };
            if let Fact::Relation {
                object: Object::Selector(selector),
                ..
            } = &row.fact
            {
                match &**selector {
                    Selector::PathGlob(glob) => {
                        globs.entry(row.origin.source).or_default().push((id, glob));
                    }
                    selector => others.push((id, selector)),
                }
            }
        }
        let mut selections = Selections::default();
        selections.resolve_globs(view, globs);
        selections.resolve_others(view, &others);
        selections
    }

    fn pick(&mut self, row: RowId, key: KeyId) {
        self.picked.entry(row).or_default().push(key);
        self.picking.entry(key).or_default().push(row);
    }

    fn resolve_globs(&mut self, view: &View<'_>, globs: BTreeMap<SourceId, Vec<(RowId, &str)>>) {
        if globs.is_empty() {
            return;
        }
        let mut compiled: HashMap<SourceId, (GlobSet, Vec<RowId>)> = HashMap::new();
        for (source, globs) in globs {
            let mut set = GlobSetBuilder::new();
            let mut rows = Vec::new();
            for (row, glob) in globs {
                // A glob that does not parse picks nothing; its reader has reported it.
                if let Ok(glob) = GlobBuilder::new(glob).literal_separator(true).build() {
                    set.add(glob);
                    rows.push(row);
                }
            }
            if let Ok(set) = set.build() {
                compiled.insert(source, (set, rows));
            }
        }
        for ids in view.statements().assets().values() {
            let mut origin = None;
            let mut matching = Vec::new();
            let mut mentioned: BTreeSet<KeyId> = BTreeSet::new();
            for row in ids.iter().filter_map(|id| view.visible_row(*id)) {
                let Some((set, rows)) = compiled.get(&row.origin.source) else {
                    continue;
                };
                let Fact::Mention { keys, .. } = &row.fact else {
                    continue;
                };
                if origin != Some(&row.origin) {
                    self.pick_all(&matching, &mentioned);
                    mentioned.clear();
                    matching = set
                        .matches(&*row.origin.path)
                        .iter()
                        .map(|at| rows[*at])
                        .collect();
                    origin = Some(&row.origin);
                }
                mentioned.extend(keys);
            }
            self.pick_all(&matching, &mentioned);
        }
        for list in self.picked.values_mut().chain(self.picking.values_mut()) {
            list.sort_unstable();
            list.dedup();
        }
    }

    fn pick_all(&mut self, rows: &[RowId], keys: &BTreeSet<KeyId>) {
        for &row in rows {
            keys.iter().for_each(|key| self.pick(row, *key));
        }
    }

    fn resolve_others(&mut self, view: &View<'_>, selectors: &[(RowId, &Selector)]) {
        if selectors.is_empty() {
            return;
        }
        let selectors: Vec<(RowId, Rule<'_>)> = selectors
            .iter()
            .filter_map(|(row, selector)| Some((*row, Rule::new(selector)?)))
            .collect();
        for (key, _) in view.statements().keys.iter() {
            let mut labels = None;
            for (row, rule) in &selectors {
                if rule.may_pick(view, key)
                    && rule.picks(labels.get_or_insert_with(|| labels_of(view, key)))
                    && view.key_visible(key)
                {
                    self.pick(*row, key);
                }
            }
        }
    }
}

/// A selector made ready to be tried on many keys.
enum Rule<'s> {
    Labels {
        cluster: &'s str,
        namespace: &'s str,
        labels: &'s BTreeMap<String, String>,
        on: Labelled,
    },
    Metric {
        name: &'s str,
        matchers: Vec<(&'s str, Matcher<'s>)>,
    },
    UriPrefix(&'s str),
}

enum Matcher<'s> {
    Is(&'s str),
    IsNot(&'s str),
    Matches(Regex),
    MatchesNot(Regex),
}

impl<'s> Rule<'s> {
    /// The rule, unless a pattern in it is no pattern.
    fn new(selector: &'s Selector) -> Option<Rule<'s>> {
        Some(match selector {
            Selector::PathGlob(_) => return None,
            Selector::Labels {
                namespace,
                labels,
                on,
            } => {
                let (cluster, namespace) = namespace.rsplit_once('/')?;
                Rule::Labels {
                    cluster,
                    namespace,
                    labels,
                    on: *on,
                }
            }
            Selector::Metric { name, matchers } => {
                let mut ready = Vec::new();
                for (label, operator, value) in matchers {
                    let pattern = || Regex::new(&format!("^(?:{value})$")).ok();
                    let matcher = match operator.as_str() {
                        "=" => Matcher::Is(value),
                        "!=" => Matcher::IsNot(value),
                        "=~" => Matcher::Matches(pattern()?),
                        "!~" => Matcher::MatchesNot(pattern()?),
                        _ => return None,
                    };
                    ready.push((label.as_str(), matcher));
                }
                Rule::Metric {
                    name,
                    matchers: ready,
                }
            }
            Selector::UriPrefix(prefix) => Rule::UriPrefix(prefix),
        })
    }

    /// Whether the key alone lets the rule pick it.
    fn may_pick(&self, view: &View<'_>, key: KeyId) -> bool {
        let key = &view.statements().keys.entry(key).key;
        match self {
            Rule::Labels {
                cluster, namespace, ..
            } => {
                let local = local_name(key);
                let system = key.value.len().checked_sub(local.len() + 1);
                key.class == KeyClass::Scoped
                    && system.map(|end| &key.value[..end]) == Some(*cluster)
                    && local.split('/').nth(2) == Some(*namespace)
                    && local.split('/').count() == 4
            }
            Rule::Metric { name, .. } => {
                key.scheme == "metric" && (key.value == *name || local_name(key) == *name)
            }
            Rule::UriPrefix(prefix) => {
                key.class == KeyClass::Global
                    && (key.value.starts_with(prefix) || key.to_string().starts_with(prefix))
            }
        }
    }

    /// Whether the labels of a key let the rule pick it.
    fn picks(&self, carried: &Carried) -> bool {
        match self {
            Rule::Labels { labels, on, .. } => {
                let carried = match on {
                    Labelled::Objects => &carried.labels,
                    Labelled::Services if carried.is_service => &carried.labels,
                    Labelled::Services => return false,
                    Labelled::Pods => &carried.pod_labels,
                };
                labels
                    .iter()
                    .all(|(name, value)| carried.get(name) == Some(value))
            }
            Rule::Metric { matchers, .. } => matchers.iter().all(|(label, matcher)| {
                let value = carried.labels.get(*label).map_or("", String::as_str);
                match matcher {
                    Matcher::Is(wanted) => value == *wanted,
                    Matcher::IsNot(wanted) => value != *wanted,
                    Matcher::Matches(pattern) => pattern.is_match(value),
                    Matcher::MatchesNot(pattern) => !pattern.is_match(value),
                }
            }),
            Rule::UriPrefix(_) => true,
        }
    }
}

/// The labels that visible statements give a key.
struct Carried {
    /// Its own.
    labels: BTreeMap<String, String>,
    /// Those of the pods that it declares.
    pod_labels: BTreeMap<String, String>,
    is_service: bool,
}

fn labels_of(view: &View<'_>, key: KeyId) -> Carried {
    let name = local_name(&view.statements().keys.entry(key).key);
    Carried {
        labels: pairs(view, key, "labels"),
        pod_labels: pairs(view, key, "pod_labels"),
        is_service: name.starts_with("core/Service/"),
    }
}

/// The pairs of an attribute that is a list of `name=value`.
fn pairs(view: &View<'_>, key: KeyId, attribute: &str) -> BTreeMap<String, String> {
    let rows = view.statements().keys.entry(key).attributes.iter();
    let lists = rows.filter_map(|row| match view.visible_row(*row) {
        Some(Row {
            fact:
                Fact::Attribute {
                    name,
                    value: Value::List(list),
                    ..
                },
            ..
        }) if &**name == attribute => Some(list),
        _ => None,
    });
    let pairs = lists.flatten().filter_map(|item| match item {
        Value::Text(text) => text.split_once('='),
        _ => None,
    });
    let mut labels = BTreeMap::new();
    for (name, value) in pairs {
        // Two statements may disagree: the smaller value stands, whichever came first.
        let known = labels
            .entry(name.to_owned())
            .or_insert_with(|| value.to_owned());
        if value < known.as_str() {
            value.clone_into(known);
        }
    }
    labels
}
