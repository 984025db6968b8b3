//! Which examples are near a question, and what they propose.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use virgil_graph::EntityRef;

use crate::plan::lexicon::{Lexicon, Meaning};
use crate::plan::planned::Context;
use crate::plan::tokens::Token;

use super::asked::{Asked, Typed};
use super::bank::{Bank, ExampleError, Wording, WrittenExample, built_in};
use super::features::{Features, content, cosine, counted, dot, spoken, weighed};
use super::fillings::{Filled, choose, filled};
use super::guards::{guard, undirected};
use super::hard::hard;
use super::mentions::{Mention, mentions};
use super::{Asker, Embed, LEAST_LIKENESS};

/// In how many examples a word has to occur to mark none of them.
const GENERAL_EXAMPLES: usize = 3;
/// In what share of the wordings of any example it may occur.
const GENERAL_SHARE: f32 = 0.3;
/// How near by meaning a question has to be of which one word is in no wording of the example.
const LEAST_MEANING: f32 = 0.7;
/// For how many examples the meaning is compared, those first that are most alike by their words.
const MOST_COMPARED: usize = 8;

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
}

/// What an example proposes.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) example: String,
    pub(super) wording: String,
    pub(super) likeness: f32,
    pub(super) rejected: Option<String>,
    /// The queries, the likeliest first, with the things under each name.
    pub(super) filled: Vec<Proposed>,
}

/// A query with the names in it as they were typed.
#[derive(Debug, Clone)]
pub(super) struct Proposed {
    pub(super) query: virgil_graph::Query,
    pub(super) names: Vec<(String, Vec<EntityRef>)>,
}

/// The wording of an example that is most like a question by its words.
struct Candidate {
    example: usize,
    wording: usize,
    chosen: Vec<usize>,
    words: f32,
    standing: Standing,
    filled: Vec<Filled>,
}

/// What the guards say of a wording.
#[derive(Debug, Clone, PartialEq)]
enum Standing {
    Stands,
    /// It stands if it is near by meaning: one word of the question is new to the example.
    StandsIfNear,
    Rejected(String),
}

impl Standing {
    fn rank(&self) -> u8 {
        match self {
            Standing::Stands => 0,
            Standing::StandsIfNear => 1,
            Standing::Rejected(_) => 2,
        }
    }
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
        })
    }

    /// What the examples propose, the likeliest first; `None` if no name or noun of the question fits any, or the meaning of
    /// the question cannot be told.
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
        let mut candidates: Vec<Candidate> = (0..self.bank.examples.len())
            .filter_map(|example| self.candidate(example, typed, asker.lexicon, &mut asked))
            .collect();
        let is_out = |candidate: &Candidate| matches!(candidate.standing, Standing::Rejected(_));
        candidates.sort_by(|left, right| {
            let order = is_out(left).cmp(&is_out(right));
            order.then(right.words.total_cmp(&left.words))
        });
        candidates.truncate(MOST_COMPARED);
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
        let mut proposals: Vec<Proposal> = candidates
            .into_iter()
            .zip(vectors.chunks(2))
            .map(|(candidate, pair)| {
                let meaning = match pair {
                    [question, wording] => dot(question, wording),
                    _ => 0.0,
                };
                self.proposal(candidate, meaning, typed)
            })
            .collect();
        proposals.sort_by(|left, right| {
            match left.rejected.is_some().cmp(&right.rejected.is_some()) {
                Ordering::Equal => right.likeness.total_cmp(&left.likeness),
                unequal => unequal,
            }
        });
        Some(proposals)
    }

    /// The wording of an example that is most like a question, those first that stand.
    fn candidate(
        &self,
        number: usize,
        typed: Typed<'_>,
        lexicon: &Lexicon,
        asked: &mut BTreeMap<Vec<usize>, Asked>,
    ) -> Option<Candidate> {
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
        let mut best: Option<Candidate> = None;
        for (index, chosen, words) in alike {
            let (wording, asked) = (&example.wordings[index], &asked[&chosen]);
            let Some(filled) = filled(example, wording, typed.mentions, asked) else {
                continue;
            };
            let turned = || {
                let known = example.wordings.iter().map(|wording| &wording.turns);
                undirected(&asked.turns, known)
            };
            let standing = match guard(example, wording, asked).or_else(turned) {
                Some(why) => Standing::Rejected(why),
                None => self.known(number, asked, typed, lexicon),
            };
            let is_better = best
                .as_ref()
                .is_none_or(|best| standing.rank() < best.standing.rank());
            let stands = standing == Standing::Stands;
            if is_better {
                best = Some(Candidate {
                    example: number,
                    wording: index,
                    chosen,
                    words,
                    standing,
                    filled,
                });
            }
            if stands {
                break;
            }
        }
        best
    }

    /// Whether every word of a question is one of an example.
    fn known(&self, number: usize, asked: &Asked, typed: Typed<'_>, lexicon: &Lexicon) -> Standing {
        let is_known =
            |stem: &String| self.vocabulary[number].contains(stem) || self.general.contains(stem);
        let unknown: Vec<&String> = asked
            .content
            .iter()
            .filter(|stem| !is_known(stem))
            .collect();
        match unknown.as_slice() {
            [] => Standing::Stands,
            [one] if is_harmless(one, asked, typed, lexicon) => Standing::StandsIfNear,
            several => {
                let words: Vec<&str> = several.iter().map(|stem| stem.as_str()).collect();
                Standing::Rejected(format!("no wording has `{}`", words.join("`, `")))
            }
        }
    }

    fn proposal(&self, candidate: Candidate, meaning: f32, typed: Typed<'_>) -> Proposal {
        let example = &self.bank.examples[candidate.example];
        let likeness = f32::midpoint(candidate.words, meaning);
        let rejected = match candidate.standing {
            Standing::Rejected(why) => Some(why),
            Standing::StandsIfNear if meaning <= LEAST_MEANING => {
                Some("one word is in no wording, and it is not near by meaning".to_owned())
            }
            _ if likeness < LEAST_LIKENESS => Some("it is not alike enough".to_owned()),
            _ => None,
        };
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
            likeness,
            rejected,
            filled: candidate.filled.into_iter().map(proposed).collect(),
        }
    }
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
