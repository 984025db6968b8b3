//! What is measured of one question, each from 0 (worst) to 1 (best).
//!
//! Places are what is relevant, not passages: two passages that hold one place are no better than one. With `R` places, of which
//! the first passage that holds place `j` has the rank `r_j`:
//!
//! ```text
//! recall@k  = |{j : r_j <= k}| / R
//! success@k = 1 if any r_j <= k, else 0       where several places say the same, one of them is enough
//! MRR       = the mean over questions of 1 / min r_j
//! nDCG@10   = min(1, sum over r_j <= 10 of 1 / log2(1 + r_j)  /  sum over i from 1 to min(R, 10) of 1 / log2(1 + i))
//! ```
//!
//! MRR is that of Voorhees, "The TREC-8 Question Answering Track Report", 1999. nDCG is that of Järvelin and Kekäläinen, "Cumulated
//! gain-based evaluation of IR techniques", ACM TOIS 20(4), 2002, with binary relevance and in the form of `trec_eval`; it is cut at
//! 1, because a passage may hold several places.

use serde::{Deserialize, Serialize};

use crate::run::{Asked, Item, Outcome};

/// How many passages nDCG looks at.
const NDCG_AT: u32 = 10;

/// A measure of one question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// The share of the places among the first five passages.
    RecallAt5,
    /// Among the first ten.
    RecallAt10,
    /// Whether one place is among the first five.
    SuccessAt5,
    /// One divided by the rank of the first passage that holds a place.
    ReciprocalRank,
    /// Normalised discounted cumulative gain of the first ten.
    NdcgAt10,
    /// Whether a place is in what the language model is given.
    EvidenceInPrompt,
    /// Whether the answer cites a place.
    PlaceCited,
    /// Whether a question that has an answer got one.
    Answered,
    /// Whether the exact answer is right.
    Exact,
    /// Whether no wrong exact answer was given: one minus this, on average, is the rate of wrong plans.
    NotWrong,
    /// Whether a typed query gave what is expected.
    Typed,
    /// Whether nothing was claimed where nothing is said.
    Abstained,
    /// Whether all things that a name may mean were offered.
    Offered,
    /// The share of citations that were checked.
    CitationsChecked,
}

impl Measure {
    /// Every measure, in the order of reports.
    pub const ALL: [Measure; 14] = [
        Measure::RecallAt5,
        Measure::RecallAt10,
        Measure::SuccessAt5,
        Measure::ReciprocalRank,
        Measure::NdcgAt10,
        Measure::EvidenceInPrompt,
        Measure::PlaceCited,
        Measure::Answered,
        Measure::Exact,
        Measure::NotWrong,
        Measure::Typed,
        Measure::Abstained,
        Measure::Offered,
        Measure::CitationsChecked,
    ];

    /// Its name in reports.
    pub fn title(self) -> &'static str {
        match self {
            Measure::RecallAt5 => "recall@5",
            Measure::RecallAt10 => "recall@10",
            Measure::SuccessAt5 => "success@5",
            Measure::ReciprocalRank => "MRR",
            Measure::NdcgAt10 => "nDCG@10",
            Measure::EvidenceInPrompt => "evidence in prompt",
            Measure::PlaceCited => "evidence cited",
            Measure::Answered => "answered, not abstained",
            Measure::Exact => "set exact",
            Measure::NotWrong => "no wrong plan",
            Measure::Typed => "typed query as expected",
            Measure::Abstained => "abstained rightly",
            Measure::Offered => "choices offered",
            Measure::CitationsChecked => "citations checked",
        }
    }

    /// Its value for a question; `None` where it says nothing about that kind of question.
    pub fn of(self, item: &Item) -> Option<f64> {
        let is = |right: bool| Some(f64::from(u8::from(right)));
        let ranks = || {
            let ranks = &item.place_ranks;
            (!ranks.is_empty()).then_some(ranks.as_slice())
        };
        match (self, item.asked) {
            (Measure::RecallAt5, _) => Some(recall(ranks()?, 5)),
            (Measure::RecallAt10, _) => Some(recall(ranks()?, 10)),
            (Measure::SuccessAt5, _) => is(recall(ranks()?, 5) > 0.0),
            (Measure::ReciprocalRank, _) => {
                let first = ranks()?.iter().flatten().min();
                Some(first.map_or(0.0, |rank| 1.0 / f64::from(*rank)))
            }
            (Measure::NdcgAt10, _) => Some(ndcg(ranks()?)),
            (Measure::EvidenceInPrompt, _) => is(item.evidence_in_prompt?),
            (Measure::PlaceCited, Asked::Evidence) => is(item.outcome == Outcome::Cited),
            (Measure::Answered, Asked::Evidence) => is(!matches!(
                item.outcome,
                Outcome::Abstained | Outcome::Failed
            )),
            (Measure::Exact, Asked::Set) => is(item.outcome == Outcome::Exact),
            (Measure::NotWrong, Asked::Set) => {
                is(!matches!(item.outcome, Outcome::Wrong | Outcome::Failed))
            }
            (Measure::Typed, Asked::Typed) => is(item.outcome == Outcome::Exact),
            (Measure::Abstained, Asked::Abstain) => is(item.outcome == Outcome::Abstained),
            (Measure::Offered, Asked::Choices) => is(item.outcome == Outcome::Offered),
            (Measure::CitationsChecked, _) => {
                let all = item.citations.all();
                (all > 0).then(|| (all - item.citations.not_verified) as f64 / all as f64)
            }
            _ => None,
        }
    }
}

/// The share of places among the first `k` passages.
pub(crate) fn recall(ranks: &[Option<u32>], k: u32) -> f64 {
    let found = ranks.iter().flatten().filter(|rank| **rank <= k).count();
    found as f64 / ranks.len() as f64
}

fn ndcg(ranks: &[Option<u32>]) -> f64 {
    let gain = |rank: u32| 1.0 / f64::from(1 + rank).log2();
    let ranked = ranks.iter().flatten().filter(|rank| **rank <= NDCG_AT);
    let found: f64 = ranked.map(|rank| gain(*rank)).sum();
    let places = u32::try_from(ranks.len()).unwrap_or(u32::MAX);
    let ideal: f64 = (1..=places.min(NDCG_AT)).map(gain).sum();
    (found / ideal).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-9, "{got} is not {want}");
    }

    #[test]
    fn ndcg_is_what_a_table_of_logarithms_gives() {
        near(ndcg(&[Some(1)]), 1.0);
        near(ndcg(&[Some(3)]), 0.5);
        near(ndcg(&[None]), 0.0);
        near(ndcg(&[Some(11)]), 0.0);
        // 1 / log2(2) + 1 / log2(4), of 1 / log2(2) + 1 / log2(3).
        near(
            ndcg(&[Some(1), Some(3)]),
            1.5 / (1.0 + 1.0 / 3.0_f64.log2()),
        );
        near(ndcg(&[Some(1), Some(1)]), 1.0);
    }

    #[test]
    fn recall_counts_places() {
        let ranks = [Some(2), Some(6), None, Some(10)];
        near(recall(&ranks, 5), 0.25);
        near(recall(&ranks, 10), 0.75);
    }
}
