//! From a question to scored passages, inside a scope: candidates by meaning and by terms, fused, then ranked by their texts.

use std::collections::{BTreeSet, HashMap};

use anyhow::Context;
use virgil_index::{Search, Turn, encode_question};
use virgil_model::{AssetId, Content, PointId, Scope, SourceId};
use virgil_store::Passage;

use crate::explains::asks_for_explanation;
use crate::fuse::{Fused, fuse};
use crate::guide::Guide;
use crate::rank::Signals;

/// How many candidates each list brings before fusion.
const CANDIDATES: usize = 100;
/// How many times as many scores each list brings: a candidate of one list is rarely among the first of the other, and its score
/// there still counts.
const SCORES: usize = 3;
/// How many of the fused candidates are looked at closely.
const LOOKED_AT: usize = 80;

/// By how much prose is ahead when these are chosen where an explanation is asked for: of a large repository most candidates are code
/// and configuration, and what explains would not be looked at. Fused scores run to 1.4; half and twice as much do as well.
const PROSE_AHEAD: f32 = 0.3;

/// What to look for.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// The words.
    pub text: String,
    /// How many passages to return.
    pub limit: usize,
    /// Only passages of these sources; `None` for all that the scope allows.
    pub sources: Option<BTreeSet<SourceId>>,
}

/// A passage with its score and the signals behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredPassage {
    /// The passage.
    pub passage: Passage,
    /// The score of the second stage, at most 1; comparable within one question only. A reranking model changes the order, not this.
    pub score: f32,
    /// Cosine similarity to the question, if it was among the nearest by meaning.
    pub dense: Option<f32>,
    /// BM25, if it was among the nearest by terms.
    pub sparse: Option<f32>,
}

/// What a search found, and what that says of whether there is an answer.
#[derive(Debug, Default)]
pub(crate) struct Sought {
    /// The passages, best first.
    pub(crate) passages: Vec<ScoredPassage>,
    /// What the candidates say.
    pub(crate) signals: Signals,
    /// The vector of the question.
    pub(crate) vector: Vec<f32>,
}

impl Guide {
    /// The passages that fit `query` best, best first; equal texts are shown once.
    pub async fn search(&self, scope: &Scope, query: &Query) -> anyhow::Result<Vec<ScoredPassage>> {
        let needed = Query {
            limit: self.needed_for(query.limit),
            ..query.clone()
        };
        let mut passages = self.look_for(scope, &needed).await?.passages;
        self.rerank(&query.text, &mut passages).await;
        passages.truncate(query.limit);
        Ok(passages)
    }

    /// The passages of a search, with what the candidates say of whether they answer.
    pub(crate) async fn look_for(&self, scope: &Scope, query: &Query) -> anyhow::Result<Sought> {
        if query.text.trim().is_empty() || query.limit == 0 {
            return Ok(Sought::default());
        }
        let embedder = self.embedder.clone();
        let text = query.text.clone();
        let mut vectors =
            tokio::task::spawn_blocking(move || embedder.embed(&[text], Turn::Question))
                .await
                .context("the embedder stopped")??;
        let dense = vectors.pop().context("the embedder returned no vector")?;
        let terms = encode_question(&query.text);
        let labels: BTreeSet<_> = scope.labels().collect();

        // The index may still hold points that no live row needs. The store drops them; where that leaves too
        // few, more are asked for.
        let mut candidates = CANDIDATES.max(query.limit * 2);
        loop {
            let found = self
                .index
                .search(Search {
                    dense: dense.clone(),
                    sparse: terms.clone(),
                    labels: labels.clone(),
                    sources: query.sources.clone(),
                    limit: candidates * SCORES,
                })
                .await?;
            let points: Vec<PointId> = found
                .dense
                .iter()
                .take(candidates)
                .chain(found.sparse.iter().take(candidates))
                .map(|(point, _)| *point)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect();
            let mut passages: HashMap<PointId, Passage> = self
                .store
                .passages(scope, &points)
                .await?
                .into_iter()
                .map(|passage| (passage.point, passage))
                .collect();
            let place = |point: PointId| -> Option<(AssetId, Content)> {
                passages
                    .get(&point)
                    .map(|passage| (passage.asset, passage.content))
            };
            let mut fused = fuse(&found.dense, &found.sparse, &self.weights, place);
            if asks_for_explanation(&query.text) {
                put_prose_ahead(&mut fused, |point| passages[&point].content);
            }
            let exhausted = found.dense.len() <= candidates && found.sparse.len() <= candidates;
            if fused.len() >= query.limit || exhausted || candidates >= CANDIDATES * 16 {
                let looked_at = LOOKED_AT.max(query.limit * 2);
                let first: Vec<(Fused, Passage)> = fused
                    .into_iter()
                    .take(looked_at)
                    .filter_map(|fused| Some((fused, passages.remove(&fused.point)?)))
                    .collect();
                let ranked = self.ranking.rank(&query.text, first);
                return Ok(Sought {
                    passages: distinct(ranked.candidates, query.limit),
                    signals: ranked.signals,
                    vector: dense,
                });
            }
            candidates *= 4;
        }
    }
}

/// Reorders candidates as if those in prose had scored [`PROSE_AHEAD`] more.
fn put_prose_ahead(fused: &mut [Fused], content: impl Fn(PointId) -> Content) {
    let ahead = |fused: &Fused| match content(fused.point) {
        Content::Prose => fused.score + PROSE_AHEAD,
        Content::Code | Content::Config | Content::Notebook => fused.score,
    };
    fused.sort_by(|one, other| ahead(other).total_cmp(&ahead(one)));
}

/// Of passages with the same text only the best stays.
fn distinct(ranked: Vec<(Fused, Passage)>, limit: usize) -> Vec<ScoredPassage> {
    let mut seen = BTreeSet::new();
    ranked
        .into_iter()
        .filter(|(_, passage)| {
            let words: Vec<&str> = passage.text.split_whitespace().collect();
            seen.insert(words.join(" "))
        })
        .map(|(fused, passage)| ScoredPassage {
            passage,
            score: fused.score,
            dense: fused.dense,
            sparse: fused.sparse,
        })
        .take(limit)
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::fuse::Shares;

    #[test]
    fn prose_is_looked_at_before_code_that_is_little_better() {
        let fused = |number: u128, score| Fused {
            point: PointId(Uuid::from_u128(number)),
            score,
            dense: None,
            sparse: None,
            shares: Shares::default(),
        };
        let mut candidates = vec![fused(1, 1.2), fused(2, 0.8), fused(3, 0.6), fused(4, 0.5)];
        put_prose_ahead(&mut candidates, |point| match point.0.as_u128() {
            3 | 4 => Content::Prose,
            _ => Content::Config,
        });
        let order: Vec<u128> = candidates
            .iter()
            .map(|fused| fused.point.0.as_u128())
            .collect();
        assert_eq!(order, [1, 3, 2, 4]);
    }
}
