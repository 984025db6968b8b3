//! Whether the passages are likely to answer the question.
//!
//! A question may be close to passages that do not answer it. What tells: how good the best passage is and how far ahead of the tenth,
//! how near the nearest is by meaning, whether words stand together as in the question, whether the first passages are of one document or
//! of many, whether every name of the question is there, whether what is asked for - an amount, a date - is where the passages speak of
//! it, and whether the question turns to something that they do not treat (`counterfactual.rs`). A logistic model weighs them; its
//! weights are data (`abstention.yaml`).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::counterfactual::Counterfactual;
use crate::rank::Signals;
use crate::retrieve::ScoredPassage;

const BUILT_IN: &str = include_str!("abstention.yaml");

/// The weights of the signals, and the least probability of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Judge {
    constant: f32,
    score: f32,
    margin: f32,
    cosine: f32,
    pairs: f32,
    spread: f32,
    turn: f32,
    unseen: f32,
    lacking: f32,
    now: f32,
    alone: f32,
    least: f32,
    far: f32,
}

/// How likely the passages answer the question, and what that was taken from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// The probability that they do, from 0 to 1.
    pub probability: f32,
    /// Below it Virgil abstains.
    pub least: f32,
    /// The score of the best passage.
    pub score: f32,
    /// By how much it is better than the tenth.
    pub margin: f32,
    /// The cosine similarity of the nearest passage.
    pub cosine: f32,
    /// The share of neighbouring terms of the question that are neighbours in the best passage.
    pub pairs: f32,
    /// In how many documents the first five passages stand, as a share of five.
    pub spread: f32,
    /// The words of the question that the first passages lack.
    pub missing: Vec<String>,
    /// By how much the nearest passage is nearer to the question without them.
    pub nearer: f32,
    /// How far the question moves without them.
    pub apart: f32,
    /// The names of the question that nothing holds.
    pub unseen: Vec<String>,
    /// Whether something of a recognisable form is asked for (an amount, a date) and not there.
    pub lacking: bool,
    /// Whether what is asked for changes by the hour.
    pub now: bool,
    /// Whether the best passage is data or configuration that has but one word in common with the question.
    pub alone: bool,
}

/// The documents of how many first passages are counted.
const SPREAD_OVER: usize = 5;

impl Judgement {
    /// Whether the passages are too weak to answer from.
    pub fn is_weak(&self) -> bool {
        self.probability < self.least
    }
}

impl Judge {
    /// The weights that the program comes with.
    pub(crate) fn built_in() -> Judge {
        serde_saphyr::from_str(BUILT_IN).expect("the file that is compiled in is whole")
    }

    /// Judges `passages`, which are the best first.
    pub(crate) fn judge(
        &self,
        passages: &[ScoredPassage],
        signals: Signals,
        counterfactual: Counterfactual,
    ) -> Judgement {
        let best = passages.first().map_or(0.0, |scored| scored.score);
        let tenth = passages.get(9).or(passages.last());
        let margin = best - tenth.map_or(0.0, |scored| scored.score);
        let nearest = signals.nearest;
        let documents: BTreeSet<_> = passages
            .iter()
            .take(SPREAD_OVER)
            .map(|scored| scored.passage.asset)
            .collect();
        let spread = documents.len() as f32 / SPREAD_OVER as f32;
        let flag = |flag: bool| if flag { 1.0 } else { 0.0 };
        let logit = self.constant
            + self.score * best
            + self.margin * margin
            + self.cosine * nearest
            + self.pairs * signals.pairs
            + self.spread * spread
            + self.turn * counterfactual.turn()
            + self.unseen * flag(!signals.unseen.is_empty())
            + self.lacking * flag(signals.lacking)
            + self.now * flag(signals.now)
            + self.alone * flag(signals.alone);
        let probability = if passages.is_empty() || nearest < self.far {
            0.0
        } else {
            1.0 / (1.0 + (-logit).exp())
        };
        Judgement {
            probability,
            least: self.least,
            score: best,
            margin,
            cosine: nearest,
            pairs: signals.pairs,
            spread,
            missing: signals.missing,
            nearer: counterfactual.nearer,
            apart: counterfactual.apart,
            unseen: signals.unseen,
            lacking: signals.lacking,
            now: signals.now,
            alone: signals.alone,
        }
    }
}

#[cfg(test)]
mod tests {
    use virgil_model::{AssetId, Evidence, LineSpan};

    use super::*;
    use crate::rows::stated_passage;

    fn passages(scores: &[f32]) -> Vec<ScoredPassage> {
        let place = Evidence {
            source: "s".into(),
            path: "p".into(),
            commit: None,
            lines: LineSpan::new(1, 1),
            url: None,
        };
        scores
            .iter()
            .map(|&score| ScoredPassage {
                score,
                ..stated_passage("text".into(), AssetId(1), place.clone())
            })
            .collect()
    }

    fn good() -> Signals {
        Signals {
            nearest: 0.6,
            pairs: 0.5,
            ..Signals::default()
        }
    }

    #[test]
    fn good_passages_answer_and_each_lack_counts_against_them() {
        let judge = Judge::built_in();
        let found = passages(&[0.7, 0.4]);
        let sound = judge.judge(&found, good(), Counterfactual::default());
        assert!(!sound.is_weak(), "{sound:?}");
        assert!((sound.margin - 0.3).abs() < 1e-6);
        let lacks = [
            Signals {
                unseen: vec!["Julia".into()],
                ..good()
            },
            Signals {
                lacking: true,
                ..good()
            },
            Signals {
                now: true,
                ..good()
            },
            Signals {
                alone: true,
                ..good()
            },
            Signals {
                nearest: 0.3,
                ..good()
            },
        ];
        for lack in lacks {
            let judged = judge.judge(&found, lack, Counterfactual::default());
            assert!(judged.probability < sound.probability, "{judged:?}");
        }
        let without = |nearer, apart| judge.judge(&found, good(), Counterfactual { nearer, apart });
        let turned = without(0.05, 0.1).probability;
        assert!(turned < sound.probability);
        assert!(without(0.05, 0.3).probability < turned);
        assert!(without(0.1, 0.1).probability < turned);
        // Other words for what stands there.
        assert_eq!(without(-0.05, 0.3).probability, sound.probability);
        let one_document = judge.judge(&passages(&[0.7; 5]), good(), Counterfactual::default());
        let mut many = passages(&[0.7; 5]);
        for (number, scored) in (0..).zip(&mut many) {
            scored.passage.asset = AssetId(number);
        }
        let many_documents = judge.judge(&many, good(), Counterfactual::default());
        assert!(many_documents.probability < one_document.probability);
        let far = Signals {
            nearest: 0.15,
            ..good()
        };
        assert_eq!(
            judge
                .judge(&passages(&[1.0, 0.0]), far, Counterfactual::default())
                .probability,
            0.0
        );
    }

    #[test]
    fn nothing_found_is_weak() {
        let judged = Judge::built_in().judge(&[], good(), Counterfactual::default());
        assert!(judged.is_weak());
        assert_eq!(judged.probability, 0.0);
    }
}
