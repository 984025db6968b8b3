//! The second stage of a search: the candidates ranked by what their texts hold of the question.
//!
//! Fusion knows two numbers of a passage. Here its text, outline, path and neighbours are looked at: how much of the
//! question it covers, whether its headings and its path speak of it, whether it defines what the question names. The parts and
//! their weights are data (`ranking.yaml`); each runs from 0 to 1. Configuration is weighed like prose: its words are few and
//! say what it is about, as those of code do not.

use std::collections::HashMap;

use serde::Deserialize;
use virgil_index::{Found, TermFinder, TermSet};
use virgil_model::{AssetId, Content, words};
use virgil_store::Passage;

use crate::asked::{asks_for_now, form_of_answer, leave_out, names, sentences};
use crate::defines::AskedNames;
use crate::explains::asks_for_explanation;
use crate::fuse::Fused;
use crate::outdated::is_outdated;

const BUILT_IN: &str = include_str!("ranking.yaml");

/// How many terms a passage needs for its whole share of `length`.
const FULL_LENGTH: f32 = 150.0;

/// What the parts of a score count.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ranking {
    code: CodeWeights,
    prose: ProseWeights,
    code_offset: f32,
    explanation: f32,
    outdated: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeWeights {
    dense: f32,
    sparse: f32,
    document: f32,
    coverage: f32,
    pairs: f32,
    names: f32,
    defines: f32,
    length: f32,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProseWeights {
    dense: f32,
    sparse: f32,
    document: f32,
    coverage: f32,
    pairs: f32,
    headings: f32,
    path: f32,
}

/// In how many of the best passages the form of an answer is looked for.
const LOOKED_FOR_FORM: usize = 5;
/// The share of the question that a sentence must hold to speak of what is asked.
const SPEAKS_OF_IT: f32 = 0.25;

/// A word of the question is missing if none of so many first passages holds it.
const LOOKED_FOR_WORDS: usize = 5;

/// What the candidates say of whether there is an answer among them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Signals {
    /// The cosine similarity of the nearest.
    pub(crate) nearest: f32,
    /// The share of the question's pairs of terms that the best one holds.
    pub(crate) pairs: f32,
    /// Names in the question that none holds.
    pub(crate) unseen: Vec<String>,
    /// Words in the question that none of the best holds.
    pub(crate) missing: Vec<String>,
    /// The question without them.
    pub(crate) rest: String,
    /// Whether the question asks for something of a recognisable form that the best have nowhere where they speak of it.
    pub(crate) lacking: bool,
    /// Whether what is asked for changes by the hour.
    pub(crate) now: bool,
    /// Whether the best is data or configuration that holds but one term of several.
    pub(crate) alone: bool,
}

/// Candidates in order, with what they say together.
#[derive(Debug, Default)]
pub(crate) struct Ranked {
    /// The best first.
    pub(crate) candidates: Vec<(Fused, Passage)>,
    /// Whether they answer.
    pub(crate) signals: Signals,
}

/// What the parts of a passage hold of the question.
struct Held {
    body: Found,
    headings: TermSet,
    path: TermSet,
}

impl Held {
    fn all(&self) -> TermSet {
        self.body.terms.union(self.headings).union(self.path)
    }
}

/// How rare each of the question's terms is among the candidates: the smoothed inverse document frequency
/// ln(1 + (N - n + 0.5) / (n + 0.5)).
struct Rarity(Vec<f32>);

impl Rarity {
    fn among(held: &[Held], terms: usize) -> Rarity {
        let count = held.len() as f32;
        let weigh = |term| {
            let holders = held.iter().filter(|held| held.all().holds(term)).count() as f32;
            (1.0 + (count - holders + 0.5) / (holders + 0.5)).ln()
        };
        Rarity((0..terms).map(weigh).collect())
    }

    /// The weight of `terms` as a share of all.
    fn share(&self, terms: TermSet) -> f32 {
        let all: f32 = self.0.iter().sum();
        if all <= 0.0 {
            return 0.0;
        }
        let held = self.0.iter().enumerate();
        held.filter(|(term, _)| terms.holds(*term))
            .map(|(_, weight)| weight)
            .sum::<f32>()
            / all
    }
}

impl Ranking {
    /// The weights that the program comes with.
    pub(crate) fn built_in() -> Ranking {
        serde_saphyr::from_str(BUILT_IN).expect("the file that is compiled in is whole")
    }

    /// Scores `candidates` for `question`, best first; equal scores in the order in which they came.
    pub(crate) fn rank(&self, question: &str, candidates: Vec<(Fused, Passage)>) -> Ranked {
        let finder = TermFinder::new(question);
        let asked_names = AskedNames::of(question);
        let explained = asks_for_explanation(question);
        let held: Vec<Held> = candidates
            .iter()
            .map(|(_, passage)| hold(&finder, passage))
            .collect();
        let rarity = Rarity::among(&held, finder.terms().len());
        let by_place: HashMap<(AssetId, u32), TermSet> = candidates
            .iter()
            .zip(&held)
            .map(|((_, passage), held)| ((passage.asset, passage.ordinal), held.body.terms))
            .collect();
        let nearest = candidates
            .iter()
            .filter_map(|(fused, _)| fused.dense)
            .fold(0.0_f32, f32::max);
        let unseen = unseen(&finder, question, &candidates, &held);
        let mut scored: Vec<(Fused, Passage)> = candidates
            .into_iter()
            .zip(&held)
            .map(|((fused, passage), held)| {
                let around = [
                    passage.ordinal.checked_sub(1),
                    passage.ordinal.checked_add(1),
                ];
                let covered = around
                    .into_iter()
                    .flatten()
                    .filter_map(|ordinal| by_place.get(&(passage.asset, ordinal)))
                    .fold(held.all(), |all, terms| all.union(*terms));
                let text = TextParts {
                    coverage: rarity.share(covered),
                    pairs: held.body.pairs as f32 / finder.pairs().max(1) as f32,
                    headings: rarity.share(held.headings),
                    path: rarity.share(held.path),
                    names: rarity.share(held.path.union(held.headings)),
                    length: ((1.0 + held.body.length as f32).ln() / (1.0 + FULL_LENGTH).ln())
                        .min(1.0),
                };
                let mut score = match passage.content {
                    Content::Prose | Content::Config => self.prose.score(&fused, &text),
                    Content::Code | Content::Notebook => {
                        let defines = asked_names.are_defined_in(&passage.text);
                        self.code.score(&fused, &text, defines) - self.code_offset
                    }
                };
                if explained {
                    score *= 1.0 - self.explanation;
                    if passage.content == Content::Prose {
                        score += self.explanation;
                    }
                }
                if is_outdated(&passage.evidence.path, question) {
                    score -= self.outdated;
                }
                (Fused { score, ..fused }, passage)
            })
            .collect();
        scored.sort_by(|(one, _), (other, _)| other.score.total_cmp(&one.score));
        let best = scored.first().map(|(_, passage)| passage);
        let (missing, rest) = missing(&finder, question, &scored);
        let signals = Signals {
            nearest,
            pairs: best.map_or(0.0, |passage| {
                finder.find(&passage.text).pairs as f32 / finder.pairs().max(1) as f32
            }),
            unseen,
            missing,
            rest,
            lacking: is_lacking(&finder, &rarity, question, &scored),
            now: asks_for_now(question),
            alone: best.is_some_and(|passage| {
                passage.content == Content::Config
                    && finder.terms().len() > 1
                    && hold(&finder, passage).all().len() <= 1
            }),
        };
        Ranked {
            candidates: scored,
            signals,
        }
    }
}

/// The names in `question` that no candidate holds: not all terms of the name, or, if it has several, not one after the other.
fn unseen(
    finder: &TermFinder,
    question: &str,
    candidates: &[(Fused, Passage)],
    held: &[Held],
) -> Vec<String> {
    names(question)
        .into_iter()
        .filter(|name| {
            let terms = finder.find(name);
            if terms.terms.is_empty() {
                return false;
            }
            let phrase = (terms.length > 1).then(|| spaced(name));
            !candidates.iter().zip(held).any(|((_, passage), held)| {
                held.all().holds_all(terms.terms)
                    && phrase
                        .as_ref()
                        .is_none_or(|phrase| whole(passage).contains(phrase.as_str()))
            })
        })
        .map(str::to_owned)
        .collect()
}

/// The words of `question` that no part of the best candidates holds, and the question without them.
fn missing(
    finder: &TermFinder,
    question: &str,
    ranked: &[(Fused, Passage)],
) -> (Vec<String>, String) {
    let held = ranked
        .iter()
        .take(LOOKED_FOR_WORDS)
        .map(|(_, passage)| hold(finder, passage).all())
        .fold(TermSet::default(), TermSet::union);
    leave_out(question, |word| {
        let terms = finder.find(word).terms;
        !terms.is_empty() && !terms.meets(held)
    })
}

/// Path, outline and text of a passage, as [`spaced`] has them.
fn whole(passage: &Passage) -> String {
    let outline = passage.breadcrumb.join(" ");
    let path = &passage.evidence.path;
    spaced(&format!("{path} {outline} {}", passage.text))
}

/// The lowercase words of `text`, each after a space.
fn spaced(text: &str) -> String {
    words(text)
        .flat_map(|word| word.split('_'))
        .filter(|word| !word.is_empty())
        .fold(String::new(), |spaced, word| {
            spaced + " " + &word.to_lowercase()
        })
}

/// Whether `question` asks for something of a recognisable form, and the best candidates have nothing of that form in a sentence that
/// speaks of what is asked.
fn is_lacking(
    finder: &TermFinder,
    rarity: &Rarity,
    question: &str,
    ranked: &[(Fused, Passage)],
) -> bool {
    let Some(form) = form_of_answer(question) else {
        return false;
    };
    !ranked.iter().take(LOOKED_FOR_FORM).any(|(_, passage)| {
        let headings = headings(finder, passage);
        sentences(&passage.text).into_iter().any(|sentence| {
            form.is_match(sentence)
                && rarity.share(finder.find(sentence).terms.union(headings)) >= SPEAKS_OF_IT
        })
    })
}

/// What a passage's text says of the question.
struct TextParts {
    coverage: f32,
    pairs: f32,
    headings: f32,
    path: f32,
    names: f32,
    length: f32,
}

impl ProseWeights {
    fn score(&self, fused: &Fused, text: &TextParts) -> f32 {
        self.dense * fused.shares.dense
            + self.sparse * fused.shares.sparse
            + self.document * fused.shares.document
            + self.coverage * text.coverage
            + self.pairs * text.pairs
            + self.headings * text.headings
            + self.path * text.path
    }
}

impl CodeWeights {
    fn score(&self, fused: &Fused, text: &TextParts, defines: bool) -> f32 {
        self.dense * fused.shares.dense
            + self.sparse * fused.shares.sparse
            + self.document * fused.shares.document
            + self.coverage * text.coverage
            + self.pairs * text.pairs
            + self.names * text.names
            + self.length * text.length
            + if defines { self.defines } else { 0.0 }
    }
}

fn headings(finder: &TermFinder, passage: &Passage) -> TermSet {
    passage
        .breadcrumb
        .iter()
        .map(|heading| finder.find(heading).terms)
        .fold(TermSet::default(), TermSet::union)
}

fn hold(finder: &TermFinder, passage: &Passage) -> Held {
    let evidence = &passage.evidence;
    Held {
        body: finder.find(&passage.text),
        headings: headings(finder, passage),
        path: finder
            .find(&evidence.path)
            .terms
            .union(finder.find(&evidence.source).terms),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use virgil_model::{Evidence, LabelId, LineSpan, PointId};

    use super::*;
    use crate::fuse::Shares;

    fn candidate(
        number: u128,
        path: &str,
        content: Content,
        headings: &[&str],
        text: &str,
    ) -> (Fused, Passage) {
        let fused = Fused {
            point: PointId(Uuid::from_u128(number)),
            score: 0.5,
            dense: Some(0.5),
            sparse: Some(5.0),
            shares: Shares {
                dense: 0.5,
                sparse: 0.5,
                document: 0.5,
            },
        };
        let passage = Passage {
            point: fused.point,
            asset: AssetId(number as i64),
            ordinal: 0,
            evidence: Evidence {
                source: "platform".into(),
                path: path.into(),
                commit: None,
                lines: LineSpan::new(1, 1),
                url: None,
            },
            title: path.into(),
            content,
            breadcrumb: headings.iter().map(|&heading| heading.to_owned()).collect(),
            text: text.into(),
            label: LabelId(1),
        };
        (fused, passage)
    }

    fn best(question: &str, candidates: Vec<(Fused, Passage)>) -> String {
        let ranked = Ranking::built_in().rank(question, candidates);
        ranked.candidates[0].1.evidence.path.clone()
    }

    #[test]
    fn the_weights_of_each_kind_add_up_to_one() {
        let Ranking {
            code: c, prose: p, ..
        } = Ranking::built_in();
        let code =
            c.dense + c.sparse + c.document + c.coverage + c.pairs + c.names + c.defines + c.length;
        let prose = p.dense + p.sparse + p.document + p.coverage + p.pairs + p.headings + p.path;
        assert!(
            (code - 1.0).abs() < 1e-4 && (prose - 1.0).abs() < 1e-4,
            "{code} {prose}"
        );
    }

    #[test]
    fn headings_and_coverage_decide_between_equals() {
        let about =
            |path, headings: &[&str], text| candidate(1, path, Content::Prose, headings, text);
        let asked = "How do I rotate the signing key?";
        let by_heading = vec![
            about("a.md", &["Keys"], "Signing keys are rotated."),
            about(
                "b.md",
                &["Rotate the signing key"],
                "Signing keys are rotated.",
            ),
        ];
        assert_eq!(best(asked, by_heading), "b.md");
        let by_coverage = vec![
            about("a.md", &[], "A key opens a door."),
            about("b.md", &[], "The signing key is rotated each month."),
        ];
        assert_eq!(best(asked, by_coverage), "b.md");
    }

    #[test]
    fn the_definition_of_a_name_comes_first_in_code() {
        let candidates = vec![
            candidate(
                1,
                "a.py",
                Content::Code,
                &[],
                "load_orders(connection, day)",
            ),
            candidate(
                2,
                "b.py",
                Content::Code,
                &[],
                "def load_orders(connection, day):",
            ),
        ];
        assert_eq!(best("What does load_orders do?", candidates), "b.py");
    }

    #[test]
    fn prose_explains_and_configuration_states() {
        let candidates = || {
            vec![
                candidate(
                    1,
                    "values.yaml",
                    Content::Config,
                    &["app"],
                    "app: run on port 3000",
                ),
                candidate(
                    2,
                    "README.md",
                    Content::Prose,
                    &["Getting started"],
                    "Run the app with `yarn start`.",
                ),
            ]
        };
        assert_eq!(best("How do I run the app?", candidates()), "README.md");
        assert_eq!(
            best("On which port does the app run?", candidates()),
            "values.yaml"
        );
    }

    #[test]
    fn words_are_missing_that_no_part_of_the_best_holds() {
        let about = |number, headings: &[&str], text| {
            let path = "guide/dashboard.md";
            candidate(number, path, Content::Prose, headings, text)
        };
        let missing = |question| {
            let candidates = vec![
                about(1, &["Switching"], "The banner is blue."),
                about(2, &[], "Links are customised in a ConfigMap."),
            ];
            let signals = Ranking::built_in().rank(question, candidates).signals;
            (signals.missing, signals.rest)
        };
        let (words, rest) = missing("How do I switch the dashboard's banner to dark mode?");
        assert_eq!(words, ["dark", "mode"]);
        assert_eq!(rest, "How do I switch the dashboard's banner to ?");
        let (words, rest) = missing("Where do I customise links?");
        assert_eq!(
            (words.len(), rest.as_str()),
            (0, "Where do I customise links?")
        );
    }

    #[test]
    fn one_word_in_a_data_file_stands_alone() {
        let alone = |question, content| {
            let text = "iso2,name\nSI,Slovenia\nSK,Slovakia";
            let candidates = vec![candidate(1, "seeds/countries.csv", content, &[], text)];
            let ranked = Ranking::built_in().rank(question, candidates);
            ranked.signals.alone
        };
        assert!(alone("What is the capital of Slovenia?", Content::Config));
        assert!(!alone("What is the capital of Slovenia?", Content::Prose));
        assert!(!alone("Which seeds know Slovenia?", Content::Config));
        assert!(!alone("Slovenia?", Content::Config));
    }

    #[test]
    fn what_is_outdated_waits_until_it_is_named() {
        let candidates = || {
            vec![
                candidate(
                    1,
                    "docs/legacy-v1/install.md",
                    Content::Prose,
                    &["Install"],
                    "Install it.",
                ),
                candidate(
                    2,
                    "docs/guide/install.md",
                    Content::Prose,
                    &["Install"],
                    "Install it.",
                ),
            ]
        };
        assert_eq!(
            best("How do I install it?", candidates()),
            "docs/guide/install.md"
        );
        assert_eq!(
            best("How do I install the legacy version?", candidates()),
            "docs/legacy-v1/install.md"
        );
    }

    #[test]
    fn a_question_without_terms_keeps_the_order() {
        let candidates = vec![
            candidate(1, "a.md", Content::Prose, &[], "one"),
            candidate(2, "b.md", Content::Prose, &[], "two"),
        ];
        let ranked = Ranking::built_in().rank("what is it?", candidates);
        assert_eq!(ranked.candidates[0].1.evidence.path, "a.md");
        assert!(
            ranked
                .candidates
                .iter()
                .all(|(fused, _)| fused.score.is_finite())
        );
        assert!(
            Ranking::built_in()
                .rank("what?", Vec::new())
                .candidates
                .is_empty()
        );
    }

    #[test]
    fn signals_tell_what_is_missing() {
        let signals = |question: &str, text: &str| {
            let candidates = vec![candidate(1, "a.md", Content::Prose, &[], text)];
            Ranking::built_in().rank(question, candidates).signals
        };
        let asked = "What does a GPU notebook cost?";
        assert!(signals(asked, "A GPU notebook needs a quota.").lacking);
        assert!(!signals(asked, "A GPU notebook costs 3 EUR an hour.").lacking);
        // The amount stands in a sentence about something else.
        assert!(signals(asked, "A GPU notebook needs a quota. Lunch is 3 EUR.").lacking);
        let asked = "Is there a Julia kernel?";
        assert_eq!(
            signals(asked, "There is a Python kernel.").unseen,
            ["Julia"]
        );
        assert!(signals(asked, "There is a Julia kernel.").unseen.is_empty());
        let asked = "Which models run in prod-us?";
        assert_eq!(
            signals(asked, "Models of prod-eu; tell us.").unseen,
            ["prod-us"]
        );
        assert!(signals(asked, "Models run in prod-us.").unseen.is_empty());
        assert!(signals("How many runs failed yesterday?", "3 runs").now);
        assert_eq!(signals(asked, "anything").nearest, 0.5);
    }
}
