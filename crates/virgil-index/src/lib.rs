//! How a chunk is found: embeddings, sparse vectors and the vector index.
//!
//! The index answers with candidates (point and score) and holds no text; text comes from the store,
//! through a scope. Everything in an index can be rebuilt from the store.
//!
//! * [`Embedder`]: [`FastEmbedder`] runs an ONNX model in the [`Runtime`]; [`HashingEmbedder`] is for tests.
//! * [`Reranker`]: [`CrossEncoder`] runs an ONNX cross-encoder over the first of what was found.
//! * [`VectorIndex`]: [`EdgeIndex`] keeps points in a directory; [`MemoryIndex`] is exact and for tests;
//!   [`Switch`] exchanges one for another in use.
//! * [`encode_document`] and [`encode_question`] make the sparse vectors of both.
//!
//! Nothing is ready to be found before it was upserted, and nothing lasts before it was flushed. What an index would
//! accept but never find again (vectors that are zero or not finite) is refused here.
//!
//! Start at [`Embedder`] and [`VectorIndex`].

mod cross_encoder;
mod edge;
mod error;
mod fast_embedder;
mod find;
mod hashing_embedder;
mod manifest;
mod memory;
mod model_files;
mod pool;
mod runtime;
mod sparse;
mod stop_words;
mod switch;
mod turns;
mod vector;

use std::collections::BTreeSet;
use std::time::Instant;

use async_trait::async_trait;
use virgil_model::{Content, LabelId, PointId, SourceId};

pub use cross_encoder::CrossEncoder;
pub use edge::{EdgeIndex, EdgeOptions};
pub use error::IndexError;
pub use fast_embedder::FastEmbedder;
pub use find::{Found, TermFinder, TermSet};
pub use hashing_embedder::HashingEmbedder;
pub use memory::MemoryIndex;
pub use model_files::{ModelSource, Precision};
pub use runtime::Runtime;
pub use sparse::{DocumentParts, SPARSE_VERSION, encode_document, encode_question, terms};
pub use switch::Switch;

/// Turns texts into vectors, on its own threads, one text per run.
pub trait Embedder: Send + Sync {
    /// Model, precision and pooling, as one stable text: part of the key of a cached vector.
    fn identity(&self) -> &str;

    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// One unit vector per text, in order. Waits for its turn: questions go before syncs. Blocks the
    /// calling thread, so async callers go through `spawn_blocking`.
    fn embed(&self, texts: &[String], turn: Turn) -> Result<Vec<Vec<f32>>, IndexError>;
}

/// Looks at a question and a text together and says how well they fit: dearer than vectors, so it is for the first of what was found.
pub trait Reranker: Send + Sync {
    /// The model, as one stable text.
    fn identity(&self) -> &str;

    /// A finite score for each text, in order; the higher, the better it fits, comparable within one call only. When the time is
    /// up there are scores for the first of the texts and none for the others. Blocks the calling thread, so async callers go
    /// through `spawn_blocking`.
    fn score(
        &self,
        question: &str,
        texts: &[String],
        until: Instant,
    ) -> Result<Vec<f32>, IndexError>;
}

/// Who waits for a vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Someone asked: goes first.
    Question,
    /// A sync: goes when nobody asks.
    Sync,
}

/// The vector index. Writes become lasting with `flush`, and only then.
#[async_trait]
pub trait VectorIndex: Send + Sync {
    /// Puts points in, replacing those with the same id. Rejects vectors that are not finite, are zero or
    /// have the wrong dimensions, and then changes nothing.
    async fn upsert(&self, points: Vec<Point>) -> Result<(), IndexError>;

    /// Takes points out; ids that are not there are fine.
    async fn delete(&self, points: Vec<PointId>) -> Result<(), IndexError>;

    /// Returns once everything written so far survives a kill.
    async fn flush(&self) -> Result<(), IndexError>;

    /// The nearest points by meaning and by terms, each list best first.
    async fn search(&self, search: Search) -> Result<Candidates, IndexError>;

    /// A page of the ids it holds, in ascending order, after `after`: for verifying it against the store.
    async fn ids(&self, after: Option<PointId>, limit: usize) -> Result<Vec<PointId>, IndexError>;

    /// Brings segments and graph in shape after many writes. May take minutes; searches go on.
    async fn optimize(&self) -> Result<(), IndexError>;
}

/// What is put into the index for one chunk.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its identity.
    pub id: PointId,
    /// Who may see it: a search filters on the label.
    pub label: LabelId,
    /// Which source it belongs to.
    pub source: SourceId,
    /// What kind of text it is.
    pub content: Content,
    /// The vector of breadcrumb and body; unit length.
    pub dense: Vec<f32>,
    /// The terms of path, breadcrumb and body.
    pub sparse: SparseVector,
}

/// Term weights: `indices` are strictly ascending, `values` are positive and of the same length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SparseVector {
    /// Hashed terms.
    pub indices: Vec<u32>,
    /// Their weights.
    pub values: Vec<f32>,
}

/// A search of the index.
#[derive(Debug, Clone)]
pub struct Search {
    /// The question's vector; unit length.
    pub dense: Vec<f32>,
    /// The question's terms.
    pub sparse: SparseVector,
    /// Only points with one of these labels. Empty means nothing at all.
    pub labels: BTreeSet<LabelId>,
    /// Only points of these sources; `None` for all.
    pub sources: Option<BTreeSet<SourceId>>,
    /// How many candidates each list may have.
    pub limit: usize,
}

/// What a search found, before fusion.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// By cosine similarity, best first.
    pub dense: Vec<(PointId, f32)>,
    /// By BM25, best first.
    pub sparse: Vec<(PointId, f32)>,
}
