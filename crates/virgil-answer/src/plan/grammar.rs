//! The grammar: how two neighbouring phrases make a larger one. Kinds that do not fit make nothing.

use virgil_graph::{Along, Column, Hops, Op, Output, Quantifier, Query, Set, Test};
use virgil_model::{Kind, Value};

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Relation, Walk, Word};
use crate::plan::sem::{
    Clause, Head, Mod, Np, Quant, apply, clause, column, either, exists, filtered, role_of, step,
};

/// What a phrase is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cat {
    /// Nothing that counts.
    Skip,
    Word(Word),
    Np(Np),
    /// `of X`.
    Of(Np),
    /// `by X`.
    By(Np),
    /// `neither by X`.
    NotBy(Np),
    OrBy(Np),
    /// `from X`, behind a participle.
    Via(Np),
    /// `X's`.
    Possessor(Np),
    Verb(Relation),
    Participle(Relation),
    /// `X is read`, which waits for a `by`.
    Passive(Relation, Np),
    Role(Relation),
    /// `all read`, said of every one of them.
    AllMod(Mod),
    /// `no owner`.
    NoRole(Relation),
    /// `whose owner`.
    WhoseRole(Relation),
    Adjective(Test, Kinds),
    Mod(Mod),
    AndMod(Mod),
    OrMod(Mod),
    AndNp(Np),
    OrNp(Np),
    /// `with X`, and whether it is `without`.
    Having(Np, Polarity),
    /// `does X have`.
    HavingGap(Np),
    /// Names of attributes.
    Attribute(Vec<String>),
    NoAttribute(Vec<String>),
    /// A test of an attribute, the attribute's name, and what has it.
    Trait(Test, String, Kinds),
    /// The same behind a preposition: `in prod-eu`.
    Placed(Test, String, Kinds),
    /// A number, and how to compare with it.
    Range(Op, Value),
    /// `A and B` of attributes.
    AndAttribute(Vec<String>),
    Asks(String),
    AsksOf(String, Np),
    AskVerb(String),
    /// `per team`.
    PerKind(Kinds),
    PerColumn(Column),
    /// `their owners`.
    Projection(Vec<Column>, Kinds),
    TheirKind(Kinds),
    AndProjection(Vec<Column>, Kinds),
    AndTheirKind(Kinds),
    /// `if X is dropped`.
    Broken(Np),
    /// `which models break`, behind `if X is dropped`.
    Victims(Np),
    /// `how many members`.
    CountRole(Relation),
    /// `members of each team`.
    RolePer(Relation),
    /// `how does X`.
    Route(Np),
    /// `get to Y`.
    To(Np),
    /// A whole question.
    Ask(Ask),
}

/// Whether something is there or missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Polarity {
    There,
    Missing,
}

/// A question that is more than a noun phrase.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ask {
    pub(crate) np: Np,
    pub(crate) columns: Vec<Column>,
    pub(crate) by: Option<Column>,
    pub(crate) to: Option<Set>,
}

impl Ask {
    fn columns(np: Np, columns: Vec<Column>) -> Cat {
        Cat::Ask(Ask {
            np,
            columns,
            by: None,
            to: None,
        })
    }

    fn groups(np: Np, by: Column) -> Cat {
        Cat::Ask(Ask {
            np,
            columns: Vec::new(),
            by: Some(by),
            to: None,
        })
    }
}

/// A phrase and what it costs: the less, the likelier.
pub(crate) type Priced = (Cat, f32);

/// Two phrases side by side where nothing says how they belong together.
const JUXTAPOSED: f32 = 0.35;
/// A relation that only the kinds suggest.
const VAGUE: f32 = 0.1;

/// Everything that two neighbours can make.
pub(crate) fn combine(left: &Cat, right: &Cat, lexicon: &Lexicon) -> Vec<Priced> {
    match (left, right) {
        (Cat::Skip, other) | (other, Cat::Skip) => vec![(other.clone(), 0.0)],
        (Cat::Word(word), right) => word_before(*word, right),
        (Cat::Np(np), right) => np_before(np, right, lexicon),
        (Cat::Adjective(test, kinds), Cat::Np(np)) if np.head != Head::Named => {
            let said = Mod::one(Clause::Test(test.clone()), *kinds);
            one(apply(np, &said).map(Cat::Np), 0.0)
        }
        (Cat::Trait(test, _, kinds), Cat::Np(np))
            if np.head != Head::Named && np.quant == Quant::Plain =>
        {
            let said = Mod::one(Clause::Test(test.clone()), *kinds);
            one(apply(np, &said).map(Cat::Np), 0.0)
        }
        (Cat::Attribute(names), Cat::Trait(test, name, kinds) | Cat::Placed(test, name, kinds))
        | (Cat::Trait(test, name, kinds), Cat::Attribute(names))
            if names.contains(name) =>
        {
            vec![(Cat::Trait(test.clone(), name.clone(), *kinds), -0.2)]
        }
        (Cat::Attribute(names), Cat::Range(op, value))
        | (Cat::Range(op, value), Cat::Attribute(names)) => names
            .iter()
            .map(|name| {
                let test = crate::plan::traits::test(name, *op, value.clone());
                (Cat::Trait(test, name.clone(), Kinds::ANY), 0.0)
            })
            .collect(),
        (Cat::Attribute(left), Cat::AndAttribute(right)) => {
            vec![(Cat::Attribute([&left[..], right].concat()), 0.0)]
        }
        // `served in prod-eu`: by what is in prod-eu.
        (Cat::Participle(relation), Cat::Placed(test, _, kinds)) => {
            let subjects = relation.subject.and(*kinds);
            if relation.subject.is_any() || subjects.is_empty() {
                return Vec::new();
            }
            let said = Mod::one(Clause::Test(test.clone()), subjects);
            let subject = apply(&Np::all(subjects, Head::Kind), &said);
            let said = subject.and_then(|subject| clause(&relation.reversed(), &subject));
            one(said.map(Cat::Mod), 0.05 + relation.dear)
        }
        // `use the runtime x`: have it.
        (Cat::Verb(_), Cat::Trait(test, _, kinds)) => {
            vec![(Cat::Mod(Mod::one(Clause::Test(test.clone()), *kinds)), 0.2)]
        }
        (Cat::Role(relation), Cat::Of(np)) => {
            let mut made = role(relation, np, relation.dear);
            if np.is_bare() && matches!(np.quant, Quant::Each | Quant::All) {
                made.push((Cat::RolePer(relation.clone()), 0.0));
            }
            made
        }
        (Cat::Role(relation), Cat::Np(np)) if np.head == Head::Kind && np.quant == Quant::Plain => {
            let object = relation.object.and(np.kinds);
            if object.is_empty() {
                return Vec::new();
            }
            let narrowed = Relation {
                object,
                also: np.also.clone(),
                ..relation.clone()
            };
            vec![(Cat::Role(narrowed), 0.0)]
        }
        (Cat::Role(relation), Cat::Np(np)) if np.head == Head::Named => {
            role(relation, np, JUXTAPOSED + relation.dear)
        }
        (Cat::Possessor(np), Cat::Role(relation)) => role(relation, np, relation.dear),
        (Cat::Possessor(np), Cat::Np(head)) if head.head != Head::Named => {
            vague(head, np, VAGUE, lexicon)
        }
        (Cat::Possessor(np), Cat::Attribute(names)) => vec![(attribute_of(names, np), 0.0)],
        // `which schedule triggers X`
        (Cat::Attribute(names), Cat::Np(np))
            if np.head == Head::Named && names.iter().any(|name| name == "schedule") =>
        {
            vec![(attribute_of(names, np), 0.0)]
        }
        (Cat::Attribute(names), Cat::Of(np) | Cat::HavingGap(np)) => {
            vec![(attribute_of(names, np), 0.0)]
        }
        (Cat::Verb(relation), Cat::Np(np)) => {
            one(clause(relation, np).map(Cat::Mod), relation.dear)
        }
        (Cat::Verb(relation), Cat::Of(np)) => one(clause(relation, np).map(Cat::Mod), 0.3),
        (Cat::Participle(relation), Cat::By(np)) => one(
            clause(&relation.reversed(), np).map(Cat::Mod),
            relation.dear,
        ),
        (Cat::Participle(relation), Cat::Via(np)) => {
            let cost = 0.1 + relation.dear;
            one(clause(&relation.reversed(), np).map(Cat::Mod), cost)
        }
        (Cat::Participle(relation), Cat::NotBy(np)) => {
            let said = clause(&relation.reversed(), np).and_then(Mod::negated);
            one(said.map(Cat::Mod), relation.dear)
        }
        (Cat::By(left), Cat::OrBy(right)) => vec![(Cat::By(either(left, right)), 0.0)],
        (Cat::NotBy(left), Cat::OrBy(right)) => vec![(Cat::NotBy(either(left, right)), 0.0)],
        (Cat::Broken(np), Cat::Victims(victims)) => impact(np)
            .into_iter()
            .flat_map(|(cat, _)| match cat {
                Cat::Mod(said) => said_of(victims, &said),
                _ => Vec::new(),
            })
            .collect(),
        (Cat::CountRole(relation), Cat::HavingGap(np))
            if np.quant == Quant::Each && !np.kinds.and(relation.subject).is_empty() =>
        {
            per_role(relation)
        }
        (Cat::CountRole(relation), Cat::PerKind(kinds))
            if !kinds.and(relation.subject).is_empty() =>
        {
            per_role(relation)
        }
        (Cat::Participle(relation), Cat::Np(np)) => one(clause(relation, np).map(Cat::Mod), 0.3),
        (Cat::Passive(relation, np), Cat::Word(Word::By)) => {
            one(clause(relation, np).map(Cat::Mod), relation.dear)
        }
        (Cat::Passive(relation, np), Cat::Word(Word::Via)) => {
            one(clause(relation, np).map(Cat::Mod), 0.4 + relation.dear)
        }
        (Cat::WhoseRole(relation), Cat::Mod(said)) => {
            let object = Np::all(relation.object, Head::Kind);
            let wanted = apply(&object, said).and_then(|object| clause(relation, &object));
            one(wanted.map(Cat::Mod), 0.0)
        }
        // `whose versions are all served`
        (Cat::WhoseRole(relation), Cat::AllMod(said)) => {
            let object = Np::all(relation.object, Head::Kind);
            let wanted = apply(&object, said).and_then(|object| clause(relation, &object));
            one(wanted.as_ref().and_then(only).map(Cat::Mod), 0.0)
        }
        (Cat::WhoseRole(relation), Cat::Np(np)) => one(clause(relation, np).map(Cat::Mod), 0.0),
        (Cat::Mod(left), Cat::AndMod(right)) => {
            one(left.clone().and(right.clone()).map(Cat::Mod), 0.0)
        }
        (Cat::Mod(left), Cat::OrMod(right)) => {
            one(left.clone().or(right.clone()).map(Cat::Mod), 0.0)
        }
        (Cat::Asks(name), Cat::Np(np)) if !np.is_bare() || np.head == Head::Kind => {
            vec![(Cat::AsksOf(name.clone(), np.clone()), 0.0)]
        }
        (Cat::AsksOf(name, np), Cat::AskVerb(verb)) if name == verb => {
            vec![(attribute_of(std::slice::from_ref(name), np), 0.0)]
        }
        (Cat::PerColumn(by), Cat::Word(Word::Have)) => vec![(Cat::PerColumn(by.clone()), 0.0)],
        (Cat::PerKind(kinds), Cat::Word(Word::Have)) => vec![(Cat::PerKind(*kinds), 0.0)],
        (Cat::Projection(left, of), Cat::AndProjection(right, also)) => {
            let kinds = of.and(*also);
            vec![(Cat::Projection([&left[..], right].concat(), kinds), 0.0)]
        }
        (Cat::Ask(ask), Cat::AndProjection(columns, kinds))
            if ask.by.is_none() && ask.to.is_none() && !ask.np.kinds.and(*kinds).is_empty() =>
        {
            let columns = [&ask.columns[..], columns].concat();
            vec![(Ask::columns(ask.np.clone(), columns), 0.0)]
        }
        (Cat::Route(from), Cat::To(to)) => vec![(
            Cat::Ask(Ask {
                np: from.clone(),
                columns: Vec::new(),
                by: None,
                to: Some(to.set.clone()),
            }),
            0.0,
        )],
        _ => Vec::new(),
    }
}

fn one(made: Option<Cat>, cost: f32) -> Vec<Priced> {
    made.map(|cat| (cat, cost)).into_iter().collect()
}

/// A word of structure before a phrase.
fn word_before(word: Word, right: &Cat) -> Vec<Priced> {
    let quantified = |np: &Np, quant| vec![(Cat::Np(np.clone().with(quant)), 0.0)];
    match (word, right) {
        (Word::Which, Cat::Np(np)) if np.head != Head::Pronoun && np.quant == Quant::Plain => {
            vec![(Cat::Np(np.clone()), 0.0)]
        }
        (Word::All, Cat::Np(np)) if np.quant == Quant::Plain && np.head != Head::Pronoun => {
            quantified(np, Quant::All)
        }
        (Word::No, Cat::Np(np)) if np.quant == Quant::Plain && np.head != Head::Pronoun => {
            quantified(np, Quant::No)
        }
        (Word::HowMany, Cat::Role(relation)) => vec![(Cat::CountRole(relation.clone()), 0.0)],
        (Word::HowMany, Cat::RolePer(relation)) => per_role(relation),
        (Word::Via, Cat::Np(np)) => vec![(Cat::Via(np.clone()), 0.0)],
        (Word::Not, Cat::By(np)) => vec![(Cat::NotBy(np.clone()), 0.0)],
        (Word::Or, Cat::By(np)) => vec![(Cat::OrBy(np.clone()), 0.0)],
        (Word::Which, Cat::Trait(test, name, kinds)) => {
            vec![(Cat::Trait(test.clone(), name.clone(), *kinds), 0.0)]
        }
        (Word::No, Cat::Role(relation)) => vec![(Cat::NoRole(relation.clone()), 0.0)],
        (Word::No, Cat::Attribute(names)) => vec![(Cat::NoAttribute(names.clone()), 0.0)],
        (Word::Which | Word::HowMany, Cat::Attribute(names)) => {
            vec![(Cat::Attribute(names.clone()), 0.0)]
        }
        (Word::Of, Cat::Attribute(names)) => vec![(Cat::Attribute(names.clone()), 0.05)],
        (Word::Of, Cat::Broken(np)) => vec![(Cat::Of(np.clone()), 0.0)],
        (
            Word::Of | Word::By | Word::Via | Word::With | Word::Have | Word::That | Word::Tagged,
            Cat::Trait(test, name, kinds) | Cat::Placed(test, name, kinds),
        ) => vec![(
            Cat::Placed(test.clone(), name.clone(), *kinds),
            if word == Word::Tagged { -0.1 } else { 0.0 },
        )],
        (Word::Tagged | Word::With | Word::Have, Cat::Adjective(test, kinds)) => {
            vec![(Cat::Mod(Mod::one(Clause::Test(test.clone()), *kinds)), 0.0)]
        }
        (Word::Not | Word::Without, Cat::Trait(test, _, kinds) | Cat::Placed(test, _, kinds)) => {
            let said = Mod::one(Clause::Test(test.clone()), *kinds);
            one(said.negated().map(Cat::Mod), 0.0)
        }
        (Word::And, Cat::Trait(test, _, kinds) | Cat::Placed(test, _, kinds)) => vec![(
            Cat::AndMod(Mod::one(Clause::Test(test.clone()), *kinds)),
            0.0,
        )],
        (Word::Or, Cat::Trait(test, _, kinds) | Cat::Placed(test, _, kinds)) => vec![(
            Cat::OrMod(Mod::one(Clause::Test(test.clone()), *kinds)),
            0.0,
        )],
        (Word::AtLeast, Cat::Range(Op::Eq, value)) => {
            vec![(Cat::Range(Op::Ge, value.clone()), 0.0)]
        }
        (Word::AtMost, Cat::Range(Op::Eq, value)) => vec![(Cat::Range(Op::Le, value.clone()), 0.0)],
        (Word::MoreThan, Cat::Range(Op::Eq, value)) => {
            vec![(Cat::Range(Op::Gt, value.clone()), 0.0)]
        }
        (Word::LessThan, Cat::Range(Op::Eq, value)) => {
            vec![(Cat::Range(Op::Lt, value.clone()), 0.0)]
        }
        (Word::Equal | Word::Of, Cat::Range(Op::Eq, value)) => {
            vec![(Cat::Range(Op::Eq, value.clone()), 0.0)]
        }
        (Word::HowMany, Cat::Np(np))
            if np.quant == Quant::Plain && !matches!(np.head, Head::Named | Head::Any) =>
        {
            quantified(np, Quant::Count)
        }
        (Word::Most, Cat::Np(np)) if np.quant == Quant::Plain && np.head != Head::Named => {
            quantified(np, Quant::Most)
        }
        (Word::Per, Cat::Np(np)) if np.head == Head::Kind && np.quant == Quant::Plain => vec![
            (Cat::PerKind(np.kinds), 0.0),
            (Cat::Np(np.clone().with(Quant::Each)), 0.0),
        ],
        (Word::Per, Cat::Role(relation)) => relation
            .forward
            .as_ref()
            .map(|walk| (Cat::PerColumn(column(walk)), 0.0))
            .into_iter()
            .collect(),
        (Word::Per, Cat::Attribute(names)) => names
            .iter()
            .map(|name| (Cat::PerColumn(Column::Attribute(name.clone())), 0.0))
            .collect(),
        (Word::Of, Cat::Np(np)) => vec![(Cat::Of(np.clone()), 0.0)],
        (Word::By, Cat::Np(np)) => vec![(Cat::By(np.clone()), 0.0)],
        (Word::PathTo, Cat::Np(np)) => vec![(Cat::To(np.clone()), 0.0)],
        (Word::PathOpen, Cat::Np(np)) if np.head != Head::Any => {
            vec![(Cat::Route(np.clone()), 0.0)]
        }
        (Word::Whose, Cat::Role(relation)) => vec![(Cat::WhoseRole(relation.clone()), 0.0)],
        (Word::That, Cat::Mod(said)) => vec![(Cat::Mod(said.clone()), 0.0)],
        (Word::That, Cat::Having(np, polarity)) => {
            vec![(Cat::Having(np.clone(), *polarity), 0.0)]
        }
        (Word::Not, Cat::Mod(said)) => one(said.clone().negated().map(Cat::Mod), 0.0),
        (Word::Not, Cat::Having(np, Polarity::There)) => {
            vec![(Cat::Having(np.clone(), Polarity::Missing), 0.0)]
        }
        (Word::All, Cat::Mod(said)) => vec![(Cat::AllMod(said.clone()), 0.0)],
        (Word::Only, Cat::Mod(said)) => one(only(said).map(Cat::Mod), 0.0),
        (Word::And, Cat::Mod(said)) => vec![(Cat::AndMod(said.clone()), 0.0)],
        (Word::Or, Cat::Mod(said)) => vec![(Cat::OrMod(said.clone()), 0.0)],
        (Word::And, Cat::Np(np)) => vec![(Cat::AndNp(np.clone()), 0.0)],
        (Word::Or, Cat::Np(np)) => vec![(Cat::OrNp(np.clone()), 0.0)],
        (Word::And | Word::With, Cat::Projection(columns, kinds)) => {
            vec![(Cat::AndProjection(columns.clone(), *kinds), 0.0)]
        }
        (Word::And | Word::With, Cat::TheirKind(kinds)) => vec![(Cat::AndTheirKind(*kinds), 0.0)],
        (Word::And, Cat::Role(relation)) => relation
            .forward
            .as_ref()
            .map(|walk| {
                let shown = Cat::AndProjection(vec![column(walk)], relation.subject);
                (shown, 0.15)
            })
            .into_iter()
            .collect(),
        (Word::And, Cat::Attribute(names)) => vec![
            (Cat::AndProjection(attributes(names), Kinds::ANY), 0.15),
            (Cat::AndAttribute(names.clone()), 0.0),
        ],
        (Word::With | Word::Have, right) => having(right, Polarity::There),
        (Word::Without, right) => having(right, Polarity::Missing),
        (Word::Their, Cat::Role(relation)) => relation
            .forward
            .as_ref()
            .map(|walk| (Cat::Projection(vec![column(walk)], relation.subject), 0.0))
            .into_iter()
            .collect(),
        (Word::Their, Cat::Attribute(names)) => {
            vec![(Cat::Projection(attributes(names), Kinds::ANY), 0.0)]
        }
        (Word::Their, Cat::Np(np)) if np.head == Head::Kind => {
            vec![(Cat::TheirKind(np.kinds), 0.0)]
        }
        // `breaks if I drop X`, `affected by a change of X`, `what happens if X is gone`.
        (Word::Impact, Cat::Word(Word::If)) => vec![(Cat::Word(Word::Impact), 0.0)],
        (Word::ImpactAct, Cat::Np(np)) if np.head != Head::Any => {
            vec![(Cat::Broken(np.clone()), 0.0)]
        }
        (Word::ImpactAct, Cat::Of(np)) => vec![(Cat::Broken(np.clone()), 0.0)],
        (Word::If, Cat::Broken(np)) => vec![(Cat::Broken(np.clone()), 0.0)],
        (Word::Impact, Cat::Broken(np)) => impact(np),
        (Word::By, Cat::Broken(np)) => vec![(Cat::Broken(np.clone()), 0.0)],
        _ => Vec::new(),
    }
}

fn downstream() -> Walk {
    Walk {
        along: Along::Downstream,
        hops: Hops::any(),
    }
}

/// `breaks if I drop X`, said of what breaks.
fn impact(np: &Np) -> Vec<Priced> {
    if np.is_bare() || np.head == Head::Pronoun {
        return Vec::new();
    }
    let relation = Relation {
        forward: Some(Walk {
            along: Along::Upstream,
            hops: Hops::any(),
        }),
        backward: Some(downstream()),
        subject: Kinds::ANY,
        object: Kinds::ANY,
        dear: 0.0,
        also: None,
    };
    one(clause(&relation, np).map(Cat::Mod), 0.0)
}

/// `with …` and `without …`.
fn having(right: &Cat, polarity: Polarity) -> Vec<Priced> {
    let turned = |said: Mod| match polarity {
        Polarity::There => Some(said),
        Polarity::Missing => said.negated(),
    };
    let attribute = |name: &str| {
        let test = Test::Attribute {
            name: name.to_owned(),
            op: Op::Exists,
            value: None,
        };
        Mod::one(Clause::Test(test), Kinds::ANY)
    };
    match right {
        Cat::Role(relation) => one(exists(relation).and_then(turned).map(Cat::Mod), 0.0),
        Cat::NoRole(relation) if polarity == Polarity::There => {
            one(exists(relation).and_then(Mod::negated).map(Cat::Mod), 0.0)
        }
        Cat::Attribute(names) => names
            .iter()
            .filter_map(|name| Some((Cat::Mod(turned(attribute(name))?), 0.0)))
            .collect(),
        Cat::NoAttribute(names) if polarity == Polarity::There => names
            .iter()
            .filter_map(|name| Some((Cat::Mod(attribute(name).negated()?), 0.0)))
            .collect(),
        Cat::Np(np) if np.quant == Quant::No && polarity == Polarity::There => vec![(
            Cat::Having(np.clone().with(Quant::Plain), Polarity::Missing),
            0.0,
        )],
        Cat::Np(np) if np.head != Head::Any && np.head != Head::Pronoun => {
            vec![(Cat::Having(np.clone(), polarity), 0.0)]
        }
        _ => Vec::new(),
    }
}

/// `only reads X`: it reads X, and all it reads is X.
fn only(said: &Mod) -> Option<Mod> {
    let domain = said.domain;
    let test = said.clone().into_test()?;
    let Test::Linked {
        along,
        hops,
        to,
        quantifier: Quantifier::Some,
    } = &test
    else {
        return None;
    };
    let all = Test::Linked {
        along: along.clone(),
        hops: *hops,
        to: to.clone(),
        quantifier: Quantifier::All,
    };
    Some(Mod::one(Clause::Test(Test::AllOf(vec![test, all])), domain))
}

/// A noun phrase before a phrase.
fn np_before(np: &Np, right: &Cat, lexicon: &Lexicon) -> Vec<Priced> {
    match right {
        Cat::Np(other) => np_np(np, other, lexicon),
        Cat::Word(Word::Possessive) if np.head != Head::Any => {
            vec![(Cat::Possessor(np.clone()), 0.0)]
        }
        Cat::Word(Word::Have) if np.head == Head::Named || np.quant == Quant::Each => {
            vec![(Cat::HavingGap(np.clone()), 0.0)]
        }
        // `how many versions does every model have`
        Cat::Word(Word::Have) if np.head == Head::Kind && np.quant == Quant::All => {
            vec![(Cat::HavingGap(np.clone().with(Quant::Each)), 0.0)]
        }
        // `alert counts by severity`
        Cat::Word(Word::HowMany) if np.head == Head::Kind && np.quant == Quant::Plain => {
            vec![(Cat::Np(np.clone().with(Quant::Count)), 0.1)]
        }
        // `models in prod-eu`: those that something there serves.
        Cat::Placed(test, name, _) if name == "cluster" && is_served(np) => {
            let services = Kinds::of(&[Kind::InferenceService]);
            let said = Mod::one(Clause::Test(test.clone()), services);
            let serving = Relation {
                forward: Some(Walk {
                    along: Along::Upstream,
                    hops: Hops::any(),
                }),
                backward: Some(downstream()),
                subject: services,
                object: np.kinds,
                dear: 0.0,
                also: None,
            };
            apply(&Np::all(services, Head::Kind), &said)
                .and_then(|services| clause(&serving.reversed(), &services))
                .map_or_else(Vec::new, |said| said_of(np, &said))
        }
        Cat::Word(Word::ImpactEnd) if np.head != Head::Any => vec![(Cat::Broken(np.clone()), 0.0)],
        // `columns of tables` is one noun: what is said behind it may be said of either.
        Cat::Of(of)
            if np.head == Head::Kind && of.head == Head::Kind && of.quant == Quant::Plain =>
        {
            let mut made = vague(np, of, VAGUE - 0.16, lexicon);
            for (cat, _) in &mut made {
                if let Cat::Np(compound) = cat {
                    compound.is_compound = true;
                }
            }
            made
        }
        Cat::Of(of) if np.head != Head::Named && np.head != Head::Any => {
            vague(np, of, VAGUE, lexicon)
        }
        // `who is in X`
        Cat::Of(of) if np.head == Head::Any && !np.kinds.is_any() => vague(np, of, VAGUE, lexicon),
        Cat::Trait(test, _, kinds) | Cat::Placed(test, _, kinds) => {
            let said = Mod::one(Clause::Test(test.clone()), *kinds);
            said_of(np, &said)
        }
        // `which models break`, behind `if X is dropped`
        Cat::Word(Word::Impact) if np.quant == Quant::Plain && np.is_bare() => {
            vec![(Cat::Victims(np.clone()), 0.0)]
        }
        // `nothing downstream`
        Cat::Role(relation) if np.head == Head::Any && np.quant == Quant::No => {
            vec![(Cat::NoRole(relation.clone()), 0.0)]
        }
        Cat::HavingGap(of) if np.head != Head::Named => vague(np, of, VAGUE, lexicon),
        Cat::Role(relation) if np.head == Head::Named => {
            role(relation, np, JUXTAPOSED + relation.dear)
        }
        Cat::Attribute(names) if np.head == Head::Named => {
            vec![(attribute_of(names, np), JUXTAPOSED)]
        }
        Cat::Verb(relation) if np.head != Head::Any || np.quant == Quant::No => one(
            clause(&relation.reversed(), np).map(Cat::Mod),
            relation.dear,
        ),
        Cat::Participle(relation) if !np.is_bare() => {
            vec![(Cat::Passive(relation.clone(), np.clone()), 0.0)]
        }
        Cat::Mod(said) => said_of(np, said),
        Cat::AndMod(said) => one(apply(np, said).map(Cat::Np), 0.02),
        Cat::Having(object, polarity) if np.head != Head::Pronoun => {
            has(np, object, *polarity, lexicon)
        }
        Cat::AndNp(other) | Cat::OrNp(other)
            if np.head == other.head && np.quant == other.quant && !np.is_bare()
                || np.head == Head::Kind && other.head == Head::Kind =>
        {
            let mut both = either(np, other);
            if matches!(right, Cat::AndNp(_)) && np.head == Head::Named {
                both.each = [parts(np), parts(other)].concat();
            }
            vec![(Cat::Np(both), 0.0)]
        }
        Cat::PerKind(kinds) if np.quant == Quant::Count => links(&np.kinds, kinds, lexicon)
            .into_iter()
            .map(|by| (Ask::groups(np.clone(), by), 0.0))
            .collect(),
        Cat::PerColumn(by) => vec![(Ask::groups(np.clone(), by.clone()), 0.0)],
        Cat::AndProjection(columns, kinds)
            if np.head != Head::Any && !np.kinds.and(*kinds).is_empty() =>
        {
            vec![(Ask::columns(np.clone(), columns.clone()), 0.0)]
        }
        Cat::AndTheirKind(kinds) if np.head != Head::Any => links(&np.kinds, kinds, lexicon)
            .into_iter()
            .map(|shown| (Ask::columns(np.clone(), vec![shown]), 0.0))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether it is models: they run nowhere themselves, but in services.
fn is_served(np: &Np) -> bool {
    Kinds::of(&[Kind::Model, Kind::ModelVersion]).covers(np.kinds) && !np.kinds.is_empty()
}

fn parts(np: &Np) -> Vec<Set> {
    if np.each.is_empty() {
        vec![np.set.clone()]
    } else {
        np.each.clone()
    }
}

/// Something said of a noun phrase, also where it makes a count or a projection of it.
fn said_of(np: &Np, said: &Mod) -> Vec<Priced> {
    match said.clauses.as_slice() {
        [Clause::By(by)] if np.quant == Quant::Count && !np.kinds.and(said.domain).is_empty() => {
            vec![(Ask::groups(np.clone(), by.clone()), 0.0)]
        }
        [Clause::MostOf { counted, by }]
            if np.is_bare() && !np.kinds.and(said.domain).is_empty() =>
        {
            let counted = Np::new(counted.clone(), Kinds::ANY, Head::Built);
            vec![(Ask::groups(counted, by.clone()), 0.0)]
        }
        [Clause::OfThem(shown)] if np.is_bare() && !np.kinds.and(said.domain).is_empty() => {
            vec![(Cat::Projection(vec![shown.clone()], Kinds::ANY), 0.0)]
        }
        _ if np.quant == Quant::No || np.head == Head::Pronoun => Vec::new(),
        _ => one(apply(np, said).map(Cat::Np), attached(np)),
    }
}

/// What it costs to say something of a noun phrase. What is said belongs to the nearest noun, if it can; a name needs
/// no description, unless it names several things.
fn attached(np: &Np) -> f32 {
    match (np.head, &np.set) {
        (Head::Named, Set::Refs(names)) if names.len() == 1 => 0.35,
        (Head::Built, _) if !np.is_compound => 0.16,
        _ => 0.0,
    }
}

/// `how many members does each team have`.
fn per_role(relation: &Relation) -> Vec<Priced> {
    let (Some(backward), false) = (&relation.backward, relation.object.is_any()) else {
        return Vec::new();
    };
    let anchors = Np::all(relation.subject, Head::Kind);
    let Some(said) = clause(&relation.reversed(), &anchors) else {
        return Vec::new();
    };
    let Some(test) = said.into_test() else {
        return Vec::new();
    };
    let things = filtered(Set::All(relation.object.to_set()), test);
    let counted = Np::new(things, relation.object, Head::Built);
    vec![(Ask::groups(counted, column(backward)), 0.0)]
}

/// Two noun phrases side by side.
fn np_np(left: &Np, right: &Np, lexicon: &Lexicon) -> Vec<Priced> {
    if right.quant != Quant::Plain {
        return Vec::new();
    }
    match (left.head, right.head) {
        // `model fraud-detector`, `the fraud-detector model`: the kind is a cue for the name.
        (Head::Kind, Head::Named) if left.quant == Quant::Plain && !right.is_after_auxiliary => {
            cued(right, left.kinds)
        }
        (Head::Named, Head::Kind) => {
            let mut made = if left.is_before_auxiliary {
                Vec::new()
            } else {
                cued(left, right.kinds)
            };
            made.extend(vague(right, left, VAGUE + JUXTAPOSED, lexicon));
            made
        }
        // `who is the owner of X`.
        (Head::Any | Head::Kind, Head::Built) => {
            let kinds = left.kinds.and(right.kinds);
            if kinds.is_empty() || left.quant == Quant::No {
                return Vec::new();
            }
            let mut np = right.clone();
            np.kinds = kinds;
            np.quant = left.quant;
            if !kinds.covers(right.kinds)
                && let Some(test) = kinds.test()
            {
                np.set = filtered(np.set, test);
            }
            if let Some(also) = &left.also {
                np.set = filtered(np.set, also.clone());
            }
            vec![(Cat::Np(np), 0.05)]
        }
        _ => Vec::new(),
    }
}

/// A name of which the kind is said.
fn cued(name: &Np, kinds: Kinds) -> Vec<Priced> {
    if name.kinds.and(kinds).is_empty() {
        return Vec::new();
    }
    vec![(Cat::Np(name.clone()), -0.5)]
}

fn role(relation: &Relation, anchor: &Np, cost: f32) -> Vec<Priced> {
    if anchor.head == Head::Pronoun {
        let shown = relation.forward.as_ref().map(column);
        let shown = shown.map(|shown| Cat::Projection(vec![shown], relation.subject));
        return one(shown, cost);
    }
    if anchor.head == Head::Any {
        return Vec::new();
    }
    one(role_of(relation, anchor).map(Cat::Np), cost)
}

fn attributes(names: &[String]) -> Vec<Column> {
    let mut columns: Vec<Column> = names.iter().cloned().map(Column::Attribute).collect();
    // A time says little without its zone.
    let zone = Column::Attribute("timezone".to_owned());
    if names.iter().any(|name| name == "schedule") && !columns.contains(&zone) {
        columns.push(zone);
    }
    columns
}

fn attribute_of(names: &[String], np: &Np) -> Cat {
    if np.head == Head::Pronoun {
        return Cat::Projection(attributes(names), Kinds::ANY);
    }
    Ask::columns(np.clone(), attributes(names))
}

/// `HEAD of ANCHOR`, as the kinds suggest.
fn vague(head: &Np, anchor: &Np, cost: f32, lexicon: &Lexicon) -> Vec<Priced> {
    if matches!(anchor.head, Head::Any | Head::Pronoun) || head.kinds.is_any() {
        return Vec::new();
    }
    lexicon
        .vague
        .iter()
        .filter_map(|vague| clause(&vague.relation.reversed(), anchor))
        .flat_map(|said| said_of(head, &said))
        .map(|(cat, price)| (cat, price + cost))
        .collect()
}

/// `NP with OBJECT`, as the kinds suggest.
fn has(np: &Np, object: &Np, polarity: Polarity, lexicon: &Lexicon) -> Vec<Priced> {
    if object.kinds.is_any() {
        return Vec::new();
    }
    lexicon
        .vague
        .iter()
        .filter_map(|vague| {
            let said = clause(&vague.relation, object)?;
            let said = match polarity {
                Polarity::There => said,
                Polarity::Missing => said.negated()?,
            };
            Some(said_of(np, &said))
        })
        .flatten()
        .map(|(cat, cost)| (cat, cost + VAGUE))
        .collect()
}

/// The columns that lead from things of some kinds to those of others.
fn links(from: &Kinds, to: &Kinds, lexicon: &Lexicon) -> Vec<Column> {
    let fitting = lexicon.vague.iter().filter(|vague| {
        let relation = &vague.relation;
        !relation.subject.and(*from).is_empty() && !relation.object.and(*to).is_empty()
    });
    fitting
        .filter_map(|vague| Some(column(vague.relation.forward.as_ref()?)))
        .collect()
}

/// What makes it true that a thing passes a test, which says more than the thing: of `is X monitored`, what monitors it.
fn reached(set: &Set) -> Set {
    if let Set::Where { set: from, test } = set
        && matches!(**from, Set::Refs(_))
        && let Test::Linked {
            along,
            hops,
            to,
            quantifier: Quantifier::Some,
        } = &**test
        && !matches!(**to, Set::Refs(_))
    {
        let walk = Walk {
            along: along.clone(),
            hops: *hops,
        };
        return Set::And(vec![step((**from).clone(), &walk), (**to).clone()]);
    }
    set.clone()
}

/// What a whole question asks, if a phrase is one.
pub(crate) fn question(cat: &Cat, is_yes_no: bool) -> Option<Query> {
    match cat {
        Cat::Np(np) => {
            let asks = match np.head {
                Head::Kind => !np.kinds.is_any(),
                Head::Built => true,
                Head::Named => is_yes_no && !matches!(np.set, Set::Refs(_)),
                Head::Any | Head::Pronoun => false,
            };
            if !asks || matches!(np.quant, Quant::No | Quant::Each | Quant::Most) {
                return None;
            }
            let set = match &np.failing {
                Some(failing) if is_yes_no => failing.clone(),
                _ if np.head == Head::Named => reached(&np.set),
                _ => np.set.clone(),
            };
            Some(Query {
                output: if np.quant == Quant::Count {
                    Output::Count
                } else {
                    Output::Rows
                },
                ..Query::rows(set)
            })
        }
        Cat::Ask(ask) => {
            if matches!(ask.np.head, Head::Any | Head::Pronoun) || ask.np.quant == Quant::No {
                return None;
            }
            let output = match &ask.to {
                Some(to) => Output::Paths { to: to.clone() },
                None if ask.by.is_some() => Output::Count,
                None => Output::Rows,
            };
            Some(Query {
                columns: ask.columns.clone(),
                by: ask.by.clone(),
                output,
                ..Query::rows(ask.np.set.clone())
            })
        }
        _ => None,
    }
}
