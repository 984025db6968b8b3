//! What a meaning of the lexicon is in the chart.

use virgil_graph::Set;
use virgil_model::Kind;

use crate::plan::kinds::Kinds;
use crate::plan::lexicon::{Meaning, Word};
use crate::plan::link::PHRASE;
use crate::plan::phrases::Cat;
use crate::plan::sem::{Clause, Head, Mod, Np, Quant, exists};

/// What a meaning is in the chart.
pub(super) fn leaves(meaning: &Meaning) -> Vec<(Cat, f32)> {
    match meaning {
        Meaning::Skip => vec![(Cat::Skip, 0.0)],
        Meaning::Word(word) => word_leaves(*word),
        Meaning::Kind { kinds, test } => {
            vec![(Cat::Np(Np::noun(*kinds, test.clone())), PHRASE)]
        }
        // A set is only meant where the words are no filter.
        Meaning::Set { set, kinds } => vec![(
            Cat::Np(Np::new(set.clone(), *kinds, Head::Built)),
            PHRASE + 0.2,
        )],
        Meaning::Adjective { test, kinds } => vec![
            (Cat::Adjective(test.clone(), *kinds), PHRASE),
            (
                Cat::Mod(Mod::one(Clause::Test(test.clone()), *kinds)),
                PHRASE,
            ),
        ],
        Meaning::Predicate { test, kinds } => vec![(
            Cat::Mod(Mod::one(Clause::Test(test.clone()), *kinds)),
            PHRASE,
        )],
        Meaning::Verb(relation) => vec![(Cat::Verb(relation.clone()), PHRASE)],
        Meaning::Participle(relation) => {
            let mut leaves = vec![(Cat::Participle(relation.clone()), PHRASE)];
            // `is monitored`, by whatever.
            if let Some(said) = exists(&relation.reversed()) {
                leaves.push((Cat::Mod(said), PHRASE + 0.1));
            }
            leaves
        }
        Meaning::Role(relation) => vec![(Cat::Role(relation.clone()), PHRASE)],
        Meaning::Attribute(name) => vec![(Cat::Attribute(vec![name.clone()]), PHRASE)],
        Meaning::Asks(name) => vec![(Cat::Asks(name.clone()), PHRASE)],
        Meaning::AskVerb(name) => vec![(Cat::AskVerb(name.clone()), PHRASE)],
    }
}

fn word_leaves(word: Word) -> Vec<(Cat, f32)> {
    let people = Kinds::of(&[Kind::Team, Kind::User]);
    match word {
        Word::What => vec![(Cat::Np(Np::all(Kinds::ANY, Head::Any)), 0.0)],
        Word::Who => vec![
            (Cat::Np(Np::all(people, Head::Any)), 0.0),
            // `who reads orders`: whatever does.
            (Cat::Np(Np::all(Kinds::ANY, Head::Any)), 0.2),
        ],
        Word::Nothing => vec![(Cat::Np(Np::all(Kinds::ANY, Head::Any).with(Quant::No)), 0.0)],
        Word::Nobody => vec![
            (Cat::Np(Np::all(people, Head::Any).with(Quant::No)), 0.0),
            // `that nobody reads`: no thing does.
            (
                Cat::Np(Np::all(Kinds::ANY, Head::Any).with(Quant::No)),
                0.05,
            ),
        ],
        Word::Them => vec![(
            Cat::Np(Np::new(Set::Refs(Vec::new()), Kinds::ANY, Head::Pronoun)),
            0.0,
        )],
        // The walks of the chart go as far as they go.
        Word::Transitive => vec![(Cat::Word(word), 0.0), (Cat::Skip, 0.0)],
        word => vec![(Cat::Word(word), 0.0)],
    }
}
