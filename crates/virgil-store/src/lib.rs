//! What is known: rows in SQL, read through a scope.
//!
//! SQL is the truth; the vector index is derived from it and can be lost. Invariants:
//!
//! * Every row of a sync carries the generation it was born in. It is visible once that generation is the live one of its
//!   source, and no longer when the generation it died in is. One transaction ([`Store::commit`]) moves both.
//! * Every write of a sync carries a lease; the commit checks its fencing token, so that a sync that was thought dead
//!   cannot overwrite its successor.
//! * Every read takes a [`virgil_model::Scope`], and only this crate issues one ([`Store::scope_of_key`] and its siblings).
//!
//! Start at `migrations/` for the shape of what is stored, then [`Store::begin`], [`Store::write_batch`], [`Store::commit`].

mod access;
mod commit;
mod conversations;
mod database;
mod error;
mod lease;
mod pushed;
mod quotes;
mod read;
mod row;
mod shard;
mod source;
mod spending;
mod statements;
mod sync;
mod turns;
mod vectors;

pub use access::{Access, EVERYONE, LabelAccess, PrincipalAccess};
pub use commit::{Commit, Notice};
pub use conversations::{AnswerKey, Conversation, Conversations, Deleted, Retention};
pub use database::Store;
pub use error::StoreError;
pub use lease::Lease;
pub use pushed::{PushedChanges, PushedEvent};
pub use quotes::Quote;
pub use read::{Passage, StoredProblem};
pub use shard::{LivePoint, Shard};
pub use source::{AddedSource, SourceRecord, SourceState, SourceStatus};
pub use spending::{Overspent, Period, Reservation, Spending, SpendingLimits, Spent};
pub use statements::{AssetPlace, SayingAsset};
pub use sync::{LiveAsset, NewAsset, NewChunk, NewPoint, Pending, WrittenBatch};
pub use turns::{Answered, FilePlace, Kept, NewTurn, RestsOn, Turn};
