//! How far a sync is: numbers that only grow, watched by terminal, API and page alike.

use std::collections::BTreeMap;

use serde::Serialize;
use tokio::sync::watch;
use virgil_model::SkipReason;

/// The numbers of a running or finished sync.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// How many assets the listing holds; `None` while it is not known.
    pub total: Option<u64>,
    /// Assets mentioned by the source so far.
    pub seen: u64,
    /// Assets read: new, changed, or read again by a newer reader.
    pub read: u64,
    /// Assets that are as they were.
    pub unchanged: u64,
    /// Assets that are no longer there.
    pub gone: u64,
    /// Assets that could not be read.
    pub failed: u64,
    /// Entries that are not text for people, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Secrets taken out.
    pub redacted: u64,
    /// Chunks whose vector had to be computed.
    pub embedded: u64,
    /// Chunks whose vector was known.
    pub cached: u64,
    /// Chunks written.
    pub chunks: u64,
    /// Where the sync is.
    pub phase: Phase,
}

/// Where a sync is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The source is being reached.
    #[default]
    Opening,
    /// Assets are read, embedded and written.
    Reading,
    /// The new generation is made live and what it replaced is taken away.
    Committing,
    /// The sync is over.
    Done,
}

impl Progress {
    pub(crate) fn skip(&mut self, reason: SkipReason) {
        *self.skipped.entry(reason.name()).or_default() += 1;
    }
}

/// The writing end of a sync's progress.
#[derive(Debug, Clone)]
pub struct Reporter(watch::Sender<Progress>);

impl Reporter {
    /// A reporter and the end to watch it at.
    pub fn new() -> (Reporter, watch::Receiver<Progress>) {
        let (sender, receiver) = watch::channel(Progress::default());
        (Reporter(sender), receiver)
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Progress)) {
        self.0.send_modify(change);
    }

    /// The numbers as they are now.
    pub fn now(&self) -> Progress {
        self.0.borrow().clone()
    }
}
