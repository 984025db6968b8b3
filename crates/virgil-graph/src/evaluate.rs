//! Computing a query: sets, tests and what keeps the result from being exact.

use std::cell::Cell as Counter;
use std::collections::BTreeSet;

use virgil_model::Value;

use crate::completeness::{Cause, Known, Quality};
use crate::entity::EntityId;
use crate::query::{Along, Hops, Op, Quantifier, QueryError, Set, Test};
use crate::values::holds;
use crate::view::View;
use crate::walk::{FAN_OUT_LIMIT, Keep, Member, Members, Walked, walk};

/// How many things all walks of one query look at together.
const BUDGET: usize = 20 * FAN_OUT_LIMIT;

/// The things in a set, and what keeps it from being exact.
pub(crate) type Evaluated = (Members, Quality);

/// One query at work.
pub(crate) struct Evaluator<'e, 'g> {
    pub(crate) view: &'e View<'g>,
    known: &'e Known,
    left: Counter<usize>,
}

/// A test with its sets computed.
enum Ready<'t> {
    Attribute {
        name: &'t str,
        op: Op,
        value: Option<&'t Value>,
    },
    Linked {
        along: &'t Along,
        hops: Hops,
        to: BTreeSet<EntityId>,
        quality: Quality,
        quantifier: Quantifier,
    },
    AllOf(Vec<Ready<'t>>),
    AnyOf(Vec<Ready<'t>>),
    Not(Box<Ready<'t>>),
}

/// Whether passing a test puts a thing in or keeps it out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Polarity {
    In,
    Out,
}

impl Polarity {
    fn flip(self) -> Polarity {
        match self {
            Polarity::In => Polarity::Out,
            Polarity::Out => Polarity::In,
        }
    }
}

impl<'e, 'g> Evaluator<'e, 'g> {
    pub(crate) fn new(view: &'e View<'g>, known: &'e Known) -> Evaluator<'e, 'g> {
        Evaluator {
            view,
            known,
            left: Counter::new(BUDGET),
        }
    }

    /// What sources that are not whole keep from being exact.
    pub(crate) fn partial(&self) -> Quality {
        let sources = self.known.partial_sources.iter().cloned();
        Quality::at_least(sources.map(Cause::Partial))
    }

    pub(crate) fn set(&self, set: &Set) -> Result<Evaluated, QueryError> {
        match set {
            Set::Refs(names) => {
                let mut members = Members::new();
                for name in names {
                    members.insert(self.view.resolve(name)?, Member::given());
                }
                Ok((members, Quality::default()))
            }
            Set::All(kinds) => {
                let all = self.view.all(kinds).into_iter();
                Ok((
                    all.map(|id| (id, Member::given())).collect(),
                    self.partial(),
                ))
            }
            Set::Step { from, along, hops } => {
                let (from, mut quality) = self.set(from)?;
                let (members, step) = self.step(&from, along, *hops)?;
                quality.merge(step);
                Ok((members, quality))
            }
            Set::Where { set, test } => self.filter(set, test),
            Set::And(sets) => self.and(sets),
            Set::Or(sets) => self.or(sets),
            Set::Minus { set, without } => {
                let (mut members, mut quality) = self.set(set)?;
                let (without, left_out) = self.set(without)?;
                members.retain(|id, _| !without.contains_key(id));
                quality.merge(left_out.negated());
                Ok((members, quality))
            }
        }
    }

    /// What a walk reaches, with what keeps it from being exact.
    pub(crate) fn step(
        &self,
        from: &Members,
        along: &Along,
        hops: Hops,
    ) -> Result<Evaluated, QueryError> {
        let walked = self.walk(from, along, hops, Keep::Members)?;
        let mut quality = Quality::at_least(walked.causes);
        quality.merge(self.partial());
        Ok((walked.members, quality))
    }

    pub(crate) fn walk(
        &self,
        from: &Members,
        along: &Along,
        hops: Hops,
        keep: Keep,
    ) -> Result<Walked, QueryError> {
        if hops.max.is_some_and(|max| max < hops.min) || hops.min > crate::DEPTH_LIMIT {
            return Err(QueryError::Invalid {
                detail: format!(
                    "`hops` must have `min` at most `max` and at most {}",
                    crate::DEPTH_LIMIT
                ),
            });
        }
        let walked = walk(self.view, from, along, hops, keep, self.left.get());
        self.left.set(self.left.get().saturating_sub(walked.seen));
        Ok(walked)
    }

    fn and(&self, sets: &[Set]) -> Result<Evaluated, QueryError> {
        let mut both: Option<Evaluated> = None;
        for set in sets {
            let (members, quality) = self.set(set)?;
            both = Some(match both {
                None => (members, quality),
                Some((known, mut all)) => {
                    all.merge(quality);
                    let meet = known.into_iter().filter_map(|(id, left)| {
                        let right = members.get(&id)?.clone();
                        let possibly = left.possibly || right.possibly;
                        let nearer = self.nearer(left, right);
                        Some((id, Member { possibly, ..nearer }))
                    });
                    (meet.collect(), all)
                }
            });
        }
        Ok(both.unwrap_or_default())
    }

    fn or(&self, sets: &[Set]) -> Result<Evaluated, QueryError> {
        let mut any = Members::new();
        let mut all = Quality::default();
        for set in sets {
            let (members, quality) = self.set(set)?;
            all.merge(quality);
            for (id, right) in members {
                let member = match any.remove(&id) {
                    None => right,
                    Some(left) => {
                        let possibly = left.possibly && right.possibly;
                        let nearer = self.nearer(left, right);
                        Member { possibly, ..nearer }
                    }
                };
                any.insert(id, member);
            }
        }
        Ok((any, all))
    }

    /// The one with the shorter trail; of equally long ones the first in the order of what they pass.
    fn nearer(&self, left: Member, right: Member) -> Member {
        let passed = |member: &Member| {
            let mut passed = Vec::new();
            let mut trail = member.trail.as_deref();
            while let Some(step) = trail {
                let edge = self.view.edge(step.from, step.edge);
                let from = self.view.entity(step.from).reference.clone();
                passed.push((from, edge.predicate, edge.direction));
                trail = step.before.as_deref();
            }
            passed
        };
        let order = left.length().cmp(&right.length());
        if order
            .then_with(|| passed(&left).cmp(&passed(&right)))
            .is_le()
        {
            left
        } else {
            right
        }
    }

    fn filter(&self, set: &Set, test: &Test) -> Result<Evaluated, QueryError> {
        let (mut members, mut quality) = self.set(set)?;
        let ready = self.prepare(test)?;
        let ids: Vec<EntityId> = members.keys().copied().collect();
        for id in ids {
            if !self.passes(id, &ready, Polarity::In, &mut quality)? {
                members.remove(&id);
            }
        }
        Ok((members, quality))
    }

    fn prepare<'t>(&self, test: &'t Test) -> Result<Ready<'t>, QueryError> {
        let each = |tests: &'t [Test]| -> Result<Vec<Ready<'t>>, QueryError> {
            tests.iter().map(|test| self.prepare(test)).collect()
        };
        Ok(match test {
            Test::Attribute { name, op, value } => {
                if value.is_none() && *op != Op::Exists {
                    return Err(QueryError::Invalid {
                        detail: format!("the test of the attribute `{name}` needs a `value`"),
                    });
                }
                let value = value.as_ref();
                Ready::Attribute {
                    name,
                    op: *op,
                    value,
                }
            }
            Test::Linked {
                along,
                hops,
                to,
                quantifier,
            } => {
                let (to, quality) = self.set(to)?;
                Ready::Linked {
                    along,
                    hops: *hops,
                    to: to.into_keys().collect(),
                    quality,
                    quantifier: *quantifier,
                }
            }
            Test::AllOf(tests) => Ready::AllOf(each(tests)?),
            Test::AnyOf(tests) => Ready::AnyOf(each(tests)?),
            Test::Not(test) => Ready::Not(Box::new(self.prepare(test)?)),
        })
    }

    /// Whether a thing passes. All parts are tried, so that completeness does not depend on their order.
    fn passes(
        &self,
        id: EntityId,
        test: &Ready<'_>,
        polarity: Polarity,
        quality: &mut Quality,
    ) -> Result<bool, QueryError> {
        match test {
            Ready::Attribute { name, op, value } => {
                let passes = self.compares(id, name, *op, *value);
                if !is_intrinsic(name) && (!passes || *op == Op::Ne) {
                    quality.merge(seen_from(polarity, self.partial()));
                }
                Ok(passes)
            }
            Ready::Linked {
                along,
                hops,
                to,
                quality: of_set,
                quantifier,
            } => {
                let from = Members::from([(id, Member::given())]);
                let (reached, mut missing) = self.step(&from, along, *hops)?;
                missing.merge(of_set.clone());
                let found = reached.keys().any(|id| to.contains(id));
                let (passes, missing) = match quantifier {
                    Quantifier::Some => (found, seen_from(polarity, missing)),
                    Quantifier::None => (!found, seen_from(polarity.flip(), missing)),
                    Quantifier::All => {
                        let all = reached.keys().all(|id| to.contains(id));
                        quality.merge(missing.negated());
                        return Ok(all);
                    }
                };
                // What was found stays found, whatever else is missing.
                if !found || !of_set.unknown.is_empty() {
                    quality.merge(missing);
                }
                Ok(passes)
            }
            Ready::AllOf(tests) => {
                let mut all = true;
                for test in tests {
                    all &= self.passes(id, test, polarity, quality)?;
                }
                Ok(all)
            }
            Ready::AnyOf(tests) => {
                let mut any = false;
                for test in tests {
                    any |= self.passes(id, test, polarity, quality)?;
                }
                Ok(any)
            }
            Ready::Not(test) => Ok(!self.passes(id, test, polarity.flip(), quality)?),
        }
    }

    fn compares(&self, id: EntityId, name: &str, op: Op, wanted: Option<&Value>) -> bool {
        let entity = self.view.entity(id);
        let values: Vec<Value> = match name {
            "kind" => vec![Value::Text(entity.kind.name().to_owned())],
            "name" => vec![Value::Text(entity.name.clone())],
            "reference" => vec![Value::Text(entity.reference.clone())],
            "unresolved" => vec![Value::Bool(entity.unresolved)],
            name => {
                let values = self.view.attribute(id, name).into_iter();
                values.map(|(value, _)| value).collect()
            }
        };
        match (op, wanted) {
            (Op::Exists, _) => !values.is_empty(),
            (_, None) => false,
            (Op::Ne, Some(wanted)) => {
                let equal = |value: &Value| holds(value, Op::Eq, wanted);
                !values.is_empty() && !values.iter().any(equal)
            }
            (op, Some(wanted)) => values.iter().any(|value| holds(value, op, wanted)),
        }
    }
}

/// What every thing has.
pub(crate) fn is_intrinsic(name: &str) -> bool {
    matches!(name, "kind" | "name" | "reference" | "unresolved")
}

/// What is missing makes more things where passing lets in, and unknown ones where it keeps out.
fn seen_from(polarity: Polarity, missing: Quality) -> Quality {
    match polarity {
        Polarity::In => missing,
        Polarity::Out => missing.negated(),
    }
}
