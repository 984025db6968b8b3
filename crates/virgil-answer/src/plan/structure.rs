//! What the words of structure do to the phrase behind them: quantifiers, negations, prepositions, conjunctions.

use virgil_graph::{Along, Column, Hops, Op, Quantifier, Test};

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Relation, Walk, Word};
use crate::plan::nouns::{attributes, per_role};
use crate::plan::phrases::{Cat, Polarity, Priced, one};
use crate::plan::sem::{Clause, Head, Mod, Np, Quant, clause, column, exists};

/// A word of structure before a phrase.
pub(super) fn word_before(word: Word, right: &Cat) -> Vec<Priced> {
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
        (Word::And | Word::Comma, Cat::Trait(test, _, kinds) | Cat::Placed(test, _, kinds)) => {
            vec![(
                Cat::AndMod(Mod::one(Clause::Test(test.clone()), *kinds)),
                0.0,
            )]
        }
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
        (Word::And | Word::Comma, Cat::Mod(said)) => vec![(Cat::AndMod(said.clone()), 0.0)],
        (Word::Or, Cat::Mod(said)) => vec![(Cat::OrMod(said.clone()), 0.0)],
        (Word::And | Word::Comma, Cat::Np(np)) => vec![(Cat::AndNp(np.clone()), 0.0)],
        (Word::Or, Cat::Np(np)) => vec![(Cat::OrNp(np.clone()), 0.0)],
        (Word::And | Word::Comma | Word::With, Cat::Projection(columns, kinds)) => {
            vec![(Cat::AndProjection(columns.clone(), *kinds), 0.0)]
        }
        (Word::And | Word::Comma | Word::With, Cat::TheirKind(kinds)) => {
            vec![(Cat::AndTheirKind(*kinds), 0.0)]
        }
        (Word::And, Cat::Role(relation)) => relation
            .forward
            .as_ref()
            .map(|walk| {
                let shown = Cat::AndProjection(vec![column(walk)], relation.subject);
                (shown, 0.15)
            })
            .into_iter()
            .collect(),
        (Word::Comma, Cat::Attribute(names)) => vec![(Cat::AndAttribute(names.clone()), 0.0)],
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

pub(super) fn downstream() -> Walk {
    Walk {
        along: Along::Downstream,
        hops: Hops::any(),
    }
}

/// `breaks if I drop X`, said of what breaks.
pub(super) fn impact(np: &Np) -> Vec<Priced> {
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
pub(super) fn having(right: &Cat, polarity: Polarity) -> Vec<Priced> {
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
pub(super) fn only(said: &Mod) -> Option<Mod> {
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
