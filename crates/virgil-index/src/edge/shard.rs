//! A Qdrant Edge shard in Virgil's words: points and payloads exist only here.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

use qdrant_edge::external::serde_json::json;
use qdrant_edge::{
    AnyVariants, Condition, CreateIndex, Distance, EdgeConfig, EdgeOptimizersConfig, EdgeShard,
    EdgeSparseVectorParams, EdgeVectorParams, FieldCondition, FieldIndexOperations, Filter,
    HnswIndexConfig, IntegerIndexParams, JsonPath, Match, Modifier, NamedQuery, OperationError,
    PayloadFieldSchema, PayloadSchemaParams, PointInsertOperations, PointOperations, PointStruct,
    QueryEnum, ScoredPoint, ScrollRequest, SearchRequest, UpdateOperation, Vector, VectorInternal,
    Vectors, WithPayloadInterface, WithVector,
};
use virgil_model::PointId;

use super::EdgeOptions;
use crate::memory::keep_best;
use crate::{Candidates, IndexError, Point, Search, SparseVector};

const DENSE: &str = "dense";
const SPARSE: &str = "sparse";
const LABEL: &str = "label";
const SOURCE: &str = "source";
const CONTENT: &str = "content";

/// Points per entry of the log, which makes entries of about 4 MB.
const POINTS_PER_UPDATE: usize = 1000;

/// A loaded shard. After a panic inside it refuses everything.
#[derive(Debug)]
pub(super) struct Shard {
    // Dropped by `drop`, which has to catch what that may throw.
    shard: Option<EdgeShard>,
    dimensions: usize,
    damage: OnceLock<String>,
    /// Released after the shard is gone.
    _lock: File,
}

/// Makes an empty shard in an empty directory.
pub(super) fn make(directory: &Path, options: &EdgeOptions) -> Result<(), IndexError> {
    let made = catch_unwind(AssertUnwindSafe(|| {
        EdgeShard::new(directory, config(options)).map(drop)
    }));
    match made {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(IndexError::Unavailable(format!(
            "no index in `{}`: {error}",
            directory.display()
        ))),
        Err(_) => Err(IndexError::Unavailable(format!(
            "making an index in `{}` panicked",
            directory.display()
        ))),
    }
}

impl Shard {
    /// Loads the shard of `directory`; `lock` is released with it.
    pub(super) fn load(
        directory: &Path,
        options: &EdgeOptions,
        lock: File,
    ) -> Result<Shard, IndexError> {
        let damaged = |what: &str| {
            IndexError::Damaged(format!(
                "`{}` cannot be loaded ({what}): rebuild the index",
                directory.display()
            ))
        };
        let load = || EdgeShard::load(directory, Some(config(options)));
        let shard = match catch_unwind(AssertUnwindSafe(load)) {
            Ok(Ok(shard)) => shard,
            Ok(Err(error)) => return Err(damaged(&error.to_string())),
            Err(_) => return Err(damaged("it panicked")),
        };
        let shard = Shard {
            shard: Some(shard),
            dimensions: options.dimensions,
            damage: OnceLock::new(),
            _lock: lock,
        };
        shard.guarded(Shard::index_payload)?;
        Ok(shard)
    }

    /// Runs `work` unless the shard is damaged, and marks it damaged if `work` panics.
    pub(super) fn guarded<T>(
        &self,
        work: impl FnOnce(&Shard) -> Result<T, IndexError>,
    ) -> Result<T, IndexError> {
        self.demand_sound()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| work(self))).unwrap_or_else(|panic| {
            let said = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied())
                .unwrap_or("no message");
            Err(IndexError::Damaged(format!(
                "the index panicked ({said}): rebuild it"
            )))
        });
        if let Err(IndexError::Damaged(reason)) = &outcome {
            tracing::error!(reason, "the vector index is damaged");
            self.damage.get_or_init(|| reason.clone());
        }
        outcome
    }

    /// Refuses if the shard is damaged.
    pub(super) fn demand_sound(&self) -> Result<(), IndexError> {
        match self.damage.get() {
            Some(reason) => Err(IndexError::Damaged(reason.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn upsert(&self, points: Vec<Point>) -> Result<(), IndexError> {
        let mut points = points.into_iter().map(to_edge).peekable();
        while points.peek().is_some() {
            let part = points
                .by_ref()
                .take(POINTS_PER_UPDATE)
                .collect::<Result<_, _>>()?;
            let operation = PointOperations::UpsertPoints(PointInsertOperations::PointsList(part));
            self.update(UpdateOperation::PointOperation(operation))?;
        }
        Ok(())
    }

    pub(super) fn delete(&self, points: &[PointId]) -> Result<(), IndexError> {
        for part in points.chunks(POINTS_PER_UPDATE) {
            let ids = part
                .iter()
                .map(|id| qdrant_edge::PointId::Uuid(id.0))
                .collect();
            self.update(UpdateOperation::PointOperation(
                PointOperations::DeletePoints { ids },
            ))?;
        }
        Ok(())
    }

    pub(super) fn flush(&self) -> Result<(), IndexError> {
        self.edge().flush();
        Ok(())
    }

    pub(super) fn optimize(&self) -> Result<(), IndexError> {
        self.edge().optimize().map_err(|error| {
            IndexError::Unavailable(format!("the index could not be optimized: {error}"))
        })?;
        // Segments that optimizing added have no payload index yet.
        self.index_payload()?;
        self.flush()
    }

    /// About what the vectors of all points take.
    pub(super) fn vectors_bytes(&self) -> u64 {
        (self.edge().info().points_count * self.dimensions * size_of::<f32>()) as u64
    }

    pub(super) fn search(&self, search: Search) -> Result<Candidates, IndexError> {
        let filter = filter(&search);
        let mut candidates = Candidates {
            dense: self.nearest(
                VectorInternal::Dense(search.dense),
                DENSE,
                &filter,
                search.limit,
            )?,
            sparse: Vec::new(),
        };
        if !search.sparse.indices.is_empty() {
            let sparse = VectorInternal::Sparse(to_edge_sparse(search.sparse)?);
            candidates.sparse = self.nearest(sparse, SPARSE, &filter, search.limit)?;
        }
        Ok(candidates)
    }

    pub(super) fn ids(
        &self,
        after: Option<PointId>,
        limit: usize,
    ) -> Result<Vec<PointId>, IndexError> {
        let request = ScrollRequest {
            // The offset is part of the page.
            offset: after.map(|id| qdrant_edge::PointId::Uuid(id.0)),
            limit: Some(limit.saturating_add(1)),
            filter: None,
            with_payload: Some(WithPayloadInterface::Bool(false)),
            with_vector: WithVector::Bool(false),
            order_by: None,
        };
        let (records, _) = self
            .edge()
            .scroll(request)
            .map_err(|error| refused(&error))?;
        let mut ids = Vec::with_capacity(records.len());
        for record in records {
            ids.push(from_edge(record.id)?);
        }
        ids.retain(|id| Some(*id) != after);
        ids.truncate(limit);
        Ok(ids)
    }

    fn nearest(
        &self,
        vector: VectorInternal,
        name: &str,
        filter: &Filter,
        limit: usize,
    ) -> Result<Vec<(PointId, f32)>, IndexError> {
        let request = SearchRequest {
            query: QueryEnum::Nearest(NamedQuery::new(vector, name)),
            filter: Some(filter.clone()),
            params: None,
            limit,
            offset: 0,
            with_payload: Some(WithPayloadInterface::Bool(false)),
            with_vector: Some(WithVector::Bool(false)),
            score_threshold: None,
        };
        let found = self
            .edge()
            .search(request)
            .map_err(|error| refused(&error))?;
        let scored = |point: ScoredPoint| Ok((from_edge(point.id)?, point.score));
        let mut candidates = found
            .into_iter()
            .map(scored)
            .collect::<Result<_, IndexError>>()?;
        keep_best(&mut candidates, limit);
        Ok(candidates)
    }

    /// Sees to it that every segment has an index of the fields that searches filter on.
    fn index_payload(&self) -> Result<(), IndexError> {
        for field in [LABEL, SOURCE] {
            let params = IntegerIndexParams {
                lookup: Some(true),
                range: Some(false),
                ..Default::default()
            };
            let schema = PayloadFieldSchema::FieldParams(PayloadSchemaParams::Integer(params));
            let create = CreateIndex {
                field_name: field_path(field),
                field_schema: Some(schema),
            };
            self.update(UpdateOperation::FieldIndexOperation(
                FieldIndexOperations::CreateIndex(create),
            ))?;
        }
        Ok(())
    }

    fn update(&self, operation: UpdateOperation) -> Result<(), IndexError> {
        self.edge()
            .update(operation)
            .map_err(|error| refused(&error))
    }

    fn edge(&self) -> &EdgeShard {
        self.shard
            .as_ref()
            .expect("the shard is there until it is dropped")
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        let shard = self.shard.take();
        // It flushes, which panics on failure.
        if catch_unwind(AssertUnwindSafe(|| drop(shard))).is_err() {
            tracing::error!("the vector index could not be flushed when it was closed");
        }
    }
}

fn config(options: &EdgeOptions) -> EdgeConfig {
    // Everything that grows with the number of points is mapped from disk: it counts as cache, not as memory.
    let dense = EdgeVectorParams::builder(options.dimensions, Distance::Cosine)
        .on_disk(true)
        .build();
    let sparse = EdgeSparseVectorParams::builder()
        .modifier(Modifier::Idf)
        .on_disk(true)
        .build();
    let vector_bytes = options.dimensions * size_of::<f32>();
    let spare_processors = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .saturating_sub(1)
        .max(1);
    EdgeConfig::builder()
        .vector(DENSE, dense)
        .sparse_vector(SPARSE, sparse)
        .on_disk_payload(true)
        // Optimizing leaves a processor to questions.
        .hnsw_config(HnswIndexConfig {
            max_indexing_threads: spare_processors,
            ..Default::default()
        })
        .optimizers(EdgeOptimizersConfig {
            indexing_threshold: Some((options.exact_points * vector_bytes / 1024).max(1)),
            ..Default::default()
        })
        .build()
}

/// Points must have one of the labels and, if sources are given, one of those.
fn filter(search: &Search) -> Filter {
    let one_of = |field: &str, values: &mut dyn Iterator<Item = i64>| {
        let any = Match::new_any(AnyVariants::Integers(values.collect()));
        Condition::Field(FieldCondition::new_match(field_path(field), any))
    };
    let mut must = vec![one_of(
        LABEL,
        &mut search.labels.iter().map(|label| label.0),
    )];
    if let Some(sources) = &search.sources {
        must.push(one_of(SOURCE, &mut sources.iter().map(|source| source.0)));
    }
    Filter {
        must: Some(must),
        should: None,
        min_should: None,
        must_not: None,
    }
}

fn field_path(field: &str) -> JsonPath {
    field.parse().expect("a plain name is a path")
}

fn to_edge(point: Point) -> Result<qdrant_edge::PointStructPersisted, IndexError> {
    let mut vectors = vec![(DENSE, Vector::new_dense(point.dense))];
    if !point.sparse.indices.is_empty() {
        vectors.push((SPARSE, Vector::from(to_edge_sparse(point.sparse)?)));
    }
    let payload =
        json!({ LABEL: point.label.0, SOURCE: point.source.0, CONTENT: point.content.name() });
    let id = qdrant_edge::PointId::Uuid(point.id.0);
    Ok(PointStruct::new(id, Vectors::new_named(vectors), payload).into())
}

fn to_edge_sparse(vector: SparseVector) -> Result<qdrant_edge::SparseVector, IndexError> {
    qdrant_edge::SparseVector::new(vector.indices, vector.values)
        .map_err(|error| IndexError::Invalid(format!("the sparse vector is refused: {error}")))
}

fn from_edge(id: qdrant_edge::PointId) -> Result<PointId, IndexError> {
    match id {
        qdrant_edge::PointId::Uuid(id) => Ok(PointId(id)),
        qdrant_edge::PointId::NumId(id) => Err(IndexError::Damaged(format!(
            "the index holds the foreign point {id}: rebuild it"
        ))),
    }
}

fn refused(error: &OperationError) -> IndexError {
    match error {
        OperationError::WrongVectorDimension { .. }
        | OperationError::ValidationError { .. }
        | OperationError::WrongSparse
        | OperationError::WrongMulti => IndexError::Invalid(error.to_string()),
        OperationError::OutOfMemory { .. }
        | OperationError::Cancelled { .. }
        | OperationError::Timeout { .. } => IndexError::Unavailable(error.to_string()),
        _ => IndexError::Damaged(format!("the index failed ({error}): rebuild it")),
    }
}
