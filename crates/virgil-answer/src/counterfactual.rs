//! What a question finds without the words that nothing near it holds.
//!
//! "How do I switch the dashboard to dark mode?" finds what documents say of the dashboard, and none of that says "dark". Asked
//! without the word, the question comes nearer to the same passages: it was about something that they do not treat. Where the
//! missing words are only another way to say what stands there, leaving them out brings it no nearer.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use virgil_index::{Search, Turn, encode_question};
use virgil_model::{PointId, Scope};

use crate::guide::Guide;
use crate::retrieve::{ScoredPassage, Sought};

/// How many of the first passages are looked at.
const PASSAGES: usize = 12;
/// How many passages the search without the words may bring. One that is not among them is not near it.
const SEARCHED: usize = 300;

/// What leaving out the missing words of a question changes; nothing, if no word is missing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Counterfactual {
    /// By how much the nearest of the first passages is nearer without them: a difference of cosine similarities.
    pub(crate) nearer: f32,
    /// How far the question moves without them: 1 less the cosine similarity of both.
    pub(crate) apart: f32,
}

impl Counterfactual {
    /// How much the question turns to something that the passages do not treat: how far the missing words move it, as far as it is
    /// nearer without them.
    pub(crate) fn turn(self) -> f32 {
        self.nearer.max(0.0) * self.apart
    }
}

impl Guide {
    /// Asks once more without the words that the first passages lack. Costs one embedding and one search, and nothing where no word
    /// is missing or none is left.
    pub(crate) async fn without_missing_words(
        &self,
        scope: &Scope,
        sought: &Sought,
    ) -> anyhow::Result<Counterfactual> {
        let signals = &sought.signals;
        if signals.missing.is_empty() || signals.rest.is_empty() {
            return Ok(Counterfactual::default());
        }
        let rest = signals.rest.clone();
        let sparse = encode_question(&rest);
        let embedder = self.embedder.clone();
        let vectors = tokio::task::spawn_blocking(move || embedder.embed(&[rest], Turn::Question));
        let mut vectors = vectors.await.context("the embedder stopped")??;
        let dense = vectors.pop().context("the embedder returned no vector")?;
        let apart = 1.0 - cosine(&sought.vector, &dense);
        let found = self
            .index
            .search(Search {
                dense,
                sparse,
                labels: scope.labels().collect::<BTreeSet<_>>(),
                sources: None,
                limit: SEARCHED,
            })
            .await?;
        Ok(Counterfactual {
            nearer: nearer(&sought.passages, found.dense),
            apart,
        })
    }
}

/// By how much the nearest of the first `passages` is nearer by the scores `found`. Only passages that the asker was found to see count,
/// whatever else the index holds; where none of them was found again, nothing is known.
fn nearer(passages: &[ScoredPassage], found: Vec<(PointId, f32)>) -> f32 {
    let found: HashMap<PointId, f32> = found.into_iter().collect();
    let first = || passages.iter().take(PASSAGES);
    let before = first().filter_map(|scored| scored.dense).reduce(f32::max);
    let after = first()
        .filter_map(|scored| found.get(&scored.passage.point).copied())
        .reduce(f32::max);
    match (before, after) {
        (Some(before), Some(after)) => after - before,
        _ => 0.0,
    }
}

/// Of vectors of unit length.
fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use virgil_model::{AssetId, Evidence, LineSpan};

    use super::*;
    use crate::rows::stated_passage;

    fn point(number: u128) -> PointId {
        PointId(Uuid::from_u128(number))
    }

    fn passage(number: u128, dense: Option<f32>) -> ScoredPassage {
        let place = Evidence {
            source: "s".into(),
            path: "p".into(),
            commit: None,
            lines: LineSpan::new(1, 1),
            url: None,
        };
        let mut scored = stated_passage("text".into(), AssetId(1), place);
        scored.passage.point = point(number);
        scored.dense = dense;
        scored
    }

    #[test]
    fn the_nearest_are_compared_and_only_those_that_were_found_before() {
        let passages = vec![
            passage(1, Some(0.4)),
            passage(2, None),
            passage(3, Some(0.5)),
        ];
        let found = vec![(point(9), 0.9), (point(2), 0.65), (point(1), 0.6)];
        assert!((nearer(&passages, found) - 0.15).abs() < 1e-6);
        assert_eq!(nearer(&passages, vec![(point(9), 0.9)]), 0.0);
        assert_eq!(nearer(&[], vec![(point(1), 0.9)]), 0.0);
    }

    #[test]
    fn only_the_first_passages_are_compared() {
        let mut passages: Vec<_> = (1..=PASSAGES as u128)
            .map(|number| passage(number, Some(0.4)))
            .collect();
        passages.push(passage(100, Some(0.4)));
        let found = vec![(point(100), 0.9), (point(1), 0.45)];
        assert!((nearer(&passages, found) - 0.05).abs() < 1e-6);
    }
}
