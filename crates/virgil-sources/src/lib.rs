//! Where assets come from.
//!
//! A [`Source`] streams what changed since a checkpoint and returns the next one. It reads, and only
//! reads: git objects of one commit (never a checkout), files of a folder (never through a link).
//! What the bytes mean is for the readers; what is stored is for the sync.
//!
//! Start at [`Source`]; [`open`] makes one of a kind that the registry knows.

mod error;
mod folder;
mod git;
mod registry;
mod select;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use virgil_model::{Files, Permalink, SkipReason};

pub use error::SourceError;
pub use registry::{Context, KINDS, detect, open};

/// A configured origin of assets.
#[async_trait]
pub trait Source: Send + Sync {
    /// Streams what changed since `since` (all there is, when `None` or when the difference cannot be
    /// told) and returns the checkpoint to start from next time.
    ///
    /// The first event is [`Event::Opened`]. A full channel makes the source wait. An error means that
    /// the listing is incomplete: nothing may be concluded from what was not mentioned.
    async fn sync(
        &self,
        since: Option<&Checkpoint>,
        events: mpsc::Sender<Event>,
    ) -> Result<Checkpoint, SourceError>;

    /// How a place in this source becomes a link, if it has a web face.
    fn permalink(&self) -> Option<Permalink>;
}

/// How far a source has been read. Only the source that made it understands it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint(pub String);

/// One thing that a source tells during a sync.
pub enum Event {
    /// The revision that all further events are about. Comes first, once.
    Opened {
        /// The commit, for sources that have them.
        commit: Option<String>,
        /// Whether what is not mentioned is unchanged or gone.
        coverage: Coverage,
        /// How many assets the listing holds, for progress; `None` if it is not known.
        total: Option<u64>,
        /// The other files of this revision, for readers whose format refers to them.
        files: Arc<dyn Files>,
    },
    /// A new or changed item (or any item, when the coverage is whole).
    Asset(Asset),
    /// An item that is no longer there.
    Gone {
        /// Its path.
        path: String,
    },
    /// An item that is not text for people; counted by reason.
    Skipped {
        /// Its path, lossy if it is not UTF-8.
        path: String,
        /// Why.
        reason: SkipReason,
    },
    /// An item that should have been read and could not be. What was known of it stays.
    Failed {
        /// Its path.
        path: String,
        /// Why, as one lowercase sentence.
        reason: String,
    },
}

/// What may be concluded from what a listing does not mention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// The listing mentions everything: what it leaves out is gone.
    Whole,
    /// The listing mentions differences: what it leaves out is unchanged.
    Difference,
}

/// One raw item: its place and its bytes, before redaction.
pub struct Asset {
    /// The path inside the source, with `/` between its parts, never with `..`.
    pub path: String,
    /// A name for the content: the same id means the same bytes (a git object id, a hash).
    pub content_id: String,
    /// The content; text, within the size limit.
    pub bytes: Vec<u8>,
}
