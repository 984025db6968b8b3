//! The three stages of a sync and what passes between them.
//!
//! Reading, embedding and writing run side by side, joined by short channels, so that embedding (by far the
//! dearest) never waits for the other two. Batches keep their order.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use tokio::sync::RwLock;
use virgil_index::{
    DocumentParts, Embedder, Point, SparseVector, Turn, VectorIndex, encode_document,
};
use virgil_model::{Chunk, ChunkId, Generation, VectorKey};
use virgil_store::{Lease, NewAsset, NewChunk, Store};

use crate::crash;
use crate::prepare::Prepared;
use crate::progress::Reporter;

/// How many chunks a batch aims at: some three seconds of embedding, so that little is lost to a crash and
/// flushing stays cheap beside it.
pub(crate) const BATCH_CHUNKS: usize = 256;
/// How many assets a batch may have when they have few chunks.
pub(crate) const BATCH_ASSETS: usize = 256;

/// Assets on their way, with the access label of each.
pub(crate) type Batch = Vec<(Prepared, String)>;

/// A batch whose chunks have vectors.
pub(crate) struct EmbeddedBatch {
    pub(crate) batch: Batch,
    pub(crate) vectors: HashMap<VectorKey, Vec<f32>>,
}

/// What the embedding and writing stages work with.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) store: Store,
    pub(crate) index: Arc<dyn VectorIndex>,
    pub(crate) embedder: Arc<dyn Embedder>,
    pub(crate) reporter: Reporter,
    pub(crate) gate: Arc<RwLock<()>>,
}

impl Workshop {
    /// Finds or computes the vector of every chunk of a batch; new ones go to the cache.
    pub(crate) async fn embed(&self, batch: Batch) -> anyhow::Result<EmbeddedBatch> {
        let mut texts: HashMap<VectorKey, String> = HashMap::new();
        let mut chunks = 0;
        for (prepared, _) in &batch {
            for (_, chunk) in &prepared.chunks {
                let text = chunk.embedded_text();
                texts.insert(VectorKey::derive(self.embedder.identity(), &text), text);
                chunks += 1;
            }
        }
        let keys: Vec<VectorKey> = texts.keys().copied().collect();
        let mut vectors = self.store.vectors(&keys).await?;
        let (missing, texts): (Vec<VectorKey>, Vec<String>) = texts
            .into_iter()
            .filter(|(key, _)| !vectors.contains_key(key))
            .unzip();
        if !missing.is_empty() {
            let embedder = self.embedder.clone();
            let computed = tokio::task::spawn_blocking(move || embedder.embed(&texts, Turn::Sync))
                .await
                .context("the embedder stopped")??;
            let computed: Vec<(VectorKey, Vec<f32>)> =
                missing.iter().copied().zip(computed).collect();
            self.store.put_vectors(&computed).await?;
            vectors.extend(computed);
        }
        self.reporter.update(|progress| {
            progress.embedded += missing.len() as u64;
            progress.cached += (chunks - missing.len().min(chunks)) as u64;
        });
        Ok(EmbeddedBatch { batch, vectors })
    }

    /// Writes a batch: intent in SQL, points in the index, flush, done. Until the generation is live, nobody
    /// sees any of it; a crash in between leaves an intent, which the next sync takes back.
    pub(crate) async fn write(
        &self,
        lease: &Lease,
        generation: Generation,
        source: &str,
        embedded: EmbeddedBatch,
    ) -> anyhow::Result<()> {
        let mut parts_of = HashMap::new();
        let mut assets = Vec::with_capacity(embedded.batch.len());
        let mut chunks = 0;
        for (prepared, label) in embedded.batch {
            chunks += prepared.chunks.len() as u64;
            for (id, chunk) in &prepared.chunks {
                let key = VectorKey::derive(self.embedder.identity(), &chunk.embedded_text());
                parts_of.insert(*id, (key, sparse(source, &prepared.path, chunk)));
            }
            assets.push(new_asset(prepared, label));
        }
        let count = assets.len() as u64;
        crash::point("before-intent");
        // From the intent to the upsert nobody may delete points or exchange the index.
        let gate = self.gate.read().await;
        let written = self.store.write_batch(lease, generation, assets).await?;
        crash::point("after-intent");
        let points = written
            .points
            .into_iter()
            .map(|new| {
                let (key, sparse) = parts_of
                    .remove(&new.chunk)
                    .context("a point is of no chunk of its batch")?;
                Ok(Point {
                    id: new.point,
                    label: new.label,
                    source: new.source,
                    content: new.content,
                    dense: embedded
                        .vectors
                        .get(&key)
                        .cloned()
                        .context("a chunk of the batch has no vector")?,
                    sparse,
                })
            })
            .collect::<anyhow::Result<Vec<Point>>>()?;
        if !points.is_empty() {
            self.index.upsert(points).await?;
            crash::point("after-upsert");
            self.index.flush().await?;
        }
        drop(gate);
        crash::point("after-flush");
        self.store.batch_done(lease, written.id).await?;
        crash::point("after-done");
        self.reporter.update(|progress| {
            progress.chunks += chunks;
            progress.read += count;
        });
        Ok(())
    }
}

/// The terms of a chunk. Source and path count here and not in the dense vector, which must not change with them.
pub(crate) fn sparse(source: &str, path: &str, chunk: &Chunk) -> SparseVector {
    encode_document(&DocumentParts {
        path,
        source,
        breadcrumb: &chunk.breadcrumb,
        body: &chunk.text,
    })
}

fn new_asset(prepared: Prepared, label: String) -> NewAsset {
    let chunk = |(id, chunk): (ChunkId, Chunk)| NewChunk { id, chunk };
    NewAsset {
        path: prepared.path,
        content_id: prepared.content_id,
        label,
        title: prepared.title,
        content: prepared.content,
        size_bytes: prepared.size_bytes,
        reader: prepared.reader.to_owned(),
        reader_version: prepared.reader_version,
        redactor_version: prepared.redactor_version,
        chunker_version: virgil_readers::CHUNKER_VERSION,
        looked_at: prepared.looked_at,
        redacted: prepared.redacted,
        chunks: prepared.chunks.into_iter().map(chunk).collect(),
        statements: prepared.statements,
        problems: prepared.problems,
    }
}
