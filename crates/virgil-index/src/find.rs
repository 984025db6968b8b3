//! Where a question's terms stand in a text.
//!
//! The same terms as those of the sparse vectors, but only the question's own are stemmed: a word whose first letter no
//! wanted term has cannot become one, because the English stemmer never changes a word's first letter.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use qdrant_rust_stemmers::{Algorithm, Stemmer};
use virgil_model::Tokenizer;

use crate::sparse::terms;
use crate::stop_words::is_stop_word;

/// How many different terms of a question are looked for; the rest of a longer one is left out.
const MOST_TERMS: usize = 64;

/// Finds the terms of one question.
pub struct TermFinder {
    /// Different, in the order of the question.
    terms: Vec<String>,
    /// Two terms that follow each other in the question, by their places in `terms`.
    pairs: BTreeSet<(usize, usize)>,
    first_letters: BTreeSet<char>,
    stemmer: Stemmer,
    /// What the words met so far are: the same few come again and again.
    met: RefCell<HashMap<String, Word>>,
}

/// What a word is to a question.
#[derive(Debug, Clone, Copy)]
enum Word {
    /// One of its terms, by its place.
    Term(usize),
    /// A term of the text alone.
    Other,
    /// No term.
    Stop,
}

/// A set of the terms of a question, by their places.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TermSet(u64);

/// What a text holds of a question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// The terms that occur.
    pub terms: TermSet,
    /// How many different pairs of neighbouring terms of the question are neighbours here, too.
    pub pairs: usize,
    /// How many terms the text has.
    pub length: usize,
}

impl TermSet {
    /// Both together.
    pub fn union(self, other: TermSet) -> TermSet {
        TermSet(self.0 | other.0)
    }

    /// Whether it is empty.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in it.
    pub fn holds_all(self, other: TermSet) -> bool {
        self.0 & other.0 == other.0
    }

    /// How many there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether they have a term in common.
    pub fn meets(self, other: TermSet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the term at `place` is in it.
    pub fn holds(self, place: usize) -> bool {
        place < MOST_TERMS && self.0 >> place & 1 == 1
    }

    fn insert(&mut self, place: usize) {
        self.0 |= 1 << place;
    }
}

impl TermFinder {
    /// A finder of the terms of `question`.
    pub fn new(question: &str) -> TermFinder {
        let mut different: Vec<String> = Vec::new();
        let mut places = Vec::new();
        for term in terms(question) {
            let place = different.iter().position(|known| *known == term);
            let place = place.unwrap_or_else(|| {
                different.push(term);
                different.len() - 1
            });
            places.push(place);
        }
        different.truncate(MOST_TERMS);
        let pairs = places
            .windows(2)
            .map(|pair| (pair[0], pair[1]))
            .filter(|(one, other)| one.max(other) < &MOST_TERMS)
            .collect();
        TermFinder {
            first_letters: different
                .iter()
                .filter_map(|term| term.chars().next())
                .collect(),
            terms: different,
            pairs,
            stemmer: Stemmer::create(Algorithm::English),
            met: RefCell::default(),
        }
    }

    /// The terms, different, in the order of the question.
    pub fn terms(&self) -> &[String] {
        &self.terms
    }

    /// How many different pairs of neighbouring terms the question has.
    pub fn pairs(&self) -> usize {
        self.pairs.len()
    }

    /// What `text` holds of the question.
    pub fn find(&self, text: &str) -> Found {
        let mut found = Found::default();
        let mut pairs = BTreeSet::new();
        let mut before = None;
        let mut met = self.met.borrow_mut();
        Tokenizer::Identifiers.each_term(text, |term| {
            let word = match met.get(term) {
                Some(word) => *word,
                None => {
                    let word = self.read(term);
                    met.insert(term.to_owned(), word);
                    word
                }
            };
            let place = match word {
                Word::Stop => return,
                Word::Other => None,
                Word::Term(place) => Some(place),
            };
            found.length += 1;
            if let Some(place) = place {
                found.terms.insert(place);
                if let Some(before) = before
                    && self.pairs.contains(&(before, place))
                {
                    pairs.insert((before, place));
                }
            }
            before = place;
        });
        found.pairs = pairs.len();
        found
    }

    fn read(&self, term: &str) -> Word {
        if is_stop_word(term) {
            return Word::Stop;
        }
        let first = term.chars().next();
        if !first.is_some_and(|first| self.first_letters.contains(&first)) {
            return Word::Other;
        }
        let stem = self.stemmer.stem_cow(Cow::Borrowed(term));
        match self.terms.iter().position(|wanted| *wanted == stem) {
            Some(place) => Word::Term(place),
            None => Word::Other,
        }
    }
}

impl std::fmt::Debug for TermFinder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TermFinder")
            .field("terms", &self.terms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terms_pairs_and_length_are_found() {
        let finder = TermFinder::new("How is the feature view of the orders served?");
        assert_eq!(finder.terms(), ["featur", "view", "order", "serv"]);
        assert_eq!(finder.pairs(), 3);
        let found = finder.find("An OrderFeatureView and other views.");
        let held: Vec<bool> = (0..4).map(|place| found.terms.holds(place)).collect();
        assert_eq!(held, [true, true, true, false]);
        // `feature view`; `order feature` is no pair of the question.
        assert_eq!(found.pairs, 1);
        // order, feature, view, the whole identifier, views; `an`, `and` and `other` are no terms.
        assert_eq!(found.length, 5);
        assert_eq!(finder.find(""), Found::default());
    }

    #[test]
    fn a_question_of_stop_words_finds_nothing() {
        let finder = TermFinder::new("what is it?");
        assert!(finder.terms().is_empty());
        assert_eq!(finder.find("what is it").length, 0);
    }

    proptest! {
        #[test]
        fn it_finds_what_the_sparse_side_counts(question in "[a-zA-Z_ ]{0,60}", text in "[a-zA-Z_ ]{0,200}") {
            let finder = TermFinder::new(&question);
            let counted = terms(&text);
            let found = finder.find(&text);
            prop_assert_eq!(found.length, counted.len());
            for (place, term) in finder.terms().iter().enumerate() {
                prop_assert_eq!(found.terms.holds(place), counted.contains(term), "{}", term);
            }
        }

        #[test]
        fn a_text_holds_all_of_itself(text in "\\PC{0,300}") {
            let finder = TermFinder::new(&text);
            let found = finder.find(&text);
            prop_assert!((0..finder.terms().len()).all(|place| found.terms.holds(place)));
        }
    }
}
