//! A question of several sentences: which of them ask, which only say what the others are about.

use virgil_graph::{Known, View};

use crate::plan::decide::is_a_mere_kind;
use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::link::{ORDINARY, link};
use crate::plan::names::{self, Names};
use crate::plan::phrases::Cat;
use crate::plan::planned::{Context, Explanation, Outcome, Planned};
use crate::plan::sem::Head;
use crate::plan::tokens::{BOUNDARY, Token, tokens};

/// The most words that a planned question has.
const MOST_TOKENS: usize = 40;

impl Lexicon {
    /// Plans a question sentence by sentence.
    ///
    /// A question of several sentences is planned sentence by sentence: a later one may edit what an earlier one asked
    /// (`Who owns X? Only the people.`), and one that says nothing about the platform is left aside.
    pub(super) fn by_sentences(
        &self,
        tokens: &[Token],
        context: &Context,
        names: &Names,
        view: &View<'_>,
        known: &Known,
    ) -> Planned {
        if tokens.is_empty() || tokens.len() > MOST_TOKENS {
            return Planned {
                outcome: Outcome::Nothing,
                explanation: Explanation {
                    verdict: "the question is empty or too long".to_owned(),
                    ..Explanation::default()
                },
            };
        }
        let sentences: Vec<&[Token]> = tokens
            .split(|token| token.text == BOUNDARY && !token.quoted)
            .filter(|sentence| !sentence.is_empty())
            .collect();
        let mut context = context.clone();
        let mut whole: Option<Planned> = None;
        // What went before and is no question alone: `We drop orders.email. Which models break?`
        let mut before: Vec<Token> = Vec::new();
        let count = sentences.len();
        for (index, sentence) in sentences.into_iter().enumerate() {
            let mut planned = self.sentence(sentence.to_vec(), &context, names, view, known);
            if !before.is_empty() {
                let joined = match self.with_antecedent(&before, sentence, names) {
                    Some(said) => said,
                    None => [&before[..], sentence].concat(),
                };
                let both = self.sentence(joined, &context, names, view, known);
                if planned.outcome == Outcome::Nothing || both.outcome != Outcome::Nothing {
                    planned = both;
                } else {
                    // What stood before has been understood by nothing.
                    planned.outcome = Outcome::Nothing;
                }
                before.clear();
            }
            if !matches!(planned.outcome, Outcome::Query(_))
                && index + 1 < count
                && whole.is_none()
                && !self.is_aside(sentence, names)
            {
                before = sentence.to_vec();
                continue;
            }
            let is_later = whole.is_some();
            if planned.outcome == Outcome::Nothing
                && self.is_aside(sentence, names)
                && !(is_later && self.is_restriction(sentence))
            {
                // Its unknown words are no reason to think that a name is misspelt.
                continue;
            }
            // `Where is personal data? Name the tables.` asks for no table at all, but for those.
            if let (Some(_), Outcome::Query(plan)) = (&whole, &planned.outcome)
                && is_a_mere_kind(&plan.query.set)
            {
                planned.outcome = Outcome::Nothing;
            }
            let mut explanation = whole.map(|whole| whole.explanation).unwrap_or_default();
            explanation.then(planned.explanation);
            let outcome = planned.outcome;
            if let Outcome::Query(plan) = &outcome {
                context.last_query = Some(plan.query.clone());
            }
            let stop = !matches!(outcome, Outcome::Query(_));
            whole = Some(Planned {
                outcome,
                explanation,
            });
            if stop {
                break;
            }
        }
        whole.unwrap_or_else(|| {
            let is_word = |token: &Token| token.text != BOUNDARY || token.quoted;
            let words = tokens
                .iter()
                .filter(|token| is_word(token))
                .cloned()
                .collect();
            self.sentence(words, &context, names, view, known)
        })
    }

    /// Whether a sentence says nothing about the platform: no name, no filter, no attribute.
    pub(super) fn is_aside(&self, tokens: &[Token], names: &Names) -> bool {
        let linked = link(tokens, names, self);
        let named = linked.leaves.iter().any(|leaf| match &leaf.item.cat {
            Cat::Np(np) => match np.head {
                Head::Named => leaf.item.cost < ORDINARY,
                Head::Kind | Head::Built => true,
                Head::Any | Head::Pronoun => false,
            },
            Cat::Adjective(..)
            | Cat::Mod(_)
            | Cat::Role(_)
            | Cat::Trait(..)
            | Cat::Range(..)
            | Cat::Attribute(_) => leaf.item.cost < ORDINARY,
            _ => false,
        });
        let is_name = |text: &String| {
            tokens
                .iter()
                .any(|token| token.raw == *text && token.is_identifier())
        };
        !named && !linked.unused.iter().any(is_name)
    }

    /// A sentence with the one name of the sentence before in place of its pronoun: `fct_orders is late. Who reads it?`
    fn with_antecedent(
        &self,
        before: &[Token],
        sentence: &[Token],
        names: &Names,
    ) -> Option<Vec<Token>> {
        let found = names.links(before);
        let longest = found.iter().max_by_key(|link| link.end - link.start)?;
        let is_inside =
            |link: &&names::Link| link.start >= longest.start && link.end <= longest.end;
        if !found.iter().all(|link| is_inside(&link)) {
            return None;
        }
        // The noun beside it tells what it is: `the product-recommender component`.
        let is_noun = |at: usize| {
            let mut meanings = self.at(before, at).into_iter();
            meanings.any(|(length, meaning)| length == 1 && matches!(meaning, Meaning::Kind { .. }))
        };
        let start = longest.start - usize::from(longest.start > 0 && is_noun(longest.start - 1));
        let end = longest.end + usize::from(longest.end < before.len() && is_noun(longest.end));
        let name = &before[start..end];
        let pronoun = sentence.iter().position(|token| {
            !token.quoted && matches!(&*token.text, "it" | "its" | "them" | "that" | "this")
        })?;
        let mut said = sentence[..pronoun].to_vec();
        said.extend_from_slice(name);
        if sentence[pronoun].text == "its" {
            said.extend(tokens("'s"));
        }
        said.extend_from_slice(&sentence[pronoun + 1..]);
        Some(said)
    }

    /// Whether a sentence behind a question narrows it, even where it is not understood: `Nothing but tables, please.`
    pub(super) fn is_restriction(&self, tokens: &[Token]) -> bool {
        let is_noun = |start: usize| {
            self.at(tokens, start)
                .iter()
                .any(|(_, meaning)| matches!(meaning, Meaning::Kind { .. }))
        };
        self.is_narrowing(tokens) || (0..tokens.len()).any(is_noun)
    }

    /// Whether a sentence has a word that narrows.
    pub(super) fn is_narrowing(&self, tokens: &[Token]) -> bool {
        let narrows = |token: &Token| {
            matches!(
                &*token.text,
                "only"
                    | "just"
                    | "not"
                    | "no"
                    | "without"
                    | "except"
                    | "excluding"
                    | "including"
                    | "include"
                    | "exclude"
                    | "ignore"
                    | "skip"
                    | "direct"
                    | "directly"
                    | "nothing"
                    | "but"
                    | "also"
            )
        };
        tokens.iter().any(narrows)
    }
}
