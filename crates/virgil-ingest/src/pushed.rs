//! A source that is pushed to: OpenLineage events, stored durably when they arrive and read here into assets.
//!
//! The events of a run are one asset, in the order of their times, so that what is stored, seen, searched and
//! withdrawn is the same as for a file of events; the reader merges them. Of a job the latest runs are kept.

mod event;
mod merge;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use virgil_model::{Files, Permalink, SourceId};
use virgil_sources::{Asset, Checkpoint, Coverage, Event, Source, SourceError};
use virgil_store::{PushedEvent, Store, StoreError};

pub use event::{InvalidEvent, events};

/// The kind of such a source in the configuration.
pub const OPENLINEAGE: &str = "openlineage";

/// A run that reports its progress for hours keeps no more events than this before they are merged.
const MAX_EVENTS: usize = 64;

/// What the configuration says about a source that is pushed to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushParameters {
    /// SHA-256 of each key that may write, in hexadecimal; `virgil keys` prints it.
    pub key_sha256: Vec<String>,
    /// How many runs of a job are kept, the latest.
    #[serde(default = "usual_runs")]
    pub keep_runs: u32,
    /// The largest body of a request, in bytes.
    #[serde(default = "usual_body")]
    pub max_body_bytes: usize,
}

fn usual_runs() -> u32 {
    10
}

fn usual_body() -> usize {
    4 * 1024 * 1024
}

/// The events that were pushed to a source, as its assets.
pub struct Pushed {
    store: Store,
    source: SourceId,
    keep_runs: u32,
}

/// How far the events have been read, and which assets were too old to keep: their events are forgotten once that
/// is committed.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Progress {
    sequence: i64,
    surplus: Vec<String>,
}

/// The assets of a push source refer to no other files.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Option<Vec<u8>> {
        None
    }

    fn list(&self, _folder: &str) -> Vec<String> {
        Vec::new()
    }
}

impl Pushed {
    /// The events of a source that keeps `keep_runs` runs of each job.
    pub fn new(store: Store, source: SourceId, keep_runs: u32) -> Pushed {
        Pushed {
            store,
            source,
            keep_runs,
        }
    }

    async fn text(&self, path: &str) -> Result<Option<String>, StoreError> {
        let mut events = self.store.pushed_events(self.source, path).await?;
        if events.len() > MAX_EVENTS
            && let Some((merged, into)) = merge::repeated(&events)
        {
            self.store
                .compact_pushed(self.source, &merged, &into)
                .await?;
            events = self.store.pushed_events(self.source, path).await?;
        }
        let lines = merge::lines(&events);
        Ok((!lines.is_empty()).then(|| lines.join("\n") + "\n"))
    }
}

#[async_trait]
impl Source for Pushed {
    async fn sync(
        &self,
        since: Option<&Checkpoint>,
        events: mpsc::Sender<Event>,
    ) -> Result<Checkpoint, SourceError> {
        let since: Option<Progress> =
            since.and_then(|checkpoint| serde_json::from_str(&checkpoint.0).ok());
        if let Some(since) = &since {
            self.store
                .forget_pushed(self.source, &since.surplus)
                .await
                .map_err(unavailable)?;
        }
        let after = since.as_ref().map(|since| since.sequence);
        let changes = self
            .store
            .pushed_changes(self.source, after)
            .await
            .map_err(unavailable)?;
        let opened = Event::Opened {
            commit: None,
            coverage: match after {
                Some(_) => Coverage::Difference,
                None => Coverage::Whole,
            },
            total: Some(changes.assets.len() as u64),
            files: Arc::new(NoFiles),
        };
        send(&events, opened).await?;

        let folders: BTreeSet<&str> = changes
            .assets
            .iter()
            .filter(|(path, folder)| path != folder)
            .map(|(_, folder)| folder.as_str())
            .collect();
        let mut surplus = BTreeSet::new();
        for folder in folders {
            let paths = self
                .store
                .pushed_surplus(self.source, folder, self.keep_runs)
                .await
                .map_err(unavailable)?;
            surplus.extend(paths);
        }
        for path in &surplus {
            send(&events, Event::Gone { path: path.clone() }).await?;
        }
        for (path, _) in &changes.assets {
            if surplus.contains(path) {
                continue;
            }
            // Between listing and reading nothing removes events: one sync of a source runs at a time.
            let Some(text) = self.text(path).await.map_err(unavailable)? else {
                continue;
            };
            let asset = Asset {
                path: path.clone(),
                content_id: blake3::hash(text.as_bytes()).to_hex().to_string(),
                bytes: text.into_bytes(),
            };
            send(&events, Event::Asset(asset)).await?;
        }
        let progress = Progress {
            sequence: changes.sequence,
            surplus: surplus.into_iter().collect(),
        };
        serde_json::to_string(&progress)
            .map(Checkpoint)
            .map_err(|error| SourceError::Other(error.to_string()))
    }

    fn permalink(&self) -> Option<Permalink> {
        None
    }
}

async fn send(events: &mpsc::Sender<Event>, event: Event) -> Result<(), SourceError> {
    let sent = events.send(event).await;
    sent.map_err(|_| SourceError::Cancelled)
}

fn unavailable(error: StoreError) -> SourceError {
    SourceError::Unavailable(format!("the pushed events cannot be read: {error}"))
}

/// An event as it is stored, for the merge.
fn stored(like: &PushedEvent, at: String, body: String) -> PushedEvent {
    PushedEvent {
        path: like.path.clone(),
        folder: like.folder.clone(),
        at,
        event: *blake3::hash(body.as_bytes()).as_bytes(),
        body,
    }
}
