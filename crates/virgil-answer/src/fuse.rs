//! Fusion: one ranking from two lists of candidates.
//!
//! Each list's scores are divided by its best, so that both run from 0 to 1; a point that a list does not
//! hold scores 0 there. The sum is weighed by the kind of content, because terms tell more in code
//! than in prose. A share of the best score of the same document is mixed in: where one passage
//! of a file fits well, its others are likelier to.

use std::collections::HashMap;
use std::hash::Hash;

use virgil_model::{Content, PointId};

/// How much the parts of a score count.
///
/// This is the first stage: `rank.rs` looks at what comes first here.
///
/// The defaults stand in the middle of what does well on one half of two public question sets (Anthropic's
/// cookbook; `tests/retrieval.rs` measures it). Pass@5 / @10 / @20 on the other half:
///
/// | | Code | Prose |
/// |---|---|---|
/// | dense alone | 65.6 / 71.7 / 80.0 | 74.8 / 81.5 / 86.2 |
/// | BM25 alone | 85.2 / 89.0 / 91.2 | 80.4 / 83.0 / 89.1 |
/// | equal reciprocal ranks | 73.6 / 82.5 / 88.8 | 82.0 / 90.8 / 91.8 |
/// | the defaults | 85.4 / 92.1 / 94.1 | 83.2 / 89.8 / 93.9 |
/// | the defaults, paths hidden | 83.2 / 90.6 / 92.3 | |
///
/// In prose anything from 0.2 to 0.5 does equally well. Scaling from the worst score too is worse in code, and a
/// share of the neighbours' scores helps nowhere by more than chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// The share of meaning (dense) against terms (sparse) in prose, from 0 to 1.
    pub dense_in_prose: f32,
    /// The same in code, configuration and notebooks.
    pub dense_in_code: f32,
    /// How much of the best score of the same document is added.
    pub document: f32,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            dense_in_prose: 0.4,
            dense_in_code: 0.25,
            document: 0.4,
        }
    }
}

impl Weights {
    fn dense(&self, content: Content) -> f32 {
        match content {
            Content::Prose => self.dense_in_prose,
            Content::Code | Content::Config | Content::Notebook => self.dense_in_code,
        }
    }
}

/// How near a candidate is to the best, in each way of looking; all from 0 to 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    /// Cosine similarity.
    pub dense: f32,
    /// BM25.
    pub sparse: f32,
    /// The best weighed sum of the two in the same document.
    pub document: f32,
}

/// A candidate with its fused score and the signals behind it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fused {
    /// The point.
    pub point: PointId,
    /// The fused score; comparable within one question only.
    pub score: f32,
    /// Cosine similarity, if the dense list held the point.
    pub dense: Option<f32>,
    /// BM25, if the sparse list held the point.
    pub sparse: Option<f32>,
    /// The same as shares of the best.
    pub shares: Shares,
}

/// The scores of a point in the dense and in the sparse list.
type Signals = (Option<f32>, Option<f32>);

/// Fuses the lists, best first; equal scores in the order of their ids. `place` tells the document and content
/// of a point; points that it does not know are left out.
pub fn fuse<Document: Eq + Hash>(
    dense: &[(PointId, f32)],
    sparse: &[(PointId, f32)],
    weights: &Weights,
    place: impl Fn(PointId) -> Option<(Document, Content)>,
) -> Vec<Fused> {
    let mut signals: HashMap<PointId, Signals> = HashMap::new();
    for &(point, score) in dense {
        signals.entry(point).or_default().0 = Some(score);
    }
    for &(point, score) in sparse {
        signals.entry(point).or_default().1 = Some(score);
    }
    let known: Vec<(PointId, Document, Content)> = signals
        .keys()
        .filter_map(|&point| place(point).map(|(document, content)| (point, document, content)))
        .collect();
    // The best scores are those of known points only: what is not visible must not move the ranking.
    let best = |pick: fn(&Signals) -> Option<f32>| {
        known
            .iter()
            .filter_map(|(point, ..)| pick(&signals[point]))
            .fold(0.0_f32, f32::max)
    };
    let best_dense = best(|signal| signal.0);
    let best_sparse = best(|signal| signal.1);
    let share = |score: Option<f32>, best: f32| match score {
        Some(score) if best > 0.0 => (score / best).max(0.0),
        _ => 0.0,
    };

    let mut of_document: HashMap<&Document, f32> = HashMap::new();
    let mut fused: Vec<(Fused, &Document)> = Vec::with_capacity(known.len());
    for (point, document, content) in &known {
        let (dense, sparse) = signals[point];
        let weight = weights.dense(*content);
        let shares = Shares {
            dense: share(dense, best_dense),
            sparse: share(sparse, best_sparse),
            document: 0.0,
        };
        let score = weight * shares.dense + (1.0 - weight) * shares.sparse;
        let document_best = of_document.entry(document).or_insert(score);
        *document_best = document_best.max(score);
        fused.push((
            Fused {
                point: *point,
                score,
                dense,
                sparse,
                shares,
            },
            document,
        ));
    }
    let mut fused: Vec<Fused> = fused
        .into_iter()
        .map(|(fused, document)| {
            let document = of_document[document];
            Fused {
                score: fused.score + weights.document * document,
                shares: Shares {
                    document,
                    ..fused.shares
                },
                ..fused
            }
        })
        .collect();
    fused.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.point.cmp(&b.point)));
    fused
}
