//! How likely each answer is the one that is asked for.
//!
//! Chart, pieces and examples propose queries; those that come to the same are one answer. A multinomial logit chooses between the
//! answers and none at all: `p(answer) = Σ exp(w·x) / (1 + Σ exp(w·y))`, `x` the signals of each way in which the answer is
//! proposed, `y` those of all proposals. So ways that agree speak for each other, and an answer is only likely where no other is.
//! The weights are data (`weights.yaml`).

use std::collections::BTreeMap;

use serde::Deserialize;

const BUILT_IN: &str = include_str!("weights.yaml");

/// What speaks for a proposal or against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Signal {
    /// Of every proposal.
    Constant,
    /// The likeliest reading of the chart comes to this answer.
    Chart,
    /// What that reading costs, at most 1.5.
    ChartCost,
    /// How many words mean nothing to the chart, at most 3.
    ChartUnused,
    /// The chart alone would give this answer.
    ChartSettled,
    /// The likeliest reading by pieces comes to this answer.
    Pieces,
    /// What that reading costs, at most 1.5.
    PiecesCost,
    /// The pieces alone would give this answer.
    PiecesSettled,
    /// No example proposes this answer.
    NoExample,
    /// How alike the nearest example is, which proposes another answer, where none proposes this one.
    OtherExample,
    /// An example proposes what a reading comes to.
    ExampleAndReading,
    /// How alike question and wording are by their words.
    Words,
    /// How near they are by meaning.
    Meaning,
    /// What share of what is asked is in the wording.
    AskedInWording,
    /// What share of the wording is in what is asked.
    WordingInAsked,
    /// What share of the whole question is in any wording of the example.
    Known,
    /// What share of what most wordings of the example say is in the whole question.
    Marks,
    /// How many words of the whole question no wording of the example has, at most 6.
    Strange,
    /// How many words of what is asked no wording has and can only be rhythm, at most 3.
    Harmless,
    /// How many no wording has and that may mean something, at most 3.
    Harmful,
    /// How many words that most wordings say, and this one, the question lacks, at most 2.
    Lacking,
    /// How many values of attributes are named that the wording has no place for, at most 3.
    Values,
    /// How many nouns for kinds the question has that no wording asks with, at most 3.
    Nouns,
    /// The example relates its words the other way round.
    Turned,
    /// The names stand the other way round.
    Crossed,
    /// Only the question denies something; only the wording does; most wordings differ in it. So for each class of hard words.
    DenialAsked,
    DenialSaid,
    DenialUnusual,
    CountAsked,
    CountSaid,
    CountUnusual,
    ExtremeAsked,
    ExtremeSaid,
    ExtremeUnusual,
    ComparisonAsked,
    ComparisonSaid,
    ComparisonUnusual,
    ReachAsked,
    ReachSaid,
    ReachUnusual,
    TimeAsked,
    TimeSaid,
    TimeUnusual,
    OtherAsked,
    OtherSaid,
    OtherUnusual,
    /// The answer holds nothing, though the question takes for granted that there is something.
    Empty,
}

/// The signals of one way in which an answer is proposed.
pub(super) type Signals = Vec<(Signal, f32)>;

/// What each signal weighs, and how likely an answer has to be.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Weights {
    weights: BTreeMap<Signal, f32>,
    /// The least probability at which an answer is given, from 0 to 1.
    pub(super) least: f32,
}

impl Weights {
    /// The weights that the program comes with.
    pub(super) fn built_in() -> Weights {
        serde_saphyr::from_str(BUILT_IN).expect("the file that is compiled in is whole")
    }

    /// How likely each answer is, from 0 to 1, given the ways in which it is proposed.
    pub(super) fn probabilities(&self, answers: &[Vec<Signals>]) -> Vec<f32> {
        let score = |signals: &Signals| -> f32 {
            let weighed = signals.iter().map(|(signal, value)| {
                self.weights.get(signal).copied().unwrap_or_default() * value
            });
            weighed.sum()
        };
        let odds: Vec<f64> = answers
            .iter()
            .map(|ways| ways.iter().map(|way| f64::from(score(way)).exp()).sum())
            .collect();
        let all = 1.0 + odds.iter().sum::<f64>();
        odds.into_iter().map(|odds| (odds / all) as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_that_agree_speak_for_each_other_and_answers_compete() {
        let weights = Weights {
            weights: [(Signal::Words, 3.0), (Signal::Constant, -1.0)].into(),
            least: 0.5,
        };
        let way = |words: f32| vec![(Signal::Constant, 1.0), (Signal::Words, words)];
        let alone = weights.probabilities(&[vec![way(1.0)]])[0];
        let agreeing = weights.probabilities(&[vec![way(1.0), way(0.8)]])[0];
        let beside = weights.probabilities(&[vec![way(1.0)], vec![way(0.9)]])[0];
        assert!(
            agreeing > alone && alone > beside,
            "{agreeing} {alone} {beside}"
        );
        assert_eq!(weights.probabilities(&[]), Vec::<f32>::new());
    }

    #[test]
    fn differences_never_speak_for_a_wording() {
        let weights = Weights::built_in();
        assert!(weights.least >= 0.5 && weights.least < 1.0);
        for (signal, weight) in &weights.weights {
            let name = format!("{signal:?}");
            let is_difference = ["Asked", "Said", "Unusual"]
                .iter()
                .any(|end| name.ends_with(end) && !name.contains("In"))
                || [
                    "Turned", "Crossed", "Lacking", "Strange", "Harmful", "Nouns", "Empty",
                ]
                .contains(&&*name);
            assert!(!is_difference || *weight <= 0.0, "{name}: {weight}");
        }
    }
}
