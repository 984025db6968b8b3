//! Comparing a sentence with the passages that it cites.
//!
//! Four gates: every number, name and piece of code of the sentence stands in the one to three sentences of the
//! passage that come nearest, and not in the place of another; nothing is affirmed there that is denied here, or the other way; and enough of the
//! sentence's words are there, weighed by how few sentences of the passage hold them. The thresholds are those of
//! `docs/evaluation.md`, tuned on pairs of a claim and its perturbed copies.

use std::collections::{HashMap, HashSet};

use super::align::misplaces;
use super::polarity::contradicts;
use super::tokens::{Token, contains, flat_words, numbers, parts, sentences, spans, tokens};
use crate::answer::CitationState;

/// The share of a sentence's weighted words that the nearest sentences of the passage must hold.
const MATCHED_RECALL: f32 = 0.55;
/// How many sentences of a passage may support one sentence of an answer together.
const MOST_SENTENCES: usize = 3;
/// What each further sentence costs, so that a neighbour is taken in only for what it adds.
const COST_OF_A_SENTENCE: f32 = 0.2;

/// A passage as the check reads it.
#[derive(Debug, Clone, Copy)]
pub struct Cited<'a> {
    /// Title, path and headings: names that stand there need not be repeated in the sentence that supports.
    pub context: &'a str,
    /// The text.
    pub text: &'a str,
}

/// What comparing a sentence with the passages that it cites finds; citation marks like `[1]` are left out of the
/// comparison. [`CitationState::Quoted`] if a passage holds it word by word.
pub fn check_citation(sentence: &str, cited: &[Cited<'_>]) -> CitationState {
    let claim = without_marks(sentence);
    let words = flat_words(&claim);
    if words.is_empty() {
        return CitationState::NotVerified;
    }
    if cited
        .iter()
        .any(|passage| contains(&flat_words(passage.text), &words))
    {
        return CitationState::Quoted;
    }
    let claim = Claim::of(&claim);
    if cited.iter().any(|passage| claim.is_supported_by(passage)) {
        CitationState::Matched
    } else {
        CitationState::NotVerified
    }
}

/// A sentence, cut for comparison.
struct Claim {
    text: String,
    tokens: Vec<Token>,
    numbers: HashSet<String>,
    names: Vec<String>,
    spans: Vec<Vec<String>>,
    stems: Vec<String>,
}

/// A sentence of a passage.
struct Unit {
    text: String,
    stems: HashSet<String>,
}

impl Claim {
    fn of(text: &str) -> Claim {
        let tokens = tokens(text);
        let mut seen = HashSet::new();
        let stems = tokens.iter().map(|token| token.stem.clone());
        Claim {
            text: text.to_owned(),
            numbers: numbers(&tokens),
            names: tokens
                .iter()
                .filter(|token| token.is_name)
                .map(|token| token.word.clone())
                .collect(),
            spans: spans(text),
            stems: stems
                .filter(|stem| !stem.is_empty() && seen.insert(stem.clone()))
                .collect(),
            tokens,
        }
    }

    fn is_supported_by(&self, passage: &Cited<'_>) -> bool {
        let units: Vec<Unit> = sentences(passage.text)
            .into_iter()
            .map(|text| Unit {
                stems: tokens(&text).into_iter().map(|token| token.stem).collect(),
                text,
            })
            .collect();
        let context: HashSet<String> = tokens(passage.context)
            .into_iter()
            .map(|token| token.stem)
            .collect();
        let weights = self.weights(&units);
        let Some((start, end, recall)) = self.nearest(&units, &weights, &context) else {
            return false;
        };
        let texts: Vec<&str> = units[start..end]
            .iter()
            .map(|unit| unit.text.as_str())
            .collect();
        let near = texts.join("\n");
        recall >= MATCHED_RECALL
            && self.holds_in(&with_antecedent(&units, start, &near), passage.context)
            && !contradicts(&self.tokens, &tokens(&near))
            && !misplaces(&self.text, &near)
    }

    /// How much each stem counts: more, the fewer sentences of the passage hold it,
    /// ln(1 + (U + 1) / (u + 0.5)) for u of U sentences.
    fn weights(&self, units: &[Unit]) -> HashMap<&str, f32> {
        let all = units.len() as f32;
        self.stems
            .iter()
            .map(|stem| {
                let holding = units.iter().filter(|unit| has(&unit.stems, stem)).count() as f32;
                (stem.as_str(), (1.0 + (all + 1.0) / (holding + 0.5)).ln())
            })
            .collect()
    }

    /// The run of sentences that holds most of the claim, and the share that it holds.
    fn nearest(
        &self,
        units: &[Unit],
        weights: &HashMap<&str, f32>,
        context: &HashSet<String>,
    ) -> Option<(usize, usize, f32)> {
        let total: f32 = weights.values().sum();
        let mut best: Option<(f32, usize, usize, f32)> = None;
        for start in 0..units.len() {
            for length in 1..=MOST_SENTENCES.min(units.len() - start) {
                let run = &units[start..start + length];
                let held: f32 = self
                    .stems
                    .iter()
                    .filter(|stem| run.iter().any(|unit| has(&unit.stems, stem)))
                    .map(|stem| weights[stem.as_str()])
                    .sum();
                let from_context: f32 = self
                    .stems
                    .iter()
                    .filter(|stem| {
                        has(context, stem) && !run.iter().any(|unit| has(&unit.stems, stem))
                    })
                    .map(|stem| weights[stem.as_str()] / 2.0)
                    .sum();
                let recall = if total > 0.0 {
                    (held + from_context) / total
                } else {
                    0.0
                };
                let score = recall - COST_OF_A_SENTENCE * (length - 1) as f32;
                if best.is_none_or(|(known, ..)| score > known) {
                    best = Some((score, start, start + length, recall));
                }
            }
        }
        best.map(|(_, start, end, recall)| (start, end, recall))
    }

    /// Whether every number, name and piece of code stands in the sentences; names may stand in the context too.
    fn holds_in(&self, near: &str, context: &str) -> bool {
        let known_numbers = numbers(&tokens(near));
        let known_words = flat_words(near);
        let known_parts = parts(near);
        let context_parts = parts(context);
        let is_known = |word: &String| {
            let plain = word.trim_end_matches("'s");
            known_parts.contains(plain)
                || context_parts.contains(plain)
                || known_parts.contains(plain.trim_end_matches('s'))
                || known_words.iter().any(|known| known == plain)
        };
        self.numbers
            .iter()
            .all(|number| known_numbers.contains(number) || known_words.contains(number))
            && self
                .names
                .iter()
                .all(|name| number_like(name) || is_known(name))
            && self.spans.iter().all(|span| contains(&known_words, span))
    }
}

fn number_like(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The sentences, with the one before them if they speak of what it names: `this method`, `it`, `they`.
fn with_antecedent(units: &[Unit], start: usize, near: &str) -> String {
    const REFERRING: [&str; 9] = [
        "this", "it", "its", "these", "they", "their", "those", "that", "such",
    ];
    let refers = tokens(near)
        .iter()
        .any(|token| REFERRING.contains(&token.word.as_str()))
        || near.trim_start().starts_with("The ");
    match start.checked_sub(1) {
        Some(before) if refers => format!("{}\n{near}", units[before].text),
        _ => near.to_owned(),
    }
}

/// Whether the stem, or one of the same root, is among them: two words of at least six letters that agree in their
/// first five and in most of the shorter one.
fn has(stems: &HashSet<String>, stem: &str) -> bool {
    if stems.contains(stem) {
        return true;
    }
    if stem.len() < 6 || !stem.is_ascii() {
        return false;
    }
    stems.iter().any(|known| {
        let common = known
            .bytes()
            .zip(stem.bytes())
            .take_while(|(a, b)| a == b)
            .count();
        known.len() >= 6 && common >= 5 && common * 10 >= known.len().min(stem.len()) * 8
    })
}

/// The sentence without its citation marks.
fn without_marks(sentence: &str) -> String {
    let mut claim = String::with_capacity(sentence.len());
    let mut rest = sentence;
    while let Some(open) = rest.find('[') {
        claim.push_str(&rest[..open]);
        match rest[open..].find(']') {
            Some(close) if !super::numbers(&rest[open..=open + close]).is_empty() => {
                rest = &rest[open + close + 1..];
            }
            _ => {
                claim.push('[');
                rest = &rest[open + 1..];
            }
        }
    }
    claim.push_str(rest);
    claim
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_tells_agreement_from_invention() {
        let text = "The fraud-detector model is retrained every 7 days by the risk team.";
        let verdict = |sentence: &str| check_citation(sentence, &[Cited { context: "", text }]);
        assert_eq!(
            verdict("The fraud-detector model is retrained every 7 days [1]."),
            CitationState::Quoted
        );
        assert_eq!(
            verdict("The risk team retrains the fraud-detector model every 7 days [1]."),
            CitationState::Matched
        );
        for wrong in [
            "The risk team retrains fraud-detector every 9 days [1].",
            "The risk team does not retrain the fraud-detector model every 7 days [1].",
            "The growth team retrains `churn-predictor` every 7 days [1].",
            "It is written in COBOL by strangers [1].",
        ] {
            assert_eq!(verdict(wrong), CitationState::NotVerified, "{wrong}");
        }
        assert_eq!(
            check_citation("Anything [1].", &[]),
            CitationState::NotVerified
        );
        assert_eq!(verdict("[1]"), CitationState::NotVerified);
    }

    #[test]
    fn a_number_of_another_sentence_does_not_support() {
        let text =
            "The job runs every 7 days. It is stopped after 30 minutes. A report goes to the team.";
        let verdict = |sentence: &str| check_citation(sentence, &[Cited { context: "", text }]);
        assert_eq!(
            verdict("Every 7 days the job runs."),
            CitationState::Matched
        );
        assert_eq!(
            verdict("Every 30 days the job runs."),
            CitationState::NotVerified
        );
    }

    #[test]
    fn a_name_may_stand_in_the_heading() {
        let cited = Cited {
            context: "docs/katib.md > Katib",
            text: "It keeps metrics in a database of its own.",
        };
        assert_eq!(
            check_citation(
                "A database of its own keeps the metrics of Katib.",
                &[cited]
            ),
            CitationState::Matched
        );
        assert_eq!(
            check_citation(
                "A database of its own keeps the metrics of Feast.",
                &[cited]
            ),
            CitationState::NotVerified
        );
    }
}
