//! Selectors that pick by a key and the labels that it carries, where they can be looked up.

use std::collections::{BTreeMap, HashMap};

use regex::Regex;
use virgil_model::{Key, KeyClass, Labelled, Selector, Value};

use crate::key_parts::local_name;
use crate::keys::KeyId;
use crate::selectors::selectors;
use crate::sight::Sight;
use crate::statements::{Fact, RowId};

/// What a selector writes for all namespaces of a cluster; no namespace has this name.
const ALL_NAMESPACES: &str = "*";

/// The visible selectors that pick so.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// By cluster and namespace.
    labels: HashMap<(String, String), Vec<(RowId, Rule)>>,
    /// By name.
    metrics: HashMap<String, Vec<(RowId, Rule)>>,
    prefixes: Vec<(RowId, Rule)>,
}

impl Rules {
    pub(crate) fn new(sight: Sight<'_>) -> Rules {
        let mut rules = Rules::default();
        for (id, _, selector) in selectors(sight) {
            let Some(rule) = Rule::new(selector) else {
                continue;
            };
            match selector {
                Selector::PathGlob(_) => {}
                Selector::Labels { namespace, .. } => {
                    if let Some((cluster, namespace)) = namespace.rsplit_once('/') {
                        let place = (cluster.to_owned(), namespace.to_owned());
                        rules.labels.entry(place).or_default().push((id, rule));
                    }
                }
                Selector::Metric { name, .. } => {
                    rules
                        .metrics
                        .entry(name.clone())
                        .or_default()
                        .push((id, rule));
                }
                Selector::UriPrefix(_) => rules.prefixes.push((id, rule)),
            }
        }
        rules
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.metrics.is_empty() && self.prefixes.is_empty()
    }

    /// The rules that a key alone lets pick it.
    pub(crate) fn for_key<'r>(&'r self, key: &'r Key) -> impl Iterator<Item = (RowId, &'r Rule)> {
        let mut lists: [&[(RowId, Rule)]; 4] = [&[], &[], &[], &[]];
        if !self.labels.is_empty()
            && let Some((cluster, namespace)) = cluster_and_namespace(key)
        {
            let of = |namespace: &str| {
                let place = (cluster.to_owned(), namespace.to_owned());
                self.labels.get(&place).map_or(&[][..], Vec::as_slice)
            };
            lists[0] = of(namespace);
            lists[3] = of(ALL_NAMESPACES);
        }
        if key.scheme == "metric" {
            let named = |name: &str| self.metrics.get(name).map_or(&[][..], Vec::as_slice);
            lists[1] = named(&key.value);
            let local = local_name(key);
            if local != key.value {
                lists[2] = named(local);
            }
        }
        let prefixes = self.prefixes.iter().filter(|(_, rule)| match rule {
            Rule::UriPrefix(prefix) => {
                key.class == KeyClass::Global
                    && (key.value.starts_with(prefix) || key.to_string().starts_with(prefix))
            }
            _ => false,
        });
        let listed = lists.into_iter().flatten();
        listed.chain(prefixes).map(|(row, rule)| (*row, rule))
    }
}

/// Where a Kubernetes object is, if the key is one's.
fn cluster_and_namespace(key: &Key) -> Option<(&str, &str)> {
    if key.class != KeyClass::Scoped {
        return None;
    }
    let local = local_name(key);
    let system = key.value.len().checked_sub(local.len() + 1)?;
    let mut parts = local.split('/');
    let namespace = parts.nth(2)?;
    parts.next()?;
    parts
        .next()
        .is_none()
        .then_some((&key.value[..system], namespace))
}

/// A selector made ready to be tried on many keys.
#[derive(Debug)]
pub(crate) enum Rule {
    Labels {
        labels: BTreeMap<String, String>,
        on: Labelled,
    },
    Metric(Vec<(String, Matcher)>),
    UriPrefix(String),
}

#[derive(Debug)]
pub(crate) enum Matcher {
    Is(String),
    IsNot(String),
    Matches(Regex),
    MatchesNot(Regex),
}

impl Rule {
    /// The rule, unless a pattern in it is no pattern.
    fn new(selector: &Selector) -> Option<Rule> {
        Some(match selector {
            Selector::PathGlob(_) => return None,
            Selector::Labels { labels, on, .. } => Rule::Labels {
                labels: labels.clone(),
                on: *on,
            },
            Selector::Metric { matchers, .. } => {
                let mut ready = Vec::new();
                for (label, operator, value) in matchers {
                    let pattern = || Regex::new(&format!("^(?:{value})$")).ok();
                    let matcher = match operator.as_str() {
                        "=" => Matcher::Is(value.clone()),
                        "!=" => Matcher::IsNot(value.clone()),
                        "=~" => Matcher::Matches(pattern()?),
                        "!~" => Matcher::MatchesNot(pattern()?),
                        _ => return None,
                    };
                    ready.push((label.clone(), matcher));
                }
                Rule::Metric(ready)
            }
            Selector::UriPrefix(prefix) => Rule::UriPrefix(prefix.clone()),
        })
    }

    /// Whether the labels of a key let the rule pick it.
    pub(crate) fn picks(&self, carried: &Carried) -> bool {
        match self {
            Rule::Labels { labels, on } => {
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
            Rule::Metric(matchers) => matchers.iter().all(|(label, matcher)| {
                let value = carried.labels.get(label).map_or("", String::as_str);
                match matcher {
                    Matcher::Is(wanted) => value == wanted,
                    Matcher::IsNot(wanted) => value != wanted,
                    Matcher::Matches(pattern) => pattern.is_match(value),
                    Matcher::MatchesNot(pattern) => !pattern.is_match(value),
                }
            }),
            Rule::UriPrefix(_) => true,
        }
    }
}

/// The labels that visible statements give a key.
pub(crate) struct Carried {
    /// Its own.
    labels: BTreeMap<String, String>,
    /// Those of the pods that it declares.
    pod_labels: BTreeMap<String, String>,
    is_service: bool,
}

impl Carried {
    pub(crate) fn of(sight: Sight<'_>, key: KeyId) -> Carried {
        Carried {
            labels: pairs(sight, key, "labels"),
            pod_labels: pairs(sight, key, "pod_labels"),
            is_service: local_name(sight.key(key)).starts_with("core/Service/"),
        }
    }
}

/// The pairs of an attribute that is a list of `name=value`.
fn pairs(sight: Sight<'_>, key: KeyId, attribute: &str) -> BTreeMap<String, String> {
    let rows = sight.rows(&sight.statements().keys.entry(key).attributes);
    let lists = rows.filter_map(|(_, row)| match &row.fact {
        Fact::Attribute {
            name,
            value: Value::List(list),
            ..
        } if &**name == attribute => Some(list),
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
