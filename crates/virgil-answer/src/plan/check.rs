//! Type-checking a query before it is computed, whoever proposes it: the planner, the language model, or a caller.

use virgil_graph::{Along, Column, HopDirection, Output, Query, QueryError, Set, Test, signature};

use crate::plan::kinds::Kinds;

/// How deep sets and tests may stand in each other.
const MOST_DEPTH: usize = 24;
/// How many names one set may list.
const MOST_REFS: usize = 200;

/// How many sets and tests a query may be made of.
const MOST_PARTS: usize = 200;

/// Refuses a query that cannot mean anything: a relation that its kinds do not have, too deep, too many parts or names.
pub fn check(query: &Query) -> Result<(), QueryError> {
    let to = match &query.output {
        Output::Paths { to } => parts(to),
        Output::Rows | Output::Count => 0,
    };
    if parts(&query.set) + to > MOST_PARTS {
        return Err(invalid(format!(
            "a query has at most {MOST_PARTS} sets and tests"
        )));
    }
    let kinds = set(&query.set, 0)?;
    for column in query
        .columns
        .iter()
        .chain(&query.by)
        .chain(query.order.as_ref().map(|order| &order.by))
    {
        if let Column::Linked { along, .. } = column {
            follow(kinds, along)?;
        }
    }
    if let Output::Paths { to } = &query.output {
        set(to, 0)?;
    }
    Ok(())
}

fn invalid(detail: impl Into<String>) -> QueryError {
    QueryError::Invalid {
        detail: detail.into(),
    }
}

/// How many sets and tests a set is made of.
fn parts(of: &Set) -> usize {
    1 + match of {
        Set::Refs(_) | Set::All(_) => 0,
        Set::Step { from, .. } => parts(from),
        Set::Where { set, test } => parts(set) + parts_of_test(test),
        Set::And(sets) | Set::Or(sets) => sets.iter().map(parts).sum(),
        Set::Minus { set, without } => parts(set) + parts(without),
    }
}

fn parts_of_test(of: &Test) -> usize {
    1 + match of {
        Test::Attribute { .. } => 0,
        Test::Linked { to, .. } => parts(to),
        Test::AllOf(tests) | Test::AnyOf(tests) => tests.iter().map(parts_of_test).sum(),
        Test::Not(test) => parts_of_test(test),
    }
}

/// What kinds of things a set may hold.
fn set(of: &Set, depth: usize) -> Result<Kinds, QueryError> {
    if depth > MOST_DEPTH {
        return Err(invalid(format!(
            "sets stand in each other more than {MOST_DEPTH} deep"
        )));
    }
    let deeper = depth + 1;
    Ok(match of {
        Set::Refs(names) if names.len() > MOST_REFS => {
            return Err(invalid(format!("`refs` has at most {MOST_REFS} names")));
        }
        // Names are resolved when the query is computed.
        Set::Refs(_) => Kinds::ANY,
        Set::All(kinds) => Kinds::of(&kinds.iter().copied().collect::<Vec<_>>()),
        Set::Step { from, along, .. } => follow(set(from, deeper)?, along)?,
        Set::Where { set: inner, test } => {
            let kinds = set(inner, deeper)?;
            self::test(kinds, test, deeper)?;
            kinds
        }
        Set::And(sets) => {
            let mut all = Kinds::ANY;
            for inner in sets {
                all = all.and(set(inner, deeper)?);
            }
            all
        }
        Set::Or(sets) => {
            let mut any = Kinds::NONE;
            for inner in sets {
                any = any.or(set(inner, deeper)?);
            }
            any
        }
        Set::Minus {
            set: inner,
            without,
        } => {
            set(without, deeper)?;
            set(inner, deeper)?
        }
    })
}

fn test(kinds: Kinds, of: &Test, depth: usize) -> Result<(), QueryError> {
    if depth > MOST_DEPTH {
        return Err(invalid(format!(
            "tests stand in each other more than {MOST_DEPTH} deep"
        )));
    }
    match of {
        Test::Attribute { .. } => Ok(()),
        Test::Linked { along, to, .. } => {
            let reached = follow(kinds, along)?;
            if reached.and(set(to, depth + 1)?).is_empty() {
                return Err(invalid(
                    "a `linked` test leads to kinds that its walk never reaches",
                ));
            }
            Ok(())
        }
        Test::AllOf(tests) | Test::AnyOf(tests) => tests
            .iter()
            .try_for_each(|inner| test(kinds, inner, depth + 1)),
        Test::Not(inner) => test(kinds, inner, depth + 1),
    }
}

/// What kinds a walk from some kinds reaches.
fn follow(from: Kinds, along: &Along) -> Result<Kinds, QueryError> {
    let Along::Relations(hops) = along else {
        return Ok(Kinds::ANY);
    };
    if hops.is_empty() {
        return Err(invalid("`relations` names at least one relation"));
    }
    let mut reached = Kinds::NONE;
    for hop in hops {
        let signature = signature(hop.predicate);
        let (near, far) = match hop.direction {
            HopDirection::Forward => (signature.domain, signature.range),
            HopDirection::Backward => (signature.range, signature.domain),
        };
        // What statements call a `resource` may be anything.
        if !from.and(Kinds::of(near).or(Kinds::RESOURCE)).is_empty() {
            reached = reached.or(Kinds::of(far)).or(Kinds::RESOURCE);
        }
    }
    if reached.is_empty() && !from.is_empty() {
        let names: Vec<&str> = from.list().map(virgil_model::Kind::name).collect();
        let relations: Vec<&str> = hops.iter().map(|hop| hop.predicate.name()).collect();
        return Err(invalid(format!(
            "{} has no relation {}",
            names.join(", "),
            relations.join(", ")
        )));
    }
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(json: &str) -> String {
        let query: Query = serde_json::from_str(json).expect("a query");
        match check(&query) {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_query_that_kinds_forbid_is_refused() {
        assert_eq!(
            verdict(
                r#"{"set": {"step": {"from": {"all": ["pipeline"]}, "along": {"relations": [{"predicate": "reads"}]}}}}"#
            ),
            "fine"
        );
        let refused = verdict(
            r#"{"set": {"step": {"from": {"all": ["team"]}, "along": {"relations": [{"predicate": "reads"}]}}}}"#,
        );
        assert!(refused.contains("team has no relation reads"), "{refused}");
        let refused = verdict(
            r#"{"set": {"where": {"set": {"all": ["dataset"]}, "test": {"linked": {"along": {"relations": [{"predicate": "owned_by"}]}, "to": {"all": ["image"]}}}}}}"#,
        );
        assert!(refused.contains("never reaches"), "{refused}");
    }

    #[test]
    fn a_query_of_too_many_parts_is_refused() {
        let many = |count| Query::rows(Set::Or(vec![Set::Refs(vec!["x".to_owned()]); count]));
        assert!(check(&many(199)).is_ok());
        let error = check(&many(200)).expect_err("refused").to_string();
        assert!(error.contains("at most 200 sets and tests"), "{error}");
    }

    #[test]
    fn a_query_that_is_too_deep_is_refused() {
        let mut set = Set::Refs(vec!["x".to_owned()]);
        for _ in 0..40 {
            set = Set::Or(vec![set]);
        }
        assert!(check(&Query::rows(set)).is_err());
    }
}
