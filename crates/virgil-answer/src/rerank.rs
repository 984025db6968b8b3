//! The third stage of a search, if one is configured: the first passages in the order in which a model likes them that reads question
//! and passage together.
//!
//! It only orders. Whether there is an answer is judged before, by the scores of the second stage, for which the judge was made; they stay
//! with their passages. What the time does not suffice for keeps its place behind what was read, and so does everything where the
//! model fails: that is logged, and told to who wants the answer explained.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use virgil_index::Reranker;

use crate::guide::Guide;
use crate::retrieve::ScoredPassage;

/// Which model orders how many passages, and how long it may take.
pub struct Reranking {
    /// The model.
    pub reranker: Arc<dyn Reranker>,
    /// How many of the first passages it reads.
    pub candidates: usize,
    /// How long it may take for one question; the passage that is read then is still read to its end.
    pub time_budget: Duration,
}

/// What ordering came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reranked {
    /// The model.
    pub model: String,
    /// How many passages it was given.
    pub candidates: usize,
    /// How many of them it read in its time.
    pub scored: usize,
    /// How long that took, in milliseconds.
    pub took_ms: u64,
    /// Why the order is that of the second stage, if the model failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Guide {
    /// Has the first passages of every search ordered by a model.
    pub fn with_reranking(mut self, reranking: Reranking) -> Guide {
        self.reranking = Some(reranking);
        self
    }

    /// How many passages are needed so that the first `limit` can be chosen.
    pub(crate) fn needed_for(&self, limit: usize) -> usize {
        let candidates = self
            .reranking
            .as_ref()
            .map_or(0, |reranking| reranking.candidates);
        limit.max(candidates)
    }

    /// Puts the first of `passages` in order; `None` if no model is configured for that, or there is nothing to order.
    pub(crate) async fn rerank(
        &self,
        question: &str,
        passages: &mut [ScoredPassage],
    ) -> Option<Reranked> {
        let reranking = self.reranking.as_ref()?;
        let candidates = passages.len().min(reranking.candidates);
        if candidates < 2 {
            return None;
        }
        let texts: Vec<String> = passages[..candidates].iter().map(read_as).collect();
        let (reranker, question) = (reranking.reranker.clone(), question.to_owned());
        let model = reranker.identity().to_owned();
        let started = Instant::now();
        let until = started + reranking.time_budget;
        let scores =
            tokio::task::spawn_blocking(move || reranker.score(&question, &texts, until)).await;
        let (scored, problem) = match scores {
            Ok(Ok(scores)) => (in_order(passages, &scores), None),
            Ok(Err(error)) => (0, Some(error.to_string())),
            Err(error) => (0, Some(error.to_string())),
        };
        if let Some(problem) = &problem {
            tracing::warn!(
                model,
                problem,
                "passages stay in the order of the second stage"
            );
        }
        Some(Reranked {
            model,
            candidates,
            scored,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            problem,
        })
    }
}

/// A passage as a model reads it: under its headings.
fn read_as(scored: &ScoredPassage) -> String {
    let passage = &scored.passage;
    if passage.breadcrumb.is_empty() {
        return passage.text.clone();
    }
    format!("{}\n{}", passage.breadcrumb.join(" > "), passage.text)
}

/// Orders the passages that have scores, the best first, equal ones as they were. How many these are.
fn in_order(passages: &mut [ScoredPassage], scores: &[f32]) -> usize {
    let scored = scores.len().min(passages.len());
    let mut order: Vec<usize> = (0..scored).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    let ordered: Vec<ScoredPassage> = order
        .into_iter()
        .map(|index| passages[index].clone())
        .collect();
    for (place, passage) in passages.iter_mut().zip(ordered) {
        *place = passage;
    }
    scored
}

#[cfg(test)]
mod tests {
    use virgil_model::{AssetId, Evidence, LineSpan};

    use super::*;
    use crate::rows::stated_passage;

    fn passages(names: &[&str]) -> Vec<ScoredPassage> {
        let passage = |name: &&str| {
            let evidence = Evidence {
                source: "s".into(),
                path: (*name).to_owned(),
                commit: None,
                lines: LineSpan::line(1),
                url: None,
            };
            stated_passage((*name).to_owned(), AssetId(1), evidence)
        };
        names.iter().map(passage).collect()
    }

    #[test]
    fn what_has_scores_goes_before_what_has_none() {
        let check = |scores: &[f32], expect: &[&str]| {
            let mut all = passages(&["a", "b", "c", "d"]);
            assert_eq!(in_order(&mut all, scores), scores.len());
            let texts: Vec<&str> = all.iter().map(|one| one.passage.text.as_str()).collect();
            assert_eq!(texts, expect, "{scores:?}");
        };
        check(&[], &["a", "b", "c", "d"]);
        check(&[-3.0, 2.0, -1.0, 0.5], &["b", "d", "c", "a"]);
        check(&[1.0, 1.0, 2.0], &["c", "a", "b", "d"]);
        check(&[-5.0, -4.0], &["b", "a", "c", "d"]);
    }

    #[test]
    fn a_passage_is_read_under_its_headings() {
        let mut one = passages(&["The text."]).remove(0);
        assert_eq!(read_as(&one), "stated\nThe text.");
        one.passage.breadcrumb.clear();
        assert_eq!(read_as(&one), "The text.");
    }
}
