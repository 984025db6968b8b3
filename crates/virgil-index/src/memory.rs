//! An exact index in memory: the same semantics as the real one, nothing lasts.
//!
//! For tests of other crates and as the yardstick of the contract suite. A search looks at every point.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::ops::Bound;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;
use virgil_model::PointId;

use crate::vector::{check_dense, check_points, check_sparse, to_unit};
use crate::{Candidates, IndexError, Point, Search, SparseVector, VectorIndex};

/// A [`VectorIndex`] that is exact and forgets everything when dropped.
#[derive(Debug)]
pub struct MemoryIndex {
    dimensions: usize,
    points: RwLock<BTreeMap<PointId, Point>>,
}

impl MemoryIndex {
    /// An empty index of vectors with that many numbers.
    pub fn new(dimensions: usize) -> MemoryIndex {
        MemoryIndex {
            dimensions,
            points: RwLock::default(),
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<PointId, Point>> {
        self.points.read().expect("no holder of this lock panics")
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<PointId, Point>> {
        self.points.write().expect("no holder of this lock panics")
    }
}

#[async_trait]
impl VectorIndex for MemoryIndex {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), IndexError> {
        check_points(&points, self.dimensions)?;
        let mut unit = Vec::with_capacity(points.len());
        for point in points {
            unit.push((
                point.id,
                Point {
                    dense: to_unit(point.dense)?,
                    ..point
                },
            ));
        }
        self.write().extend(unit);
        Ok(())
    }

    async fn delete(&self, points: Vec<PointId>) -> Result<(), IndexError> {
        let mut held = self.write();
        for id in points {
            held.remove(&id);
        }
        Ok(())
    }

    async fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }

    async fn search(&self, search: Search) -> Result<Candidates, IndexError> {
        check_dense(&search.dense, self.dimensions)?;
        check_sparse(&search.sparse)?;
        let question = to_unit(search.dense.clone())?;
        let points = self.read();
        let weights = question_weights(&search.sparse, &points);
        let mut candidates = Candidates::default();
        for point in points.values().filter(|point| is_wanted(&search, point)) {
            let cosine = question
                .iter()
                .zip(&point.dense)
                .map(|(left, right)| left * right)
                .sum();
            candidates.dense.push((point.id, cosine));
            if let Some(score) = sparse_score(&weights, &point.sparse) {
                candidates.sparse.push((point.id, score));
            }
        }
        keep_best(&mut candidates.dense, search.limit);
        keep_best(&mut candidates.sparse, search.limit);
        Ok(candidates)
    }

    async fn ids(&self, after: Option<PointId>, limit: usize) -> Result<Vec<PointId>, IndexError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self
            .read()
            .range((start, Bound::Unbounded))
            .take(limit)
            .map(|(id, _)| *id)
            .collect())
    }

    async fn optimize(&self) -> Result<(), IndexError> {
        Ok(())
    }
}

fn is_wanted(search: &Search, point: &Point) -> bool {
    search.labels.contains(&point.label)
        && search
            .sources
            .as_ref()
            .is_none_or(|sources| sources.contains(&point.source))
}

/// The question's weights times the inverse document frequency, by Qdrant's formula: the logarithm of
/// `(n - df + 0.5) / (df + 0.5) + 1`, counted over all points, whoever may see them.
fn question_weights(
    question: &SparseVector,
    points: &BTreeMap<PointId, Point>,
) -> HashMap<u32, f32> {
    let count = points
        .values()
        .filter(|point| !point.sparse.indices.is_empty())
        .count() as f32;
    let mut weights = HashMap::new();
    for (index, value) in question.indices.iter().zip(&question.values) {
        let holders = points
            .values()
            .filter(|point| point.sparse.indices.binary_search(index).is_ok())
            .count() as f32;
        let rarity = ((count - holders + 0.5) / (holders + 0.5) + 1.0).ln();
        weights.insert(*index, value * rarity);
    }
    weights
}

/// The dot product, or `None` if they share no term.
fn sparse_score(weights: &HashMap<u32, f32>, document: &SparseVector) -> Option<f32> {
    document
        .indices
        .iter()
        .zip(&document.values)
        .filter_map(|(index, value)| weights.get(index).map(|weight| weight * value))
        .reduce(|sum, part| sum + part)
}

/// Best first; equal scores by id, so that an answer never depends on the order of writing.
pub(crate) fn keep_best(candidates: &mut Vec<(PointId, f32)>, limit: usize) {
    candidates.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    candidates.truncate(limit);
}
