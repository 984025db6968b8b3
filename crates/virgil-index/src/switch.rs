//! An index that can be exchanged for another while it is in use.
//!
//! Compaction, another model, a rebuild and recovery from damage are one act: fill a new index, then switch to it.

use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use virgil_model::PointId;

use crate::{Candidates, IndexError, Point, Search, VectorIndex};

/// A [`VectorIndex`] that passes everything on to the one it was last switched to. A call that has begun ends on
/// the index it began on.
pub struct Switch(RwLock<Arc<dyn VectorIndex>>);

impl Switch {
    /// Starts with `index`.
    pub fn new(index: Arc<dyn VectorIndex>) -> Switch {
        Switch(RwLock::new(index))
    }

    /// Passes on to `index` from now on, and returns the one before.
    pub fn switch(&self, index: Arc<dyn VectorIndex>) -> Arc<dyn VectorIndex> {
        std::mem::replace(
            &mut *self.0.write().unwrap_or_else(PoisonError::into_inner),
            index,
        )
    }

    fn now(&self) -> Arc<dyn VectorIndex> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl VectorIndex for Switch {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), IndexError> {
        self.now().upsert(points).await
    }

    async fn delete(&self, points: Vec<PointId>) -> Result<(), IndexError> {
        self.now().delete(points).await
    }

    async fn flush(&self) -> Result<(), IndexError> {
        self.now().flush().await
    }

    async fn search(&self, search: Search) -> Result<Candidates, IndexError> {
        self.now().search(search).await
    }

    async fn ids(&self, after: Option<PointId>, limit: usize) -> Result<Vec<PointId>, IndexError> {
        self.now().ids(after, limit).await
    }

    async fn optimize(&self) -> Result<(), IndexError> {
        self.now().optimize().await
    }
}
