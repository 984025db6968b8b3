//! What phrases mean: noun phrases as sets, clauses as tests of them, and how the two combine.
//!
//! A clause such as `reads orders` can be computed from either end: as a test of each thing, or as a walk from `orders`.
//! The walk is preferred where the head is a mere kind, because it carries the evidence of each row.

use std::collections::BTreeSet;

use virgil_graph::{Column, Op, Quantifier, Set, Test};

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Relation, Walk};

/// A set of things that a noun phrase stands for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Np {
    pub(crate) set: Set,
    /// What kinds of things may be in it.
    pub(crate) kinds: Kinds,
    pub(crate) head: Head,
    pub(crate) quant: Quant,
    /// For `all models are …`: the members that do not pass, which is what a question about all asks for.
    pub(crate) failing: Option<Set>,
    /// What else must hold, where the head is a kind: tables are datasets that are no files.
    pub(crate) also: Option<Test>,
    /// For `A and B`, each of them.
    pub(crate) each: Vec<Set>,
    /// Whether an auxiliary verb stands before it, so that no noun before that tells its kind: `which tables does X read`.
    pub(crate) is_after_auxiliary: bool,
    /// Whether one stands behind it: `are the columns of X personal data`.
    pub(crate) is_before_auxiliary: bool,
    /// Whether it is said in the plural.
    pub(crate) is_plural: bool,
    /// Whether it is two kinds that make one noun: `columns of tables`.
    pub(crate) is_compound: bool,
}

/// What a noun phrase is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Head {
    /// `what`, `anything`.
    Any,
    /// A kind alone: `tables`.
    Kind,
    /// A name.
    Named,
    /// `they`, `it`.
    Pronoun,
    /// Anything else.
    Built,
}

/// How much of a noun phrase is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quant {
    Plain,
    No,
    All,
    Count,
    Each,
    Most,
}

impl Np {
    pub(crate) fn new(set: Set, kinds: Kinds, head: Head) -> Np {
        Np {
            set,
            kinds,
            head,
            quant: Quant::Plain,
            failing: None,
            also: None,
            each: Vec::new(),
            is_after_auxiliary: false,
            is_before_auxiliary: false,
            is_plural: false,
            is_compound: false,
        }
    }

    /// Everything of these kinds.
    pub(crate) fn all(kinds: Kinds, head: Head) -> Np {
        Np::new(Set::All(kinds.to_set()), kinds, head)
    }

    /// Everything of these kinds that passes a test.
    pub(crate) fn noun(kinds: Kinds, also: Option<Test>) -> Np {
        let mut np = Np::all(kinds, Head::Kind);
        if let Some(test) = &also {
            np.set = filtered(np.set, test.clone());
        }
        np.also = also;
        np
    }

    pub(crate) fn with(self, quant: Quant) -> Np {
        Np { quant, ..self }
    }

    /// Whether it is a mere kind, or anything at all.
    pub(crate) fn is_bare(&self) -> bool {
        matches!(self.head, Head::Any | Head::Kind)
    }

    /// The same, where only some kinds fit.
    fn narrowed(&self, kinds: Kinds) -> Option<Np> {
        let both = self.kinds.and(kinds);
        if both.is_empty() {
            return None;
        }
        let mut np = self.clone();
        np.kinds = both;
        if self.is_bare() {
            np.set = Set::All(both.to_set());
            if let Some(test) = &np.also {
                np.set = filtered(np.set, test.clone());
            }
        }
        Some(np)
    }
}

/// Something that is said of a thing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mod {
    pub(crate) clauses: Vec<Clause>,
    /// What kinds of things it can be said of.
    pub(crate) domain: Kinds,
}

/// One thing that is said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Clause {
    /// A test.
    Test(Test),
    /// What a walk from a set reaches; as a test too, if there is one.
    Reached {
        test: Option<Test>,
        from: Set,
        walk: Walk,
    },
    /// What is not in a set.
    Without(Set),
    /// Not a condition: groups the things by a column. `does each team own`.
    By(Column),
    /// Not a condition: which of the heads most of these things belong to. `owns the most models`.
    MostOf { counted: Set, by: Column },
    /// Not a condition: what is linked with what was spoken of before. `owns them`.
    OfThem(Column),
}

impl Mod {
    pub(crate) fn one(clause: Clause, domain: Kinds) -> Mod {
        Mod {
            clauses: vec![clause],
            domain,
        }
    }

    /// The opposite, where it can be said.
    pub(crate) fn negated(self) -> Option<Mod> {
        let domain = self.domain;
        let [clause] = <[Clause; 1]>::try_from(self.clauses).ok()?;
        let clause = match clause {
            Clause::Test(test) => Clause::Test(negated(test)),
            Clause::Reached {
                test: Some(test), ..
            } => Clause::Test(negated(test)),
            Clause::Reached {
                test: None,
                from,
                walk,
            } => Clause::Without(step(from, &walk)),
            Clause::Without(_) | Clause::By(_) | Clause::MostOf { .. } | Clause::OfThem(_) => {
                return None;
            }
        };
        Some(Mod::one(clause, domain))
    }

    /// Both.
    pub(crate) fn and(mut self, other: Mod) -> Option<Mod> {
        let domain = self.domain.and(other.domain);
        self.clauses.extend(other.clauses);
        (!domain.is_empty()).then_some(Mod {
            clauses: self.clauses,
            domain,
        })
    }

    /// Either.
    pub(crate) fn or(self, other: Mod) -> Option<Mod> {
        let domain = self.domain.and(other.domain);
        if domain.is_empty() {
            return None;
        }
        let test = Test::AnyOf(vec![self.into_test()?, other.into_test()?]);
        Some(Mod::one(Clause::Test(test), domain))
    }

    pub(crate) fn into_test(self) -> Option<Test> {
        let mut tests = Vec::new();
        for clause in self.clauses {
            match clause {
                Clause::Test(test)
                | Clause::Reached {
                    test: Some(test), ..
                } => tests.push(test),
                _ => return None,
            }
        }
        if tests.len() == 1 {
            return tests.pop();
        }
        Some(Test::AllOf(tests))
    }
}

fn negated(test: Test) -> Test {
    match test {
        Test::Linked {
            along,
            hops,
            to,
            quantifier: Quantifier::Some,
        } => Test::Linked {
            along,
            hops,
            to,
            quantifier: Quantifier::None,
        },
        Test::Linked {
            along,
            hops,
            to,
            quantifier: Quantifier::None,
        } => Test::Linked {
            along,
            hops,
            to,
            quantifier: Quantifier::Some,
        },
        Test::Not(test) => *test,
        // What runs another image runs one.
        Test::Attribute { ref name, .. } if name == "image" => {
            let stated = Test::Attribute {
                name: name.clone(),
                op: Op::Exists,
                value: None,
            };
            Test::AllOf(vec![stated, Test::Not(Box::new(test))])
        }
        test => Test::Not(Box::new(test)),
    }
}

pub(crate) fn step(from: Set, walk: &Walk) -> Set {
    Set::Step {
        from: Box::new(from),
        along: walk.along.clone(),
        hops: walk.hops,
    }
}

pub(crate) fn filtered(set: Set, test: Test) -> Set {
    Set::Where {
        set: Box::new(set),
        test: Box::new(test),
    }
}

fn linked(walk: &Walk, to: Set, quantifier: Quantifier) -> Test {
    Test::Linked {
        along: walk.along.clone(),
        hops: walk.hops,
        to: Box::new(to),
        quantifier,
    }
}

pub(crate) fn column(walk: &Walk) -> Column {
    Column::Linked {
        along: walk.along.clone(),
        hops: walk.hops,
    }
}

/// `RELATION OBJECT`, said of the subject.
pub(crate) fn clause(relation: &Relation, object: &Np) -> Option<Mod> {
    let domain = relation.subject;
    if object.head == Head::Pronoun {
        let walk = relation.backward.as_ref()?;
        return Some(Mod::one(Clause::OfThem(column(walk)), domain));
    }
    let object = object.narrowed(relation.object)?;
    if object.quant == Quant::Plain && object.each.len() > 1 {
        // `reads A and B`: it reads A, and it reads B.
        let mut parts = object.each.iter().filter_map(|set| {
            let part = Np::new(set.clone(), object.kinds, Head::Named);
            clause(relation, &part)
        });
        let first = parts.next()?;
        return parts.try_fold(first, Mod::and);
    }
    let said = match object.quant {
        Quant::Each => Clause::By(column(relation.forward.as_ref()?)),
        Quant::Most => Clause::MostOf {
            counted: object.set,
            by: column(relation.backward.as_ref()?),
        },
        Quant::No => match &relation.forward {
            Some(forward) => Clause::Test(linked(forward, object.set, Quantifier::None)),
            None => Clause::Without(step(object.set, relation.backward.as_ref()?)),
        },
        Quant::Count => return None,
        // Linked with all of a kind is more than linked with some.
        Quant::All if object.head != Head::Named => return None,
        Quant::Plain | Quant::All => {
            let test = relation
                .forward
                .as_ref()
                .map(|forward| linked(forward, object.set.clone(), Quantifier::Some));
            match &relation.backward {
                Some(backward) => Clause::Reached {
                    test,
                    from: object.set,
                    walk: backward.clone(),
                },
                None => Clause::Test(test?),
            }
        }
    };
    Some(Mod::one(said, domain))
}

/// `RELATION` alone, as in `is monitored`, `has an owner`: there is an object at all.
pub(crate) fn exists(relation: &Relation) -> Option<Mod> {
    let forward = relation.forward.as_ref()?;
    let all = Set::All(relation.object.to_set());
    let test = linked(forward, all, Quantifier::Some);
    Some(Mod::one(Clause::Test(test), relation.subject))
}

/// What stands in a relation to a noun phrase: `owner of X`.
pub(crate) fn role_of(relation: &Relation, anchor: &Np) -> Option<Np> {
    let anchor = anchor.narrowed(relation.subject)?;
    let set = match (&relation.forward, &relation.backward) {
        (Some(forward), _) => {
            let reached = step(anchor.set, forward);
            match relation.object.test() {
                // The owner's walk ends at teams and people anyhow.
                Some(test)
                    if forward.along != virgil_graph::Along::Owner
                        || relation.object.list().count() == 1 =>
                {
                    filtered(reached, test)
                }
                _ => reached,
            }
        }
        (None, Some(backward)) => filtered(
            Set::All(relation.object.to_set()),
            linked(backward, anchor.set, Quantifier::Some),
        ),
        (None, None) => return None,
    };
    let set = match &relation.also {
        Some(also) => filtered(set, also.clone()),
        None => set,
    };
    Some(Np::new(set, relation.object, Head::Built))
}

/// A noun phrase of which something is said.
pub(crate) fn apply(np: &Np, said: &Mod) -> Option<Np> {
    let kinds = np.kinds.and(said.domain);
    if kinds.is_empty() {
        return None;
    }
    let mut base: Option<Set> = None;
    let mut tests: Vec<Test> = Vec::new();
    let mut within: Vec<Set> = Vec::new();
    let mut without: Vec<Set> = Vec::new();
    for clause in &said.clauses {
        match clause {
            Clause::Test(test) => tests.push(test.clone()),
            Clause::Without(set) => without.push(set.clone()),
            Clause::Reached { test, from, walk } => {
                if np.is_bare() && base.is_none() {
                    base = Some(step(from.clone(), walk));
                } else if let Some(test) = test {
                    tests.push(test.clone());
                } else {
                    within.push(step(from.clone(), walk));
                }
            }
            Clause::By(_) | Clause::MostOf { .. } | Clause::OfThem(_) => return None,
        }
    }
    let mut set = match base {
        Some(reached) => match kinds.test() {
            Some(test) => filtered(reached, test),
            None => reached,
        },
        None if np.is_bare() => Set::All(kinds.to_set()),
        None => np.set.clone(),
    };
    if np.is_bare()
        && let Some(also) = &np.also
    {
        tests.insert(0, also.clone());
    }
    let failing = (np.quant == Quant::All)
        .then(|| said.clone().negated())
        .flatten()
        .and_then(|negated| apply(&np.clone().with(Quant::Plain), &negated))
        .map(|np| np.set);
    if !within.is_empty() {
        within.insert(0, set);
        set = Set::And(within);
    }
    for left_out in without {
        set = Set::Minus {
            set: Box::new(set),
            without: Box::new(left_out),
        };
    }
    if tests.len() > 1 {
        set = filtered(set, Test::AllOf(tests));
    } else if let Some(test) = tests.pop() {
        set = filtered(set, test);
    }
    Some(Np {
        set,
        kinds,
        head: if np.head == Head::Named {
            Head::Named
        } else {
            Head::Built
        },
        quant: np.quant,
        failing,
        also: None,
        each: Vec::new(),
        is_after_auxiliary: np.is_after_auxiliary,
        is_before_auxiliary: np.is_before_auxiliary,
        is_plural: false,
        is_compound: false,
    })
}

/// The union of two noun phrases.
pub(crate) fn either(left: &Np, right: &Np) -> Np {
    let set = match (&left.set, &right.set) {
        (Set::All(left), Set::All(right)) if !left.is_empty() && !right.is_empty() => {
            Set::All(left.union(right).copied().collect::<BTreeSet<_>>())
        }
        (left, right) => Set::Or(vec![left.clone(), right.clone()]),
    };
    Np {
        head: if left.head == right.head {
            left.head
        } else {
            Head::Built
        },
        kinds: left.kinds.or(right.kinds),
        quant: left.quant,
        set,
        failing: None,
        also: None,
        each: Vec::new(),
        is_after_auxiliary: left.is_after_auxiliary,
        is_before_auxiliary: right.is_before_auxiliary,
        is_plural: false,
        is_compound: false,
    }
}
