//! The grammar: how two neighbouring phrases make a larger one. Kinds that do not fit make nothing.

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Relation, Word};
use crate::plan::nouns::{attribute_of, np_before, per_role, role, said_of, vague};
use crate::plan::phrases::{Ask, Cat, JUXTAPOSED, Priced, VAGUE, one};
use crate::plan::sem::{Clause, Head, Mod, Np, Quant, apply, clause, either};
use crate::plan::structure::{impact, only, word_before};

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
