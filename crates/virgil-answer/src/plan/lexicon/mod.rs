//! The lexicon: which words mean which kind, relation, filter or piece of structure. It is data (`lexicon.yaml`), and a
//! platform can add to it.

mod compile;
mod patterns;
mod walk;
mod written;

use std::collections::HashMap;

use virgil_graph::{Set, Test};

use crate::plan::kinds::Kinds;
use crate::plan::tokens::Token;

pub(crate) use walk::{Relation, Walk};
pub(crate) use written::Word;
pub use written::Written;

const BUILT_IN: &str = include_str!("../lexicon.yaml");

/// How many tokens of a question the longest phrase may have.
const MOST_TOKENS: usize = 12;

/// What a phrase may mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Meaning {
    /// Nothing.
    Skip,
    Word(Word),
    Kind {
        kinds: Kinds,
        test: Option<Test>,
    },
    Set {
        set: Set,
        kinds: Kinds,
    },
    /// A test, before a noun or behind `is`.
    Adjective {
        test: Test,
        kinds: Kinds,
    },
    /// A test, behind what it is about.
    Predicate {
        test: Test,
        kinds: Kinds,
    },
    /// A verb in the active voice.
    Verb(Relation),
    /// A participle, which `by` turns into the passive.
    Participle(Relation),
    /// A noun for what stands in a relation to something; the relation leads from that to the noun.
    Role(Relation),
    /// The name of an attribute.
    Attribute(String),
    /// A question word that asks for an attribute.
    Asks(String),
    /// The verb that goes with such a question word.
    AskVerb(String),
}

/// What `X of Y` means for some kinds: the relation from Y to X.
#[derive(Debug, Clone)]
pub(crate) struct Vague {
    pub(crate) relation: Relation,
}

/// Why a lexicon cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the lexicon is not valid: {0}")]
pub struct LexiconError(String);

/// The compiled lexicon.
#[derive(Debug)]
pub struct Lexicon {
    /// Phrases by their first word.
    phrases: HashMap<String, Vec<(Vec<String>, Meaning)>>,
    pub(crate) vague: Vec<Vague>,
}

impl Lexicon {
    /// The built-in lexicon, with a platform's own words added; an error names the walk or pattern that means nothing.
    pub fn load(own: Option<Written>) -> Result<Lexicon, LexiconError> {
        let built_in: Written = serde_saphyr::from_str(BUILT_IN)
            .map_err(|error| LexiconError(format!("lexicon.yaml: {error}")))?;
        let mut lexicon = Lexicon {
            phrases: HashMap::new(),
            vague: Vec::new(),
        };
        lexicon.add(built_in)?;
        if let Some(own) = own {
            lexicon.add(own)?;
        }
        Ok(lexicon)
    }

    /// Everything that a run of tokens starting at `start` may mean: how many tokens, and the meaning.
    pub(crate) fn at<'l>(&'l self, tokens: &[Token], start: usize) -> Vec<(usize, &'l Meaning)> {
        let mut found = Vec::new();
        let mut words: Vec<&str> = Vec::new();
        // Where a phrase may end: behind so many words, which are so many tokens.
        let mut ends: HashMap<usize, usize> = HashMap::new();
        for (index, token) in tokens[start..].iter().take(MOST_TOKENS).enumerate() {
            if token.quoted {
                break;
            }
            words.extend(token.text.split('-').filter(|word| !word.is_empty()));
            ends.insert(words.len(), index + 1);
        }
        let Some(first) = words.first() else {
            return found;
        };
        for (phrase, meaning) in self.phrases.get(*first).into_iter().flatten() {
            if words.len() >= phrase.len()
                && phrase.iter().zip(&words).all(|(left, right)| left == right)
                && let Some(length) = ends.get(&phrase.len())
            {
                found.push((*length, meaning));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::lexicon;
    use crate::plan::tokens::tokens;

    #[test]
    fn every_phrase_that_begins_a_run_of_words_is_found() {
        let check = |text: &str, expect: &[usize]| {
            let mut lengths: Vec<usize> = lexicon()
                .at(&tokens(text), 0)
                .into_iter()
                .map(|(length, _)| length)
                .collect();
            lengths.sort_unstable();
            lengths.dedup();
            assert_eq!(lengths, expect, "{text}");
        };
        check("feature view", &[1, 2]);
        // A hyphen parts words like a space.
        check("feature-view", &[1]);
        check("`feature view`", &[]);
        check("zebra crossing", &[]);
    }

    #[test]
    fn what_a_platform_writes_wrongly_is_an_error_that_names_it() {
        let refused = |yaml: &str| {
            let own: Written = serde_saphyr::from_str(yaml).expect("the shape of a lexicon");
            Lexicon::load(Some(own)).expect_err(yaml).to_string()
        };
        let error = refused("nouns: [{kinds: [team], words: ['[our [old|new] squad|squad]']}]");
        assert!(error.contains("`[our [old|new] squad|squad]`"), "{error}");
        let error = refused("relations: [{forward: sideways, verbs: [skim]}]");
        assert!(error.contains("`sideways`"), "{error}");
    }
}
