//! What a noun phrase does to the phrase behind it, and how the kinds of two of them suggest what links them.

use virgil_graph::{Along, Column, Hops, Quantifier, Set, Test};
use virgil_model::Kind;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Lexicon, Relation, Walk, Word};
use crate::plan::phrases::{Ask, Cat, JUXTAPOSED, Polarity, Priced, VAGUE, one};
use crate::plan::sem::{
    Clause, Head, Mod, Np, Quant, apply, clause, column, either, filtered, role_of,
};
use crate::plan::structure::downstream;

/// A model that is named with a cluster, where rather a service is meant.
pub(super) const RUNS_IN_SERVICES: f32 = 0.4;

/// A noun phrase before a phrase.
pub(super) fn np_before(np: &Np, right: &Cat, lexicon: &Lexicon) -> Vec<Priced> {
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
                .into_iter()
                .map(|(cat, cost)| {
                    (
                        cat,
                        cost + if np.head == Head::Named {
                            RUNS_IN_SERVICES
                        } else {
                            0.0
                        },
                    )
                })
                .collect()
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
                || np.head == Head::Kind && other.head == Head::Kind && np.quant == other.quant =>
        {
            let mut both = either(np, other);
            if matches!(right, Cat::AndNp(_)) && np.head == Head::Named {
                both.each = [parts(np), parts(other)].concat();
            }
            vec![(Cat::Np(both), 0.0)]
        }
        Cat::PerKind(kinds) if np.quant == Quant::Count => links(&np.kinds, kinds, lexicon)
            .into_iter()
            .map(|by| (Ask::groups(in_groups(np, &by), by), 0.0))
            .collect(),
        Cat::PerColumn(by) if np.quant == Quant::Count || np.head == Head::Kind => {
            vec![(Ask::groups(np.clone(), by.clone()), 0.0)]
        }
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
pub(super) fn is_served(np: &Np) -> bool {
    Kinds::of(&[Kind::Model, Kind::ModelVersion]).covers(np.kinds) && !np.kinds.is_empty()
}

pub(super) fn parts(np: &Np) -> Vec<Set> {
    if np.each.is_empty() {
        vec![np.set.clone()]
    } else {
        np.each.clone()
    }
}

/// Something said of a noun phrase, also where it makes a count or a projection of it.
pub(super) fn said_of(np: &Np, said: &Mod) -> Vec<Priced> {
    match said.clauses.as_slice() {
        [Clause::By(by)] if np.quant == Quant::Count && !np.kinds.and(said.domain).is_empty() => {
            vec![(Ask::groups(in_groups(np, by), by.clone()), 0.0)]
        }
        [Clause::MostOf { counted, by }]
            if np.is_bare() && !np.kinds.and(said.domain).is_empty() =>
        {
            let counted = Np::new(counted.clone(), Kinds::ANY, Head::Built);
            vec![(Ask::groups(counted, by.clone()), 0.0)]
        }
        [Clause::OfThem(shown)]
            if np.is_bare()
                && np.quant != Quant::Count
                && !np.kinds.and(said.domain).is_empty() =>
        {
            vec![(Cat::Projection(vec![shown.clone()], Kinds::ANY), 0.0)]
        }
        _ if np.quant == Quant::No || np.head == Head::Pronoun => Vec::new(),
        _ => one(apply(np, said).map(Cat::Np), attached(np)),
    }
}

/// What it costs to say something of a noun phrase. What is said belongs to the nearest noun, if it can; a name needs
/// no description, unless it names several things.
pub(super) fn attached(np: &Np) -> f32 {
    match (np.head, &np.set) {
        (Head::Named, Set::Refs(names)) if names.len() == 1 => 0.35,
        (Head::Built, _) if !np.is_compound => 0.16,
        _ => 0.0,
    }
}

/// What is counted per something: what is linked with one.
pub(super) fn in_groups(np: &Np, by: &Column) -> Np {
    let mut np = np.clone();
    if let Column::Linked { along, hops } = by {
        let test = Test::Linked {
            along: along.clone(),
            hops: *hops,
            to: Box::new(Set::All(std::collections::BTreeSet::new())),
            quantifier: Quantifier::Some,
        };
        np.set = filtered(np.set, test);
        np.head = Head::Built;
    }
    np
}

/// `how many members does each team have`.
pub(super) fn per_role(relation: &Relation) -> Vec<Priced> {
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
pub(super) fn np_np(left: &Np, right: &Np, lexicon: &Lexicon) -> Vec<Priced> {
    if right.quant != Quant::Plain {
        return Vec::new();
    }
    match (left.head, right.head) {
        // `model fraud-detector`, `the fraud-detector model`: the kind is a cue for the name.
        (Head::Kind, Head::Named) if left.quant == Quant::Plain && !right.is_after_auxiliary => {
            cued(right, left.kinds)
        }
        (Head::Named, Head::Kind) => {
            let mut made = if left.is_before_auxiliary || right.is_plural {
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
pub(super) fn cued(name: &Np, kinds: Kinds) -> Vec<Priced> {
    if name.kinds.and(kinds).is_empty() {
        return Vec::new();
    }
    vec![(Cat::Np(name.clone()), -0.5)]
}

pub(super) fn role(relation: &Relation, anchor: &Np, cost: f32) -> Vec<Priced> {
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

pub(super) fn attributes(names: &[String]) -> Vec<Column> {
    let mut columns: Vec<Column> = names.iter().cloned().map(Column::Attribute).collect();
    // A time says little without its zone.
    let zone = Column::Attribute("timezone".to_owned());
    if names.iter().any(|name| name == "schedule") && !columns.contains(&zone) {
        columns.push(zone);
    }
    columns
}

pub(super) fn attribute_of(names: &[String], np: &Np) -> Cat {
    if np.head == Head::Pronoun {
        return Cat::Projection(attributes(names), Kinds::ANY);
    }
    Ask::columns(np.clone(), attributes(names))
}

/// `HEAD of ANCHOR`, as the kinds suggest.
pub(super) fn vague(head: &Np, anchor: &Np, cost: f32, lexicon: &Lexicon) -> Vec<Priced> {
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
pub(super) fn has(np: &Np, object: &Np, polarity: Polarity, lexicon: &Lexicon) -> Vec<Priced> {
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
pub(super) fn links(from: &Kinds, to: &Kinds, lexicon: &Lexicon) -> Vec<Column> {
    let fitting = lexicon.vague.iter().filter(|vague| {
        let relation = &vague.relation;
        !relation.subject.and(*from).is_empty() && !relation.object.and(*to).is_empty()
    });
    fitting
        .filter_map(|vague| Some(column(vague.relation.forward.as_ref()?)))
        .collect()
}
