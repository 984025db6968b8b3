//! Which examples are near a question, and what they propose.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use virgil_graph::EntityRef;

use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::planned::Context;
use crate::plan::tokens::Token;
use crate::plan::weigh::Weights;

use super::asked::{Asked, Typed};
use super::bank::{Bank, ExampleError, Wording, WrittenExample, built_in};
use super::differences::Differences;
use super::features::{Features, content, cosine, counted, dot, spoken, weighed};
use super::fillings::{Filled, choose, filled};
use super::form::{Piece, units};
use super::hard::hard;
use super::joined::mark_repeated;
use super::mentions::{Mention, mentions};
use super::{Asker, Embed};

/// In how many examples a word has to occur to mark none of them.
const GENERAL_EXAMPLES: usize = 3;
/// In what share of the wordings of any example it may occur.
const GENERAL_SHARE: f32 = 0.3;
/// How many examples are compared by meaning, those whose wordings are most alike by their words.
const MOST_COMPARED: usize = 5;
/// How many wordings of an example are compared, the most alike first, and one that nothing tells from the question.
const MOST_WORDINGS: usize = 2;
/// How many wordings are looked at for one that nothing tells from the question.
const MOST_LOOKED_AT: usize = 6;

/// Words by which a question leans on the one before it.
const LEANING: &[&str] = &[
    "it", "its", "they", "them", "their", "those", "these", "that", "this", "one", "ones", "same",
    "only", "but", "then", "instead",
];

/// The examples, ready to be compared with questions.
#[derive(Debug)]
pub(crate) struct Examples {
    pub(super) bank: Bank,
    /// For each example and wording its features.
    pub(super) features: Vec<Vec<Features>>,
    /// For each example the stems of all its wordings.
    vocabulary: Vec<BTreeSet<String>>,
    /// For each feature how rare it is: the logarithm of one and the share of examples that have it, inverted.
    pub(super) rarity: HashMap<String, f32>,
    /// The same for a feature that no example has.
    pub(super) unseen: f32,
    /// Stems in wordings of many examples that mark none of them.
    general: BTreeSet<String>,
    pub(super) weights: Weights,
}

/// From which likeness on, by words and by meaning, nothing but rounding tells two texts apart.
const WORD_FOR_WORD: f32 = 0.995;

/// What a wording of an example proposes.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Proposal {
    pub(in crate::plan) example: String,
    pub(in crate::plan) wording: String,
    /// How alike question and wording are by their words, from 0 to 1.
    pub(in crate::plan) words: f32,
    /// How near they are by meaning, from -1 to 1.
    pub(in crate::plan) meaning: f32,
    pub(in crate::plan) differences: Differences,
    pub(in crate::plan) shares: Shares,
    /// The queries, the likeliest first, with the things under each name.
    pub(in crate::plan) filled: Vec<Proposed>,
}

impl Proposal {
    /// How alike question and wording are.
    pub(in crate::plan) fn likeness(&self) -> f32 {
        f32::midpoint(self.words, self.meaning)
    }

    /// Whether the wording is the question, names and punctuation aside.
    pub(in crate::plan) fn is_word_for_word(&self) -> bool {
        let differs = &self.differences;
        self.words >= WORD_FOR_WORD
            && self.meaning >= WORD_FOR_WORD
            && differs.only_asked.is_empty()
            && differs.only_said.is_empty()
            && differs.unknown.is_empty()
            && !differs.crossed
            && !differs.turned
    }
}

/// What share of their words question and example have in common; each from 0 to 1.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::plan) struct Shares {
    /// Of what is asked, in the wording.
    pub(in crate::plan) asked: f32,
    /// Of the wording, in what is asked.
    pub(in crate::plan) wording: f32,
    /// Of the whole question with what stands before it, in any wording of the example.
    pub(in crate::plan) known: f32,
    /// Of what most wordings of the example say, in the whole question.
    pub(in crate::plan) marks: f32,
    /// How many words of the whole question are in no wording of the example.
    pub(in crate::plan) strange: usize,
    /// How many values of attributes the question names that the wording has no place for.
    pub(in crate::plan) values: usize,
}

/// A query with the names in it as they were typed.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Proposed {
    pub(in crate::plan) query: virgil_graph::Query,
    pub(in crate::plan) names: Vec<(String, Vec<EntityRef>)>,
}

/// A wording of an example that a question fills.
struct Candidate {
    example: usize,
    wording: usize,
    chosen: Vec<usize>,
    words: f32,
    differences: Differences,
    filled: Vec<Filled>,
}

impl Examples {
    /// The built-in examples and those that a platform adds.
    pub(crate) fn load(
        own: &[WrittenExample],
        lexicon: &Lexicon,
    ) -> Result<Examples, ExampleError> {
        let mut all = built_in()?;
        all.extend_from_slice(own);
        Examples::of(&all, lexicon)
    }

    /// Compiles examples.
    pub(super) fn of(
        written: &[WrittenExample],
        lexicon: &Lexicon,
    ) -> Result<Examples, ExampleError> {
        let bank = Bank::of(written, lexicon)?;
        let count = bank.examples.len() as f32;
        let unseen = (1.0 + count).ln();
        let mut frequency: HashMap<String, usize> = HashMap::new();
        for example in &bank.examples {
            let counted = example
                .wordings
                .iter()
                .flat_map(|wording| counted(&wording.units).into_keys());
            for feature in counted.collect::<BTreeSet<_>>() {
                *frequency.entry(feature).or_default() += 1;
            }
        }
        let rarity: HashMap<String, f32> = frequency
            .into_iter()
            .map(|(feature, times)| (feature, (1.0 + count / times as f32).ln()))
            .collect();
        let of_each = |wording: &Wording| weighed(&wording.units, &rarity, unseen);
        let features = bank
            .examples
            .iter()
            .map(|example| example.wordings.iter().map(of_each).collect())
            .collect();
        let vocabulary = bank
            .examples
            .iter()
            .map(|example| {
                let stems = example.wordings.iter();
                stems.flat_map(|wording| content(&wording.units)).collect()
            })
            .collect();
        Ok(Examples {
            general: general(&bank),
            features,
            vocabulary,
            rarity,
            unseen,
            bank,
            weights: Weights::built_in(),
        })
    }

    /// What the examples propose, those first that are most alike; `None` if no name or noun of the question fits any, or the
    /// meaning of the question cannot be told.
    pub(super) fn propose(
        &self,
        text: &str,
        tokens: &[Token],
        context: &Context,
        asker: Asker<'_>,
        embed: &Embed<'_>,
    ) -> Option<Vec<Proposal>> {
        let mut mentions = mentions(tokens, asker.names, asker.lexicon);
        // A word of the wordings names nothing where nothing else says so.
        mentions.retain(|mention| {
            mention.strong
                || mention.number.is_some()
                || !mention.values.is_empty()
                || mention.stems.len() > 1
                || !mention
                    .stems
                    .iter()
                    .all(|stem| self.rarity.contains_key(stem))
        });
        mark_repeated(&mut mentions, tokens);
        let leans = |token: &Token| !token.quoted && LEANING.contains(&&*token.text);
        if context.last_query.is_some() && tokens.iter().any(leans) {
            // What it leans on is not in it.
            return None;
        }
        let typed = Typed {
            text,
            tokens,
            mentions: &mentions,
        };
        let mut asked: BTreeMap<Vec<usize>, Asked> = BTreeMap::new();
        let mut by_example: Vec<Vec<Candidate>> = (0..self.bank.examples.len())
            .map(|example| self.candidates(example, typed, asker.lexicon, &mut asked))
            .filter(|candidates| !candidates.is_empty())
            .collect();
        let most = |candidates: &[Candidate]| {
            let words = candidates.iter().map(|candidate| candidate.words);
            words.fold(0.0, f32::max)
        };
        by_example.sort_by(|left, right| most(right).total_cmp(&most(left)));
        by_example.truncate(MOST_COMPARED);
        let candidates: Vec<Candidate> = by_example.into_iter().flatten().collect();
        if candidates.is_empty() {
            return None;
        }
        // One text for the question, unless different words of it are taken for names.
        let texts: Vec<String> = candidates
            .iter()
            .flat_map(|candidate| {
                let wording = &self.bank.examples[candidate.example].wordings[candidate.wording];
                let asked = &asked[&candidate.chosen];
                [spoken(&asked.units), spoken(&wording.units)]
            })
            .collect();
        let vectors = embed(&texts)?;
        let whole = whole(typed, asker.lexicon);
        let mut proposals: Vec<Proposal> = candidates
            .into_iter()
            .zip(vectors.chunks(2))
            .map(|(candidate, pair)| {
                let meaning = match pair {
                    [question, wording] => dot(question, wording),
                    _ => 0.0,
                };
                let shares = self.shares(&candidate, &asked[&candidate.chosen], &whole, typed);
                self.proposal(candidate, meaning, shares, typed)
            })
            .collect();
        proposals.sort_by(|left, right| right.likeness().total_cmp(&left.likeness()));
        Some(proposals)
    }

    /// The wordings of an example that are most like a question and that it fills.
    fn candidates(
        &self,
        number: usize,
        typed: Typed<'_>,
        lexicon: &Lexicon,
        asked: &mut BTreeMap<Vec<usize>, Asked>,
    ) -> Vec<Candidate> {
        let example = &self.bank.examples[number];
        let mut alike: Vec<(usize, Vec<usize>, f32)> = Vec::new();
        for (index, wording) in example.wordings.iter().enumerate() {
            if let Some(chosen) = choose(wording, typed.mentions) {
                let asked = asked.entry(chosen.clone()).or_insert_with_key(|chosen| {
                    Asked::new(typed, chosen.clone(), lexicon, &self.rarity, self.unseen)
                });
                let words = cosine(&asked.features, &self.features[number][index]);
                alike.push((index, chosen, words));
            }
        }
        alike.sort_by(|left, right| right.2.total_cmp(&left.2));
        let mut kept: Vec<Candidate> = Vec::new();
        let mut looked_at = 0;
        for (index, chosen, words) in alike {
            let (wording, asked) = (&example.wordings[index], &asked[&chosen]);
            let Some(filled) = filled(example, wording, typed.mentions, asked) else {
                continue;
            };
            let mut differences = Differences::of(example, wording, asked);
            let is_known = |stem: &String| {
                self.vocabulary[number].contains(stem) || self.general.contains(stem)
            };
            let unknown = asked.content.iter().filter(|stem| !is_known(stem));
            differences.unknown = unknown.cloned().collect();
            let harmless = |stem: &&String| is_harmless(stem, asked, typed, lexicon);
            differences.nouns = filled.first().map_or(0, |filled| filled.nouns);
            differences.harmless = differences.unknown.iter().filter(harmless).count();
            if names_unknown(&differences.unknown, asked, typed) {
                continue;
            }
            // What shares no word with any wording is only like them by what it leaves out: `what does she earn`, `show me X`.
            let knows_none = differences.unknown.len() == asked.content.len();
            if knows_none && !asked.has_noun() && (!asked.content.is_empty() || !asked.asks()) {
                continue;
            }
            looked_at += 1;
            if kept.len() < MOST_WORDINGS || differences.is_none() {
                kept.push(Candidate {
                    example: number,
                    wording: index,
                    chosen,
                    words,
                    differences,
                    filled,
                });
            }
            let stands = kept.iter().any(|kept| kept.differences.is_none());
            if kept.len() >= MOST_WORDINGS && (stands || looked_at >= MOST_LOOKED_AT) {
                break;
            }
        }
        kept
    }

    /// What share of their words a question and a wording have in common; `whole` are the words of the whole question.
    fn shares(
        &self,
        candidate: &Candidate,
        asked: &Asked,
        whole: &BTreeSet<String>,
        typed: Typed<'_>,
    ) -> Shares {
        let example = &self.bank.examples[candidate.example];
        let wording = &example.wordings[candidate.wording];
        let vocabulary = &self.vocabulary[candidate.example];
        let both = asked
            .content
            .iter()
            .filter(|stem| wording.says(stem))
            .count() as f32;
        let share = |of: f32, all: usize| of / all.max(1) as f32;
        let known = |stem: &&String| vocabulary.contains(*stem);
        let strange = |stem: &&String| !known(stem) && !self.general.contains(*stem);
        let marks = example.marks.iter().filter(|stem| whole.contains(*stem));
        let is_over = |(number, mention): &(usize, &Mention)| {
            !candidate.chosen.contains(number)
                && !mention.values.is_empty()
                && mention.number.is_none()
                && !mention.stems.iter().all(|stem| wording.says(stem))
        };
        Shares {
            asked: share(both, asked.content.len()),
            wording: share(both, content(&wording.units).len()),
            known: share(whole.iter().filter(known).count() as f32, whole.len()),
            marks: share(marks.count() as f32, example.marks.len()),
            strange: whole.iter().filter(strange).count(),
            values: typed.mentions.iter().enumerate().filter(is_over).count(),
        }
    }

    fn proposal(
        &self,
        candidate: Candidate,
        meaning: f32,
        shares: Shares,
        typed: Typed<'_>,
    ) -> Proposal {
        let example = &self.bank.examples[candidate.example];
        let name = |number: usize| {
            let mention = &typed.mentions[number];
            let words = &typed.tokens[mention.start..mention.end];
            let words: Vec<&str> = words.iter().map(|token| token.raw.as_str()).collect();
            words.join(" ")
        };
        let proposed = |filled: Filled| Proposed {
            query: filled.query,
            names: filled
                .names
                .into_iter()
                .map(|(number, things)| (name(number), things))
                .collect(),
        };
        Proposal {
            example: example.id.clone(),
            wording: example.wordings[candidate.wording].text.clone(),
            words: candidate.words,
            meaning,
            differences: candidate.differences,
            shares,
            filled: candidate.filled.into_iter().map(proposed).collect(),
        }
    }
}

/// The stems of a whole question that carry meaning and are not in a name.
fn whole(typed: Typed<'_>, lexicon: &Lexicon) -> BTreeSet<String> {
    let is_named = |at: usize| {
        let inside = |mention: &Mention| mention.start <= at && at < mention.end;
        typed
            .mentions
            .iter()
            .any(|mention| mention.strong && inside(mention))
    };
    let spoken: Vec<Piece> = typed
        .tokens
        .iter()
        .enumerate()
        .filter(|(at, _)| !is_named(*at))
        .map(|(_, token)| Piece::Token(token.clone()))
        .collect();
    content(&units(&spoken, lexicon))
}

/// Whether a word that no wording has is part of what looks like a name of something: `prod-us`, where there is none.
fn names_unknown(unknown: &[String], asked: &Asked, typed: Typed<'_>) -> bool {
    let is_chosen = |at: usize| {
        let mut chosen = asked.chosen.iter().map(|number| &typed.mentions[*number]);
        chosen.any(|mention| mention.start <= at && at < mention.end)
    };
    typed.tokens.iter().enumerate().any(|(at, token)| {
        let is_unknown = |part: &String| unknown.contains(&super::words::meaning(part));
        token.is_identifier() && !is_chosen(at) && token.parts.iter().any(is_unknown)
    })
}

/// Whether a word that no wording has can only be rhythm: neither a name, nor shaped like one, nor one that means something here.
fn is_harmless(stem: &str, asked: &Asked, typed: Typed<'_>, lexicon: &Lexicon) -> bool {
    let inside = |mention: &Mention, at: usize| mention.start <= at && at < mention.end;
    let is_chosen = |at: usize| {
        let mut chosen = asked.chosen.iter().map(|number| &typed.mentions[*number]);
        chosen.any(|mention| inside(mention, at))
    };
    let mut said = typed.tokens.iter().enumerate().filter(|(at, token)| {
        !is_chosen(*at)
            && token
                .parts
                .iter()
                .any(|part| super::words::meaning(part) == stem)
    });
    said.all(|(at, token)| {
        let is_name = typed.mentions.iter().any(|mention| inside(mention, at));
        let is_capital = at > 0 && token.raw.starts_with(char::is_uppercase);
        let means = |(_, meaning): &(usize, &Meaning)| !matches!(meaning, Meaning::Skip);
        let is_meant = lexicon.at(typed.tokens, at).iter().any(means);
        hard(&token.text).is_none()
            && !is_name
            && !is_capital
            && !token.is_identifier()
            && !is_meant
    })
}

/// Stems in wordings of several examples that are frequent in none.
fn general(bank: &Bank) -> BTreeSet<String> {
    let mut marks: BTreeMap<String, (usize, f32)> = BTreeMap::new();
    for example in &bank.examples {
        let mut inside: BTreeMap<String, usize> = BTreeMap::new();
        for wording in &example.wordings {
            for stem in content(&wording.units) {
                *inside.entry(stem).or_default() += 1;
            }
        }
        let count = example.wordings.len();
        for (stem, times) in inside {
            let (examples, share) = marks.entry(stem).or_default();
            *examples += 1;
            // A single wording says nothing about what is frequent.
            if times > 1 || count > GENERAL_EXAMPLES {
                *share = share.max(times as f32 / count as f32);
            }
        }
    }
    marks
        .into_iter()
        .filter(|(stem, (examples, share))| {
            *examples >= GENERAL_EXAMPLES && *share < GENERAL_SHARE && hard(stem).is_none()
        })
        .map(|(stem, _)| stem)
        .collect()
}
