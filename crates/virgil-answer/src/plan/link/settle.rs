//! Several things of one name: the tests around the name may leave one; else the asker is asked which is meant.

use virgil_graph::{EntityRef, Known, Query, Set, Test, View};

use crate::plan::link::sets::named_in;
use crate::plan::{Choices, ExplainedLink};

/// Several things of one kind under one name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) references: Vec<String>,
    pub(crate) things: Vec<EntityRef>,
}

/// The query with every ambiguous name settled by the tests that stand around it; else the choices.
pub(crate) fn settle(
    query: &Query,
    groups: &[Group],
    view: &View<'_>,
    known: &Known,
) -> Result<Query, Choices> {
    let mut query = query.clone();
    settle_set(&mut query.set, groups, view, known)?;
    if let virgil_graph::Output::Paths { to } = &mut query.output {
        settle_set(to, groups, view, known)?;
    }
    Ok(query)
}

fn settle_set(
    set: &mut Set,
    groups: &[Group],
    view: &View<'_>,
    known: &Known,
) -> Result<(), Choices> {
    // A filter around an ambiguous name may leave one: `the fraud service in production`.
    if let Set::Where { set: inner, .. } = &*set
        && let Set::Refs(references) = &**inner
        && let Some(group) = group_of(references, groups)
    {
        let left = view
            .query(&Query::rows(set.clone()), known)
            .map(|answer| answer.rows)
            .unwrap_or_default();
        return match left.as_slice() {
            [only] => {
                *set = Set::Refs(vec![only.entity.reference.clone()]);
                Ok(())
            }
            [] => Err(choices(group)),
            several => Err(Choices {
                name: group.name.clone(),
                things: several.iter().map(|row| row.entity.clone()).collect(),
            }),
        };
    }
    match set {
        Set::Refs(references) => match group_of(references, groups) {
            Some(group) => Err(choices(group)),
            None => Ok(()),
        },
        Set::All(_) => Ok(()),
        Set::Step { from, .. } => settle_set(from, groups, view, known),
        Set::Where { set, test } => {
            settle_set(set, groups, view, known)?;
            settle_test(test, groups, view, known)
        }
        Set::And(sets) | Set::Or(sets) => sets
            .iter_mut()
            .try_for_each(|set| settle_set(set, groups, view, known)),
        Set::Minus { set, without } => {
            settle_set(set, groups, view, known)?;
            settle_set(without, groups, view, known)
        }
    }
}

fn settle_test(
    test: &mut Test,
    groups: &[Group],
    view: &View<'_>,
    known: &Known,
) -> Result<(), Choices> {
    match test {
        Test::Attribute { .. } => Ok(()),
        Test::Linked { to, .. } => settle_set(to, groups, view, known),
        Test::AllOf(tests) | Test::AnyOf(tests) => tests
            .iter_mut()
            .try_for_each(|test| settle_test(test, groups, view, known)),
        Test::Not(test) => settle_test(test, groups, view, known),
    }
}

fn group_of<'g>(references: &[String], groups: &'g [Group]) -> Option<&'g Group> {
    groups.iter().find(|group| group.references == references)
}

fn choices(group: &Group) -> Choices {
    Choices {
        name: group.name.clone(),
        things: group.things.clone(),
    }
}

/// The things that near readings take one name for, if that is all that tells them apart.
pub(crate) fn differing(
    queries: &[Query],
    links: &[ExplainedLink],
    view: &View<'_>,
) -> Option<Choices> {
    let named: Vec<Vec<String>> = queries.iter().map(|query| named_in(&query.set)).collect();
    let first = named.first()?;
    let mut things: Vec<EntityRef> = Vec::new();
    for references in &named {
        for reference in references {
            if (!first.contains(reference) || named.iter().any(|other| !other.contains(reference)))
                && let Ok(id) = view.resolve(reference)
            {
                let thing = view.shown(id);
                if !things.contains(&thing) {
                    things.push(thing);
                }
            }
        }
    }
    if things.len() < 2 {
        return None;
    }
    let link = links
        .iter()
        .find(|link| things.iter().all(|thing| link.candidates.contains(thing)))?;
    Some(Choices {
        name: link.text.clone(),
        things,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::link::{Linked, link};
    use crate::plan::names::Names;
    use crate::plan::tests::{lexicon, view, world};
    use crate::plan::tokens::tokens;

    /// What is left of the services that go by one name, where `test` stands around it.
    fn settled(test: &str) -> String {
        let graph = world();
        let view = view(&graph);
        let Linked { groups, .. } = link(&tokens("fraud-detector"), &Names::of(&view), lexicon());
        let services = groups.iter().find(|group| group.things.len() == 2);
        let services = services.expect("two services of one name");
        let mut set = Set::Refs(services.references.clone());
        if !test.is_empty() {
            set = Set::Where {
                set: Box::new(set),
                test: serde_json::from_str(test).expect("a test"),
            };
        }
        match settle(&Query::rows(set), &groups, &view, &Known::default()) {
            Ok(query) => named_in(&query.set).join(" "),
            Err(choices) => format!("{} of {}", choices.things.len(), choices.name),
        }
    }

    #[test]
    fn what_stands_around_a_name_may_leave_one_thing() {
        let cluster = |name: &str| {
            format!(r#"{{"attribute": {{"name": "cluster", "op": "eq", "value": "{name}"}}}}"#)
        };
        assert_eq!(settled(""), "2 of fraud-detector");
        assert!(settled(&cluster("prod")).contains("prod/serving"));
        assert_eq!(settled(&cluster("nowhere")), "2 of fraud-detector");
    }
}
