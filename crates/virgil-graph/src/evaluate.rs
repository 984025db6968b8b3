//! Computing a query: sets, tests and what keeps the result from being exact.

use std::cell::{Cell as Counter, RefCell};

use virgil_model::Value;

use crate::completeness::{Causes, Known, Quality};
use crate::entity::EntityId;
use crate::ids::Ids;
use crate::members::{Member, Members};
use crate::query::{Along, Hops, Op, Quantifier, QueryError, Set, Test};
use crate::trails::Trails;
use crate::values::holds;
use crate::view::View;
use crate::walk::{FAN_OUT_LIMIT, Keep, Walked, walk};

/// How many things all walks of one query look at together.
const BUDGET: usize = 20 * FAN_OUT_LIMIT;

/// The things in a set, and what keeps it from being exact.
pub(crate) type Evaluated = (Members, Quality);

/// One query at work.
pub(crate) struct Evaluator<'e, 'g> {
    pub(crate) view: &'e View<'g>,
    known: &'e Known,
    left: Counter<usize>,
    pub(crate) trails: RefCell<Trails>,
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
        to: Ids,
        of_set: OfSet,
        quantifier: Quantifier,
    },
    AllOf(Vec<Ready<'t>>),
    AnyOf(Vec<Ready<'t>>),
    Not(Box<Ready<'t>>),
}

/// What keeps the set of a test from being exact: the same for every thing that is tested, so it counts once.
struct OfSet {
    quality: Quality,
    has_counted: [Counter<bool>; 2],
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
            trails: RefCell::default(),
        }
    }

    /// What sources that are not whole keep from being exact.
    pub(crate) fn partial(&self) -> Quality {
        Quality::at_least(Causes {
            partial: !self.known.partial_sources.is_empty(),
            ..Causes::default()
        })
    }

    pub(crate) fn set(&self, set: &Set) -> Result<Evaluated, QueryError> {
        match set {
            Set::Refs(names) => {
                let mut named = Ids::default();
                for name in names {
                    named.insert(self.view.resolve(name)?);
                }
                Ok((Members::given(named.iter()), Quality::default()))
            }
            Set::All(kinds) => Ok((Members::given(self.view.all(kinds)), self.partial())),
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
                let without = without.to_ids();
                members.0.retain(|member| !without.contains(member.id));
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
        let trails = &mut self.trails.borrow_mut();
        let walked = walk(self.view, trails, from, along, hops, keep, self.left.get());
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
                    let meet = known.join(members).into_iter().filter_map(|(left, right)| {
                        let (left, right) = (left?, right?);
                        let possibly = left.possibly || right.possibly;
                        let nearer = self.nearer(left, right);
                        Some(Member { possibly, ..nearer })
                    });
                    (Members(meet.collect()), all)
                }
            });
        }
        Ok(both.unwrap_or_default())
    }

    fn or(&self, sets: &[Set]) -> Result<Evaluated, QueryError> {
        let mut any = Members::default();
        let mut all = Quality::default();
        for set in sets {
            let (members, quality) = self.set(set)?;
            all.merge(quality);
            let joined = any.join(members).into_iter();
            let union = joined.filter_map(|sides| match sides {
                (Some(left), Some(right)) => {
                    let possibly = left.possibly && right.possibly;
                    let nearer = self.nearer(left, right);
                    Some(Member { possibly, ..nearer })
                }
                (left, right) => left.or(right),
            });
            any = Members(union.collect());
        }
        Ok((any, all))
    }

    /// The one with the shorter trail; of equally long ones the first in the order of what they pass.
    fn nearer(&self, left: Member, right: Member) -> Member {
        let trails = self.trails.borrow();
        let order = trails.compare(self.view.derived(), left.trail, right.trail);
        if order.is_le() { left } else { right }
    }

    fn filter(&self, set: &Set, test: &Test) -> Result<Evaluated, QueryError> {
        let (members, mut quality) = self.set(set)?;
        let ready = self.prepare(test)?;
        let mut passing = Vec::new();
        for member in members.0 {
            if self.passes(member.id, &ready, Polarity::In, &mut quality)? {
                passing.push(member);
            }
        }
        Ok((Members(passing), quality))
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
                    to: to.to_ids(),
                    of_set: OfSet {
                        quality,
                        has_counted: Default::default(),
                    },
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
                of_set,
                quantifier,
            } => {
                let from = Members::given([id]);
                let before = self.trails.borrow().len();
                let (reached, missing) = self.step(&from, along, *hops)?;
                // Nobody asks how a test's walk came there.
                self.trails.borrow_mut().forget(before);
                let found = reached.ids().any(|id| to.contains(id));
                let (passes, polarity) = match quantifier {
                    Quantifier::Some => (found, polarity),
                    Quantifier::None => (!found, polarity.flip()),
                    Quantifier::All => (reached.ids().all(|id| to.contains(id)), Polarity::Out),
                };
                // What was found stays found, whatever else is missing.
                let settles = found && *quantifier != Quantifier::All;
                if !settles || !of_set.quality.unknown.is_empty() {
                    quality.merge(seen_from(polarity, missing));
                    of_set.count(polarity, quality);
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

impl OfSet {
    fn count(&self, polarity: Polarity, quality: &mut Quality) {
        if !self.has_counted[polarity as usize].replace(true) {
            quality.merge(seen_from(polarity, self.quality.clone()));
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
