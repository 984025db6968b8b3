//! One run that brings a source up to date.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::sync::{RwLock, mpsc};
use virgil_index::{Embedder, VectorIndex};
use virgil_model::SourceId;
use virgil_redact::redact;
use virgil_sources::{Asset, Checkpoint, Coverage, Event, Source};
use virgil_store::{Commit, Lease, LiveAsset, Notice, Pending, Store};

use crate::crash;
use crate::prepare::{Prepared, SharedFiles, has_changed, prepare};
use crate::progress::{Phase, Progress, Reporter};
use crate::source_config::SourceConfig;
use crate::stages::{BATCH_ASSETS, BATCH_CHUNKS, Batch, EmbeddedBatch, Workshop};

/// How long a lease lasts without being renewed: a killed sync blocks the next one no longer than this.
const LEASE: Duration = Duration::from_secs(30);

/// How many dead assets one transaction removes.
const PURGE: u32 = 500;

/// Brings sources up to date.
#[derive(Clone)]
pub struct Ingest {
    pub(crate) store: Store,
    pub(crate) index: Arc<dyn VectorIndex>,
    pub(crate) embedder: Arc<dyn Embedder>,
    /// Names this process in a lease.
    holder: String,
    /// Held for reading while a batch goes into the index, for writing while points are deleted or the index is
    /// exchanged: a late deletion must not hit a point that is being put back.
    pub(crate) gate: Arc<RwLock<()>>,
}

/// What a source's checkpoint is wrapped in: what else decides whether an asset must be looked at again.
#[derive(Debug, Serialize, Deserialize)]
struct Stamp {
    source: String,
    access: String,
}

/// What the reading stage learned from a whole listing or a difference.
#[derive(Debug, Default)]
struct Listing {
    commit: Option<String>,
    coverage: Option<Coverage>,
    /// Every path that is there and needs no new row, or has one in this run.
    confirmed: BTreeSet<String>,
    gone: BTreeSet<String>,
    notices: Vec<Notice>,
}

impl Ingest {
    /// A sync engine over a store, an index and an embedder that fit together.
    pub fn new(
        store: Store,
        index: Arc<dyn VectorIndex>,
        embedder: Arc<dyn Embedder>,
        holder: String,
    ) -> Ingest {
        Ingest {
            store,
            index,
            embedder,
            holder,
            gate: Arc::default(),
        }
    }

    /// What an index is made with: points that were made with something else cannot be compared.
    pub fn index_identity(&self) -> String {
        index_identity(self.embedder.as_ref())
    }

    /// Brings one source up to date and returns its numbers.
    ///
    /// Fails when the source cannot be read to its end (what was known stays live, what was read so far is kept
    /// for the next try), when another sync of the source is running, or when store, index or embedder fail.
    pub async fn sync(
        &self,
        id: SourceId,
        config: &SourceConfig,
        source: Arc<dyn Source>,
        reporter: Reporter,
    ) -> anyhow::Result<Progress> {
        let lease = self.store.acquire_lease(id, &self.holder, LEASE).await?;
        let renewing = tokio::spawn(renew(self.store.clone(), lease.clone()));
        let result = self.run(&lease, config, source, &reporter).await;
        renewing.abort();
        if let Err(error) = &result {
            let message = redact(&format!("{error:#}"), None).text.into_owned();
            self.store.record_failure(&lease, &message).await?;
        }
        self.store.release_lease(&lease).await?;
        result?;
        while self.store.purge(PURGE).await? > 0 {}
        self.drain_deletions().await?;
        if reporter.now().chunks > 0 {
            self.index.optimize().await?;
        }
        reporter.update(|progress| progress.phase = Phase::Done);
        Ok(reporter.now())
    }

    async fn run(
        &self,
        lease: &Lease,
        config: &SourceConfig,
        source: Arc<dyn Source>,
        reporter: &Reporter,
    ) -> anyhow::Result<()> {
        let workshop = Workshop {
            store: self.store.clone(),
            index: self.index.clone(),
            embedder: self.embedder.clone(),
            reporter: reporter.clone(),
            gate: self.gate.clone(),
        };
        let pending = self.store.begin(lease).await?;
        let generation = pending.generation;
        // Points that an interrupted sync left behind go first, so that nothing of it is searched.
        self.drain_deletions().await?;
        let since = since(&pending, config);

        let (events_in, events) = mpsc::channel(64);
        let (batches_in, mut batches) = mpsc::channel::<Batch>(2);
        let (embedded_in, mut embedded) = mpsc::channel::<EmbeddedBatch>(2);

        let listing_of_source = {
            let source = source.clone();
            let since = since.clone();
            async move {
                // The sender is dropped with this block, which ends the reading stage.
                source
                    .sync(since.as_ref(), events_in)
                    .await
                    .map_err(anyhow::Error::from)
            }
        };
        let reading = read(config, &pending, events, batches_in, reporter.clone());
        let embedding = {
            let workshop = workshop.clone();
            async move {
                while let Some(batch) = batches.recv().await {
                    if embedded_in
                        .send(workshop.embed(batch).await?)
                        .await
                        .is_err()
                    {
                        break;
                    }
                }
                anyhow::Ok(())
            }
        };
        let writing = async {
            while let Some(batch) = embedded.recv().await {
                workshop
                    .write(lease, generation, &config.name, batch)
                    .await?;
            }
            anyhow::Ok(())
        };
        // A failing source still lets the later stages finish what they have, so that the next try goes on
        // from there; a failing later stage closes its channel, which ends the earlier ones.
        let (checkpoint, listing, embedded, written) =
            tokio::join!(listing_of_source, reading, embedding, writing);
        written?;
        embedded?;
        let listing = listing?;
        let checkpoint = checkpoint?;

        reporter.update(|progress| progress.phase = Phase::Committing);
        crash::point("before-commit");
        self.store
            .commit(
                lease,
                Commit {
                    generation,
                    checkpoint: stamp(&checkpoint, config)?,
                    commit: listing.commit,
                    whole: listing.coverage == Some(Coverage::Whole),
                    confirmed: listing.confirmed,
                    gone: listing.gone,
                    notices: listing.notices,
                },
            )
            .await?;
        crash::point("after-commit");
        Ok(())
    }

    /// Takes points out of the index that no row needs any more.
    pub async fn drain_deletions(&self) -> anyhow::Result<()> {
        loop {
            let _gate = self.gate.write().await;
            let points = self.store.deletions(1_000).await?;
            if points.is_empty() {
                return Ok(());
            }
            self.index.delete(points.clone()).await?;
            self.index.flush().await?;
            crash::point("after-delete");
            self.store.deletions_done(&points).await?;
        }
    }
}

/// Where to start from: the checkpoint, unless rules, readers, redactor or chunker have changed since, in which
/// case everything is looked at again.
fn since(pending: &Pending, config: &SourceConfig) -> Option<Checkpoint> {
    let stamp: Stamp = serde_json::from_str(pending.checkpoint.as_deref()?).ok()?;
    let current =
        stamp.access == config.access_fingerprint() && pending.live.values().all(is_current);
    current.then_some(Checkpoint(stamp.source))
}

fn stamp(checkpoint: &Checkpoint, config: &SourceConfig) -> anyhow::Result<String> {
    serde_json::to_string(&Stamp {
        source: checkpoint.0.clone(),
        access: config.access_fingerprint(),
    })
    .context("a checkpoint serialises")
}

/// The reading stage: turns events into batches of prepared assets.
async fn read(
    config: &SourceConfig,
    pending: &Pending,
    mut events: mpsc::Receiver<Event>,
    batches: mpsc::Sender<Batch>,
    reporter: Reporter,
) -> anyhow::Result<Listing> {
    let mut listing = Listing::default();
    let mut files: Option<SharedFiles> = None;
    let mut changed = BTreeSet::new();
    let mut batch = PendingBatch::default();
    while let Some(event) = events.recv().await {
        match event {
            Event::Opened {
                commit,
                coverage,
                total,
                files: of_revision,
            } => {
                listing.commit = commit;
                listing.coverage = Some(coverage);
                files = Some(of_revision);
                reporter.update(|progress| {
                    progress.total = total;
                    progress.phase = Phase::Reading;
                });
            }
            Event::Asset(asset) => {
                reporter.update(|progress| progress.seen += 1);
                let label = config.label_of(&asset.path);
                let is_same = |known: &LiveAsset| {
                    known.content_id == asset.content_id
                        && known.label == label
                        && is_current(known)
                };
                listing.confirmed.insert(asset.path.clone());
                let done = pending.resumed.get(&asset.path).is_some_and(is_same);
                if done {
                    // It is written, but what refers to it may not be.
                    changed.insert(asset.path.clone());
                }
                let superseded = pending.resumed.contains_key(&asset.path);
                let known = !superseded && pending.live.get(&asset.path).is_some_and(is_same);
                if known || done {
                    reporter.update(|progress| progress.unchanged += 1);
                    continue;
                }
                changed.insert(asset.path.clone());
                let files = files
                    .clone()
                    .context("the source told of an asset before its revision")?;
                batch.add(
                    prepare_off_thread(config, asset, files).await?,
                    label,
                    &reporter,
                );
                if batch.is_full() && batches.send(batch.take()).await.is_err() {
                    // The next stage has failed; its error is the one to report.
                    return Ok(listing);
                }
            }
            Event::Gone { path } => {
                reporter.update(|progress| progress.gone += 1);
                changed.insert(path.clone());
                listing.gone.insert(path);
            }
            Event::Skipped { path, reason } => {
                reporter.update(|progress| {
                    progress.seen += 1;
                    progress.skip(reason);
                });
                if pending.live.contains_key(&path) {
                    // It was text and no longer is.
                    changed.insert(path.clone());
                    listing.gone.insert(path.clone());
                }
                listing.note(config, path, reason.name(), reason.name().replace('_', " "));
            }
            Event::Failed { path, reason } => {
                reporter.update(|progress| {
                    progress.seen += 1;
                    progress.failed += 1;
                });
                // What was known of it stays.
                listing.confirmed.insert(path.clone());
                listing.note(
                    config,
                    path,
                    "failed",
                    redact(&reason, None).text.into_owned(),
                );
            }
        }
    }
    read_dependants(
        config,
        pending,
        &changed,
        files,
        &mut listing,
        &mut batch,
        &reporter,
    )
    .await?;
    if !batch.is_empty() {
        // A closed channel means that the next stage failed; its error is the one to report.
        let _ = batches.send(batch.take()).await;
    }
    Ok(listing)
}

/// Reads assets again whose reader looked at a file, or listed a folder, that has changed.
async fn read_dependants(
    config: &SourceConfig,
    pending: &Pending,
    changed: &BTreeSet<String>,
    files: Option<SharedFiles>,
    listing: &mut Listing,
    batch: &mut PendingBatch,
    reporter: &Reporter,
) -> anyhow::Result<()> {
    let Some(files) = files else { return Ok(()) };
    for (path, live) in &pending.live {
        let unaffected = live
            .looked_at
            .iter()
            .all(|looked_at| !has_changed(looked_at, changed));
        if unaffected || changed.contains(path) || listing.gone.contains(path) {
            continue;
        }
        let Some(bytes) = files.read(path) else {
            continue;
        };
        let asset = Asset {
            path: path.clone(),
            content_id: live.content_id.clone(),
            bytes,
        };
        batch.add(
            prepare_off_thread(config, asset, files.clone()).await?,
            config.label_of(path),
            reporter,
        );
        listing.confirmed.insert(path.clone());
    }
    Ok(())
}

/// What an index is made with by that embedder; see [`Ingest::index_identity`].
pub fn index_identity(embedder: &dyn Embedder) -> String {
    format!(
        "{}; terms {}",
        embedder.identity(),
        virgil_index::SPARSE_VERSION
    )
}

impl Listing {
    fn note(&mut self, config: &SourceConfig, path: String, kind: &'static str, message: String) {
        let label = config.label_of(&path).to_owned();
        self.notices.push(Notice {
            path,
            kind,
            message,
            label,
        });
    }
}

/// Assets on their way into a batch.
#[derive(Default)]
struct PendingBatch {
    assets: Batch,
    chunks: usize,
}

impl PendingBatch {
    fn add(&mut self, prepared: Prepared, label: &str, reporter: &Reporter) {
        reporter.update(|progress| progress.redacted += u64::from(prepared.redacted));
        self.chunks += prepared.chunks.len();
        self.assets.push((prepared, label.to_owned()));
    }

    fn is_full(&self) -> bool {
        self.chunks >= BATCH_CHUNKS || self.assets.len() >= BATCH_ASSETS
    }

    fn is_empty(&self) -> bool {
        self.assets.is_empty()
    }

    fn take(&mut self) -> Batch {
        self.chunks = 0;
        std::mem::take(&mut self.assets)
    }
}

fn is_current(live: &LiveAsset) -> bool {
    live.redactor_version == virgil_redact::REDACTOR_VERSION
        && live.chunker_version == virgil_readers::CHUNKER_VERSION
        && virgil_readers::version_of(&live.reader) == Some(live.reader_version)
}

/// Reading is work for a processor, not for the threads that answer questions.
async fn prepare_off_thread(
    config: &SourceConfig,
    asset: Asset,
    files: SharedFiles,
) -> anyhow::Result<Prepared> {
    let source = config.name.clone();
    let path = asset.path.clone();
    tokio::task::spawn_blocking(move || prepare(&source, asset, files.as_ref()))
        .await
        .with_context(|| format!("the reader of `{path}` stopped"))
}

async fn renew(store: Store, lease: Lease) {
    loop {
        tokio::time::sleep(LEASE / 3).await;
        if let Err(error) = store.renew_lease(&lease, LEASE).await {
            // The commit checks the token: a lost lease ends the sync there.
            tracing::warn!(%error, "the lease of a sync could not be renewed");
        }
    }
}
