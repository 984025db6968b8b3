//! The vector index in one directory, on Qdrant Edge.
//!
//! Qdrant Edge never replays its write-ahead log, so what was not flushed is lost with the process; it neither flushes
//! nor optimizes by itself, and `flush` reports failure by panicking. Therefore one thread owns every change, a panic
//! turns the index [`IndexError::Damaged`] for good, and the caller fills another from the store.
//!
//! A directory belongs to one process. It holds `lock`, `index.json` (what it was made for), `opening` (how often it
//! was opened in vain) and `shard/`, which nobody but Qdrant Edge touches.

mod directory;
mod disk;
mod shard;
mod writer;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;
use virgil_model::PointId;

use crate::vector::{check_dense, check_points, check_sparse};
use crate::{Candidates, IndexError, Point, Search, VectorIndex};
use disk::DiskSpace;
use shard::Shard;
use writer::Writer;

/// What an index directory is made for and how it is used.
#[derive(Debug, Clone)]
pub struct EdgeOptions {
    /// How many numbers a vector has. Fixed when the directory is made.
    pub dimensions: usize,
    /// Free disk space that is never touched: a write that would leave less is refused. A directory opens for
    /// reading down to a quarter of it. Qdrant Edge writes through memory maps, and a full disk kills the process.
    pub reserve_bytes: u64,
    /// Up to about so many points a search looks at every vector, which is exact; with more, `optimize` builds a graph.
    pub exact_points: usize,
}

impl EdgeOptions {
    /// 256 MiB reserved, exact up to 20,000 points (some 5 ms on one processor).
    pub fn new(dimensions: usize) -> EdgeOptions {
        EdgeOptions {
            dimensions,
            reserve_bytes: 256 << 20,
            exact_points: 20_000,
        }
    }
}

/// A [`VectorIndex`] in a directory. Dropping it waits for the changes that were begun, and flushes.
#[derive(Debug)]
pub struct EdgeIndex {
    dimensions: usize,
    disk: DiskSpace,
    shard: Arc<Shard>,
    writer: Writer,
    /// A search keeps a processor busy; more of them at once than processors would only take turns.
    searches: Semaphore,
}

impl EdgeIndex {
    /// Opens the index in `directory`, and makes it if there is none. Blocks while it loads.
    ///
    /// `InUse` if another process has it, `Invalid` if it was made for other vectors, `DiskFull` if the disk is too
    /// full to open it safely, `Damaged` if it cannot be loaded, or took the process down with it several times.
    pub fn open(directory: &Path, options: &EdgeOptions) -> Result<EdgeIndex, IndexError> {
        let disk = DiskSpace::of(directory, options.reserve_bytes)?;
        disk.demand_for_opening()?;
        let shard = Arc::new(directory::open(directory, options)?);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(EdgeIndex {
            dimensions: options.dimensions,
            disk,
            writer: Writer::start(shard.clone())?,
            shard,
            searches: Semaphore::new(processors.max(2)),
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shard) -> Result<T, IndexError> + Send + 'static,
    ) -> Result<T, IndexError> {
        let _permit = self
            .searches
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let shard = self.shard.clone();
        tokio::task::spawn_blocking(move || shard.guarded(read))
            .await
            .map_err(|error| IndexError::Unavailable(format!("the search was cut off: {error}")))?
    }
}

#[async_trait]
impl VectorIndex for EdgeIndex {
    async fn upsert(&self, points: Vec<Point>) -> Result<(), IndexError> {
        check_points(&points, self.dimensions)?;
        let disk = self.disk.clone();
        self.writer
            .run(move |shard| {
                disk.demand_for_writing(disk::size_of(&points))?;
                shard.upsert(points)
            })
            .await
    }

    async fn delete(&self, points: Vec<PointId>) -> Result<(), IndexError> {
        let disk = self.disk.clone();
        self.writer
            .run(move |shard| {
                disk.demand_for_writing(size_of_val(points.as_slice()) as u64)?;
                shard.delete(&points)
            })
            .await
    }

    async fn flush(&self) -> Result<(), IndexError> {
        self.writer.run(Shard::flush).await
    }

    async fn search(&self, search: Search) -> Result<Candidates, IndexError> {
        check_dense(&search.dense, self.dimensions)?;
        check_sparse(&search.sparse)?;
        let nothing = search.labels.is_empty()
            || search.limit == 0
            || search
                .sources
                .as_ref()
                .is_some_and(std::collections::BTreeSet::is_empty);
        if nothing {
            // An empty condition would match everything.
            return self.shard.demand_sound().map(|()| Candidates::default());
        }
        self.read(move |shard| shard.search(search)).await
    }

    async fn ids(&self, after: Option<PointId>, limit: usize) -> Result<Vec<PointId>, IndexError> {
        self.read(move |shard| shard.ids(after, limit)).await
    }

    async fn optimize(&self) -> Result<(), IndexError> {
        let disk = self.disk.clone();
        self.writer
            .run(move |shard| {
                // New segments are written beside the old ones.
                disk.demand_for_writing(shard.vectors_bytes())?;
                shard.optimize()
            })
            .await
    }
}
