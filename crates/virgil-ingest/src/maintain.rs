//! Keeping the vector index in step with the store: compare, repair, fill anew.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::Context;
use serde::Serialize;
use virgil_index::{Point, Turn, VectorIndex};
use virgil_model::{PointId, VectorKey};
use virgil_store::LivePoint;

use crate::stages::sparse;
use crate::sync::Ingest;

const PAGE: usize = 1_000;

/// What a comparison of index and store found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Points that live chunks need.
    pub expected: u64,
    /// Points that the index holds.
    pub found: u64,
    /// Points that live chunks need and the index lacks: passages that cannot be found.
    pub missing: u64,
    /// Points that the index holds and no live chunk needs: they are never shown, and cost space.
    pub stale: u64,
    /// Points put back by this run.
    pub repaired: u64,
}

impl Ingest {
    /// Compares the index with the store and puts back what is missing, from the cache of vectors where it can.
    /// Stale points of a sync under way are left alone.
    pub async fn verify(&self) -> anyhow::Result<Verification> {
        let _gate = self.gate.write().await;
        let mut expected: BTreeMap<PointId, LivePoint> = BTreeMap::new();
        let mut after = None;
        loop {
            let page = self.store.live_points(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.row);
            expected.extend(page.into_iter().map(|point| (point.point, point)));
        }
        let mut verification = Verification {
            expected: expected.len() as u64,
            ..Verification::default()
        };
        let mut after = None;
        loop {
            let page = self.index.ids(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for id in page {
                verification.found += 1;
                if expected.remove(&id).is_none() {
                    verification.stale += 1;
                }
            }
        }
        verification.missing = expected.len() as u64;
        let missing: Vec<LivePoint> = expected.into_values().collect();
        for page in missing.chunks(PAGE) {
            verification.repaired += self.put(&self.index, page.to_vec()).await?;
        }
        if verification.repaired > 0 {
            self.index.flush().await?;
        }
        Ok(verification)
    }

    /// Fills `index`, which is new and empty, with every live chunk, then runs `switch`, which puts it in use. Returns
    /// how many points it put in. Syncs wait meanwhile, so that nothing they write is left behind; questions do not.
    pub async fn rebuild(
        &self,
        index: Arc<dyn VectorIndex>,
        switch: impl Future<Output = anyhow::Result<()>> + Send,
    ) -> anyhow::Result<u64> {
        let _gate = self.gate.write().await;
        let mut count = 0;
        let mut after = None;
        loop {
            let page = self.store.live_points(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.row);
            count += self.put(&index, page).await?;
        }
        index.flush().await?;
        index.optimize().await?;
        index.flush().await?;
        switch.await?;
        Ok(count)
    }

    async fn put(&self, index: &Arc<dyn VectorIndex>, page: Vec<LivePoint>) -> anyhow::Result<u64> {
        let mut texts: HashMap<VectorKey, String> = HashMap::new();
        for point in &page {
            let text = point.chunk.embedded_text();
            texts.insert(VectorKey::derive(self.embedder.identity(), &text), text);
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
            let computed: Vec<(VectorKey, Vec<f32>)> = missing.into_iter().zip(computed).collect();
            self.store.put_vectors(&computed).await?;
            vectors.extend(computed);
        }
        let points = page
            .into_iter()
            .map(|live| {
                let key = VectorKey::derive(self.embedder.identity(), &live.chunk.embedded_text());
                Ok(Point {
                    id: live.point,
                    label: live.label,
                    source: live.source,
                    content: live.content,
                    sparse: sparse(&live.source_name, &live.path, &live.chunk),
                    dense: vectors
                        .get(&key)
                        .cloned()
                        .context("a live chunk has no vector")?,
                })
            })
            .collect::<anyhow::Result<Vec<Point>>>()?;
        let count = points.len() as u64;
        index.upsert(points).await?;
        Ok(count)
    }
}
