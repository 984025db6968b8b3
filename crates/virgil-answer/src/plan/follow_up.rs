//! A follow-up edits the query before it: `only the ones with personal data`, `and downstream?`, `who owns those?`.

use std::collections::BTreeSet;

use virgil_graph::{Along, Column, Output, Query, Set};

use crate::plan::Context;
use crate::plan::lexicon::{Walk, Word};
use crate::plan::link::visit;
use crate::plan::phrases::Cat;
use crate::plan::sem::{Head, Np, Quant, apply, filtered, step};

/// The query that a phrase makes of the last one, if it makes one.
pub(crate) fn edit(cat: &Cat, context: &Context) -> Option<Query> {
    let last = context.last_query.as_ref()?;
    match cat {
        // `how many?`
        Cat::Word(Word::HowMany) => Some(Query {
            output: Output::Count,
            columns: Vec::new(),
            ..last.clone()
        }),
        // `and downstream?`, `and who owns it?` of a walk: the same start, another way
        Cat::AndProjection(columns, _) if turned(columns, last).is_some() => turned(columns, last),
        // `who owns those?`, `and their schedule?`
        Cat::Projection(columns, _) | Cat::AndProjection(columns, _) => Some(Query {
            columns: columns.clone(),
            output: Output::Rows,
            by: None,
            ..last.clone()
        }),
        // `only the ones with personal data`, `not the unowned ones`
        Cat::Mod(said) | Cat::AndMod(said) => {
            let last_things = things(last);
            let np = Np::new(last_things, crate::plan::kinds::Kinds::ANY, Head::Built);
            Some(Query {
                set: apply(&np, said)?.set,
                ..last.clone()
            })
        }
        // `only those in prod-eu`, `only personal ones`
        Cat::Trait(test, _, _) | Cat::Placed(test, _, _) | Cat::Adjective(test, _) => Some(Query {
            set: filtered(things(last), test.clone()),
            ..last.clone()
        }),
        // `and downstream?`: the same start, another way
        Cat::Role(relation) => {
            let walk = relation.forward.as_ref()?;
            let start = start(&last.set).unwrap_or_else(|| last.set.clone());
            let reached = step(start, walk);
            let set = match relation.object.test() {
                Some(test) if walk.along != Along::Owner => filtered(reached, test),
                _ => reached,
            };
            Some(Query::rows(set))
        }
        Cat::Np(np) | Cat::AndNp(np) => match (np.head, np.quant) {
            // `how many models?` after models
            (Head::Kind, Quant::Count) => Some(Query {
                output: Output::Count,
                ..Query::rows(narrowed(last, np)?)
            }),
            // `only tables`
            (Head::Kind, Quant::Plain) => Some(Query {
                set: narrowed(last, np)?,
                ..last.clone()
            }),
            // `and churn-predictor?`, `the same for churn-predictor`
            (Head::Named, Quant::Plain) => renamed(last, np),
            _ => None,
        },
        Cat::Of(np) if np.head == Head::Named => renamed(last, np),
        _ => None,
    }
}

/// The last query's walk turned to where `upstream` or `downstream` leads.
fn turned(columns: &[Column], last: &Query) -> Option<Query> {
    let [
        Column::Linked {
            along: along @ (Along::Upstream | Along::Downstream),
            hops,
        },
    ] = columns
    else {
        return None;
    };
    let walk = Walk {
        along: along.clone(),
        hops: *hops,
    };
    Some(Query::rows(step(start(&last.set)?, &walk)))
}

/// What a query was about: its rows, or what its paths lead to.
fn things(query: &Query) -> Set {
    match &query.output {
        Output::Paths { to } => to.clone(),
        _ => query.set.clone(),
    }
}

fn narrowed(last: &Query, np: &Np) -> Option<Set> {
    let set = filtered(things(last), np.kinds.test()?);
    Some(match &np.also {
        Some(also) => filtered(set, also.clone()),
        None => set,
    })
}

/// Where a query starts, if it starts at one place.
fn start(set: &Set) -> Option<Set> {
    let mut starts = Vec::new();
    visit(set, &mut |set| {
        if let Set::Step { from, .. } = set {
            starts.push((**from).clone());
        }
    });
    starts.pop()
}

/// The last query about something else of the same kind.
fn renamed(last: &Query, np: &Np) -> Option<Query> {
    let Set::Refs(new) = &np.set else {
        return None;
    };
    let mut named = BTreeSet::new();
    visit(&last.set, &mut |set| {
        if let Set::Refs(references) = set {
            named.insert(references.clone());
        }
    });
    let old = named.pop_first().filter(|_| named.is_empty())?;
    let json = serde_json::to_value(last).ok()?;
    let json = replaced(json, &serde_json::json!(old), &serde_json::json!(new));
    serde_json::from_value(json).ok()
}

fn replaced(
    value: serde_json::Value,
    old: &serde_json::Value,
    new: &serde_json::Value,
) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .map(|(name, value)| {
                    let value = if name == "refs" && value == *old {
                        new.clone()
                    } else {
                        replaced(value, old, new)
                    };
                    (name, value)
                })
                .collect(),
        ),
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| replaced(item, old, new))
                .collect(),
        ),
        other => other,
    }
}
